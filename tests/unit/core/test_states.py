"""`judge`: every state against every expectation."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.states import (
    ACTIVE,
    ENDED,
    KNOWN,
    NOT_FOUND,
    CampaignState,
    Expectation,
    Verdict,
    judge,
)

USUAL = {
    CampaignState.INITIALIZED: Verdict.WAIT,
    CampaignState.RUNNING: Verdict.WAIT,
    CampaignState.PAUSED: Verdict.WAIT,
    CampaignState.STOPPED: Verdict.FAILED,
    CampaignState.FAILED: Verdict.FAILED,
    CampaignState.COMPLETED: Verdict.DONE,
}


@pytest.mark.parametrize("state", list(CampaignState))
def test_usual_expectation_has_a_verdict_for_every_state(state):
    assert judge(state, Expectation()).verdict is USUAL[state]


def test_states_are_the_service_models_own():
    import botocore.session

    model = botocore.session.get_session().get_service_model("connectcampaignsv2")
    assert {str(state) for state in KNOWN} == set(model.shape_for("CampaignState").enum)


def test_sets_of_states_partition_the_known_ones():
    assert ACTIVE | ENDED | {CampaignState.INITIALIZED} == KNOWN
    assert not ACTIVE & ENDED


@pytest.mark.parametrize("state", sorted(KNOWN))
def test_expected_states_decide_before_anything_else(state):
    nobody: frozenset[str] = frozenset()
    assert judge(state, Expectation(success=frozenset({state}), failure=nobody)).verdict is Verdict.DONE
    assert judge(state, Expectation(success=nobody, failure=frozenset({state}))).verdict is Verdict.FAILED


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_end_that_nobody_named_is_a_failure_and_says_so(state):
    running = Expectation(success=frozenset({CampaignState.RUNNING}), failure=frozenset())
    judgement = judge(state, running)
    assert judgement.verdict is Verdict.FAILED
    assert state in judgement.reason


@pytest.mark.parametrize("state", [NOT_FOUND, "Archived", "", "completed", "COMPLETED"])
def test_missing_and_unknown_states_fail_and_are_never_success(state):
    assert judge(state, Expectation()).verdict is Verdict.FAILED


@given(st.text(max_size=20))
def test_no_text_but_an_expected_state_is_success(text):
    assert (judge(text, Expectation()).verdict is Verdict.DONE) == (text == "Completed")


@given(st.sets(st.sampled_from(sorted(KNOWN))), st.sets(st.sampled_from(sorted(KNOWN))), st.sampled_from(sorted(KNOWN)))
def test_a_wait_goes_on_only_where_the_campaign_can_still_change(success, failure, state):
    expectation = Expectation(success=frozenset(success), failure=frozenset(failure - success))
    if judge(state, expectation).verdict is Verdict.WAIT:
        assert state not in ENDED
        assert state not in success | failure


def test_every_verdict_but_wait_has_a_reason():
    for state, expectation in itertools.product([*KNOWN, NOT_FOUND, "Archived"], [Expectation()]):
        judgement = judge(state, expectation)
        assert bool(judgement.reason) == (judgement.verdict is not Verdict.WAIT)
