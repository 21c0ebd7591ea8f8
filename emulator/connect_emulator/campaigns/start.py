"""The start of a campaign: what StartCampaign refuses late, and what is fixed when it succeeds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connect_emulator.campaigns.hours import open_spans
from connect_emulator.campaigns.progress import Facts, Pace, Source
from connect_emulator.errors import VALIDATION, ServiceError

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.campaigns.store import Campaign
    from connect_emulator.settings import CampaignSettings


def check(campaign: Campaign, *, now: datetime, settings: CampaignSettings, segment_exists: bool) -> None:
    """Refuse to start a campaign that CreateCampaign let pass (reported: validated late)."""
    schedule = campaign.config.get("schedule")
    if schedule is None:
        message = "Missing required campaign parameter Schedule"
        raise ServiceError(VALIDATION, message)
    if campaign.source is Source.SEGMENT and "connectCampaignFlowArn" not in campaign.config:
        message = "Missing required campaign parameter Campaign Flow"
        raise ServiceError(VALIDATION, message)
    if schedule["startTime"] < now:
        message = "Campaign start time has already passed"
        raise ServiceError(VALIDATION, message)
    if schedule["startTime"] < now + timedelta(seconds=settings.lead_time_seconds):
        message = f"Campaign start time must be at least {settings.lead_time_seconds:g} seconds from now"
        raise ServiceError(VALIDATION, message)
    if campaign.source is Source.SEGMENT and not segment_exists:
        message = f"Segment definition not found: {campaign.segment_arn}"
        raise ServiceError(VALIDATION, message)


def begin(campaign: Campaign, *, now: datetime, settings: CampaignSettings) -> Facts:
    """Fix what a campaign's course depends on: schedule, hours and pace."""
    config, schedule = campaign.config, campaign.config["schedule"]
    spans = open_spans(
        config.get("communicationTimeConfig"),
        list(config.get("channelSubtypeConfig", {})),
        start=schedule["startTime"],
        end=schedule["endTime"],
    )
    return Facts(
        started_at=now,
        start_time=schedule["startTime"],
        end_time=schedule["endTime"],
        source=campaign.source,
        repeats="refreshFrequency" in schedule,
        open_spans=tuple(spans),
        pace=Pace(
            attempts_per_minute=settings.attempts_per_minute,
            attempt_fraction=settings.attempt_fraction,
            expiry_delay=timedelta(seconds=settings.expiry_delay_seconds),
            empty_audience=settings.empty_audience,
        ),
    )
