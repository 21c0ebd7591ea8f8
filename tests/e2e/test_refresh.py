"""The shipped DAGs in a real Airflow: a refresh launches once by itself, ten days of backfill launch nobody.

`make test-airflow`: it takes minutes, so that a plain pytest leaves it out.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.airflow_kit import DAGS, takes_minutes
from tests.launch_kit import LEDGER, World
from tests.segment_kit import membership, profiles_by_phone
from tests.standalone_kit import Standalone, until
from tests.waiting_kit import connection_json

pytestmark = [
    takes_minutes,
    pytest.mark.timeout(1800),
]
LIMITS = {
    "allChannelSubtypes": {"communicationLimitsList": [{"maxCountPerRecipient": 1, "frequency": 1, "unit": "DAY"}]}
}
TODAY = datetime.now(UTC)
DAYS = [f"{TODAY - timedelta(days=ago):%Y-%m-%d}" for ago in range(12, 2, -1)]
ENDED = {"success", "failed"}
MOST = 40
"""Whose numbers go up to this are in one of the files, or in none."""


def replaced(name, **changes):
    """Give a shipped DAG with some of its text replaced; each must be there."""
    text = (DAGS / f"{name}.py").read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def dags(folder):
    # The last scheduled run was 22 hours ago whenever the test runs: unpaused, Airflow makes it, and it is too old.
    refresh = {
        "0 3 * * *": f"0 {(TODAY.hour + 2) % 24} * * *",
        'ZONE = "Europe/Paris"': 'ZONE = "UTC"',
        "/data/spring-fr": str(folder),
        '"{{ params.segment }}"': '"Group=spring"',
    }
    # The second refresh of a day attaches to the day's launch: a key for each run shows that it launches at all.
    launch = {
        'per_day(SEGMENT, timezone="Europe/Paris")': 'SEGMENT + "/{{ dag_run.run_id }}"',
        "per_day, ": "",
        'Param("spring"': 'Param("spring-limits"',
        "Param(60,": "Param(1,",
        'if_no_limits="fail"': 'if_no_limits="fail", min_launch_gap=None',
    }
    return {
        "refresh_segment.py": replaced("refresh_segment", **refresh),
        "launch_on_refresh.py": replaced("launch_on_refresh", **launch),
    }


def phone(number):
    return f"+1202555{100 + number:04}"


def write_files(folder):
    """Write today's file, of five people, and those of days past, each of another size, and none of today's people."""
    folder.mkdir()
    days = [f"{TODAY - timedelta(days=ago):%Y-%m-%d}" for ago in range(-1, 15)]
    for index, day in enumerate(days):
        people = range(5) if index < 2 else range(10, 20 + index)
        assert max(people) < MOST
        rows = [f"c{each},{phone(each)},spring" for each in people]
        (folder / f"{day}.csv").write_text("\n".join(["customer_id,phone,Group", *rows, ""]))
    return {day: 10 + index for index, day in enumerate(days) if index >= 2}


class Site:
    """One Airflow with the two DAGs, and the world that they launch in."""

    def __init__(self, airflow, world):
        self.airflow = airflow
        self.world = world

    def refresh(self):
        """Trigger a refresh, and give its run when it is over."""
        path = self.airflow.trigger("refresh_segment")
        return self.over(lambda: [self.airflow.get(path)])[0]

    def over(self, runs, number=1):
        """Wait until so many runs are there and over, and give them."""
        found = until(
            lambda: [each for each in runs() if each["state"] in ENDED][number - 1 :] and runs(),
            seconds=600, step=1, why=lambda: json.dumps([[each["dag_run_id"], each["state"]] for each in runs()]),
        )  # fmt: skip
        return list(found)

    def launches(self):
        return self.airflow.runs("launch_on_refresh")

    def launched(self, number):
        """See the launch of a refresh through: started, and brought to its end by the clock."""
        until(lambda: self.world.starts == number, seconds=600, step=1, why=self.tasks)
        self.world.kit.step(31 * 60)
        self.world.kit.step(3600)
        runs = self.over(self.launches, number)
        assert [each["run_type"] for each in runs] == ["asset_triggered"] * number
        assert [each["state"] for each in runs] == ["success"] * number, self.tasks()
        return runs

    def tasks(self):
        runs = [*self.launches(), *self.airflow.runs("refresh_segment")]
        each = {run["dag_run_id"]: self.states(run) for run in runs}
        return json.dumps(each, indent=1)

    def states(self, run):
        path = f"/api/v2/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}/taskInstances?limit=100"
        return {each["task_id"]: each["state"] for each in self.airflow.get(path)["task_instances"]}

    def counted(self, run):
        path = f"/api/v2/dags/refresh_segment/dagRuns/{run['dag_run_id']}/taskInstances"
        return self.airflow.get(f"{path}/prepare_segment.count_backfilled/xcomEntries/count")["value"]

    def events(self):
        return self.airflow.get("/api/v2/assets/events?limit=100&order_by=timestamp")["asset_events"]

    def audience(self):
        """Who would be called: the profiles of the file's people, and of the last segment, counted without our package."""
        profiles = self.world.emulator.client("customer-profiles")
        query = {"Groups": [{"Dimensions": [
            {"ProfileAttributes": {"Attributes": {"Group": {"DimensionType": "INCLUSIVE", "Values": ["spring"]}}}}
        ]}]}  # fmt: skip
        name = self.events()[-1]["extra"]["name"]
        last = profiles.get_segment_definition(DomainName="crm", SegmentDefinitionName=name)["SegmentGroups"]
        found = []
        for groups in (query, last):
            estimate = profiles.create_segment_estimate(DomainName="crm", SegmentQuery=groups)["EstimateId"]
            while (reply := profiles.get_segment_estimate(DomainName="crm", EstimateId=estimate))[
                "Status"
            ] == "RUNNING":
                time.sleep(0.05)
            found.append(int(reply["Estimate"]))
        return found

    def people(self):
        """Read the profiles of all people in any of the files, with all their fields, and who is in the last segment."""
        profiles = self.world.emulator.client("customer-profiles")
        found = profiles_by_phone(profiles, [phone(each) for each in range(MOST)])
        return found, membership(profiles, self.events()[-1]["extra"]["name"], found)


