"""The launch table: every cell is there, every row decides something, and the promises hold over all of it."""

from __future__ import annotations

from itertools import product

import pytest

from connect_campaigns.core.launch import ROWS, Act, Claim, Key, Mine, Mode, Observation, State, decide, table

CELLS = [Observation(*cell) for cell in product(Mode, Key, State, Claim, Mine, (False, True))]
SENDS_A_START = {Act.START}
ENDS_GREEN = {Act.STARTED, Act.ATTACH, Act.ATTACH_OUTSIDE, Act.RAN}
BEGUN = {State.RUNNING, State.PAUSED, State.COMPLETED, State.STOPPED, State.FAILED}


def test_every_cell_is_there():
    assert set(table()) == set(CELLS)


def test_every_row_decides_at_least_one_cell():
    alone = []
    for number, (cells, action) in enumerate(ROWS):
        covered = {Observation(*cell) for cell in product(*cells)}
        earlier = {Observation(*cell) for cells, _ in ROWS[:number] for cell in product(*cells)}
        if not covered - earlier:
            alone.append(action)
    assert alone == []


def test_a_start_is_sent_only_when_key_and_claim_agree_and_nothing_has_begun():
    for cell in CELLS:
        if decide(cell).act in SENDS_A_START:
            assert cell.state is State.INITIALIZED
            assert cell.mine is not Mine.ACCEPTED
            assert cell.mode is Mode.BARE or (cell.key is Key.KNOWN and cell.claim is Claim.OURS)


def test_a_launch_ends_green_only_when_the_campaign_has_begun():
    for cell in CELLS:
        if decide(cell).act in ENDS_GREEN:
            assert cell.state in BEGUN


def test_an_unknown_state_is_never_success_and_never_a_send():
    for cell in CELLS:
        if cell.state is State.UNKNOWN:
            assert decide(cell).act in {Act.REFUSE, Act.RETRY}
            launched = cell.claim is Claim.OURS and cell.key is Key.KNOWN and cell.mode in {Mode.CLONE, Mode.GIVEN}
            assert not launched or decide(cell).act is Act.RETRY  # it may have been started: never a final no


def test_another_keys_campaign_is_never_claimed_started_or_attached():
    for cell in CELLS:
        if cell.claim is Claim.ANOTHERS and cell.mode in {Mode.CLONE, Mode.GIVEN}:
            assert decide(cell).act not in {Act.CLAIM, Act.START, Act.BIND, *ENDS_GREEN}


def test_create_never_starts_and_never_claims():
    for cell in CELLS:
        if cell.mode is Mode.CREATE:
            assert decide(cell).act not in {Act.START, Act.CLAIM, Act.BIND, *ENDS_GREEN}


def test_a_void_campaign_is_never_touched():
    for cell in CELLS:
        if cell.claim is Claim.VOID and cell.mode is not Mode.BARE and cell.key is not Key.ABSENT:
            assert decide(cell).act in {Act.NEXT, Act.RETRY, Act.REFUSE}


def see(mode, key, state, claim, mine=Mine.NOTHING, *, attach=False):
    return decide(Observation(mode, key, state, claim, mine, attach))


