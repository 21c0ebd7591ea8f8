"""An Airflow task's context turned into what the core understands."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from connect_campaigns._compat import due_time, run_type, triggering_events
from connect_campaigns.core.refreshed import SEGMENTS, Refreshed
from connect_campaigns.core.relaunch import Ask
from connect_campaigns.core.run import RunInfo

if TYPE_CHECKING:
    from datetime import datetime

    from connect_campaigns._compat import Context


def run_info(context: Context) -> RunInfo:
    """Take what a launch must know of its run; works without a logical date (manual and asset runs of Airflow 3).

    :raises InvalidInput: the run's conf asks for a relaunch in another shape than it must
    """
    dag_run, task_instance = context["dag_run"], context["ti"]
    due = due_time(dag_run, context)
    who = getattr(dag_run, "triggering_user_name", None)
    return RunInfo(
        dag_id=dag_run.dag_id,
        run_id=dag_run.run_id,
        task_id=task_instance.task_id,
        map_index=-1 if task_instance.map_index is None else task_instance.map_index,
        try_number=task_instance.try_number,
        run_type=run_type(dag_run),
        due=due.astimezone(UTC) if due else None,
        scheduled=bool(context["dag"].timetable.can_be_scheduled),
        triggered_by=who,
        # The asker is the run: its retries and cleared tasks ask nothing new.
        relaunch=Ask.of_conf(
            getattr(dag_run, "conf", None), by=who or "a run's conf", asker=f"{dag_run.dag_id}/{dag_run.run_id}"
        ),
    )


def refreshes(context: Context) -> list[Refreshed]:
    """Read the segments' asset events that triggered the run; none where none did.

    :raises InvalidInput: one of them wasn't published by PublishSegmentOperator
    """
    return [Refreshed.of_event(uri, extra) for uri, extra in triggering_events(context) if uri.startswith(SEGMENTS)]


def interval_end(context: Context) -> datetime | None:
    """When the data interval of this run ends; None where it has none, as a manual run of Airflow 3."""
    end = context.get("data_interval_end")
    return end.astimezone(UTC) if end else None
