"""Closed days out of an iCalendar file (RFC 5545), as authorities and calendar services publish them.

A strict small reader: whole days, once or yearly. What it doesn't understand it refuses, since a holiday that was read
wrongly is a day on which people are called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

Properties = dict[str, list[str]]
"""An event's values by property name; a property that may come several times keeps them all."""

DAY = re.compile(r"\d{8}")
DURATION = re.compile(r"P([1-9]\d{0,3})([DW])")
ORDINAL_DAY = re.compile(r"(-?[1-5])(MO|TU|WE|TH|FR|SA|SU)")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
RULE_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"})
NOT_READ = ("RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
ALLOWED = "whole days (DTSTART;VALUE=DATE), once or with RRULE:FREQ=YEARLY on one day of the year"


@dataclass(frozen=True, kw_only=True)
class Yearly:
    """A day that comes back every year, or every few years.

    :param month: 1 to 12
    :param day: of the month; None where `ordinal` and `weekday` say it
    :param ordinal: 1 = the month's first such weekday, -1 its last
    :param weekday: 0 = Monday
    :param count: so many times in all
    :param until: the last day on which it may begin
    """

    month: int
    day: int | None = None
    ordinal: int = 0
    weekday: int = 0
    interval: int = 1
    count: int | None = None
    until: date | None = None

    def in_year(self, year: int) -> date | None:
        """Give the day in a year that has one: not each has a 29 February, or a fifth Monday of a month."""
        try:
            if self.day is not None:
                return date(year, self.month, self.day)
            first = date(year, self.month, 1)
            after = date(year + self.month // 12, self.month % 12 + 1, 1)
        except ValueError:
            return None
        edge = first if self.ordinal > 0 else after - timedelta(days=7)
        found = edge + timedelta(days=(self.weekday - edge.weekday()) % 7)
        found += timedelta(weeks=self.ordinal - 1 if self.ordinal > 0 else self.ordinal + 1)
        return found if found.month == self.month else None


@dataclass(frozen=True, kw_only=True)
class ClosedDay:
    """A day, or several in a row, on which nobody is contacted.

    :param name: how people call it
    :param days: how many, from `first` on
    """

    first: date
    name: str = ""
    days: int = 1
    yearly: Yearly | None = None

    def holds(self, day: date) -> bool:
        """Whether the day is one of these."""
        return any(begin <= day < begin + timedelta(days=self.days) for begin in self._begins(day))

    def _begins(self, last: date) -> Iterator[date]:
        if self.yearly is None:
            yield self.first
            return
        left = self.yearly.count
        for year in range(self.first.year, last.year + 1, self.yearly.interval):
            begin = self.yearly.in_year(year)
            if begin is None or begin < self.first:
                continue
            if left == 0 or (self.yearly.until is not None and begin > self.yearly.until):
                return
            left = None if left is None else left - 1
            yield begin


def read_calendar(name: str, text: str) -> tuple[ClosedDay, ...]:
    """Read the closed days of an iCalendar text.

    :param name: which setting or file it is, for the message
    :raises InvalidInput: no calendar, no event in it, or an event that this reader doesn't understand
    """
    lines = re.sub(r"\r?\n[ \t]", "", text.removeprefix("\ufeff")).splitlines()
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR" or "END:VCALENDAR" not in text.upper():
        raise InvalidInput.of(name, text, allowed="an iCalendar file, whole", hint="it begins with BEGIN:VCALENDAR")
    found = [_closed(name, event) for event in _events(lines) if event.get("STATUS") != ["CANCELLED"]]
    if not found:
        raise InvalidInput(
            f"`{name}` is a calendar without events",
            allowed="a calendar with at least one VEVENT",
            hint="an empty holiday calendar is most likely a failed download; for no closed days give []",
        )
    return tuple(found)


def _events(lines: list[str]) -> Iterator[Properties]:
    """Give each event's own properties; those of alarms inside it, and of time zones, are nobody's days."""
    inside: list[str] = []
    event: Properties = {}
    for line in lines:
        head, _, value = line.partition(":")
        key = head.partition(";")[0].strip().upper()
        if key == "BEGIN":
            inside.append(value.strip().upper())
            event = {} if inside[-1] == "VEVENT" else event
        elif key == "END":
            if inside and inside.pop() == "VEVENT":
                yield event
        elif inside and inside[-1] == "VEVENT":
            event.setdefault(key, []).append(value.strip())


def _closed(name: str, event: Properties) -> ClosedDay:
    title = event.get("SUMMARY", [""])[0].replace("\\,", ",").replace("\\;", ";").replace("\\n", " ")
    where = f"{name}: event {title!r}"
    for key in NOT_READ:
        if key in event:
            raise _refused(where, f"{key}:{event[key][0]}")
    first = _day(where, "DTSTART", event.get("DTSTART", [""])[0])
    yearly = _yearly(where, event["RRULE"], first) if "RRULE" in event else None
    return ClosedDay(first=first, name=title, days=_length(where, event, first), yearly=yearly)


def _length(where: str, event: Properties, first: date) -> int:
    if "DTEND" in event:
        days = (_day(where, "DTEND", event["DTEND"][0]) - first).days  # the end is exclusive
        if days < 0:
            raise _refused(where, f"DTEND:{event['DTEND'][0]} before its start")
        return max(days, 1)  # some publishers end a day on itself
    if "DURATION" in event:
        length = DURATION.fullmatch(event["DURATION"][0])
        if not length:
            raise _refused(where, f"DURATION:{event['DURATION'][0]}")
        return int(length[1]) * (7 if length[2] == "W" else 1)
    return 1


def _day(where: str, key: str, text: str) -> date:
    try:
        if DAY.fullmatch(text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        pass
    raise _refused(where, f"{key}:{text}")


def _yearly(where: str, rules: list[str], first: date) -> Yearly:
    text = rules[0]
    parts = dict(part.upper().partition("=")[::2] for part in text.split(";"))
    readable = len(rules) == 1 and parts.get("FREQ") == "YEARLY" and set(parts) <= RULE_PARTS
    ordinal = ORDINAL_DAY.fullmatch(parts.get("BYDAY", ""))
    if not readable or ("BYDAY" in parts and (not ordinal or "BYMONTH" not in parts or "BYMONTHDAY" in parts)):
        raise _refused(where, f"RRULE:{text}")
    try:
        yearly = Yearly(
            month=int(parts.get("BYMONTH", first.month)),
            day=None if ordinal else int(parts.get("BYMONTHDAY", first.day)),
            ordinal=int(ordinal[1]) if ordinal else 0,
            weekday=WEEKDAYS.index(ordinal[2]) if ordinal else 0,
            interval=int(parts.get("INTERVAL", 1)),
            count=int(parts["COUNT"]) if "COUNT" in parts else None,
            until=_day(where, "UNTIL", parts["UNTIL"][:8]) if "UNTIL" in parts else None,
        )
    except ValueError:
        raise _refused(where, f"RRULE:{text}") from None
    if yearly.interval < 1 or (yearly.count is not None and yearly.count < 1) or yearly.in_year(first.year) != first:
        raise _refused(where, f"DTSTART:{first:%Y%m%d} with RRULE:{text}")
    return yearly


def _refused(where: str, found: str) -> InvalidInput:
    return InvalidInput(
        f"{where} has {found}",
        allowed=ALLOWED,
        hint="take the event out, or write its days as dates; a rule on a list of days or by week isn't read",
    )
