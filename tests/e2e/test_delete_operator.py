"""Deleting one campaign: safely for whoever may still want to start it, and never one that isn't ours unless told."""

from __future__ import annotations

import json

import pytest

from connect_campaigns.aws.clone import LEDGER_TAG
from connect_campaigns.core.errors import InvalidInput, LaunchRefused, NotSeen, ServiceRefused
from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from connect_campaigns.operators.halting import DeleteCampaignOperator
from tests.launch_kit import LEDGER, Ran, World, timedelta
from tests.log_kit import Lines
from tests.waiting_kit import meanwhile

NOBODY = "99999999-9999-4999-8999-999999999999"
KEY = "spring/fr"


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    monkeypatch.setattr("time.sleep", lambda _: None)
    return World(emulator, monkeypatch)


def delete(campaign, *, lines: Lines | None = None, **given) -> Ran:
    return Ran((lines or Lines()).of(DeleteCampaignOperator(task_id="delete", campaign_id=campaign, **given)))


def made(world, key: str = KEY) -> str:
    ran = Ran(CreateCampaignOperator(task_id="create", template=world.template, launch_key=key, start_after=600))
    assert ran.error is None
    return str(ran.value)


def launched(world) -> Ran:
    given = {"template": world.template, "launch_key": KEY, "start_after": timedelta(minutes=10), "min_launch_gap": 0}
    return Ran(StartCampaignOperator(task_id="start", **given))


def read(world, name: str) -> dict:
    return json.load(world.emulator.client("s3").get_object(Bucket="ledger", Key=f"launches/{name}")["Body"])


def gone(world, campaign: str) -> bool:
    return campaign not in {each["id"] for each in world.campaigns()}


def test_one_that_was_never_started_is_given_up_first_and_its_launch_makes_a_new_one(world):
    campaign = made(world)
    assert delete(campaign).value == campaign
    assert gone(world, campaign)
    assert read(world, f"campaigns/{campaign}.json")["key"] is None
    put, dropped = world.emulator.calls("PutObject"), world.emulator.calls("DeleteCampaign")
    [void] = [call for call in put if call["params"].get("Key", "").endswith(f"campaigns/{campaign}.json")]
    assert void["number"] < dropped[0]["number"]
    again = launched(world)
    assert again.error is None
    assert again.value != campaign
    assert world.starts == 1


def test_one_that_a_launch_has_claimed_is_refused(world):
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", code="AccessDeniedException")
    assert launched(world).error.code == "access_denied"
    [claim] = [name for name in world.objects() if name.startswith("campaigns/")]
    campaign = claim.removeprefix("campaigns/").removesuffix(".json")
    ran = delete(campaign)
    assert isinstance(ran.error, LaunchRefused)
    assert repr(KEY) in ran.error.found
    assert "clear" in ran.error.hint
    assert world.state(campaign) == "Initialized"
    assert launched(world).value == campaign


def test_one_that_has_ended_is_noted_first_and_its_cleared_task_finds_that_it_ran(world):
    campaign = launched(world).value
    world.kit.step(4 * 3600)
    assert world.state(campaign) == "Completed"
    assert delete(campaign).value == campaign
    assert gone(world, campaign)
    assert read(world, f"ended/{campaign}.json")["state"] == "Completed"
    assert launched(world).launch["how"] == "ran"
    assert world.starts == 1


@pytest.mark.parametrize("state", ["Running", "Paused"])
def test_one_that_is_active_is_refused_and_told_how_to_stop_it(world, state):
    campaign = launched(world).value
    if state == "Paused":
        world.kit.campaigns.pause_campaign(id=campaign)
    ran = delete(campaign)
    assert isinstance(ran.error, ServiceRefused)
    assert f"it is {state}" in ran.error.found
    assert f"connect_campaigns stop {campaign}" in ran.error.hint
    assert world.emulator.calls("DeleteCampaign") == []


def test_one_that_is_gone_is_green_also_the_second_time(world):
    campaign, lines = made(world), Lines()
    assert delete(NOBODY, lines=lines).value == NOBODY
    assert [delete(campaign, lines=lines).value for _ in range(2)] == [campaign] * 2
    assert lines.text.count("is gone already") == 2
    assert world.events().count("deleted") == 1


@pytest.mark.parametrize("state", ["Initialized", "Stopped", "Completed"])
def test_one_made_by_hand_is_deleted_only_where_told(world, state):
    campaign = world.kit.in_state(state)
    before = world.writes()
    ran = delete(campaign)
    assert (ran.error.code, world.writes()) == ("not_ours", before)
    assert "only_ours=False" in ran.error.hint
    assert delete(campaign, only_ours="false").value == campaign
    assert gone(world, campaign)


