"""The nightly launch: bring customers in, define and count a segment, launch a campaign on it, judge the outcome."""

from __future__ import annotations

import pendulum
from airflow.sdk import Param, dag

from connect_campaigns.task_groups import launch_campaign, per_day, prepare_segment

TODAY = per_day("nightly", timezone="Europe/Paris")
DOC = """
Every night at 02:30 this DAG imports a file of customers, makes sure of the segment and counts it, clones a campaign
from the template, launches it **once for the day**, waits until it is over and checks that people were called.

- Clearing, retrying or running it again on the same day launches nothing a second time; a backfill launches nobody.
- *Trigger* by hand only checks, unless you choose "launch".
- **Wrong people being called?** `python -m connect_campaigns pause CAMPAIGN`. Ending the task does not stop the calls.
"""


@dag(
    schedule="30 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Paris"),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    doc_md=DOC,
    tags=["connect", "campaign"],
    default_args={"retries": 3, "retry_delay": pendulum.duration(minutes=2)},
    params={
        "csv": Param("/data/customers.csv", type="string", description="file of customers, with a header row"),
        "key_column": Param("customer_id", type="string", description="column that identifies a customer"),
        "segment": Param("", type="string", description="who, as `Country=FR, Balance>1000`; empty = all of the file"),
        "template": Param("spring", type="string", description="campaign to clone: name, id, ARN or console URL"),
        "start_after_minutes": Param(30, type="integer", minimum=1, description="first contact, after the launch"),
        "poll_seconds": Param(60, type="integer", minimum=1, description="time between two looks while it runs"),
        "manual_trigger": Param("check", enum=["check", "launch"], description="what a trigger by hand does"),
    },
)
def nightly_launch() -> None:
    audience = prepare_segment(
        csv="{{ params.csv }}",
        key_column="{{ params.key_column }}",
        definition=("nightly", "{{ params.segment }}"),
        audience_run=TODAY,
        retries=1,
    )
    launch_campaign(
        template="{{ params.template }}",
        source=audience,
        launch_key=TODAY,
        start_after="{{ params.start_after_minutes * 60 }}",
        if_manual="{{ params.manual_trigger }}",
        if_no_limits="fail",
        max_poll_interval="{{ params.poll_seconds }}",
    )


nightly_launch()
