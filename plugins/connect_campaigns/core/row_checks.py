"""One row's checks: its cells, its key, its phone numbers, its lengths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_campaigns.core.fields import PHONES, max_length
from connect_campaigns.core.rows import Kind, Problem, join, split

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from connect_campaigns.core.columns import Column, Mapping
    from connect_campaigns.core.rows import Record

E164 = r"\+[1-9][0-9]{6,14}+"
_E164 = re.compile(E164)
ROUNDED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
"""What a spreadsheet makes of a long number: digits are lost, so nothing can rewrite it."""


@dataclass(kw_only=True, slots=True)
class Row:
    """What the checks say of one row.

    :param cells: as they are sent, of all columns of the file; none where the row can't be split into as many
    :param problems: what is wrong with it
    :param phones: how many phone numbers it has
    :param rewritten: how many of them were rewritten as E.164
    """

    cells: list[str]
    problems: list[Problem]
    phones: int = 0
    rewritten: int = 0


class Checker:
    """Checks records one by one against a mapping.

    :param mapping: where the columns go: it says what a value must be
    :param suspects: hashes that more than one key of the file has: only these keys are kept to be compared; None = all
    :param rewrite: gives a phone number as E.164, and None where it is none; without it all must be E.164
    """

    def __init__(
        self,
        mapping: Mapping,
        *,
        suspects: Container[int] | None = None,
        rewrite: Callable[[str], str | None] | None = None,
    ) -> None:
        self._mapping = mapping
        self._key = mapping.key.index or 0
        self._phones = [column for column in mapping.columns if column.target in PHONES]
        self._places = [column.index for column in mapping.columns if column.index is not None]
        self._as_in_file = self._places == list(range(mapping.width))
        self._suspects = suspects
        self._rewrite = rewrite
        self._keys: set[str] = set()
        self._rows = 0
        self._file = ""

    def begin(self, file: str) -> None:
        """Count rows from 1 again, in another part."""
        self._rows, self._file = 0, file

    def passed(self, rows: int) -> None:
        """Count rows that were found good as a block."""
        self._rows += rows

    def row(self, record: Record) -> Row:
        """Check a record."""
        self._rows += 1
        cells = split(record.text)
        if cells is None:
            detail = 'a value with a quote stands in quotes, and the quote is doubled: "5"" pipe"'
            return Row(cells=[], problems=[self._problem(record, Kind.QUOTES, detail)])
        if len(cells) != self._mapping.width:
            detail = f"{len(cells)}, the header has {self._mapping.width}"
            return Row(cells=[], problems=[self._problem(record, Kind.RAGGED, detail)])
        row = Row(cells=cells, problems=[*self._of_key(record, cells)])
        self._take_phones(record, row)
        if len(record.text) > 255:
            row.problems += self._of_lengths(record, cells)
        return row

    def key(self, cells: list[str]) -> str:
        """Give a row's key; empty where it tells nobody from anybody."""
        return cells[self._key] if cells[self._key].strip() else ""

    def sent(self, record: Record, row: Row) -> str:
        """Give what is sent of a good record's own cells; what is the same in each row follows later."""
        if self._as_in_file and not row.rewritten:
            return record.text
        chosen = [row.cells[place] for place in self._places]
        return join(chosen) if '"' in record.text else ",".join(chosen)  # else no cell needs quotes either

    def _of_key(self, record: Record, cells: list[str]) -> Iterator[Problem]:
        key = cells[self._key]
        if not key.strip():
            yield self._problem(record, Kind.EMPTY_KEY, "the profile can't be told from others", self._mapping.key)
        elif self._suspects is None or hash(key) in self._suspects:
            if key in self._keys:
                yield self._problem(record, Kind.REPEATED_KEY, "an earlier row has it", self._mapping.key)
            self._keys.add(key)

    def _take_phones(self, record: Record, row: Row) -> None:
        """Check the phone numbers, and put those that can be rewritten into the row."""
        for column in self._phones:
            place = column.index or 0
            number = row.cells[place]
            if not number:
                continue
            row.phones += 1
            if _E164.fullmatch(number):
                continue
            rounded = ROUNDED.fullmatch(number)
            rewritten = self._rewrite(number) if self._rewrite and not rounded else None
            if rewritten is not None:
                row.cells[place] = rewritten
                row.rewritten += 1
                continue
            if rounded:
                detail = "a spreadsheet has rounded it, and digits are lost: format the column as text there"
            elif self._rewrite:
                detail = "no valid number there, nor one with + and country code: digits, blanks, ( ) . - / alone"
            else:
                detail = "write + and country code, digits only"
            row.problems.append(self._problem(record, Kind.PHONE, detail, column))

    def _of_lengths(self, record: Record, cells: list[str]) -> Iterator[Problem]:
        for column in self._mapping.columns:
            length = len(cells[column.index]) if column.index is not None else 0
            if length > (longest := max_length(column.target)):
                yield self._problem(record, Kind.TOO_LONG, f"{length} characters, at most {longest}", column)

    def _problem(self, record: Record, kind: Kind, detail: str, column: Column | None = None) -> Problem:
        name = column.header if column else None
        return Problem(row=self._rows, line=record.line, kind=kind, detail=detail, column=name, file=self._file)
