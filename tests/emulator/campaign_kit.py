"""Campaigns for the emulator's tests: made by boto3, brought into any state by API and clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

INSTANCE = "11111111-2222-3333-4444-555555555555"
INSTANCE_ARN = f"arn:aws:connect:us-east-1:123456789012:instance/{INSTANCE}"
FLOW = f"{INSTANCE_ARN}/contact-flow/66666666-7777-8888-9999-000000000000:1"
DOMAIN = "crm"
DOMAIN_ARN = f"arn:aws:profile:us-east-1:123456789012:domains/{DOMAIN}"
SEGMENT_ARN = f"{DOMAIN_ARN}/segment-definitions/everybody"
HOURS = {"openHours": {"dailyHours": {"MONDAY": [{"startTime": "T09:00", "endTime": "T17:00"}]}}}
STATES = ("Initialized", "Running", "Paused", "Stopped", "Failed", "Completed")


class Kit:
    """Makes campaigns in one emulator, whose clock it stops."""

    def __init__(self, emulator: Any) -> None:
        self.emulator = emulator
        self.campaigns = emulator.client("connectcampaignsv2")
        emulator.set_clock(frozen=True)

    def now(self) -> datetime:
        return datetime.fromisoformat(self.emulator.clock()["now"])

    def step(self, seconds: float) -> None:
        self.emulator.set_clock(step_seconds=seconds)

    def audience(self, people: int, *, expiration_days: int = 366) -> str:
        """Make a domain with so many profiles and a segment of all; give the segment's ARN."""
        profiles = self.emulator.client("customer-profiles")
        profiles.create_domain(DomainName=DOMAIN, DefaultExpirationDays=expiration_days)
        for number in range(people):
            profiles.create_profile(DomainName=DOMAIN, FirstName=f"P{number}")
        everybody = {"Groups": [{"Dimensions": []}], "Include": "ALL"}
        made = profiles.create_segment_definition(
            DomainName=DOMAIN, SegmentDefinitionName="everybody", DisplayName="Everybody", SegmentGroups=everybody
        )
        return str(made["SegmentDefinitionArn"])

    def schedule(self, start: float = 60, end: float = 3600) -> dict[str, Any]:
        """Give a schedule, in seconds from now."""
        now = self.now()
        return {"startTime": now + timedelta(seconds=start), "endTime": now + timedelta(seconds=end)}

    def create(self, **changes: Any) -> str:
        """Create a campaign (event triggered, unless a source is given) and give its id."""
        config: dict[str, Any] = {
            "name": "spring",
            "connectInstanceId": INSTANCE,
            "source": {"eventTrigger": {"customerProfilesDomainArn": DOMAIN_ARN}},
            "schedule": self.schedule(),
            **changes,
        }
        given = {name: value for name, value in config.items() if value is not None}
        return str(self.campaigns.create_campaign(**given)["id"])

    def create_for_segment(self, arn: str, **changes: Any) -> str:
        source = {"customerProfilesSegmentArn": arn}
        return self.create(source=source, connectCampaignFlowArn=FLOW, **changes)

    def state(self, campaign_id: str) -> str:
        return str(self.campaigns.get_campaign_state(id=campaign_id)["state"])

    def in_state(self, state: str) -> str:
        """Make a campaign and bring it into a state."""
        campaign_id = self._failing() if state == "Failed" else self.create()
        if state not in {"Initialized", "Failed"}:
            self.campaigns.start_campaign(id=campaign_id)
        if state == "Paused":
            self.campaigns.pause_campaign(id=campaign_id)
        if state == "Stopped":
            self.campaigns.stop_campaign(id=campaign_id)
        if state == "Completed":
            self.step(3700)
        assert self.state(campaign_id) == state
        return campaign_id

    def _failing(self) -> str:
        """Start a campaign whose segment definition is gone at its start time."""
        campaign_id = self.create_for_segment(self.audience(1))
        self.campaigns.start_campaign(id=campaign_id)
        profiles = self.emulator.client("customer-profiles")
        profiles.delete_segment_definition(DomainName=DOMAIN, SegmentDefinitionName="everybody")
        self.step(61)
        return campaign_id


def refusal(call: Any, **arguments: Any) -> dict[str, Any]:
    """Make a call that is refused; give the error's whole reply, with `status` and `code` beside it."""
    try:
        call(**arguments)
    except ClientError as error:
        reply = dict(error.response)
        return {
            **reply,
            "status": reply["ResponseMetadata"]["HTTPStatusCode"],
            "code": reply["Error"]["Code"],
            "text": reply["Error"]["Message"],
        }
    message = "the call was expected to be refused, and succeeded"
    raise AssertionError(message)
