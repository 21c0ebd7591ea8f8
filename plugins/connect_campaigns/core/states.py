"""Campaign states, and the one place that judges them.

Poke, reschedule, trigger and the resumed task all call `judge`, so that the ways of waiting can't differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CampaignState(StrEnum):
    """The service's states (documented). Single-use: nothing leads back to Initialized."""

    INITIALIZED = "Initialized"  # created, never started; the only state in which source and schedule can change
    RUNNING = "Running"  # started: dialling, or scheduled to start later
    PAUSED = "Paused"
    STOPPED = "Stopped"  # cannot be resumed
    FAILED = "Failed"
    COMPLETED = "Completed"  # everybody was worked through, or the schedule expired (perhaps with nobody called)


ACTIVE = frozenset({CampaignState.RUNNING, CampaignState.PAUSED})
ENDED = frozenset({CampaignState.COMPLETED, CampaignState.STOPPED, CampaignState.FAILED})
KNOWN = frozenset(CampaignState)

NOT_FOUND = "NotFound"
"""What our readers answer in place of a state where the service says ResourceNotFound."""


class Verdict(StrEnum):
    """What a wait does next."""

    WAIT = "wait"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What a wait is for: the states that end it well and those that end it badly; in all others it goes on."""

    success: frozenset[str] = frozenset({CampaignState.COMPLETED})
    failure: frozenset[str] = frozenset({CampaignState.FAILED, CampaignState.STOPPED})


@dataclass(frozen=True)
class Judgement:
    """A verdict and, where it isn't WAIT, the reason in words."""

    verdict: Verdict
    reason: str = ""


def judge(state: str, expectation: Expectation) -> Judgement:
    """Judge one state reading against an expectation; an unknown or missing state never counts as success.

    :param state: a `CampaignState` value, `NOT_FOUND`, or a value that this release doesn't know
    """
    if state in expectation.success:
        return Judgement(Verdict.DONE, f"the campaign is {state}")
    if state in expectation.failure:
        return Judgement(Verdict.FAILED, f"the campaign is {state}")
    if state == NOT_FOUND:
        return Judgement(Verdict.FAILED, "the campaign is gone: it was deleted, or the id belongs elsewhere")
    if state not in KNOWN:
        return Judgement(Verdict.FAILED, f"the service reports a state that this release doesn't know: {state!r}")
    if state in ENDED:
        return Judgement(Verdict.FAILED, f"the campaign is {state}, an end that was neither expected nor excluded")
    return Judgement(Verdict.WAIT)
