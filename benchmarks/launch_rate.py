"""Launches a minute under the service's documented rates, beside a bare loop that sends starts as fast as it may.

Part 1: 50 launches, each a clone of one template for an audience of its own, created and started by
`StartCampaignOperator`, 8 at a time as a pool would allow, in an account that holds 440 finished campaigns.
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
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from launch_account import DOMAIN, INSTANCE, REGION, Account, BareLoop, finish, limit, prepared

from connect_emulator.client import EmulatorProcess

if TYPE_CHECKING:
    from connect_emulator.client import Control

LEDGER = "s3://ledger/launches"
AT_ONCE = 8  # what a pool would allow: more at once only wait for each other, some of them for too long
FINISHED, LAUNCHES, STARTS = 440, 50, 200
LAUNCHED_WITHIN, STARTED_WITHIN = 1.2 * 50, 220.0  # seconds
HOUR = timedelta(hours=1)


def task_context(number: int) -> Any:
    """Give what an operator sees of Airflow."""
    run = SimpleNamespace(
        dag_id="markets", run_id="scheduled__1", run_type="scheduled", run_after=datetime.now(UTC), conf={},
        triggering_user_name=None,
    )  # fmt: skip
    task = SimpleNamespace(task_id="start", map_index=number, try_number=1, xcom_push=lambda **_: None)
    return {"ti": task, "dag_run": run, "dag": SimpleNamespace(timetable=SimpleNamespace(can_be_scheduled=True))}


def lanes(number: int) -> SimpleQueue[Any]:
    """Make what each task at work has to itself, with its clients; it isn't for two threads at a time."""
    from connect_campaigns.hooks import ConnectCampaignsHook

    made: SimpleQueue[Any] = SimpleQueue()
    for _ in range(number):
        hook = ConnectCampaignsHook("aws_default")
        assert hook.campaigns  # its clients are there when the time begins
        made.put(hook)
    return made


def run_all(operators: list[Any], hooks: SimpleQueue[Any]) -> tuple[float, list[str]]:
    """Execute operators as tasks, some at a time; give the seconds until the last is green, and what failed."""
    failures: list[str] = []

    def execute(numbered: tuple[int, Any]) -> None:
        number, operator = numbered
        operator.hook = hooks.get()
        try:
            operator.execute(task_context(number))
        except Exception as error:  # noqa: BLE001 - a task's failure, counted
            failures.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")
        hooks.put(operator.hook)

    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(execute, enumerate(operators)))
    return time.monotonic() - began, failures


def used(control: Control, before: dict[str, dict[str, int]], number: int) -> str:
    """Say which calls were made since, per launch; and how many of them were throttled."""
    rows = []
    throttled = Counter(f"{call['service']}.{call['operation']}" for call in control.calls() if call["status"] == 429)
    for name, count in control.counts().items():
        calls = count["requests"] - before.get(name, {"requests": 0})["requests"]
        if calls:
            rows.append(f"  {name:48} {calls / number:6.2f}   of which throttled {throttled[name] / number:5.2f}")
    return "\n".join(rows)


def part(
    name: str,
    control: Control,
    operators: list[Any],
    hooks: SimpleQueue[Any],
    bare: BareLoop,
    *,
    within: float,
    starts: int,
) -> bool:
    """Run one part beside the bare loop and print what it took; say whether it is what was asked for."""
    before, processor = control.counts(), time.process_time()
    for each in (control, bare.control):
        each.set_clock(frozen=False)
    bare.start()
    seconds, failures = run_all(operators, hooks)
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
        hooks = lanes(AT_ONCE)
        met = True
        if given.launches:
            operators = launches(ours.control, given.launches)
            bare = BareLoop(Account(other.control), prepared(other.control, given.launches))
            name = f"{given.launches} launches beside {FINISHED} finished campaigns, {AT_ONCE} at a time"
            within = LAUNCHED_WITHIN * given.launches / LAUNCHES
            met &= part(name, ours.control, operators, hooks, bare, within=within, starts=given.launches)
        if given.starts:
            other.control.reset()
            bare = BareLoop(Account(other.control), prepared(other.control, given.starts))
            operators = starts(ours.control, given.starts)
            name = f"{given.starts} starts of prepared campaigns, {AT_ONCE} at a time"
            within = STARTED_WITHIN * given.starts / STARTS
            met &= part(name, ours.control, operators, hooks, bare, within=within, starts=given.starts)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
