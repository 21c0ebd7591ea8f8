"""The launches whose processes are killed; a run's conf names its lane, an emulator of its own, and the template."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from connect_campaigns.sensors.campaigns import CampaignStateSensor

LANE = "{{ dag_run.conf['lane'] }}"
KEY = "{{ run_id }}"

# Two for the kill; the others for a machine so busy that Airflow itself takes a live task for dead.
RETRIES = 4


def launch(dag_id: str, *, waits: bool) -> None:
    """Create and start a campaign, and wait for its end."""
    with DAG(
        dag_id,
        schedule=None,
        default_args={"aws_conn_id": LANE, "retries": RETRIES, "retry_delay": timedelta(seconds=1)},
    ):
        create = CreateCampaignOperator(
            task_id="create", template="{{ dag_run.conf['template'] }}", launch_key=KEY, start_after=60
        )
        start = StartCampaignOperator(
            task_id="start", campaign_id=create.output, launch_key=KEY, renew_schedule=True, start_after=60
        )
        create >> start
        if waits:
            start >> CampaignStateSensor(
                task_id="wait", campaign_id=start.output, deferrable=True, poke_interval=1, max_poll_interval=1
            )


launch("kill_launch", waits=False)
launch("kill_wait", waits=True)
