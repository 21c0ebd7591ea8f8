"""One launch of a kill: brought to its moment, struck, brought to its end, judged."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.kills.processes import alive, look, parent
from tests.kills.site import PATIENCE_S, Attempt
from tests.standalone_kit import until

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable

    from tests.kills.lanes import Lane, Moment
    from tests.kills.site import Site

ENDED = {"success", "failed", "skipped", "upstream_failed"}


@dataclass(kw_only=True)
class Result:
    """What became of one launch."""

    what: str
    when: str
    happened: str = ""
    starts: int = -1
    made: int = 1
    orphans: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Give it in one line."""
        made = f"; {self.made} campaigns made, {self.orphans} left to housekeeping" if self.made != 1 else ""
        return (
            f"{'BAD' if self.problems else 'ok '} {self.what:<38} {self.when:<26}"
            f" {self.starts} start{' ' if self.starts == 1 else 's'} {self.seconds:5.1f} s  {self.happened}{made}"
        )


class Launch:
    """A run of the DAG, alone on its lane.

    :param moment: the call whose reply is held; None = none is
    :param waits: the DAG waits for the campaign's end, too, deferred
    """

    _numbers = iter(range(10_000))
    _lock = threading.Lock()

    def __init__(self, site: Site, lane: Lane, *, moment: Moment | None, what: str, waits: bool = False) -> None:
        with Launch._lock:
            self.run_id = f"kill-{next(Launch._numbers)}"
        self.dag_id = "kill_wait" if waits else "kill_launch"
        self.tasks = ("create", "start", "wait")[: 3 if waits else 2]
        self.site = site
        self.lane = lane
        self.moment = moment
        self.result = Result(what=what, when=str(moment or ("wait, deferred" if waits else "")))
        self._fault = ""
        self.old = Attempt(id="", state=None, number=0, pid=None)  # the attempt that is struck
        self._began = time.monotonic()

    # -- to the moment ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Prepare the lane and trigger the run."""
        self.lane.begin()
        if self.moment:
            self._fault = self.lane.hold(self.moment)
        self.site.trigger(self.dag_id, self.run_id, {"lane": self.lane.name, "template": self.lane.template})

    def until_held(self, number: int = 1) -> None:
        """Wait until the reply of the moment is held; the log has told how to stop what it may have started."""
        self.lane.until_held(self._fault, number=number, why=self.story)
        if number > 1:
            return
        self._began = time.monotonic()
        self.old = self.victim()
        if self.moment and self.moment.label == "StartCampaign":
            self.until_log("connect_campaigns stop")  # the process is in the call: it logged this before

    def until_deferred(self) -> None:
        """Wait until the wait is deferred and its trigger polls."""
        until(lambda: self.attempt("wait").state == "deferred", seconds=PATIENCE_S, why=self.story)
        self.until_polled()
        self._began = time.monotonic()
        self.old = self.attempt()

    def triggerer(self) -> object:
        """Give the triggerer that has the wait's trigger."""
        return self.site.triggerer_of(self.run_id)

    def until_polled(self) -> None:
        """Wait until somebody reads the campaign's state once more: a trigger that runs."""
        before = self._polls()
        until(lambda: self._polls() > before, seconds=PATIENCE_S, why=self.story)

    def _polls(self) -> int:
        counts = self.lane.emulator.counts()
        return counts.get("connectcampaignsv2.GetCampaignStateBatch", {"requests": 0})["requests"]

    # -- what the strikes need ------------------------------------------------------------------------------------------

    @property
    def task(self) -> str:
        """The task that is struck."""
        return self.moment.task if self.moment else "wait"

    def attempt(self, task: str | None = None) -> Attempt:
        """Give the task instance as Airflow has it now."""
        return self.site.attempt(self.run_id, task or self.task)

    def log(self, task: str | None = None) -> str:
        """Give the task's log."""
        return self.site.log(self.dag_id, self.run_id, task or self.task)

    def victim(self) -> Attempt:
        """Give the attempt that is in the held call, with its process."""
        attempt = self.attempt()
        assert attempt.pid, self.story()
        assert alive(attempt.pid), self.story()
        return attempt

    def release(self) -> None:
        """Let the held replies go."""
        self.lane.emulator.release(self._fault)

    def hold(self, moment: Moment) -> None:
        """Let what is held go on being held, and hold this moment's reply too, from now on."""
        self.lane.hold(moment)

    def clear(self) -> None:
        """Clear the task and what comes after it, as a person does in the UI."""
        self.site.clear(self.dag_id, self.run_id, self.task)

    def mark(self, state: str) -> None:
        """Mark the task, as a person does in the UI."""
        self.site.mark(self.dag_id, self.run_id, self.task, state)

    def until_next(self, old: Attempt) -> Attempt:
        """Wait for the next attempt: in its call, or ended already."""

        def next_one() -> Attempt | None:
            now = self.attempt()
            begun = now.state == "running" and now.pid not in {None, old.pid}
            return now if now.id != old.id and (begun or now.state in ENDED) else None

        return until(next_one, seconds=PATIENCE_S, step=0.05, why=self.story)

    def until(self, what: Callable[[], bool]) -> None:
        """Wait for something."""
        until(what, seconds=PATIENCE_S, step=0.1, why=self.story)

    def until_log(self, text: str) -> None:
        """Wait until the task's log has a text."""
        self.until(lambda: text in self.log())

    def until_dead(self, pid: int) -> None:
        """Wait for the end of a process."""
        until(lambda: not alive(pid), seconds=PATIENCE_S, step=0.05, why=self.story)

    def until_state(self, *states: str, task: str | None = None) -> str:
        """Wait for a task state."""
        return (
            until(lambda: (state := self.attempt(task).state) in states and state, seconds=PATIENCE_S, why=self.story)
            or ""
        )

    def happened(self, text: str) -> None:
        """Note what was seen."""
        self.result.happened += f"{'; ' if self.result.happened else ''}{text}"

    # -- to the end ---------------------------------------------------------------------------------------------------

    def until_run_ends(self, *, running: bool = True) -> None:
        """Wait for the run's end; once its start is green the campaign runs, and a wait for it may see its end.

        :param running: whether the campaign still is to run, and is brought to its end now
        """
        self.until(lambda: self.attempt("start").state == "success" or self._state() in ENDED)
        states = set(self.lane.states().values())
        if running and self.attempt("start").state == "success" and "Running" not in states:
            self.result.problems.append(f"start is green, and no campaign is Running: {states}")
        if running:
            self.lane.kit.step(7300)
        self.until(lambda: self._state() in ENDED)
        if self._state() != "success":
            self.result.problems.append(f"the run ended {self._state()}")

    def failed(self) -> bool:
        """Whether the run is over, and red."""
        return self._state() == "failed"

    def _state(self) -> str:
        return self.site.run_state(self.run_id)

    def judge(self, *, starts: int = 1) -> None:
        """Let emulator and ledger say how it was."""
        self.result.problems += self.lane.problems(starts=starts)
        self.result.starts = self.lane.starts
        self.result.made = self.lane.made
        self.result.orphans = self.lane.orphans
        self.result.seconds = time.monotonic() - self._began

    def story(self) -> str:
        """Say where a launch stands, for the message of a wait that found nothing."""
        attempts = {task: self.attempt(task) for task in self.tasks}
        calls = [f"{each['operation']}:{each['status']}" for each in self.lane.calls()]
        return f"{self.result.what}, {self.result.when}: {attempts} {calls} {self.log()[-3000:]}"


def supervisor_of(attempt: Attempt) -> int:
    """Give the process that Airflow supervises an attempt with."""
    assert attempt.pid
    return parent(attempt.pid)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that is surely there."""
    assert look(pid), f"process {pid} is gone before signal {number}"
    os.kill(pid, number)


def guarded(launch: Launch, act: Callable[[Launch], None]) -> None:
    """Do something with a launch; what goes wrong is its result's problem, and holds nothing any longer."""
    try:
        act(launch)
    except Exception as error:  # noqa: BLE001 - told in the result, which fails its test
        launch.result.problems.append(f"{type(error).__name__}: {error}")
        launch.result.starts = launch.lane.starts
        launch.lane.emulator.clear_faults()
