"""Reads that tell of the past, and states that no SDK knows."""

from __future__ import annotations

import pytest

from tests.emulator.campaign_kit import refusal

KNOWN = {"Initialized", "Running", "Paused", "Stopped", "Failed", "Completed"}


def stale(kit, operation="*", **more):
    return kit.emulator.add_fault(operation=operation, kind="stale", times=99, **more)


def test_a_state_is_read_as_of_writes_ago(kit):
    campaign_id = kit.in_state("Paused")
    for writes, seen in ((1, "Running"), (2, "Initialized")):
        kit.emulator.clear_faults()
        stale(kit, writes=writes)
        assert kit.state(campaign_id) == seen
    kit.emulator.clear_faults()
    stale(kit, writes=3)
    refused = refusal(kit.campaigns.get_campaign_state, id=campaign_id)
    assert (refused["code"], refused["status"]) == ("ResourceNotFoundException", 404)
    kit.emulator.clear_faults()
    assert kit.state(campaign_id) == "Paused"


def test_a_new_campaign_is_found_by_no_stale_read(kit):
    campaign_id = kit.create()
    stale(kit)
    assert refusal(kit.campaigns.get_campaign_state, id=campaign_id)["status"] == 404
    assert refusal(kit.campaigns.describe_campaign, id=campaign_id)["status"] == 404
    assert kit.campaigns.list_campaigns()["campaignSummaryList"] == []
    [failed] = kit.campaigns.get_campaign_state_batch(campaignIds=[campaign_id])["failedRequests"]
    assert failed["failureCode"] == "ResourceNotFound"
    assert kit.emulator.faults()[0]["fired"] == 4


def test_writes_are_never_stale(kit):
    campaign_id = kit.create()
    stale(kit)
    kit.campaigns.start_campaign(id=campaign_id)
    assert refusal(kit.campaigns.start_campaign, id=campaign_id)["state"] == "Running"
    assert kit.state(campaign_id) == "Initialized"


def test_a_description_is_read_as_of_writes_ago(kit):
    campaign_id = kit.create()
    old = kit.campaigns.describe_campaign(id=campaign_id)["campaign"]
    kit.campaigns.update_campaign_schedule(id=campaign_id, schedule=kit.schedule(start=600))
    kit.campaigns.tag_resource(arn=old["arn"], tags={"a": "b"})
    stale(kit, "DescribeCampaign", writes=2)
    seen = kit.campaigns.describe_campaign(id=campaign_id)["campaign"]
    assert (seen["schedule"], seen["tags"]) == (old["schedule"], {})
    kit.emulator.clear_faults()
    stale(kit, "ListTagsForResource", writes=1)
    assert kit.campaigns.list_tags_for_resource(arn=old["arn"])["tags"] == {}


def test_a_deleted_campaign_is_still_seen_by_a_stale_read(kit):
    campaign_id = kit.create()
    kit.campaigns.delete_campaign(id=campaign_id)
    stale(kit)
    assert kit.state(campaign_id) == "Initialized"
    assert [each["id"] for each in kit.campaigns.list_campaigns()["campaignSummaryList"]] == [campaign_id]


def test_a_stale_read_knows_nothing_of_what_time_did_since(kit):
    """Paused an hour before the end, which has come: as of the write before, it was Running then."""
    campaign_id = kit.in_state("Paused")
    kit.step(4000)
    assert kit.state(campaign_id) == "Completed"
    stale(kit)
    assert kit.state(campaign_id) == "Running"


def test_one_campaign_of_several_is_stale(kit):
    hit, spared = kit.in_state("Running"), kit.in_state("Running")
    stale(kit, where={"id": hit})
    assert (kit.state(hit), kit.state(spared)) == ("Initialized", "Running")
    batch = kit.campaigns.get_campaign_state_batch(campaignIds=[hit, spared])["successfulRequests"]
    assert {each["campaignId"]: each["state"] for each in batch} == {hit: "Initialized", spared: "Running"}
    kit.emulator.clear_faults()
    stale(kit, "ListCampaigns", where={"id": hit}, writes=2)
    assert [each["id"] for each in kit.campaigns.list_campaigns()["campaignSummaryList"]] == [spared]


def test_a_late_effect_is_a_write_when_it_lands(kit):
    campaign_id = kit.create()
    fault_id = kit.emulator.add_fault(operation="StartCampaign", kind="late", reply="accepted")
    kit.campaigns.start_campaign(id=campaign_id)
    kit.emulator.release(fault_id)
    stale(kit)
    assert kit.state(campaign_id) == "Initialized"


@pytest.mark.parametrize("given", [{}, {"state": "Hibernating"}])
def test_a_state_that_no_sdk_knows_reaches_the_caller(kit, given):
    hit, spared = kit.in_state("Running"), kit.create()
    kit.emulator.add_fault(operation="*", kind="unknown_state", where={"id": hit}, times=99, **given)
    unknown = given.get("state", "Archived")
    assert unknown not in KNOWN
    assert (kit.state(hit), kit.state(spared)) == (unknown, "Initialized")
    batch = kit.campaigns.get_campaign_state_batch(campaignIds=[spared, hit])["successfulRequests"]
    assert [each["state"] for each in batch] == ["Initialized", unknown]
    assert kit.emulator.faults()[0]["fired"] == 2
    kit.emulator.clear_faults()
    assert kit.state(hit) == "Running"
