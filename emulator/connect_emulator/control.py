"""The control API under `/_emulator/`: clock, faults, call log, settings, reset. JSON in and out."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from connect_emulator import control_input, fault_input, settings
from connect_emulator.faults import KINDS
from connect_emulator.wire import read_bytes, reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connect_emulator.faults import Fault
    from connect_emulator.wire import Receive, Scope, Send
    from connect_emulator.world import World

    Json = dict[str, Any]

HOLDING = {"hold", "timeout", "late"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: its place, what it does in a line (GET / prints it), and the function."""

    method: str
    path: str
    says: str
    act: Callable[[ControlApi, Ask], Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A control request: the path's variable part, the query, the body."""

    id: str
    query: dict[str, str]
    body: Json


class ControlApi:
    """Answers the control requests.

    :param reset_others: forgets the data of the services that aren't ours.
    """

    def __init__(self, world: World, *, reset_others: Callable[[], Awaitable[None]]) -> None:
        self.world = world
        self._reset_others = reset_others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one control request."""
        sent = await read_bytes(receive)
        if sent is None:
            return
        try:
            status, answer = 200, await self._route(scope, sent)
        except LookupError as error:
            status, answer = 404, {"error": error.args[0]}
        except ValueError as error:
            status, answer = 400, {"error": str(error)}
        body = json.dumps(answer, default=datetime.isoformat, indent=1).encode() + b"\n"
        await reply(send, status=status, headers=[(b"content-type", b"application/json")], body=body)

    async def _route(self, scope: Scope, sent: bytes) -> Json:
        path = scope["path"].removeprefix("/_emulator").rstrip("/") or "/"
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin1")).items()}
        for endpoint in ENDPOINTS:
            found = re.fullmatch(endpoint.path.replace("{id}", "(?P<id>[^/]+)"), path)
            if found and endpoint.method == scope["method"]:
                name = found.groupdict().get("id", "")
                return await endpoint.act(self, Ask(id=name, query=query, body=control_input.read_object(sent)))
        message = f"Nothing at `{scope['method']} /_emulator{path}`\n\nhint: `GET /_emulator/` lists what there is"
        raise LookupError(message)

    async def index(self, _: Ask) -> Json:
        """List the endpoints."""
        return {"endpoints": [f"{each.method} /_emulator{each.path}: {each.says}" for each in ENDPOINTS]}

    async def health(self, _: Ask) -> Json:
        """Say that it runs."""
        return {
            "status": "ok",
            "version": version("connect-emulator"),
            "now": self.world.clock.now().isoformat(),
            "unexpected_errors": self.world.unexpected_errors,
        }

    async def clock(self, _: Ask) -> Json:
        """Tell the time."""
        clock = self.world.clock
        return {"now": clock.now().isoformat(), "speed": clock.speed, "frozen": clock.frozen}

    async def set_clock(self, ask: Ask) -> Json:
        """Change the clock, and settle what has become due."""
        self.world.clock.change(**control_input.clock_changes(ask.body))
        await self.world.settle()
        return await self.clock(ask)

    async def faults(self, _: Ask) -> Json:
        """List the faults."""
        return {"faults": self.world.faults.listing()}

    async def add_fault(self, ask: Ask) -> Json:
        """Add a fault."""
        return self.world.faults.add(**fault_input.fault(ask.body)).describe()

    async def clear_faults(self, _: Ask) -> Json:
        """Remove all faults."""
        await self.world.faults.clear()
        return {"faults": []}

    async def remove_fault(self, ask: Ask) -> Json:
        """Remove one fault."""
        fault = self._fault(ask.id)
        await self.world.faults.remove(fault)
        return fault.describe()

    async def release_fault(self, ask: Ask) -> Json:
        """Let go what a fault holds; late effects have landed afterwards."""
        fault = self._fault(ask.id)
        if fault.kind not in HOLDING:
            control_input.refuse(
                f"fault `{fault.id}` of kind `{fault.kind}`", f"{sorted(HOLDING)} only", "it holds no reply"
            )
        await self.world.faults.release(fault)
        return fault.describe()

    async def calls(self, ask: Ask) -> Json:
        """List the logged requests."""
        known = {"operation", "service", "after"}
        if set(ask.query) - known or not ask.query.get("after", "0").isdecimal():
            control_input.refuse(
                f"query {ask.query}", f"{sorted(known)}; `after` is a call's number", "drop the others"
            )
        listing = self.world.calls.listing(
            operation=ask.query.get("operation"),
            service=ask.query.get("service"),
            after=int(ask.query.get("after", 0)),
        )
        return {"calls": listing}

    async def counts(self, _: Ask) -> Json:
        """Count requests and effects."""
        return self.world.calls.counts()

    async def settings(self, _: Ask) -> Json:
        """Show the settings."""
        return asdict(self.world.settings)

    async def change_settings(self, ask: Ask) -> Json:
        """Change settings."""
        settings.change(self.world.settings, ask.body)
        return await self.settings(ask)

    async def reset(self, _: Ask) -> Json:
        """Forget everything."""
        await self.world.reset()
        await self._reset_others()
        return {"status": "ok"}

    def _fault(self, fault_id: str) -> Fault:
        fault = self.world.faults.get(fault_id)
        if fault is None:
            message = f"No fault `{fault_id}`\n\nhint: `GET /_emulator/faults` lists them"
            raise LookupError(message)
        return fault


ENDPOINTS = (
    Endpoint("GET", "/", "this list", ControlApi.index),
    Endpoint("GET", "/health", "status, version, emulator time, unexpected_errors", ControlApi.health),
    Endpoint("GET", "/clock", "emulator time, speed, frozen", ControlApi.clock),
    Endpoint("POST", "/clock", "any of speed, frozen, now (ISO 8601), step_seconds", ControlApi.set_clock),
    Endpoint("GET", "/faults", "all faults, and how often each fired", ControlApi.faults),
    Endpoint(
        "POST",
        "/faults",
        f"operation (or *), kind ({', '.join(KINDS)}), service?, where?, times?, skip?; errors: code?, status?, "
        "message?, members?; hold, timeout: when?, seconds?; late: seconds?, requests?, reply?; stale: writes?; "
        "unknown_state: state?",
        ControlApi.add_fault,
    ),
    Endpoint("DELETE", "/faults", "remove all faults; held replies go out, late effects land", ControlApi.clear_faults),
    Endpoint("DELETE", "/faults/{id}", "remove one fault", ControlApi.remove_fault),
    Endpoint(
        "POST",
        "/faults/{id}/release",
        "let the replies go that it holds, the effects land that it delays",
        ControlApi.release_fault,
    ),
    Endpoint("GET", "/calls", "the call log (?operation=, ?service=, ?after=number)", ControlApi.calls),
    Endpoint("GET", "/counts", "requests and effects per service.Operation", ControlApi.counts),
    Endpoint("GET", "/settings", "all settings", ControlApi.settings),
    Endpoint("PATCH", "/settings", "change settings, nested as GET shows them", ControlApi.change_settings),
    Endpoint("POST", "/reset", "forget everything; the clock is at real time again", ControlApi.reset),
)
