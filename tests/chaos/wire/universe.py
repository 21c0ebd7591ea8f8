"""One case's world: runs that launch, people, housekeeping; stepped send by send, until all is quiet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, cycle
from logging import CRITICAL, getLogger
from typing import TYPE_CHECKING, Any

import boto3

from connect_campaigns.core.launch import Mode
from connect_campaigns.core.records import Freeze, Marker
from connect_campaigns.launcher import Launcher
from tests.chaos.wire.clients import Slot
from tests.chaos.wire.faults import FAULTS
from tests.chaos.wire.runs import Ending, Run
from tests.chaos.wire.seam import Attempt, Wire
from tests.emulator.campaign_kit import DOMAIN_ARN, INSTANCE
from tests.launch_kit import HOURS, VOICE
from tests.waiting_kit import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connect_campaigns.core.attempt import LaunchRequest
    from tests.chaos.wire.runs import Task
    from tests.chaos.wire.service import Service

LOG = getLogger("tests.chaos.wire")
LOG.setLevel(CRITICAL)
FREEZE = "launches/control/freeze.json"


class Pool:
    """The service and the clients, made once for many cases."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._session = boto3.Session(
            aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="not-a-secret", region_name="us-east-1"
        )
        self._slots: list[Slot] = []

    def slot(self) -> Slot:
        """Give clients that no living attempt uses."""
        free = next((slot for slot in self._slots if slot.attempt is None), None)
        if free is None:
            free = Slot(self._session)
            self._slots.append(free)
        return free.refresh()


