"""The guards on whom a launch is for: the words of each refusal, and what each does without its facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connect_campaigns.core.exclusion import read_exclusions
from connect_campaigns.core.records import LaunchRecord
from connect_campaigns.core.schedule import Window
from connect_campaigns.core.verdicts import Failed, GuardSettings, NotEvaluated, OnFailure, Passed, Warned
from tests.unit.core.guard_kit import GROUPS, NOW, READ, SEGMENT, WINDOW, ask, config

DNC = GuardSettings(require_exclusion=read_exclusions("require_exclusion", "do-not-call"))
TWENTY = GuardSettings(max_audience_change_percent=20)
AFTER = WINDOW.end + timedelta(days=1)


def last(count: int | None) -> LaunchRecord:
    return LaunchRecord(
        at="2026-11-30T08:00:00+00:00",
        by="b",
        key="yesterday",
        generation=0,
        campaign="c",
        audience="spring",
        count=count,
    )


def counted(count: int):
    return replace(SEGMENT, count=count)


def expiring(**times):
    """Give the prepared segment with other expiries: `at` its own, `suppression_at` the suppression list's."""
    names = {"at": "expires_at", "suppression_at": "suppression_expires_at"}
    return replace(SEGMENT, **{names[name]: time for name, time in times.items()})


