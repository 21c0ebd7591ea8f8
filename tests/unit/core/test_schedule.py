"""Wall clock to UTC, lateness, and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.schedule import (
    LEAD,
    LONG_LEAD,
    Late,
    ScheduleSpec,
    Window,
    bounded,
    checked,
    plan,
    run_day,
    to_utc,
)

DAY = date(2026, 12, 1)
PARIS = "Europe/Paris"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


OWN = Window(at("2026-01-01T09:00"), at("2026-01-01T19:00"))


def planned(now: str, own: Window | None = OWN, day: date = DAY, **spec):
    return plan(checked(**spec), now=at(now), day=day, own=own)


@pytest.mark.parametrize(
    ("now", "spec", "start", "end"),
    [
        ("2026-12-01T01:30", {"start_at": "09:00", "end_at": "19:30"}, "2026-12-01T08:00", "2026-12-01T18:30"),
        ("2026-12-01T08:30", {"start_at": "09:00", "end_at": "19:30"}, "2026-12-01T08:31", "2026-12-01T18:30"),
        ("2026-12-01T01:30", {"start_at": "09:00"}, "2026-12-01T08:00", "2026-12-01T18:00"),
        ("2026-12-01T12:30", {"start_at": "09:00"}, "2026-12-01T12:31", "2026-12-01T18:00"),
        ("2026-12-01T10:00", {"end_at": "19:30"}, "2026-12-01T10:01", "2026-12-01T18:30"),
        ("2026-12-01T21:00", {"start_at": "09:00+1", "end_at": "19:30+1"}, "2026-12-02T08:00", "2026-12-02T18:30"),
        ("2026-12-01T19:00", {"start_at": "20:00", "end_at": "01:00+1"}, "2026-12-01T19:01", "2026-12-02T00:00"),
        ("2026-12-01T10:00", {"start_after": 600}, "2026-12-01T10:10", "2026-12-01T20:10"),
        ("2026-12-01T10:00", {"start_after": "600", "end_at": "19:30"}, "2026-12-01T10:10", "2026-12-01T18:30"),
        (
            "2026-12-01T09:59",
            {"start_at": "09:00", "latest_start": "11:00", "end_at": "19:30"},
            "2026-12-01T10:00",
            "2026-12-01T18:30",
        ),
    ],
)
def test_the_window_of_a_launch(now, spec, start, end):
    assert planned(now, timezone=PARIS, **spec) == Window(at(start), at(end))


def test_without_a_spec_the_campaign_s_own_schedule_holds():
    assert planned("2026-12-01T10:00") is OWN


@pytest.mark.parametrize("if_late", ["fail", "skip"])
def test_past_the_latest_start_it_is_late(if_late):
    late = planned(
        "2026-12-01T10:01", start_at="09:00", latest_start="11:00", end_at="19:30", timezone=PARIS, if_late=if_late
    )
    assert late == Late(
        "it is 2026-12-01 11:01 Europe/Paris and `latest_start` was 2026-12-01 11:00 Europe/Paris", if_late == "skip"
    )


def test_a_late_launch_never_moves_the_end():
    assert isinstance(planned("2026-12-01T18:30", start_at="09:00", end_at="19:30", timezone=PARIS), Late)
    window = planned("2026-12-01T18:20", start_at="09:00", end_at="19:30", timezone=PARIS)
    assert window == Window(at("2026-12-01T18:21"), at("2026-12-01T18:30"))


def test_without_end_at_a_late_launch_doesn_t_move_the_end_either_and_is_late_after_it():
    assert isinstance(planned("2026-12-01T18:00", start_at="09:00", timezone=PARIS), Late)
    assert isinstance(planned("2026-12-06T08:30", start_at="09:00", timezone=PARIS), Late)


def test_renewals_one_after_the_other_keep_the_end():
    """A clone's own window is the only length that is left of its template's, and each renewal shortens it."""
    window, spec = OWN, checked(start_at="09:00", timezone=PARIS)
    for renews, now in ((False, "08:30"), (True, "08:40"), (True, "12:00"), (True, "17:50")):
        for lead in (LEAD, LONG_LEAD):
            moment = at(f"2026-12-01T{now}")
            window = plan(spec, now=moment, day=DAY, own=window, lead=lead, renews=renews or lead is LONG_LEAD)
            assert window == Window(moment + lead, at("2026-12-01T18:00"))


@pytest.mark.parametrize("own_day", ["2026-11-24", "2026-12-08"])
def test_a_campaign_s_own_window_of_another_day_gives_only_its_length(own_day):
    own = Window(at(f"{own_day}T10:00"), at(f"{own_day}T14:00"))
    spec = checked(start_at="09:00", timezone=PARIS)
    window = plan(spec, now=at("2026-12-01T08:30"), day=DAY, own=own, lead=LONG_LEAD, renews=True)
    assert window == Window(at("2026-12-01T08:36"), at("2026-12-01T12:00"))


AHEAD = Window(at("2026-12-01T12:00"), at("2026-12-01T18:00"))
BOUNDS = {"start_at": "09:00", "latest_start": "11:00", "end_at": "19:30", "timezone": PARIS}


@pytest.mark.parametrize(
    ("now", "own", "spec", "reason", "skip"),
    [
        ("2026-12-01T10:00", AHEAD, BOUNDS, None, None),
        ("2026-12-01T10:00:01", AHEAD, BOUNDS, "`latest_start` was 2026-12-01 11:00", False),
        ("2026-12-01T10:00:01", AHEAD, {**BOUNDS, "if_late": "skip"}, "`latest_start` was", True),
        ("2026-12-01T10:01", AHEAD, {**BOUNDS, "latest_start": None}, None, None),
        ("2026-12-01T10:00", AHEAD, {"end_at": "19:00", "timezone": PARIS}, None, None),
        ("2026-12-01T10:00", AHEAD, {"end_at": "18:59", "timezone": PARIS}, "own schedule ends at 2026-12-01 19:00", False),
        ("2026-12-01T10:00", AHEAD, {"end_at": "18:59", "timezone": PARIS, "if_late": "skip"}, "own schedule ends", False),
        ("2026-12-01T18:00", AHEAD, {"end_at": "19:00", "timezone": PARIS, "if_late": "skip"}, "`end_at` was", True),
        ("2026-12-06T10:00", Window(at("2026-12-06T12:00"), at("2026-12-06T18:00")), BOUNDS, "`latest_start` was", False),
        ("2026-12-06T10:00", Window(at("2026-12-06T12:00"), at("2026-12-06T18:00")),
         {"end_at": "19:30", "timezone": PARIS}, "`end_at` was 2026-12-01 19:30", False),
        ("2026-12-06T10:00", AHEAD, {}, None, None),
    ],
)  # fmt: skip
def test_a_window_of_its_own_is_held_to_the_bounds(now, own, spec, reason, skip):
    found = bounded(own, checked(**spec), now=at(now), day=DAY)
    if reason is None:
        assert found is own
    else:
        assert isinstance(found, Late)
        assert reason in found.reason
        assert found.skip is skip


def test_a_run_cleared_the_day_after_keeps_its_day():
    day = run_day(at("2026-12-01T01:30"), PARIS)
    assert day == DAY
    assert isinstance(planned("2026-12-02T08:00", day=day, start_at="09:00", end_at="19:30", timezone=PARIS), Late)


def test_a_run_s_day_is_its_zone_s():
    assert run_day(at("2026-12-01T23:30"), PARIS) == date(2026, 12, 2)
    assert run_day(at("2026-12-01T23:30"), "America/New_York") == date(2026, 12, 1)


# Both changes of 2026, found in the zone database: hour skipped, hour repeated. Lord Howe moves by 30 minutes.
CHANGES = [
    (PARIS, date(2026, 3, 29), "02:30", "2026-03-29T01:30", "2026-03-29T00:30"),
    (PARIS, date(2026, 10, 25), "02:30", "2026-10-25T00:30", "2026-10-25T00:30"),
    ("America/New_York", date(2026, 3, 8), "02:30", "2026-03-08T07:30", "2026-03-08T06:30"),
    ("America/New_York", date(2026, 11, 1), "01:30", "2026-11-01T05:30", "2026-11-01T05:30"),
    ("Australia/Lord_Howe", date(2026, 10, 4), "02:15", "2026-10-03T15:45", "2026-10-03T15:15"),
    ("Australia/Lord_Howe", date(2026, 4, 5), "01:45", "2026-04-04T14:45", "2026-04-04T14:45"),
]


@pytest.mark.parametrize(("zone", "day", "wall", "as_start", "as_end"), CHANGES)
def test_clock_changes_never_lengthen_the_contact(zone, day, wall, as_start, as_end):
    assert to_utc(wall, day=day, zone=ZoneInfo(zone)) == at(as_start)
    assert to_utc(wall, day=day, zone=ZoneInfo(zone), is_end=True) == at(as_end)


@pytest.mark.parametrize(("zone", "day"), [change[:2] for change in CHANGES])
def test_around_a_change_wall_times_mean_the_wall(zone, day):
    for text in ("00:15", "09:00", "19:30"):
        shown = to_utc(text, day=day, zone=ZoneInfo(zone)).astimezone(ZoneInfo(zone))
        assert f"{shown:%H:%M}" == text


@given(
    st.sampled_from([PARIS, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.integers(0, 23 * 60 + 59),
)
def test_an_end_is_never_later_than_the_same_wall_time_as_a_start(zone, day, minutes):
    wall = f"{minutes // 60:02d}:{minutes % 60:02d}"
    assert to_utc(wall, day=day, zone=ZoneInfo(zone), is_end=True) <= to_utc(wall, day=day, zone=ZoneInfo(zone))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 22 * 60),
    st.integers(1, 23 * 60 + 59),
    st.sampled_from([PARIS, "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_planned_window_lies_ahead_and_ends_by_the_wall(now, start, length, zone):
    end = start + length
    spec = ScheduleSpec(start_at=_wall(start), end_at=_wall(end), timezone=zone)
    day = run_day(now, zone)
    window = plan(spec, now=now, day=day, own=None)
    if isinstance(window, Window):
        assert now < window.start < window.end
        assert window.end == to_utc(_wall(end), day=day, zone=ZoneInfo(zone), is_end=True)
        assert window.start in {now + LEAD, to_utc(_wall(start), day=day, zone=ZoneInfo(zone))}


def _wall(minutes: int) -> str:
    minutes, day = minutes % (24 * 60), minutes // (24 * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" + "+1" * min(day, 1)


BAD = [
    ({"start_at": "9:00", "timezone": PARIS}, "start_at"),
    ({"start_at": "24:00", "timezone": PARIS}, "start_at"),
    ({"start_at": 9, "timezone": PARIS}, "start_at"),
    ({"start_at": "09:00"}, "timezone"),
    ({"end_at": "19:00"}, "timezone"),
    ({"start_at": "09:00", "timezone": "CEST"}, "timezone"),
    ({"start_at": "09:00", "timezone": "Paris"}, "timezone"),
    ({"start_at": "09:00", "timezone": 1}, "timezone"),
    ({"start_at": "09:00", "timezone": PARIS, "if_late": "wait"}, "if_late"),
    ({"start_at": "09:00", "timezone": PARIS, "start_after": 60}, "start_after"),
    ({"latest_start": "09:00", "timezone": PARIS}, "start_at"),
    ({"start_at": "09:00", "end_at": "08:00", "timezone": PARIS}, "end_at"),
    ({"start_at": "09:00", "end_at": "09:00", "timezone": PARIS}, "end_at"),
    ({"start_at": "09:00", "latest_start": "08:00", "timezone": PARIS}, "latest_start"),
    ({"start_at": "09:00", "latest_start": "20:00", "end_at": "19:00", "timezone": PARIS}, "latest_start"),
    ({"start_after": -1}, "start_after"),
    ({"start_after": 0}, "start_after"),
    ({"start_after": 59}, "start_after"),
    ({"start_after": "soon"}, "start_after"),
    ({"start_after": timedelta(days=31)}, "start_after"),
    *(({name: ""}, f"`{name}` is ''") for name in ("start_at", "latest_start", "end_at", "timezone", "start_after")),
]


@pytest.mark.parametrize(("spec", "named"), BAD)
def test_what_contradicts_or_has_no_form_is_refused(spec, named):
    with pytest.raises(InvalidInput) as caught:
        checked(**spec)
    assert named in caught.value.found + caught.value.allowed
    assert caught.value.allowed
    assert caught.value.hint


def test_no_schedule_anywhere_is_refused():
    for spec in ({}, {"start_after": 60}):
        with pytest.raises(InvalidInput) as caught:
            planned("2026-12-01T10:00", own=None, **spec)
        assert caught.value.code == "no_schedule"
