"""The seam: what real boto3 clients would send is handed to this process, and attempts stop before each send.

An attempt is a process: a thread that hands the baton over before every send, so that whoever steps it decides what
happens between two of its calls, and in which order the calls of several attempts come. One runs at a time.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from email.utils import format_datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.chaos.wire.faults import WRITES, Gone, error
from tests.chaos.wire.service import BUCKET, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.wire.clients import Slot
    from tests.chaos.wire.faults import Fault
    from tests.chaos.wire.service import Request, Service

PATIENCE_S = 60.0


@dataclass(kw_only=True, eq=False)
class Send:
    """One send of one attempt: a request on the wire, what was done to it and what it did."""

    attempt: Attempt
    number: int
    service: str
    operation: str
    request: Request
    call: str
    fault: str = ""
    replies: list[Reply] = field(default_factory=list)
    status: int | None = None
    landed: bool = False

    @property
    def target(self) -> str:
        """What it is about: the kind of ledger object, or nothing."""
        if self.service != "s3":
            return ""
        key = self.request.url.partition(f"/{BUCKET}/")[2].partition("?")[0].removeprefix("launches/")
        return key.partition("/")[0] or "listing"

    @property
    def name(self) -> str:
        """As cases name it."""
        return f"{self.operation}.{self.target}" if self.target else self.operation

    @property
    def effect(self) -> bool:
        """Whether it changed anything."""
        return any(reply.effect for reply in self.replies)

    def perform(self) -> Reply:
        """Let the service act."""
        reply = self.attempt.wire.service_of(self.service)(self.request)
        self.replies.append(reply)
        return reply

    def land_later(self) -> None:
        """Keep it, to act at another time; a re-send of the same call isn't kept again."""
        self.attempt.wire.keep(self)

    def as_of(self, writes: int) -> Reply:
        """Answer a read of a state as of some writes ago."""
        past = self.attempt.wire.service.past
        state = past[max(len(past) - 1 - writes, 0)].get(self.request.url.rstrip("/").split("/")[-2])
        truth = self.perform()
        if state is None:
            return error(self, 404, "ResourceNotFoundException")
        return Reply(200, truth.headers, f'{{"state": "{state}"}}'.encode())

    def date(self) -> str:
        """Give the service's Date header."""
        return format_datetime(self.attempt.wire.service.world.clock.now(), usegmt=True)


class Wire:
    """What all attempts of a case share: the service, the log of sends, what is still to land, an outage."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.log: list[Send] = []
        self.late: list[tuple[str, Send]] = []
        self.outage = ""
        self.after_the_end: list[str] = []
        self.births = count()

    def service_of(self, name: str) -> Callable[[Request], Reply]:
        """Give what answers for a service."""
        return self.service.s3 if name == "s3" else self.service.campaigns

    def keep(self, send: Send) -> None:
        """Keep a send whose effect comes later."""
        lands = send.attempt.faults[send.number].lands if send.number in send.attempt.faults else ""
        if lands and all(kept.call != send.call for _, kept in self.late):
            self.late.append((lands, send))

    def land(self, *moments: str, of: Attempt | None = None) -> None:
        """Let late effects land."""
        due = [(when, send) for when, send in self.late if when in moments and of in {None, send.attempt}]
        self.late = [each for each in self.late if each not in due]
        for _, send in due:
            send.landed = True
            send.perform()


class Attempt:
    """One process: an attempt at a task, or anything else that sends.

    :param body: what it does with the campaigns and the ledger of a slot; what it returns is `result`
    :param faults: by the number of the send, from 1
    :param meets: the name of a send (`*` = any write), and the fault that the first of that name meets
    :param key: the launch key that it launches; empty = it launches nothing
    """

    def __init__(
        self, wire: Wire, slot: Slot, body: Callable[[Slot], Any], *, name: str, faults: dict[int, Fault] | None = None,
        fault_name: str = "", meets: tuple[str, Fault] | None = None, key: str = "",
    ) -> None:  # fmt: skip
        self.wire = wire
        self.slot = slot
        self.name = name
        self.body = body
        self.faults = dict(faults or {})
        self.fault_name = fault_name
        self.meets = meets
        self.key = key
        self.fired: list[str] = []
        self.sends: list[Send] = []
        self.pending: Send | None = None
        self.ended = False
        self.gone = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._free = False
        self._killed = False
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        slot.attempt = self
        self.born = next(wire.births)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # -- for whoever steps it -------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Let it go on to just before its next send, or to its end; whether it still runs."""
        if not self.ended:
            self._go.release()
            if not self._back.acquire(timeout=PATIENCE_S):
                raise AssertionError(f"{self.name} hangs before {self.pending}")
        return not self.ended

    def finish(self) -> None:
        """Let it run to its end."""
        self._free = True
        self.step()

    def kill(self) -> None:
        """End the process where it stands."""
        self._killed = True
        self.finish()

    # -- inside its thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._go.acquire()
        try:
            if not self._killed:
                self.result = self.body(self.slot)
        except Gone:
            self.gone = True
        except BaseException as raised:  # noqa: BLE001 - how it ended is what is looked at
            self.error = raised
        self.ended, self.pending = True, None
        self.slot.attempt = None
        self.wire.land("end", of=self)
        self._back.release()

    def send(self, *, service: str, operation: str, request: Request, call: str) -> Reply:
        """Stop before a send; then perform it, or what its fault makes of it."""
        if self.gone:
            self.wire.after_the_end.append(f"{self.name} sent {operation} after its end")
            raise Gone
        send = Send(
            attempt=self, number=len(self.sends) + 1, service=service, operation=operation, request=request, call=call
        )
        self.pending = send
        if not self._free:
            self._back.release()
            self._go.acquire()
        if self._killed:
            self.gone = True
            raise Gone
        self.wire.land("next")
        self.sends.append(send)
        self.wire.log.append(send)
        fault = self._fault_of(send)
        try:
            reply = self._act(fault, send)
        except Gone:
            self.gone = True
            raise
        send.status = reply.status
        return reply

    def _act(self, fault: Fault | None, send: Send) -> Reply:
        if fault is not None:
            send.fault = self.fault_name
            self.fired.append(send.name)
            return fault.act(send)
        if self.wire.outage == send.service:
            send.fault = "outage"
            return error(send, 500, "InternalServerException")
        return send.perform()

    def _fault_of(self, send: Send) -> Fault | None:
        fault = self.faults.get(send.number)
        if self.meets and (self.meets[0] == send.name or (self.meets[0] == "*" and send.operation in WRITES)):
            fault, self.meets = self.meets[1], None
            self.faults[send.number] = fault
        before = self.sends[-2] if len(self.sends) > 1 else None
        if fault is None and before is not None and before.number in self.faults:
            last = self.faults[before.number]
            if last.lasting or (last.again and before.call == send.call):
                fault = self.faults[send.number] = last
        return fault if fault is not None and fault.fits(send.operation) else None
