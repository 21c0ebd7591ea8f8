"""pause, stop and state against the emulator: what they do, say and end with, whatever the service answers."""

from __future__ import annotations

import pytest

from connect_campaigns.aws import patience
from tests.cli_kit import CommandLine
from tests.emulator.campaign_kit import INSTANCE, Kit

NOBODY = "99999999-9999-4999-8999-999999999999"
ARN = "arn:aws:connect-campaigns:us-east-1:123456789012:campaign/"
URL = f"https://demo.my.connect.aws/outbound/{INSTANCE}/campaigns/"
DENIED = {"kind": "error_before", "code": "AccessDeniedException", "times": 9}
THROTTLED = {"kind": "error_before", "code": "ThrottlingException"}


@pytest.fixture
def kit(emulator):
    return Kit(emulator)


@pytest.fixture
def command(emulator, monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys, url=emulator.url)


def test_pause_halts_a_running_campaign_and_says_before_what_it_will_touch(kit, command):
    campaign = kit.in_state("Running")
    ended = command("pause", campaign)
    assert (ended.code, ended.out) == (0, f"{campaign}  paused\n")
    assert ended.err == f"to be paused in us-east-1:\n  {campaign}: Running\n"
    assert kit.state(campaign) == "Paused"


def test_pause_can_be_repeated(kit, command):
    campaign = kit.in_state("Paused")
    ended = command("pause", campaign)
    assert (ended.code, ended.out) == (0, f"{campaign}  paused already\n")


@pytest.mark.parametrize("state", ["Initialized", "Stopped", "Failed", "Completed"])
def test_what_cannot_be_paused_is_refused_in_three_parts(kit, command, state):
    campaign = kit.in_state(state)
    ended = command("pause", "--json", campaign)
    assert ended.code == 1
    [told] = ended.campaigns
    assert (told["result"], told["state"], told["before"]) == ("refused", state, state)
    assert told["error"]["found"] == f"campaign {campaign} can't be paused: it is {state}"
    assert told["error"]["allowed"] == "a campaign that is Running"
    assert "calls nobody" in told["error"]["hint"]
    for part in ("error: ", "allowed: ", "\n\nhint: "):
        assert part in ended.err
    sent = kit.emulator.counts().get("connectcampaignsv2.PauseCampaign", {"requests": 0, "effects": 0})
    # A start may have come after our reading: the service judges. Nothing leads back from an end.
    assert sent == {"requests": 1 if state == "Initialized" else 0, "effects": 0}


@pytest.mark.parametrize("state", ["Initialized", "Failed", "Completed"])
def test_what_cannot_be_stopped_is_refused(kit, command, state):
    ended = command("stop", "--yes", kit.in_state(state))
    assert ended.code == 1
    assert f"it is {state}" in ended.err
    assert "allowed: a campaign that is Running or Paused" in ended.err


def test_pause_goes_on_after_a_failure_and_the_worst_counts(kit, command):
    running = [kit.in_state("Running") for _ in range(2)]
    ended = command("pause", "--json", running[0], NOBODY, kit.create(), running[1])
    assert ended.code == 1
    assert [told["result"] for told in ended.campaigns] == ["done", "refused", "refused", "done"]
    assert ended.campaigns[1]["state"] == "NotFound"
    assert "account" in ended.campaigns[1]["error"]["hint"]
    assert {kit.state(campaign) for campaign in running} == {"Paused"}


def test_a_missing_right_is_told_and_the_others_still_have_their_turn(kit, command):
    first, second = kit.in_state("Running"), kit.in_state("Running")
    kit.emulator.add_fault(operation="PauseCampaign", **{**DENIED, "times": 1})
    ended = command("pause", first, second)
    assert ended.code == 3
    assert ended.out == f"{first}  failed\n{second}  paused\n"
    assert "add `connect-campaigns:PauseCampaign` to the policy" in ended.err


def test_the_brake_works_without_the_right_to_read(kit, command):
    campaign = kit.in_state("Running")
    kit.emulator.add_fault(operation="GetCampaignStateBatch", **DENIED)
    ended = command("pause", campaign)
    assert (ended.code, kit.state(campaign)) == (0, "Paused")
    assert f"{campaign}: state unknown" in ended.err


def test_throttling_is_waited_out_with_growing_waits(kit, command):
    campaign = kit.in_state("Running")
    kit.emulator.add_fault(operation="PauseCampaign", times=7, **THROTTLED)
    assert command("pause", campaign).code == 0
    first, second = command.waits
    assert 0.5 <= first <= 1 <= second <= 2
    assert kit.state(campaign) == "Paused"


def test_throttling_is_not_waited_out_for_ever(kit, command, monkeypatch):
    monkeypatch.setattr(patience, "MAX_WAITS", 1)
    first, second = kit.in_state("Running"), kit.in_state("Running")
    kit.emulator.add_fault(operation="PauseCampaign", times=6, **THROTTLED)
    ended = command("pause", "--json", first, second)
    assert ended.code == 3
    assert [told["result"] for told in ended.campaigns] == ["aws", "done"]
    assert ended.campaigns[0]["error"]["code"] == "throttled"
    assert ended.campaigns[0]["state"] == "Running"


@pytest.mark.parametrize("fault", [{"kind": "lost_reply"}, {"kind": "error_after"}], ids=lambda fault: fault["kind"])
def test_a_lost_reply_is_no_failure_when_the_campaign_is_paused(kit, command, fault):
    campaign = kit.in_state("Running")
    kit.emulator.add_fault(operation="PauseCampaign", **fault)
    ended = command("pause", campaign)
    assert (ended.code, ended.out) == (0, f"{campaign}  paused\n")
    assert kit.emulator.effects("PauseCampaign") == 1
    assert kit.emulator.faults()[0]["fired"] == 1


