"""Communication hours: from wall clock in the campaign's time zone to stretches of UTC. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
CHANNELS = ("telephony", "sms", "email", "whatsApp")

Span = tuple[datetime, datetime]
"""A stretch of time in UTC, its end excluded."""


def open_spans(config: dict[str, Any] | None, channels: list[str], *, start: datetime, end: datetime) -> list[Span]:
    """Give the stretches between `start` and `end` in which a campaign may contact anybody.

    Open is when any of its channels is; a channel without hours is always open (documented: without a
    configuration, attempts begin at once). With `localTimeZoneDetection` the hours are read as UTC: the
    emulator knows no recipient's own zone.

    :param config: `communicationTimeConfig`. :param channels: the campaign's channels; empty = all configured.
    """
    config = config or {}
    names = channels or [channel for channel in CHANNELS if channel in config]
    windows = [config[channel] for channel in names if channel in config]
    if not windows or len(windows) < len(names):
        return [(start, end)]
    zone = ZoneInfo(config["localTimeZoneConfig"].get("defaultTimeZone") or "UTC")
    spans = [span for window in windows for span in _window_spans(window, zone, start=start, end=end)]
    return _union(spans)


def _window_spans(window: dict[str, Any], zone: ZoneInfo, *, start: datetime, end: datetime) -> Iterator[Span]:
    hours: dict[str, list[dict[str, str]]] = window["openHours"].get("dailyHours", {})
    restricted = window.get("restrictedPeriods", {}).get("restrictedPeriodList", [])
    day = start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        if not any(_is_restricted(day, period) for period in restricted):
            for opening in hours.get(DAYS[day.weekday()], []):
                opens = max(start, _instant(day, minutes(opening["startTime"]), zone))
                closes = min(end, _instant(day, minutes(opening["endTime"]), zone))
                if opens < closes:
                    yield opens, closes
        day += timedelta(days=1)


def _is_restricted(day: date, period: dict[str, str]) -> bool:
    """A restricted period's end date is not part of it (documented)."""
    return date.fromisoformat(period["startDate"]) <= day < date.fromisoformat(period["endDate"])


def minutes(text: str) -> int:
    """Give the minute of the day that `T09:30` means; `T24:00` is the end of the day.

    :raises ValueError: for a time that no day has.
    """
    hour, minute = int(text[1:3]), int(text[4:6])
    if minute > 59 or hour * 60 + minute > 24 * 60:
        message = f"`{text}` is no time of a day"
        raise ValueError(message)
    return hour * 60 + minute


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Give the UTC instant of a wall-clock minute; in an hour that occurs twice, the first one."""
    if minute == 24 * 60:
        day, minute = day + timedelta(days=1), 0
    return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone).astimezone(UTC)


def _union(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for opens, closes in sorted(spans):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    return joined
