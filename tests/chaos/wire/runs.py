"""Runs of a DAG as the attack sees them: tasks in order, each tried again while that may help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from connect_campaigns.core.attempt import LaunchRequest
from connect_campaigns.core.errors import RetryableError
from connect_campaigns.core.launch import Mode
from connect_campaigns.core.run import RunInfo
from connect_campaigns.core.schedule import ScheduleSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_campaigns.core.attempt import Launched
    from tests.chaos.wire.seam import Attempt
    from tests.chaos.wire.universe import Universe

MAX_TRIES = 4
SOON = ScheduleSpec(start_after=timedelta(minutes=10))
SKIPPED_WHEN_LATE = ScheduleSpec(start_at="08:10", latest_start="08:15", end_at="12:00", timezone="UTC", if_late="skip")
NEEDS_CREATE = frozenset({"given_void", "given_gone", "given_former"})
"""What a Start says that wants its Create task cleared."""


@dataclass(frozen=True)
class Task:
    """One task of a run.

    :param skip_if_late: it is skipped when it is late, and not refused
    :param attach: it takes a campaign that somebody else started
    """

    name: str
    mode: Mode
    skip_if_late: bool = False
    attach: bool = False


SCENARIOS: dict[str, tuple[Task, ...]] = {
    "clone": (Task("start", Mode.CLONE),),
    "given": (Task("start", Mode.GIVEN),),
    "create_start": (Task("create", Mode.CREATE), Task("start", Mode.GIVEN)),
    "skip": (Task("start", Mode.CLONE, skip_if_late=True),),
    "attach": (Task("start", Mode.GIVEN, attach=True),),
    "bare_attach": (Task("start", Mode.BARE, attach=True),),
    "bare": (Task("start", Mode.BARE),),
}


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

    @property
    def kind(self) -> str:
        """How it ended, without names."""
        if self.attempt.gone:
            return "gone"
        return f"green {self.launched.how.name}" if self.launched else f"red {self.code}"

    def __str__(self) -> str:
        return f"{self.kind} {self.launched.campaign_id[:8]}" if self.launched else self.kind


class Run:
    """One run of a DAG: its tasks in order, each tried again while that may help."""

    def __init__(
        self, universe: Universe, *, run_id: str, key: str, tasks: Sequence[Task], campaign: str | None
    ) -> None:
        self.universe = universe
        self.run_id = run_id
        self.template = universe.template
        self.due = universe.service.world.clock.now()
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
            key=self.key,
        )
        return self.attempt

    def _request(self, task: Task) -> LaunchRequest:
        run = RunInfo(
            dag_id="spring",
            run_id=self.run_id,
            task_id=task.name,
            try_number=self.tries,
            due=self.due,
        )
        makes = task.mode in {Mode.CLONE, Mode.CREATE}
        return LaunchRequest(
            mode=task.mode,
            run=run,
            key="" if task.mode is Mode.BARE else self.key,
            template=self.template if makes else None,
            campaign=None if makes else self.value,
            schedule=SKIPPED_WHEN_LATE if task.skip_if_late else SOON,
            renew_schedule=True,
            attach=task.attach,
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
