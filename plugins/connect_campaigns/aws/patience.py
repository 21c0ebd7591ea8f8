"""Waiting out throttling: the rates are the whole account's and Region's, and launches have to share them."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from connect_campaigns.aws.outcomes import Kind
from connect_campaigns.core.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connect_campaigns.aws.outcomes import Outcome

T = TypeVar("T")

LOOK_AGAIN_S = 1.0
"""Seconds to another look, where a reply says that what was read is old."""

MAX_WAITS = 6
"""Waits for one throttled call, half a minute together at most; the SDK may have waited a little before each."""

LONGEST_WAIT_S = 8.0


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How an attempt waits; the default is real time.

    :param sleep: waits that many seconds
    :param jitter: a number from 0 to 1, so that those who were throttled together don't come back together
    """

    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)
    jitter: Callable[[], float] = random.random

    def send(self, call: Callable[[], Outcome]) -> Outcome:
        """Send, and send again while it is throttled."""
        for pause in self._pauses(MAX_WAITS):
            outcome = call()
            if outcome.kind is not Kind.THROTTLED:
                return outcome
            self.sleep(pause)
        return call()

    def read(self, read: Callable[[], T], *, waits: int = MAX_WAITS) -> T:
        """Read, and read again while it is throttled.

        :param waits: at most so many
        :raises ServiceUnavailable: it was throttled each time
        :raises ConnectCampaignsError: any other end of the read, at once
        """
        for pause in self._pauses(waits):
            try:
                return read()
            except ServiceUnavailable:
                self.sleep(pause)
        return read()

    def pause(self, nth: int, *, longest: float = LONGEST_WAIT_S) -> float:
        """Give the seconds of the nth wait, from 0: twice as long each time, shortened by up to a half by chance."""
        return min(longest, 2.0**nth) * (0.5 + self.jitter() / 2)

    def _pauses(self, waits: int) -> Iterator[float]:
        return (self.pause(nth) for nth in range(waits))