@pytest.fixture
def world(emulator, monkeypatch):
    made = World(emulator, monkeypatch, people=3)
    made.campaign(name="spring-limits", communicationLimitsOverride={**LIMITS, "instanceLimitsHandling": "OPT_IN"})
    emulator.set_clock(frozen=False)
    return made


@pytest.fixture
def site(world, tmp_path):
    folder = tmp_path / "files"
    connection = connection_json(world.emulator.url, customer_profiles_domain="crm", launch_ledger=LEDGER)
    environment = {"AIRFLOW_CONN_AWS_DEFAULT": connection}
    with Standalone(tmp_path / "airflow", dags=dags(folder), parallelism=4, environment=environment) as airflow:
        made = Site(airflow, world)
        made.sizes = write_files(folder)
        yield made


@pytest.fixture
def say(capsys):
    def said(text):
        with capsys.disabled():
            print(f"\n{text}", end="", flush=True)  # noqa: T201 - what a person reads of this test

    return said


def test_a_refresh_launches_once_by_itself_and_a_backfill_of_ten_days_launches_nobody(site, say):
    for dag_id in ("launch_on_refresh", "refresh_segment"):
        site.airflow.unpause(dag_id)
    [old] = site.over(lambda: site.airflow.runs("refresh_segment"))
    assert old["run_type"] == "scheduled"
    assert site.states(old)["prepare_segment.import_profiles"] == "skipped"  # it was due 22 hours ago
    assert (site.events(), site.launches()) == ([], [])

    assert site.refresh()["state"] == "success", site.tasks()
    [run] = site.launched(1)
    [event] = site.events()
    assert event["uri"] == "x-connect-campaigns://segments/spring-fr"
    assert (event["extra"]["count"], event["extra"]["run_type"]) == (5, "manual")
    assert set(site.states(run).values()) == {"success"}
    say(
        f"refresh 1: published {event['extra']['name']}, {event['extra']['count']} people; launches: {site.world.starts}"
    )

    people, members = site.people()
    assert (len(people), list(members.values())) == (5, ["PRESENT"] * 5)
    audience, writes, templates = site.audience(), site.world.writes(), len(site.world.campaigns())
    assert audience == [5, 5]
    site.airflow.command(
        "backfill", "create", "--dag-id", "refresh_segment", "--from-date", DAYS[0],
        "--to-date", f"{DAYS[-1]}T23:59:59", "--max-active-runs", "3",
    )  # fmt: skip

    def backfilled():
        return [each for each in site.airflow.runs("refresh_segment") if each["run_type"] == "backfill"]

    runs = site.over(backfilled, 10)
    assert [each["run_after"][:10] for each in runs] == DAYS
    counts = [site.counted(each) for each in runs]
    assert counts == [site.sizes[day] for day in DAYS]
    for each in runs:
        states = site.states(each)
        assert set(states.values()) == {"skipped"}, states
    assert site.audience() == audience
    assert site.people() == (people, members)
    assert site.events() == [event]
    assert (len(site.launches()), site.world.starts) == (1, 1)
    assert (site.world.writes() - 2, len(site.world.campaigns())) == (writes, templates)  # our own two estimates

    say(f"backfill of {len(runs)} days: counts {counts}; launches: {site.world.starts - 1}")
    say(f"live audience: {len(people)} profiles, all their fields as before, {len(members)} of them in the segment")

    assert site.refresh()["state"] == "success", site.tasks()
    site.launched(2)
    assert site.world.starts == 2
    say(f"refresh 2: launches: {site.world.starts - 1} more, {site.world.starts} in all")
