"""A run whose conf asks for a relaunch asks once, and never gives up what it launched itself."""

from __future__ import annotations

import pytest

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator, StartCampaignOperator
from tests.launch_kit import Ran, World
from tests.relaunch_kit import SOON, launch, launched_and_stopped, relaunch


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    world = World(emulator, monkeypatch)
    emulator.set_clock(frozen=True)
    return world


AGAIN = {"relaunch": {"reason": "again", "recontact": True}}


def test_a_reason_in_the_run_s_conf_asks_once_however_often_the_run_is_retried(world):
    launched_and_stopped(world)
    conf = {"relaunch": {"reason": "the flow was wrong", "recontact": True}}
    second = launch(world, run_id="manual__2", conf=conf)
    assert second.launch["generation"] == 1
    assert launch(world, run_id="manual__2", conf=conf, try_number=2).value == second.value
    world.kit.campaigns.stop_campaign(id=second.value)
    assert launch(world, run_id="manual__2", conf=conf).error.code == "launched_ended"
    assert launch(world, run_id="manual__3", conf=conf).launch["generation"] == 2
    assert world.starts == 3


def test_a_reason_in_the_conf_of_a_first_run_never_gives_up_what_that_run_launched(world):
    conf = {"relaunch": {"reason": "just in case", "recontact": True}}
    first = launch(world, conf=conf)
    assert first.launch["generation"] == 0
    assert launch(world, conf=conf, try_number=2).value == first.value  # attached, while it runs
    world.kit.campaigns.stop_campaign(id=first.value)
    assert launch(world, conf=conf, try_number=3).error.code == "launched_ended"
    assert world.starts == 1


def test_create_and_start_of_a_first_run_with_a_reason_agree(world):
    conf = {"relaunch": "just in case"}
    create = {"task_id": "create", "template": world.template, "launch_key": "k", **SOON}
    made = Ran(CreateCampaignOperator(**create), conf=conf).value
    assert Ran(StartCampaignOperator(task_id="start", campaign_id=made, launch_key="k"), conf=conf).value == made


def test_a_run_that_asks_beside_a_person_is_cleared_and_takes_its_launch_for_its_own(world):
    launched_and_stopped(world)
    assert relaunch(world).generation == 1
    second = launch(world, run_id="manual__2", conf=AGAIN)
    assert launch(world, run_id="manual__2", conf=AGAIN).value == second.value  # attached, while it runs
    world.kit.campaigns.stop_campaign(id=second.value)
    assert launch(world, run_id="manual__2", conf=AGAIN).error.code == "launched_ended"
    assert world.starts == 2


def test_a_run_that_asks_after_another_whose_launch_was_refused_launches_once(world):
    never = {"permitted_hours": {"default": {"MONDAY": "09:00-09:01"}}}
    refused = StartCampaignOperator(task_id="t", template=world.template, launch_key="k", **SOON, **never)
    assert Ran(refused, run_id="manual__1", conf=AGAIN).error.code == "permitted_hours"
    second = launch(world, run_id="manual__2", conf=AGAIN)
    world.kit.campaigns.stop_campaign(id=second.value)
    for run_id in ("manual__2", "manual__1"):
        assert launch(world, run_id=run_id, conf=AGAIN).error.code == "launched_ended"
    assert world.starts == 1


def test_create_and_start_of_a_run_that_asks_beside_a_person_agree(world):
    launched_and_stopped(world)
    relaunch(world)
    create = {"task_id": "create", "template": world.template, "launch_key": "k", "min_launch_gap": None, **SOON}
    made = Ran(CreateCampaignOperator(**create), run_id="manual__2", conf=AGAIN).value
    start = StartCampaignOperator(task_id="start", campaign_id=made, launch_key="k")
    assert Ran(start, run_id="manual__2", conf=AGAIN).value == made
    assert world.starts == 2


def test_a_backfill_with_a_reason_gives_up_nothing(world):
    first = launched_and_stopped(world)
    before = world.writes()
    skipped = launch(world, run_type="backfill", run_id="backfill__1", conf={"relaunch": "all again"}).error
    assert (skipped.code, world.writes()) == ("backfill", before)
    assert launch(world).error.code == "launched_ended"
    assert world.state(first) == "Stopped"


def test_a_check_says_what_a_relaunch_gives_up_and_changes_nothing(world):
    first = launched_and_stopped(world)
    before = world.writes()
    check = PreflightOperator(task_id="t", template=world.template, launch_key="k", **SOON)
    assert "has ended: Stopped" in Ran(check).error.found
    said = Ran(check, conf={"relaunch": "the flow was wrong"}).value
    assert said["launch_key"] == f"passed: a relaunch: campaign {first} (Stopped) of generation 0 is given up"
    assert world.writes() == before


@pytest.mark.parametrize(
    "conf", [{"relaunch": ""}, {"relaunch": True}, {"relaunch": ["x"]}, {"relaunch": {}}, {"relaunch": {"reason": 1}},
             {"relaunch": {"reason": "x", "recontakt": True}}, {"relaunch": {"reason": "x", "recontact": "perhaps"}},
             {"relaunch": "x" * 501}],
)  # fmt: skip
def test_a_conf_of_the_wrong_shape_is_refused_before_anything_else(world, conf):
    before = world.writes()
    error = launch(world, conf=conf).error
    assert isinstance(error, InvalidInput)
    assert "relaunch" in error.found
    assert world.writes() == before
