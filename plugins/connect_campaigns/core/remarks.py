"""What a good file's values mean for segments and campaigns, counted: told after the check, and never failing by itself.

Names, numbers, addresses and keys are personal: of these columns nothing is shown, and of others only what many rows have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from connect_campaigns.core.column_values import ColumnValues, Reading
from connect_campaigns.core.fields import ADDRESSES, IMPORTABLE, PHONES, attribute_of, standard_field

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable

    from connect_campaigns.core.columns import Column, Mapping

    ColumnOf = Callable[[int], list[str]]

LOOKED_AT_WHOLE = 200_000
"""Rows whose values are all counted; of those after them a sixteenth is, since spellings come back throughout a file."""
_EACH = 16

_SHOWABLE = frozenset(
    {"GenderString", "PartyTypeString", "Gender", "PartyType"}
    | {f"{address}.{part}" for address in ADDRESSES for part in ("Country", "State", "Province")}
)
_SHOWN_VALUES = 10
_SHOWN_LETTERS = 40
_RARE = 3
"""A value that stands more seldom may be about one person: counted, not shown."""
_REPEATED = 10
"""Rows a value has on average where a column is a choice among a few words, and not a name or a note."""
_NUMERIC = 0.8
"""Share of numbers, in any notation, from which on a column is taken for one of numbers."""


class Remark(NamedTuple):
    """One thing to know of the file.

    :param warning: it may lead to another audience than was meant
    """

    warning: bool
    text: str


class Remarks:
    """Takes the good rows of a file, and tells what is remarkable about them.

    :param mapping: where the columns go
    """

    def __init__(self, mapping: Mapping) -> None:
        in_file = {column.target: column.index for column in mapping.columns if column.index is not None}
        self._phones = [in_file[target] for target in PHONES if target in in_file]
        self._place = [in_file[part] for part in ("Address.Country", "Address.PostalCode") if part in in_file]
        self._columns = [(column, ColumnValues()) for column in mapping.columns if _is_read(column, mapping)]
        self._rows = self._looked_at = self._batch = 0
        self._unplaced = 0

    def take(self, rows: int, column: ColumnOf) -> None:
        """Take some rows.

        :param column: gives these rows' cells of one column, by its place in the file
        """
        self._unplaced += self._without_place(rows, column)
        self._batch += 1
        if self._rows < LOOKED_AT_WHOLE or self._batch % _EACH == 0:
            self._looked_at += rows
            for each, values in self._columns:
                values.add(column(each.index or 0))
        self._rows += rows

    def numbers(self, column: ColumnOf) -> Iterable[str]:
        """Give the phone numbers of some rows, each once a row."""
        if len(self._phones) == 1:
            return filter(None, column(self._phones[0]))
        rows = zip(*map(column, self._phones), strict=True)
        return (number for row in rows for number in {*row} if number)

    def tell(self, *, shared_numbers: int) -> list[Remark]:
        """Say what is remarkable about the rows.

        :param shared_numbers: rows with a phone number that an earlier row has
        """
        return [*self._of_phones(shared_numbers), *(said for each in self._columns for said in self._of_column(*each))]

    def _without_place(self, rows: int, column: ColumnOf) -> int:
        """Count the rows of which the service can't tell the time zone."""
        phones = [column(place) for place in self._phones]
        if any("" not in numbers for numbers in phones):
            return 0
        if len(self._place) < 2:
            return rows if not phones else sum(not any(row) for row in zip(*phones, strict=True))
        places = zip(*map(column, self._place), strict=True)
        numbers = zip(*phones, strict=True) if phones else [()] * rows
        return sum(not any(row) and not all(place) for row, place in zip(numbers, places, strict=True))

    def _of_phones(self, shared_numbers: int) -> list[Remark]:
        told = []
        if not self._phones and len(self._place) < 2:
            told.append(
                Remark(
                    warning=False, text="no column goes to a phone number, nor to Country and PostalCode: " + _NO_ZONE
                )
            )
        elif self._unplaced:
            found = (
                f"{self._unplaced:,} of {self._rows:,} rows have neither a phone number nor Country and PostalCode: "
            )
            told.append(Remark(warning=True, text=found + _NO_ZONE))
        if shared_numbers:
            found = f"{shared_numbers:,} of {self._rows:,} rows have a phone number that an earlier row has"
            told.append(Remark(warning=True, text=f"{found}: these are several profiles, and each of them is called"))
        return told

    def _of_column(self, column: Column, values: ColumnValues) -> list[Remark]:
        readings = values.readings
        full = readings.total() - readings[Reading.EMPTY]
        told = []
        numbers, written = readings[Reading.NUMBER], readings[Reading.WRITTEN]
        if numbers < full and numbers + written >= _NUMERIC * full and column.target != "BirthDate":
            told.append(self._warning(column, full - numbers, "are no numbers to the service", _NO_NUMBER))
        if local := readings[Reading.TWO_DATES]:
            told.append(self._warning(column, local, "are dates that read two ways, as 01/02/2026", _NO_DATE))
        if other := readings[Reading.LOCAL_DATE]:
            told.append(self._warning(column, other, "are dates to people only, as 31/12/2026", _NO_DATE))
        if values.few is not None and (shown := _shown(values.few, full=full)) and _is_showable(column):
            several = _several_spellings(values.few)
            ways = "; some differ only by case or blanks, and segments tell them apart" if several else ""
            told.append(Remark(warning=several, text=f"column {column.header!r}{self._part()}: {shown}{ways}"))
        return told

    def _warning(self, column: Column, count: int, found: str, meaning: str) -> Remark:
        return Remark(
            warning=True, text=f"column {column.header!r}: {count:,} of {self._looked_at:,} values {found}: {meaning}"
        )

    def _part(self) -> str:
        return "" if self._looked_at == self._rows else f", {self._looked_at:,} of {self._rows:,} rows looked at"


