"""What the tests of ending share: a task that is ended as Airflow ends it, and what must never come of that."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from tests.launch_kit import Ran
from tests.log_kit import Lines
from tests.waiting_kit import meanwhile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.launch_kit import World

HALTS = ("PauseCampaign", "ResumeCampaign", "StopCampaign")
"""What nobody's task may send because it ends."""

STOP_COMMAND = "python -m connect_campaigns stop "


class Ending:
    """A world whose launches are watched: the stop command has to be in the log before StartCampaign is sent."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.emulator = world.emulator
        self.starts_when_named: list[int] = []

    def lines(self, *, also: Callable[[str], object] = lambda _: None) -> Lines:
        """Make the log of one attempt.

        :param also: called with each line; what it raises comes out of the log
        """

        def note(line: str) -> None:
            also(line)
            if STOP_COMMAND in line:
                self.starts_when_named.append(len(self.emulator.calls("StartCampaign")))

        return Lines(on_line=note)

    def launch(self, *, lines: Lines | None = None, **given: Any) -> Ran:
        """Run one attempt at the launch of this test."""
        return Ran(self.start(lines=lines, **given))

    def start(self, *, lines: Lines | None = None, **given: Any) -> Any:
        """Make the operator of the launch."""
        from connect_campaigns.operators.campaigns import StartCampaignOperator

        of = {"template": self.world.template, "start_after": timedelta(minutes=10), "launch_key": "today", **given}
        if "campaign_id" in given:
            del of["template"], of["start_after"]
        return (lines or self.lines()).of(StartCampaignOperator(task_id="start", **of))

    def settle(self, campaign: str, *, state: str = "Running") -> None:
        """Check what must be so however the tasks ended, and that the retry finds the launch."""
        self.untouched(campaign, state=state)
        assert self.world.starts == 1
        assert self.starts_when_named[0] == 0, "the stop command was named after StartCampaign was sent"

    def untouched(self, *campaigns: str, state: str = "Running") -> None:
        """Check that nobody paused, resumed or stopped anything, and that these are there."""
        assert {name: len(self.emulator.calls(name)) for name in HALTS} == dict.fromkeys(HALTS, 0)
        assert {each: self.world.state(each) for each in campaigns} == dict.fromkeys(campaigns, state)

    @contextlib.contextmanager
    def held(self, operation: str, moment: Callable[[], object], *, skip: int = 0) -> Iterator[None]:
        """Hold the reply of an operation, its effect being there, until the moment is over."""
        fault = self.emulator.add_fault(operation=operation, kind="hold", skip=skip)

        def then() -> None:
            try:
                moment()
            finally:
                self.emulator.release(fault)

        with meanwhile(self.world.kit, (operation,), then):
            yield
        [told] = [each for each in self.emulator.faults() if each["id"] == fault]
        assert told["fired"] == 1, "the moment never came"


class Terminated:
    """Airflow's own handling of SIGTERM in a task's process: its handler calls `on_kill`, and `execute` goes on.

    (``airflow.sdk.execution_time.task_runner``, ``_on_term``; Airflow 3.3.)
    """

    def __init__(self, operator: Any) -> None:
        self.kills = 0
        self._operator = operator

    def _on_term(self, *_: object) -> None:
        self.kills += 1
        self._operator.on_kill()

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGTERM, self._on_term)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def send(self, times: int = 1) -> None:
        """Send SIGTERM to the thread that runs the task, and wait until its handler has run, so often."""
        main = threading.main_thread().ident
        assert main is not None
        for number in range(1, times + 1):
            signal.pthread_kill(main, signal.SIGTERM)
            deadline = time.monotonic() + 20
            while self.kills < number:
                assert time.monotonic() < deadline, "the handler never ran"
                time.sleep(0.01)
