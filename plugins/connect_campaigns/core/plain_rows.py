"""Many rows checked at once: most files have no quotes and few bad rows, and then a block's columns are looked at as a whole.

It only ever says that a block is good. Whatever it can't say that of is checked row by row, by `rows.Checker`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from connect_campaigns.core.fields import PHONES, max_length
from connect_campaigns.core.rows import E164, join

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from connect_campaigns.core.columns import Mapping

_ALL_E164 = re.compile(f"(?:(?:{E164})?\n)*+")


@dataclass(frozen=True, kw_only=True)
class Plain:
    """A block's good rows.

    :param cells: row by row
    :param keys: one a row
    :param sent: the rows to send, each with its line end
    """

    cells: list[list[str]]
    keys: list[str]
    sent: str


class PlainRows:
    """Checks blocks of rows against a mapping; see `rows.Checker` for the parameters."""

    def __init__(self, mapping: Mapping, *, suspects: AbstractSet[int] = frozenset()) -> None:
        self._width = mapping.width
        self._key = mapping.key.index or 0
        self._places = [column.index for column in mapping.columns if column.index is not None]
        self._longest = [
            (column.index, max_length(column.target)) for column in mapping.columns if column.index is not None
        ]
        self._phones = [column.index or 0 for column in mapping.columns if column.target in PHONES]
        self._suspects = suspects
        constants = [column.constant for column in mapping.columns if column.index is None]
        self._line_end = f",{join(constants)}\n" if constants else "\n"  # they come last in every mapping
        self._pick = None if self._places == list(range(mapping.width)) else _picker(self._places)

    def read(self, text: str) -> Plain | None:
        """Give a block's rows, or None where one of them may be bad, quoted or blank."""
        if '"' in text:
            return None
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            return None
        lines = text.removesuffix("\n").split("\n")
        cells = [line.split(",") for line in lines]
        if set(map(len, cells)) != {self._width}:
            return None
        keys = [row[self._key] for row in cells]
        if not all(map(str.strip, keys)) or not self._suspects.isdisjoint(map(hash, keys)):
            return None
        if not all(self._all_e164(cells, place) for place in self._phones) or self._too_long(lines, cells):
            return None
        return Plain(cells=cells, keys=keys, sent=self._sent(lines, cells))

    @staticmethod
    def _all_e164(cells: list[list[str]], place: int) -> bool:
        return _ALL_E164.fullmatch("\n".join([row[place] for row in cells]) + "\n") is not None

    def _too_long(self, lines: list[str], cells: list[list[str]]) -> bool:
        if max(map(len, lines)) <= 255:
            return False
        return any(max(len(row[place]) for row in cells) > longest for place, longest in self._longest)

    def _sent(self, lines: list[str], cells: list[list[str]]) -> str:
        if self._pick is None:
            return self._line_end.join(lines) + self._line_end
        return self._line_end.join(map(",".join, map(self._pick, cells))) + self._line_end


def _picker(places: list[int]) -> Callable[[list[str]], Sequence[str]]:
    """Give what picks these cells of a row; `itemgetter` of one place would give the bare cell."""
    return itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
