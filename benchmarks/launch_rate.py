"""Launches a minute under the service's documented rates, beside a bare loop that sends starts as fast as it may.

Part 1: 50 launches, each a clone of one template for an audience of its own, created and started by
`StartCampaignOperator`, 16 at a time as mapped tasks would run, in an account that holds 440 finished campaigns.
Part 2: 200 starts of campaigns that were prepared before, of which the service lets 50 be active at once.
The bare loop runs beside each, at the same time, on an emulator of its own.

Not measured: Airflow's scheduler and the start of its task processes, to which the making of boto3's clients belongs.
The processor time of this process is printed: on a busy machine the launches wait for it and not for the service.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from connect_emulator.client import EmulatorProcess

if TYPE_CHECKING:
    from connect_emulator.client import Control

REGION = "us-east-1"
INSTANCE = "11111111-2222-3333-4444-555555555555"
FLOW = f"arn:aws:connect:{REGION}:123456789012:instance/{INSTANCE}/contact-flow/66666666-7777-8888-9999-000000000000:1"
LEDGER = "s3://ledger/launches"
DOMAIN = "crm"
AT_ONCE = 16  # Airflow's own default: tasks of one DAG that run at the same time
FINISHED, LAUNCHES, STARTS = 440, 50, 200
MAX_ACTIVE = 50  # documented; the emulator refuses the next start
LEAD, APART = 45.0, 1.0  # seconds from its start to a prepared campaign's end, and between two of them
LAUNCHED_WITHIN, STARTED_WITHIN = 1.2 * 50, 220.0  # seconds
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
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, max_pool_connections=AT_ONCE),
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


def staggered(account: Account, number: int, *, audience: str, first: float, apart: float) -> list[str]:
    """Make campaigns whose start times come one after the other; each ends as it begins, its audience is so small."""
    now = account.now()
    return [
        account.campaign(
            f"prepared-{at}",
            audience,
            start=now + timedelta(seconds=first + at * apart),
            end=now + timedelta(hours=5),
        )
        for at in range(number)
    ]


def finish(account: Account, number: int, *, audience: str) -> None:
    """Fill the account with campaigns that have run."""
    now = account.now()
    account.control.set_settings(campaigns={"max_active_campaigns": number})
    for at in range(number):
        made = account.campaign(
            f"finished-{at}", audience, start=now + timedelta(hours=1), end=now + timedelta(hours=2)
        )
        account.campaigns.start_campaign(id=made)
    account.control.set_clock(step_seconds=3 * 3600)
    account.control.set_settings(campaigns={"max_active_campaigns": MAX_ACTIVE})


class BareLoop(threading.Thread):
    """Sends one start after the other, as soon as the rate allows: two at once, then one a second."""

    def __init__(self, account: Account, campaigns: list[str]) -> None:
        super().__init__(daemon=True)
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


class Task:
    """What an operator sees of Airflow."""

    def __init__(self, number: int) -> None:
        self.xcoms: dict[str, Any] = {}
        self.task_id, self.map_index, self.try_number = "start", number, 1
        self.run = SimpleNamespace(
            dag_id="markets",
            run_id="scheduled__1",
            run_type="scheduled",
            run_after=datetime.now(UTC),
            triggering_user_name=None,
            conf={},
        )

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value

    def context(self) -> Any:
        return {
            "ti": self,
            "dag_run": self.run,
            "dag": SimpleNamespace(timetable=SimpleNamespace(can_be_scheduled=True)),
        }


def run_all(operators: list[Any]) -> tuple[float, list[str]]:
    """Execute operators as tasks, some at a time; give the seconds until the last is green, and what failed."""
    failures: list[str] = []

    def execute(numbered: tuple[int, Any]) -> None:
        number, operator = numbered
        try:
            operator.execute(Task(number).context())
        except Exception as error:  # noqa: BLE001 - a task's failure, counted
            failures.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")

    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(execute, enumerate(operators)))
    return time.monotonic() - began, failures


def limit(control: Control) -> None:
    """Switch the documented rates on, and have audiences of ten contacted at once."""
    control.set_settings(rates={"enforced": True}, campaigns={"attempts_per_minute": 1_000_000})


def used(control: Control, before: dict[str, dict[str, int]], number: int) -> str:
    """Say which calls were made since, per launch; and how many of them were throttled."""
    rows = []
    throttled = Counter(f"{call['service']}.{call['operation']}" for call in control.calls() if call["status"] == 429)
    for name, count in control.counts().items():
        calls = count["requests"] - before.get(name, {"requests": 0})["requests"]
        if calls:
            rows.append(f"  {name:48} {calls / number:6.2f}   of which throttled {throttled[name] / number:5.2f}")
    return "\n".join(rows)


def part(name: str, control: Control, operators: list[Any], bare: BareLoop, *, within: float, starts: int) -> bool:
    """Run one part beside the bare loop and print what it took; say whether it is what was asked for."""
    for operator in operators:
        assert operator.hook.campaigns  # its clients are there when the time begins
    before, processor = control.counts(), time.process_time()
    bare.start()
    seconds, failures = run_all(operators)
    processor = time.process_time() - processor
    plain = bare.of()
    effects = (
        control.effects("StartCampaign") - before.get("connectcampaignsv2.StartCampaign", {"effects": 0})["effects"]
    )
    met = seconds <= within and not failures and effects == starts
    print(f"{name}: {seconds:.1f} s, asked {within:.0f}; bare loop {plain:.1f} s, ratio {seconds / plain:.2f}")
    print(f"  {processor:.1f} s of processor time in this process, bare loop included")
    print(f"  {effects} starts took effect, {len(failures)} failures: {'met' if met else 'NOT MET'}")
    for text, count in Counter(failures).most_common(5):
        print(f"  {count} x {text}")
    print("  calls per launch:")
    print(used(control, before, len(operators)), flush=True)
    return met


def connect(url: str) -> None:
    """Give the operators their Airflow connection, and quiet."""
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "CRITICAL"
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-of-benchmark-")
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "*", "no_proxy": "*"}
    extra = {
        "region_name": REGION,
        "endpoint_url": url,
        "connect_instance_id": INSTANCE,
        "customer_profiles_domain": DOMAIN,
        "launch_ledger": LEDGER,
    }
    connection = {"conn_type": "aws", "login": "AKIDEXAMPLE", "password": "not-a-secret", "extra": extra}
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(connection)


def open_ledger(account: Account) -> None:
    """Make the ledger."""
    from connect_campaigns.hooks import ConnectCampaignsHook

    account.client("s3").create_bucket(Bucket="ledger")
    ledger = ConnectCampaignsHook("aws_default").ledger_at(None)
    assert ledger is not None
    ledger.init(at=datetime.now(UTC), by="benchmark")


def prepared(control: Control, number: int) -> list[str]:
    """Make campaigns that can start one a second, of which at most 45 are active at a time."""
    account = Account(control)
    [audience] = account.audiences(1)
    made = staggered(account, number, audience=audience, first=LEAD, apart=APART)
    limit(control)
    return made


def launches(control: Control, number: int) -> list[Any]:
    """Fill an account, and make the operators that launch in it."""
    from connect_campaigns.operators.campaigns import StartCampaignOperator

    account = Account(control)
    audiences = account.audiences(number + 1)
    finish(account, FINISHED, audience=audiences[-1])
    now = account.now()
    template = account.campaign("template", audiences[-1], start=now + timedelta(hours=1), end=now + timedelta(hours=2))
    open_ledger(account)
    limit(control)
    return [
        StartCampaignOperator(
            task_id=f"market-{at}", template=template, source=audience, launch_key=f"market-{at}", start_after=3600
        )
        for at, audience in enumerate(audiences[:number])
    ]


def starts(control: Control, number: int) -> list[Any]:
    """Prepare campaigns, and make the operators that start them."""
    from connect_campaigns.operators.campaigns import StartCampaignOperator

    control.reset()
    open_ledger(Account(control))
    return [
        StartCampaignOperator(task_id=f"market-{at}", campaign_id=campaign_id, launch_key=f"market-{at}")
        for at, campaign_id in enumerate(prepared(control, number))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--launches", type=int, default=LAUNCHES, help=f"of part 1 (default: {LAUNCHES})")
    parser.add_argument("--starts", type=int, default=STARTS, help=f"of part 2 (default: {STARTS}); 0 leaves it out")
    given = parser.parse_args()
    with EmulatorProcess() as ours, EmulatorProcess() as other:
        connect(ours.url)
        met = True
        if given.launches:
            operators = launches(ours.control, given.launches)
            bare = BareLoop(Account(other.control), prepared(other.control, given.launches))
            name = f"{given.launches} launches beside {FINISHED} finished campaigns, {AT_ONCE} at a time"
            within = LAUNCHED_WITHIN * given.launches / LAUNCHES
            met &= part(name, ours.control, operators, bare, within=within, starts=given.launches)
        if given.starts:
            other.control.reset()
            bare = BareLoop(Account(other.control), prepared(other.control, given.starts))
            operators = starts(ours.control, given.starts)
            name = f"{given.starts} starts of prepared campaigns, {AT_ONCE} at a time"
            within = STARTED_WITHIN * given.starts / STARTS
            met &= part(name, ours.control, operators, bare, within=within, starts=given.starts)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
