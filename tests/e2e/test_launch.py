"""Launches against the emulator: once, whoever retries, and green only when it is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.core.errors import (
    GuardFailed,
    LaunchHeld,
    LaunchRefused,
    LaunchSkipped,
    LaunchUncertain,
)
from connect_campaigns.core.records import Freeze
from connect_campaigns.core.states import NOT_FOUND
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator, StartCampaignOperator
from tests.launch_kit import Ran, World, about_noon

SOON = {"start_after": timedelta(minutes=10)}


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    return World(emulator, monkeypatch)


@pytest.fixture
def bare(emulator, monkeypatch) -> World:
    """The same without a ledger."""
    return World(emulator, monkeypatch, ledger=False)


def start(**parameters) -> StartCampaignOperator:
    return StartCampaignOperator(task_id="start", **parameters)


def clone(world: World, **parameters) -> StartCampaignOperator:
    return start(template=world.template, **{**SOON, **parameters})


def test_a_template_is_cloned_and_started_once(world):
    ran = Ran(clone(world, launch_key="spring/fr/1"))
    assert ran.error is None
    assert world.state(ran.value) == "Running"
    assert ran.launch["how"] == "started"
    assert ran.value != world.template
    assert world.state(world.template) == "Initialized"
    assert world.starts == 1


def test_running_again_with_the_same_key_attaches(world):
    first = Ran(clone(world, launch_key="k"))
    again = Ran(clone(world, launch_key="k"), run_id="manual__2")
    assert again.value == first.value
    assert again.launch["how"] == "attach"
    assert world.starts == 1
    assert len(world.campaigns()) == 2


def test_running_again_after_the_end_says_that_it_ran(world):
    first = Ran(clone(world, launch_key="k"))
    world.kit.step(24 * 3600)
    again = Ran(clone(world, launch_key="k"))
    assert (again.value, again.launch["how"]) == (first.value, "ran")
    assert world.starts == 1


def test_create_then_start_with_different_default_keys(world):
    made = Ran(CreateCampaignOperator(task_id="create", template=world.template, **SOON))
    assert world.state(made.value) == "Initialized"
    ran = Ran(start(campaign_id=made.value))
    assert ran.value == made.value
    assert ran.launch["how"] == "started"
    assert world.starts == 1


def test_create_then_start_with_one_key(world):
    made = Ran(CreateCampaignOperator(task_id="create", template=world.template, launch_key="k", **SOON))
    again = Ran(CreateCampaignOperator(task_id="create", template=world.template, launch_key="k", **SOON))
    assert made.value == again.value
    assert Ran(start(campaign_id=made.value, launch_key="k")).value == made.value
    assert Ran(start(campaign_id=made.value, launch_key="k")).launch["how"] == "attach"
    assert world.starts == 1


def test_another_key_never_takes_a_campaign_over(world):
    given = world.campaign(name="by hand")
    assert Ran(start(campaign_id=given, launch_key="a")).error is None
    before = world.writes()
    refused = Ran(start(campaign_id=given, launch_key="b")).error
    assert isinstance(refused, LaunchRefused)
    assert refused.code == "claimed"
    assert "'a'" in refused.found
    assert world.writes() == before


def test_a_key_never_launches_a_second_campaign(world):
    one, two = world.campaign(name="one"), world.campaign(name="two")
    assert Ran(start(campaign_id=one, launch_key="k")).error is None
    refused = Ran(start(campaign_id=two, launch_key="k")).error
    assert refused.code == "key_taken"
    assert world.starts == 1


@pytest.mark.parametrize("times", [1, 99])
def test_a_lost_reply_of_start_is_one_effect_and_green_with_a_ledger(world, times):
    world.emulator.add_fault(operation="StartCampaign", kind="lost_reply", times=times)
    ran = Ran(clone(world, launch_key="k"))
    assert ran.error is None
    assert ran.launch["how"] == "attach"
    assert world.starts == 1


@pytest.mark.parametrize("times", [1, 99])
def test_a_lost_reply_of_start_is_red_with_the_hint_without_a_ledger(bare, times):
    given = bare.campaign(name="by hand")
    bare.emulator.add_fault(operation="StartCampaign", kind="lost_reply", times=times)
    refused = Ran(start(campaign_id=given)).error
    assert isinstance(refused, LaunchRefused)
    assert refused.code == "active_bare"
    assert 'if_active="attach"' in refused.hint
    assert bare.starts == 1
    assert Ran(start(campaign_id=given, if_active="attach")).launch["how"] == "attach_outside"
    assert bare.starts == 1


def test_the_bare_launch_of_a_given_campaign(bare):
    given = bare.campaign(name="by hand")
    ran = Ran(start(campaign_id=given))
    assert (ran.value, ran.launch["how"]) == (given, "started")
    assert Ran(start(campaign_id=given)).error.code == "active_bare"


@pytest.mark.parametrize("operation", ["PutObject", "CreateCampaign", "GetCampaignState", "DescribeCampaign"])
@pytest.mark.parametrize("kind", ["lost_reply", "error_before", "error_after"])
def test_any_call_may_fail_once_and_a_retry_is_green(world, operation, kind):
    world.emulator.add_fault(operation=operation, kind=kind, times=1)
    results = [Ran(clone(world, launch_key="k"), try_number=number) for number in (1, 2)]
    assert any(ran.error is None for ran in results)
    assert world.starts == 1
    assert {ran.value for ran in results if ran.error is None} == {results[-1].value}


def test_a_deleted_clone_is_made_anew_unasked(world):
    made = Ran(CreateCampaignOperator(task_id="create", template=world.template, launch_key="k", **SOON))
    world.kit.campaigns.delete_campaign(id=made.value)
    again = Ran(CreateCampaignOperator(task_id="create", template=world.template, launch_key="k", **SOON))
    assert again.error is None
    assert again.value != made.value
    late = Ran(start(campaign_id=made.value, launch_key="other")).error
    assert isinstance(late, LaunchUncertain)
    assert "Create task" in late.hint


def test_a_stale_campaign_is_refused_with_the_snippet_and_nothing_is_written(world):
    given = world.kit.in_state("Completed")
    before = world.writes()
    refused = Ran(start(campaign_id=given)).error
    assert refused.code == "stale"
    assert "CreateCampaignOperator" in refused.hint
    assert world.writes() == before


def test_an_unseen_member_of_the_template_refuses_the_clone(world):
    world.emulator.set_settings(campaigns={"extra_describe_members": {"someNewConfig": {"limit": 3}}})
    before = world.writes()
    refused = Ran(clone(world, launch_key="k")).error
    assert refused.code == "unseen_members"
    assert "campaign.someNewConfig" in refused.found
    assert world.writes() == before
    assert world.starts == 0


def test_a_late_launch_that_may_be_skipped_is_written_off_for_good(world):
    late = about_noon(world.kit.now(), start_at=-120, latest_start=-60, end_at=60) | {"if_late": "skip"}
    ran = Ran(start(template=world.template, launch_key="k", **late), due=datetime.now(UTC))
    assert type(ran.error).__name__ == "LaunchSkipped"
    assert [name for name in world.objects() if name.startswith("keys/")] != []
    assert world.starts == 0


def test_the_clean_launch_costs_a_fixed_number_of_calls(world):
    before = world.emulator.counts()
    Ran(clone(world, launch_key="k"))
    after = world.emulator.counts()
    used = {name: count["requests"] - before.get(name, {"requests": 0})["requests"] for name, count in after.items()}
    assert {name: number for name, number in used.items() if number} == {
        "connectcampaignsv2.DescribeCampaign": 3,
        "connectcampaignsv2.CreateCampaign": 1,
        "connectcampaignsv2.GetCampaignState": 3,
        "connectcampaignsv2.StartCampaign": 1,
        "s3.GetObject": 13,
        "s3.ListObjectsV2": 3,
        "s3.PutObject": 4,
    }


@pytest.fixture
def frozen(world) -> World:
    freeze = Freeze(at="2026-12-01T00:00:00+00:00", by="anna", reason="holiday")
    world.emulator.client("s3").put_object(Bucket="ledger", Key="launches/control/freeze.json", Body=freeze.to_json())
    return world


@pytest.mark.parametrize("kind", [CreateCampaignOperator, StartCampaignOperator, PreflightOperator])
def test_under_a_freeze_nothing_begins_and_a_retry_asks_again(frozen, kind):
    before = frozen.writes()
    held = Ran(kind(task_id="t", template=frozen.template, launch_key="k", **SOON)).error
    assert isinstance(held, LaunchHeld)
    assert (held.code, "anna: holiday" in held.found) == ("freeze", True)
    assert frozen.writes() == before
    frozen.emulator.client("s3").delete_object(Bucket="ledger", Key="launches/control/freeze.json")
    assert Ran(kind(task_id="t", template=frozen.template, launch_key="k", **SOON)).error is None


def test_a_freeze_between_claim_and_start_holds_the_campaign(world):
    """The first attempt claims and gets no answer to its start; then the freeze is set: the retry doesn't start."""
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", times=4)
    assert Ran(clone(world, launch_key="k")).error.code == "start_unknown"
    freeze = Freeze(at="2026-12-01T00:00:00+00:00", by="anna", reason="holiday")
    world.emulator.client("s3").put_object(Bucket="ledger", Key="launches/control/freeze.json", Body=freeze.to_json())
    assert Ran(clone(world, launch_key="k")).error.code == "freeze"
    assert world.starts == 0


