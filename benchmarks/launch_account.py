"""An account of the emulator for the benchmark of launches: its audiences, its campaigns, and a bare loop that starts them."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from connect_emulator.client import Control

REGION = "us-east-1"
INSTANCE = "11111111-2222-3333-4444-555555555555"
FLOW = f"arn:aws:connect:{REGION}:123456789012:instance/{INSTANCE}/contact-flow/66666666-7777-8888-9999-000000000000:1"
DOMAIN = "crm"
MAX_ACTIVE = 50  # documented; the emulator refuses the next start
LEAD, APART = 45.0, 1.0  # seconds from its start to a prepared campaign's end, and between two of them
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
VOICE = {
    "telephony": {
        "connectQueueId": "aaaaaaaa-1111-2222-3333-444444444444",
        "outboundMode": {"agentless": {}},
        "defaultOutboundConfig": {"connectContactFlowId": "bbbbbbbb-1111-2222-3333-444444444444"},
    }
}
HOURS = {
    "localTimeZoneConfig": {"defaultTimeZone": "UTC"},
    "telephony": {"openHours": {"dailyHours": {day: [{"startTime": "T00:00", "endTime": "T23:59"}] for day in DAYS}}},
}
HOUR = timedelta(hours=1)
LIMITS = {"instanceLimitsHandling": "OPT_IN"}


class Account:
    """An emulator's audiences and campaigns."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.campaigns = self.client("connectcampaignsv2")

    def client(self, service: str) -> Any:
        make: Any = boto3.client  # its stub has an overload per service
        return make(
            service,
            region_name=REGION,
            endpoint_url=self.control.url,
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="not-a-secret",  # noqa: S106 - nobody checks it
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
        )

    def audiences(self, number: int) -> list[str]:
        """Make segments of the same ten people; give their ARNs."""
        profiles = self.client("customer-profiles")
        profiles.create_domain(DomainName=DOMAIN, DefaultExpirationDays=366)
        for person in range(10):
            profiles.create_profile(DomainName=DOMAIN, FirstName=f"P{person}")
        everybody = {"Groups": [{"Dimensions": []}], "Include": "ALL"}
        return [
            profiles.create_segment_definition(
                DomainName=DOMAIN, SegmentDefinitionName=f"market-{at}", DisplayName="x", SegmentGroups=everybody
            )["SegmentDefinitionArn"]
            for at in range(number)
        ]

    def campaign(self, name: str, audience: str, *, start: datetime, end: datetime) -> str:
        """Make a campaign that could start; give its id."""
        made = self.campaigns.create_campaign(
            name=name,
            connectInstanceId=INSTANCE,
            channelSubtypeConfig=VOICE,
            source={"customerProfilesSegmentArn": audience},
            connectCampaignFlowArn=FLOW,
            communicationTimeConfig=HOURS,
            communicationLimitsOverride=LIMITS,
            schedule={"startTime": start, "endTime": end},
        )
        return str(made["id"])

    def now(self) -> datetime:
        return datetime.fromisoformat(self.control.clock()["now"])


def finish(account: Account, number: int, *, audience: str) -> None:
    """Fill the account with campaigns that have run."""
    now = account.now()
    account.control.set_settings(campaigns={"max_active_campaigns": number})
    for at in range(number):
        made = account.campaign(f"finished-{at}", audience, start=now + HOUR, end=now + 2 * HOUR)
        account.campaigns.start_campaign(id=made)
    account.control.set_clock(step_seconds=3 * 3600)
    account.control.set_settings(campaigns={"max_active_campaigns": MAX_ACTIVE})


def prepared(control: Control, number: int) -> list[str]:
    """Make campaigns that can start one a second, of which at most 45 are active then; the clock stands still after."""
    account = Account(control)
    [audience] = account.audiences(1)
    control.set_clock(frozen=True)  # so that the last one made has as much time as the first
    now = account.now()  # each ends as it begins, its audience is so small
    starts = [now + timedelta(seconds=LEAD + at * APART) for at in range(number)]
    end = now + timedelta(hours=5)
    made = [account.campaign(f"prepared-{at}", audience, start=start, end=end) for at, start in enumerate(starts)]
    limit(control)
    return made


def limit(control: Control) -> None:
    """Switch the documented rates on, and have audiences of ten contacted at once."""
    control.set_settings(rates={"enforced": True}, campaigns={"attempts_per_minute": 1_000_000})


class BareLoop(threading.Thread):
    """Sends one start after the other, as soon as the rate allows: two at once, then one a second."""

    def __init__(self, account: Account, campaigns: list[str]) -> None:
        super().__init__(daemon=True)
        self.control = account.control
        self._account = account
        self._campaigns = campaigns
        self.seconds = 0.0
        self.error: Exception | None = None

    def run(self) -> None:
        began = time.monotonic()
        try:
            for at, campaign_id in enumerate(self._campaigns):
                time.sleep(max(0.0, began + max(0, at - 1) - time.monotonic()))
                self._start(campaign_id)
        except Exception as error:  # noqa: BLE001 - told by `of`
            self.error = error
        self.seconds = time.monotonic() - began

    def _start(self, campaign_id: str) -> None:
        while True:
            try:
                self._account.campaigns.start_campaign(id=campaign_id)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ThrottlingException":
                    raise
                time.sleep(0.02)
            else:
                return

    def of(self) -> float:
        """Wait for its end; give its seconds."""
        self.join()
        if self.error is not None:
            raise self.error
        return self.seconds
