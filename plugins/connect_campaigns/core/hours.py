"""Communication hours: when a campaign's configuration lets it contact people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.keys import checked_zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from connect_campaigns.core.schedule import Window

CHANNELS = ("telephony", "sms", "email", "whatsApp")
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")

DAY = 24 * 60
Span = tuple[int, int]
"""From one minute of a day to another, which is excluded; a day has 1440."""
Week = tuple[tuple[Span, ...], ...]
"""Each weekday's stretches, Monday first."""
ALWAYS: Week = (((0, DAY),),) * 7

EASTERNMOST, WESTERNMOST = timedelta(hours=14), timedelta(hours=-12)
"""The offsets from UTC between which every place on earth lies."""


def channels(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the channels that a campaign is configured for."""
    return tuple(name for name in CHANNELS if name in config.get("channelSubtypeConfig", {}))


def contacting(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the channels that a campaign may contact people through: any, where its flow alone decides."""
    return channels(config) or CHANNELS


def zones(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a campaign's ``localTimeZoneConfig``."""
    zone_config: Mapping[str, Any] = config.get("communicationTimeConfig", {}).get("localTimeZoneConfig", {})
    return zone_config


def open_hours(config: Mapping[str, Any], channel: str) -> Mapping[str, Any]:
    """Give a channel's hours by weekday; empty where none are configured, and contact is allowed at any hour."""
    channel_config = config.get("communicationTimeConfig", {}).get(channel, {})
    hours: Mapping[str, Any] = channel_config.get("openHours", {}).get("dailyHours", {})
    return hours


def week(config: Mapping[str, Any], channel: str) -> Week:
    """Give a channel's hours as stretches of minutes; all the time where none are configured (documented)."""
    hours = open_hours(config, channel)
    if not hours:
        return ALWAYS
    spans: list[list[Span]] = [[] for _ in WEEKDAYS]
    for name, ranges in hours.items():
        number = WEEKDAYS.index(name)
        for each in ranges:
            start, end = _minute(each["startTime"]), _minute(each["endTime"])
            if end > start:
                spans[number].append((start, end))
            else:  # past midnight, should the service ever take that: both days are meant
                spans[number].append((start, DAY))
                spans[(number + 1) % 7].append((0, end))
    return tuple(union(each) for each in spans)


def union(spans: list[Span]) -> tuple[Span, ...]:
    """Join stretches that overlap or touch; empty ones vanish."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def overlaps(config: Mapping[str, Any], channel: str, window: Window) -> bool | None:
    """Tell whether a window has any time in which the channel may contact people.

    :returns: None where the hours are each recipient's own (``localTimeZoneDetection``), which no clock here can tell
    """
    if not open_hours(config, channel):
        return True
    if not zones(config).get("defaultTimeZone"):
        return None
    return any(contact_days(config, channel, window))


def contact_days(config: Mapping[str, Any], channel: str, window: Window) -> Iterator[date]:
    """Give the days, by the recipients' calendar, on which the channel may contact people within a window.

    Where the hours are each recipient's own, or no zone is configured, a day counts that comes within the window anywhere
    on earth: no clock here knows where the recipients live.
    """
    name = zones(config).get("defaultTimeZone")
    zone = checked_zone(name) if name else None
    hours = week(config, channel)
    day = (window.start + (WESTERNMOST if zone is None else timedelta(days=-1))).date()
    last = (window.end + (EASTERNMOST if zone is None else timedelta(days=1))).date()
    while day <= last:
        if not _is_restricted(config, channel, day):
            for start, end in hours[day.weekday()]:
                if _first(day, start, zone) < window.end and _last(day, end, zone) > window.start:
                    yield day
                    break
        day += timedelta(days=1)


def _is_restricted(config: Mapping[str, Any], channel: str, day: date) -> bool:
    """Whether a restricted period holds the day; its end date is exclusive (documented)."""
    channel_config = config.get("communicationTimeConfig", {}).get(channel, {})
    periods = channel_config.get("restrictedPeriods", {}).get("restrictedPeriodList", ())
    return any(period["startDate"] <= day.isoformat() < period["endDate"] for period in periods)


def _first(day: date, minute: int, zone: ZoneInfo | None) -> datetime:
    return _at(day, minute, zone) if zone else _at(day, minute, None) - EASTERNMOST


def _last(day: date, minute: int, zone: ZoneInfo | None) -> datetime:
    return _at(day, minute, zone) if zone else _at(day, minute, None) - WESTERNMOST


def _at(day: date, minute: int, zone: ZoneInfo | None) -> datetime:
    days, minute = divmod(minute, DAY)
    at = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone or UTC)
    return (at + timedelta(days=days)).astimezone(UTC)  # on the wall, as both have one zone


def _minute(wall: str) -> int:
    hour, minute = (int(part) for part in wall.removeprefix("T").split(":")[:2])
    return hour * 60 + minute