def test_check_only_names_every_guard_that_would_refuse(frozen):
    before = frozen.writes()
    checked = Ran(clone(frozen, launch_key="k", check_only=True), run_type="backfill").error
    assert isinstance(checked, LaunchSkipped)
    assert "backfill, freeze would refuse" in checked.found
    assert frozen.writes() == before


@pytest.mark.parametrize("kind", [CreateCampaignOperator, StartCampaignOperator, PreflightOperator])
def test_a_backfill_launches_nobody(world, kind):
    before = world.writes()
    skipped = Ran(kind(task_id="t", template=world.template, launch_key="k", **SOON), run_type="backfill").error
    assert isinstance(skipped, LaunchSkipped)
    assert skipped.code == "backfill"
    assert world.writes() == before


def test_a_backfill_takes_no_campaign_that_somebody_started(bare):
    given = bare.campaign()
    bare.kit.campaigns.start_campaign(id=given)
    take = start(campaign_id=given, if_active="attach")
    assert Ran(take).launch["how"] == "attach_outside"
    skipped = Ran(take, run_type="backfill").error
    assert (type(skipped), skipped.code) == (LaunchSkipped, "backfill")
    old = Ran(take, due=datetime.now(UTC) - timedelta(days=2)).error
    assert (type(old), old.code) == (GuardFailed, "run_age")


