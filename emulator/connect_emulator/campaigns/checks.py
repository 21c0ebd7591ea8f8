"""What CreateCampaign and StartCampaign refuse beyond the model's constraints; texts as users report them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connect_emulator.campaigns.hours import CHANNELS, minutes
from connect_emulator.campaigns.progress import Source
from connect_emulator.errors import VALIDATION, ServiceError

if TYPE_CHECKING:
    from connect_emulator.campaigns.store import Campaign
    from connect_emulator.settings import CampaignSettings


def check_schedule(schedule: dict[str, Any] | None) -> None:
    """Refuse a schedule that ends before it starts (reported)."""
    if schedule and schedule["endTime"] <= schedule["startTime"]:
        message = "Schedule end time needs to be greater than start time"
        raise ServiceError(VALIDATION, message)


def check_communication_time(config: dict[str, Any] | None, settings: CampaignSettings) -> None:
    """Refuse hours that mean nothing: two kinds of time zone (reported), no zone, no time, no date (inferred)."""
    if config is None:
        return
    zones = config["localTimeZoneConfig"]
    if settings.refuse_two_time_zones and "defaultTimeZone" in zones and "localTimeZoneDetection" in zones:
        message = "Only one of defaultTimeZone and localTimeZoneDetection can be given in localTimeZoneConfig"
        raise ServiceError(VALIDATION, message)
    try:
        ZoneInfo(zones.get("defaultTimeZone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"defaultTimeZone `{zones['defaultTimeZone']}` is no IANA time zone, like `Europe/Paris`"
        raise ServiceError(VALIDATION, message) from None
    for channel in CHANNELS:
        _check_window(config.get(channel, {}), channel)


def _check_window(window: dict[str, Any], channel: str) -> None:
    for day, openings in window.get("openHours", {}).get("dailyHours", {}).items():
        for opening in openings:
            _check_order(opening["startTime"], opening["endTime"], minutes, f"{channel} {day}")
    for period in window.get("restrictedPeriods", {}).get("restrictedPeriodList", []):
        _check_order(period["startDate"], period["endDate"], date.fromisoformat, f"{channel} restricted period")


def _check_order(start: str, end: str, read: Any, where: str) -> None:
    try:
        in_order = read(start) < read(end)
    except ValueError:
        in_order = False
    if not in_order:
        message = f"{where}: `{start}` to `{end}` is no stretch of time; the start must be valid and before the end"
        raise ServiceError(VALIDATION, message)


def check_start(
    campaign: Campaign, *, now: datetime, settings: CampaignSettings, segment_exists: bool
) -> None:
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
