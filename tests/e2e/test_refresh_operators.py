"""The operators around a refresh, each as Airflow runs it: counted in a backfill, published, read, launched."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connect_campaigns._compat import Asset, AssetAlias
from connect_campaigns.core.errors import GuardFailed, InvalidInput, LaunchSkipped
from connect_campaigns.operators.backfilled import CountBackfilledRowsOperator
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator
from connect_campaigns.operators.publishing import (
    PUBLISHED,
    PublishSegmentOperator,
    ReadRefreshedSegmentOperator,
    segment_asset,
)
from tests.launch_kit import Ran, RunningTask, World
from tests.segment_kit import Crm, defining, estimating, importing, run

LONG_AGO = datetime.now(UTC) - timedelta(hours=13)
OUTDATED = [
    {"run_type": "backfill", "run_id": "backfill__1", "due": LONG_AGO},
    {"run_type": "backfill", "run_id": "scheduled__1"},  # reprocessed: its name stays
    {"run_type": "scheduled", "due": LONG_AGO},  # a catch-up, or cleared
    {"run_type": "manual", "due": LONG_AGO},
]


class Ran3(Ran):
    """A run of Airflow 3, whose context has asset events: those that triggered it, and those that it adds."""

    def __init__(self, operator, *, events=(), **given):
        self.added = []
        alias = SimpleNamespace(add=lambda asset, extra: self.added.append((asset.uri, extra)))
        by_asset = defaultdict(list)
        for asset, extra in events:
            by_asset[asset].append(SimpleNamespace(extra=extra))
            by_asset[AssetAlias(PUBLISHED)].append(SimpleNamespace(extra=extra))
        outlets = getattr(operator, "outlets", [])
        events = {"outlet_events": {AssetAlias(PUBLISHED): alias}, "triggering_asset_events": by_asset}
        extras = {**events, "outlets": outlets}
        with pytest.MonkeyPatch.context() as patch:
            plain = RunningTask.context.fget
            patch.setattr(RunningTask, "context", property(lambda self: {**plain(self), **extras}))
            super().__init__(operator, **given)


@pytest.fixture
def crm(emulator, monkeypatch, tmp_path):
    return Crm(emulator, monkeypatch, tmp_path)


def counting(path, **given):
    return CountBackfilledRowsOperator(task_id="count_backfilled", path=path, key_column="id", **given)


def prepared(crm):
    crm.profiles.create_profile(DomainName="crm", Attributes={"Balance": "2000"})
    return run(estimating(segment=run(defining(name="spring-fr", groups="Balance>1000"))))


@pytest.mark.parametrize("given", OUTDATED)
def test_a_run_that_is_none_of_today_counts_its_file_and_imports_nothing(crm, given):
    ran = Ran(counting(crm.people(7)), **given)
    assert isinstance(ran.error, LaunchSkipped)
    assert "7 rows, and none was imported" in ran.error.found
    assert ran.ti.xcoms == {"count": 7}
    assert crm.changed == 0


@pytest.mark.parametrize("given", OUTDATED)
def test_an_import_alone_in_such_a_run_sends_nothing_either(crm, given):
    """Its count may be from another day: a suppression list has none, and a clear runs the import without it."""
    ran = Ran(importing(path=crm.people(7)), **given)
    assert isinstance(ran.error, LaunchSkipped)
    assert "nothing was imported" in ran.error.hint
    assert crm.changed == 0


def test_a_run_of_today_leaves_its_file_to_the_import():
    ran = Ran(counting("/not/there.csv"), run_type="scheduled")
    assert (ran.error, ran.value, ran.ti.xcoms) == (None, None, {})


def test_its_author_may_let_old_runs_import_but_no_backfill(crm):
    old = counting("/not/there.csv", max_run_age=None)
    assert Ran(old, run_type="scheduled", due=LONG_AGO).error is None
    assert isinstance(Ran(counting(crm.people(2), max_run_age=None), run_type="backfill").error, LaunchSkipped)


def test_a_bad_file_is_told_in_a_backfill_as_by_the_import(crm):
    ran = Ran(counting(crm.file("id,phone\n1,+12025550100\n1,+12025550101\n")), run_type="backfill")
    assert isinstance(ran.error, InvalidInput)
    assert ran.ti.xcoms == {}


def test_a_refresh_is_published_with_all_that_a_launch_asks(crm):
    segment = prepared(crm)
    ran = Ran3(
        PublishSegmentOperator(task_id="publish", segment=segment, snapshot_uri="s3://b/p"), run_type="scheduled"
    )
    [(uri, extra)] = ran.added
    assert uri == segment_asset("spring-fr").uri
    assert extra == ran.value
    assert extra.items() >= segment.items()
    assert (extra["snapshot_uri"], extra["run_type"]) == ("s3://b/p", "scheduled")
    assert abs(datetime.fromisoformat(extra["refreshed_at"]) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("given", OUTDATED)
def test_a_run_that_is_none_of_today_publishes_nothing(crm, given):
    ran = Ran3(PublishSegmentOperator(task_id="publish", segment=prepared(crm)), **given)
    assert isinstance(ran.error, LaunchSkipped)
    assert "nothing was published" in ran.error.hint
    assert ran.added == []


def test_an_event_that_airflow_would_drop_is_refused(crm):
    ran = Ran3(PublishSegmentOperator(task_id="publish", segment=prepared(crm), outlets=[]))
    assert isinstance(ran.error, InvalidInput)
    assert "partial" in ran.error.hint
    assert ran.added == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"segment": {"arn": "a"}}, "`segment` lacks"),
        ({"segment": "spring"}, "`segment` is 'spring'"),
        ({"max_run_age": "soon"}, "`max_run_age` is 'soon'"),
        ({"snapshot_uri": 5}, "`snapshot_uri` is 5"),
    ],
)
def test_bad_input_is_told_and_nothing_published(crm, given, words):
    ran = Ran3(PublishSegmentOperator(task_id="publish", **{"segment": prepared(crm), **given}))
    assert isinstance(ran.error, InvalidInput)
    assert words in ran.error.found
    assert ran.added == []


def test_an_event_that_triggered_a_run_is_read_once_though_an_alias_published_it(crm):
    segment = prepared(crm)
    event = Ran3(PublishSegmentOperator(task_id="publish", segment=segment)).added[0][1]
    read = ReadRefreshedSegmentOperator(task_id="read", segment="spring-fr")
    both = [(segment_asset("spring-fr"), event), (Asset("s3://somebody/else"), {})]
    assert Ran3(read, events=both, run_type="asset_triggered").value == segment
    assert isinstance(Ran3(read, run_type="manual").error, InvalidInput)


@pytest.fixture
def launching(emulator, monkeypatch):
    """A world, its segment as prepared, and a way to make the event of its refresh."""
    world = World(emulator, monkeypatch, people=3)
    segment = run(estimating(segment=world.arn))

    def event(**changes):
        extra = Ran3(PublishSegmentOperator(task_id="publish", segment=segment), run_type="scheduled").value
        return [(segment_asset(segment["name"]), {**extra, **changes})]

    return world, segment, event


def creating(world, segment, kind=CreateCampaignOperator, **given):
    given = {"start_after": 600, "launch_key": "spring/fr/2026-12-01", **given}
    return kind(task_id="create", template=world.template, source=segment, **given)


def test_a_launch_goes_on_after_a_fresh_refresh(launching):
    world, segment, event = launching
    assert Ran3(creating(world, segment), events=event(), run_type="asset_triggered").error is None
    assert world.emulator.effects("CreateCampaign") == 2  # and the template


@pytest.mark.parametrize("kind", [CreateCampaignOperator, PreflightOperator])
@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"run_type": "backfill"}, LaunchSkipped, "a backfill refreshed segment"),
        ({"refreshed_at": LONG_AGO.isoformat()}, GuardFailed, "was refreshed 13."),
        ({"data_interval_end": LONG_AGO.isoformat()}, GuardFailed, "was refreshed 13."),
        ({"refreshed_at": "yesterday"}, InvalidInput, "refreshed_at"),
    ],
)
def test_the_event_itself_is_judged_though_the_run_is_new(launching, kind, changes, error, words):
    world, segment, event = launching
    before = world.writes()
    ran = Ran3(creating(world, segment, kind), events=event(**changes), run_type="asset_triggered")
    assert isinstance(ran.error, error)
    assert words in ran.error.found
    assert world.writes() == before
