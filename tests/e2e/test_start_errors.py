"""Each error that StartCampaign models, and both kinds of 409: an outcome and words of its own, through the operator."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest

from connect_campaigns import starting
from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.core.errors import FinalError, LaunchHeld, LaunchUncertain, ServiceRefused, ServiceUnavailable
from connect_campaigns.core.schedule import Window
from connect_campaigns.operators.campaigns import StartCampaignOperator
from tests.launch_kit import Ran, World, about_noon

ALWAYS = 99
# Error and its members -> with every send refused: the class of ours, whether final, words of the message and hint.
OUTCOMES = {
    "AccessDeniedException": (LaunchHeld, "AccessDeniedException", "`connect-campaigns:StartCampaign` to the policy"),
    "ValidationException": (LaunchHeld, "ValidationException", "mend it in campaign"),
    "ResourceNotFoundException": (LaunchHeld, "ResourceNotFoundException", "was deleted"),
    "ConflictException": (LaunchHeld, "reads Initialized", "other change"),
    "InvalidCampaignStateException": (LaunchHeld, "reads Initialized all the same", "attaches"),
    "InternalServerException": (LaunchUncertain, "is unknown", "reads the state first"),
}
MEMBERS = {"InvalidCampaignStateException": {"members": {"state": "Running"}}}


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    # Waits are real in production; here only their number matters.
    monkeypatch.setattr("time.sleep", lambda _: None)
    return World(emulator, monkeypatch)


def launch(world: World):
    return Ran(
        StartCampaignOperator(
            task_id="start", template=world.template, launch_key="k", start_after=timedelta(minutes=10)
        )
    )


def test_these_are_all_that_the_model_declares():
    client = boto3.client("connectcampaignsv2", region_name="us-east-1")
    declared = {shape.name for shape in client.meta.service_model.operation_model("StartCampaign").error_shapes}
    assert declared == {*OUTCOMES, "ThrottlingException"}


@pytest.mark.parametrize("code", OUTCOMES)
def test_refused_at_every_send(world, code):
    world.emulator.add_fault(
        operation="StartCampaign", kind="error_before", code=code, times=ALWAYS, **MEMBERS.get(code, {})
    )
    ran = launch(world)
    kind, found, hint = OUTCOMES[code]
    assert type(ran.error) is kind
    assert found in ran.error.found
    assert hint in ran.error.hint
    assert ran.error.allowed
    assert world.starts == 0


@pytest.mark.parametrize("code", [code for code in OUTCOMES if code != "AccessDeniedException"])
def test_refused_once_and_then_accepted(world, code):
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", code=code, **MEMBERS.get(code, {}))
    ran = launch(world)
    assert ran.error is None
    assert ran.launch["how"] == "started"
    assert world.starts == 1


@pytest.mark.parametrize("code", [*OUTCOMES, "ThrottlingException"])
def test_an_error_after_the_effect_is_never_a_second_start(world, code):
    world.emulator.add_fault(operation="StartCampaign", kind="error_after", code=code, **MEMBERS.get(code, {}))
    ran = launch(world)
    if code == "AccessDeniedException":
        assert isinstance(ran.error, LaunchHeld)  # red, and a retry finds what took effect
        ran = launch(world)
    assert ran.launch["how"] == "attach"
    assert world.starts == 1


def test_throttling_is_waited_out(world):
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", code="ThrottlingException", times=5)
    assert launch(world).launch["how"] == "started"
    assert world.starts == 1


def test_throttling_without_end_is_retryable(world, monkeypatch):
    monkeypatch.setattr(starting, "MAX_WAITED_S", 20.0)  # ten minutes as it is
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", code="ThrottlingException", times=ALWAYS)
    ran = launch(world)
    assert isinstance(ran.error, ServiceUnavailable)
    assert "1 start a second" in ran.error.allowed
    assert world.starts == 0


@pytest.fixture
def somebody(monkeypatch):
    """Somebody starts a campaign of a world between our last look at it and our send."""

    def watch(world: World) -> None:
        def raced(campaigns, campaign_id):
            if world.starts == 0:
                world.kit.campaigns.start_campaign(id=campaign_id)
            return start(campaigns, campaign_id)

        start = Campaigns.start
        monkeypatch.setattr(Campaigns, "start", raced)

    return watch


@pytest.mark.parametrize("kind", ["invalid_state", "conflict"])
def test_either_409_of_a_campaign_that_runs_is_told_by_its_state(world, somebody, kind):
    """Which one the service gives is unknown, so both are met. Claimed by us and running: it is our launch."""
    world.emulator.set_settings(campaigns={"already_started": kind})
    somebody(world)
    ran = launch(world)
    calls = world.emulator.calls("StartCampaign")
    expected = {"invalid_state": "InvalidCampaignStateException", "conflict": "ConflictException"}[kind]
    assert [call["error"] for call in calls] == [None, expected]
    assert ran.launch["how"] == "attach"
    assert world.starts == 1


@pytest.mark.parametrize("kind", ["invalid_state", "conflict"])
def test_either_409_without_a_ledger_is_red_with_the_hint(emulator, monkeypatch, somebody, kind):
    world = World(emulator, monkeypatch, ledger=False)
    world.emulator.set_settings(campaigns={"already_started": kind})
    given = world.campaign(name="by hand")
    somebody(world)
    refused = Ran(StartCampaignOperator(task_id="start", campaign_id=given)).error
    assert refused.code == "active_bare"
    assert 'if_active="attach"' in refused.hint
    assert world.emulator.counts()["connectcampaignsv2.StartCampaign"] == {"requests": 2, "effects": 1}


def test_without_a_ledger_what_no_retry_can_heal_is_final(emulator, monkeypatch):
    world = World(emulator, monkeypatch, ledger=False)
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", code="AccessDeniedException", times=9)
    refused = Ran(StartCampaignOperator(task_id="start", campaign_id=world.campaign(name="by hand"))).error
    assert (type(refused), refused.code) == (ServiceRefused, "access_denied")


def test_a_lead_time_of_the_service_is_met_by_planning_anew(world):
    """Its length isn't published: the schedule that it refuses is planned further ahead, once."""
    world.emulator.set_settings(campaigns={"lead_time_seconds": 300})
    now = world.kit.now()
    at = about_noon(now, start_at=-5, end_at=120)
    ran = Ran(StartCampaignOperator(task_id="start", template=world.template, launch_key="k", **at), due=now)
    assert (ran.error, world.starts) == (None, 1)


