"""Pause, resume and stop as tasks: what they do, say and write, whatever the service and the ledger answer."""

from __future__ import annotations

import json

import pytest

from connect_campaigns.core.errors import InvalidInput, ServiceRefused, ServiceUnavailable
from connect_campaigns.operators.halting import PauseCampaignOperator, ResumeCampaignOperator, StopCampaignOperator
from tests.emulator.campaign_kit import INSTANCE, STATES
from tests.launch_kit import Ran, World
from tests.log_kit import Lines

PAUSE, RESUME, STOP = PauseCampaignOperator, ResumeCampaignOperator, StopCampaignOperator
BECOMES = {PAUSE: "Paused", RESUME: "Running", STOP: "Stopped"}
OPERATION = {PAUSE: "PauseCampaign", RESUME: "ResumeCampaign", STOP: "StopCampaign"}
FROM = {PAUSE: ("Running",), RESUME: ("Paused",), STOP: ("Running", "Paused")}
NOBODY = "99999999-9999-4999-8999-999999999999"
ARN = "arn:aws:connect-campaigns:us-east-1:123456789012:campaign/"
URL = f"https://demo.my.connect.aws/outbound/{INSTANCE}/campaigns/"
DENIED = {"kind": "error_before", "code": "AccessDeniedException", "times": 9}


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


@pytest.fixture
def world(emulator, monkeypatch, waits) -> World:  # noqa: ARG001 - waits are counted, not waited
    return World(emulator, monkeypatch)


def do(kind, campaign, *, lines: Lines | None = None, **given) -> Ran:
    return Ran((lines or Lines()).of(kind(task_id="do", campaign_id=campaign, **given)))


def events(world) -> list[dict]:
    s3 = world.emulator.client("s3")
    names = [name for name in world.objects() if name.startswith("events/")]
    return [json.load(s3.get_object(Bucket="ledger", Key=f"launches/{name}")["Body"]) for name in names]


@pytest.mark.parametrize(("kind", "state"), [(kind, state) for kind in FROM for state in FROM[kind]])
def test_it_changes_the_state_returns_the_id_and_is_noted(world, kind, state):
    campaign = world.kit.in_state(state)
    assert do(kind, campaign).value == campaign
    assert world.state(campaign) == BECOMES[kind]
    [event] = events(world)
    assert (event["what"], event["campaign"]) == (BECOMES[kind].lower().replace("running", "resumed"), campaign)
    assert (event["by"], event["text"]) == ("spring_fr/manual__1/do", f"it was {state}")


@pytest.mark.parametrize("kind", BECOMES)
def test_what_is_so_already_is_green_says_so_and_is_no_event(world, kind):
    campaign, lines = world.kit.in_state(BECOMES[kind]), Lines()
    before = world.emulator.effects(OPERATION[kind])
    assert do(kind, campaign, lines=lines).value == campaign
    assert "already" in lines.text
    assert world.emulator.effects(OPERATION[kind]) == before
    assert events(world) == []


REFUSED = [
    (kind, state)
    for kind in FROM
    for state in STATES
    if state not in {*FROM[kind], BECOMES[kind]}
]  # fmt: skip


@pytest.mark.parametrize(("kind", "state"), REFUSED)
def test_what_cannot_be_is_refused_in_three_parts(world, kind, state):
    emulated = world.kit
    # A failing campaign needs a domain of its own name: here the world's.
    campaign = world.campaign() if state == "Failed" else emulated.in_state(state)
    if state == "Failed":
        emulated.campaigns.start_campaign(id=campaign)
        profiles = world.emulator.client("customer-profiles")
        profiles.delete_segment_definition(DomainName="crm", SegmentDefinitionName="everybody")
        emulated.step(61)
    ran = do(kind, campaign)
    assert isinstance(ran.error, ServiceRefused)
    assert f"campaign {campaign} can't be" in ran.error.found
    assert f"it is {state}" in ran.error.found
    assert " or ".join(FROM[kind]) in ran.error.allowed
    assert ran.error.hint
    assert world.state(campaign) == state
    assert events(world) == []


@pytest.mark.parametrize("kind", [PAUSE, STOP])
def test_an_end_is_good_enough_where_the_dag_says_so(world, kind):
    campaign, lines = world.kit.in_state("Completed"), Lines()
    assert do(kind, campaign, if_ended="accept", lines=lines).value == campaign
    assert "is Completed: nothing is left" in lines.text
    assert isinstance(do(kind, world.kit.create(), if_ended="accept").error, ServiceRefused), "Initialized is no end"


