"""Schedules against the emulator's clock: service time decides, whatever the worker's clock says, on any day of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connect_campaigns.core.attempt import LaunchRequest
from connect_campaigns.core.errors import GuardFailed, LaunchSkipped
from connect_campaigns.core.launch import Mode
from connect_campaigns.core.run import RunInfo
from connect_campaigns.core.schedule import checked
from connect_campaigns.core.verdicts import Failed, GuardSettings
from connect_campaigns.launcher import Launcher
from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from connect_campaigns.preflight import preflight
from tests.launch_kit import Ran, World
from tests.waiting_kit import AT_ONCE

TEN = timedelta(minutes=10)
SKEWS = [-TEN, timedelta(0), TEN]


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    return World(emulator, monkeypatch)


def wall(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def decision(ran: Ran, now: datetime) -> tuple:
    """What a run decided, in terms of service time."""
    if ran.error:
        return type(ran.error).__name__, ran.error.code
    start, end = (datetime.fromisoformat(ran.launch[name]) - now for name in ("start", "end"))
    return ran.launch["how"], start, end


def cases(now: datetime) -> dict[str, dict]:
    """Schedules that service time puts just on either side of each bound; ten minutes would tip each of them."""

    def at(**minutes: int) -> dict:
        return {name: wall(now + timedelta(minutes=shift)) for name, shift in minutes.items()} | {"timezone": "UTC"}

    return {
        "ahead": at(start_at=5, latest_start=30, end_at=60),
        "right away": at(start_at=-5, latest_start=5, end_at=60),
        "too late": at(start_at=-9, latest_start=-1, end_at=60),
        "too late, may be": at(start_at=-9, latest_start=-1, end_at=60) | {"if_late": "skip"},
        "still time": at(start_at=-9, end_at=5),
        "over": at(start_at=-9, end_at=0),
        "after a delay": {"start_after": timedelta(minutes=5), **at(end_at=9)},
    }


DECIDED = {
    "ahead": ("started", timedelta(minutes=5), timedelta(minutes=60)),
    "right away": ("started", timedelta(minutes=1), timedelta(minutes=60)),
    "too late": ("GuardFailed", "schedule"),
    "too late, may be": ("LaunchSkipped", "schedule"),
    "still time": ("started", timedelta(minutes=1), timedelta(minutes=5)),
    "over": ("GuardFailed", "schedule"),
    "after a delay": ("started", timedelta(minutes=5), timedelta(minutes=9)),
}


def worker_clock(monkeypatch, now: datetime) -> None:
    """Let the worker's clock, which operators read, stand at a moment."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return now.astimezone(tz)

    monkeypatch.setattr("connect_campaigns.operators.launching.datetime", Clock)


@pytest.mark.parametrize("skew", SKEWS, ids=["worker ahead", "together", "worker behind"])
def test_a_worker_s_clock_that_is_ten_minutes_off_changes_no_decision(world, monkeypatch, skew):
    """Noon of tomorrow at the service; the run is due now by the worker's clock, as Airflow stamps it."""
    noon = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    world.emulator.set_clock(now=noon.isoformat())
    worker_clock(monkeypatch, noon - skew)
    assert world.kit.now() == noon
    found = {}
    for name, given in cases(noon).items():
        operator = StartCampaignOperator(
            task_id="t", template=world.template, launch_key=name, min_launch_gap=None, **given
        )
        found[name] = decision(Ran(operator, due=noon - skew), noon)
    assert found == DECIDED


@pytest.mark.parametrize("skew", SKEWS, ids=["worker behind", "together", "worker ahead"])
def test_only_a_run_s_age_goes_by_the_worker_s_clock(world, skew):
    """The launcher with both clocks in hand: the run was due 11 hours and 55 minutes ago by Airflow's own clock."""
    service = world.kit.now()
    due = service - timedelta(hours=11, minutes=55)
    request = LaunchRequest(
        mode=Mode.CLONE,
        run=RunInfo(dag_id="d", run_id="r", task_id="t", run_type="scheduled", due=due, scheduled=True),
        key="k",
        template=world.template,
        schedule=checked(start_after=TEN),
        guards=GuardSettings(),
    )
    launcher = Launcher(
        request,
        campaigns=world.hook().campaigns,
        ledger=world.hook().ledger_at(None),
        log=world.hook().log,
        wall_clock=lambda: service + skew,
        patience=AT_ONCE,
        nonce=lambda: "nonce",
    )
    verdicts = dict(preflight(launcher)[0])
    assert [name for name, verdict in verdicts.items() if isinstance(verdict, Failed)] == ["run_age"] * (
        skew > timedelta(0)
    )


def test_this_machine_s_own_clock_beside_a_service_ten_minutes_ahead(world):
    """The operator reads this machine's own clock; the service's stands ahead of it, and the window is the service's."""
    here = datetime.now(UTC).replace(microsecond=0)
    world.emulator.set_clock(now=(here + TEN).isoformat())
    operator = StartCampaignOperator(task_id="t", template=world.template, launch_key="k", start_after=TEN)
    ran = Ran(operator, due=here, run_type="scheduled", scheduled=True)
    assert decision(ran, here)[:2] == ("started", 2 * TEN)


