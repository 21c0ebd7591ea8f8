"""One case's world: runs that launch, people, housekeeping; stepped send by send, until all is quiet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, cycle
from logging import CRITICAL, getLogger
from typing import TYPE_CHECKING, Any

import boto3

from connect_campaigns.core.attempt import LaunchRequest
from connect_campaigns.core.errors import RetryableError
from connect_campaigns.core.launch import Mode
from connect_campaigns.core.records import Freeze, Marker
from connect_campaigns.core.run import RunInfo
from connect_campaigns.core.schedule import ScheduleSpec
from connect_campaigns.launcher import Launcher
from tests.chaos.wire.faults import FAULTS
from tests.chaos.wire.seam import Attempt, Slot, Wire
from tests.emulator.campaign_kit import DOMAIN_ARN, INSTANCE
from tests.launch_kit import HOURS, VOICE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connect_campaigns.core.attempt import Launched
    from tests.chaos.wire.service import Service

LOG = getLogger("tests.chaos.wire")
LOG.setLevel(CRITICAL)
MAX_TRIES = 4
FREEZE = "launches/control/freeze.json"
NEEDS_CREATE = frozenset({"given_void", "given_gone", "given_former"})
"""What a Start says that wants its Create task cleared."""


@dataclass(frozen=True)
class Task:
    """One task of a run: its name, and the mode of its launch request."""

    name: str
    mode: Mode


SCENARIOS: dict[str, tuple[Task, ...]] = {
    "clone": (Task("start", Mode.CLONE),),
    "given": (Task("start", Mode.GIVEN),),
    "create_start": (Task("create", Mode.CREATE), Task("start", Mode.GIVEN)),
    "bare": (Task("start", Mode.BARE),),
}


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


@dataclass(kw_only=True)
class Ending:
    """How one attempt of one task ended, and what was true at that moment."""

    run: Run
    task: Task
    attempt: Attempt
    launched: Launched | None
    error: BaseException | None
    started_by: dict[str, list[Attempt]]
    states: dict[str, str]
    born: int

    @property
    def code(self) -> str:
        """The reason's code, where it ended red."""
        return str(getattr(self.error, "code", type(self.error).__name__))

    def __str__(self) -> str:
        if self.attempt.gone:
            return "gone"
        return (
            f"green {self.launched.how.name} {self.launched.campaign_id[:8]}" if self.launched else f"red {self.code}"
        )


