"""Faults: what goes wrong on purpose, for which requests, how often; and what is still to come of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from connect_emulator.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

Kind = Literal[
    "lost_reply",
    "cut_reply",
    "hold",
    "timeout",
    "late",
    "error_before",
    "error_after",
    "expired_credentials",
    "stale",
    "unknown_state",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
ANY = "*"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault; fires for the matching requests that come after `skip` others, `times` times."""

    id: str
    service: str
    """A service, or `*`."""
    operations: frozenset[str]
    """Those that it can hit; `operation` is what was asked for."""
    operation: str
    kind: Kind
    where: dict[str, str] = field(default_factory=dict)
    """Patterns by parameter; of reads of several campaigns, `id` says whose entries are spoiled."""
    times: int = 1
    skip: int = 0
    when: Literal["before", "after"] = "after"
    """Hold, time-out: whether the effect comes only once it is over (of a time-out: never), or came before."""
    code: str = ""
    """Errors: the error's code."""
    status: int | None = None
    """Errors: the HTTP status, where it is to differ from the usual one."""
    message: str = ""
    members: dict[str, Any] = field(default_factory=dict)
    """Errors: other members of the error's shape, such as `state`."""
    seconds: float | None = None
    """Hold, time-out, late: real seconds; None = until released."""
    requests: int | None = None
    """Late: further requests, after which the effect lands; None = they don't matter."""
    reply: Literal["lost", "error", "accepted"] = "lost"
    """Late: what the client gets meanwhile."""
    writes: int = 1
    """Stale: as of how many writes to the campaign ago."""
    state: str = ""
    """Unknown state: what is answered in place of the state."""
    fired: int = 0
    seen: int = 0
    waiting: int = 0
    """Replies held and effects outstanding at this moment."""
    dropped: bool = False
    """Whether the world that it belonged to is gone."""
    released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def hits(self, service: str, operation: str, params: Mapping[str, Any]) -> bool:
        """Say whether a request is of the kind that this fault is for."""
        if self.service not in {ANY, service} or (self.operations and operation not in self.operations):
            return False
        selecting = operation == "ListCampaigns"  # it has no `id`: there it says which entries are meant
        return all(selecting or _is(params, name, pattern) for name, pattern in self.where.items())

    def means(self, campaign_id: str) -> bool:
        """Say whether it spoils what a read says of a campaign."""
        return matches(self.where.get("id", ANY), campaign_id)

    def fires(self) -> bool:
        """Count one matching request in; say whether the fault fires for it."""
        self.seen += 1
        if self.seen <= self.skip or self.fired >= self.times:
            return False
        self.fired += 1
        return True

    async def wait(self) -> None:
        """Wait until released or, at the longest, for the fault's seconds."""
        self.waiting += 1
        try:
            await asyncio.wait_for(self.released.wait(), self.seconds)
        except TimeoutError:
            return
        finally:
            self.waiting -= 1

    def describe(self) -> dict[str, Any]:
        """Give it as JSON."""
        hidden = {"released", "seen", "operations", "dropped"}
        return {name: getattr(self, name) for name in self.__slots__ if name not in hidden}


def _is(params: Mapping[str, Any], name: str, pattern: str) -> bool:
    """Match one parameter; a campaign's `id` is also found where requests name it otherwise."""
    value = params.get(name)
    if value is None and name == "id":
        value = params.get("campaignIds", str(params.get("arn", "")).rpartition("/")[2])
    return any(matches(pattern, str(each)) for each in (value if isinstance(value, list) else [value or ""]))


class Late:
    """An effect that is still to come."""

    def __init__(self, fault: Fault, act: Callable[[], Awaitable[None]]) -> None:
        self.fault = fault
        self.requests = fault.requests
        self._act = act
        self._landed = False
        self.timer: asyncio.Task[None] | None = None
        fault.waiting += 1

    async def land(self) -> None:
        """Let it take effect, once; never in another world than the request was sent to."""
        if self._landed:
            return
        self._landed = True
        self.fault.waiting -= 1
        if not self.fault.dropped:
            await self._act()


class Faults:
    """All faults, in the order in which they were added; of several that match a request the first one fires.

    :param unexpected: takes an error that a late effect shouldn't have raised
    """

    def __init__(self, *, unexpected: Callable[[Exception], None]) -> None:
        self._unexpected = unexpected
        self._faults: dict[str, Fault] = {}
        self._late: list[Late] = []
        self._number = 0

    def add(self, **values: Any) -> Fault:
        """Add a fault and give it its id."""
        self._number += 1
        fault = Fault(id=f"f{self._number}", **values)
        self._faults[fault.id] = fault
        return fault

    def get(self, fault_id: str) -> Fault | None:
        """Find a fault."""
        return self._faults.get(fault_id)

    async def release(self, fault: Fault) -> None:
        """Let go what it holds; its late effects have landed when this returns."""
        if fault.kind != "late":
            fault.released.set()
        await self._land([late for late in self._late if late.fault is fault])

    async def remove(self, fault: Fault) -> None:
        """Remove a fault; what it holds goes out, its late effects land."""
        del self._faults[fault.id]
        await self.release(fault)

    async def clear(self) -> None:
        """Remove all faults; what they hold goes out, their late effects land."""
        for fault in list(self._faults.values()):
            await self.remove(fault)

    def drop(self) -> None:
        """Remove all faults together with what was to come of them: the world is about to be another."""
        for fault in self._faults.values():
            fault.dropped = True
            fault.released.set()
        for late in self._late:
            late.fault.dropped = True
            if late.timer is not None:
                late.timer.cancel()
        self._faults, self._late = {}, []

    def listing(self) -> list[dict[str, Any]]:
        """Give all faults as JSON."""
        return [fault.describe() for fault in self._faults.values()]

    def pick(self, service: str, operation: str, params: Mapping[str, Any]) -> Fault | None:
        """Take the fault that fires for this request; every request is asked about once."""
        for fault in self._faults.values():
            if fault.hits(service, operation, params) and fault.fires():
                return fault
        return None

    def postpone(self, fault: Fault, act: Callable[[], Awaitable[None]]) -> None:
        """Keep an effect for later: until released, or for the fault's seconds or further requests."""
        late = Late(fault, act)
        self._late.append(late)
        if fault.seconds is not None:
            late.timer = asyncio.get_running_loop().create_task(self._land_after(late, fault.seconds))

    async def count_request(self) -> None:
        """Let land what had to wait for further requests and has; a request comes in now."""
        if not self._late:
            return
        await self._land([late for late in self._late if late.requests == 0])
        for late in self._late:
            if late.requests is not None:
                late.requests -= 1

    async def _land_after(self, late: Late, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._land([late])

    async def _land(self, due: list[Late]) -> None:
        for late in due:
            if late in self._late:
                self._late.remove(late)
            try:
                await late.land()
            except Exception as error:  # noqa: BLE001 - the last resort: nobody else is there to see it
                self._unexpected(error)
