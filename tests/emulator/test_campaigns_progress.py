"""State and progress of a campaign, and its communication hours: pure functions, no server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_emulator.campaigns.hours import open_spans
from connect_emulator.campaigns.progress import Facts, Pace, Source, State, attempted, state, targeted

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
END = START + timedelta(hours=10)
STARTED = START - timedelta(hours=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
PACE = Pace(attempts_per_minute=60, attempt_fraction=1.0, expiry_delay=5 * SECOND, empty_audience="completed")


def facts(**changes) -> Facts:
    whole = Facts(
        started_at=STARTED,
        start_time=START,
        end_time=END,
        source=Source.SEGMENT,
        repeats=False,
        open_spans=((START, END),),
        pace=PACE,
        audience=600,
    )
    return replace(whole, **changes)


PAUSED = facts(pauses=((START + MINUTE, START + 3 * MINUTE),))
EVENT = facts(source=Source.EVENT, audience=None)
SLOW = facts(pace=replace(PACE, attempts_per_minute=0.5))


@pytest.mark.parametrize(
    ("case", "at", "expected", "count"),
    [
        (None, START, State.INITIALIZED, None),
        (facts(), STARTED - SECOND, State.INITIALIZED, 0),
        (facts(), STARTED, State.RUNNING, 0),
        (facts(), START, State.RUNNING, 0),
        (facts(), START + SECOND, State.RUNNING, 1),
        (facts(), START + 599 * SECOND, State.RUNNING, 599),
        (facts(), START + 600 * SECOND, State.COMPLETED, 600),
        (PAUSED, START + 2 * MINUTE, State.PAUSED, 60),
        (PAUSED, START + 3 * MINUTE, State.RUNNING, 60),
        (PAUSED, START + 4 * MINUTE, State.RUNNING, 120),
        (facts(pauses=((STARTED + SECOND, None),)), START + 5 * MINUTE, State.PAUSED, 0),
        (facts(pauses=((STARTED + SECOND, None),)), END + 5 * SECOND, State.COMPLETED, 0),
        (facts(stopped_at=START + MINUTE), START + MINUTE, State.STOPPED, 60),
        (facts(stopped_at=START + MINUTE), END + MINUTE, State.STOPPED, 60),
        (facts(stopped_at=START + MINUTE), START + MINUTE - SECOND, State.RUNNING, 59),
        (facts(audience=None, segment_missing=True), START - SECOND, State.RUNNING, 0),
        (facts(audience=None, segment_missing=True), START, State.FAILED, 0),
        (facts(audience=0), START - SECOND, State.RUNNING, 0),
        (facts(audience=0), START, State.COMPLETED, 0),
        (facts(audience=0, pace=replace(PACE, empty_audience="failed")), START, State.FAILED, 0),
        (facts(audience=0, pace=replace(PACE, empty_audience="until_end")), END, State.RUNNING, 0),
        (facts(pace=replace(PACE, attempt_fraction=0.5)), START + 5 * MINUTE, State.COMPLETED, 300),
        (facts(pace=replace(PACE, attempt_fraction=0.0)), START, State.COMPLETED, 0),
        (SLOW, END, State.RUNNING, 300),
        (SLOW, END + 5 * SECOND - SECOND, State.RUNNING, 300),
        (SLOW, END + 5 * SECOND, State.COMPLETED, 300),
        (facts(repeats=True), END, State.RUNNING, 600),
        (facts(repeats=True), END + 5 * SECOND, State.COMPLETED, 600),
        (EVENT, END, State.RUNNING, 0),
        (EVENT, END + 5 * SECOND, State.COMPLETED, 0),
        (facts(open_spans=((START + 8 * MINUTE, END),)), START + 9 * MINUTE, State.RUNNING, 60),
    ],
)
def test_state_and_attempts_at_a_moment(case, at, expected, count):
    assert state(case, at) is expected
    if case is not None:
        assert attempted(case, at) == count


def test_there_is_a_targeted_figure_from_the_start_time_on_and_for_segments_only():
    assert targeted(None, START) is None
    assert targeted(facts(), START - SECOND) is None
    assert targeted(facts(), START) == 600
    assert targeted(EVENT, END) is None


moments = st.integers(min_value=-7200, max_value=40_000).map(lambda seconds: START + seconds * SECOND)


@st.composite
def courses(draw) -> Facts:
    """A campaign's facts, with pauses and gaps in its hours anywhere."""
    marks = sorted(draw(st.lists(st.integers(0, 36_000), max_size=8, unique=True)))
    spans = tuple(
        (START + opens * SECOND, START + closes * SECOND)
        for opens, closes in zip(marks[::2], marks[1::2], strict=False)
    )
    breaks = sorted(draw(st.lists(st.integers(-3000, 36_000), max_size=5, unique=True)))
    ends = [START + each * SECOND for each in breaks[1::2]] + [None]
    pauses = tuple((START + begin * SECOND, end) for begin, end in zip(breaks[::2], ends, strict=False))
    pace = Pace(
        attempts_per_minute=draw(st.floats(0, 100_000)),
        attempt_fraction=draw(st.floats(0, 1)),
        expiry_delay=draw(st.integers(0, 60)) * SECOND,
        empty_audience=draw(st.sampled_from(["completed", "failed", "until_end"])),
    )
    return facts(
        audience=draw(st.integers(0, 100_000)),
        open_spans=spans,
        pauses=pauses,
        pace=pace,
        repeats=draw(st.booleans()),
        stopped_at=draw(st.none() | moments.filter(lambda moment: moment > STARTED)),
    )


