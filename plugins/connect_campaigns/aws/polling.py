"""Asking again until an answer is final: for imports and estimates, which take seconds to minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from connect_campaigns.core.amounts import seconds
from connect_campaigns.core.errors import RetryableError, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_FIRST_PAUSE_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often and how long to ask.

    :param interval_s: the longest pause between two questions; the first pauses are shorter
    :param patience_s: when to give up, in seconds of this process's monotonic clock
    """

    interval_s: float
    patience_s: float


def pace(poll_interval: object, patience: object) -> Pace:
    """Read the two parameters that all polling operators have.

    :raises InvalidInput: one is no duration, or the interval is zero
    """
    return Pace(
        interval_s=seconds("poll_interval", poll_interval, positive=True),
        patience_s=seconds("patience", patience, positive=True),
    )


def poll(read: Callable[[], T | None], *, pace: Pace, what: str) -> T:
    """Read until there is something; not seeing is not failing: what a retry may heal is ridden out.

    :param read: gives None while there is nothing yet
    :param what: what is waited for, in words, for the error
    :raises ServiceUnavailable: patience is over
    :raises FinalError: what `read` raised
    """
    deadline = time.monotonic() + pace.patience_s
    pause, unseen = min(_FIRST_PAUSE_S, pace.interval_s), ""
    while True:
        try:
            answer = read()
            unseen = ""
        except RetryableError as error:
            answer, unseen = None, f"; the last answer was {error.found}"
        if answer is not None:
            return answer
        if time.monotonic() + pause > deadline:
            raise patience_over(f"{what} after {pace.patience_s:g} seconds{unseen}", pace)
        time.sleep(pause)
        pause = min(pause * 1.5, pace.interval_s)


def patience_over(found: str, pace: Pace) -> ServiceUnavailable:
    """Make the error of a wait that was given up."""
    return ServiceUnavailable(
        found,
        allowed=f"an end within {pace.patience_s:g} seconds",
        hint="retry the task: it takes up what is under way; or give it more `patience`",
        code="patience_over",
    )
