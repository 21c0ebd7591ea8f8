"""Each error that StartCampaign models, and both kinds of 409: an outcome and words of its own, through the operator."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest

from connect_campaigns.core.errors import FinalError, LaunchHeld, LaunchUncertain, ServiceRefused, ServiceUnavailable
from connect_campaigns.operators.campaigns import StartCampaignOperator
from tests.launch_kit import Ran, World

ALWAYS = 99
# Error and its members -> with every send refused: the class of ours, whether final, words of the message and hint.
OUTCOMES = {
    "AccessDeniedException": (ServiceRefused, "connect-campaigns:StartCampaign", "policy"),
    "ValidationException": (ServiceRefused, "ValidationException", "names the setting"),
    "ResourceNotFoundException": (LaunchHeld, "ResourceNotFoundException", "was deleted"),
    "ConflictException": (LaunchHeld, "still Initialized", "somebody else"),
    "InvalidCampaignStateException": (LaunchHeld, "reads Initialized all the same", "attaches"),
    "InternalServerException": (LaunchUncertain, "is unknown", "reads the state first"),
}
MEMBERS = {"InvalidCampaignStateException": {"members": {"state": "Running"}}}


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    # Waits are real in production; here only their number matters.
    monkeypatch.setattr("connect_campaigns.operators.launching.time.sleep", lambda _: None)
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
        assert isinstance(ran.error, FinalError)
        ran = launch(world)
    assert ran.launch["how"] == "attach"
    assert world.starts == 1


def test_throttling_is_waited_out(world):
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", code="ThrottlingException", times=5)
    assert launch(world).launch["how"] == "started"
    assert world.starts == 1


def test_throttling_without_end_is_retryable(world):
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", code="ThrottlingException", times=ALWAYS)
    ran = launch(world)
    assert isinstance(ran.error, ServiceUnavailable)
    assert "1 start a second" in ran.error.allowed
    assert world.starts == 0


@pytest.mark.parametrize("kind", ["invalid_state", "conflict"])
def test_both_409s_of_a_campaign_that_runs_are_told_by_its_state(world, kind):
    """Somebody starts it between our look and our send: which 409 the service gives is unknown, so both are met."""
    world.emulator.set_settings(campaigns={"already_started": kind})
    held = world.emulator.add_fault(operation="StartCampaign", kind="lost_reply")
    ran = launch(world)  # our own first send took effect; the state decides, and no second one is sent
    assert held
    assert ran.launch["how"] == "attach"
    given = world.campaign(name="started outside")
    world.kit.campaigns.start_campaign(id=given)
    refused = Ran(StartCampaignOperator(task_id="start", campaign_id=given, launch_key="other"))
    assert refused.error.code == "active_outside"
    assert "ALREADY LAUNCHED" in refused.error.found


def test_the_quota_says_so(world):
    world.emulator.set_settings(campaigns={"max_campaigns": 1})
    error = launch(world).error
    assert (type(error), error.code) == (ServiceRefused, "quota")
    assert "delete finished campaigns" in error.hint


def test_renewing_the_schedule_of_a_started_campaign_is_refused_before_the_call(world):
    started = launch(world).value
    campaigns = world.hook().campaigns
    now = world.kit.now()
    with pytest.raises(FinalError) as caught:
        campaigns.renew_schedule(started, start=now + timedelta(hours=1), end=now + timedelta(hours=2))
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
