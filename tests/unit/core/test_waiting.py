"""`take`: polls to steps; what is ridden out, for how long, and what is told at once."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.errors import NotSeen, ServiceRefused, ServiceUnavailable
from connect_campaigns.core.outcome import CampaignFigures
from connect_campaigns.core.states import ENDED, KNOWN, NOT_FOUND, Expectation, Verdict
from connect_campaigns.core.waiting import OVERDUE, WIDEST, Poll, Step, Wait, deadline, ended, take, widen

DENIED = ServiceRefused("denied", allowed="rights", hint="add them", code="access_denied")
BROKEN = NotSeen("connection reset", allowed="an answer", hint="retry", code="not_seen")
THROTTLED = ServiceUnavailable("slow down", allowed="the rate", hint="later", code="throttled")


def wait(tolerance: float = 100.0) -> Wait:
    return Wait(campaign_id="c-1", expectation=Expectation(), outage_tolerance_s=tolerance)


def failing(at: float, *, lasts: float = 1.0, pause: float = 10.0, error: object = BROKEN) -> Poll:
    return Poll(started_s=at, ended_s=at + lasts, pause_s=pause, error=error)


def seeing(state: str, at: float = 0.0) -> Poll:
    return Poll(started_s=at, ended_s=at, pause_s=10, state=state)


def run(start: Wait, *polls: Poll) -> Step:
    step = Step(wait=start)
    for poll in polls:
        step = take(step.wait, poll)
        if step.verdict is not Verdict.WAIT:
            return step
    return step


def test_a_target_state_ends_the_wait_without_error():
    step = run(wait(), seeing("Running"), seeing("Completed"))
    assert (step.verdict, step.error, step.wait.last_state) == (Verdict.DONE, None, "Completed")


@pytest.mark.parametrize("state", ["Failed", "Stopped", NOT_FOUND, "Archived"])
def test_bad_missing_and_unknown_states_are_told_at_once(state):
    step = run(wait(), seeing(state))
    assert (step.verdict, step.wait.last_state) == (Verdict.FAILED, state)


def test_an_error_that_cannot_heal_ends_the_wait_at_once():
    step = run(wait(), seeing("Running"), failing(10, error=DENIED))
    assert (step.verdict, step.error) == (Verdict.FAILED, DENIED)
    assert step.wait.last_state == "Running"


EIGHT = datetime(2026, 12, 1, 20, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "at", "verdict", "overdue"),
    [
        ("Running", EIGHT, Verdict.WAIT, False),
        ("Running", EIGHT + SECOND, Verdict.FAILED, True),
        ("Paused", EIGHT + SECOND, Verdict.FAILED, True),
        ("Initialized", EIGHT + SECOND, Verdict.FAILED, True),
        ("Running", None, Verdict.WAIT, False),
        ("Completed", EIGHT + timedelta(days=9), Verdict.DONE, False),
        ("Stopped", EIGHT + timedelta(days=9), Verdict.FAILED, False),
    ],
)
def test_what_has_not_ended_in_time_is_told_and_an_end_always_counts(state, at, verdict, overdue):
    started = Wait(campaign_id="c-1", expectation=Expectation(), deadline=EIGHT)
    step = take(started, Poll(started_s=0, ended_s=0, state=state, at=at))
    assert (step.verdict, step.error is not None and step.error.code == OVERDUE) == (verdict, overdue)
    assert step.wait.last_state == state
    assert take(wait(), Poll(started_s=0, ended_s=0, state="Running", at=at)).error is None  # nobody knows a deadline


def test_an_outage_past_the_deadline_is_no_end():
    started = Wait(campaign_id="c-1", expectation=Expectation(), deadline=EIGHT, outage_tolerance_s=100)
    assert take(started, Poll(started_s=0, ended_s=1, at=EIGHT + SECOND, error=BROKEN)).verdict is Verdict.WAIT


def test_a_campaign_has_its_grace_after_its_schedule_s_end():
    assert deadline(EIGHT, grace_s=3600) == EIGHT + timedelta(hours=1)
    assert deadline(None, grace_s=3600) is None


@pytest.mark.parametrize("error", [BROKEN, THROTTLED, None])
def test_what_may_heal_is_ridden_out_until_the_tolerance_is_over(error):
    polls = [failing(at, error=error) for at in range(0, 200, 11)]  # each lasts 1 s, 10 s apart
    step = run(wait(100), seeing("Running"), *polls)
    assert step.verdict is Verdict.FAILED
    assert isinstance(step.error, NotSeen)
    assert step.error.code == "outage"
    assert step.wait.unseen_s == 100.0  # one second, then 9 times 11
    assert "last known: Running" in step.error.found
    assert "outage_tolerance" in step.error.allowed


def test_one_poll_that_sees_begins_the_count_anew():
    step = run(wait(20), failing(0), failing(11), seeing("Running", 20), failing(30))
    assert (step.verdict, step.wait.unseen_s) == (Verdict.WAIT, 1.0)


def test_time_in_which_nobody_polled_does_not_count():
    step = run(wait(100), failing(0, pause=10), failing(5000, pause=10))
    assert (step.verdict, step.wait.unseen_s) == (Verdict.WAIT, 12.0)


def test_no_tolerance_means_that_the_first_failing_poll_ends_it():
    assert run(wait(0), failing(0, lasts=0)).verdict is Verdict.FAILED


def test_outage_is_told_once_and_so_is_its_end():
    news, step = [], Step(wait=wait())
    for poll in (seeing("Running"), failing(0), failing(10), failing(20), seeing("Running", 30), seeing("Running", 40)):
        step = take(step.wait, poll)
        news.append(step.news)
    assert [bool(each) for each in news] == [True, True, False, False, True, False]
    assert "connection reset" in news[1]
    assert "seen again" in news[4]


def test_a_change_of_state_is_news_and_names_both():
    step = run(wait(), seeing("Initialized"), seeing("Running"))
    assert step.news == "campaign c-1 is Running, was Initialized"
    assert not take(step.wait, seeing("Running")).news


polls = st.lists(
    st.tuples(st.sampled_from(["Running", "Paused", None]), st.floats(0, 50), st.floats(0, 500), st.floats(0, 60)),
    max_size=40,
)


@given(polls)
def test_counted_outage_never_exceeds_the_time_spent_polling(given_polls):
    clock, spent, step = 0.0, 0.0, Step(wait=wait(1e9))
    for state, lasts, gap, pause in given_polls:
        clock += gap
        spent += min(gap, pause) + lasts
        step = take(step.wait, Poll(started_s=clock, ended_s=clock + lasts, pause_s=pause, state=state))
        clock += lasts
        assert (step.wait.unseen_s is None) == (state is not None)
        assert (step.wait.unseen_s or 0) <= spent + 1e-6


@given(st.lists(st.booleans(), max_size=30))
def test_factor_stays_within_bounds_and_comes_back(throttlings):
    factor = 1
    for throttled in throttlings:
        before, factor = factor, widen(factor, throttled=throttled)
        assert 1 <= factor <= WIDEST
        assert factor >= before if throttled else factor <= before
    for _ in range(5):
        factor = widen(factor, throttled=False)
    assert factor == 1


@pytest.mark.parametrize("state", [*sorted(ENDED - {"Completed"}), NOT_FOUND, "Archived"])
def test_an_end_has_three_parts_its_own_code_and_survives_pickling(state):
    error = ended("c-1", state, Expectation(), CampaignFigures(targeted=500, attempted=120))
    assert error.found
    assert error.hint
    assert "Completed" in error.allowed
    assert "targeted 500, attempted 120 (24.0 %)" in error.found
    assert "c-1" in error.found
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert str(again) == str(error)
    assert again.code == error.code


def test_ends_have_codes_that_programs_can_tell_apart():
    paused = Expectation(success=frozenset({"Running"}), failure=frozenset({"Paused"}))
    cases = [*((state, Expectation()) for state in ("Failed", "Stopped", NOT_FOUND, "Archived"))]
    codes = [ended("c", state, expectation, None).code for state, expectation in cases]
    codes += [ended("c", "Completed", paused, None).code, ended("c", "Paused", paused, None).code]
    assert codes == [
        "campaign_failed", "campaign_stopped", "campaign_gone", "unknown_state", "unexpected_end", "failure_state",
    ]  # fmt: skip
    assert {"Failed", "Stopped"} <= KNOWN
