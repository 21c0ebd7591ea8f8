"""What a trigger leaves in Airflow's database: loads again, in this release and in later ones."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


def loaded(classpath, kwargs):
    module, _, name = classpath.rpartition(".")
    return getattr(import_module(module), name)(**kwargs)


def make(**changes):
    from connect_campaigns.triggers.campaigns import CampaignStateTrigger

    given = {"campaign_id": "c-1", "success": ["Completed"], "failure": ["Stopped", "Failed"], **changes}
    return CampaignStateTrigger(**given)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"poke_interval": 5, "max_poll_interval": 1.5, "outage_tolerance": 0},
        {"aws_conn_id": None, "region_name": "eu-west-2", "verify": False, "botocore_config": {"read_timeout": 5}},
        {"success": frozenset({"Running", "Completed"}), "failure": ()},
    ],
)
def test_round_trip_through_airflows_trigger_model(changes):
    from airflow.models.trigger import Trigger

    trigger = make(**changes)
    row = Trigger.from_object(trigger)
    again = loaded(row.classpath, row.kwargs)
    assert again.serialize() == trigger.serialize()
    assert type(again) is type(trigger)


def test_parameters_are_plain_json():
    _, kwargs = make(botocore_config={"read_timeout": 5}).serialize()
    assert json.loads(json.dumps(kwargs)) == kwargs


def test_parameters_of_an_older_release_are_accepted_and_not_passed_on():
    trigger = make(waiter_delay=30, waiter_max_attempts=60, cancel_on_kill=True)
    assert trigger.serialize() == make().serialize()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_a_release_serialized_still_loads(path):
    golden = json.loads(path.read_text())
    again = loaded(golden["classpath"], golden["kwargs"])
    _, kwargs = again.serialize()
    assert kwargs | golden["kwargs"] == kwargs


@pytest.mark.parametrize("trigger", ["campaign_state", "upload_jobs", "segment_snapshot"])
def test_there_is_a_golden_file_for_this_release(trigger):
    from importlib.metadata import version

    names = [path.stem for path in GOLDEN]
    assert f"{trigger}_{version('airflow-connect-campaigns')}" in names


def test_connection_parameters_are_those_of_operators_and_sensors():
    from connect_campaigns.connection import CONNECTION_FIELDS

    assert tuple(make().connection) == CONNECTION_FIELDS


def test_it_has_no_kill_of_its_own():
    from airflow.triggers.base import BaseTrigger

    assert getattr(type(make()), "on_kill", None) is getattr(BaseTrigger, "on_kill", None)
