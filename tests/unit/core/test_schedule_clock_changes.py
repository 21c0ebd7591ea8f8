"""Both clock changes of a year, in zones that change by an hour and by half of one, through all that a schedule does.

What must hold: a window is never longer than what was asked for on the wall, whatever the clocks do; service time alone
decides; and a renewal on such a day stays inside the same bounds.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.schedule import LEAD, LONG_LEAD, Late, Window, checked, plan, run_day, to_utc

PARIS, NEW_YORK, LORD_HOWE = "Europe/Paris", "America/New_York", "Australia/Lord_Howe"
FORWARD, BACK = timedelta(hours=1), timedelta(hours=-1)
HALF = timedelta(minutes=30)

CHANGES = [
    # zone, day, by how much the clocks move, and around the change in UTC: the last moment before it
    (PARIS, date(2026, 3, 29), FORWARD, "2026-03-29T01:00"),
    (PARIS, date(2026, 10, 25), BACK, "2026-10-25T01:00"),
    (NEW_YORK, date(2026, 3, 8), FORWARD, "2026-03-08T07:00"),
    (NEW_YORK, date(2026, 11, 1), BACK, "2026-11-01T06:00"),
    (LORD_HOWE, date(2026, 10, 4), HALF, "2026-10-03T15:30"),
    (LORD_HOWE, date(2026, 4, 5), -HALF, "2026-04-04T15:00"),
]
IDS = [f"{zone.split('/')[1]} {day}" for zone, day, _, _ in CHANGES]
by_change = pytest.mark.parametrize(("zone", "day", "by", "moment"), CHANGES, ids=IDS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def wall(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def midnight(zone: str, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@by_change
def test_the_table_of_changes_is_that_of_the_zone_database(zone, day, by, moment):
    change = at(moment)
    before, after = (each.astimezone(ZoneInfo(zone)) for each in (change - timedelta(seconds=1), change))
    assert after.utcoffset() - before.utcoffset() == by
    assert before.date() == day


@by_change
def test_a_window_over_the_change_is_as_long_as_the_day_makes_it(zone, day, by, moment):
    """From 00:30 to 09:00 on the wall: 8.5 hours less the hour that is skipped, or more by the one that comes twice."""
    spec = checked(start_at="00:30", latest_start="01:00", end_at="09:00", timezone=zone)
    window = plan(spec, now=midnight(zone, day), day=day, own=None)
    assert (wall(window.start, zone), wall(window.end, zone)) == ("00:30", "09:00")
    assert window.length == timedelta(hours=8, minutes=30) - by
    assert window.start < at(moment) < window.end


@by_change
def test_around_the_change_the_office_hours_are_what_the_wall_says(zone, day, by, moment):
    assert by
    spec = checked(start_at="09:00", latest_start="11:00", end_at="19:30", timezone=zone)
    for instant in (midnight(zone, day), at(moment) - timedelta(seconds=1), at(moment) + timedelta(seconds=1)):
        window = plan(spec, now=instant, day=day, own=None)
        assert (wall(window.start, zone), wall(window.end, zone)) == ("09:00", "19:30")
        assert window.length == timedelta(hours=10, minutes=30)


@by_change
def test_wall_times_inside_the_change_shorten_the_contact_and_never_lengthen_it(zone, day, by, moment):
    """In the middle of what is skipped, or comes twice: a start begins no earlier, an end ends no later, than each reading."""
    change = at(moment)
    middle = f"{change.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - by / 2:%H:%M}"
    start, end = (to_utc(middle, day=day, zone=ZoneInfo(zone), is_end=is_end) for is_end in (False, True))
    if by > timedelta(0):  # skipped: no moment has this wall time
        assert end < change < start
        assert start - end == by
    else:  # twice: the first occurrence is meant
        assert start == end == change - abs(by) / 2
        assert wall(start, zone) == wall(start + abs(by), zone) == middle


@by_change
def test_latest_start_is_a_moment_on_the_wall(zone, day, by, moment):
    assert by
    assert moment
    spec = checked(start_at="00:30", latest_start="04:00", end_at="09:00", timezone=zone)
    latest = to_utc("04:00", day=day, zone=ZoneInfo(zone))
    assert wall(latest, zone) == "04:00"
    assert isinstance(plan(spec, now=latest, day=day, own=None), Window)
    late = plan(spec, now=latest + timedelta(seconds=1), day=day, own=None)
    assert isinstance(late, Late)
    assert f"`latest_start` was {day} 04:00 {zone}" in late.reason


@by_change
@pytest.mark.parametrize("lead", [LEAD, LONG_LEAD])
def test_a_renewal_after_the_change_keeps_the_end(zone, day, by, moment, lead):
    """The start that was planned has passed, the clocks have changed since: a new start, the same end, never a longer window."""
    assert by
    spec = checked(start_at="00:30", end_at="09:00", timezone=zone)
    planned = plan(spec, now=midnight(zone, day), day=day, own=None)
    for instant in (at(moment), at(moment) + timedelta(minutes=20)):
        renewed = plan(spec, now=instant, day=day, own=planned, lead=lead)
        assert renewed == Window(instant + lead, planned.end)
        assert renewed.length < planned.length
    assert isinstance(plan(spec, now=planned.end - lead, day=day, own=planned, lead=lead), Late)


@by_change
def test_without_end_at_the_template_s_length_counts_in_hours_and_not_on_the_wall(zone, day, by, moment):
    assert moment
    own = Window(at("2026-01-05T08:00"), at("2026-01-05T16:00"))
    window = plan(checked(start_at="00:30", timezone=zone), now=midnight(zone, day), day=day, own=own)
    assert window.length == own.length
    assert wall(window.end, zone) == f"{(datetime(2026, 1, 1, 8, 30) + by):%H:%M}"


@by_change
def test_the_night_before_the_day_after_is_the_next_day_on_the_wall(zone, day, by, moment):
    """A run at 22:00 of the eve plans `+1`: the day of the change."""
    assert by
    assert moment
    eve = day - timedelta(days=1)
    spec = checked(start_at="09:00+1", end_at="19:30+1", timezone=zone)
    now = to_utc("22:00", day=eve, zone=ZoneInfo(zone))
    window = plan(spec, now=now, day=run_day(now, zone), own=None)
    assert (wall(window.start, zone), wall(window.end, zone)) == ("09:00", "19:30")
    assert window.start.astimezone(ZoneInfo(zone)).date() == day


@given(
    st.sampled_from(CHANGES),
    st.integers(-30 * 60, 30 * 60),
    st.integers(0, 22 * 60),
    st.integers(2, 20 * 60),
    st.integers(0, 120),
)
def test_a_window_is_never_longer_than_asked_and_keeps_to_the_wall(change, offset, start, length, latest):
    """Only the hour that comes twice lengthens a window that lies over it as a whole, as the day itself is longer."""
    zone, day, by, moment = change
    end = min(start + length, 24 * 60 - 1)
    spec = checked(
        start_at=_text(start), latest_start=_text(min(start + latest, end - 1)), end_at=_text(end), timezone=zone
    )
    window = plan(spec, now=at(moment) + timedelta(minutes=offset), day=day, own=None)
    if isinstance(window, Late):
        return
    zone_info, twice = ZoneInfo(zone), max(timedelta(0), -by)
    assert window.length <= timedelta(minutes=end - start) + twice
    assert window.end <= to_utc(_text(end), day=day, zone=zone_info)
    assert window.start >= to_utc(_text(start), day=day, zone=zone_info)
    first, last = (each.astimezone(zone_info) for each in (window.start, window.end - timedelta(minutes=1)))
    assert first.date() == last.date() == day
    if not twice:
        assert start <= _minutes(first) <= _minutes(last) < end


def _text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _minutes(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute
