"""The path of a file to a presigned upload URL."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from connect_emulator.delivery import deliver, injected
from connect_emulator.meeting import Ending, meet
from connect_emulator.services.profiles import receive_upload
from connect_emulator.wire import messages, read_file

if TYPE_CHECKING:
    from typing import BinaryIO

    from connect_emulator.wire import Message, Receive, Scope, Send
    from connect_emulator.world import World

SERVICE, OPERATION = "uploads", "PutUploadFile"  # how the call log names such a request


async def answer(world: World, scope: Scope, receive: Receive, send: Send) -> None:
    """Take one file in, as a fault lets it."""
    received = await read_file(receive)
    if received is None:
        return
    await world.faults.count_request()
    path = scope["raw_path"].decode("latin1")
    params = {"path": path}
    call = world.calls.begin(time=world.clock.now(), service=SERVICE, operation=OPERATION, params=params)
    fault = world.faults.pick(SERVICE, OPERATION, params)
    reply: list[Message] = []
    file: BinaryIO
    file, length = received
    with file:
        kept: BinaryIO = BytesIO(file.read()) if fault is not None and fault.kind == "late" else file

        async def act() -> None:
            nonlocal reply
            headers = {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}
            status, body = await receive_upload(world, path, headers, kept, length)
            if status < 300:
                world.took_effect(call)
            reply = _reply(status, body)

        call.fault = fault.kind if fault else None
        ending = await meet(fault, faults=world.faults, act=act)
        if fault is not None and ending is Ending.ERROR:
            reply = injected(scope, call=call, fault=fault)
        await deliver(send, scope, reply, call=call, ending=ending)


def _reply(status: int, body: bytes) -> list[Message]:
    kind = [(b"content-type", b"application/xml")] if body else []
    return messages(status=status, headers=kind, body=body)
