"""The last step of a reply that isn't the pipeline's: out it goes, or a fault spoils it."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from connect_emulator.wire import drop_connection, header, reply

if TYPE_CHECKING:
    from connect_emulator.calls import Call
    from connect_emulator.faults import Fault
    from connect_emulator.wire import Message, Scope, Send

S3_LIKE = {"s3", "uploads"}


async def deliver(send: Send, scope: Scope, messages: list[Message], *, call: Call, fault: Fault | None) -> None:
    """Send a finished reply, as far as the fault lets it."""
    if fault is not None and fault.kind == "error_after":
        await send_error(send, scope, call=call, fault=fault)
        return
    if fault is not None and fault.kind == "hold":
        await fault.hold()
    if fault is not None and fault.kind == "lost_reply":
        drop_connection(scope["connect_emulator.send"])
        return
    for message in messages:
        await send(message)


async def send_error(send: Send, scope: Scope, *, call: Call, fault: Fault) -> None:
    """Answer with an injected error in the form of the service's protocol."""
    call.status, call.error = fault.status or 500, fault.code
    code, message = escape(fault.code), escape(fault.message)
    if header(scope["headers"], b"x-amz-target"):
        kind, body = b"application/x-amz-json-1.1", json.dumps({"__type": fault.code, "message": fault.message})
    elif call.service in S3_LIKE:
        kind, body = b"application/xml", f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    else:
        kind = b"text/xml"
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    await reply(send, status=call.status, headers=[(b"content-type", kind)], body=body.encode())