class Run:
    """One run of a DAG: its tasks in order, each tried again while that may help."""

    def __init__(
        self, universe: Universe, *, run_id: str, key: str, tasks: Sequence[Task], campaign: str | None
    ) -> None:
        self.universe = universe
        self.run_id = run_id
        self.key = key
        self.tasks = tuple(tasks)
        self.campaign = campaign
        self.position = 0
        self.tries = 0
        self.failed = False
        self.attempt: Attempt | None = None
        self.freeze_at = 0
        self.plans: dict[int, tuple[str, int]] = {}
        self.meets: tuple[str, str] = ("", "")
        self.value: str | None = campaign
        self.last: Ending | None = None

    @property
    def done(self) -> bool:
        """Whether every task is green."""
        return self.position == len(self.tasks)

    @property
    def over(self) -> bool:
        """Whether nothing more is tried by itself."""
        return self.done or self.failed or self.tries >= MAX_TRIES

    def plan(self, *, task: int, number: int, fault: str) -> None:
        """Have the first attempt of a task meet a fault at its k-th send."""
        self.plans[task] = (fault, number)

    def plan_next(self, *, meets: str, fault: str) -> None:
        """Have the next attempt that has no fault of its own meet one at the first send of a name (`*` = any write)."""
        self.meets = (meets, fault)

    def begin(self) -> Attempt:
        """Begin an attempt of the task whose turn it is."""
        task = self.tasks[self.position]
        self.tries += 1
        fault, number = self.plans.pop(self.position, ("", 0))
        self.freeze_at = number if fault == "frozen" else 0
        meets = ""
        if not fault and self.meets[0]:
            (meets, fault), self.meets = self.meets, ("", "")
        request = self._request(task)
        self.attempt = self.universe.attempt(
            lambda slot: self.universe.launcher(request, slot).run(),
            name=f"{self.run_id}.{task.name}#{self.tries}",
            fault=fault,
            number=number,
            meets=meets,
        )
        return self.attempt

    def _request(self, task: Task) -> LaunchRequest:
        run = RunInfo(
            dag_id="spring",
            run_id=self.run_id,
            task_id=task.name,
            try_number=self.tries,
            due=self.universe.service.world.clock.now(),
        )
        makes = task.mode in {Mode.CLONE, Mode.CREATE}
        return LaunchRequest(
            mode=task.mode,
            run=run,
            key="" if task.mode is Mode.BARE else self.key,
            template=self.universe.template if makes else None,
            campaign=None if makes else self.value,
            schedule=ScheduleSpec(start_after=timedelta(minutes=10)),
            renew_schedule=True,
        )

    def step(self) -> bool:
        """Go on to the next send, beginning a task or a retry where one is due; whether there is more."""
        if self.attempt is None:
            if self.over:
                return False
            self.begin()
        attempt = self.attempt
        assert attempt is not None
        if not attempt.step():
            self._note(attempt)
        elif attempt.pending and attempt.pending.number == self.freeze_at:
            self.leave_frozen()
        return True

    def leave_frozen(self) -> None:
        """Take the attempt for dead: it stands where it is, and a retry will run beside it."""
        assert self.attempt is not None
        self.attempt.fired.append(self.attempt.pending.name if self.attempt.pending else "")
        self.universe.frozen.append((self, self.tasks[self.position], self.attempt))
        self.attempt = None

    def finish(self) -> None:
        """Let the attempt run to its end."""
        while self.attempt is not None:
            if self.freeze_at:
                self.step()
                continue
            self.attempt.finish()
            self._note(self.attempt)

    def settle(self) -> None:
        """Go on until all is green, or nothing more is tried by itself."""
        while self.attempt is not None or not self.over:
            if self.attempt is None:
                self.begin()
            self.finish()

    def revive(self) -> None:
        """Clear what is red: by a person, so that it is tried again; the Create task where Start asks for that."""
        creates = self.tasks[0].mode is Mode.CREATE
        if not self.done and self.last is not None and self.last.code in NEEDS_CREATE and creates:
            self.position = 0
        self.tries, self.failed = 0, False

    def clear(self) -> None:
        """Clear all tasks."""
        self.position, self.tries, self.failed = 0, 0, False
        self.value = self.campaign

    def _note(self, attempt: Attempt) -> None:
        ending = self.universe.note(self, self.tasks[self.position], attempt)
        self.attempt, self.last = None, ending
        if ending.launched:
            self.value = ending.launched.campaign_id
            self.position += 1
            self.tries = 0
        elif ending.error is not None and not isinstance(ending.error, RetryableError):
            self.failed = True


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
        self.first_attempt: Attempt | None = None
        marker = Marker(at=self.service.world.clock.now().isoformat(), by="tests", id="ledger-1")
        self.service.objects["launches/ledger.json"] = marker.to_json()
        self.template = self.make_campaign("template")
        self.given = self.make_campaign("by hand")

    # -- who acts -------------------------------------------------------------------------------------------------

    def attempt(
        self, body: Callable[[Slot], Any], *, name: str, fault: str = "", number: int = 0, meets: str = ""
    ) -> Attempt:
        """Begin a process.

        :param number: which of its sends meets the fault
        :param meets: or the first of this name
        """
        real = bool(fault) and fault != "frozen"
        made = Attempt(
            self.wire,
            self.pool.slot(),
            body,
            name=name,
            faults={number: FAULTS[fault]} if real and number else {},
            fault_name=fault,
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
            sleep=lambda _: None,
            jitter=lambda: 0.5,
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
        return str(self.by_a_person(lambda slot: slot.sender.create_campaign(**config))["id"])

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
        clones = [each for each in self.service.states() if each not in {self.template, self.given}]
        named = [each for each in clones if any(each in body.decode() for key, body in self._keys())]
        return named[-1] if named else clones[-1] if clones else None

    def _keys(self) -> list[tuple[str, bytes]]:
        return [(key, body) for key, body in self.service.objects.items() if key.startswith("launches/keys/")]

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
