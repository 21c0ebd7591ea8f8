"""Many rows checked at once: most files have no quotes and few bad rows, and then a block's columns are looked at as a whole.

It only ever says that a block is good. Whatever it can't say that of is checked row by row, by `row_checks.Checker`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from connect_campaigns.core.fields import PHONES, max_length
from connect_campaigns.core.row_checks import E164

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
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
        places = [column.index for column in mapping.columns if column.index is not None]
        self._commas = mapping.width - 1
        self._longest = [(column.index, max_length(column.target)) for column in mapping.columns]
        self._pick = None if places == list(range(mapping.width)) else _picker(places)
        self._phones = [column.index or 0 for column in mapping.columns if column.target in PHONES]
        self._key = mapping.key.index or 0
        # Cells beyond the last one that is looked at stay one text: making texts is what takes the time.
        self._splits = -1 if self._pick else max(self._key, *self._phones, 0) + 1
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
        cells = [line.split(",", self._splits) for line in lines]
        columns = {place: [row[place] for row in cells] for place in {self._key, *self._phones}}
        keys = columns[self._key]
        if not all(map(str.strip, keys)) or (self._suspects and not self._suspects.isdisjoint(map(hash, keys))):
            return None
        if not all(_all_e164(columns[place]) for place in self._phones) or self._too_long(lines):
            return None
        sent = map(",".join, map(self._pick, cells)) if self._pick else lines
        return Plain(
            keys=keys,
            sent=sent,
            phones=sum(len(columns[place]) - columns[place].count("") for place in self._phones),
            column=_columns(lines, columns),
        )

    def _has_shape(self, text: str, rows: int) -> bool:
        """Whether each row has as many commas as the header: quicker than to count them row by row."""
        shape = text.encode().translate(None, _ALL_BUT_SHAPE)
        row = b"," * self._commas + b"\n"
        return shape == row * rows or shape + b"\n" == row * rows

    def _too_long(self, lines: list[str]) -> bool:
        if max(map(len, lines)) <= 255:
            return False
        cells = [line.split(",") for line in lines]
        return any(
            place is not None and max(len(row[place]) for row in cells) > longest for place, longest in self._longest
        )


def _columns(lines: list[str], known: dict[int, list[str]]) -> Callable[[int], list[str]]:
    """Give what gives a column's cells: the lines are split whole only where one is asked for that isn't known."""

    def column(place: int) -> list[str]:
        if place not in known:
            known.update(enumerate(map(list, zip(*(line.split(",") for line in lines), strict=True))))
        return known[place]

    return column


def _all_e164(numbers: list[str]) -> bool:
    return _ALL_E164.fullmatch("\n".join(numbers) + "\n") is not None


def _picker(places: list[int]) -> Callable[[list[str]], Sequence[str]]:
    """Give what picks these cells of a row; `itemgetter` of one place would give the bare cell."""
    return itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
