"""What a launch must know of the Airflow run it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from connect_campaigns.core.refreshed import Refreshed
    from connect_campaigns.core.relaunch import Ask

BACKFILL = frozenset({"backfill", "backfill_job"})
"""Both spellings of a backfill's run type: Airflow 3's, and that of 2.11's command line."""

MANUAL = {
    "manual": "by hand",
    "operator_triggered": "by another DAG's operator",
    "asset_materialization": "by hand, to materialize an asset",
}
"""The run types that no schedule and no asset event made, and how each is triggered; Airflow 3.3 has three of them."""


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """One attempt of one task, as Airflow names it; times are aware.

    :param map_index: -1 where the task isn't mapped
    :param run_type: ``scheduled``, ``manual``, ``backfill``, ``asset_triggered`` …
    :param due: when the run was due to start: ``run_after``, or the data interval's end before Airflow 3
    :param scheduled: whether the DAG has a schedule of its own
    :param triggered_by: who pressed the button, where Airflow says so
    :param relaunch: a person's request in the run's conf
    :param refreshes: the last refresh of each segment among the asset events that triggered the run
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 1
    run_type: str = "manual"
    due: datetime | None = None
    scheduled: bool = False
    triggered_by: str | None = None
    relaunch: Ask | None = None
    refreshes: tuple[Refreshed, ...] = ()

    @property
    def is_backfill(self) -> bool:
        """Whether a backfill made this run (a reprocessed run keeps its id but changes its type)."""
        return self.run_type in BACKFILL

    @property
    def is_manual(self) -> bool:
        """Whether a person (or a program in a person's place) triggered it."""
        return self.run_type in MANUAL

    @property
    def name(self) -> str:
        """How logs and ledger name the attempt: ``dag_id/run_id/task_id``, with the map index where there is one."""
        mapped = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}/{self.run_id}/{self.task_id}{mapped}"
