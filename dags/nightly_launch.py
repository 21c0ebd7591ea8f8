"""The nightly launch: bring customers in, define and count a segment, launch a campaign on it, judge the outcome."""

from __future__ import annotations

import pendulum
from airflow.sdk import Param, dag

from connect_campaigns.core.definitions import attribute, none_of
from connect_campaigns.operators.segments import ImportProfilesOperator
from connect_campaigns.task_groups import launch_campaign, per_day, prepare_segment

TODAY = per_day("nightly", timezone="Europe/Paris")
BUT_DO_NOT_CALL = none_of(attribute("DoNotCall", "INCLUSIVE", "yes"))
DOC = """
Every night at 02:30 this DAG imports a file of customers, makes sure of the segment and counts it, clones a campaign
from the template, launches it **once for the day**, waits until it is over and checks that people were called.

- Clearing, retrying or running it again on the same day launches nothing a second time; a backfill launches nobody.
- Whoever has `DoNotCall=yes` is left out: by a column of the file, or by a list that is imported in front
  (`do_not_call_csv`). An audience that isn't defined so is refused, and with `max_suppression_age_days` an old list, or none.
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
        "max_file_age_hours": Param(
            20, type="integer", minimum=0, description="an older file is last night's; 0 = any"
        ),
        "segment": Param("", type="string", description="who, as `Country=FR, Balance>1000`; empty = all of the file"),
        "do_not_call_csv": Param("", type="string", description="key column and `DoNotCall`; empty = no list in front"),
        "max_suppression_age_days": Param(0, type="integer", minimum=0, description="of that list; 0 = any, or none"),
        "require_exclusion": Param("Attributes.DoNotCall=yes", type="string", description="whom it must leave out"),
        "min_audience": Param(1, type="integer", minimum=1, description="fewer people than this are no audience"),
        "max_audience": Param(0, type="integer", minimum=0, description="more people are refused; 0 = any number"),
        "max_audience_change_percent": Param(0, type="number", minimum=0, description="since the last launch; 0 = any"),
        "template": Param("spring", type="string", description="campaign to clone: name, id, ARN or console URL"),
        "if_no_limits": Param("fail", enum=["fail", "warn"], description="where it has no communication limits"),
        "ignore_instance_limits": Param("", type="string", description="why it may opt out of the instance's limits"),
        "start_after_minutes": Param(30, type="integer", minimum=1, description="first contact, after the launch"),
        "poll_seconds": Param(60, type="integer", minimum=1, description="time between two looks while it runs"),
        "manual_trigger": Param("check", enum=["check", "launch"], description="what a trigger by hand does"),
    },
)
def nightly_launch() -> None:
    key = "{{ params.key_column }}"
    do_not_call = ImportProfilesOperator(
        task_id="import_do_not_call", path="{{ params.do_not_call_csv }}", if_no_path="skip", key_column=key
    )
    audience = prepare_segment(
        csv="{{ params.csv }}",
        key_column=key,
        definition=("nightly", ["{{ params.segment }}", BUT_DO_NOT_CALL]),
        audience_run=TODAY,
        max_file_age="{{ params.max_file_age_hours * 3600 or 'any' }}",
        suppression=do_not_call.output,
        retries=1,
    )
    launch_campaign(
        template="{{ params.template }}",
        source=audience,
        launch_key=TODAY,
        start_after="{{ params.start_after_minutes * 60 }}",
        if_manual="{{ params.manual_trigger }}",
        max_suppression_age="{{ params.max_suppression_age_days * 86400 or 'any' }}",
        require_exclusion="{{ params.require_exclusion }}",
        min_audience="{{ params.min_audience }}",
        max_audience="{{ params.max_audience or 'any' }}",
        max_audience_change_percent="{{ params.max_audience_change_percent or 'any' }}",
        if_no_limits="{{ params.if_no_limits }}",
        ignore_instance_limits="{{ params.ignore_instance_limits }}",
        max_poll_interval="{{ params.poll_seconds }}",
    )


nightly_launch()
