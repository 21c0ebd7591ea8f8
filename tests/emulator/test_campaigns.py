"""Outbound campaigns over HTTP: what is kept, what is refused, how they come to an end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.emulator.campaign_kit import DOMAIN, DOMAIN_ARN, FLOW, HOURS, INSTANCE, INSTANCE_ARN, SEGMENT_ARN, refusal

MODE = {"agentless": {}}
TELEPHONY = {"outboundMode": MODE, "defaultOutboundConfig": {"connectContactFlowId": "flow"}, "capacity": 0.5}


def test_a_campaign_is_described_as_it_was_given(kit):
    given = {
        "name": "spring",
        "connectInstanceId": INSTANCE,
        "type": "MANAGED",
        "source": {"customerProfilesSegmentArn": SEGMENT_ARN},
        "connectCampaignFlowArn": FLOW,
        "channelSubtypeConfig": {"telephony": TELEPHONY},
        "schedule": {**kit.schedule(), "refreshFrequency": "PT30M"},
        "entryLimitsConfig": {"maxEntryCount": 0, "minEntryInterval": "PT1H"},
        "communicationTimeConfig": {
            "localTimeZoneConfig": {"defaultTimeZone": "Europe/Paris"},
            "telephony": {**HOURS, "restrictedPeriods": {"restrictedPeriodList": [
                {"name": "holidays", "startDate": "2026-12-24", "endDate": "2026-12-27"}]}},
        },
        "communicationLimitsOverride": {
            "allChannelSubtypes": {"communicationLimitsList": [
                {"maxCountPerRecipient": 1, "frequency": 7, "unit": "DAY"}]},
            "instanceLimitsHandling": "OPT_IN",
        },
        "tags": {"owner": "somebody"},
    }  # fmt: skip
    made = kit.campaigns.create_campaign(**given)
    assert made["arn"] == f"arn:aws:connect-campaigns:us-east-1:123456789012:campaign/{made['id']}"
    assert made["tags"] == {"owner": "somebody"}
    described = kit.campaigns.describe_campaign(id=made["id"])["campaign"]
    assert abs(described.pop("lastModifiedTime") - kit.now()) < timedelta(seconds=1)
    times = {name: given["schedule"][name].replace(microsecond=0) for name in ("startTime", "endTime")}
    expected = {**given, "id": made["id"], "arn": made["arn"], "schedule": {**given["schedule"], **times}}
    assert described == expected


def test_members_that_the_sdk_does_not_know_stand_in_the_raw_reply(kit):
    seen = []
    client = kit.emulator.client("connectcampaignsv2", region="us-east-1")
    client.meta.events.register("before-parse", lambda response_dict, **_: seen.append(response_dict["body"]))
    kit.emulator.set_settings(campaigns={"extra_describe_members": {"someNewConfig": {"a": 1}}})
    described = client.describe_campaign(id=kit.create())["campaign"]
    assert "someNewConfig" not in described
    assert b'"someNewConfig": {"a": 1}' in seen[-1]


def test_listing_goes_by_pages_and_instance(kit):
    ids = [kit.create(name=f"c{number}") for number in range(5)]
    kit.create(connectInstanceId="other")
    mine = {"filters": {"instanceIdFilter": {"value": INSTANCE, "operator": "Eq"}}}
    pages = list(kit.campaigns.get_paginator("list_campaigns").paginate(**mine, maxResults=2))
    assert [len(page["campaignSummaryList"]) for page in pages] == [2, 2, 1]
    assert [each["id"] for page in pages for each in page["campaignSummaryList"]] == ids
    assert len(kit.campaigns.list_campaigns()["campaignSummaryList"]) == 6
    assert "source" not in pages[0]["campaignSummaryList"][0]
    refused = refusal(kit.campaigns.list_campaigns, nextToken="nonsense")
    assert (refused["code"], refused["status"]) == ("ValidationException", 400)


def test_a_listing_names_the_channels(kit):
    kit.create(channelSubtypeConfig={"telephony": TELEPHONY})
    assert kit.campaigns.list_campaigns()["campaignSummaryList"][0]["channelSubtypes"] == ["TELEPHONY"]


def test_a_batch_of_states_fails_only_for_those_that_are_not_there(kit):
    running = kit.in_state("Running")
    reply = kit.campaigns.get_campaign_state_batch(campaignIds=[running, "missing"])
    assert reply["successfulRequests"] == [{"campaignId": running, "state": "Running"}]
    assert reply["failedRequests"] == [{"campaignId": "missing", "failureCode": "ResourceNotFound"}]


def test_tags_can_be_added_taken_away_and_listed(kit):
    arn = kit.campaigns.describe_campaign(id=kit.create(tags={"a": "1"}))["campaign"]["arn"]
    kit.campaigns.tag_resource(arn=arn, tags={"b": "2"})
    kit.campaigns.untag_resource(arn=arn, tagKeys=["a", "absent"])
    assert kit.campaigns.list_tags_for_resource(arn=arn)["tags"] == {"b": "2"}
    missing = f"{arn[:-1]}x"
    assert refusal(kit.campaigns.tag_resource, arn=missing, tags={"b": "2"})["status"] == 404


def test_schedule_and_source_can_be_replaced_before_the_start(kit):
    campaign_id = kit.create()
    schedule = {name: moment.replace(microsecond=0) for name, moment in kit.schedule(start=120, end=999).items()}
    kit.campaigns.update_campaign_schedule(id=campaign_id, schedule=schedule)
    source = {"customerProfilesSegmentArn": SEGMENT_ARN}
    kit.campaigns.update_campaign_source(id=campaign_id, source=source)
    described = kit.campaigns.describe_campaign(id=campaign_id)["campaign"]
    assert (described["schedule"], described["source"]) == (schedule, source)
    sourceless = kit.create(source=None)
    assert "not added" in refusal(kit.campaigns.update_campaign_source, id=sourceless, source=source)["text"]


@pytest.mark.parametrize(
    "operation",
    ["describe_campaign", "get_campaign_state", "start_campaign", "pause_campaign", "resume_campaign",
     "stop_campaign", "delete_campaign"],
)  # fmt: skip
def test_a_campaign_that_is_not_there(kit, operation):
    refused = refusal(getattr(kit.campaigns, operation), id="nobody")
    assert (refused["code"], refused["status"]) == ("ResourceNotFoundException", 404)
    assert "nobody" in refused["text"]


def test_an_arn_is_no_id_unless_the_setting_says_so(kit):
    arn = kit.campaigns.describe_campaign(id=kit.create())["campaign"]["arn"]
    assert refusal(kit.campaigns.get_campaign_state, id=arn)["status"] == 404
    kit.emulator.set_settings(campaigns={"resolve_arns": True})
    assert kit.state(arn) == "Initialized"


def test_another_region_has_other_campaigns(kit):
    campaign_id = kit.create()
    elsewhere = kit.emulator.client("connectcampaignsv2", region="eu-west-2")
    assert refusal(elsewhere.get_campaign_state, id=campaign_id)["status"] == 404
    assert elsewhere.list_campaigns()["campaignSummaryList"] == []


def test_names_are_free_or_unique_or_idempotent_by_setting(kit):
    first = kit.create()
    assert kit.create() != first
    kit.emulator.set_settings(campaigns={"duplicate_names": "conflict"})
    assert refusal(kit.create)["code"] == "ConflictException"
    kit.emulator.set_settings(campaigns={"duplicate_names": "idempotent"})
    assert kit.create() == first
    assert kit.create(connectInstanceId="other") != first


def test_a_segment_campaign_completes_when_all_were_attempted(kit):
    kit.emulator.set_settings(campaigns={"attempts_per_minute": 60})
    campaign_id = kit.create_for_segment(kit.audience(10))
    kit.campaigns.start_campaign(id=campaign_id)
    kit.step(60 + 9)
    assert kit.state(campaign_id) == "Running"
    kit.step(1)
    assert kit.state(campaign_id) == "Completed"


def test_the_audience_is_that_of_the_start_time_whoever_looks_when(kit):
    kit.emulator.set_settings(campaigns={"attempts_per_minute": 60})
    campaign_id = kit.create_for_segment(kit.audience(3))
    kit.campaigns.start_campaign(id=campaign_id)
    profiles = kit.emulator.client("customer-profiles")
    kit.step(59)
    profiles.create_profile(DomainName=DOMAIN, FirstName="just in time")
    kit.step(2)
    profiles.create_profile(DomainName=DOMAIN, FirstName="too late")
    kit.step(2)
    assert kit.state(campaign_id) == "Running"
    kit.step(1)
    assert kit.state(campaign_id) == "Completed", "four were attempted, not three and not five"


def test_whoever_comes_first_after_the_start_time_finds_the_audience_counted(kit):
    """On a running clock nothing tells the emulator that a start time has come."""
    kit.emulator.set_settings(campaigns={"attempts_per_minute": 60})
    schedule = kit.schedule(start=30)
    campaign_id = kit.create_for_segment(kit.audience(3), schedule=schedule)
    kit.campaigns.start_campaign(id=campaign_id)
    kit.emulator.set_clock(frozen=False, speed=200)
    while kit.now() <= schedule["startTime"]:
        pass
    kit.emulator.client("customer-profiles").create_profile(DomainName=DOMAIN, FirstName="too late")
    kit.emulator.set_clock(frozen=True, now=(schedule["startTime"] + timedelta(seconds=3000)).isoformat())
    assert figures_of(kit, campaign_id) == 3


def test_the_audience_is_as_of_the_start_time_and_not_of_the_first_look(kit):
    campaign_id = kit.create_for_segment(kit.audience(3, expiration_days=1), schedule=kit.schedule(end=5 * 86_400))
    kit.campaigns.start_campaign(id=campaign_id)
    kit.step(2 * 86_400)
    assert figures_of(kit, campaign_id) == 3, "they expired later, when nobody had looked yet"


def figures_of(kit, campaign_id: str) -> float:
    arn = kit.campaigns.describe_campaign(id=campaign_id)["campaign"]["arn"]
    reply = kit.emulator.client("connect").get_metric_data_v2(
        ResourceArn=INSTANCE_ARN,
        StartTime=kit.now() - timedelta(days=30),
        EndTime=kit.now(),
        Filters=[{"FilterKey": "CAMPAIGN", "FilterValues": [arn]}],
        Groupings=["CAMPAIGN"],
        Metrics=[{"Name": "RECIPIENTS_TARGETED"}],
    )
    return float(reply["MetricResults"][0]["Collections"][0]["Value"])


def test_an_empty_segment_completes_at_its_start_time(kit):
    campaign_id = kit.create_for_segment(kit.audience(0))
    kit.campaigns.start_campaign(id=campaign_id)
    assert kit.state(campaign_id) == "Running"
    kit.step(60)
    assert kit.state(campaign_id) == "Completed"


def test_both_spellings_of_a_segment_arn_are_understood(kit):
    arn = kit.audience(1).replace("/segment-definitions/", "/segments/")
    kit.campaigns.start_campaign(id=kit.create_for_segment(arn))


def test_nobody_is_attempted_outside_the_communication_hours(kit):
    day = (kit.now() + timedelta(days=1)).strftime("%A").upper()
    config = {
        "localTimeZoneConfig": {"defaultTimeZone": "UTC"},
        "sms": {"openHours": {"dailyHours": {day: [{"startTime": "T00:00", "endTime": "T24:00"}]}}},
    }
    campaign_id = kit.create_for_segment(
        kit.audience(3), schedule=kit.schedule(end=3 * 86_400), communicationTimeConfig=config
    )
    kit.campaigns.start_campaign(id=campaign_id)
    midnight = (kit.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    kit.emulator.set_clock(now=midnight.isoformat())
    assert kit.state(campaign_id) == "Running"
    kit.step(60)
    assert kit.state(campaign_id) == "Completed"


def test_of_sixteen_starts_at_once_one_succeeds(kit):
    campaign_id = kit.create()
    clients = [kit.emulator.client("connectcampaignsv2") for _ in range(16)]

    def start(client) -> int:
        try:
            client.start_campaign(id=campaign_id)
        except client.exceptions.InvalidCampaignStateException as error:
            return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return 200

    with ThreadPoolExecutor(16) as pool:
        statuses = sorted(pool.map(start, clients))
    assert statuses == [200] + [409] * 15
    assert kit.emulator.counts()["connectcampaignsv2.StartCampaign"] == {"requests": 16, "effects": 1}


def test_an_event_campaign_runs_until_its_end(kit):
    campaign_id = kit.create(source={"eventTrigger": {"customerProfilesDomainArn": DOMAIN_ARN}})
    kit.campaigns.start_campaign(id=campaign_id)
    kit.step(3600)
    assert kit.state(campaign_id) == "Running"
    kit.step(5)
    assert kit.state(campaign_id) == "Completed"
