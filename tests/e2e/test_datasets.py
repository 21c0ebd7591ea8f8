"""Airflow 2.11 starts a launch by itself when its segment was refreshed: its scheduler, in a process of its own.

What Airflow 3 makes of it `test_refresh.py` shows.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.airflow_kit import AIRFLOW_2
from tests.standalone_kit import until

pytestmark = [
    pytest.mark.skipif(not AIRFLOW_2, reason="about Airflow 2.11: make test-airflow-2"),
    pytest.mark.timeout(600),
]
REFRESH = """
from airflow.sdk import dag

from connect_campaigns.task_groups import prepare_segment


@dag(schedule=None, default_args={"retries": 0}, is_paused_upon_creation=False)
def refresh():
    prepare_segment(definition=("everyone", ""), allow_all_profiles=True, publish=True)


refresh()
"""
LAUNCH = """
import pendulum
from airflow.sdk import dag

from connect_campaigns.operators.campaigns import StartCampaignOperator
from connect_campaigns.task_groups import refreshed_segment, segment_asset


@dag(
    schedule=[segment_asset("everyone")],
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    default_args={"retries": 0},
    is_paused_upon_creation=False,
)
def launch():
    StartCampaignOperator(
        task_id="start",
        template="spring",
        source=refreshed_segment("everyone"),
        launch_key="everyone/{{ run_id }}",
        start_after=600,
        min_launch_gap=None,
    )


launch()
"""


@contextmanager
def scheduler(home):
    """2.11's scheduler, which parses the DAGs and runs the tasks too; ended with all that it started."""
    log = home.home / "scheduler.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "scheduler"],
            env=home.environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            yield log
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)


def test_each_refresh_starts_one_launch_on_the_segment_it_made(world, home):
    world.emulator.set_clock(frozen=False)
    home.write("refresh", REFRESH)
    home.write("launch", LAUNCH)
    home.python("-m", "airflow", "dags", "reserialize")
    with scheduler(home) as log:
        for number in (1, 2):
            home.python("-m", "airflow", "dags", "trigger", "refresh")
            runs = until(
                lambda: (
                    (ended := [each for each in home.runs("launch") if each[1] in {"success", "failed"}])
                    and len(ended) == number  # noqa: B023 - asked within the loop alone
                    and ended
                ),
                seconds=200,
                why=lambda: f"{home.runs('refresh')}, {home.runs('launch')}: {log.read_text()[-3000:]}",
            )
            assert runs == [("dataset_triggered", "success")] * number
            assert world.starts == number
    source = home.xcoms("launch", "launch")["start"]["source"]
    assert source.rpartition("/")[2].startswith("everyone-")
