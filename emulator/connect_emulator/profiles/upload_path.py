"""The presigned upload URL: what S3 checks of an object that is encrypted with the client's own key (SSE-C)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.uploads import UploadJob

PREFIX = "/_emulator_uploads/"
_HEADER = "x-amz-server-side-encryption-customer-"


class UploadRefusedError(Exception):
    """A refused PUT, with the status and the code that S3 would give."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> bytes:
        """Return the XML error document."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{self.code}</Code><Message>{escape(str(self))}</Message></Error>"
        ).encode()


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What one GetUploadJobPath gave out."""

    domain: Domain
    job: UploadJob
    token: str
    key: bytes
    valid_until: datetime

    @classmethod
    def issue(cls, *, domain: Domain, job: UploadJob, valid_until: datetime) -> Ticket:
        """Make an unguessable path and a key."""
        return cls(
            domain=domain,
            job=job,
            token=secrets.token_urlsafe(32),
            key=secrets.token_bytes(32),
            valid_until=valid_until,
        )

    @property
    def path(self) -> str:
        """The path of the URL."""
        return PREFIX + self.token

    @property
    def client_token(self) -> str:
        """The key as the client sends it."""
        return base64.b64encode(self.key).decode()

    def check(self, headers: Mapping[str, str], *, now: datetime) -> None:
        """Check the time and the three SSE-C headers (documented; the digest's form is S3's rule, inferred).

        :param headers: by lower-case name.
        :raises UploadRefusedError: as S3 does, 403 for an expired URL and 400 for the headers.
        """
        if now > self.valid_until:
            raise UploadRefusedError(403, "AccessDenied", f"Request has expired: valid until {self.valid_until}")
        if self.job.status != "CREATED":
            raise UploadRefusedError(403, "AccessDenied", f"The upload job is {self.job.status} already")
        algorithm = headers.get(f"{_HEADER}algorithm")
        if algorithm != "AES256":
            raise _invalid(f"{_HEADER}algorithm is `{algorithm}`", "send AES256")
        key = _decoded(headers.get(f"{_HEADER}key"))
        if key != self.key:
            raise _invalid(f"{_HEADER}key isn't the ClientToken of this URL", "send ClientToken as it is")
        if _decoded(headers.get(f"{_HEADER}key-md5")) != hashlib.md5(key, usedforsecurity=False).digest():
            raise _invalid(
                f"{_HEADER}key-MD5 isn't the digest of the key",
                "send base64(md5(base64-decoded ClientToken))",
            )


def check_size(length: int, *, limit: int) -> None:
    """Refuse a file that isn't smaller than the limit in bytes.

    :raises UploadRefusedError: as S3 does.
    """
    if length >= limit:
        raise UploadRefusedError(400, "EntityTooLarge", f"{length} bytes; allowed: less than {limit}")


def _decoded(value: str | None) -> bytes | None:
    try:
        return base64.b64decode(value or "", validate=True) or None
    except binascii.Error:
        return None


def _invalid(found: str, hint: str) -> UploadRefusedError:
    return UploadRefusedError(400, "InvalidArgument", f"{found}. Hint: {hint}")
