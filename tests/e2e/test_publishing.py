"""A segment's event in the database of Airflow 2.11: published once a run, with all that a launch reads.

What Airflow 3 makes of it `test_refresh.py` shows.
"""

from __future__ import annotations

import pytest

from connect_campaigns.core.refreshed import Refreshed
from tests.airflow_kit import AIRFLOW_2, for_this_airflow

DAG = """
from airflow.sdk import dag

from connect_campaigns.task_groups import prepare_segment


@dag(schedule=None, default_args={"retries": 0})
def refreshed():
    prepare_segment(definition=("everyone", ""), allow_all_profiles=True, publish=True)


refreshed()
"""
pytestmark = [
    pytest.mark.skipif(not AIRFLOW_2, reason="about Airflow 2.11: make test-airflow-2"),
    pytest.mark.timeout(600),
]
URI = "x-connect-campaigns://segments/everyone"


@pytest.fixture
def dag(world, home):
    world.emulator.set_clock(frozen=False)
    home.write("refreshed", DAG)
    return for_this_airflow(DAG)


def test_each_run_publishes_the_segment_once(dag, home):
    home.python("-m", "airflow", "dags", "reserialize")
    for number in (1, 2):
        assert home.run("refreshed", dag) == 0, home.log[-3000:]
        events = home.events(URI)
        assert len(events) == number
        event = Refreshed.of_event(URI, events[-1])
        assert (event.segment, event.prepared.count, event.run_type) == ("everyone", 3, "manual")


def test_a_dag_that_no_scheduler_has_read_yet_is_told_so(dag, home):
    renamed = dag.replace("refreshed", "unread")
    home.forget_aliases()
    assert home.run("unread", renamed) != 0
    assert home.states("unread")["prepare_segment.publish"] == "failed"
    assert "Airflow doesn't know the alias 'connect-campaigns-segments' yet" in home.log
    assert "airflow dags reserialize" in home.log
    assert len(home.events(URI)) == 2
