"""The record that a launch leaves before it starts, and looking records up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connect_campaigns.operators.campaigns import StartCampaignOperator
from tests.launch_kit import Ran, World

SOON = {"start_after": 600, "min_launch_gap": None}


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    return World(emulator, monkeypatch)


def launch(world, key, **more):
    return Ran(StartCampaignOperator(task_id="t", template=world.template, launch_key=key, **SOON, **more))


def records(world):
    return world.hook().ledger_at(None).launches_of(world.kit.now().date())


def test_a_launch_is_recorded_whole_before_it_starts(world):
    ran = launch(world, "k")
    (record,) = records(world)
    described = world.kit.campaigns.describe_campaign(id=ran.value)["campaign"]
    assert (record.key, record.generation, record.campaign, record.campaign_name) == (
        "k",
        0,
        ran.value,
        described["name"],
    )
    assert (record.template, record.source) == (world.template, world.arn)
    assert (record.start, record.end) == (ran.launch["start"], ran.launch["end"])
    assert record.channels == ["telephony"]
    assert record.hours["telephony"]["openHours"]["dailyHours"]
    assert (record.by, record.triggered_by) == ("spring_fr/manual__1/t", "anna")
    assert record.guards["freeze"] == "passed: off"
    puts = [call for call in world.emulator.calls("PutObject") if "/launches/" in call["params"]["Key"]]
    (start,) = world.emulator.calls("StartCampaign")
    assert [call["number"] < start["number"] for call in puts] == [True]


def test_one_record_a_launch_whichever_attempt_writes_it(world):
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", times=4)
    assert launch(world, "k").error is not None
    assert len(records(world)) == 1
    assert launch(world, "k").error is None
    assert len(records(world)) == 1


def test_no_start_without_a_record(world):
    world.emulator.add_fault(
        operation="PutObject", kind="error_before", times=100, where={"Key": "launches/launches/*"}
    )
    error = launch(world, "k").error
    assert (error.code, world.starts) == ("unrecorded", 0)
    world.emulator.clear_faults()
    assert launch(world, "k").error is None


def test_the_last_launch_of_a_template_and_audience_and_the_launches_of_a_day(world):
    ledger = world.hook().ledger_at(None)
    audience = world.arn.rsplit("/", 1)[-1]
    assert list(ledger.launches_back(template=world.template, audience=audience)) == []
    first_day = world.kit.now().date()
    launch(world, "a")
    world.kit.step(60)
    launch(world, "b")
    world.kit.step(timedelta(days=2).total_seconds())
    launch(world, "c")
    back = ledger.launches_back(template=world.template, audience=audience)
    assert [each.key for each in back] == ["c", "b", "a"]
    assert list(ledger.launches_back(template=world.template, audience="another")) == []
    assert [record.key for record in ledger.launches_of(first_day)] == ["a", "b"]
    since = world.kit.now() - timedelta(hours=12)
    assert [each.key for each in ledger.launches_since(template=world.template, audience=audience, since=since)] == [
        "c"
    ]


def test_a_campaign_made_by_hand_is_recorded_without_a_template(world):
    given = world.campaign(name="by hand")
    assert Ran(StartCampaignOperator(task_id="t", campaign_id=given, launch_key="k")).error is None
    (record,) = records(world)
    assert (record.template, record.campaign) == (None, given)
