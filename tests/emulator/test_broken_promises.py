"""Settings that break what the service promises: each default keeps it."""

from __future__ import annotations

import pytest

from tests.emulator.campaign_kit import refusal

STATES = ("Running", "Paused", "Stopped", "Completed")


@pytest.mark.parametrize("state", STATES)
def test_a_service_without_that_check_starts_a_campaign_again(kit, state):
    campaign_id = kit.in_state(state)
    assert refusal(kit.campaigns.start_campaign, id=campaign_id)["status"] == 409
    kit.emulator.set_settings(campaigns={"starts_again": True})
    if state != "Completed":  # its schedule has passed, which is another promise
        kit.campaigns.start_campaign(id=campaign_id)
        assert kit.state(campaign_id) == "Running"
        assert kit.emulator.effects("StartCampaign") == 2
    else:
        assert "passed" in refusal(kit.campaigns.start_campaign, id=campaign_id)["text"]


def test_a_deletion_that_answers_404_for_what_is_there(kit):
    campaign_id = kit.create()
    kit.emulator.set_settings(campaigns={"delete_missing": True})
    refused = refusal(kit.campaigns.delete_campaign, id=campaign_id)
    assert (refused["code"], refused["status"]) == ("ResourceNotFoundException", 404)
    assert kit.state(campaign_id) == "Initialized"
    kit.emulator.set_settings(campaigns={"delete_missing": False})
    kit.campaigns.delete_campaign(id=campaign_id)


def test_both_409s_of_a_start(kit):
    campaign_id = kit.in_state("Running")
    seen = []
    for name in ("invalid_state", "conflict"):
        kit.emulator.set_settings(campaigns={"already_started": name})
        seen.append(refusal(kit.campaigns.start_campaign, id=campaign_id)["code"])
    assert seen == ["InvalidCampaignStateException", "ConflictException"]


def test_a_conflict_without_effect_before_a_start(kit):
    campaign_id = kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind="error_before", code="ConflictException")
    assert refusal(kit.campaigns.start_campaign, id=campaign_id)["code"] == "ConflictException"
    kit.campaigns.start_campaign(id=campaign_id)
    assert kit.emulator.effects("StartCampaign") == 1
