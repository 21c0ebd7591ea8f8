"""The campaigns themselves: what was configured, what happened, which of them are due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connect_emulator.campaigns import progress
from connect_emulator.campaigns.progress import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connect_emulator.campaigns.progress import Facts, State


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
        return progress.state(self.facts, now)

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


class CampaignStore:
    """All campaigns, in the order of their creation."""

    def __init__(self) -> None:
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
