"""The path of a request to a service that isn't ours: named, checked, answered by moto as a fault lets it."""

from __future__ import annotations

from io import BytesIO
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qs

from connect_emulator import access, moto_mount, s3_names, s3_rules
from connect_emulator.calls import is_write
from connect_emulator.delivery import deliver, error, injected
from connect_emulator.meeting import Ending, meet
from connect_emulator.wire import credential_scope, header, read_file
from connect_emulator.world import ACCOUNT_ID

if TYPE_CHECKING:
    from connect_emulator.calls import Call
    from connect_emulator.moto_mount import Moto
    from connect_emulator.wire import HeaderList, Message, Receive, Scope, Send
    from connect_emulator.world import World

LOGGED_FORM = 16_384  # bytes; an Action stands at the beginning


class OtherServices:
    """Answers what moto can, with call log, permissions and faults.

    The whole body is read before moto sees the request: else a client that stops half-way holds a lock or a worker.
    """

    def __init__(self, world: World, moto: Moto) -> None:
        self._world = world
        self._moto = moto

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
        await world.faults.count_request()
        service, operation, params = _identify(scope, body)
        call = world.calls.begin(time=world.clock.now(), service=service, operation=operation, params=params)
        refusal = self._refusal(scope, body, call)
        if refusal:
            await deliver(send, scope, refusal, call=call, ending=Ending.REPLY)
            return
        fault = world.faults.pick(service, operation, params)
        reply: list[Message] = []

        async def act() -> None:
            nonlocal reply
            reply = await self._act(scope, call)

        if fault is not None:
            call.fault = fault.kind
            if fault.kind == "late":  # the body is closed before its effect lands
                scope["connect_emulator.body"] = (BytesIO(body.read()), scope["connect_emulator.body"][1])
        ending = await meet(fault, faults=world.faults, act=act)
        if fault is not None and ending is Ending.ERROR:
            reply = injected(scope, call=call, fault=fault)
        await deliver(send, scope, reply, call=call, ending=ending)

    def _refusal(self, scope: Scope, body: IO[bytes], call: Call) -> list[Message]:
        """Give the error for a request that may not reach moto, or nothing."""
        if call.service == "s3":
            listed = b""
            if call.operation == "DeleteObjects":
                listed = body.read()
                body.seek(0)
            try:
                s3_rules.check(self._world, scope, call.operation, call.params, listed)
            except s3_rules.S3Refusal as refusal:
                return _s3_error(scope, call, refusal)
            return []
        action = f"{call.service}:{call.operation}"
        if not access.denied(self._world.settings.access, action=action, resource="*"):
            return []
        text = access.message(action=action, resource="*", account=ACCOUNT_ID)
        code = "AccessDeniedException" if header(scope["headers"], b"x-amz-target") else "AccessDenied"
        return error(scope, call=call, code=code, status=403, text=text)

    async def _act(self, scope: Scope, call: Call) -> list[Message]:
        """Have moto do what was asked for, note whether it did, and give the reply."""
        s3, write = call.service == "s3", is_write(call.operation)
        new = False
        if s3 and write:
            s3_rules.without_conditions(self._world, scope)
            new = "Key" in call.params and not moto_mount.has_object(call.params["Bucket"], call.params["Key"])
        reply = await self._moto.ask(scope, in_turn=s3)
        status = int(reply[0]["status"])
        if write and status < 300:
            self._world.took_effect(call)
            if s3:
                s3_rules.note_write(self._world, call.params, new=new)
        if s3:
            try:
                s3_rules.check_seen(self._world, call.operation, call.params, status)
            except s3_rules.S3Refusal as refusal:
                return _s3_error(scope, call, refusal)
        return reply


def _s3_error(scope: Scope, call: Call, refusal: s3_rules.S3Refusal) -> list[Message]:
    return error(scope, call=call, code=refusal.code, status=refusal.status, text=refusal.text, members=refusal.members)


def _identify(scope: Scope, body: IO[bytes]) -> tuple[str, str, dict[str, Any]]:
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
    if not header(headers, b"content-type").startswith(moto_mount.FORM):
        return {}
    start = body.read(LOGGED_FORM)
    body.seek(0)
    return {name: values[0] for name, values in parse_qs(start.decode("latin1")).items()}
