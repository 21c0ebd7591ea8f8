"""Launch a campaign whenever a segment was refreshed: no schedule of its own, the segment's asset starts it."""

from __future__ import annotations

import pendulum
from airflow.sdk import Param, dag

from connect_campaigns.task_groups import launch_campaign, per_day, refreshed_segment, segment_asset

SEGMENT = "spring-fr"
DOC = """
`refresh_segment` publishes the segment's asset, and this DAG starts: it clones a campaign from the template, launches it on
the segment that the event names, **once for the day**, waits until it is over and checks that people were called.

- An audience whose definition doesn't leave out whoever has `DoNotCall=yes` is refused.
- It launches nobody on the refresh of a backfill, nor on one older than 12 hours, however fresh this run itself is.
- A trigger by hand has no event and ends red: trigger `refresh_segment`, which starts this one.
- Refreshes that piled up while it was paused or busy count once: the last of them.
- **Wrong people being called?** `python -m connect_campaigns pause CAMPAIGN`. Ending the task does not stop the calls.
"""


@dag(
    schedule=[segment_asset(SEGMENT)],
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Paris"),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    doc_md=DOC,
    tags=["connect", "campaign"],
    default_args={"retries": 3, "retry_delay": pendulum.duration(minutes=2)},
    params={
        "require_exclusion": Param("Attributes.DoNotCall=yes", type="string", description="whom it must leave out"),
        "template": Param("spring", type="string", description="campaign to clone: name, id, ARN or console URL"),
        "start_after_minutes": Param(30, type="integer", minimum=1, description="first contact, after the launch"),
        "poll_seconds": Param(60, type="integer", minimum=1, description="time between two looks while it runs"),
    },
)
def launch_on_refresh() -> None:
    launch_campaign(
        template="{{ params.template }}",
        source=refreshed_segment(SEGMENT, if_several="newest"),
        launch_key=per_day(SEGMENT, timezone="Europe/Paris"),
        start_after="{{ params.start_after_minutes * 60 }}",
        require_exclusion="{{ params.require_exclusion }}",
        if_no_limits="fail",
        max_poll_interval="{{ params.poll_seconds }}",
    )


launch_on_refresh()
