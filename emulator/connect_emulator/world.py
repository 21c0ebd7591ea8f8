"""All that the emulator knows, in one place; handlers get it together with their request."""

from __future__ import annotations

import asyncio
import copy
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_emulator.calls import CallLog
from connect_emulator.campaigns.store import CampaignStore
from connect_emulator.faults import Faults
from connect_emulator.profiles.store import ProfileStore
from connect_emulator.rates import Buckets
from connect_emulator.settings import Settings

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.calls import Call
    from connect_emulator.clock import Clock

ACCOUNT_ID = "123456789012"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a handler gets of a request."""

    params: dict[str, Any]
    """Parsed members by the model's names; timestamps are aware, in UTC."""
    base_url: str
    """scheme://host:port, as the client addressed us."""
    now: datetime
    """Emulator time; everything that was due by then has been settled."""
    region: str
    """From the credential scope."""
    account_id: str = ACCOUNT_ID


class Reply(dict[str, Any]):
    """A result with JSON that the service's model doesn't know: `raw` is merged into the serialized body."""

    def __init__(self, result: dict[str, Any], *, raw: dict[str, Any]) -> None:
        super().__init__(result)
        self.raw = raw


class World:
    """The emulator's data, clock, settings, faults and call log."""

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.unexpected_errors = 0  # of this process; a reset doesn't forget them
        self.s3_turn = asyncio.Lock()
        """Held by whoever uses moto's S3: its check of a condition and its write aren't atomic."""
        self._settling = asyncio.Lock()
        self._fill()

    def _fill(self) -> None:
        self.settings = Settings()
        self.campaigns = CampaignStore()
        self.profiles = ProfileStore(self.settings.profiles, self.clock)
        self.calls = CallLog()
        self.faults = Faults(unexpected=self.note_unexpected)
        self.buckets = Buckets(self.clock)
        self.unseen_objects: dict[tuple[str, str], int] = {}
        """S3 objects that reads don't show yet, with the writes that have to come before they do."""

    def with_campaigns(self, campaigns: CampaignStore) -> World:
        """Give this world with other campaigns in it: as they were, or to try something on."""
        view = copy.copy(self)
        view.campaigns = campaigns
        return view

    def took_effect(self, call: Call) -> None:
        """Note that a request changed the world, now."""
        self.calls.took_effect(call, at=self.clock.now())

    def note_unexpected(self, error: Exception) -> None:
        """Count an error that nothing foresaw, and say it."""
        self.unexpected_errors += 1
        traceback.print_exception(error, file=sys.stderr)

    async def settle(self) -> None:
        """Realise what is due by now: the audience of every campaign whose start time has passed.

        Counted as of the start time, whoever asks and whenever: nothing advances because it is read.
        """
        if not self.campaigns.due(self.clock.now()):
            return
        async with self._settling:
            for campaign in self.campaigns.due(self.clock.now()):
                audience = await self.profiles.audience(campaign.segment_arn, as_of=campaign.start_time)
                campaign.fix_audience(audience)

    async def settled_now(self) -> datetime:
        """Give a moment by which everything due has been settled."""
        now = self.clock.now()
        while self.campaigns.due(now):
            await self.settle()
            now = self.clock.now()
        return now

    async def reset(self) -> None:
        """Forget everything; the clock goes back to real time, held replies are let go, late effects never land."""
        self.faults.drop()
        await self.profiles.close()
        self.clock.reset()
        self._fill()


Handler = Callable[[World, Request], Awaitable[dict[str, Any]]]
