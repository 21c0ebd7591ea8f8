"""Requests that no SDK would send: raw HTTP, signed for a service in name only."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RawReply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


def signed_for(signing_name: str) -> dict[str, str]:
    """Give headers with a credential scope; the signature isn't checked."""
    scope = f"AKIDEXAMPLE/20261201/us-east-1/{signing_name}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def send(
    url: str,
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    signing_name: str | None = "connect-campaigns",
    headers: dict[str, str] | None = None,
) -> RawReply:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        given = {**(signed_for(signing_name) if signing_name else {}), **(headers or {})}
        connection.request(method, path, body=body, headers=given)
        reply = connection.getresponse()
        return RawReply(reply.status, reply.getheaders(), reply.read())
    finally:
        connection.close()