@dataclass
class Universe:
    """Everything of one case."""

    pool: Pool
    tasks: tuple[Task, ...]
    runs: list[Run] = field(default_factory=list)
    frozen: list[tuple[Run, Task, Attempt]] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = self.pool.service
        self.service.reset()
        self.wire = Wire(self.service)
        self._numbers = count(1)
        self.by_hand: set[str] = set()
        self.born_at = self.service.world.clock.now()
        self.first_attempt: Attempt | None = None
        marker = Marker(at=self.service.world.clock.now().isoformat(), by="tests", id="ledger-1")
        self.service.objects["launches/ledger.json"] = marker.to_json()
        self.template = self.make_campaign("template")
        self.given = self.make_campaign("by hand")

    # -- who acts -------------------------------------------------------------------------------------------------

    def attempt(
        self,
        body: Callable[[Slot], Any],
        *,
        name: str,
        fault: str = "",
        number: int = 0,
        meets: str = "",
        key: str = "",
    ) -> Attempt:
        """Begin a process.

        :param number: which of its sends meets the fault
        :param meets: or the first of this name
        :param key: the launch key that it launches
        """
        real = bool(fault) and fault != "frozen"
        made = Attempt(
            self.wire,
            self.pool.slot(),
            body,
            name=name,
            faults={number: FAULTS[fault]} if real and number else {},
            fault_name=fault,
            key=key,
            meets=(meets, FAULTS[fault]) if real and meets else None,
        )
        if fault and number:
            self.first_attempt = made
        return made

    def by_a_person(self, body: Callable[[Slot], Any], name: str = "person") -> Any:
        """Have somebody else do something at once, whole."""
        attempt = self.attempt(body, name=name)
        attempt.finish()
        if attempt.error is not None:
            raise attempt.error
        return attempt.result

    def launcher(self, request: LaunchRequest, slot: Slot) -> Launcher:
        """Make a launcher whose waits take no time."""
        return Launcher(
            request,
            campaigns=slot.campaigns,
            ledger=None if request.mode is Mode.BARE else slot.ledger,
            log=LOG,
            wall_clock=self.service.world.clock.now,
            patience=AT_ONCE,
            nonce=lambda: f"n{next(self._numbers)}",
        )

    def run(
        self, run_id: str, *, key: str = "k", tasks: Sequence[Task] | None = None, campaign: str | None = None
    ) -> Run:
        """Begin another run."""
        made = Run(self, run_id=run_id, key=key, tasks=tasks or self.tasks, campaign=campaign or self.given)
        self.runs.append(made)
        return made

    def make_campaign(self, name: str) -> str:
        """Make a campaign by hand."""
        now = self.service.world.clock.now()
        config = {
            "name": name,
            "connectInstanceId": INSTANCE,
            "source": {"eventTrigger": {"customerProfilesDomainArn": DOMAIN_ARN}},
            "channelSubtypeConfig": VOICE,
            "communicationTimeConfig": HOURS,
            "schedule": {"startTime": now + timedelta(minutes=15), "endTime": now + timedelta(hours=3)},
        }
        made = str(self.by_a_person(lambda slot: slot.sender.create_campaign(**config))["id"])
        self.by_hand.add(made)
        return made

    # -- what passes ----------------------------------------------------------------------------------------------

    def interleave(self, runs: Sequence[Any], pattern: str) -> None:
        """Step several by turns: a letter a send, `a` the first; until none goes on."""
        alive = dict(zip("abc", runs, strict=False))
        for letter in cycle(pattern):
            if letter in alive and not alive[letter].step():
                del alive[letter]
            if not alive:
                return

    def pass_time(self, **amount: float) -> None:
        """Step the clock."""
        self.service.world.clock.change(step_seconds=timedelta(**amount).total_seconds())

    def set_freeze(self, *, on: bool) -> None:
        """Turn the freeze switch, at once."""
        now = self.service.world.clock.now().isoformat()
        if on:
            self.service.objects[FREEZE] = Freeze(at=now, by="anna", reason="holiday").to_json()
        else:
            self.service.objects.pop(FREEZE, None)

    def campaign_of(self, run: Run) -> str | None:
        """Find the campaign that a run is about: the one given, K's, or the newest that isn't a template."""
        if run.tasks[0].mode in {Mode.GIVEN, Mode.BARE}:
            return run.campaign
        clones = [each for each in self.service.states() if each not in self.by_hand]
        named = [each for each in clones if any(each in body.decode() for key, body in self._keys())]
        return named[-1] if named else clones[-1] if clones else None

    def _keys(self) -> list[tuple[str, bytes]]:
        return [(key, body) for key, body in self.service.objects.items() if key.startswith("launches/keys/")]

    @property
    def late(self) -> bool:
        """Whether it is too late for what is skipped then."""
        return self.service.world.clock.now() - self.born_at > timedelta(minutes=15)

    # -- how it went ----------------------------------------------------------------------------------------------

    def starts(self) -> dict[str, list[Attempt]]:
        """Give who started each campaign: by the emulator's log of effects."""
        numbers = {reply.number: send for send in self.wire.log for reply in send.replies if send.service != "s3"}
        found: dict[str, list[Attempt]] = {}
        for call in self.service.world.calls.listing(operation="StartCampaign", service=None, after=0):
            if call["effect"]:
                found.setdefault(call["params"]["id"], []).append(numbers[call["number"]].attempt)
        return found

    def note(self, run: Run, task: Task, attempt: Attempt) -> Ending:
        """Write down how an attempt ended."""
        ending = Ending(
            run=run,
            task=task,
            attempt=attempt,
            launched=attempt.result,
            error=attempt.error,
            started_by=self.starts(),
            states=self.service.states(),
            born=next(self.wire.births),
        )
        self.endings.append(ending)
        return ending

    def thaw(self) -> None:
        """Let every frozen attempt go on to its end."""
        for run, task, attempt in self.frozen:
            attempt.finish()
            self.note(run, task, attempt)
        self.frozen.clear()

    def close(self) -> None:
        """End every process that still stands somewhere."""
        for _, _, attempt in self.frozen:
            attempt.kill()
        for run in self.runs:
            if run.attempt is not None:
                run.attempt.kill()
