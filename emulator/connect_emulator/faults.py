"""Faults: what goes wrong on purpose, for which operation, how often."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal["lost_reply", "hold", "error_before", "error_after"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault; fires for the requests that come after `skip` others, `times` times."""

    id: str
    service: str
    operation: str
    kind: Kind
    times: int = 1
    skip: int = 0
    code: str = ""
    """Errors: the error's code."""
    status: int | None = None
    """Errors: the HTTP status, where it is to differ from the modelled one."""
    message: str = "Injected fault"
    members: dict[str, Any] = field(default_factory=dict)
    """Errors: other members of the error's shape, such as `state`."""
    seconds: float | None = None
    """Hold: real seconds; None = until released."""
    fired: int = 0
    seen: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def fires(self) -> bool:
        """Count one matching request in; say whether the fault fires for it."""
        self.seen += 1
        if self.seen <= self.skip or self.fired >= self.times:
            return False
        self.fired += 1
        return True

    async def hold(self) -> None:
        """Wait until released or, at the longest, for the fault's seconds."""
        try:
            await asyncio.wait_for(self.released.wait(), self.seconds)
        except TimeoutError:
            return

    def describe(self) -> dict[str, Any]:
        """Give it as JSON."""
        hidden = {"released", "seen"}
        return {name: getattr(self, name) for name in self.__slots__ if name not in hidden}


class Faults:
    """All faults, in the order in which they were added; of several that match a request the first one fires."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
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

    def remove(self, fault: Fault) -> None:
        """Remove a fault; what it holds goes out."""
        fault.released.set()
        del self._faults[fault.id]

    def clear(self) -> None:
        """Remove all faults; what they hold goes out."""
        for fault in list(self._faults.values()):
            self.remove(fault)

    def listing(self) -> list[dict[str, Any]]:
        """Give all faults as JSON."""
        return [fault.describe() for fault in self._faults.values()]

    def pick(self, service: str, operation: str) -> Fault | None:
        """Take the fault that fires for this request; every request is asked about once."""
        for fault in self._faults.values():
            if fault.service == service and fault.operation == operation and fault.fires():
                return fault
        return None
