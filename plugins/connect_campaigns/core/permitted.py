"""Permitted hours: when people may be contacted at all, by channel and weekday, in the recipient's local time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.hours import CHANNELS, DAY, WEEKDAYS, union
from connect_campaigns.core.parameters import mapping, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connect_campaigns.core.hours import Span, Week

DEFAULT = "default"
HOURS = re.compile(r"(\d\d):(\d\d) ?- ?(\d\d):(\d\d)")
NEVER: Week = ((),) * 7
EXAMPLE = '{"default": {"MONDAY-FRIDAY": "09:00-20:00", "SATURDAY": ["10:00-13:00"]}}'


@dataclass(frozen=True)
class PermittedHours:
    """Stretches of each weekday by channel; `default` stands for the channels not named."""

    by_channel: tuple[tuple[str, Week], ...]

    def of(self, channel: str) -> Week | None:
        """Give a channel's week; None where neither it nor a default is named."""
        weeks = dict(self.by_channel)
        return weeks.get(channel, weeks.get(DEFAULT))


def read_permitted_hours(name: str, value: object) -> PermittedHours:
    """Read the setting: channel (or ``default``) → weekday, or ``FIRST-LAST`` weekday → ``HH:MM-HH:MM``, or several.

    A weekday that isn't named is closed; `24:00` is the end of a day. Text is read as JSON.

    :param name: where it stands, for the message
    :raises InvalidInput: another form
    """
    found = mapping(name, value)
    names = (*CHANNELS, DEFAULT)
    if not found:
        raise InvalidInput.of(
            name, value, allowed="hours for at least one channel, or `default`", hint=f"for example {EXAMPLE}"
        )
    for channel in found:
        if channel not in names:
            raise InvalidInput.of(
                name, channel, allowed=f"a channel: {', '.join(names)}", hint=f"{nearest(channel, names)}; as {EXAMPLE}"
            )
    return PermittedHours(tuple((channel, _week(f"{name}.{channel}", days)) for channel, days in found.items()))


def outside(hours: Week, permitted: Week) -> Iterator[tuple[str, Span, tuple[Span, ...]]]:
    """Give the stretches of a week that aren't inside the permitted ones: weekday, stretch, and what is permitted then."""
    for day, spans, allowed in zip(WEEKDAYS, hours, permitted, strict=True):
        for start, end in spans:
            if not any(first <= start and end <= last for first, last in allowed):
                yield day, (start, end), allowed


def clock(span: Span) -> str:
    """Show a stretch as ``09:00-20:00``."""
    return "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in span)


def _week(name: str, value: object) -> Week:
    if not isinstance(value, dict):
        raise InvalidInput.of(name, value, allowed="weekdays with hours", hint=f"for example {EXAMPLE}")
    week: list[tuple[Span, ...] | None] = [None] * 7
    for days, hours in value.items():
        spans = _spans(f"{name}.{days}", hours)
        for number in _days(name, days):
            if week[number] is not None:
                raise InvalidInput.of(
                    name,
                    days,
                    allowed="each weekday named once",
                    hint=f"{WEEKDAYS[number]} is named twice; give all its hours as one list",
                )
            week[number] = spans
    return tuple(spans or () for spans in week)


def _days(name: str, text: str) -> list[int]:
    ends = [part.strip().upper() for part in text.split("-")]
    if 1 <= len(ends) <= 2 and set(ends) <= set(WEEKDAYS):
        first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
        if first <= last:
            return list(range(first, last + 1))
    raise InvalidInput.of(
        name, text, allowed="a weekday, as MONDAY, or a range of them, as MONDAY-FRIDAY", hint=f"for example {EXAMPLE}"
    )


def _spans(name: str, value: object) -> tuple[Span, ...]:
    texts: list[Any] = value if isinstance(value, list) else [value]
    return union([_span(name, text) for text in texts])


def _span(name: str, text: object) -> Span:
    found = HOURS.fullmatch(text) if isinstance(text, str) else None
    if found:
        first_hour, first, last_hour, last = (int(part) for part in found.groups())
        start, end = first_hour * 60 + first, last_hour * 60 + last
        if max(first, last) < 60 and start < end <= DAY:
            return start, end
    raise InvalidInput.of(
        name,
        text,
        allowed="HH:MM-HH:MM, the end after the start and 24:00 at the latest; or a list of these, empty = closed",
        hint='as "09:00-20:00"; hours past midnight belong to the next weekday',
    )
