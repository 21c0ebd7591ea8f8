"""The campaigns themselves: what was configured, what happened, which of them are due."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connect_emulator.campaigns import progress
from connect_emulator.campaigns.progress import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from connect_emulator.campaigns.progress import Facts, State

KEPT_WRITES = 50  # to each campaign; bounded memory


@dataclass(slots=True, kw_only=True)
class Campaign:
    """One campaign."""

    id: str
    arn: str
    region: str
    config: dict[str, Any]
    """As given to CreateCampaign and the Update operations, tags excepted."""
    tags: dict[str, str]
    modified_at: datetime
    facts: Facts | None = None
    """None until it is started."""
    as_of: datetime | None = None
    """Of a copy: the moment that it shows."""

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.config["name"])

    @property
    def instance_id(self) -> str:
        """The Connect instance that it belongs to."""
        return str(self.config["connectInstanceId"])

    @property
    def segment_arn(self) -> str:
        """Its segment definition, or empty for a campaign without one."""
        return str(self.config.get("source", {}).get("customerProfilesSegmentArn", ""))

    @property
    def source(self) -> Source:
        """Where its recipients come from."""
        if self.segment_arn:
            return Source.SEGMENT
        return Source.EVENT if self.config.get("source") else Source.NONE

    @property
    def start_time(self) -> datetime:
        """Its scheduled start."""
        start: datetime = self.config["schedule"]["startTime"]
        return start

    def state(self, now: datetime) -> State:
        """Give its state at a moment."""
        return progress.state(self.facts, now if self.as_of is None else min(now, self.as_of))

    def copy(self, *, as_of: datetime) -> Campaign:
        """Give it as it is at a moment; what happens to it later doesn't touch the copy."""
        return replace(self, config=dict(self.config), tags=dict(self.tags), as_of=as_of)

    def waits_for_audience(self, now: datetime) -> bool:
        """Say whether its audience has to be counted: the start time has come, and it was never counted."""
        facts = self.facts
        if facts is None or facts.source is not Source.SEGMENT or now < facts.start_time:
            return False
        stopped_before = facts.stopped_at is not None and facts.stopped_at < facts.start_time
        return facts.audience is None and not facts.segment_missing and not stopped_before

    def fix_audience(self, audience: int | None) -> None:
        """Write down the audience of the start time; None = the segment definition is gone."""
        if self.facts is not None:
            self.facts = replace(self.facts, audience=audience, segment_missing=audience is None)


class History:
    """What each campaign was like before each write to it."""

    def __init__(self) -> None:
        self._before: dict[str, deque[Campaign | None]] = defaultdict(lambda: deque(maxlen=KEPT_WRITES))

    def note(self, campaign_id: str, before: Campaign | None) -> None:
        """Keep what a write replaced; None = it made the campaign."""
        if before is not None or campaign_id not in self._before:
            self._before[campaign_id].append(before)

    def before(self, campaign_id: str, *, writes: int) -> Campaign | None:
        """Give a campaign as it was so many writes to it ago; None = it wasn't there."""
        versions = self._before[campaign_id]
        return versions[-writes] if writes <= len(versions) else None

    def ids(self) -> list[str]:
        """Name all campaigns that there have ever been."""
        return list(self._before)


class CampaignStore:
    """All campaigns, in the order of their creation."""

    def __init__(self) -> None:
        self.history = History()
        self._campaigns: dict[str, Campaign] = {}
        self._waiting: dict[str, datetime] = {}

    def add(self, campaign: Campaign) -> None:
        """Take a new campaign in."""
        self._campaigns[campaign.id] = campaign

    def remove(self, campaign: Campaign) -> None:
        """Forget a campaign."""
        del self._campaigns[campaign.id]
        self._waiting.pop(campaign.id, None)

    def get(self, campaign_id: str) -> Campaign | None:
        """Find a campaign by its bare id."""
        return self._campaigns.get(campaign_id)

    def __iter__(self) -> Iterator[Campaign]:
        return iter(self._campaigns.values())

    def as_of(self, *, writes: int, meant: Callable[[str], bool]) -> CampaignStore:
        """Give the campaigns as a stale read sees them: those that are meant as of so many writes to each ago."""
        seen = CampaignStore()
        for campaign_id in dict.fromkeys([*self.history.ids(), *self._campaigns]):
            campaign = self._campaigns.get(campaign_id)
            if meant(campaign_id):
                campaign = self.history.before(campaign_id, writes=writes)
            if campaign is not None:
                seen.add(campaign)
        return seen

    def watch(self, campaign: Campaign) -> None:
        """Have a started campaign's audience counted when its start time has come."""
        self._waiting[campaign.id] = campaign.start_time

    def due(self, now: datetime) -> list[Campaign]:
        """List the campaigns whose audience has to be counted by `now`, earliest start time first."""
        if not self._waiting or min(self._waiting.values()) > now:
            return []
        for campaign_id in [key for key, start in self._waiting.items() if start <= now]:
            if not self._campaigns[campaign_id].waits_for_audience(now):
                del self._waiting[campaign_id]
        return sorted(
            (self._campaigns[key] for key, start in self._waiting.items() if start <= now),
            key=lambda campaign: campaign.start_time,
        )