PASSES = [
    ("prepared_segment", GuardSettings(), {}, "hash 0a1b2c3d"),
    ("prepared_segment", GuardSettings(), {"asked_source": SEGMENT.arn.replace("segment-definitions", "segments")}, "hash"),
    ("sql_segment", GuardSettings(), {}, ""),
    ("sql_segment", GuardSettings(allow_sql_segment=True), {"segment": replace(READ, content="SELECT 1")}, ""),
    ("data_age", GuardSettings(max_data_age=timedelta(hours=1)), {}, "imported 1.0 h ago"),
    ("suppression_age", GuardSettings(max_suppression_age=timedelta(days=31)), {}, "imported 72.0 h ago"),
    ("data_expiry", GuardSettings(), {}, "until 2026-12-15 08:00 UTC"),
    ("data_expiry", GuardSettings(), {"prepared": expiring(at=AFTER)}, "until 2026-12-02 17:00 UTC"),
    ("data_expiry", GuardSettings(), {"prepared": expiring(at=None)}, "until 2027-01-27 08:00 UTC"),
    ("audience", GuardSettings(), {}, "135 profiles"),
    ("audience", GuardSettings(min_audience=135, max_audience=135), {}, "135 profiles"),
    ("audience", GuardSettings(min_audience=0), {"prepared": counted(0)}, "0 profiles"),
    ("audience_change", TWENTY, {"last_launch": last(135)}, "as many as"),
    ("audience_change", TWENTY, {"last_launch": last(120)}, "12.5 % more than the 120"),
    ("audience_change", TWENTY, {"last_launch": last(150)}, "10.0 % less than the 150"),
    ("audience_change", TWENTY, {"prepared": counted(120), "last_launch": last(100)}, "20.0 % more"),
    ("exclusion", DNC, {}, "do-not-call"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings", "facts", "words"), PASSES)
def test_it_passes_and_says_what_it_saw(name, settings, facts, words):
    verdict = ask(name, settings, **facts)
    assert isinstance(verdict, Passed)
    assert words in verdict.note


REFUSES = [
    ("prepared_segment", GuardSettings(), {"segment": None}, "spring-0a1b2c3d is not there", OnFailure.FAIL),
    ("prepared_segment", GuardSettings(), {"segment": replace(READ, hash="ffffffff")}, "has hash ffffffff", OnFailure.FAIL),
    ("prepared_segment", GuardSettings(), {"segment": replace(READ, created_at=NOW)}, "made 2026-12-01T08:00", OnFailure.FAIL),
    ("prepared_segment", GuardSettings(), {"asked_source": SEGMENT.arn + "9", "prepared": None}, "this launch is for",
     OnFailure.HOLD),
    ("sql_segment", GuardSettings(), {"segment": replace(READ, content="SELECT 1")}, "defined by SQL", OnFailure.FAIL),
    ("data_age", GuardSettings(max_data_age=timedelta(minutes=59)), {}, "imported 1.0 h ago (2026-12-01 07:00 UTC)",
     OnFailure.FAIL),
    ("data_age", GuardSettings(max_data_age=timedelta(days=1)), {"prepared": replace(SEGMENT, imported_at=None)},
     "can't be told", OnFailure.FAIL),
    ("suppression_age", GuardSettings(max_suppression_age=timedelta(days=2)), {}, "the suppression list was imported 72.0 h ago",
     OnFailure.FAIL),
    ("suppression_age", GuardSettings(max_suppression_age=timedelta(days=31)),
     {"prepared": replace(SEGMENT, suppression_imported_at=None)}, "the suppression list was imported can't be told",
     OnFailure.FAIL),
    ("data_expiry", GuardSettings(), {"prepared": expiring(at=AFTER - timedelta(seconds=1))},
     "the audience's profiles are forgotten from 2026-12-02 16:59 UTC on, and the campaign ends at 2026-12-01 17:00 UTC",
     OnFailure.FAIL),
    ("data_expiry", GuardSettings(), {"prepared": expiring(suppression_at=NOW)}, "the suppression list's profiles are forgotten",
     OnFailure.FAIL),
    ("audience", GuardSettings(), {"prepared": counted(0)}, "is empty", OnFailure.FAIL),
    ("audience", GuardSettings(min_audience=50), {"prepared": counted(49)}, "has 49 profiles", OnFailure.FAIL),
    ("audience", GuardSettings(max_audience=134), {}, "has 135 profiles", OnFailure.FAIL),
    ("audience_change", TWENTY, {"last_launch": last(100)}, "135 profiles, 35.0 % more than the 100", OnFailure.FAIL),
    ("audience_change", TWENTY, {"last_launch": last(1000)}, "86.5 % less than the 1,000", OnFailure.FAIL),
    ("audience_change", TWENTY, {"last_launch": last(0)}, "more than the 0", OnFailure.FAIL),
    ("audience_change", TWENTY, {"last_launch": last(135), "has_ledger": False}, "no ledger", OnFailure.FAIL),
    ("exclusion", DNC, {"segment": replace(READ, content={**GROUPS, "Include": "NONE"})}, "Include NONE", OnFailure.FAIL),
    ("exclusion", DNC, {"segment": replace(READ, content="SELECT 1")}, "defined by SQL", OnFailure.FAIL),
    ("exclusion", DNC, {"segment": "no right"}, "can't be told: no right", OnFailure.HOLD),
    ("exclusion", DNC, {"segment": None}, "is not there", OnFailure.FAIL),
    ("exclusion", GuardSettings(require_exclusion=read_exclusions("x", "do-not-call, bounced")), {}, "leave out 'bounced'",
     OnFailure.FAIL),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings", "facts", "words", "then"), REFUSES)
def test_it_refuses_in_three_parts(name, settings, facts, words, then):
    verdict = ask(name, settings, **facts)
    assert isinstance(verdict, Failed), verdict
    assert words in verdict.found
    assert all((verdict.allowed, verdict.hint))
    assert verdict.then is then


GIVEN = [
    ("data_age", GuardSettings(max_data_age=timedelta(days=1)), "max_data_age"),
    ("suppression_age", GuardSettings(max_suppression_age=timedelta(days=1)), "max_suppression_age"),
    ("audience", GuardSettings(min_audience=1), "min_audience"),
    ("audience", GuardSettings(max_audience=1), "max_audience"),
    ("audience_change", TWENTY, "max_audience_change_percent"),
]


@pytest.mark.parametrize(("name", "settings", "setting"), GIVEN)
def test_what_the_author_asks_for_is_never_left_unasked_for_want_of_figures(name, settings, setting):
    verdict = ask(name, settings, prepared=None, last_launch=last(1))
    assert isinstance(verdict, Failed)
    assert f"`{setting}` is given" in verdict.found


UNASKED = [
    ("prepared_segment", {"prepared": None}, "no hash"),
    ("prepared_segment", {"segment": "no right"}, "no right"),
    ("sql_segment", {"segment": "nobody asked for it"}, "nobody asked"),
    ("data_age", {}, "max_data_age=None"),
    ("suppression_age", {}, "max_suppression_age=None"),
    ("data_expiry", {"prepared": None}, "no import's expiry"),
    ("data_expiry", {"prepared": replace(SEGMENT, expires_at=None, suppression_expires_at=None)}, "no import's expiry"),
    ("data_expiry", {"prepared": replace(SEGMENT, expires_at=NOW), "window": None}, "no schedule"),
    ("audience", {"prepared": None}, "no count"),
    ("audience_change", {}, "max_audience_change_percent=None"),
    ("exclusion", {}, "require_exclusion=None"),
]


@pytest.mark.parametrize(("name", "facts", "why"), UNASKED)
def test_where_nobody_asks_or_nothing_can_be_told_it_says_so(name, facts, why):
    verdict = ask(name, **facts)
    assert isinstance(verdict, NotEvaluated)
    assert why in verdict.why


def test_an_expiry_that_comes_too_early_may_be_a_warning_or_nobodys_business():
    facts = {"prepared": expiring(at=NOW)}
    assert isinstance(ask("data_expiry", GuardSettings(if_expiring="warn"), **facts), Warned)
    assert ask("data_expiry", GuardSettings(if_expiring=None), **facts) == NotEvaluated("if_expiring=None")


def test_the_days_that_are_missing_are_named():
    verdict = ask("data_expiry", prepared=expiring(at=NOW), window=Window(NOW, NOW + timedelta(days=29, hours=1)))
    assert "raise `data_expiry_days` of their import by 31 or more" in verdict.hint


@pytest.mark.parametrize("record", [None, last(None)])
def test_a_first_launch_has_nothing_to_be_compared_with(record):
    assert isinstance(ask("audience_change", TWENTY, last_launch=record), NotEvaluated)


def test_an_event_triggered_campaign_has_no_segment_to_exclude_from():
    assert isinstance(ask("exclusion", DNC, **config(source={"eventTrigger": {}})), NotEvaluated)
