"""What CreateCampaign and the Update operations refuse beyond the model's constraints."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connect_emulator.campaigns.hours import CHANNELS, minutes
from connect_emulator.clock import LAST_MOMENT
from connect_emulator.errors import VALIDATION, ServiceError

if TYPE_CHECKING:
    from connect_emulator.settings import CampaignSettings


def whole_schedule(schedule: dict[str, Any], settings: CampaignSettings) -> dict[str, Any]:
    """Cut a schedule's times to seconds (inferred); refuse one without an extent (reported), or beyond bounds."""
    start, end = (schedule[name].replace(microsecond=0) for name in ("startTime", "endTime"))
    if end <= start:
        message = "Schedule end time needs to be greater than start time"
        raise ServiceError(VALIDATION, message)
    if end - start > timedelta(days=settings.max_schedule_days) or end >= LAST_MOMENT:
        message = (
            f"The schedule ends at {end.isoformat()}, {(end - start).days} days after its start; "
            f"this emulator allows {settings.max_schedule_days} days, and ends before {LAST_MOMENT.isoformat()}"
        )
        raise ServiceError(VALIDATION, message)
    return {**schedule, "startTime": start, "endTime": end}


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
