"""Many segments from one file: one import, then each segment defined, counted and published by itself."""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import Param, dag, task_group

from connect_campaigns.core.definitions import attribute, none_of
from connect_campaigns.operators.backfilled import CountBackfilledRowsOperator
from connect_campaigns.operators.segments import ImportProfilesOperator
from connect_campaigns.task_groups import per_day, prepare_segment, run_day

ZONE = "UTC"
SEGMENTS = [
    {"name": "balance-high", "who": "Balance>5000"},
    {"name": "balance-low", "who": "Balance<=5000"},
]
BUT_DO_NOT_CALL = none_of(attribute("DoNotCall", "INCLUSIVE", "yes"))
DOC = """
Every night at 01:30 UTC this DAG imports the file of the day once, then refreshes each of the segments in its list: its
definition, without those who have `DoNotCall=yes`, its size, its asset. They are mapped tasks: one that fails, an empty one
for example, holds up no other.

- A backfill (a catch-up and an old run cleared, too) counts the rows of each day's file and publishes nothing.
- A DAG with `schedule=[segment_asset("balance-high")]` starts when that segment was published, as `launch_on_refresh` does.
- **Wrong people?** Pause the DAG that launches; if it launched: `python -m connect_campaigns pause CAMPAIGN`.
"""


@dag(
    schedule="30 1 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    doc_md=DOC,
    tags=["connect", "segment"],
    default_args={"retries": 3, "retry_delay": pendulum.duration(minutes=2)},
    params={
        "folder": Param(
            "/data/customers", type="string", description="where the files are: 2026-12-01.csv, by the day"
        ),
        "key_column": Param("customer_id", type="string", description="column that identifies a customer"),
    },
)
def nightly_segments() -> None:
    file: dict[str, Any] = {
        "path": "{{ params.folder }}/" + f"{run_day(timezone=ZONE)}.csv",
        "key_column": "{{ params.key_column }}",
    }
    counted = CountBackfilledRowsOperator(task_id="count_backfilled", **file)
    today = per_day("nightly-segments", timezone=ZONE)
    imported = ImportProfilesOperator(task_id="import_profiles", audience_run=today, **file)

    @task_group
    def segment(name: str, who: str) -> None:
        prepare_segment(definition=(name, [who, BUT_DO_NOT_CALL]), imported=imported, publish=True)

    counted >> imported >> segment.expand_kwargs(SEGMENTS)


nightly_segments()
