"""Everything that isn't ours goes to moto in this process: S3, STS, Secrets Manager and the rest."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import traceback
from contextlib import nullcontext
from html import escape
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, unquote

from a2wsgi import WSGIMiddleware
from botocore.loaders import Loader
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from connect_emulator.calls import is_write
from connect_emulator.wire import credential_scope, drop_connection, header, read_file, reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connect_emulator.calls import Call
    from connect_emulator.faults import Fault
    from connect_emulator.wire import HeaderList, Message, Receive, Scope, Send
    from connect_emulator.world import World

WORKERS = 8
FORM = "application/x-www-form-urlencoded"
LOGGED_FORM = 16_384  # bytes; an Action stands at the beginning


class S3Names:
    """Names S3 operations by botocore's model: method, bucket or key, and the query."""

    def __init__(self) -> None:
        model = Loader().load_service_model("s3", "service-2")
        self._routes: dict[tuple[str, int], list[tuple[frozenset[str], bool, str]]] = {}
        for name, operation in model["operations"].items():
            path, _, query = operation["http"]["requestUri"].partition("?")
            members = model["shapes"].get(operation.get("input", {}).get("shape"), {})
            required = [members["members"][member] for member in members.get("required", [])]
            words = {key for key, _ in parse_qsl(query, keep_blank_values=True)}
            words |= {member["locationName"] for member in required if member.get("location") == "querystring"}
            copies = any(member.get("locationName") == "x-amz-copy-source" for member in required)
            depth = path.count("{")
            key = (operation["http"]["method"], depth)
            self._routes.setdefault(key, []).append((frozenset(words), copies, name))
        for routes in self._routes.values():
            routes.sort(key=lambda route: (-len(route[0]), not route[1]))

    def name(self, method: str, *, bucket: str, key: str, query: str, headers: HeaderList) -> str:
        """Give the operation's name, `PutObject`; an unknown request is named by its method."""
        given = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        copying = bool(header(headers, b"x-amz-copy-source"))
        for words, copies, name in self._routes.get((method, bool(bucket) + bool(key)), ()):
            if words <= given and (copying or not copies):
                return name
        return method


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
        self._s3_names = S3Names()

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
            await _send_error(send, scope, call=call, fault=fault)
            return
        messages = await self._ask(scope, in_turn=service == "s3")
        call.status = int(messages[0]["status"])
        if is_write(operation) and call.status < 300:
            world.calls.took_effect(call)
        await _deliver(send, scope, messages, call=call, fault=fault)

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
        bucket, key = _bucket_and_key(scope)
        name = self._s3_names.name(scope["method"], bucket=bucket, key=key, query=query, headers=headers)
        return "s3", name, {"Bucket": bucket, "Key": key} if key else {"Bucket": bucket}


def _form(headers: HeaderList, body: IO[bytes]) -> dict[str, str]:
    if not header(headers, b"content-type").startswith(FORM):
        return {}
    start = body.read(LOGGED_FORM)
    body.seek(0)
    return {name: values[0] for name, values in parse_qs(start.decode("latin1")).items()}


def _bucket_and_key(scope: Scope) -> tuple[str, str]:
    """Read bucket and key from the path, or the bucket from a host like `bucket.localhost`."""
    path = unquote(scope["raw_path"].decode("latin1")).lstrip("/")
    host = header(scope["headers"], b"host").rpartition(":")[0]
    virtual = re.fullmatch(r"(.+?)\.(s3[.-].*|localhost)", host)
    if virtual and not virtual.group(1).startswith("s3"):
        return virtual.group(1), path
    bucket, _, key = path.partition("/")
    return bucket, key


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


async def _deliver(send: Send, scope: Scope, messages: list[Message], *, call: Call, fault: Fault | None) -> None:
    if fault is not None and fault.kind == "error_after":
        await _send_error(send, scope, call=call, fault=fault)
        return
    if fault is not None and fault.kind == "hold":
        await fault.hold()
    if fault is not None and fault.kind == "lost_reply":
        drop_connection(scope["connect_emulator.send"])
        return
    for message in messages:
        await send(message)


async def _send_error(send: Send, scope: Scope, *, call: Call, fault: Fault) -> None:
    """Answer with an injected error in the form of the service's protocol."""
    call.status, call.error = fault.status or 500, fault.code
    code, message = escape(fault.code), escape(fault.message)
    if header(scope["headers"], b"x-amz-target"):
        kind, body = b"application/x-amz-json-1.1", json.dumps({"__type": fault.code, "message": fault.message})
    elif call.service == "s3":
        kind, body = b"application/xml", f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    else:
        kind = b"text/xml"
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    await reply(send, status=call.status, headers=[(b"content-type", kind)], body=body.encode())