@pytest.mark.parametrize("kind", [CreateCampaignOperator, StartCampaignOperator, PreflightOperator])
def test_an_old_run_that_is_cleared_launches_nobody(world, kind):
    old = datetime.now(UTC) - timedelta(days=2)
    refused = Ran(
        kind(task_id="t", template=world.template, launch_key="k", **SOON), run_type="scheduled", due=old
    ).error
    assert isinstance(refused, GuardFailed)
    assert refused.code == "run_age"
    assert world.starts == 0


def test_a_manual_run_of_a_scheduled_dag_may_be_told_to_check(world):
    before = world.writes()
    checked = Ran(clone(world, launch_key="k", if_manual="check"), scheduled=True).error
    assert isinstance(checked, LaunchSkipped)
    assert "none would refuse" in checked.found
    assert world.writes() == before
    assert Ran(clone(world, launch_key="k", if_manual="check"), scheduled=True, run_type="scheduled").error is None


def test_a_key_never_launches_another_template_s_clone(world):
    other = world.campaign(name="autumn")
    first = Ran(clone(world, launch_key="k"))
    before = world.writes()
    for kind in (CreateCampaignOperator, StartCampaignOperator, PreflightOperator):
        refused = Ran(kind(task_id="t", template=other, launch_key="k", **SOON)).error
        assert refused.found == str(first.value).join(
            ["launch key 'k' already launches campaign ", ", which was not cloned from this template"]
        )
    assert world.writes() == before


