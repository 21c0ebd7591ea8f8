"""What is shown while a run is under way: tasks as they end, and the campaign's progress."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.states import ENDED
from demo import report
from demo.evidence import GROUP, run_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from demo.airflow_run import DagRun, Task
    from demo.evidence import Run, Seen, Service

LOOK_S = 0.5
"""Real seconds between two looks at Airflow's database."""
UNTOLD = frozenset({"up_for_retry", "upstream_failed"})
"""States of tasks that say nothing of their own."""
PROGRESS_S = 1.5
"""Real seconds between two lines of progress."""
CAMPAIGN_S = 12.0
"""Real seconds in which a campaign should work through its audience."""
PATIENCE_S = 240.0
"""Real seconds after which a run is ended; one takes 20 to 60."""


class RunEnded(Exception):
    """The run was ended by the demo: waiting longer would change nothing. The text says why."""


class Watch:
    """Follows one run to its end.

    :param say: takes a line for people
    :param speed: emulator seconds per real second
    """

    def __init__(self, airflow: DagRun, service: Service, *, say: Callable[[str], None], speed: float) -> None:
        self._airflow = airflow
        self._service = service
        self._say = say
        self._speed = speed
        self._began = time.monotonic()
        self._told: set[str] = set()
        self._paced = False
        self._last: Seen | None = None
        self._last_at = 0.0
        self._ended_by: datetime | None = None

    def follow(self, number: int) -> Run:
        """Show the run until it ends, then read what it was.

        :raises RunEnded: it can't end well any more, or not in time; the process still runs
        """
        while self._airflow.status() is None:
            time.sleep(LOOK_S)
            self._look()
            if self._seconds > PATIENCE_S:
                message = f"run {number} took longer than {PATIENCE_S:.0f} seconds"
                raise RunEnded(message)
        seconds = self._seconds
        self._look()
        return run_of(self._airflow, self._service, number=number, seconds=seconds, ended_by=self._ended_by)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _look(self) -> None:
        if self._airflow.run_id is None:
            return
        xcoms = self._airflow.xcoms()
        tasks = self._airflow.tasks()
        over = any(task.id == f"{GROUP}.wait" and task.state == "success" for task in tasks)
        for task in tasks:
            if task.id == f"{GROUP}.wait":
                self._watch_campaign(tasks, xcoms, over=over)  # its last line belongs before the task's
            if task.seconds is not None and task.id not in self._told and task.state not in UNTOLD:
                self._told.add(task.id)
                self._say(report.task_line(task, xcoms.get(task.id, {}), at=self._seconds))
        estimate = xcoms.get("prepare_segment.estimate", {}).get("return_value")
        if estimate and not self._paced:
            self._pace(estimate["count"])

    def _pace(self, audience: int) -> None:
        """Let the campaign work so fast that it takes `CAMPAIGN_S`, however many people there are."""
        self._paced = True
        minutes = CAMPAIGN_S * self._speed / 60
        self._service.control.set_settings(campaigns={"attempts_per_minute": max(audience / minutes, 0.1)})

    def _watch_campaign(self, tasks: Sequence[Task], xcoms: dict[str, dict[str, Any]], *, over: bool) -> None:
        pushed = xcoms.get(f"{GROUP}.start", {})
        started = any(task.id == f"{GROUP}.start" and task.state == "success" for task in tasks)
        if not started or pushed.get("launch", {}).get("how") == "ran":
            return
        if not self._service.control.effects("StartCampaign"):
            message = "no StartCampaign took effect, though the DAG's start task is green: nobody is going to be called"
            raise RunEnded(message)
        if self._ended_by is None and (over or self._seconds - self._last_at >= PROGRESS_S):
            self._last_at = self._seconds
            self._show(pushed["return_value"])

    def _show(self, campaign: str) -> None:
        seen = self._service.seen(campaign)
        if seen is None or seen == self._last:
            return
        self._last = seen
        now = self._service.campaigns.service_now()
        self._say(report.progress_line(seen, now=now))
        if seen.state in ENDED:
            self._ended_by = now
