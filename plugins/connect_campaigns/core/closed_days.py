"""Closed days: when nobody may be contacted, by date or by calendar, of one country or of several."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from connect_campaigns.core.calendar_file import ClosedDay, read_calendar
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.parameters import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = '["2026-12-25"], "/path/to/holidays.ics" or {"FR": "/path/to/fr.ics", "DE": ["2026-12-25"]}'


@dataclass(frozen=True)
class ClosedDays:
    """Closed days by country; the name is empty where no country was named."""

    by_country: tuple[tuple[str, tuple[ClosedDay, ...]], ...]

    def of(self, name: str, countries: tuple[str, ...]) -> ClosedDays:
        """Keep the days of some countries.

        :param name: which setting it is, for the message
        :raises InvalidInput: a country that isn't there
        """
        known = [country for country, _ in self.by_country if country]
        for country in countries:
            if country not in known:
                raise InvalidInput.of(
                    "country",
                    country,
                    allowed=f"a country named in `{name}`: {', '.join(known) or 'it names none'}",
                    hint=nearest(country, known) if known else f"write `{name}` by country: {EXAMPLE}",
                )
        return ClosedDays(tuple(each for each in self.by_country if each[0] in countries))

    def why(self, day: date) -> str | None:
        """Say what a day is closed for; None where it isn't."""
        for country, days in self.by_country:
            for closed in days:
                if closed.holds(day):
                    return ", ".join(filter(None, (closed.name, country))) or "closed"
        return None


def read_closed_days(name: str, value: object, *, read: Callable[[str], str]) -> ClosedDays:
    """Read the setting: dates, a calendar (a file's absolute path, or its text), or either of these per country.

    :param name: where it stands, for the message
    :param read: gives the text of a file
    :raises InvalidInput: another form, or a calendar that can't be read
    """
    value = _plain(value)
    if isinstance(value, dict):
        if not value or not all(isinstance(country, str) and country.strip() for country in value):
            raise InvalidInput.of(name, value, allowed="at least one country, named by a text", hint=f"as {EXAMPLE}")
        return ClosedDays(
            tuple((country, _days(f"{name}.{country}", _plain(each), read)) for country, each in value.items())
        )
    return ClosedDays((("", _days(name, value, read)),))


def _plain(value: object) -> object:
    """Read JSON text, which is what a template makes of a list."""
    if isinstance(value, str) and value.strip()[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _days(name: str, value: object, read: Callable[[str], str]) -> tuple[ClosedDay, ...]:
    if isinstance(value, list):
        return tuple(_date(name, each) for each in value)
    text = value.strip() if isinstance(value, str) else ""
    if text.upper().startswith("BEGIN:VCALENDAR"):
        return read_calendar(name, text)
    if not text.startswith("/"):
        raise InvalidInput.of(
            name,
            value,
            allowed="a list of dates, the absolute path of an iCalendar file on the worker, or such a file's text",
            hint=f"as {EXAMPLE}",
        )
    try:
        content = read(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput.of(
            name,
            text,
            allowed="an iCalendar file in UTF-8 that every worker can read",
            hint=f"{error}; lay it beside the DAGs, so that it comes to every worker with them",
        ) from error
    return read_calendar(f"{name} ({text})", content)


def _date(name: str, value: object) -> ClosedDay:
    try:
        if isinstance(value, str) and len(value) == len("2026-12-25"):
            return ClosedDay(first=date.fromisoformat(value))
    except ValueError:
        pass
    raise InvalidInput.of(name, value, allowed="dates as YYYY-MM-DD", hint='as "2026-12-25", in quotes')
