"""The little of HTTP that the emulator's parts share: bodies, replies, the credential scope, the Date header."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from connect_emulator.clock import Clock

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
HeaderList = list[tuple[bytes, bytes]]

SCOPE = re.compile(rb"Credential=[^/,]*/\d{8}/([^/,]+)/([^/,]+)/aws4_request")
IN_MEMORY = 1_000_000  # bytes of a body; what is longer goes to a temporary file


def credential_scope(headers: HeaderList) -> tuple[str, str] | None:
    """Read (region, signing name) from the Authorization header; the signature isn't checked."""
    for name, value in headers:
        if name == b"authorization":
            found = SCOPE.search(value)
            return (found.group(1).decode("latin1"), found.group(2).decode("latin1")) if found else None
    return None


def header(headers: HeaderList, wanted: bytes) -> str:
    """Give a header's value, or an empty text; names are lower case."""
    return next((value.decode("latin1") for name, value in headers if name == wanted), "")


async def read_bytes(receive: Receive) -> bytes | None:
    """Read a whole body; None when the client went away before its end."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return bytes(message.get("body", b""))
    chunks = []
    while message["type"] == "http.request":
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()
    return None


async def read_file(receive: Receive) -> tuple[BinaryIO, int] | None:
    """Read a whole body into a file; None when the client went away before its end."""
    body = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the caller closes it
    length = 0
    message = await receive()
    while message["type"] == "http.request":
        length += body.write(message.get("body", b""))
        if not message.get("more_body"):
            body.seek(0)
            return body, length
        message = await receive()
    body.close()
    return None


class DateHeader:
    """The `Date` header: the emulator's clock, formatted once a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = -1
        self._text = b""

    def value(self) -> bytes:
        """Give the header's value at this moment."""
        second = int(self._clock.now().timestamp())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True).encode()
        return self._text

    def wrap(self, send: Send) -> Send:
        """Make a `send` that gives every reply exactly one Date header."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", []) if pair[0] != b"date"]
                message["headers"] = [*kept, (b"date", self.value())]
            await send(message)

        return dated


async def reply(send: Send, *, status: int, headers: HeaderList, body: bytes) -> None:
    """Send a whole reply."""
    for message in messages(status=status, headers=headers, body=body):
        await send(message)


def messages(*, status: int, headers: HeaderList, body: bytes) -> list[Message]:
    """Give a whole reply as ASGI has it."""
    length = (b"content-length", str(len(body)).encode())
    return [
        {"type": "http.response.start", "status": status, "headers": [*headers, length]},
        {"type": "http.response.body", "body": body},
    ]


def drop_connection(send: Send) -> None:
    """Close the connection without an answer, as a network does that loses it.

    ASGI has no such thing: returning unanswered is a 500. uvicorn's `send` is a method of its
    request cycle, which holds the transport; `tests/emulator/test_faults.py` pins that.
    """
    send.__self__.transport.abort()  # type: ignore[attr-defined]  # uvicorn's own, private


async def send_half(send: Send, reply: list[Message]) -> None:
    """Send a reply's head and the first half of its body."""
    await send(reply[0])
    body = b"".join(message.get("body", b"") for message in reply[1:])
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


async def hang_up(send: Send) -> None:
    """Close the connection in the midst of an answer, once what was sent has gone out: see `drop_connection`."""
    cycle = send.__self__  # type: ignore[attr-defined]  # as above
    cycle.transport.close()
    while (await cycle.receive())["type"] != "http.disconnect":
        pass
