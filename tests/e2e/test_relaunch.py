"""A person launches again: what was is given up, and the old attempt can't come back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connect_campaigns.core.errors import GuardFailed, LaunchHeld, LaunchRefused, LaunchUncertain
from connect_campaigns.core.records import ClaimRecord, EndRecord, KeyRecord
from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from tests.launch_kit import Ran, World
from tests.relaunch_kit import SOON, launch, launched_and_stopped, relaunch


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    world = World(emulator, monkeypatch)
    emulator.set_clock(frozen=True)
    return world


def test_stopped_relaunched_cleared_the_new_one_starts_and_the_old_one_never_again(world):
    first = launched_and_stopped(world)
    assert launch(world).error.code == "launched_ended"
    request = relaunch(world)
    assert (request.generation, request.former) == (1, first)
    again = launch(world)
    assert again.launch["generation"] == 1
    assert again.value != first
    assert (world.state(first), world.state(again.value), world.starts) == ("Stopped", "Running", 2)
    assert launch(world).value == again.value  # a retry, or an old attempt that comes late, attaches to the new one
    assert world.starts == 2


def test_create_and_start_with_one_key_both_follow(world):
    create = {"task_id": "create", "template": world.template, "launch_key": "k", **SOON}
    first = Ran(CreateCampaignOperator(**create)).value
    start = {"task_id": "start", "launch_key": "k"}
    assert Ran(StartCampaignOperator(campaign_id=first, **start)).error is None
    world.kit.campaigns.stop_campaign(id=first)
    relaunch(world)
    only_start = Ran(StartCampaignOperator(campaign_id=first, **start)).error
    assert (only_start.code, "clear the Create task" in only_start.hint) == ("given_former", True)
    second = Ran(CreateCampaignOperator(**create)).value
    assert second != first
    assert Ran(StartCampaignOperator(campaign_id=second, **start)).launch["generation"] == 1
    assert world.starts == 2


def test_a_start_that_a_twin_s_relaunch_overtook_is_told_to_clear_its_create_task(world):
    """Not to take a launch key of its own: that would be a second launch."""
    create = CreateCampaignOperator(task_id="create", template=world.template, launch_key="k", **SOON)
    first = Ran(create).value
    world.hook().ledger_at(None).write_claim(
        ClaimRecord(at="2026-12-01T00:00:00+00:00", by="an attempt that died", campaign=first, key="k", generation=0)
    )
    relaunch(world, recontact=False)
    second = launch(world).value
    overtaken = Ran(StartCampaignOperator(task_id="start", launch_key="k", campaign_id=first)).error
    assert (overtaken.code, "clear the Create task" in overtaken.hint) == ("given_former", True)
    assert Ran(create).value == second
    assert Ran(StartCampaignOperator(task_id="start", launch_key="k", campaign_id=second)).launch["how"] == "attach"
    assert world.starts == 1


def test_what_runs_is_not_given_up(world):
    campaign = launch(world).value
    before = world.objects()
    with pytest.raises(LaunchHeld) as held:
        relaunch(world)
    assert (held.value.code, campaign in held.value.hint) == ("relaunch_runs", True)
    assert world.objects() == before


def test_a_claimed_clone_that_has_not_started_is_deleted_before_it_is_given_up(world):
    create = CreateCampaignOperator(task_id="t", template=world.template, launch_key="k", **SOON)
    held = Ran(create).value
    claim = ClaimRecord(at="2026-12-01T00:00:00+00:00", by="an attempt that died", campaign=held, key="k", generation=0)
    world.hook().ledger_at(None).write_claim(claim)
    request = relaunch(world, recontact=False)
    assert (request.former, request.attempted, world.emulator.effects("DeleteCampaign")) == (held, 0, 1)
    assert launch(world).launch["generation"] == 1
    assert world.starts == 1


def test_where_a_start_was_about_to_be_sent_nobody_can_tell_who_was_attempted(world):
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", times=4)
    assert launch(world).error.code == "start_unknown"
    assert relaunch(world, recontact=False).attempted is None
    assert launch(world).error.code == "recontact"
    assert world.starts == 0


def test_a_campaign_made_by_hand_is_never_deleted(world):
    given = world.campaign(name="by hand")
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", times=4)
    start = StartCampaignOperator(task_id="t", campaign_id=given, launch_key="k")
    assert Ran(start).error.code == "start_unknown"
    with pytest.raises(LaunchRefused) as refused:
        relaunch(world)
    assert refused.value.code == "relaunch_given"
    assert world.state(given) == "Initialized"


def test_an_unknown_key_is_refused_and_nothing_is_written(world):
    launched_and_stopped(world)
    before = world.writes()
    for key in ("K", "k ", "another"):
        with pytest.raises(LaunchRefused) as refused:
            relaunch(world, key=key)
        assert refused.value.code == "nothing_launched"
    assert world.writes() == before


def test_asked_twice_before_it_is_launched_is_one_request(world):
    launched_and_stopped(world)
    first = relaunch(world, asker="anna/1")
    assert relaunch(world, asker="ben/1", by="ben") == first
    assert launch(world).launch["generation"] == 1


def test_a_reply_lost_anywhere_changes_nothing(world):
    for round_, operation in enumerate(("PutObject", "DeleteCampaign", "GetObject", "GetCampaignState")):
        key = f"k{round_}"
        world.emulator.add_fault(operation="StartCampaign", kind="error_before", times=4)
        assert launch(world, key).error is not None
        world.emulator.add_fault(operation=operation, kind="lost_reply", times=1)
        assert relaunch(world, key).generation == 1
        assert launch(world, key).launch["generation"] == 1
        assert world.starts == round_ + 1


def test_the_same_audience_is_not_contacted_twice_without_a_word(world):
    campaign = launch(world).value
    world.kit.step(timedelta(hours=1).total_seconds())
    assert world.kit.campaigns.get_campaign_state(id=campaign)["state"] in {"Running", "Completed"}
    if world.state(campaign) == "Running":
        world.kit.campaigns.stop_campaign(id=campaign)
    request = relaunch(world, recontact=False)
    assert request.attempted != 0
    refused = launch(world).error
    assert isinstance(refused, GuardFailed)
    assert (refused.code, "--recontact" in refused.hint) == ("recontact", True)
    assert relaunch(world, asker="anna/2", recontact=True).generation == 2
    assert launch(world).launch["generation"] == 2
    assert world.starts == 2


def test_who_was_attempted_is_not_forgotten_over_the_generations_in_between(world):
    campaign = launch(world).value
    world.kit.step(3600)
    if world.state(campaign) == "Running":
        world.kit.campaigns.stop_campaign(id=campaign)
    assert relaunch(world, recontact=False).attempted
    assert launch(world).error.code == "recontact"
    ledger = world.hook().ledger_at(None)
    ledger.write_key(KeyRecord(at="2026-12-01T00:00:00+00:00", by="a late skip", key="k", generation=1, campaign=None))
    relaunch(world, asker="anna/2", recontact=False)
    assert launch(world).error.code == "recontact"
    assert world.starts == 1


def test_taken_from_outside_is_this_keys_for_good(world):
    """Somebody starts the clone by hand, the task takes it, housekeeping deletes it: a clear must not launch again."""
    create = {"task_id": "create", "template": world.template, "launch_key": "k", **SOON}
    made = Ran(CreateCampaignOperator(**create)).value
    world.kit.campaigns.start_campaign(id=made)
    start = StartCampaignOperator(task_id="start", campaign_id=made, launch_key="k", if_active="attach")
    assert Ran(start).launch["how"] == "attach"
    other = StartCampaignOperator(task_id="start", campaign_id=made, launch_key="other", if_active="attach")
    assert Ran(other).error.code == "claimed"
    world.kit.campaigns.stop_campaign(id=made)
    ended = EndRecord(at="2026-12-01T00:00:00+00:00", by="housekeeping", campaign=made, state="Completed")
    world.hook().ledger_at(None).write_ended(ended)
    world.kit.campaigns.delete_campaign(id=made)
    assert Ran(start).launch["how"] == "ran"
    assert launch(world).launch["how"] == "ran"
    assert world.starts == 1


def test_what_somebody_else_started_and_housekeeping_deleted_is_not_launched_again(world):
    made = Ran(CreateCampaignOperator(task_id="create", template=world.template, launch_key="k", **SOON)).value
    world.kit.campaigns.start_campaign(id=made)
    assert launch(world).error.code == "active_outside"
    world.kit.campaigns.stop_campaign(id=made)
    ended = EndRecord(at="2026-12-01T00:00:00+00:00", by="housekeeping", campaign=made, state="Stopped")
    world.hook().ledger_at(None).write_ended(ended)
    world.kit.campaigns.delete_campaign(id=made)
    assert launch(world).error.code == "stale"
    assert world.starts == 1


def test_a_refused_read_after_the_yes_is_never_the_last_word(world):
    world.emulator.add_fault(
        operation="GetCampaignState", kind="error_before", code="AccessDeniedException", skip=2, times=50
    )
    uncertain = launch(world).error
    assert isinstance(uncertain, LaunchUncertain)
    assert "python -m connect_campaigns stop" in uncertain.hint
    world.emulator.clear_faults()
    assert launch(world).launch["how"] == "attach"
    assert world.starts == 1


def test_a_role_that_may_not_write_keys_leaves_no_campaign_behind(world):
    world.emulator.set_settings(
        access={"denied": [{"action": "s3:PutObject", "resource": "arn:aws:s3:::ledger/launches/keys/*"}]}
    )
    assert launch(world).error.code == "access_denied"
    assert [each["id"] for each in world.campaigns()] == [world.template]


def test_a_relaunch_without_a_ledger_is_refused(emulator, monkeypatch):
    world = World(emulator, monkeypatch, ledger=False)
    given = world.campaign(name="by hand")
    error = Ran(StartCampaignOperator(task_id="t", campaign_id=given), conf={"relaunch": "again"}).error
    assert (error.code, world.starts) == ("no_ledger", 0)


def test_a_relaunch_of_a_key_bound_to_another_keys_campaign_frees_it(world):
    given = world.campaign(name="by hand")
    ledger = world.hook().ledger_at(None)
    start = StartCampaignOperator(task_id="t", campaign_id=given, launch_key="mine")
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", times=4)
    Ran(start)
    other = StartCampaignOperator(task_id="t", campaign_id=given, launch_key="other")
    assert Ran(other).error.code == "claimed"
    assert isinstance(ledger.claim(given), ClaimRecord)
    assert Ran(start).error is None
    assert world.starts == 1
