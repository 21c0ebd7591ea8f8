"""A wait, poll by poll: what is known, how long nothing could be seen, and whether it is over.

Poke, reschedule and trigger feed their polls to `take`, so that the ways of waiting can't differ. Not seeing is not
failing: a poll that failed for a reason that may heal is ridden out for a while, and nothing is stopped or started.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from connect_campaigns.core.amounts import seconds
from connect_campaigns.core.errors import CampaignEnded, FinalError, NotSeen
from connect_campaigns.core.states import ENDED, KNOWN, NOT_FOUND, CampaignState, Verdict, judge

if TYPE_CHECKING:
    from datetime import datetime

    from connect_campaigns.core.errors import ConnectCampaignsError
    from connect_campaigns.core.outcome import CampaignFigures
    from connect_campaigns.core.states import Expectation

OUTAGE_TOLERANCE_S = 30 * 60.0
"""How long failing polls are ridden out unless the author says otherwise."""

END_GRACE_S = 60 * 60.0
"""How long after its schedule's end a campaign may take to get to an end, unless the author says otherwise."""

OVERDUE = "overdue"
"""The code of the error of a campaign that should have ended by now."""

MAX_POLL_INTERVAL_S = 15 * 60.0
"""The longest pause between two polls unless the author says otherwise."""

WIDEST = 16
"""A throttled poller pauses at most this many times its usual interval."""


def longest_pause(value: object) -> float:
    """Read the longest pause between two polls, in seconds.

    :raises InvalidInput: no length of time, or none at all
    """
    return seconds("max_poll_interval", value, positive=True)


@dataclass(frozen=True, kw_only=True)
class Poll:
    """One attempt to read a campaign's state.

    :param started_s: when it began, in monotonic seconds
    :param ended_s: when it was over, in monotonic seconds
    :param pause_s: how long the poller meant to sleep before it
    :param state: what was read; None = nothing was seen
    :param at: when it was read, by the service's clock
    :param error: why nothing was seen, where the call as a whole failed
    """

    started_s: float
    ended_s: float
    pause_s: float = 0.0
    state: str | None = None
    at: datetime | None = None
    error: ConnectCampaignsError | None = None


