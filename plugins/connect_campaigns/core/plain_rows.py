"""Many rows checked at once: most files have no quotes and few bad rows, and then a block's columns are looked at as a whole.

It only ever says that a block is good. Whatever it can't say that of is checked row by row, by `row_checks.Checker`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING

from connect_campaigns.core.fields import PHONES, max_length
from connect_campaigns.core.row_checks import E164

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from connect_campaigns.core.columns import Mapping

_ALL_BUT_SHAPE = bytes(byte for byte in range(256) if byte not in b",\n")
_ALL_E164 = re.compile(f"(?:(?:{E164})?\n)*+")


@dataclass(frozen=True, kw_only=True)
class Plain:
    """A block's good rows.

    :param keys: one a row
    :param sent: the rows to send
    :param phones: how many phone numbers they have
    :param column: gives the cells of one column, by its place in the file
    """

    keys: list[str]
    sent: Iterable[str]
    phones: int
    column: Callable[[int], list[str]]


class PlainRows:
    """Checks blocks of rows against a mapping.

    :param suspects: see `row_checks.Checker`
    """

    def __init__(self, mapping: Mapping, *, suspects: AbstractSet[int] = frozenset()) -> None:
        self._places = [column.index for column in mapping.columns if column.index is not None]
        self._commas = mapping.width - 1
        self._longest = [
            (column.index, max_length(column.target)) for column in mapping.columns if column.index is not None
        ]
        self._as_in_file = self._places == list(range(mapping.width))
        self._phones = [column.index or 0 for column in mapping.columns if column.target in PHONES]
        self._key = mapping.key.index or 0
        self._looked_at = max(self._key, *self._phones, 0) + 1
        self._suspects = suspects

    def read(self, text: str) -> Plain | None:
        """Give a block's rows, or None where one of them may be bad, quoted or blank."""
        if '"' in text:
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n")
            if "\r" in text:
                return None
        lines = text.removesuffix("\n").split("\n")
        if not self._has_shape(text, len(lines)):
            return None
        table = _Table(lines, commas=self._commas, looked_at=self._looked_at)
        keys = table.column(self._key)
        if not all(map(str.strip, keys)) or (self._suspects and not self._suspects.isdisjoint(map(hash, keys))):
            return None
        numbers = [table.column(place) for place in self._phones]
        if not all(map(_all_e164, numbers)) or self._too_long(lines, table):
            return None
        return Plain(
            keys=keys,
            sent=lines if self._as_in_file else map(",".join, zip(*map(table.column, self._places), strict=True)),
            phones=sum(len(column) - column.count("") for column in numbers),
            column=table.column,
        )

    def _has_shape(self, text: str, rows: int) -> bool:
        """Whether each row has as many commas as the header: quicker than to count them row by row."""
        shape = text.encode().translate(None, _ALL_BUT_SHAPE)
        row = b"," * self._commas + b"\n"
        return shape == row * rows or shape + b"\n" == row * rows

    def _too_long(self, lines: list[str], table: _Table) -> bool:
        if max(map(len, lines)) <= 255:
            return False
        return any(max(map(len, table.column(place))) > longest for place, longest in self._longest)


class _Table:
    """The cells of a block whose rows have one shape, column by column.

    Making texts is what takes the time: those beyond the columns that are always looked at are made only when asked for.
    And lists take more: cells stand one after the other, so that the garbage collector has nothing to look through.

    :param commas: of each row
    :param looked_at: how many of the first columns are split off at once
    """

    def __init__(self, lines: list[str], *, commas: int, looked_at: int) -> None:
        self._lines = lines
        self._commas = commas
        self._split = min(looked_at, commas)
        self._cells = list(chain.from_iterable(map(str.split, lines, repeat(","), repeat(self._split))))
        self._columns: dict[int, list[str]] = {}

    def column(self, place: int) -> list[str]:
        """Give the cells of one column, by its place in the file."""
        if place not in self._columns:
            if place >= self._split < self._commas:
                self._split = self._commas
                self._cells = ",".join(self._lines).split(",")
            self._columns[place] = self._cells[place :: self._split + 1]
        return self._columns[place]


def _all_e164(numbers: list[str]) -> bool:
    return _ALL_E164.fullmatch("\n".join(numbers) + "\n") is not None