def test_running_that_shows_late_is_waited_for(world):
    """Users report up to 20 seconds; a yes of the service is no reason to send again, nor to give up after a second."""
    looks = []

    def late(campaigns, campaign_id):
        shown = state(campaigns, campaign_id)
        looks.append(shown)
        return "Initialized" if looks.count("Running") < 5 else shown

    state = Campaigns.state
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Campaigns, "state", late)
        ran = launch(world)
    assert ran.launch["how"] == "started"
    assert world.emulator.counts()["connectcampaignsv2.StartCampaign"] == {"requests": 1, "effects": 1}


def test_a_renewal_that_races_a_twin_s_start_attaches(world):
    """Our attempt sees Initialized and a passed start; the twin starts it before our renewal."""
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", times=4)
    assert isinstance(launch(world).error, LaunchUncertain)
    world.kit.step(3600)
    renew = Campaigns.renew_schedule

    def raced(campaigns, description, window):
        if world.starts == 0:
            renew(campaigns, description, window)
            world.kit.campaigns.start_campaign(id=description.id)
        return renew(campaigns, description, window)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Campaigns, "renew_schedule", raced)
        ran = launch(world)
    assert ran.launch["how"] == "attach"
    assert world.starts == 1


def test_the_quota_says_so(world):
    world.emulator.set_settings(campaigns={"max_campaigns": 1})
    error = launch(world).error
    assert (type(error), error.code) == (ServiceRefused, "quota")
    assert "delete finished ones" in error.hint


def test_renewing_the_schedule_of_a_started_campaign_is_refused_before_the_call(world):
    started = launch(world).value
    campaigns = world.hook().campaigns
    now = world.kit.now()
    window = Window(now + timedelta(hours=1), now + timedelta(hours=2))
    with pytest.raises(FinalError) as caught:
        campaigns.renew_schedule(campaigns.describe(started), window)
    assert caught.value.code == "schedule_frozen"
    assert "frozen" in caught.value.allowed
    assert world.emulator.counts().get("connectcampaignsv2.UpdateCampaignSchedule") is None


def test_a_start_that_passed_is_renewed_before_the_send(world):
    held = world.emulator.add_fault(
        operation="StartCampaign", kind="error_before", code="InternalServerException", times=4
    )
    assert isinstance(launch(world).error, LaunchUncertain)
    world.emulator.clear_faults()
    world.kit.step(3600)
    ran = launch(world)
    assert held
    assert ran.launch["how"] == "started"
    assert world.emulator.effects("UpdateCampaignSchedule") == 1
    assert world.starts == 1
