"""Which campaigns housekeeping deletes: each fate, each bound, and that order doesn't matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.housekeeping import Fate, Found, Rules, judge_all, to_delete, worth_a_look
from connect_campaigns.core.states import ACTIVE, ENDED, NOT_FOUND, CampaignState

NOW = datetime(2026, 12, 1, 4, 40, tzinfo=UTC)
DAY = timedelta(days=1)
OURS = "ledger-1"
RULES = Rules(older_than=14 * DAY, orphans_older_than=7 * DAY, keep_last=0)


def found(state: str = "Completed", *, age: timedelta = 30 * DAY, **changes: object) -> Found:
    at = NOW - age
    values = {"id": "c", "name": "spring", "start": at, "end": at, "ledger": OURS, "template": "t", **changes}
    return Found(state=state, **values)


def fate(campaign: Found, rules: Rules = RULES) -> Fate:
    [(_, judged)] = judge_all([campaign], rules, ledger_id=OURS, now=NOW)
    return judged


@pytest.mark.parametrize(
    ("campaign", "expected"),
    [
        *((found(state), Fate.DELETE) for state in sorted(ENDED)),
        (found("Initialized"), Fate.DELETE),
        *((found(state), Fate.ACTIVE) for state in sorted(ACTIVE)),
        (found(NOT_FOUND), Fate.GONE),
        (found("Archived"), Fate.UNKNOWN_STATE),
        (found("NotSeen"), Fate.UNKNOWN_STATE),
        (found(age=14 * DAY), Fate.DELETE),
        (found(age=14 * DAY - timedelta(seconds=1)), Fate.YOUNG),
        (found("Initialized", age=7 * DAY), Fate.DELETE),
        (found("Initialized", age=7 * DAY - timedelta(seconds=1)), Fate.YOUNG),
        (found(ledger=None), Fate.BY_HAND),
        (found("Initialized", ledger=None), Fate.BY_HAND),
        (found(ledger="ledger-2"), Fate.OTHER_LEDGER),
        (found("Initialized", ledger="ledger-2"), Fate.OTHER_LEDGER),
        (found(start=None, end=None), Fate.UNKNOWN_AGE),
    ],
    ids=lambda value: value.value if isinstance(value, Fate) else value.state,
)
def test_the_fate_of_one_campaign(campaign, expected):
    assert fate(campaign) is expected


def test_a_template_is_never_deleted_even_where_others_may_be():
    """A template is a campaign made by hand and never started: it looks like an orphan but for its tags."""
    anything = replace(RULES, only_ours=False)
    assert fate(found("Initialized", ledger=None), anything) is Fate.BY_HAND
    assert fate(found("Completed", ledger=None), anything) is Fate.DELETE
    assert fate(found("Completed", ledger="ledger-2"), anything) is Fate.OTHER_LEDGER


def test_age_counts_from_the_latest_time_that_may_be_the_end():
    long_schedule = found(age=60 * DAY, end=NOW + DAY)  # it may have ended a minute ago
    assert fate(long_schedule) is Fate.YOUNG
    modified = found(age=60 * DAY, modified=NOW - DAY)
    assert fate(modified) is Fate.YOUNG
    assert fate(replace(modified, modified=NOW - 90 * DAY)) is Fate.DELETE
    assert fate(found(end=None, modified=NOW - 20 * DAY)) is Fate.DELETE


def test_a_campaign_planned_ahead_is_no_orphan():
    assert fate(found("Initialized", modified=NOW - 60 * DAY, start=NOW + DAY)) is Fate.YOUNG
    assert fate(found("Initialized", start=NOW - 8 * DAY, end=NOW + 30 * DAY)) is Fate.DELETE


def test_the_last_of_each_template_stay_and_the_young_ones_count():
    campaigns = [
        *(found(id=f"a{day}", age=day * DAY, template="a") for day in (1, 20, 21, 22)),
        *(found(id=f"b{day}", age=day * DAY, template="b") for day in (30, 31)),
        found(id="o", age=300 * DAY, state="Initialized", template="a"),
    ]
    judged = judge_all(campaigns, replace(RULES, keep_last=2), ledger_id=OURS, now=NOW)
    fates = {each.id: verdict for each, verdict in judged}
    assert fates == {
        "a1": Fate.YOUNG, "a20": Fate.LAST, "a21": Fate.DELETE, "a22": Fate.DELETE,
        "b30": Fate.LAST, "b31": Fate.LAST, "o": Fate.DELETE,
    }  # fmt: skip
    assert [each.id for each in to_delete(judged)] == ["o", "a22", "a21"], "the oldest first"


def test_tags_are_read_only_where_they_matter():
    keeps = replace(RULES, keep_last=1)
    young = found(age=DAY)
    assert worth_a_look(found(), RULES, now=NOW)
    assert not worth_a_look(young, RULES, now=NOW)
    assert worth_a_look(young, keeps, now=NOW), "it counts among the last of its template"
    assert not worth_a_look(found("Initialized", age=DAY), keeps, now=NOW)
    assert not any(worth_a_look(found(state), keeps, now=NOW) for state in (*ACTIVE, NOT_FOUND, "Archived"))


CAMPAIGNS = st.lists(
    st.builds(
        Found,
        id=st.uuids().map(str),
        name=st.just("x"),
        state=st.sampled_from([*CampaignState, NOT_FOUND, "Archived"]),
        modified=st.none() | st.integers(-5, 60).map(lambda days: NOW - days * DAY),
        start=st.none() | st.integers(-5, 60).map(lambda days: NOW - days * DAY),
        end=st.none() | st.integers(-5, 60).map(lambda days: NOW - days * DAY),
        ledger=st.sampled_from([None, OURS, "ledger-2"]),
        template=st.sampled_from([None, "a", "b"]),
    ),
    max_size=20,
    unique_by=lambda each: each.id,
)
ANY_RULES = st.builds(
    Rules,
    older_than=st.integers(0, 40).map(lambda days: days * DAY),
    orphans_older_than=st.integers(0, 40).map(lambda days: days * DAY),
    keep_last=st.integers(0, 4),
    only_ours=st.booleans(),
)


@given(CAMPAIGNS, ANY_RULES, st.randoms())
def test_whatever_there_is_only_idle_old_campaigns_that_are_ours_or_ended_go(campaigns, rules, random):
    judged = judge_all(campaigns, rules, ledger_id=OURS, now=NOW)
    assert {each.id for each, _ in judged} == {each.id for each in campaigns}
    for each in to_delete(judged):
        assert each.state in {*ENDED, CampaignState.INITIALIZED}
        assert each.ledger == OURS or (each.ledger is None and not rules.only_ours and each.state in ENDED)
        bound = rules.older_than if each.state in ENDED else rules.orphans_older_than
        assert each.since is not None
        assert NOW - each.since >= bound
        assert worth_a_look(each, rules, now=NOW), "its tags were read"
    for template in ("a", "b"):
        ended = [
            each for each in campaigns if each.template == template and each.state in ENDED and each.ledger == OURS
        ]
        gone = {each.id for each in to_delete(judged)}
        assert len([each for each in ended if each.id not in gone]) >= min(rules.keep_last, len(ended))
    shuffled = random.sample(campaigns, len(campaigns))
    assert judge_all(shuffled, rules, ledger_id=OURS, now=NOW) == judged