@given(courses(), moments, moments)
def test_attempts_never_go_back_and_never_exceed_the_audience(course, one, other):
    earlier, later = sorted((one, other))
    assert 0 <= attempted(course, earlier) <= attempted(course, later) <= (course.audience or 0)


@given(courses(), moments, moments)
def test_an_ended_campaign_stays_ended(course, one, other):
    earlier, later = sorted((one, other))
    ended = {State.FAILED, State.COMPLETED}
    # A stop is refused in an ended campaign, so no history has one after an end.
    if state(replace(course, stopped_at=None), earlier) in ended and course.stopped_at is None:
        assert state(course, later) in ended
    if state(course, earlier) is State.STOPPED:
        assert state(course, later) is State.STOPPED


@given(courses(), moments, st.integers(1, 10_000))
def test_what_happens_later_changes_nothing_earlier(course, at, seconds):
    later = at + seconds * SECOND
    stopped = replace(course, stopped_at=later)
    unstopped = replace(course, stopped_at=None)
    assert state(stopped, at) is state(unstopped, at)
    assert attempted(stopped, at) == attempted(unstopped, at)


@given(courses(), moments)
def test_nobody_is_attempted_while_the_hours_are_closed(course, at):
    if not any(opens <= at < closes for opens, closes in course.open_spans):
        before = max([closes for _, closes in course.open_spans if closes <= at], default=START)
        assert attempted(course, at) == attempted(course, before)


def hours(day: str, *ranges: tuple[str, str], restricted: tuple[tuple[str, str], ...] = ()) -> dict:
    window: dict = {"openHours": {"dailyHours": {day: [{"startTime": f"T{a}", "endTime": f"T{b}"} for a, b in ranges]}}}
    if restricted:
        periods = [{"startDate": begin, "endDate": end} for begin, end in restricted]
        window["restrictedPeriods"] = {"restrictedPeriodList": periods}
    return window


def config(zone: str | None, **windows: dict) -> dict:
    zones = {"defaultTimeZone": zone} if zone else {"localTimeZoneDetection": ["ZIP_CODE"]}
    return {"localTimeZoneConfig": zones, **windows}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


TUESDAY, WEDNESDAY = utc("2026-12-01T00:00"), utc("2026-12-02T00:00")


