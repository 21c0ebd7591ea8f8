"""The guards that look beyond the one campaign: whose launch stands in the way of whose."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from connect_campaigns.core.records import RelaunchRecord
from connect_campaigns.core.verdicts import (
    ActiveCampaign,
    Failed,
    GuardSettings,
    NotEvaluated,
    OnFailure,
    OtherLaunch,
    Passed,
    Warned,
)
from tests.unit.core.guard_kit import NOW, ask, config

GAP = GuardSettings(min_launch_gap=timedelta(hours=12))


def launch(
    key: str = "theirs",
    *,
    state: str | None = "Running",
    ago: timedelta = timedelta(hours=2),
    start: timedelta | None = None,
) -> OtherLaunch:
    begins = None if start is None else NOW + start
    return OtherLaunch(key=key, campaign=f"of-{key}", audience="vip", at=NOW - ago, start=begins, state=state)


@pytest.mark.parametrize("state", ["Running", "Paused", "Completed", "Stopped", "Failed", "NotFound", "New"])
@pytest.mark.parametrize("claimed_at", [None, NOW - timedelta(hours=3), NOW])
def test_a_launch_that_has_begun_stands_in_the_way_whenever_it_was_claimed(state, claimed_at):
    verdict = ask("launch_gap", GAP, launches=(launch(state=state),), claimed_at=claimed_at)
    assert isinstance(verdict, Failed)
    assert verdict.then is OnFailure.FAIL
    for word in ("'theirs'", "vip", "2.0 h ago", "of-theirs", state):
        assert word in verdict.found
    assert "12.0 h" in verdict.allowed
    assert "min_launch_gap" in verdict.hint
    assert "'theirs'" in verdict.hint


@pytest.mark.parametrize(
    ("claimed_at", "stands_in_the_way"),
    [(None, True), (NOW - timedelta(hours=1), True), (NOW - timedelta(hours=3), False)],
)
def test_one_that_waits_stands_in_the_way_of_those_who_claim_later(claimed_at, stands_in_the_way):
    verdict = ask("launch_gap", GAP, launches=(launch(state="Initialized"),), claimed_at=claimed_at)
    assert isinstance(verdict, Failed) is stands_in_the_way
    if stands_in_the_way:
        assert "is about to launch" in verdict.found


def test_of_several_that_wait_exactly_one_goes_on():
    """Claimed in any order, some in the same second: never two, and never none, which would hold each other for ever."""
    times = (timedelta(minutes=1), timedelta(minutes=1), timedelta(minutes=1, seconds=1))
    for ages in set(permutations(times)):
        waiting = [launch(f"k{number}", state="Initialized", ago=age) for number, age in enumerate(ages)]
        passing = [
            each.key
            for each in waiting
            if isinstance(ask("launch_gap", GAP, key=each.key, claimed_at=each.at, launches=tuple(waiting)), Passed)
        ]
        assert passing == [min(waiting, key=lambda each: (each.at, each.key)).key]


def test_a_fresh_one_that_waits_holds_everybody_for_a_minute():
    """It may have looked before our record was there: nobody else starts until it must have started, or given up."""
    earlier = NOW - timedelta(minutes=5)
    for seconds, kind in ((0, Failed), (59, Failed), (60, Passed)):
        fresh = launch(state="Initialized", ago=timedelta(seconds=seconds))
        assert isinstance(ask("launch_gap", GAP, claimed_at=earlier, launches=(fresh,)), kind)


@pytest.mark.parametrize(
    ("hours_to_start", "kind"),
    [(-12.1, Passed), (-12, Passed), (-11.9, Failed), (-6, Failed), (1, Failed), (20, Failed)],
)
@pytest.mark.parametrize("claimed_at", [None, NOW])
def test_the_gap_counts_from_the_start_and_not_from_the_claim(hours_to_start, kind, claimed_at):
    other = launch(state="Completed", ago=timedelta(hours=30), start=timedelta(hours=hours_to_start))
    verdict = ask("launch_gap", GAP, launches=(other,), claimed_at=claimed_at)
    assert isinstance(verdict, kind)
    if isinstance(verdict, Failed):
        assert f"claimed 30.0 h ago for {other.contact:%Y-%m-%d %H:%M} UTC" in verdict.found


def test_a_start_that_had_passed_when_it_was_claimed_doesn_t_shorten_the_gap():
    late = launch(state="Completed", ago=timedelta(hours=11), start=timedelta(hours=-20))
    assert isinstance(ask("launch_gap", GAP, launches=(late,)), Failed)


@pytest.mark.parametrize(
    ("state", "kind"),
    [("Running", Failed), ("Paused", Failed), ("Completed", Passed), ("NotFound", Passed), ("Initialized", Passed)],
)
def test_one_that_is_still_active_counts_however_long_ago_it_began(state, kind):
    old = launch(state=state, ago=timedelta(hours=40), start=timedelta(hours=-39))
    assert isinstance(ask("launch_gap", GAP, launches=(old,)), kind)


@pytest.mark.parametrize("ago", [2, 40])
def test_one_whose_state_can_t_be_told_holds_and_refuses_nothing_for_good(ago):
    unseen = launch(state=None, ago=timedelta(hours=ago))
    verdict = ask("launch_gap", GAP, launches=(unseen,), claimed_at=NOW - timedelta(hours=3))
    assert verdict.then is OnFailure.HOLD
    for word in ("'theirs'", "of-theirs", "can't be told"):
        assert word in verdict.found
    assert "retry" in verdict.hint


def test_beside_one_that_certainly_launched_it_is_that_one_that_is_told():
    verdict = ask("launch_gap", GAP, launches=(launch(state=None), launch("certain")))
    assert (verdict.then, "'certain' launched" in verdict.found) == (OnFailure.FAIL, True)


def test_records_of_our_own_key_never_count():
    for state in ("Running", None):
        assert isinstance(ask("launch_gap", GAP, key="theirs", launches=(launch(state=state),)), Passed)


def test_without_others_it_passes_and_names_the_gap():
    assert ask("launch_gap", GAP, launches=()) == Passed("no other key in the last 12.0 h")


@pytest.mark.parametrize(
    ("settings", "facts", "why"),
    [
        (GuardSettings(), {"launches": (launch(),)}, "min_launch_gap=None"),
        (GuardSettings(min_launch_gap=timedelta(0)), {"launches": (launch(),)}, "min_launch_gap=None"),
        (GAP, {"has_ledger": False}, "no ledger"),
        (GAP, {"launches": None}, "no clone"),
    ],
)
def test_where_nobody_can_tell_it_says_why(settings, facts, why):
    verdict = ask("launch_gap", settings, **facts)
    assert isinstance(verdict, NotEvaluated)
    assert why in verdict.why


ACTIVE = tuple(ActiveCampaign(id=f"c-{number}", name=f"spring {number}", state="Running") for number in range(7))


@pytest.mark.parametrize(("if_overlap", "kind"), [("fail", Failed), ("warn", Warned)])
def test_an_active_campaign_on_the_source_is_named(if_overlap, kind):
    verdict = ask("overlap", GuardSettings(if_overlap=if_overlap), active=ACTIVE[:1])
    assert isinstance(verdict, kind)
    assert "'spring 0' (c-0, Running)" in verdict.found
    assert verdict.allowed
    assert "stop" in verdict.hint


def test_an_overlap_may_end_so_a_retry_looks_again():
    assert ask("overlap", GuardSettings(if_overlap="fail"), active=ACTIVE).then is OnFailure.HOLD


UNSEEN = ActiveCampaign(id="c-x", name="perhaps", state=None)


@pytest.mark.parametrize(("if_overlap", "kind"), [("fail", Failed), ("warn", Warned)])
def test_one_whose_state_can_t_be_told_is_no_absence_of_an_overlap(if_overlap, kind):
    verdict = ask("overlap", GuardSettings(if_overlap=if_overlap), active=(UNSEEN,))
    assert isinstance(verdict, kind)
    assert "can't be told: 'perhaps' (c-x, not in the reply)" in verdict.found
    if isinstance(verdict, Failed):
        assert verdict.then is OnFailure.HOLD


def test_beside_an_active_one_only_that_is_named():
    found = ask("overlap", GuardSettings(if_overlap="fail"), active=(UNSEEN, ACTIVE[0])).found
    assert found == "active on the same source: 'spring 0' (c-0, Running)"


def test_many_active_campaigns_are_counted():
    assert "and 2 more" in ask("overlap", GuardSettings(if_overlap="fail"), active=ACTIVE).found


def test_without_rights_fail_is_red_and_warn_says_that_it_was_not_evaluated():
    why = "`connect-campaigns:ListCampaigns` was refused"
    assert why in ask("overlap", GuardSettings(if_overlap="fail"), active=why).found
    assert ask("overlap", GuardSettings(if_overlap="warn"), active=why) == NotEvaluated(why)


@pytest.mark.parametrize(
    ("settings", "facts"),
    [
        (GuardSettings(), {"active": ACTIVE}),
        (GuardSettings(if_overlap="fail"), {"active": None, **config(source={"eventTrigger": {}})}),
    ],
)
def test_an_overlap_that_nobody_asked_for_or_can_be_is_not_evaluated(settings, facts):
    assert isinstance(ask("overlap", settings, **facts), NotEvaluated)


def test_no_active_campaign_passes():
    assert isinstance(ask("overlap", GuardSettings(if_overlap="fail"), active=()), Passed)


FOLDER = "arn:aws:profile:us-east-1:123456789012:domains/crm"


@pytest.mark.parametrize(
    ("now_on", "kind"),
    [
        ("segment-definitions/vip-1a2b3c4d", Failed),
        ("segment-definitions/vip-5e6f7a8b", Failed),
        ("segments/vip-5e6f7a8b", Failed),
        ("segment-definitions/vip-de-1a2b3c4d", Passed),
        ("segment-definitions/vip-20261201", Passed),
    ],
)
def test_a_corrected_file_is_the_audience_that_was_contacted(now_on, kind):
    asked = RelaunchRecord(
        at=NOW.isoformat(), by="anna", key="ours", generation=1, reason="r", asker="a", former="c", attempted=4,
        source=f"{FOLDER}/segment-definitions/vip-1a2b3c4d",
    )  # fmt: skip
    source = {"customerProfilesSegmentArn": f"{FOLDER}/{now_on}"}
    assert isinstance(ask("recontact", relaunches=(asked,), **config(source=source)), kind)
