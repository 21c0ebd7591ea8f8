"""Waiting out throttling: the rates are the whole account's and Region's, and launches have to share them."""

from __future__ import annotations

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


def patiently(call: Callable[[], Outcome], *, sleep: Callable[[float], None], jitter: Callable[[], float]) -> Outcome:
    """Send, and send again while it is throttled.

    :param sleep: waits that many seconds
    :param jitter: a number from 0 to 1
    """
    for pause in _pauses(jitter):
        outcome = call()
        if outcome.kind is not Kind.THROTTLED:
            return outcome
        sleep(pause)
    return call()


def read_patiently(
    read: Callable[[], T], *, sleep: Callable[[float], None], jitter: Callable[[], float], waits: int | None = None
) -> T:
    """Read, and read again while it is throttled.

    :param waits: at most so many, of up to 8 seconds; None = as for a send
    :raises ServiceUnavailable: it was throttled each time
    :raises ConnectCampaignsError: any other end of the read, at once
    """
    for pause in _pauses(jitter, waits):
        try:
            return read()
        except ServiceUnavailable:
            sleep(pause)
    return read()


def _pauses(jitter: Callable[[], float], waits: int | None = None) -> Iterator[float]:
    """Give growing waits, in seconds."""
    for wait in range(MAX_WAITS if waits is None else waits):
        yield min(8.0, 2.0**wait) * (0.5 + jitter() / 2)