def spans(given_config: dict | None, channels: list[str], start=TUESDAY, end=WEDNESDAY) -> list[tuple[str, str]]:
    found = open_spans(given_config, channels, start=start, end=end)
    return [(a.strftime("%dT%H:%M"), b.strftime("%dT%H:%M")) for a, b in found]


ALL_DAY = [("01T00:00", "02T00:00")]


@pytest.mark.parametrize(
    ("given_config", "channels", "expected"),
    [
        (None, ["telephony"], ALL_DAY),
        (config("UTC", telephony=hours("TUESDAY", ("09:00", "17:00"))), ["telephony"], [("01T09:00", "01T17:00")]),
        (config("UTC", telephony=hours("TUESDAY", ("09:00", "17:00"))), [], [("01T09:00", "01T17:00")]),
        (config("UTC", telephony=hours("TUESDAY", ("09:00", "17:00"))), ["sms"], ALL_DAY),
        (config("UTC", telephony=hours("TUESDAY", ("09:00", "17:00"))), ["telephony", "sms"], ALL_DAY),
        (config("UTC", telephony=hours("MONDAY", ("09:00", "17:00"))), ["telephony"], []),
        (config("Europe/Paris", sms=hours("TUESDAY", ("09:00", "17:00"))), ["sms"], [("01T08:00", "01T16:00")]),
        (config("Asia/Tokyo", sms=hours("WEDNESDAY", ("00:00", "24:00"))), ["sms"], [("01T15:00", "02T00:00")]),
        (config(None, sms=hours("TUESDAY", ("09:00", "17:00"))), ["sms"], [("01T09:00", "01T17:00")]),
        (
            config("UTC", sms=hours("TUESDAY", ("09:00", "12:00")), email=hours("TUESDAY", ("11:00", "13:00"))),
            ["sms", "email"],
            [("01T09:00", "01T13:00")],
        ),
        (
            config("UTC", sms=hours("TUESDAY", ("09:00", "12:00"), ("14:00", "15:00"))),
            ["sms"],
            [("01T09:00", "01T12:00"), ("01T14:00", "01T15:00")],
        ),
        (
            config("UTC", sms=hours("TUESDAY", ("09:00", "12:00"), restricted=(("2026-12-01", "2026-12-02"),))),
            ["sms"],
            [],
        ),
        (
            config("UTC", sms=hours("TUESDAY", ("09:00", "12:00"), restricted=(("2026-11-30", "2026-12-01"),))),
            ["sms"],
            [("01T09:00", "01T12:00")],
        ),
    ],
)
def test_communication_hours_become_stretches_of_utc(given_config, channels, expected):
    assert spans(given_config, channels) == expected


@pytest.mark.parametrize(
    ("day", "weekday", "expected"),
    [
        ("2026-03-28", "SATURDAY", ("08:00", "16:00")),
        ("2026-03-29", "SUNDAY", ("07:00", "15:00")),
        ("2026-10-25", "SUNDAY", ("08:00", "16:00")),
    ],
)
def test_hours_are_wall_clock_on_the_days_around_daylight_saving(day, weekday, expected):
    start = utc(f"{day}T00:00")
    found = open_spans(
        config("Europe/Paris", sms=hours(weekday, ("09:00", "17:00"))),
        ["sms"],
        start=start,
        end=start + timedelta(days=1),
    )
    assert [(a.strftime("%H:%M"), b.strftime("%H:%M")) for a, b in found] == [expected]


def test_the_hour_that_is_missing_on_the_day_of_daylight_saving_shortens_the_window():
    start = utc("2026-03-29T00:00")
    found = open_spans(
        config("Europe/Paris", sms=hours("SUNDAY", ("01:00", "04:00"))),
        ["sms"],
        start=start,
        end=start + timedelta(days=1),
    )
    assert sum((b - a for a, b in found), timedelta()) == timedelta(hours=2)