_NO_ZONE = (
    "a campaign that goes by each person's local time zone (localTimeZoneDetection: AREA_CODE takes it from the number,"
    " ZIP_CODE from the two others) finds none for them, and the service leaves them out without a word"
)
_NO_NUMBER = "EQUAL, GREATER_THAN and the like find nothing in them; write 1000 or 1000.5, without separators or units"
_NO_DATE = "comparisons by date find other people or nobody; write 2026-02-01T00:00:00Z"


def _is_read(column: Column, mapping: Mapping) -> bool:
    attribute = attribute_of(column.target) is not None
    return column.index is not None and column is not mapping.key and (attribute or column.target in _READ)


_READ = _SHOWABLE | {"BirthDate"}


def _is_showable(column: Column) -> bool:
    """Whether a column's values may be shown: an attribute that is called as a personal field is one."""
    field = column.target if (name := attribute_of(column.target)) is None else standard_field(name)
    return field not in IMPORTABLE or field in _SHOWABLE


def _shown(counts: Counter[str], *, full: int) -> str:
    """Say in words which values stand how often; empty where they are no choice among a few."""
    values = [(value, count) for value, count in counts.most_common() if value]
    if not values or full < _REPEATED * len(values):
        return ""
    shown = [(value, count) for value, count in values[:_SHOWN_VALUES] if count >= _RARE]
    words = [f"{_cut(value)} {count:,}" for value, count in shown]
    words += [f"(empty) {counts['']:,}"] if counts[""] else []
    words += [f"{more} more values"] if (more := len(values) - len(shown)) else []
    return " · ".join(words)


def _cut(value: str) -> str:
    value = value if len(value) <= _SHOWN_LETTERS else f"{value[:_SHOWN_LETTERS]}…"
    return value if value.isprintable() and value == value.strip() else repr(value)


def _several_spellings(counts: Counter[str]) -> bool:
    return len({value.strip().casefold() for value in counts}) < len(counts)