@dataclass(frozen=True, kw_only=True)
class Wait:
    """What is known of one campaign that is waited for.

    :param outage_tolerance_s: seconds of failing polls that are ridden out
    :param deadline: by when it should have ended, by the service's clock; None = nobody knows
    :param last_state: the last state that was read
    :param unseen_s: seconds of failing polls since then; None = the last poll saw it
    :param unseen_until_s: when the last failing poll was over, in monotonic seconds
    """

    campaign_id: str
    expectation: Expectation
    outage_tolerance_s: float = OUTAGE_TOLERANCE_S
    deadline: datetime | None = None
    last_state: str | None = None
    unseen_s: float | None = None
    unseen_until_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one poll means for a wait.

    :param news: a line for the log where something changed, else empty
    :param error: what to raise where no state ends the wait
    """

    wait: Wait
    verdict: Verdict = Verdict.WAIT
    news: str = ""
    error: ConnectCampaignsError | None = None


def take(wait: Wait, poll: Poll) -> Step:
    """Take one poll into account.

    An error that no retry can heal (rights, a refusal) ends the wait at once; so do a missing campaign and an unknown
    state, by `judge`, and a campaign that should have ended by then. Any other failure counts its seconds against the
    outage tolerance.
    """
    if isinstance(poll.error, FinalError):
        return Step(wait=wait, verdict=Verdict.FAILED, error=poll.error)
    if poll.error is not None or poll.state is None:
        return _unseen(wait, poll)
    seen = replace(wait, last_state=poll.state, unseen_s=None)
    news = ""
    if wait.unseen_s is not None:
        news = f"campaign {wait.campaign_id} is seen again: {poll.state}"
    elif wait.last_state != poll.state:
        before = f", was {wait.last_state}" if wait.last_state else ""
        news = f"campaign {wait.campaign_id} is {poll.state}{before}"
    verdict = judge(poll.state, wait.expectation).verdict
    if verdict is Verdict.WAIT and wait.deadline and poll.at and poll.at > wait.deadline:
        return Step(
            wait=seen, verdict=Verdict.FAILED, news=news, error=_overdue(wait, wait.deadline, poll.state, poll.at)
        )
    return Step(wait=seen, verdict=verdict, news=news)


def _overdue(wait: Wait, deadline: datetime, state: str, at: datetime) -> CampaignEnded:
    """Make the error of a campaign that should have ended: it may still call people."""
    return CampaignEnded(
        f"campaign {wait.campaign_id} is {state} at {_utc(at)}, and should have ended by {_utc(deadline)}",
        allowed="an end by the end of its schedule, and `end_grace` after it",
        hint=f"this task leaves it alone; to end it: python -m connect_campaigns stop {wait.campaign_id}; to give it longer,"
        " move its schedule's end, then clear this task",
        code=OVERDUE,
    )


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def deadline(schedule_end: datetime | None, *, grace_s: float) -> datetime | None:
    """Say by when a campaign should have ended; None where its schedule has no end."""
    return None if schedule_end is None else schedule_end + timedelta(seconds=grace_s)


def _unseen(wait: Wait, poll: Poll) -> Step:
    reason = poll.error.found if poll.error else "the service answered, but not for this campaign"
    known = f"last known: {wait.last_state or 'nothing'}"
    lasted = poll.ended_s - poll.started_s
    if wait.unseen_s is not None:
        # A gap longer than the pause that was meant is time in which nobody polled (a stopped process, a busy loop).
        lasted += wait.unseen_s + min(poll.started_s - wait.unseen_until_s, poll.pause_s)
    after = replace(wait, unseen_s=lasted, unseen_until_s=poll.ended_s)
    if lasted >= wait.outage_tolerance_s:
        error = NotSeen(
            f"campaign {wait.campaign_id} could not be seen in {lasted:.0f} s of failing polls; {known}; {reason}",
            allowed=f"an outage of at most {wait.outage_tolerance_s:.0f} s (`outage_tolerance`)",
            hint="the campaign goes on by itself; clear this task to wait again: it starts and stops nothing",
            code="outage",
        )
        return Step(wait=after, verdict=Verdict.FAILED, error=error)
    if wait.unseen_s is not None:
        return Step(wait=after)
    return Step(
        wait=after,
        news=f"campaign {wait.campaign_id} can't be seen, riding it out for up to {wait.outage_tolerance_s:.0f} s; "
        f"{known}; {reason}",
    )


def widen(factor: int, *, throttled: bool) -> int:
    """Give the next multiple of the usual interval: doubled by a throttled poll, halved by each that wasn't."""
    return min(factor * 2, WIDEST) if throttled else max(factor // 2, 1)


def ended(campaign_id: str, state: str, expectation: Expectation, figures: CampaignFigures | None) -> CampaignEnded:
    """Make the error for a campaign that ended otherwise than it was waited for.

    :param figures: what it did until then; None where that could not be read
    """
    numbers = f" ({figures.text()})" if figures else ""
    other = _UNKNOWN if state not in KNOWN else _UNEXPECTED if state in ENDED else _ON_THE_WAY
    code, hint = _END_HINTS.get(state, other)
    return CampaignEnded(
        f"campaign {campaign_id}: {judge(state, expectation).reason}{numbers}",
        allowed=f"a campaign that gets to be {' or '.join(sorted(expectation.success))} (`target_states`)",
        hint=hint,
        code=code,
    )


_SINGLE_USE = "a campaign is single-use: to reach the rest, create another one"
_END_HINTS = {
    CampaignState.FAILED: (
        "campaign_failed",
        f"the Connect console says why (often: its segment was deleted); {_SINGLE_USE}",
    ),
    CampaignState.STOPPED: ("campaign_stopped", f"somebody stopped it, and that is for good; {_SINGLE_USE}"),
    NOT_FOUND: ("campaign_gone", "look at the id, at the connection's account and Region, and at who deleted it"),
}
_UNKNOWN = ("unknown_state", "look at the campaign in the Connect console; a newer release may know this state")
_ON_THE_WAY = ("failure_state", "`failure_states` names this state; the campaign itself goes on")
_UNEXPECTED = (
    "unexpected_end",
    f"name it in `target_states` where it is all right; ended are {', '.join(sorted(ENDED))}",
)
