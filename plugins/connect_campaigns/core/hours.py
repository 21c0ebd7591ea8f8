"""Communication hours: when a campaign's configuration lets it contact people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.keys import checked_zone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from connect_campaigns.core.schedule import Window

CHANNELS = ("telephony", "sms", "email", "whatsApp")
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def channels(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the channels that a campaign contacts people through."""
    return tuple(name for name in CHANNELS if name in config.get("channelSubtypeConfig", {}))


def zones(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a campaign's ``localTimeZoneConfig``."""
    zone_config: Mapping[str, Any] = config.get("communicationTimeConfig", {}).get("localTimeZoneConfig", {})
    return zone_config


def open_hours(config: Mapping[str, Any], channel: str) -> Mapping[str, Any]:
    """Give a channel's hours by weekday; empty where none are configured, and contact is allowed at any hour."""
    channel_config = config.get("communicationTimeConfig", {}).get(channel, {})
    hours: Mapping[str, Any] = channel_config.get("openHours", {}).get("dailyHours", {})
    return hours


def overlaps(config: Mapping[str, Any], channel: str, window: Window) -> bool | None:
    """Tell whether a window has any time in which the channel may contact people.

    :returns: None where the hours are each recipient's own (``localTimeZoneDetection``), which no clock here can tell
    """
    hours = open_hours(config, channel)
    if not hours:
        return True
    name = zones(config).get("defaultTimeZone")
    if not name:
        return None
    zone = checked_zone(name)
    closed = config["communicationTimeConfig"][channel].get("restrictedPeriods", {}).get("restrictedPeriodList", ())
    day = window.start.astimezone(zone).date()
    while datetime(day.year, day.month, day.day, tzinfo=zone) < window.end:
        # The end date of a restricted period is exclusive (documented).
        if not any(period["startDate"] <= day.isoformat() < period["endDate"] for period in closed):
            for span in hours.get(WEEKDAYS[day.weekday()], ()):
                if _at(day, span["startTime"], zone) < window.end and _at(day, span["endTime"], zone) > window.start:
                    return True
        day += timedelta(days=1)
    return False


def _at(day: Any, wall: str, zone: ZoneInfo) -> datetime:
    hour, minute = (int(part) for part in wall.removeprefix("T").split(":")[:2])
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
