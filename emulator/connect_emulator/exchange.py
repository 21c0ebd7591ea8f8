"""A request to one of our services on its way through the steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import MultiDict

if TYPE_CHECKING:
    from connect_emulator.calls import Call
    from connect_emulator.errors import ServiceError
    from connect_emulator.faults import Fault
    from connect_emulator.model import Operation, Service
    from connect_emulator.world import World


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request on its way through the steps, and its answer."""

    world: World
    service: Service
    region: str
    method: str
    raw_path: bytes
    query: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    base_url: str
    operation: Operation | None = None
    labels: dict[str, str] = field(default_factory=dict)
    values: MultiDict[str, str] = field(default_factory=MultiDict)
    sent: Any = None
    """The body as JSON."""
    params: dict[str, Any] = field(default_factory=dict)
    call: Call | None = None
    fault: Fault | None = None
    result: dict[str, Any] | None = None
    refusal: ServiceError | None = None
    """What the handler raised instead of a result."""
    lost: bool = False
    """Whether the reply is to be dropped together with the connection."""
    error_status: int | None = None
    """The status of an injected error, where it isn't the modelled one."""
    status: int = 0
    reply_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    reply: bytes = b""

    @property
    def found(self) -> Operation:
        """The operation; `route`, the second step, sets it or raises."""
        assert self.operation is not None  # noqa: S101
        return self.operation
