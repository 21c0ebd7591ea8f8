"""The launch whose processes are killed; the run's conf names the lane, an emulator of its own, and the template."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from connect_campaigns.sensors.campaigns import CampaignStateSensor

LANE = "{{ dag_run.conf['lane'] }}"
KEY = "{{ run_id }}"

with DAG(
    "kill_launch",
    schedule=None,
    default_args={"aws_conn_id": LANE, "retries": 2, "retry_delay": timedelta(seconds=1)},
):
    create = CreateCampaignOperator(
        task_id="create", template="{{ dag_run.conf['template'] }}", launch_key=KEY, start_after=60
    )
    start = StartCampaignOperator(
        task_id="start", campaign_id=create.output, launch_key=KEY, renew_schedule=True, start_after=60
    )
    wait = CampaignStateSensor(
        task_id="wait", campaign_id=start.output, deferrable=True, poke_interval=1, max_poll_interval=1
    )
    create >> start >> wait
