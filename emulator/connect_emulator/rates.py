"""The documented request rates: token buckets per Region."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.clock import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """Operations that the documentation names together with one rate, per account and Region."""

    name: str
    per_second: float
    burst: int
    operations: frozenset[str] = field(default=frozenset())


_TAGS = {"TagResource", "UntagResource", "ListTagsForResource"}
_CAMPAIGNS = (
    Rate(
        "lifecycle and tags",
        1,
        2,
        frozenset({f"{verb}Campaign" for verb in ("Create", "Delete", "Pause", "Resume", "Start", "Stop")})
        | {"UpdateCampaignName"}
        | _TAGS,
    ),
    Rate("states and lists", 5, 10, frozenset({"GetCampaignState", "GetCampaignStateBatch", "ListCampaigns"})),
    Rate("requests", 10, 10, frozenset({"PutOutboundRequestBatch", "PutProfileOutboundRequestBatch"})),
    Rate("describe", 25, 35, frozenset({"DescribeCampaign"})),
)
_CAMPAIGNS_OTHER = Rate("other", 2, 5)
_PROFILES = (
    Rate("ListDomains", 5, 5, frozenset({"ListDomains"})),
    Rate("GetDomain", 5, 5, frozenset({"GetDomain"})),
    Rate("CreateDomain", 1, 1, frozenset({"CreateDomain"})),
    Rate("SearchProfiles", 100, 100, frozenset({"SearchProfiles"})),
    Rate("PutProfileObject", 100, 100, frozenset({"PutProfileObject"})),
    Rate("TagResource", 5, 5, frozenset({"TagResource"})),
)
_CONNECT = (Rate("GetMetricDataV2", 10, 10, frozenset({"GetMetricDataV2"})),)
"""Documented only as a rate; the burst of Customer Profiles isn't, and is taken to be the same."""


def rate_of(service: str, operation: str) -> Rate | None:
    """Find the documented rate of an operation; None = none is documented."""
    groups = {"connectcampaignsv2": _CAMPAIGNS, "customer-profiles": _PROFILES, "connect": _CONNECT}[service]
    found = next((rate for rate in groups if operation in rate.operations), None)
    return found or (_CAMPAIGNS_OTHER if service == "connectcampaignsv2" else None)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    real: float
    emulated: datetime


class Buckets:
    """All buckets.

    They fill by real time, and by the emulator's where that has run ahead: so a client that waits real seconds is let
    in while the clock stands still, and one that waits emulator seconds while the clock is fast.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def take(self, service: str, operation: str, *, region: str, shared: bool) -> Rate | None:
        """Take a token for a request; give the rate that it exceeds, or None when it may pass.

        :param shared: whether the operations of one rate have one bucket together, or each its own
        """
        rate = rate_of(service, operation)
        if rate is None:
            return None
        real, emulated = time.monotonic(), self._clock.now()
        bucket = self._buckets.setdefault(
            (region, service, rate.name if shared else operation), _Bucket(rate.burst, real, emulated)
        )
        passed = max(real - bucket.real, (emulated - bucket.emulated).total_seconds())
        bucket.tokens = min(rate.burst, bucket.tokens + passed * rate.per_second)
        bucket.real, bucket.emulated = real, emulated
        if bucket.tokens < 1:
            return rate
        bucket.tokens -= 1
        return None
