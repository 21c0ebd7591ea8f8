"""The ASGI application: who answers a request; and the process that serves it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

import uvicorn

from connect_emulator import pipeline, uploads
from connect_emulator.clock import Clock
from connect_emulator.control import ControlApi
from connect_emulator.exchange import Exchange
from connect_emulator.model import SERVICES
from connect_emulator.moto_mount import Moto
from connect_emulator.other_services import OtherServices
from connect_emulator.wire import (
    DateHeader,
    credential_scope,
    drop_connection,
    header,
    read_bytes,
    reply,
)
from connect_emulator.world import World

if TYPE_CHECKING:
    from connect_emulator.model import Service
    from connect_emulator.wire import Receive, Scope, Send

SIGNING_NAMES = {"connect-campaigns": "connectcampaignsv2", "profile": "customer-profiles", "connect": "connect"}
UPLOADS = b"/_emulator_uploads/"
CONTROL = b"/_emulator"


class Application:
    """Takes each request to the control API, the upload path, one of our services, or moto."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dates = DateHeader(world.clock)
        moto = Moto(unexpected=world.note_unexpected, s3_turn=world.s3_turn)
        self._others = OtherServices(world, moto)
        self._control = ControlApi(world, reset_others=moto.reset)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an error that nothing foresees is counted, and uvicorn's 500 and traceback."""
        try:
            await self._dispatch(scope, receive, send)
        except Exception:
            self._world.unexpected_errors += 1
            raise

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: bytes = scope["raw_path"]
        scope["connect_emulator.send"] = send  # uvicorn's own, for `drop_connection`
        if path.startswith(UPLOADS):
            await uploads.answer(self._world, scope, receive, self._dates.wrap(send))
        elif path == CONTROL or path.startswith(CONTROL + b"/"):
            await self._control(scope, receive, self._dates.wrap(send))
        else:
            service, region = _our_service(scope)
            if service is not None:
                await self._answer(scope, receive, send, service=service, region=region)
            else:
                await self._others(scope, receive, self._dates.wrap(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send, *, service: Service, region: str) -> None:
        body = await read_bytes(receive)
        if body is None:
            return
        exchange = Exchange(
            world=self._world,
            service=service,
            region=region,
            method=scope["method"],
            raw_path=scope["raw_path"],
            query=scope["query_string"].decode("latin1"),
            headers=scope["headers"],
            body=body,
            base_url=_base_url(scope),
        )
        await pipeline.answer(exchange)
        if exchange.lost:
            drop_connection(send)
            return
        # The request's id is its number in the call log.
        number = exchange.call.number if exchange.call else 0
        request_id = (b"x-amzn-requestid", b"00000000-0000-4000-8000-%012x" % number)
        headers = [*exchange.reply_headers, request_id, (b"date", self._dates.value())]
        await reply(send, status=exchange.status, headers=headers, body=exchange.reply)


def _our_service(scope: Scope) -> tuple[Service | None, str]:
    """Find which of our services a request is signed for, and the region."""
    signed = credential_scope(scope["headers"])
    if signed is None:
        return None, ""
    region, signing_name = signed
    if signing_name == "connect-campaigns" and not scope["raw_path"].startswith(b"/v2/"):
        return None, region  # version 1 of that service
    return SERVICES.get(SIGNING_NAMES.get(signing_name, "")), region


def _base_url(scope: Scope) -> str:
    host = header(scope["headers"], b"host") or "{}:{}".format(*scope["server"])
    return f"{scope['scheme']}://{host}"


def serve(*, host: str, port: int, speed: float) -> None:
    """Serve until SIGTERM or SIGINT; the first line on stdout says where."""
    listener = _listen(host, port)
    # uvicorn raises the signal again once it has shut down: with this, the process then ends with status 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    loop_factory = uvicorn.Config("").get_loop_factory()  # uvloop, where there is one
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_serve(listener, shown=f"http://{_shown(host)}:{listener.getsockname()[1]}", speed=speed))


async def _serve(listener: socket.socket, *, shown: str, speed: float) -> None:
    world = World(clock=Clock(speed=speed))
    server = _Server(server_config(Application(world)), world)
    print(f"listening on {shown}", flush=True)  # noqa: T201
    try:
        await server.serve(sockets=[listener])
    finally:
        await world.profiles.close()


class _Server(uvicorn.Server):
    """A server whose held replies don't hold up its end."""

    def __init__(self, config: uvicorn.Config, world: World) -> None:
        super().__init__(config)
        self._world = world

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._world.faults.drop()
        await super().shutdown(sockets)


def server_config(application: Any) -> uvicorn.Config:
    """Give the server's configuration; the benchmark serves a bare handler with the same."""
    return uvicorn.Config(
        application,
        ws="none",
        lifespan="off",
        date_header=False,  # ours is the emulator's clock; there must be one only
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,  # seconds
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        hint = "hint: choose another `--port`, or 0 for a free one"
        sys.exit(f"Can't listen on `{host}:{port}`: {error.strerror}\n\n{hint}")


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
