"""Permitted hours: how the setting is read, what lies outside of it, and what the guard says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.hours import ALWAYS, DAY, WEEKDAYS, contact_days, union, week
from connect_campaigns.core.permitted import outside, read_permitted_hours
from connect_campaigns.core.schedule import Window
from connect_campaigns.core.verdicts import Failed, GuardSettings, NotEvaluated, Passed
from tests.unit.core.guard_kit import CONFIG, NOW, WINDOW, ask

WORKDAYS = {"default": {"MONDAY-FRIDAY": "09:00-20:00", "SATURDAY": ["10:00-13:00"]}}


def hours_of(channel: str = "telephony", zone: dict | None = None, **days: str) -> dict:
    """A voice campaign with these hours: ``MONDAY="09:00-17:00"``."""
    ranges = {
        day: [{"startTime": f"T{part.split('-')[0]}", "endTime": f"T{part.split('-')[1]}"} for part in text.split()]
        for day, text in days.items()
    }
    times = {
        "localTimeZoneConfig": zone or {"defaultTimeZone": "Europe/Paris"},
        channel: {"openHours": {"dailyHours": ranges}},
    }
    return {**CONFIG, "channelSubtypeConfig": {channel: {}}, "communicationTimeConfig": times}


def permitted(value: object = WORKDAYS) -> GuardSettings:
    return GuardSettings(permitted_hours=read_permitted_hours("permitted_hours", value))


@pytest.mark.parametrize(
    "config",
    [
        hours_of(MONDAY="09:00-20:00"),
        hours_of(MONDAY="09:00-12:00 14:00-20:00", SATURDAY="10:30-12:59"),
        hours_of(MONDAY="09:00-12:00 12:00-20:00"),
        hours_of("sms", FRIDAY="09:00-20:00"),
        hours_of(zone={"localTimeZoneDetection": ["AREA_CODE"]}, MONDAY="10:00-11:00"),
    ],
)
def test_narrower_hours_pass(config):
    verdict = ask("permitted_hours", permitted(), config=config)
    assert isinstance(verdict, Passed)
    assert "Europe/Paris" in verdict.note or "each recipient" in verdict.note


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (hours_of(MONDAY="08:59-20:00"), "telephony MONDAY 08:59-20:00 (permitted: 09:00-20:00)"),
        (hours_of(MONDAY="09:00-20:01"), "telephony MONDAY 09:00-20:01 (permitted: 09:00-20:00)"),
        (hours_of(SUNDAY="10:00-11:00"), "telephony SUNDAY 10:00-11:00 (permitted: none)"),
        (hours_of(SATURDAY="11:00-14:00"), "telephony SATURDAY 11:00-14:00 (permitted: 10:00-13:00)"),
        (hours_of("email", SUNDAY="10:00-11:00"), "email SUNDAY"),
        (hours_of(MONDAY="22:00-02:00"), "telephony MONDAY 22:00-24:00"),
        (hours_of(MONDAY="19:00-02:00"), "TUESDAY 00:00-02:00"),
        (hours_of(), "telephony without hours means any hour"),
        ({**hours_of(MONDAY="09:00-10:00"), "channelSubtypeConfig": {}}, "sms"),
        (
            hours_of(MONDAY="08:00-09:00", TUESDAY="08:00-09:00", THURSDAY="08:00-09:00", FRIDAY="08:00-09:00"),
            "and 1 more",
        ),
    ],
)
def test_wider_hours_are_refused_by_name(config, words):
    verdict = ask("permitted_hours", permitted(), config=config)
    assert isinstance(verdict, Failed)
    assert words in verdict.found
    assert verdict.allowed
    assert "Communication time" in verdict.hint


def test_a_channel_of_its_own_is_judged_by_its_own_hours():
    setting = {"telephony": {"MONDAY": "10:00-12:00"}, "default": {"MONDAY": "00:00-24:00"}}
    assert isinstance(ask("permitted_hours", permitted(setting), config=hours_of(MONDAY="09:00-12:00")), Failed)
    assert isinstance(ask("permitted_hours", permitted(setting), config=hours_of("sms", MONDAY="09:00-12:00")), Passed)


def test_a_channel_that_nobody_named_is_not_permitted():
    verdict = ask(
        "permitted_hours", permitted({"sms": {"MONDAY": "09:00-20:00"}}), config=hours_of(MONDAY="09:00-10:00")
    )
    assert isinstance(verdict, Failed)
    assert "names no hours for telephony" in verdict.found
    assert "default" in verdict.hint


def test_a_channel_without_hours_passes_only_where_any_hour_is_permitted():
    config = {**CONFIG, "channelSubtypeConfig": {"sms": {}}, "communicationTimeConfig": {}}
    assert isinstance(ask("permitted_hours", permitted(), config=config), Failed)
    assert isinstance(
        ask("permitted_hours", permitted({"default": {"MONDAY-SUNDAY": "00:00-24:00"}}), config=config), Passed
    )


def test_without_the_setting_the_guard_says_so():
    assert ask("permitted_hours") == NotEvaluated("permitted_hours isn't given")


def test_text_is_read_as_json_and_weekdays_in_any_case():
    text = read_permitted_hours("permitted_hours", '{"default": {"Monday - Friday": "09:00 - 20:00"}}')
    assert text == read_permitted_hours(
        "permitted_hours", {"default": {"MONDAY-FRIDAY": ["09:00-14:00", "13:00-20:00"]}}
    )


BAD = [
    ({}, "at least one channel"),
    ([], "a dict"),
    ("soon", "JSON"),
    (7, "a dict"),
    ({"voice": {"MONDAY": "09:00-20:00"}}, "telephony, sms, email, whatsApp, default"),
    ({"whatsapp": {}}, "perhaps `whatsApp`"),
    ({"default": "09:00-20:00"}, "weekdays with hours"),
    ({"default": None}, "weekdays with hours"),
    ({"default": {"MON": "09:00-20:00"}}, "MONDAY-FRIDAY"),
    ({"default": {"FRIDAY-MONDAY": "09:00-20:00"}}, "MONDAY-FRIDAY"),
    ({"default": {"MONDAY-TUESDAY-FRIDAY": "09:00-20:00"}}, "MONDAY-FRIDAY"),
    ({"default": {"MONDAY-FRIDAY": "09:00-20:00", "FRIDAY": "09:00-12:00"}}, "FRIDAY is named twice"),
    ({"default": {"MONDAY": "9:00-20:00"}}, "HH:MM-HH:MM"),
    ({"default": {"MONDAY": "20:00-09:00"}}, "HH:MM-HH:MM"),
    ({"default": {"MONDAY": "09:00-24:01"}}, "HH:MM-HH:MM"),
    ({"default": {"MONDAY": "09:60-10:00"}}, "HH:MM-HH:MM"),
    ({"default": {"MONDAY": 9}}, "HH:MM-HH:MM"),
    ({"default": {"MONDAY": None}}, "HH:MM-HH:MM"),
    ({"default": {"MONDAY": [["09:00-20:00"]]}}, "HH:MM-HH:MM"),
]


@pytest.mark.parametrize(("value", "words"), BAD)
def test_another_form_is_refused_in_three_parts(value, words):
    with pytest.raises(InvalidInput) as caught:
        read_permitted_hours("connection `c`: extra.permitted_hours", value)
    assert "connection `c`: extra.permitted_hours" in caught.value.found
    assert words in str(caught.value)
    assert caught.value.allowed
    assert caught.value.hint


SPANS = st.lists(st.tuples(st.integers(0, DAY - 1), st.integers(1, DAY)), max_size=5)


@given(SPANS, SPANS)
def test_outside_is_every_minute_that_is_not_permitted(hours, permitted):
    """Against the plain way: minute by minute."""
    one, two = union(hours), union(permitted)
    minutes = {minute for start, end in one for minute in range(start, end)}
    allowed = {minute for start, end in two for minute in range(start, end)}
    assert bool(list(outside((one,) * 7, (two,) * 7))) == bool(minutes - allowed)


@given(SPANS)
def test_a_union_is_sorted_and_has_gaps(spans):
    joined = union(spans)
    assert all(start < end for start, end in joined)
    assert all(one[1] < two[0] for one, two in pairwise(joined))


def test_no_hours_at_all_means_always():
    assert week({}, "sms") == ALWAYS


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati"])
def test_the_days_of_a_window_are_those_of_the_campaign_s_zone(zone):
    config = hours_of(zone={"defaultTimeZone": zone}, **dict.fromkeys(WEEKDAYS, "00:00-24:00"))
    days = list(contact_days(config, "telephony", WINDOW))
    last = WINDOW.end - timedelta(seconds=1)
    assert days == sorted({each.astimezone(ZoneInfo(zone)).date() for each in (WINDOW.start, last)})


def test_recipients_own_zones_count_a_day_that_comes_anywhere_on_earth():
    config = hours_of(zone={"localTimeZoneDetection": ["AREA_CODE"]}, **dict.fromkeys(WEEKDAYS, "09:00-10:00"))
    at = datetime(2026, 12, 1, 12, tzinfo=UTC)
    days = [day.day for day in contact_days(config, "telephony", Window(at, at + timedelta(hours=8)))]
    assert days == [1, 2]  # 09:00 of the 2nd begins at 19:00 UTC of the 1st where the day begins first
    assert NOW.day == 1
