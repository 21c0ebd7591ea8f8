"""What a campaign sees of a segment: its members at the scheduled start time, whoever asks and whenever."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.emulator.campaign_kit import DOMAIN, Kit
from tests.emulator.test_uploads import put

if TYPE_CHECKING:
    from tests.conftest import Emulator


def begin_import(emulator: Emulator, names: str) -> Any:
    client = emulator.client("customer-profiles")
    field = {"Source": "_source.name", "Target": "_profile.FirstName"}
    job = client.create_upload_job(DomainName=DOMAIN, DisplayName="x", Fields={"n": field}, UniqueKey="n")["JobId"]
    rows = "\n".join(["name", *names.split()])
    assert put(client.get_upload_job_path(DomainName=DOMAIN, JobId=job), rows)[0] == 200
    client.start_upload_job(DomainName=DOMAIN, JobId=job)

    def status() -> str:
        return str(client.get_upload_job(DomainName=DOMAIN, JobId=job)["Status"])

    return status


def targeted(emulator: Emulator, campaign_id: str) -> int:
    kit_client = emulator.client("connect")
    campaigns = emulator.client("connectcampaignsv2")
    campaign = campaigns.describe_campaign(id=campaign_id)["campaign"]
    start = campaign["schedule"]["startTime"]
    reply = kit_client.get_metric_data_v2(
        ResourceArn=f"arn:aws:connect:us-east-1:123456789012:instance/{campaign['connectInstanceId']}",
        StartTime=start - timedelta(hours=1),
        EndTime=start + timedelta(seconds=1),
        Filters=[{"FilterKey": "CAMPAIGN", "FilterValues": [campaign["arn"]]}],
        Groupings=["CAMPAIGN"],
        Metrics=[{"Name": "RECIPIENTS_TARGETED"}],
    )
    return int(reply["MetricResults"][0]["Collections"][0]["Value"])


def test_profiles_that_expired_by_the_start_time_are_not_called(emulator: Emulator) -> None:
    kit = Kit(emulator)
    arn = kit.audience(2)
    emulator.client("customer-profiles").update_domain(DomainName=DOMAIN, DefaultExpirationDays=1)
    emulator.client("customer-profiles").create_profile(DomainName=DOMAIN, FirstName="short-lived")
    days = timedelta(days=2).total_seconds()
    campaign = kit.create_for_segment(arn, schedule=kit.schedule(start=days, end=days + 3600))
    kit.campaigns.start_campaign(id=campaign)
    kit.step(days + 10)
    assert targeted(emulator, campaign) == 2


def test_both_spellings_of_the_arn_are_understood(emulator: Emulator) -> None:
    kit = Kit(emulator)
    arn = kit.audience(2)
    short = kit.create_for_segment(arn.replace("/segment-definitions/", "/segments/"))
    kit.campaigns.start_campaign(id=short)
    kit.step(61)
    assert targeted(emulator, short) == 2


def test_rows_of_an_import_that_are_applied_after_the_start_time_do_not_count(emulator: Emulator) -> None:
    kit = Kit(emulator)
    arn = kit.audience(2)
    emulator.set_settings(profiles={"upload_delay_seconds": 3})
    campaign = kit.create_for_segment(arn, schedule=kit.schedule(start=60, end=7200))
    kit.campaigns.start_campaign(id=campaign)
    status = begin_import(emulator, "late later latest")
    emulator.set_clock(frozen=False, speed=120)  # the start time is half a second away, the rows come after it
    time.sleep(3.4)  # nobody asks meanwhile
    while status() == "IN_PROGRESS":
        time.sleep(0.05)
    assert targeted(emulator, campaign) == 2


def test_rows_of_an_import_that_are_applied_before_the_start_time_count(emulator: Emulator) -> None:
    kit = Kit(emulator)
    arn = kit.audience(2)
    campaign = kit.create_for_segment(arn)
    kit.campaigns.start_campaign(id=campaign)
    status = begin_import(emulator, "early earlier")
    while status() == "IN_PROGRESS":
        time.sleep(0.05)
    kit.step(120)
    assert targeted(emulator, campaign) == 4


def test_a_segment_whose_source_is_gone_fails_the_campaign(emulator: Emulator) -> None:
    kit = Kit(emulator)
    kit.audience(2)
    profiles = emulator.client("customer-profiles")
    groups = {"Groups": [{"SourceSegments": [{"SegmentDefinitionName": "everybody"}]}]}
    arn = profiles.create_segment_definition(
        DomainName=DOMAIN, SegmentDefinitionName="dependent", DisplayName="x", SegmentGroups=groups
    )["SegmentDefinitionArn"]
    campaign = kit.create_for_segment(arn)
    kit.campaigns.start_campaign(id=campaign)
    profiles.delete_segment_definition(DomainName=DOMAIN, SegmentDefinitionName="everybody")
    kit.step(61)
    assert kit.state(campaign) == "Failed"