def test_replies_lost_at_every_attempt_are_settled_by_the_state(kit, command):
    campaign = kit.in_state("Running")
    kit.emulator.add_fault(operation="PauseCampaign", kind="lost_reply", times=3)
    assert command("pause", campaign).code == 0


def test_a_service_that_fails_is_told_with_the_state_that_is_known(kit, command):
    campaign = kit.in_state("Running")
    kit.emulator.add_fault(operation="PauseCampaign", kind="error_before", times=9)
    ended = command("pause", "--json", campaign)
    assert (ended.code, ended.campaigns[0]["state"]) == (3, "Running")
    assert ended.campaigns[0]["error"]["code"] == "not_seen"


@pytest.mark.parametrize("form", ["{id}", ARN + "{id}", URL + "{id}", "spring", "  {id} "])
def test_a_campaign_is_given_by_id_arn_url_or_name(kit, command, form):
    campaign = kit.in_state("Running")
    ended = command("pause", form.format(id=campaign))
    assert (ended.code, ended.out) == (0, f"{campaign}  paused\n")


def test_a_campaign_given_twice_is_touched_once(kit, command):
    campaign = kit.in_state("Running")
    assert command("pause", campaign, "spring", ARN + campaign).out == f"{campaign}  paused\n"
    assert kit.emulator.counts()["connectcampaignsv2.PauseCampaign"]["requests"] == 1


def test_names_that_say_nothing_certain_are_refused_and_the_rest_is_paused(kit, command):
    kit.create(name="twin")
    kit.create(name="twin")
    campaign = kit.in_state("Running")
    ended = command("pause", "twin", "nobody", campaign)
    assert ended.code == 1
    assert ended.out == f"twin  refused\nnobody  refused\n{campaign}  paused\n"
    assert "2 campaigns are named 'twin'" in ended.err
    assert "hint: give one of these ids" in ended.err
    assert "no campaign is named 'nobody'" in ended.err


def test_a_name_is_looked_for_in_the_given_instance(kit, command):
    kit.create(name="twin", connectInstanceId="99999999-2222-3333-4444-555555555555")
    ours = kit.create(name="twin")
    assert command("state", "twin", "--instance-id", INSTANCE).out == f"{ours}  Initialized\n"
    assert command("state", "twin").code == 1


def test_stop_asks_and_no_answer_or_no_stops_nothing(kit, command):
    campaign = kit.in_state("Running")
    for answer in ("", "n\n", "\n"):
        ended = command("stop", campaign, answer=answer)
        assert (ended.code, ended.out) == (1, "")
        assert "a stopped campaign cannot be resumed, a paused one can; stop?" in ended.err
        assert "nothing was stopped\n\nhint: " in ended.err
    assert "in scripts, add --yes" in command("stop", campaign).err
    assert kit.state(campaign) == "Running"
    assert kit.emulator.effects("PauseCampaign") == 0


@pytest.mark.parametrize("state", ["Running", "Paused"])
def test_stop_stops_when_it_is_told_to(kit, command, state):
    campaign = kit.in_state(state)
    ended = command("stop", campaign, answer="y\n")
    assert (ended.code, ended.out) == (0, f"{campaign}  stopped\n")
    assert kit.state(campaign) == "Stopped"
    assert command("stop", "--yes", campaign).out == f"{campaign}  stopped already\n"


def test_stop_pauses_all_before_it_stops_the_first(kit, command):
    running = [kit.in_state("Running") for _ in range(3)]
    paused = kit.in_state("Paused")
    assert command("stop", "--yes", *running, paused).code == 0
    order = [call["operation"] for call in kit.emulator.calls() if call["effect"]]
    assert order[-7:] == ["PauseCampaign"] * 3 + ["StopCampaign"] * 4


def test_stop_stops_although_pausing_failed(kit, command):
    running = [kit.in_state("Running") for _ in range(2)]
    kit.emulator.add_fault(operation="PauseCampaign", **DENIED)
    assert command("stop", "--yes", *running).code == 0
    assert {kit.state(campaign) for campaign in running} == {"Stopped"}


def test_nothing_found_is_nothing_to_ask_about(command):
    ended = command("stop", "nobody")
    assert ended.code == 1
    assert "stop?" not in ended.err


def test_states_are_read_25_a_call(kit, command):
    campaigns = [kit.create(name=f"c-{number}") for number in range(26)]
    ended = command("state", "--json", *campaigns)
    assert ended.code == 0
    assert [told["id"] for told in ended.campaigns] == campaigns
    assert {told["state"] for told in ended.campaigns} == {"Initialized"}
    assert kit.emulator.counts()["connectcampaignsv2.GetCampaignStateBatch"]["requests"] == 2


def test_a_campaign_that_is_not_there_has_the_state_notfound(kit, command):
    campaign = kit.in_state("Paused")
    ended = command("state", NOBODY, campaign)
    assert (ended.code, ended.out) == (1, f"{NOBODY}  NotFound\n{campaign}  Paused\n")


def test_states_that_cannot_be_read_are_an_error_of_aws(kit, command):
    campaign = kit.create()
    kit.emulator.add_fault(operation="GetCampaignStateBatch", **DENIED)
    ended = command("state", campaign)
    assert (ended.code, ended.out) == (3, "")
    assert "`connect-campaigns:GetCampaignStateBatch`" in ended.err
