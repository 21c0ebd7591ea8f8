"""Refresh a segment: bring today's file in, count whom it selects, publish the asset that launching DAGs wait for."""

from __future__ import annotations

import pendulum
from airflow.sdk import Param, dag

from connect_campaigns.core.definitions import attribute, none_of
from connect_campaigns.task_groups import per_day, prepare_segment, run_day

SEGMENT = "spring-fr"
ZONE = "Europe/Paris"
BUT_DO_NOT_CALL = none_of(attribute("DoNotCall", "INCLUSIVE", "yes"))
DOC = """
Every night at 03:00 this DAG imports the file of the day, makes sure of the segment of its people and counts it. Then it
publishes the segment's asset, and DAGs that wait for it start by themselves: `launch_on_refresh`. Whoever has the attribute
`DoNotCall=yes` is left out.

- A **backfill** (a catch-up and an old run cleared, too) imports and publishes nothing, so nobody is called: it counts the
  rows of each day's file, XCom `count` of `count_backfilled`. A segment has no past: profiles keep no history.
- Running it again on the same day publishes again; a launch key launches once all the same.
- **Wrong people?** Pause `launch_on_refresh`; if it launched: `python -m connect_campaigns pause CAMPAIGN`.
"""


@dag(
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    doc_md=DOC,
    tags=["connect", "segment"],
    default_args={"retries": 3, "retry_delay": pendulum.duration(minutes=2)},
    params={
        "folder": Param(
            "/data/spring-fr", type="string", description="where the files are: 2026-12-01.csv, by the day"
        ),
        "key_column": Param("customer_id", type="string", description="column that identifies a customer"),
        "segment": Param("", type="string", description="who, as `Country=FR, Balance>1000`; empty = all of the file"),
        "min_audience": Param(1, type="integer", minimum=0, description="fewer people than this are no audience"),
    },
)
def refresh_segment() -> None:
    prepare_segment(
        csv="{{ params.folder }}/" + f"{run_day(timezone=ZONE)}.csv",
        key_column="{{ params.key_column }}",
        definition=(SEGMENT, ["{{ params.segment }}", BUT_DO_NOT_CALL]),
        audience_run=per_day(SEGMENT, timezone=ZONE),
        min_audience="{{ params.min_audience }}",
        publish=True,
    )


refresh_segment()