def test_one_made_by_hand_needs_no_ledger(world):
    world.connect(ledger=False)
    campaign = world.kit.in_state("Completed")
    assert delete(campaign, only_ours=False).value == campaign
    assert gone(world, campaign)


@pytest.mark.parametrize("operation", ["DescribeCampaign", "GetCampaignState"])
@pytest.mark.parametrize("only_ours", [True, False])
def test_one_stale_read_deletes_nothing_and_a_retry_judges_anew(world, operation, only_ours):
    """A new campaign that one of the two reads doesn't find yet: nobody can tell whose it is, or what it does."""
    campaign = world.kit.create()
    world.emulator.add_fault(operation=operation, kind="stale", where={"id": campaign})
    before = world.writes()
    ran = delete(campaign, only_ours=only_ours)
    assert world.emulator.faults()[0]["fired"] == 1
    assert isinstance(ran.error, NotSeen)
    assert operation in ran.error.found
    assert (world.writes(), world.state(campaign)) == (before, "Initialized")
    again = delete(campaign, only_ours=only_ours)
    assert (again.error and again.error.code, gone(world, campaign)) == (
        ("not_ours", False) if only_ours else (None, True)
    )


@pytest.mark.parametrize("ledger", [True, False])
def test_another_ledger_s_is_never_deleted(world, ledger):
    world.connect(ledger=ledger)
    campaign = world.kit.create(tags={LEDGER_TAG: "another"})
    ran = delete(campaign, only_ours=False)
    assert (ran.error.code, world.state(campaign)) == ("other_ledger", "Initialized")
    assert "another" in ran.error.found


@pytest.mark.parametrize("fault", [{"kind": "lost_reply"}, {"kind": "error_after"}], ids=lambda fault: fault["kind"])
def test_a_lost_reply_is_no_failure(world, fault):
    campaign = made(world)
    world.emulator.add_fault(operation="DeleteCampaign", **fault)
    assert delete(campaign).value == campaign
    assert len(world.emulator.calls("DeleteCampaign")) == 1


def test_throttling_is_waited_out(world):
    campaign = made(world)
    world.emulator.add_fault(operation="DeleteCampaign", kind="error_before", code="ThrottlingException", times=2)
    assert delete(campaign).value == campaign
    assert len(world.emulator.calls("DeleteCampaign")) == 3


@pytest.mark.parametrize("state", ["Initialized", "Completed"])
@pytest.mark.parametrize("fault", [{"code": "AccessDenied", "status": 403}, {"code": "InternalError"}], ids=str)
def test_nothing_is_deleted_that_the_ledger_could_not_note(world, state, fault):
    campaign = made(world) if state == "Initialized" else launched(world).value
    if state == "Completed":
        world.kit.step(4 * 3600)
    world.emulator.add_fault(operation="PutObject", kind="error_before", times=99, **fault)
    ran = delete(campaign)
    assert isinstance(ran.error, ServiceRefused if "status" in fault else NotSeen)
    assert world.emulator.calls("DeleteCampaign") == []
    world.emulator.clear_faults()
    assert delete(campaign).value == campaign


def test_a_campaign_that_is_started_while_it_is_being_deleted_is_left_alone(world):
    """Started in the console after our look: the service refuses to delete it."""
    campaign = world.kit.create_for_segment(world.arn)
    held = world.emulator.add_fault(operation="PutObject", kind="hold")

    def start() -> None:
        world.kit.campaigns.start_campaign(id=campaign)
        world.emulator.release(held)

    with meanwhile(world.kit, ("PutObject",), start):
        ran = delete(campaign, only_ours=False)
    assert "it is Running" in ran.error.found
    assert world.state(campaign) == "Running"


@pytest.mark.parametrize("given", [{"campaign_id": ""}, {"campaign_id": "x", "only_ours": "perhaps"}])
def test_bad_input_is_refused_before_any_call(world, given):
    before = len(world.emulator.calls())
    assert isinstance(Ran(DeleteCampaignOperator(task_id="delete", **given)).error, InvalidInput)
    assert len(world.emulator.calls()) == before


@pytest.mark.parametrize("state", ["Initialized", "Stopped"])
@pytest.mark.parametrize("only_ours", [True, False])
def test_under_a_prefix_that_is_no_ledger_nothing_is_written_or_deleted(world, state, only_ours):
    campaign = world.kit.in_state(state)
    before = world.writes()
    ran = delete(campaign, only_ours=only_ours, launch_ledger=LEDGER.replace("launches", "mistyped"))
    assert (ran.error.code, world.writes()) == ("ledger_marker", before)
    assert [name for name in world.objects() if "mistyped" in name] == []
    assert world.state(campaign) == state
