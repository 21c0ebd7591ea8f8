"""A campaign's state and progress: pure functions of what happened to it, and of the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.campaigns.hours import Span


class State(StrEnum):
    """`CampaignState` of the service's model."""

    INITIALIZED = "Initialized"
    RUNNING = "Running"
    PAUSED = "Paused"
    STOPPED = "Stopped"
    FAILED = "Failed"
    COMPLETED = "Completed"


class Source(StrEnum):
    """Where a campaign's recipients come from."""

    SEGMENT = "segment"
    EVENT = "event trigger"
    NONE = "no source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a campaign works through its audience; taken from the settings when it is started."""

    attempts_per_minute: float
    attempt_fraction: float
    expiry_delay: timedelta
    empty_audience: Literal["completed", "failed", "until_end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What happened to a campaign that was started; grows, and never changes what has been."""

    started_at: datetime
    start_time: datetime
    end_time: datetime
    source: Source
    repeats: bool
    """Whether it has a refresh frequency, and so stays until its end."""
    open_spans: tuple[Span, ...]
    pace: Pace
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    """Each with its end, or None while it lasts."""
    stopped_at: datetime | None = None
    audience: int | None = None
    """Recipients, counted at the start time; None before."""
    segment_missing: bool = False
    """Whether the segment definition was gone at the start time."""


def state(facts: Facts | None, now: datetime) -> State:
    """Give the state at a moment; what happened later is not looked at.

    :param facts: None for a campaign that was never started.
    """
    if facts is None or now < facts.started_at:
        return State.INITIALIZED
    if facts.stopped_at is not None and facts.stopped_at <= now:
        return State.STOPPED
    if now >= facts.start_time and _failed(facts):
        return State.FAILED
    if now >= facts.end_time + facts.pace.expiry_delay or _all_attempted(facts, now):
        return State.COMPLETED
    if any(begin <= now and (end is None or now < end) for begin, end in facts.pauses):
        return State.PAUSED
    return State.RUNNING


def attempted(facts: Facts, now: datetime) -> int:
    """Count the recipients attempted by a moment: never fewer later, never more than the audience."""
    if not facts.audience:
        return 0
    micros = _dialling(facts, now) // timedelta(microseconds=1)
    return min(_reachable(facts), int(micros * facts.pace.attempts_per_minute / 60_000_000))


def targeted(facts: Facts | None, now: datetime) -> int | None:
    """Give the audience's size, or None while there is no such figure (before the start time, no segment)."""
    if facts is None or facts.source is not Source.SEGMENT or now < facts.start_time:
        return None
    return facts.audience


def _reachable(facts: Facts) -> int:
    return int((facts.audience or 0) * facts.pace.attempt_fraction)


def _failed(facts: Facts) -> bool:
    return facts.segment_missing or (facts.audience == 0 and facts.pace.empty_audience == "failed")


def _all_attempted(facts: Facts, now: datetime) -> bool:
    if facts.source is not Source.SEGMENT or facts.repeats or now < facts.start_time or facts.audience is None:
        return False
    if facts.audience == 0:
        return facts.pace.empty_audience == "completed"
    return attempted(facts, now) >= _reachable(facts)


def _dialling(facts: Facts, now: datetime) -> timedelta:
    """Add up the time by `now` in which it may contact people and is neither paused nor stopped."""
    until = now if facts.stopped_at is None else min(now, facts.stopped_at)
    total = timedelta()
    for opens, closes in facts.open_spans:
        if opens >= until:
            break
        begin, end = opens, min(closes, until)
        total += end - begin
        for pause_begin, pause_end in facts.pauses:
            total -= max(timedelta(), min(end, pause_end or until) - max(begin, pause_begin))
    return total
