"""What stands in a column, in bounded memory: its values as long as they are few, and how many read as numbers or as dates."""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_VALUES = 50
"""Different values that are counted one by one: a column with more is no choice among a few words."""

_DIGITS = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_NUMBER = re.compile(rf"[+-]?(?:{_DIGITS})(?:[eE][+-]?[0-9]+)?")
_NUMBERS = re.compile(r"(?:(?:[+-]?[0-9]++(?:\.[0-9]*+)?+)?\n)*+")
_UNIT = r"(?:[A-Z]{3}|[$€£¥%])"
_WRITTEN = re.compile(rf"[+-]?{_UNIT}?\s?[+-]?[0-9]+(?:[ .,'\u2019\u00a0\u202f][0-9]+)*\s?{_UNIT}?")
_DATE = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2(?:[0-9]{4}|[0-9]{2})(?:[ T].*)?")


class Reading(Enum):
    """How a value reads to comparisons by number and by date."""

    EMPTY = "empty"
    NUMBER = "a number"
    WRITTEN = "a number to people only: 1,000 or 5 €"
    TWO_DATES = "day or month first: 01/02/2026"
    LOCAL_DATE = "a date to people only: 31/12/2026"
    TEXT = "anything else"


def reading(value: str) -> Reading:
    """Say how a value reads.

    >>> [reading(value).name for value in ("", "1e3", "1,000", "01/02/2026", "31/12/2026", "2026-02-01")]
    ['EMPTY', 'NUMBER', 'WRITTEN', 'TWO_DATES', 'LOCAL_DATE', 'TEXT']
    """
    stripped = value.strip()
    if not stripped:
        return Reading.EMPTY
    if _NUMBER.fullmatch(stripped):
        return Reading.NUMBER
    if date := _DATE.fullmatch(stripped):
        first, second = int(date[1]), int(date[3])
        both_ways = first != second and max(first, second) <= 12
        return Reading.TWO_DATES if both_ways else Reading.LOCAL_DATE
    return Reading.WRITTEN if _WRITTEN.fullmatch(stripped) else Reading.TEXT


class ColumnValues:
    """Takes a column's cells, bit by bit."""

    def __init__(self) -> None:
        self._few: Counter[str] | None = Counter()
        self._readings: Counter[Reading] = Counter()

    def add(self, cells: list[str]) -> None:
        """Take some of the column's cells."""
        if self._few is None:
            self._add_many(cells)
            return
        self._few.update(cells)
        if len(self._few) > MOST_VALUES:
            self._readings = _readings_of(self._few.items())
            self._few = None

    @property
    def few(self) -> Counter[str] | None:
        """How often each value stands; None where there are more than `MOST_VALUES`."""
        return self._few

    @property
    def readings(self) -> Counter[Reading]:
        """How many cells read how."""
        return self._readings if self._few is None else _readings_of(self._few.items())

    def _add_many(self, cells: list[str]) -> None:
        if _NUMBERS.fullmatch("\n".join(cells) + "\n"):  # as most columns with many values are
            empty = cells.count("")
            self._readings[Reading.EMPTY] += empty
            self._readings[Reading.NUMBER] += len(cells) - empty
        else:
            self._readings.update(map(reading, cells))


def _readings_of(counts: Iterable[tuple[str, int]]) -> Counter[Reading]:
    found: Counter[Reading] = Counter()
    for value, count in counts:
        found[reading(value)] += count
    return found
