"""Closed days: dates and calendars, by country, and the days on which a campaign would contact people."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_campaigns.core.calendar_file import WEEKDAYS, ClosedDay, read_calendar
from connect_campaigns.core.closed_days import read_closed_days
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.schedule import Late, Window
from connect_campaigns.core.verdicts import Failed, GuardSettings, NotEvaluated, Passed
from tests.unit.core.guard_kit import CONFIG, NINE_TO_FIVE, NOW, ask, config


def calendar(*events: str, head: str = "") -> str:
    blocks = "".join(f"BEGIN:VEVENT\r\nUID:{number}\r\n{event}END:VEVENT\r\n" for number, event in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}{blocks}END:VCALENDAR\r\n"


def day(start: str, *, title: str = "Holiday", more: str = "") -> str:
    return f"DTSTART;VALUE=DATE:{start}\r\nSUMMARY:{title}\r\n{more}"


CHRISTMAS = calendar(day("20201225", title="Noël", more="RRULE:FREQ=YEARLY\r\n"))


def holds(text: str, *days: str) -> list[bool]:
    events = read_calendar("closed_days", text)
    return [any(event.holds(date.fromisoformat(each)) for event in events) for each in days]


@pytest.mark.parametrize(
    ("event", "closed", "open_"),
    [
        (day("20261225"), ["2026-12-25"], ["2026-12-24", "2026-12-26", "2027-12-25"]),
        (day("20261224", more="DTEND;VALUE=DATE:20261227\r\n"), ["2026-12-24", "2026-12-26"], ["2026-12-27"]),
        (day("20261224", more="DTEND;VALUE=DATE:20261224\r\n"), ["2026-12-24"], ["2026-12-25"]),
        (day("20261224", more="DURATION:P2D\r\n"), ["2026-12-25"], ["2026-12-26"]),
        (day("20261221", more="DURATION:P1W\r\n"), ["2026-12-27"], ["2026-12-28"]),
        (day("20201231", more="DURATION:P2D\r\nRRULE:FREQ=YEARLY\r\n"), ["2027-01-01", "2026-12-31"], ["2027-01-02"]),
        (day("20201225", more="RRULE:FREQ=YEARLY;COUNT=3\r\n"), ["2020-12-25", "2022-12-25"], ["2023-12-25"]),
        (day("20201225", more="RRULE:FREQ=YEARLY;UNTIL=20221225\r\n"), ["2022-12-25"], ["2023-12-25"]),
        (day("20201225", more="RRULE:FREQ=YEARLY;UNTIL=20221224T235959Z\r\n"), ["2021-12-25"], ["2022-12-25"]),
        (day("20201225", more="RRULE:FREQ=YEARLY;INTERVAL=2\r\n"), ["2026-12-25"], ["2025-12-25"]),
        (day("20201225", more="RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;WKST=MO\r\n"), ["2026-12-25"], []),
        (day("20240229", more="RRULE:FREQ=YEARLY\r\n"), ["2028-02-29"], ["2026-02-28", "2026-03-01"]),
        (day("20240229", more="RRULE:FREQ=YEARLY;COUNT=2\r\n"), ["2028-02-29"], ["2032-02-29"]),
        # Thanksgiving is the fourth Thursday of November, Memorial Day the last Monday of May.
        (
            day("20201126", more="RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\n"),
            ["2026-11-26", "2027-11-25"],
            ["2027-11-26"],
        ),
        (
            day("20200525", more="RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO\r\n"),
            ["2026-05-25", "2027-05-31"],
            ["2027-05-24"],
        ),
        (
            day("20200531", more="RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=5SU\r\n"),
            ["2026-05-31"],
            ["2025-05-25", "2025-06-01"],
        ),
        (day("20201228", more="RRULE:FREQ=YEARLY;BYMONTH=12;BYDAY=-1MO\r\n"), ["2026-12-28"], ["2026-12-21"]),
    ],
)
def test_whole_days_once_or_yearly(event, closed, open_):
    assert holds(calendar(event), *closed) == [True] * len(closed)
    assert holds(calendar(event), *open_) == [False] * len(open_)


def test_a_calendar_as_publishers_write_them():
    """Folded lines, escaped commas, a byte order mark, an alarm with times, a time zone, a cancelled event, lower case."""
    zone = "BEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    alarm = "BEGIN:VALARM\r\nTRIGGER;VALUE=DATE-TIME:20261225T080000Z\r\nDTSTART:20261225T080000\r\nEND:VALARM\r\n"
    folded = "DTSTART;VALUE=DA\r\n TE:20261225\r\nSUMMARY;LANGUAGE=fr:Noël\\, jour\r\n\tférié\r\n" + alarm
    text = "\ufeff" + calendar(folded, day("20261226", more="STATUS:CANCELLED\r\n"), head=zone)
    assert read_calendar("c", text) == (ClosedDay(first=date(2026, 12, 25), name="Noël, jourférié"),)
    assert holds(text.replace("\r\n", "\n").replace("BEGIN:VEVENT", "begin:vevent"), "2026-12-25", "2026-12-26") == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "VCALENDAR"),
        ("<html>Sign in</html>", "VCALENDAR"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\n", "whole"),
        (calendar(), "without events"),
        (calendar(day("20261225", more="STATUS:CANCELLED\r\n")), "without events"),
        (calendar("SUMMARY:no day\r\n"), "DTSTART:"),
        (calendar("DTSTART:20261225T090000Z\r\nSUMMARY:Party\r\n"), "'Party' has DTSTART:20261225T090000Z"),
        (calendar(day("20261325")), "DTSTART:20261325"),
        (calendar(day("20261225", more="DTEND:20261226T000000\r\n")), "DTEND"),
        (calendar(day("20261225", more="DTEND;VALUE=DATE:20261224\r\n")), "before its start"),
        (calendar(day("20261225", more="DURATION:PT8H\r\n")), "DURATION:PT8H"),
        (calendar(day("20261225", more="DURATION:P0D\r\n")), "DURATION:P0D"),
        (calendar(day("20261225", more="RDATE;VALUE=DATE:20261226\r\n")), "RDATE"),
        (calendar(day("20261225", more="EXDATE;VALUE=DATE:20271225\r\n")), "EXDATE"),
        (calendar(day("20261225", more="RECURRENCE-ID;VALUE=DATE:20261225\r\n")), "RECURRENCE-ID"),
        (calendar(day("20261225", more="RRULE:FREQ=WEEKLY\r\n")), "RRULE:FREQ=WEEKLY"),
        (calendar(day("20261225", more="RRULE:FREQ=YEARLY;BYEASTER=0\r\n")), "BYEASTER"),
        (calendar(day("20261225", more="RRULE:FREQ=YEARLY;BYDAY=4TH\r\n")), "BYDAY"),
        (calendar(day("20261225", more="RRULE:FREQ=YEARLY;BYMONTH=12;BYDAY=FR\r\n")), "BYDAY=FR"),
        (calendar(day("20261225", more="RRULE:FREQ=YEARLY;BYMONTH=1,12\r\n")), "BYMONTH=1,12"),
        (calendar(day("20261225", more="RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\n")), "DTSTART:20261225 with"),
        (calendar(day("20261225", more="RRULE:FREQ=YEARLY;COUNT=0\r\n")), "COUNT=0"),
        (calendar(day("20261225", more="RRULE:FREQ=YEARLY;INTERVAL=0\r\n")), "INTERVAL=0"),
        (calendar(day("20261225", more="RRULE:FREQ=YEARLY;UNTIL=soon\r\n")), "UNTIL"),
        (calendar(day("20261225", more="RRULE:FREQ=YEARLY\r\nRRULE:FREQ=YEARLY\r\n")), "RRULE"),
    ],
)
def test_what_the_reader_does_not_understand_it_refuses(text, words):
    with pytest.raises(InvalidInput) as caught:
        read_calendar("closed_days.FR", text)
    assert "closed_days.FR" in caught.value.found
    assert words in str(caught.value)
    assert caught.value.allowed
    assert caught.value.hint


@settings(deadline=None)  # the other reader is slow
@given(
    st.dates(date(2000, 1, 1), date(2030, 12, 31)),
    st.sampled_from(["", ";COUNT=4", ";UNTIL=20290601", ";INTERVAL=3", ";INTERVAL=2;COUNT=3"]),
    st.sampled_from(["", "BYMONTHDAY", "BYDAY", "BYDAY from the end"]),
)
def test_a_yearly_rule_means_what_another_reader_makes_of_it(first, bounds, by):
    rule = f"FREQ=YEARLY{bounds}"
    if by == "BYMONTHDAY":
        rule += f";BYMONTH={first.month};BYMONTHDAY={first.day}"
    if by.startswith("BYDAY"):
        in_month = monthrange(first.year, first.month)[1]
        ordinal = -((in_month - first.day) // 7 + 1) if "end" in by else (first.day - 1) // 7 + 1
        rule += f";BYMONTH={first.month};BYDAY={ordinal}{WEEKDAYS[first.weekday()]}"
    [event] = read_calendar("c", calendar(day(f"{first:%Y%m%d}", more=f"RRULE:{rule}\r\n")))
    theirs = rrulestr(rule, dtstart=datetime.combine(first, datetime.min.time()))
    expected = {each.date() for each in theirs.between(datetime(1999, 1, 1), datetime(first.year + 12, 1, 1))}
    years = range(first.year - 1, first.year + 12)
    in_that_month = [
        date(year, first.month, number) for year in years for number in range(1, monthrange(year, first.month)[1] + 1)
    ]
    assert {each for each in in_that_month if event.holds(each)} == expected


def no_file(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def read(value, files: dict[str, str] | None = None):
    return read_closed_days("closed_days", value, read=(files or {}).__getitem__ if files else no_file)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (["2026-12-25"], "closed"),
        ('["2026-12-25"]', "closed"),
        (CHRISTMAS, "Noël"),
        ("/c/fr.ics", "Noël"),
        ({"FR": "/c/fr.ics", "DE": ["2026-10-03"]}, "Noël, FR"),
        ({"FR": ["2026-12-25"]}, "FR"),
        ('{"FR": "/c/fr.ics"}', "Noël, FR"),
        ({"FR": CHRISTMAS}, "Noël, FR"),
        ({"FR": '["2026-12-25"]'}, "FR"),
    ],
)
def test_the_forms_of_the_setting(value, why):
    days = read(value, {"/c/fr.ics": CHRISTMAS})
    assert days.why(date(2026, 12, 25)) == why
    assert days.why(date(2026, 12, 24)) is None


def test_an_empty_list_closes_no_day():
    assert read([]).why(date(2026, 12, 25)) is None


def test_countries_are_picked_by_name():
    days = read({"FR": ["2026-07-14"], "DE": ["2026-10-03"], "US": ["2026-07-04"]})
    picked = days.of("closed_days", ("FR", "DE"))
    assert [picked.why(date(2026, month, number)) for month, number in ((7, 14), (10, 3), (7, 4))] == ["FR", "DE", None]


@pytest.mark.parametrize(("value", "words"), [({"FR": []}, "perhaps"), (["2026-12-25"], "it names none")])
def test_an_unknown_country_is_refused_with_those_that_are_there(value, words):
    with pytest.raises(InvalidInput) as caught:
        read(value).of("closed_days", ("FRA",))
    assert "'FRA'" in caught.value.found
    assert words in str(caught.value)


BAD = [
    (7, "a list of dates"),
    ("fr.ics", "absolute path"),
    ("s3://bucket/fr.ics", "absolute path"),
    ({}, "at least one country"),
    ({"": []}, "at least one country"),
    ({"FR": {"x": []}}, "closed_days.FR"),
    ({"FR": None}, "closed_days.FR"),
    (["25.12.2026"], "YYYY-MM-DD"),
    (["2026-13-01"], "YYYY-MM-DD"),
    (["20261225"], "YYYY-MM-DD"),
    ([20261225], "YYYY-MM-DD"),
    ("[2026-12-25]", "a list of dates"),
    ("/nowhere/fr.ics", "No such file"),
]


@pytest.mark.parametrize(("value", "words"), BAD)
def test_another_form_is_refused_in_three_parts(value, words):
    with pytest.raises(InvalidInput) as caught:
        read(value)
    assert "closed_days" in caught.value.found
    assert words in str(caught.value)
    assert caught.value.allowed
    assert caught.value.hint


def test_a_file_in_another_encoding_is_refused():
    def latin(path: str) -> str:
        assert path == "/c/fr.ics"
        return "Noël".encode("latin-1").decode("utf-8")

    with pytest.raises(InvalidInput, match="UTF-8"):
        read_closed_days("closed_days", "/c/fr.ics", read=latin)


def closing(*days: str) -> GuardSettings:
    return GuardSettings(closed_days=read(list(days)))


def test_a_window_with_a_closed_day_is_refused_by_name():
    verdict = ask("closed_days", GuardSettings(closed_days=read({"FR": calendar(day("20261201", title="Fête"))})))
    assert isinstance(verdict, Failed)
    assert "2026-12-01 (Fête, FR) by telephony" in verdict.found
    assert "startDate 2026-12-01" in verdict.hint
    assert verdict.allowed


RESTRICTED = {
    **NINE_TO_FIVE,
    "restrictedPeriods": {"restrictedPeriodList": [{"startDate": "2026-12-01", "endDate": "2026-12-02"}]},
}


def times(channel_hours: dict, **zone) -> dict:
    zones = zone or {"defaultTimeZone": "UTC"}
    return config(communicationTimeConfig={"localTimeZoneConfig": zones, "telephony": channel_hours})


@pytest.mark.parametrize(
    ("guards", "facts"),
    [
        (closing("2026-12-02"), {}),
        (closing("2026-12-01"), times(RESTRICTED)),
        (
            closing("2026-12-01"),
            times({"openHours": {"dailyHours": {"SUNDAY": [{"startTime": "T09:00", "endTime": "T17:00"}]}}}),
        ),
        (
            closing("2026-12-02"),
            {"window": Window(NOW, NOW + timedelta(hours=24))},
        ),  # until 08:00, hours begin at 09:00
        (closing("2026-12-01"), {**times(RESTRICTED), "window": Window(NOW, NOW + timedelta(days=3))}),
        (closing(), {}),
    ],
)
def test_a_day_without_contact_passes(guards, facts):
    assert isinstance(ask("closed_days", guards, **facts), Passed)


@pytest.mark.parametrize(
    ("guards", "facts"),
    [
        (closing("2026-12-02"), {"window": Window(NOW, NOW + timedelta(hours=25, minutes=1))}),
        (closing("2026-12-02"), {**times(RESTRICTED), "window": Window(NOW, NOW + timedelta(days=3))}),
        (closing("2026-12-01"), config(communicationTimeConfig={})),
        (closing("2026-12-01"), config(channelSubtypeConfig={})),
    ],
)
def test_a_day_with_contact_is_refused(guards, facts):
    assert isinstance(ask("closed_days", guards, **facts), Failed)


def test_the_day_is_that_of_the_campaign_s_zone():
    """At 23:30 UTC of the 30th it is the 1st in Paris; hours at night, so that it matters."""
    night = {"openHours": {"dailyHours": {each: [{"startTime": "T00:00", "endTime": "T02:00"}] for each in (
        "MONDAY", "TUESDAY", "WEDNESDAY")}}}  # fmt: skip
    at = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    facts = {**times(night, defaultTimeZone="Europe/Paris"), "window": Window(at, at + timedelta(minutes=20))}
    assert isinstance(ask("closed_days", closing("2026-12-01"), **facts), Failed)
    assert isinstance(ask("closed_days", closing("2026-11-30"), **facts), Passed)


def test_recipients_own_zones_count_any_place_on_earth_until_a_restricted_period_takes_the_day_out():
    own = {"localTimeZoneDetection": ["AREA_CODE"]}
    at = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)  # where the day begins first it is 10:00 of the 1st
    window = Window(at, at + timedelta(hours=1))
    assert isinstance(ask("closed_days", closing("2026-12-01"), window=window, **times(NINE_TO_FIVE, **own)), Failed)
    assert isinstance(ask("closed_days", closing("2026-12-01"), window=window, **times(RESTRICTED, **own)), Passed)


def test_without_setting_or_schedule_the_guard_says_so():
    assert ask("closed_days") == NotEvaluated("closed_days isn't given")
    assert isinstance(ask("closed_days", closing("2026-12-01"), window=Late("late", skip=True)), NotEvaluated)
    assert CONFIG["channelSubtypeConfig"] == {"telephony": {}}
