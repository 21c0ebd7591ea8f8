"""An asset event of a segment: what it says, which one counts, and which runs may publish one."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from connect_campaigns.core.errors import InvalidInput, LaunchSkipped
from connect_campaigns.core.prepared import PreparedSegment
from connect_campaigns.core.refreshed import (
    SEGMENTS,
    Refreshed,
    asset_segment,
    chosen,
    demand_current,
    newest,
    outdated,
    segment_uri,
)
from connect_campaigns.core.verdicts import Failed, GuardSettings, NotEvaluated, OnFailure, Passed
from tests.unit.core.guard_kit import NOW, ask, run

HOUR = timedelta(hours=1)
DAY = 24 * HOUR


def prepared(**changes):
    given = {
        "arn": "arn:aws:profile:us-east-1:123456789012:domains/crm/segment-definitions/spring-fr-0a1b2c3d",
        "name": "spring-fr-0a1b2c3d", "definition_hash": "0a1b2c3d", "created_at": NOW - DAY, "count": 519,
        "imported_at": NOW - HOUR, "rows": 5000, "estimated_at": NOW,
    }  # fmt: skip
    return PreparedSegment(**{**given, **changes})


def refreshed(**changes):
    given = {
        "segment": "spring-fr", "prepared": prepared(), "snapshot_uri": None, "refreshed_at": NOW,
        "data_interval_end": NOW - HOUR, "run_type": "scheduled",
    }  # fmt: skip
    return Refreshed(**{**given, **changes})


@pytest.mark.parametrize("changes", [{}, {"snapshot_uri": "s3://b/p"}, {"data_interval_end": None}])
def test_what_is_published_is_what_is_read_through_json_too(changes):
    event = refreshed(**changes)
    assert Refreshed.of_event(segment_uri("spring-fr"), json.loads(json.dumps(event.extra()))) == event


def test_the_extra_has_what_a_launch_compares():
    extra = refreshed().extra()
    assert (extra["arn"], extra["definition_hash"], extra["count"]) == (prepared().arn, "0a1b2c3d", 519)
    assert datetime.fromisoformat(extra["created_at"]) == prepared().created_at
    assert extra["snapshot_uri"] is None
    assert extra["run_type"] == "scheduled"
    assert {type(value) for value in extra.values()} <= {str, int, type(None)}


def test_an_event_made_by_hand_is_no_refresh():
    with pytest.raises(InvalidInput, match="lacks snapshot_uri, refreshed_at") as error:
        Refreshed.of_event(SEGMENTS + "spring-fr", {"from_rest_api": True})
    assert "trigger the DAG that refreshes" in error.value.hint


@pytest.mark.parametrize(
    ("member", "value"), [("refreshed_at", "yesterday"), ("run_type", ""), ("count", -1), ("data_interval_end", 5)]
)
def test_a_member_of_another_type_is_told_with_its_segment(member, value):
    with pytest.raises(InvalidInput, match=f"segment 'spring-fr'.*{member}"):
        Refreshed.of_event(SEGMENTS + "spring-fr", {**refreshed().extra(), member: value})


def test_an_asset_stands_for_all_contents_of_a_segment():
    assert asset_segment(prepared()) == "spring-fr"
    assert asset_segment(prepared(name="made-in-the-console")) == "made-in-the-console"


@pytest.mark.parametrize("name", ["", "spring fr", "spring/fr", "a" * 65, None])
def test_a_name_that_no_segment_has_makes_no_asset(name):
    with pytest.raises(InvalidInput, match="segment"):
        segment_uri(name)


def test_of_a_segments_events_the_last_counts():
    old, new, other = refreshed(refreshed_at=NOW - DAY), refreshed(), refreshed(segment="other")
    assert set(newest([new, other, old])) == {new, other}


def test_the_event_of_the_segment_is_chosen():
    wanted = refreshed()
    assert chosen([refreshed(segment="other"), wanted], "spring-fr", newest_of_several=False) is wanted


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], r"no refresh of segment 'spring-fr' triggered this run$"),
        ([refreshed(segment="b"), refreshed(segment="a")], "but one of a, b"),
        ([refreshed(), refreshed(refreshed_at=NOW - HOUR)], "2 refreshes of segment 'spring-fr'"),
    ],
)
def test_none_or_several_events_are_refused(events, words):
    with pytest.raises(InvalidInput) as error:
        chosen(events, "spring-fr", newest_of_several=False)
    assert re.search(words, error.value.found)


def test_the_last_of_several_is_taken_where_the_author_says_so():
    new = refreshed()
    assert chosen([new, refreshed(refreshed_at=NOW - DAY)], "spring-fr", newest_of_several=True) is new


CURRENT = [
    ({}, 12 * HOUR, 12 * HOUR),
    ({"run_type": "manual", "due": None}, 12 * HOUR, DAY),
    ({}, None, 100 * DAY),
]
OUTDATED = [
    ({"run_type": "backfill"}, 12 * HOUR, timedelta(0), "made by a backfill"),
    ({"run_type": "backfill_job"}, None, timedelta(0), "made by a backfill"),
    ({}, 12 * HOUR, 13 * HOUR, "was due 13.0 h ago"),
    ({"run_type": "manual"}, 12 * HOUR, DAY, "was due 24.0 h ago"),
]


@pytest.mark.parametrize(("changes", "longest", "age"), CURRENT)
def test_a_run_of_today_publishes(changes, longest, age):
    assert outdated(run(**changes), now=NOW + age, longest=longest) is None
    demand_current(run(**changes), now=NOW + age, longest=longest, hint="h")


@pytest.mark.parametrize(("changes", "longest", "age", "words"), OUTDATED)
def test_a_backfilled_or_old_run_is_skipped(changes, longest, age, words):
    with pytest.raises(LaunchSkipped, match=words):
        demand_current(run(**changes), now=NOW + age, longest=longest, hint="h")


def triggered(*events):
    return {"run": run(run_type="asset_triggered", scheduled=False, refreshes=events)}


def test_the_refresh_of_a_backfill_launches_nobody_however_fresh_it_is():
    verdict = ask("backfill", **triggered(refreshed(segment="other"), refreshed(run_type="backfill")))
    assert isinstance(verdict, Failed)
    assert verdict.then is OnFailure.SKIP
    assert "a backfill refreshed segment 'spring-fr'" in verdict.found


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize(
    "old",
    [
        {"refreshed_at": NOW - 13 * HOUR},
        {"data_interval_end": NOW - 13 * HOUR},  # a catch-up, published with max_run_age=None
        {"refreshed_at": NOW - 13 * HOUR, "run_type": "manual"},
    ],
)
def test_an_old_refresh_is_told_though_the_run_is_new(old, bounded):
    settings = GuardSettings(lateness_bounded=bounded)
    verdict = ask("run_age", settings, **triggered(refreshed(segment="other"), refreshed(**old)))
    assert isinstance(verdict, Failed)
    assert "segment 'spring-fr' was refreshed 13.0 h ago" in verdict.found
    assert "max_run_age" in verdict.allowed


def test_a_manual_refresh_is_not_as_old_as_the_interval_that_airflow_gives_it():
    event = refreshed(run_type="manual", data_interval_end=NOW - 7 * DAY)
    assert isinstance(ask("run_age", **triggered(event)), Passed)
    assert isinstance(ask("backfill", **triggered(event)), Passed)


def test_without_a_bound_no_refresh_is_too_old():
    verdict = ask("run_age", GuardSettings(max_run_age=None), **triggered(refreshed(refreshed_at=NOW - 99 * DAY)))
    assert isinstance(verdict, NotEvaluated)


def test_times_of_an_event_are_read_in_utc():
    extra = {**refreshed().extra(), "refreshed_at": "2026-12-01T09:00:00+01:00"}
    assert Refreshed.of_event(SEGMENTS + "spring-fr", extra).refreshed_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
