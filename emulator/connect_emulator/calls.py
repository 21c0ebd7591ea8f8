"""The call log: every request to a service, and whether it took effect."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

KEPT_CALLS = 20_000  # bounded memory; the counts go on
READS = ("Get", "List", "Describe", "Head", "Search", "BatchGet")


def is_write(operation: str) -> bool:
    """Say whether an operation changes something when it returns normally; AWS names tell."""
    return not operation.startswith(READS)


@dataclass(slots=True, kw_only=True)
class Call:
    """One request; `status` is None while it is being answered, or held."""

    number: int
    time: datetime
    service: str
    operation: str
    params: dict[str, Any]
    status: int | None = None
    error: str | None = None
    effect: bool = False
    effect_at: datetime | None = None
    """Emulator time at which it took effect; a late effect's is after the reply."""
    fault: str | None = None


class CallLog:
    """The last requests, and counts of all of them per `service.Operation`."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._counts: dict[str, dict[str, int]] = defaultdict(lambda: {"requests": 0, "effects": 0})
        self._number = 0

    def begin(self, *, time: datetime, service: str, operation: str, params: dict[str, Any]) -> Call:
        """Write a request down as soon as it is known what it asks for."""
        self._number += 1
        call = Call(number=self._number, time=time, service=service, operation=operation, params=params)
        self._calls.append(call)
        self._counts[f"{service}.{operation}"]["requests"] += 1
        return call

    def took_effect(self, call: Call, *, at: datetime) -> None:
        """The request changed the world, whatever becomes of its reply."""
        call.effect, call.effect_at = True, at
        self._counts[f"{call.service}.{call.operation}"]["effects"] += 1

    def listing(self, *, operation: str | None, service: str | None, after: int) -> list[dict[str, Any]]:
        """Give the kept calls in their order, those with a number above `after`."""
        return [
            asdict(call)
            for call in self._calls
            if call.number > after and operation in {None, call.operation} and service in {None, call.service}
        ]

    def counts(self) -> dict[str, dict[str, int]]:
        """Give requests and effects per `service.Operation`, of all calls since the last reset."""
        return {name: dict(count) for name, count in sorted(self._counts.items())}
