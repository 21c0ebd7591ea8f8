"""The guards' switches: how parameters and connection come together, and what is refused."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from functools import partial

import pytest

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.guard_settings import checked_guards, with_audience, with_times
from connect_campaigns.core.settings import Settings
from connect_campaigns.core.verdicts import GuardSettings

CHRISTMAS = date(2026, 12, 25)
NIGHT = {"default": {"MONDAY": "22:00-24:00"}}
MORNING = {"default": {"MONDAY": "08:00-12:00"}}


def guards(**changes) -> GuardSettings:
    given = {
        "max_run_age": timedelta(hours=12),
        "lateness_bounded": False,
        "if_manual": "launch",
        "require_hours": False,
        "if_no_limits": "warn",
        "ignore_instance_limits": None,
        "min_launch_gap": None,
        "if_overlap": None,
    }
    return checked_guards(**{**given, **changes})


def timed(*, connection: Settings | None = None, **given) -> GuardSettings:
    texts = {"permitted_hours": None, "closed_days": None, "country": None, **given}
    return with_times(GuardSettings(), **texts, connection=connection, read=lambda path: path)


def connection(**extra) -> Settings:
    return Settings.from_extra(json.loads(json.dumps(extra)), where="connection `c`")


def test_the_settings_can_t_be_changed_and_can_be_hashed():
    made = timed(permitted_hours=NIGHT, closed_days={"FR": ["2026-12-25"]})
    assert hash(made) == hash(timed(permitted_hours=NIGHT, closed_days={"FR": ["2026-12-25"]}))
    with pytest.raises(FrozenInstanceError):
        made.if_overlap = "fail"  # type: ignore[misc] # that is the test


def audience(**given) -> GuardSettings:
    return with_audience(GuardSettings(), **{**dict.fromkeys(OF_AUDIENCE), "allow_sql_segment": False, **given})


OF_AUDIENCE = (
    "max_data_age",
    "max_suppression_age",
    "if_expiring",
    "min_audience",
    "max_audience",
    "max_audience_change_percent",
    "require_exclusion",
)
SWITCHES = ("max_run_age", "min_launch_gap", "if_overlap")
TIMES = ("permitted_hours", "closed_days")
READERS = {
    **dict.fromkeys(OF_AUDIENCE, audience),
    **dict.fromkeys(SWITCHES, guards),
    **dict.fromkeys(TIMES, partial(timed, connection=Settings())),
}


def test_none_is_unsaid():
    assert guards(**dict.fromkeys(SWITCHES[1:])) == guards()
    assert timed(country=None) == GuardSettings()
    assert timed(**dict.fromkeys(TIMES)) == audience() == GuardSettings()


def test_what_has_no_bound_may_be_said_by_a_template():
    assert guards(max_run_age="any", min_launch_gap="any") == guards(max_run_age=None)
    ages = {"max_data_age": "any", "max_suppression_age": "any"}
    assert audience(**ages, max_audience="any", max_audience_change_percent="any") == GuardSettings()
    with pytest.raises(InvalidInput):
        audience(min_audience="any")


def test_what_asks_for_more_when_it_is_empty_may_be_empty():
    assert guards(ignore_instance_limits="") == guards()
    assert timed(country="") == GuardSettings()


@pytest.mark.parametrize("rendered", ["", "None"])
@pytest.mark.parametrize("name", READERS)
def test_what_a_template_renders_to_nothing_is_refused(name, rendered):
    with pytest.raises(InvalidInput) as caught:
        READERS[name](**{name: rendered})
    assert name in caught.value.found
    assert caught.value.hint


@pytest.mark.parametrize("gap", [3600, "3600", timedelta(hours=1)])
def test_a_gap_is_read_as_any_length_of_time(gap):
    assert guards(min_launch_gap=gap).min_launch_gap == timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"if_no_limits": "ignore"}, "if_no_limits"),
        ({"if_no_limits": None}, "if_no_limits"),
        ({"ignore_instance_limits": True}, "ignore_instance_limits"),
        ({"ignore_instance_limits": "   "}, "ignore_instance_limits"),
        ({"ignore_instance_limits": "x" * 256}, "ignore_instance_limits"),
        ({"min_launch_gap": -1}, "min_launch_gap"),
        ({"min_launch_gap": "a day"}, "min_launch_gap"),
        ({"if_overlap": "skip"}, "if_overlap"),
        ({"if_overlap": True}, "if_overlap"),
    ],
)
def test_a_wrong_switch_is_refused_by_name(changes, name):
    with pytest.raises(InvalidInput) as caught:
        guards(**changes)
    assert f"`{name}`" in caught.value.found
    assert caught.value.allowed
    assert caught.value.hint


def test_the_connection_says_it_once_and_a_parameter_replaces_it():
    said = connection(permitted_hours=MORNING, closed_days={"FR": ["2026-12-25"]})
    once, over = timed(connection=said), timed(connection=said, permitted_hours=NIGHT, closed_days=[])
    assert once.permitted_hours.of("sms")[0] == ((480, 720),)
    assert over.permitted_hours.of("sms")[0] == ((1320, 1440),)
    assert once.closed_days.why(CHRISTMAS) == "FR"
    assert over.closed_days.why(CHRISTMAS) is None


def test_a_country_picks_from_the_connection_s_days():
    said = connection(closed_days={"FR": ["2026-07-14"], "DE": ["2026-12-25"]})
    assert timed(connection=said).closed_days.why(CHRISTMAS) == "DE"
    assert timed(connection=said, country="FR").closed_days.why(CHRISTMAS) is None
    for both in ("FR, DE", ["FR", "DE"]):
        assert timed(connection=said, country=both).closed_days.why(CHRISTMAS) == "DE"


def test_before_the_connection_is_asked_a_country_alone_is_no_mistake():
    assert timed(country="FR") == GuardSettings()


@pytest.mark.parametrize(
    ("extra", "given", "words"),
    [
        ({"permitted_hours": "always"}, {}, "connection `c`: extra.permitted_hours"),
        ({"permitted_hours": []}, {}, "connection `c`: extra.permitted_hours"),
        ({"closed_days": "fr.ics"}, {}, "connection `c`: extra.closed_days"),
        ({"closed_days": {"FR": ["25 Dec"]}}, {}, "connection `c`: extra.closed_days.FR"),
        ({"closed_days": {"FR": []}}, {"country": "ES"}, "'ES'"),
        ({"closed_days": ["2026-12-25"]}, {"country": "FR"}, "it names none"),
        ({}, {"country": "FR"}, "there are no `closed_days`"),
        ({}, {"country": 7}, "`country` is 7"),
        ({}, {"country": "FR,"}, "`country`"),
        ({}, {"country": []}, "`country` is []"),
    ],
)
def test_a_wrong_connection_or_country_is_refused_by_name(extra, given, words):
    with pytest.raises(InvalidInput) as caught:
        timed(connection=connection(**extra), **given)
    assert words in str(caught.value)
    assert caught.value.allowed
    assert caught.value.hint


def test_what_stops_a_campaign_doesn_t_fail_over_a_wrong_calendar():
    assert connection(permitted_hours=7, closed_days=7, connect_instance_id="i").required("connect_instance_id") == "i"
