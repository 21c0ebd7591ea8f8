"""The documented request rates, switched on: a bucket per operation (or group) and Region; and the quotas beside them."""

from __future__ import annotations

import time

import pytest

from connect_emulator.clock import Clock
from connect_emulator.model import SERVICES
from connect_emulator.rates import Buckets, rate_of
from tests.emulator.campaign_kit import INSTANCE, refusal


@pytest.fixture
def limited(kit):
    kit.emulator.set_settings(rates={"enforced": True})
    return kit


def test_none_holds_unless_switched_on(kit):
    for _ in range(30):
        kit.create()


def test_a_burst_passes_and_the_next_is_throttled_without_effect(limited):
    limited.create()
    limited.create()
    refused = refusal(limited.create)
    assert (refused["code"], refused["status"], refused["text"]) == ("ThrottlingException", 429, "Rate exceeded")
    assert limited.emulator.counts()["connectcampaignsv2.CreateCampaign"] == {"requests": 3, "effects": 2}
    assert limited.emulator.calls("CreateCampaign")[-1]["error"] == "ThrottlingException"


def test_every_operation_has_a_bucket_of_its_own(limited):
    for _ in range(2):
        limited.campaigns.start_campaign(id=limited.create())
    assert refusal(limited.create)["status"] == 429


def test_starts_and_creations_may_share_a_bucket_and_reads_have_their_own(limited):
    limited.emulator.set_settings(rates={"buckets": "group"})
    campaign_id = limited.create()
    limited.campaigns.start_campaign(id=campaign_id)
    assert refusal(limited.campaigns.pause_campaign, id=campaign_id)["status"] == 429
    for _ in range(8):
        limited.campaigns.describe_campaign(id=campaign_id)
    assert limited.state(campaign_id) == "Running"


def test_a_token_comes_back_by_real_time_though_the_clock_stands_still(limited):
    for _ in range(2):
        limited.create()
    before = limited.now()
    time.sleep(1.05)
    limited.create()
    assert limited.now() == before


def test_a_token_comes_back_by_emulator_time_where_that_is_faster(limited):
    for _ in range(2):
        limited.create()
    assert refusal(limited.create)["status"] == 429
    limited.step(60)
    for _ in range(2):
        limited.create()
    assert refusal(limited.create)["status"] == 429, "a bucket holds no more than its burst"


def test_every_region_has_buckets_of_its_own(limited):
    for _ in range(2):
        limited.create()
    elsewhere = limited.emulator.client("connectcampaignsv2", region="eu-west-2")
    elsewhere.create_campaign(name="a", connectInstanceId=INSTANCE)


def test_an_sdk_that_waits_gets_through(limited):
    patient = limited.emulator.client("connectcampaignsv2", attempts=8)
    for number in range(4):
        patient.create_campaign(name=f"c{number}", connectInstanceId=INSTANCE)
    counts = limited.emulator.counts()["connectcampaignsv2.CreateCampaign"]
    assert counts["effects"] == 4
    assert counts["requests"] > 4


def test_the_documented_rates():
    named = {name: rate_of("connectcampaignsv2", name) for name in SERVICES["connectcampaignsv2"].operations}
    figures = {name: (rate.per_second, rate.burst) for name, rate in named.items()}
    assert figures["StartCampaign"] == figures["DeleteCampaign"] == figures["TagResource"] == (1, 2)
    assert figures["GetCampaignState"] == figures["GetCampaignStateBatch"] == figures["ListCampaigns"] == (5, 10)
    assert figures["DescribeCampaign"] == (25, 35)
    assert figures["UpdateCampaignSchedule"] == figures["UpdateCampaignSource"] == (2, 5)
    assert rate_of("customer-profiles", "CreateSegmentEstimate") is None, "none is documented"
    assert rate_of("connect", "GetMetricDataV2").per_second == 10
    assert all(rate.burst >= 1 for rate in named.values())


def test_a_bucket_gives_out_its_rate_and_no_more():
    clock = Clock()
    clock.change(frozen=True)
    buckets = Buckets(clock)
    passed = 0
    for _ in range(100):
        clock.change(step_seconds=0.1)
        passed += buckets.take("connectcampaignsv2", "StartCampaign", region="us-east-1", shared=False) is None
    assert passed in {11, 12}, "the burst of two, then one a second for ten seconds"


def test_a_quota_of_campaigns_and_of_active_ones(kit):
    kit.emulator.set_settings(campaigns={"max_campaigns": 3, "max_active_campaigns": 1})
    first, second, third = (kit.create() for _ in range(3))
    refused = refusal(kit.create)
    assert (refused["code"], refused["status"]) == ("ServiceQuotaExceededException", 402)
    kit.campaigns.start_campaign(id=first)
    refused = refusal(kit.campaigns.start_campaign, id=second)
    assert (refused["code"], refused["status"]) == ("ConflictException", 409)
    kit.campaigns.stop_campaign(id=first)
    kit.campaigns.start_campaign(id=second)
    kit.campaigns.delete_campaign(id=third)
    kit.create()
