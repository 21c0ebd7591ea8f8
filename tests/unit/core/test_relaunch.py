"""What a relaunch may give up, and in which order: every situation is decided, and what runs is never given up."""

from __future__ import annotations

from itertools import product

import pytest

from connect_campaigns.core.launch import ACTIVE, OVER, Claim, Key, Mine, Mode, Observation, State, may_be_given_up
from connect_campaigns.core.records import RelaunchRecord
from connect_campaigns.core.relaunch import Ask, Situation, Step, settle

ASK = Ask(reason="the flow was wrong", by="anna", asker="anna/1")
OTHERS = RelaunchRecord(at="", by="ben", key="k", generation=1, reason="", asker="ben/1")
WITH_RECONTACT = Ask(reason="again", by="anna", asker="anna/2", recontact=True)
OF_A_RUN = Ask(reason="again", by="anna", asker="d/run", launches=True)
FIRST = RelaunchRecord(at="", by="ben", key="k", generation=0, reason="", asker="d/another run", attempted=0)

SITUATIONS = [
    Situation(generation=g, bound=True, made=made, state=state, claim=claim, deleted=deleted, request=request)
    for g, made, state, claim, deleted, request in product(
        (0, 2), (False, True), State, Claim, (False, True), (None, OTHERS)
    )
]


def test_every_situation_is_decided_and_what_runs_is_never_given_up():
    for situation in SITUATIONS:
        step, reason = settle(situation, ASK)
        assert (step is Step.REFUSE) == bool(reason)
        if situation.state in ACTIVE and situation.claim in {Claim.NONE, Claim.OURS}:
            assert (step, reason) == (Step.REFUSE, "relaunch_runs")


def test_a_request_is_written_only_when_nobody_can_start_what_came_before():
    for situation in SITUATIONS:
        if settle(situation, ASK)[0] is Step.SEAL and situation.claim in {Claim.NONE, Claim.OURS, Claim.FORMER}:
            assert situation.state in OVER or situation.deleted


def test_a_campaign_made_by_hand_that_has_not_started_is_never_voided_or_deleted():
    for situation in SITUATIONS:
        if situation.state is State.INITIALIZED and not situation.made:
            assert settle(situation, ASK)[0] not in {Step.VOID_CLAIM, Step.DELETE}


@pytest.mark.parametrize(
    ("generation", "request_", "ask", "step"),
    [
        (0, None, ASK, Step.REFUSE),
        (1, None, ASK, Step.SEAL),
        (1, OTHERS, ASK, Step.DONE),
        (1, OTHERS, WITH_RECONTACT, Step.VOID_KEY),
        (0, None, OF_A_RUN, Step.SEAL),  # its launch is the first
        (0, FIRST, OF_A_RUN, Step.VOID_KEY),
        (0, FIRST, ASK, Step.REFUSE),
        (1, None, OF_A_RUN, Step.SEAL),
        (1, OTHERS, OF_A_RUN, Step.VOID_KEY),
    ],
)
def test_a_generation_that_is_open(generation, request_, ask, step):
    assert settle(Situation(generation=generation, bound=False, request=request_), ask)[0] is step


def test_the_same_asker_never_gets_two():
    ours = RelaunchRecord(at="", by="anna", key="k", generation=1, reason="", asker=ASK.asker)
    for state in State:
        now = Situation(generation=1, bound=True, made=True, state=state, claim=Claim.OURS, request=ours)
        assert settle(now, ASK) == (Step.DONE, "")


def test_what_an_attempt_holds_or_started_meanwhile_doesn_t_hide_a_relaunch():
    ended = (Mode.CLONE, Key.KNOWN, State.STOPPED, Claim.OURS)
    assert may_be_given_up(Observation(*ended))
    assert may_be_given_up(Observation(*ended, Mine.CANDIDATE))
    assert not may_be_given_up(Observation(*ended, Mine.ACCEPTED))
    assert not may_be_given_up(Observation(Mode.CLONE, Key.KNOWN, State.INITIALIZED, Claim.NONE))
