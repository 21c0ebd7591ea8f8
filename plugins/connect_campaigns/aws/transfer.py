"""A file sent to the URL that an upload job gives out, encrypted with the job's own key (SSE-C).

The URL is a password and so is the token: neither may stand in a log or an error.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import time
from typing import TYPE_CHECKING

from botocore.awsrequest import AWSRequest
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from connect_campaigns.core.errors import NotSeen, ServiceRefused

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse

    from connect_campaigns.aws.csv_copy import Content

ATTEMPTS = 4
"""Sends of one file: putting it again is harmless, the last one counts."""

_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,100})</Code>")


def put_file(url: str, *, token: str, content: Content, verify: bool | str | None = None) -> None:
    """Stream a file to an upload URL, again where the connection breaks or the store has a bad moment.

    :param token: the job's ClientToken: the key in base64
    :param verify: TLS verification, or a CA bundle's path; None = as the environment says
    :raises ServiceRefused: the store says no
    :raises NotSeen: it couldn't be reached
    """
    trusted = verify if verify is not None else os.environ.get("AWS_CA_BUNDLE") or True
    session = URLLib3Session(verify=trusted, proxies=get_environ_proxies(url))  # type: ignore[arg-type]  # a path, too
    problem = ""
    try:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(0.5 * 2 ** (attempt - 1))
            content.rewind()
            problem = _put(session, url, headers=headers_of(token, len(content)), content=content)
            if not problem:
                return
    finally:
        session.close()
    raise NotSeen(
        f"the file could not be sent to the upload URL: {problem}, {ATTEMPTS} times",
        allowed="a connection from the worker to the store that the service names (S3)",
        hint="look at network, proxy and VPC endpoint, then retry: nothing was imported",
        code="upload_unreachable",
    )


def _put(session: URLLib3Session, url: str, *, headers: dict[str, str], content: Content) -> str:
    """Send once; give what went wrong if sending again may help, else an empty text."""
    request = AWSRequest(method="PUT", url=url, headers=headers, data=content).prepare()
    try:
        response: AWSResponse = session.send(request)
    except HTTPClientError as error:
        return type(error).__name__  # its text has the URL
    if response.status_code < 300:
        return ""
    code = _CODE.search(response.content or b"")
    found = f"HTTP {response.status_code}" + (f" {code[1].decode()}" if code else "")
    if response.status_code >= 500 or response.status_code == 429:
        return found
    raise ServiceRefused(
        f"the store refused the file: {found}",
        allowed="a PUT within the URL's life, with the job's key",
        hint="retry the task, which asks for a new URL; look at proxies that change headers",
        code="upload_refused",
    )


def headers_of(token: str, size: int) -> dict[str, str]:
    """Give the headers of a PUT of so many bytes: SSE-C with the job's ClientToken."""
    key_md5 = hashlib.md5(base64.b64decode(token), usedforsecurity=False).digest()
    return {
        "Content-Length": str(size),
        "Content-Type": "text/csv",
        "x-amz-server-side-encryption-customer-algorithm": "AES256",
        "x-amz-server-side-encryption-customer-key": token,
        "x-amz-server-side-encryption-customer-key-MD5": base64.b64encode(key_md5).decode(),
    }