@pytest.mark.parametrize("kind", BECOMES)
@pytest.mark.parametrize("fault", [{"kind": "lost_reply"}, {"kind": "error_after"}], ids=lambda fault: fault["kind"])
def test_a_lost_reply_is_no_failure(world, kind, fault):
    campaign = world.kit.in_state(FROM[kind][0])
    sent = len(world.emulator.calls(OPERATION[kind]))
    world.emulator.add_fault(operation=OPERATION[kind], **fault)
    assert do(kind, campaign).value == campaign
    assert world.emulator.faults()[0]["fired"] == 1
    assert world.emulator.calls(OPERATION[kind])[sent]["effect"]
    assert len(events(world)) == 1


def test_a_resume_is_sent_once_so_that_it_undoes_nobody_s_pause(world):
    campaign = world.kit.in_state("Paused")
    world.emulator.add_fault(operation="ResumeCampaign", kind="error_before", times=9)
    ran = do(RESUME, campaign)
    assert ran.error.code == "not_seen"
    assert len(world.emulator.calls("ResumeCampaign")) == 1


@pytest.mark.parametrize("kind", BECOMES)
def test_throttling_is_waited_out_and_not_for_ever(world, kind, waits, monkeypatch):
    campaign = world.kit.in_state(FROM[kind][0])
    monkeypatch.setattr("connect_campaigns.aws.patience.MAX_WAITS", 2)
    once = {"retries": {"total_max_attempts": 1}}  # the SDK's own waits are real
    fault = {"operation": OPERATION[kind], "kind": "error_before", "code": "ThrottlingException"}
    world.emulator.add_fault(**fault, times=3)
    assert isinstance(do(kind, campaign, botocore_config=once).error, ServiceUnavailable)
    assert len(waits) == 2
    world.emulator.add_fault(**fault, times=2)
    assert do(kind, campaign, botocore_config=once).value == campaign
    assert waits[2] < waits[3]


@pytest.mark.parametrize(("kind", "broken"), [(PAUSE, "PutObject"), (STOP, "GetObject"), (RESUME, "GetObject")])
def test_it_works_with_the_ledger_down_and_says_that_it_was_not_noted(world, kind, broken):
    campaign, lines = world.kit.in_state(FROM[kind][0]), Lines()
    world.emulator.add_fault(operation=broken, kind="error_before", code="AccessDenied", status=403, times=99)
    assert do(kind, campaign, lines=lines).value == campaign
    assert "not noted in the ledger" in lines.text
    assert world.state(campaign) == BECOMES[kind]


def test_it_works_without_a_ledger_and_leaves_a_prefix_that_is_none_alone(world):
    world.emulator.client("s3").create_bucket(Bucket="other")
    assert do(PAUSE, world.kit.in_state("Running"), launch_ledger="s3://other/mistyped").error is None
    world.connect(ledger=False)
    assert do(PAUSE, world.kit.in_state("Running")).error is None
    assert "Contents" not in world.emulator.client("s3").list_objects_v2(Bucket="other")


def test_the_brake_works_without_the_right_to_read(world):
    campaign = world.kit.in_state("Running")
    world.emulator.add_fault(operation="GetCampaignState", **DENIED)
    assert do(PAUSE, campaign).value == campaign
    world.emulator.clear_faults()
    assert world.state(campaign) == "Paused"
    assert events(world)[0]["text"] == "it was in a state that could not be read"


@pytest.mark.parametrize("kind", BECOMES)
def test_a_missing_right_is_named(world, kind):
    world.emulator.add_fault(operation=OPERATION[kind], **DENIED)
    ran = do(kind, world.kit.in_state(FROM[kind][0]))
    assert ran.error.code == "access_denied"
    assert f"connect-campaigns:{OPERATION[kind]}" in ran.error.hint


@pytest.mark.parametrize("form", ["{id}", ARN + "{id}", URL + "{id}", "only-one", "  {id} "])
def test_a_campaign_is_given_by_id_arn_url_or_name(world, form):
    campaign = world.kit.create(name="only-one")
    world.kit.campaigns.start_campaign(id=campaign)
    assert do(PAUSE, form.format(id=campaign)).value == campaign
    assert world.state(campaign) == "Paused"


@pytest.mark.parametrize("kind", BECOMES)
@pytest.mark.parametrize("given", ["", "  ", None, 7, "None"])
def test_an_empty_campaign_is_refused_before_any_call(world, kind, given):
    before = len(world.emulator.calls())
    ran = do(kind, given)
    assert isinstance(ran.error, InvalidInput)
    assert len(world.emulator.calls()) == before


def test_a_campaign_that_is_not_there_is_refused(world):
    ran = do(PAUSE, NOBODY)
    assert ran.error.code == "state"
    assert "account" in ran.error.hint
    assert do(STOP, "no such name").error.code == "unknown_campaign"
    assert do(PAUSE, world.kit.in_state("Running"), if_ended="ignore").error.hint == 'write if_ended="refuse"'
