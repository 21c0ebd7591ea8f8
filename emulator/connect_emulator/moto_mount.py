"""Everything that isn't ours goes to moto in this process: S3, STS, Secrets Manager and the rest."""

from __future__ import annotations

import asyncio
import sys
import traceback
from contextlib import nullcontext
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qs

from a2wsgi import WSGIMiddleware
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from connect_emulator import s3_names
from connect_emulator.calls import is_write
from connect_emulator.delivery import deliver, send_error
from connect_emulator.wire import credential_scope, header, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connect_emulator.wire import HeaderList, Message, Receive, Scope, Send
    from connect_emulator.world import World

WORKERS = 8
FORM = "application/x-www-form-urlencoded"
LOGGED_FORM = 16_384  # bytes; an Action stands at the beginning


class Moto:
    """moto behind ASGI, with the call log, the faults, and S3's requests one after the other.

    The whole body is read before moto sees the request: else a client that stops half-way holds a lock or a
    worker. S3 has one request at a time, since moto's check of `If-None-Match: *` and its write aren't atomic,
    nor is a read of an object that is being replaced. Replies are collected, so that no slow reader holds the lock.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        # a2wsgi has types of its own for what ASGI leaves open.
        self._asgi: Any = WSGIMiddleware(
            _with_whole_body(DomainDispatcherApplication(create_backend_app)), workers=WORKERS
        )
        self._s3_turn = asyncio.Lock()

    async def reset(self) -> None:
        """Have moto forget everything."""
        async with self._s3_turn:
            moto_api_backend.reset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that isn't for us."""
        received = await read_file(receive)
        if received is None:
            return
        body, length = received
        with body:
            scope["connect_emulator.body"] = (body, length)
            await self._answer(scope, body, send)

    async def _answer(self, scope: Scope, body: IO[bytes], send: Send) -> None:
        world = self._world
        service, operation, params = self._identify(scope, body)
        call = world.calls.begin(time=world.clock.now(), service=service, operation=operation, params=params)
        fault = world.faults.pick(service, operation)
        call.fault = fault.kind if fault else None
        if fault is not None and fault.kind == "error_before":
            await send_error(send, scope, call=call, fault=fault)
            return
        messages = await self._ask(scope, in_turn=service == "s3")
        call.status = int(messages[0]["status"])
        if is_write(operation) and call.status < 300:
            world.calls.took_effect(call)
        await deliver(send, scope, messages, call=call, fault=fault)

    async def _ask(self, scope: Scope, *, in_turn: bool) -> list[Message]:
        """Have moto answer; what it raises is said, counted, and a 500."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        try:
            async with self._s3_turn if in_turn else nullcontext():
                await self._asgi(scope, _nothing, collect)
        except Exception as error:  # noqa: BLE001 - the last resort
            self._world.unexpected_errors += 1
            traceback.print_exception(error, file=sys.stderr)
            body = {"type": "http.response.body", "body": b"Unexpected error in moto, traceback on stderr"}
            messages[:] = [{"type": "http.response.start", "status": 500, "headers": []}, body]
        return messages

    def _identify(self, scope: Scope, body: IO[bytes]) -> tuple[str, str, dict[str, Any]]:
        """Name service and operation for the call log, with S3's bucket and key or a form's fields."""
        headers, query = scope["headers"], scope["query_string"].decode("latin1")
        signed = credential_scope(headers)
        service = signed[1] if signed else "s3"  # unsigned or presigned: S3, or STS's few
        target = header(headers, b"x-amz-target")
        if target:
            return service, target.rpartition(".")[2], {}
        form = _form(headers, body)
        if "Action" in form:
            return ("sts" if not signed else service), form["Action"], form
        if service != "s3":
            return service, f"{scope['method']} {scope['path']}", {}
        bucket, key = s3_names.bucket_and_key(scope)
        name = s3_names.operation(scope["method"], bucket=bucket, key=key, query=query, headers=headers)
        return "s3", name, {"Bucket": bucket, "Key": key} if key else {"Bucket": bucket}


def _form(headers: HeaderList, body: IO[bytes]) -> dict[str, str]:
    if not header(headers, b"content-type").startswith(FORM):
        return {}
    start = body.read(LOGGED_FORM)
    body.seek(0)
    return {name: values[0] for name, values in parse_qs(start.decode("latin1")).items()}


def _with_whole_body(app: Any) -> Any:
    """Give moto the body that was read already, and the path as it was sent: it matches keys on that."""

    def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        scope = environ["asgi.scope"]
        environ["wsgi.input"], length = scope["connect_emulator.body"]
        environ["CONTENT_LENGTH"] = str(length)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        query = scope["query_string"].decode("latin1")
        environ["RAW_URI"] = scope["raw_path"].decode("latin1") + (f"?{query}" if query else "")
        if scope["method"] == "PUT" and environ.get("CONTENT_TYPE", "").startswith(FORM):
            # The default of urllib and curl; moto would take the object for a form and store nothing.
            environ["CONTENT_TYPE"] = "application/octet-stream"
        answer: Iterable[bytes] = app(environ, start_response)
        return answer

    return wsgi


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