DOCUMENTED = [
    # The design's table, a line each: mode, K, state, C, what is done.
    (Mode.CLONE, Key.ABSENT, State.NO_CAMPAIGN, Claim.NONE, Act.CREATE, ""),
    (Mode.GIVEN, Key.ABSENT, State.INITIALIZED, Claim.NONE, Act.BIND, ""),
    (Mode.CLONE, Key.VOID, State.NO_CAMPAIGN, Claim.NONE, Act.NEXT, ""),
    (Mode.CLONE, Key.KNOWN, State.INITIALIZED, Claim.VOID, Act.NEXT, ""),
    (Mode.GIVEN, Key.KNOWN, State.INITIALIZED, Claim.VOID, Act.RETRY, "given_void"),
    (Mode.GIVEN, Key.OTHER, State.NO_CAMPAIGN, Claim.OURS, Act.REFUSE, "key_taken"),
    (Mode.GIVEN, Key.OTHER, State.NO_CAMPAIGN, Claim.VOID, Act.NEXT, ""),
    (Mode.CLONE, Key.KNOWN, State.INITIALIZED, Claim.NONE, Act.CLAIM, ""),
    (Mode.CLONE, Key.KNOWN, State.INITIALIZED, Claim.OURS, Act.START, ""),
    (Mode.GIVEN, Key.KNOWN, State.RUNNING, Claim.ANOTHERS, Act.REFUSE, "claimed"),
    (Mode.CLONE, Key.KNOWN, State.RUNNING, Claim.OURS, Act.ATTACH, ""),
    (Mode.CLONE, Key.KNOWN, State.PAUSED, Claim.OURS, Act.ATTACH, ""),
    (Mode.GIVEN, Key.KNOWN, State.RUNNING, Claim.NONE, Act.REFUSE, "active_outside"),
    (Mode.CLONE, Key.KNOWN, State.COMPLETED, Claim.OURS, Act.RAN, ""),
    (Mode.GIVEN, Key.KNOWN, State.COMPLETED, Claim.NONE, Act.REFUSE, "stale"),
    (Mode.GIVEN, Key.KNOWN, State.STOPPED, Claim.NONE, Act.REFUSE, "stale"),
    (Mode.GIVEN, Key.KNOWN, State.FAILED, Claim.NONE, Act.REFUSE, "stale"),
    (Mode.CLONE, Key.KNOWN, State.STOPPED, Claim.OURS, Act.REFUSE, "launched_ended"),
    (Mode.CLONE, Key.KNOWN, State.FAILED, Claim.OURS, Act.REFUSE, "launched_ended"),
    (Mode.CLONE, Key.KNOWN, State.NOT_FOUND, Claim.NONE, Act.VOID, ""),
    (Mode.CLONE, Key.KNOWN, State.NOT_FOUND, Claim.OURS, Act.LOOK_FOR_END, ""),
    (Mode.GIVEN, Key.KNOWN, State.NOT_FOUND, Claim.NONE, Act.RETRY, "given_gone"),
    (Mode.GIVEN, Key.ABSENT, State.COMPLETED, Claim.NONE, Act.REFUSE, "stale"),
    (Mode.GIVEN, Key.ABSENT, State.INITIALIZED, Claim.ANOTHERS, Act.REFUSE, "claimed"),
    (Mode.GIVEN, Key.ABSENT, State.RUNNING, Claim.OURS, Act.AGAIN, ""),
    (Mode.CREATE, Key.KNOWN, State.RUNNING, Claim.ANOTHERS, Act.CREATED, ""),
    (Mode.BARE, Key.ABSENT, State.INITIALIZED, Claim.NONE, Act.START, ""),
    (Mode.BARE, Key.ABSENT, State.RUNNING, Claim.NONE, Act.REFUSE, "active_bare"),
    (Mode.BARE, Key.ABSENT, State.COMPLETED, Claim.NONE, Act.REFUSE, "over_bare"),
    (Mode.GIVEN, Key.ABSENT, State.COMPLETED, Claim.FORMER, Act.RETRY, "given_former"),
    (Mode.CLONE, Key.KNOWN, State.UNKNOWN, Claim.OURS, Act.RETRY, "unknown_state_ours"),
    (Mode.CLONE, Key.KNOWN, State.UNKNOWN, Claim.NONE, Act.REFUSE, "unknown_state"),
]


@pytest.mark.parametrize(("mode", "key", "state", "claim", "act", "reason"), DOCUMENTED)
def test_the_design_s_table(mode, key, state, claim, act, reason):
    action = see(mode, key, state, claim)
    assert (action.act, action.reason) == (act, reason)


def test_an_author_may_take_what_somebody_else_started():
    assert see(Mode.GIVEN, Key.KNOWN, State.RUNNING, Claim.NONE, attach=True).act is Act.TAKE
    assert see(Mode.BARE, Key.ABSENT, State.PAUSED, Claim.NONE, attach=True).act is Act.ATTACH_OUTSIDE
    assert see(Mode.GIVEN, Key.KNOWN, State.COMPLETED, Claim.NONE, attach=True).reason == "stale"


def test_a_candidate_is_adopted_or_dropped():
    assert see(Mode.CLONE, Key.ABSENT, State.NO_CAMPAIGN, Claim.NONE, Mine.CANDIDATE).act is Act.ADOPT
    assert see(Mode.CLONE, Key.KNOWN, State.INITIALIZED, Claim.NONE, Mine.CANDIDATE).act is Act.DROP


def test_no_second_send_after_the_service_s_yes():
    seen = see(Mode.CLONE, Key.KNOWN, State.INITIALIZED, Claim.OURS, Mine.ACCEPTED)
    assert (seen.act, seen.patient) == (Act.RETRY, True)
    assert see(Mode.CLONE, Key.KNOWN, State.RUNNING, Claim.OURS, Mine.ACCEPTED).act is Act.STARTED


def test_not_there_is_believed_only_at_the_second_look():
    for cell in CELLS:
        action = decide(cell)
        if cell.state is State.NOT_FOUND and action.act in {Act.VOID, Act.LOOK_FOR_END}:
            assert action.patient