def test_another_ledger_s_clone_is_refused(world):
    made = Ran(CreateCampaignOperator(task_id="create", template=world.template, launch_key="k", **SOON))
    world.connect(ledger=False)
    refused = Ran(start(campaign_id=made.value)).error
    assert refused.code == "other_ledger"
    assert world.starts == 0


def test_a_campaign_that_reads_missing_right_after_it_was_made_is_given_up_once(world):
    """Reads that lag behind cost a campaign, and never a row of generations."""
    state = Campaigns.state
    seen: list[str] = []

    def lagging(campaigns, campaign_id):
        seen.append(campaign_id)
        return NOT_FOUND if len(seen) <= 3 else state(campaigns, campaign_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Campaigns, "state", lagging)
        ran = Ran(clone(world, launch_key="k"))
    assert ran.launch["how"] == "started"
    assert len([name for name in world.objects() if name.startswith("keys/")]) == 2
    assert world.starts == 1


def test_a_check_after_a_deletion_lets_the_create_task_heal_it(world):
    made = Ran(CreateCampaignOperator(task_id="create", template=world.template, launch_key="k", **SOON))
    world.kit.campaigns.delete_campaign(id=made.value)
    assert Ran(PreflightOperator(task_id="check", template=world.template, launch_key="k", **SOON)).error is None


def test_a_check_says_what_the_key_itself_would_do(world):
    first = Ran(clone(world, launch_key="k"))
    check = {"task_id": "check", "template": world.template, "launch_key": "k", **SOON}
    assert "nothing is left to start" in Ran(PreflightOperator(**check)).value["launch_key"]
    world.kit.campaigns.stop_campaign(id=first.value)
    refused = Ran(PreflightOperator(**check)).error
    assert "has ended: Stopped" in refused.found
    only = Ran(clone(world, launch_key="k", check_only=True)).error
    assert "launch_key would refuse" in only.found


def test_a_skip_for_lateness_is_void_before_the_import_too(world):
    now = world.kit.now()
    late = {"start_at": "00:00", "latest_start": "00:01", "end_at": "23:59", "timezone": "UTC", "if_late": "skip"}
    late_day = {"due": now - timedelta(days=1)}
    skipped = Ran(PreflightOperator(task_id="check", template=world.template, launch_key="k", **late), **late_day)
    assert isinstance(skipped.error, LaunchSkipped)
    assert [name for name in world.objects() if name.startswith("keys/")] != []


def test_late_at_the_start_a_clone_of_this_key_is_given_up_and_skipped(world):
    made = Ran(CreateCampaignOperator(task_id="create", template=world.template, launch_key="k", **SOON))
    world.kit.step(26 * 3600)
    late = {"start_at": "00:00", "latest_start": "00:01", "end_at": "23:59", "timezone": "UTC", "if_late": "skip"}
    skipped = Ran(
        start(campaign_id=made.value, launch_key="k", renew_schedule=True, **late),
        due=world.kit.now() - timedelta(days=1),
    )
    assert isinstance(skipped.error, LaunchSkipped)
    assert world.starts == 0
    assert Ran(start(campaign_id=made.value, launch_key="k")).error.code == "given_void"