@pytest.mark.parametrize(
    ("minutes", "end_at", "words"),
    [(60, 90, "`latest_start` was"), (None, 90, "`end_at` was"), (None, None, None)],
)
def test_an_old_run_doesn_t_start_a_campaign_made_by_hand_whose_own_time_is_ahead(world, minutes, end_at, words):
    """`latest_start` and `end_at` decide in place of the run's age: so they are asked for its own schedule too."""
    now = world.kit.now()
    given = world.campaign(name="by hand", schedule=world.kit.schedule(600, 3600))
    due = now - timedelta(days=5)
    midnight = due.replace(hour=0, minute=0)
    given_times = {"start_at": 0, "latest_start": minutes, "end_at": end_at}
    bounds = {
        name: wall(midnight + timedelta(minutes=shift)) for name, shift in given_times.items() if shift is not None
    }
    start = StartCampaignOperator(
        task_id="t", campaign_id=given, launch_key="k", renew_schedule=True, timezone="UTC", **bounds
    )
    refused = Ran(start, due=due, run_type="scheduled", scheduled=True).error
    assert isinstance(refused, GuardFailed)
    assert (refused.code, words is None or words in refused.found) == ("schedule" if words else "run_age", True)
    assert (world.starts, [name for name in world.objects() if name.startswith("campaigns/")]) == (0, [])


def test_a_campaign_made_by_hand_must_end_by_end_at(world):
    noon = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    world.emulator.set_clock(now=noon.isoformat())
    given = world.campaign(name="by hand", schedule=world.kit.schedule(600, 3600))
    start = {"task_id": "t", "campaign_id": given, "launch_key": "k", "renew_schedule": True, "timezone": "UTC"}
    refused = Ran(StartCampaignOperator(**start, end_at="12:59", if_late="skip"), due=noon).error
    assert isinstance(refused, GuardFailed)
    assert "own schedule ends at" in refused.found
    assert Ran(StartCampaignOperator(**start, end_at="13:00"), due=noon).error is None
    assert world.starts == 1


def test_a_late_start_doesn_t_move_the_end_where_the_template_gives_the_length(world):
    noon = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    world.emulator.set_clock(now=noon.isoformat())
    template = world.campaign(name="an hour", schedule=world.kit.schedule(60, 3660))
    plan = {"start_at": "11:50", "timezone": "UTC", "launch_key": "k"}
    made = Ran(CreateCampaignOperator(task_id="create", template=template, **plan), due=noon)
    world.kit.step(5 * 60)  # the clone's start has passed
    start = StartCampaignOperator(task_id="start", campaign_id=made.value, renew_schedule=True, **plan)
    assert decision(Ran(start, due=noon), noon) == ("started", timedelta(minutes=6), timedelta(minutes=50))


CHANGES = [
    ("Europe/Paris", date(2027, 3, 28), timedelta(hours=1)),
    ("Europe/Paris", date(2027, 10, 31), timedelta(hours=-1)),
    ("America/New_York", date(2027, 3, 14), timedelta(hours=1)),
    ("America/New_York", date(2027, 11, 7), timedelta(hours=-1)),
    ("Australia/Lord_Howe", date(2027, 10, 3), timedelta(minutes=30)),
    ("Australia/Lord_Howe", date(2027, 4, 4), timedelta(minutes=-30)),
]


@pytest.mark.parametrize(("zone", "day", "by"), CHANGES)
def test_a_launch_over_a_clock_change_begins_and_ends_by_the_wall_and_a_renewal_keeps_its_end(world, zone, day, by):
    local = ZoneInfo(zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=local).astimezone(UTC)
    nine = datetime(day.year, day.month, day.day, 9, tzinfo=local).astimezone(UTC)
    world.emulator.set_clock(now=midnight.isoformat())
    plan = {"start_at": "00:30", "latest_start": "06:00", "end_at": "09:00", "timezone": zone, "launch_key": "k"}
    made = Ran(CreateCampaignOperator(task_id="create", template=world.template, **plan), due=midnight)
    asked = world.kit.campaigns.describe_campaign(id=made.value)["campaign"]["schedule"]
    assert (asked["startTime"], asked["endTime"]) == (midnight + timedelta(minutes=30), nine)
    assert nine - midnight == timedelta(hours=9) - by
    world.kit.step(4.5 * 3600)  # the clocks have changed, and the planned start has passed
    started = Ran(
        StartCampaignOperator(task_id="start", campaign_id=made.value, renew_schedule=True, **plan), due=midnight
    )
    assert decision(started, midnight) == ("started", timedelta(hours=4, minutes=31), nine - midnight)
    assert world.state(made.value) == "Running"


@pytest.mark.parametrize(("zone", "day", "by"), CHANGES)
def test_latest_start_on_such_a_day_is_a_moment_on_the_wall_there(world, zone, day, by):
    assert by
    six = datetime(day.year, day.month, day.day, 6, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    plan = {"start_at": "00:30", "latest_start": "06:00", "end_at": "09:00", "timezone": zone, "min_launch_gap": None}
    world.emulator.set_clock(now=six.isoformat())
    for key, seconds, error in (("in time", 0, None), ("late", 1, GuardFailed)):
        world.kit.step(seconds)
        operator = StartCampaignOperator(task_id="t", template=world.template, launch_key=key, **plan)
        ran = Ran(operator, due=six)
        assert type(ran.error) is (error or type(None))
    skipped = Ran(
        StartCampaignOperator(task_id="t", template=world.template, launch_key="s", if_late="skip", **plan), due=six
    )
    assert isinstance(skipped.error, LaunchSkipped)
    assert world.starts == 1
