"""Housekeeping: a campaign per run would meet the quota of campaigns per instance; every night the old ones go."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Param, dag

from connect_campaigns.operators.housekeeping import DeleteFinishedCampaignsOperator

DOC = """
Every night at 04:40 this DAG deletes campaigns that this ledger's launches made: those that ended long ago, and those
that were made and never started. What is deleted is noted in the ledger first, so that a cleared task still finds that
its campaign ran.

- It never touches a campaign that is running or paused, one made by hand (templates), or another ledger's.
- *Trigger* with "report only" to see what would go. It can be ended anywhere and run again.
- **Wrong people being called?** `python -m connect_campaigns pause CAMPAIGN`. This DAG stops no campaign.
"""


@dag(
    schedule="40 4 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Paris"),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    doc_md=DOC,
    tags=["connect", "housekeeping"],
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    params={
        "older_than_days": Param(14, type="integer", minimum=1, description="age from which an ended campaign goes"),
        "orphans_older_than_days": Param(7, type="integer", minimum=1, description="the same, if never started"),
        "keep_last": Param(3, type="integer", minimum=0, description="ended campaigns of each template that stay"),
        "max_deletions": Param(300, type="integer", minimum=1, description="deletions in one run; one a second"),
        "report_only": Param(default=False, type="boolean", description="say what would go, delete nothing"),
    },
)
def housekeeping() -> None:
    DeleteFinishedCampaignsOperator(
        task_id="delete_finished",
        older_than="{{ params.older_than_days * 86400 }}",
        orphans_older_than="{{ params.orphans_older_than_days * 86400 }}",
        keep_last="{{ params.keep_last }}",
        max_deletions="{{ params.max_deletions }}",
        report_only="{{ params.report_only }}",
    )


housekeeping()
