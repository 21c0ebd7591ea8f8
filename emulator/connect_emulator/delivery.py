"""Replies that aren't the pipeline's: errors in the form of the service's protocol, and the way out."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from connect_emulator.errors import COMMON, S3
from connect_emulator.meeting import Ending
from connect_emulator.wire import drop_connection, hang_up, header, messages, send_half

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connect_emulator.calls import Call
    from connect_emulator.faults import Fault
    from connect_emulator.wire import HeaderList, Message, Scope, Send

S3_LIKE = {"s3", "uploads"}


async def deliver(send: Send, scope: Scope, reply: list[Message], *, call: Call, ending: Ending) -> None:
    """Send a finished reply, or half of it, or drop the connection.

    :param reply: empty where there is none, and the connection is dropped
    """
    call.status = int(reply[0]["status"]) if reply else None
    if ending is Ending.LOST:
        drop_connection(scope["connect_emulator.send"])
        return
    if ending is Ending.CUT:
        await send_half(send, reply)
        await hang_up(scope["connect_emulator.send"])
        return
    for message in reply:
        await send(message)


def injected(scope: Scope, *, call: Call, fault: Fault) -> list[Message]:
    """Give the error that a fault injects."""
    code, members = fault.code, fault.members
    if fault.kind == "expired_credentials":
        with_target = bool(header(scope["headers"], b"x-amz-target"))
        code = "ExpiredTokenException" if with_target else "ExpiredToken"
    status, text = _usual(call.service, code)
    return error(
        scope, call=call, code=code, status=fault.status or status, text=fault.message or text, members=members
    )


def _usual(service: str, code: str) -> tuple[int, str]:
    """Give an error's usual status and text; 500 for one that isn't known here."""
    if service in S3_LIKE and code in S3:
        return S3[code]
    if code == "ExpiredToken":  # of the query protocol's services
        return 403, S3[code][1]
    return COMMON.get(code, (500, "Injected fault"))


def error(
    scope: Scope,
    *,
    call: Call,
    code: str,
    status: int,
    text: str,
    members: Mapping[str, Any] | None = None,
) -> list[Message]:
    """Give an error as the service's protocol has it, and note it.

    :param members: further elements; `Region` becomes S3's header `x-amz-bucket-region` too
    """
    call.error = code
    members = members or {}
    headers: HeaderList = []
    if header(scope["headers"], b"x-amz-target"):
        kind, body = b"application/x-amz-json-1.1", json.dumps({"__type": code, "message": text, **members})
    else:
        parts = {"Code": code, "Message": text, **members}
        body = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in parts.items())
        body = f"<Error>{body}</Error>"
        kind = b"application/xml"
        if call.service not in S3_LIKE:
            kind, body = b"text/xml", f"<ErrorResponse>{body}</ErrorResponse>"
    if "Region" in members:
        headers.append((b"x-amz-bucket-region", str(members["Region"]).encode()))
    sent = b"" if scope["method"] == "HEAD" else body.encode()
    return messages(status=status, headers=[(b"content-type", kind), *headers], body=sent)
