"""What creating and starting a campaign refuse, with the service's class and text."""

from __future__ import annotations

import pytest

from tests.emulator.campaign_kit import FLOW, HOURS, SEGMENT_ARN, refusal

LATE = "Campaign start time has already passed"


@pytest.mark.parametrize(
    ("changes", "seconds_later", "text"),
    [
        ({"schedule": None}, 0, "Missing required campaign parameter Schedule"),
        (
            {"source": {"customerProfilesSegmentArn": SEGMENT_ARN}},
            0,
            "Missing required campaign parameter Campaign Flow",
        ),
        ({}, 61, LATE),
        (
            {"source": {"customerProfilesSegmentArn": SEGMENT_ARN}, "connectCampaignFlowArn": FLOW},
            0,
            f"Segment definition not found: {SEGMENT_ARN}",
        ),
    ],
)
def test_what_create_lets_pass_and_start_refuses(kit, changes, seconds_later, text):
    campaign_id = kit.create(**changes)
    kit.step(seconds_later)
    refused = refusal(kit.campaigns.start_campaign, id=campaign_id)
    assert (refused["code"], refused["status"], refused["text"]) == ("ValidationException", 400, text)
    assert kit.state(campaign_id) == "Initialized"
    assert kit.emulator.effects("StartCampaign") == 0


def test_a_start_needs_its_lead_time_where_the_setting_asks_for_one(kit):
    kit.emulator.set_settings(campaigns={"lead_time_seconds": 300})
    assert "300 seconds" in refusal(kit.campaigns.start_campaign, id=kit.create())["text"]
    kit.campaigns.start_campaign(id=kit.create(schedule=kit.schedule(start=302)))


@pytest.mark.parametrize(("start", "end"), [(60, 60), (60, 30)])
def test_a_schedule_without_extent_is_refused(kit, start, end):
    text = "Schedule end time needs to be greater than start time"
    assert refusal(kit.create, schedule=kit.schedule(start, end))["text"] == text
    campaign_id = kit.create()
    wrong = kit.schedule(start, end)
    assert refusal(kit.campaigns.update_campaign_schedule, id=campaign_id, schedule=wrong)["text"] == text


def test_a_schedule_of_centuries_is_refused_with_the_bound(kit):
    refused = refusal(kit.create, schedule=kit.schedule(end=400 * 365 * 86_400))
    assert "3660 days" in refused["text"]


ZONE = {"defaultTimeZone": "UTC"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"localTimeZoneConfig": {**ZONE, "localTimeZoneDetection": ["ZIP_CODE"]}}, "Only one of"),
        ({"localTimeZoneConfig": {"defaultTimeZone": "Mars/Olympus"}}, "Mars/Olympus"),
        ({"localTimeZoneConfig": {"defaultTimeZone": "America"}}, "America"),
        ({"localTimeZoneConfig": ZONE, "sms": {"openHours": {"dailyHours": {
            "MONDAY": [{"startTime": "T17:00", "endTime": "T09:00"}]}}}}, "T17:00"),
        ({"localTimeZoneConfig": ZONE, "sms": {"openHours": {"dailyHours": {
            "MONDAY": [{"startTime": "T09:00", "endTime": "T25:00"}]}}}}, "T25:00"),
        ({"localTimeZoneConfig": ZONE, "sms": {**HOURS, "restrictedPeriods": {"restrictedPeriodList": [
            {"startDate": "2026-02-30", "endDate": "2026-03-01"}]}}}, "2026-02-30"),
    ],
)  # fmt: skip
def test_communication_times_that_mean_nothing_are_refused(kit, config, said):
    refused = refusal(kit.create, communicationTimeConfig=config)
    assert (refused["code"], refused["status"]) == ("ValidationException", 400)
    assert said in refused["text"]


def test_two_kinds_of_time_zone_pass_where_the_setting_says_so(kit):
    kit.emulator.set_settings(campaigns={"refuse_two_time_zones": False})
    zones = {"defaultTimeZone": "UTC", "localTimeZoneDetection": ["ZIP_CODE"]}
    kit.create(communicationTimeConfig={"localTimeZoneConfig": zones})


def test_the_number_of_campaigns_has_a_quota(kit):
    kit.emulator.set_settings(campaigns={"max_campaigns": 1})
    kit.create()
    refused = refusal(kit.create, name="second")
    assert (refused["code"], refused["status"]) == ("ServiceQuotaExceededException", 402)
    kit.create(connectInstanceId="other")


def test_the_number_of_active_campaigns_has_a_quota(kit):
    kit.emulator.set_settings(campaigns={"max_active_campaigns": 1})
    kit.in_state("Paused")
    refused = refusal(kit.campaigns.start_campaign, id=kit.create())
    assert (refused["code"], refused["status"]) == ("ConflictException", 409)
    assert "active campaigns" in refused["text"]
