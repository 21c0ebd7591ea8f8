"""One pass over a file's parts: every row checked, the good ones copied, the keys noted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_campaigns.aws.csv_copy import ROW_END, Copies
from connect_campaigns.aws.csv_source import reading
from connect_campaigns.aws.phone_numbers import rewriter
from connect_campaigns.aws.repeats import Repeats
from connect_campaigns.core.columns import map_columns
from connect_campaigns.core.csv_text import blocks
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.plain_rows import PlainRows
from connect_campaigns.core.remarks import Remarks
from connect_campaigns.core.row_checks import Checker
from connect_campaigns.core.rows import Findings, header_of, join, joined, open_quote, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Mapping as ReadOnly
    from collections.abc import Set as AbstractSet
    from contextlib import ExitStack
    from datetime import timedelta

    from connect_campaigns.aws.csv_copy import Copy
    from connect_campaigns.aws.csv_source import SourceFile
    from connect_campaigns.core.columns import Mapping
    from connect_campaigns.core.csv_text import Block
    from connect_campaigns.core.rows import Record


_SHOWN = 8
"""Digits of the content's hash in the value that marks its people."""


@dataclass(frozen=True, kw_only=True)
class CsvRules:
    """What a file is read by; see `columns.map_columns` for the first three.

    :param audience_run: leads the value that marks this file's people; the file's content is its other half
    :param max_failed_rows: bad rows that are left out rather than failing the import
    :param default_country: phone numbers as people of this region write them are rewritten as E.164; None = all must be
    :param max_age: since the file, or the oldest of its parts, was written; None = no bound
    """

    key_column: str
    columns: ReadOnly[str, str] | None = None
    rename: bool = False
    audience_run: str | None = None
    max_failed_rows: int = 0
    default_country: str | None = None
    max_age: timedelta | None = None


class FileCheck:
    """One pass; a second one, given the first one's `suspects`, is needed where keys may stand more than once.

    :param kept: closes the copies
    :param suspects: see `row_checks.Checker`
    """

    mapping: Mapping
    copies: tuple[Copy, ...]
    sha256: str
    remarks: Remarks

    def __init__(
        self, files: list[SourceFile], *, rules: CsvRules, kept: ExitStack, suspects: AbstractSet[int] = frozenset()
    ) -> None:
        self._files = files
        self._rules = rules
        self._kept = kept
        self._known = suspects
        self._header: list[str] | None = None
        self._digest = hashlib.sha256()
        self.audience_run: str | None = None
        self.findings = Findings()
        self.suspects: AbstractSet[int] = frozenset()
        self.repeated = 0
        self.shared_numbers = 0

    def read(self) -> None:
        """Read all parts.

        :raises InvalidInput: a part can't be read as CSV, or its columns can't be sent
        """
        with Repeats() as repeats, Repeats() as numbers:
            self._repeats, self._numbers = repeats, numbers
            for file in self._files:
                self._part(file)
            self._mark()
            self.copies = self._copies.done(_row_end(self.mapping))
            if not self._known:
                self.suspects, self.repeated = repeats.suspects()
            if not self.suspects:
                self.shared_numbers = numbers.beyond()

    def _mark(self) -> None:
        """Mark the file's people by run and content.

        The same file again marks the same people, and a launched segment keeps them; a corrected one marks its own, and
        who was taken off it is not called because an earlier import of the day had marked him. Another default country is
        another content: it decides which rows are good.
        """
        self.sha256 = self._digest.hexdigest()
        if self._rules.default_country:
            self._digest.update(self._rules.default_country.encode())
        if self._rules.audience_run is not None:
            self.audience_run = _marker(self._rules.audience_run, self._digest.hexdigest())
            self.mapping = self.mapping.marked(self.audience_run)

    def _part(self, file: SourceFile) -> None:
        several = len(self._files) > 1
        with reading(file) as read:
            try:
                texts = blocks(self._hashed(read))
                rest = self._begin(texts, file.name if several else "")
                for block in texts:
                    rest = self._block(joined(rest, block))
                if rest:
                    raise open_quote(rest)
            except InvalidInput as error:
                if not several:
                    raise
                found = f"{file.name}: {error.found}"
                raise InvalidInput(found, allowed=error.allowed, hint=error.hint, code=error.code) from None

    def _hashed(self, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
        def hashed(size: int) -> bytes:
            content = read(size)
            self._digest.update(content)
            return content

        return hashed

    def _begin(self, texts: Iterator[Block], name: str) -> Block | None:
        """Read a part's first blocks, with its header; give what the next block has to end."""
        rest: Block | None = None
        for block in texts:
            self.findings.byte_order_mark |= block.byte_order_mark
            found, rest = records(joined(rest, block), self.findings)
            if found:
                self._take_header(header_of(found[0]))
                self._checker.begin(name)
                self._rows(found[1:])
                return rest
        if rest:
            raise open_quote(rest)
        header_of(None)
        return None

    def _take_header(self, header: list[str]) -> None:
        if self._header is None:
            self._header = header
            rules = self._rules
            self.mapping = map_columns(
                header,
                key_column=rules.key_column,
                columns=rules.columns,
                rename=rules.rename,
                audience_run=None if rules.audience_run is None else _marker(rules.audience_run, "0" * _SHOWN),
            )
            rewrite = rewriter(rules.default_country) if rules.default_country else None
            self._checker = Checker(self.mapping, suspects=self._known, rewrite=rewrite)
            self._plain = PlainRows(self.mapping, suspects=self._known)
            self.remarks = Remarks(self.mapping)
            header_line = f"{join(column.sent for column in self.mapping.columns)}\n"
            self._copies = Copies(header_line, row_end=_row_end(self.mapping), files=self._kept)
        elif header != self._header:
            raise InvalidInput(
                f"the header is not that of {self._files[0].name}: {_difference(header, self._header)}",
                allowed="parts with one header, each with it",
                hint="write the parts with one query; is an old file left under the prefix?",
                code="header",
            )

    def _block(self, block: Block) -> Block | None:
        """Check a block, at once where that can be; give what the next one has to end."""
        if plain := self._plain.read(block.text):
            self._repeats.add(plain.keys)
            self._checker.passed(len(plain.keys))
            self.findings.good += len(plain.keys)
            self.findings.phones += plain.phones
            self._note(len(plain.keys), plain.column)
            self._write(plain.sent, rows=len(plain.keys))
            return None
        found, rest = records(block, self.findings)
        self._rows(found)
        return rest

    def _rows(self, found: list[Record]) -> None:
        good: list[str] = []
        rows: list[list[str]] = []
        keys: list[str] = []
        for record in found:
            row = self._checker.row(record)
            if row.cells and (key := self._checker.key(row.cells)):
                keys.append(key)
            if row.problems:
                self.findings.add(row.problems)
            else:
                good.append(self._checker.sent(record, row))
                rows.append(row.cells)
                self.findings.phones += row.phones
                self.findings.rewritten += row.rewritten
        self._repeats.add(keys)
        self.findings.good += len(good)
        if good:
            self._note(len(good), lambda place: [cells[place] for cells in rows])
            self._write(good, rows=len(good))

    def _note(self, rows: int, column: Callable[[int], list[str]]) -> None:
        self.remarks.take(rows, column)
        self._numbers.add(self.remarks.numbers(column))

    def _write(self, sent: Iterable[str], *, rows: int) -> None:
        self._copies.write(ROW_END.join(sent) + ROW_END, rows=rows)


def _marker(audience_run: str, sha256: str) -> str:
    return f"{audience_run}/{sha256[:_SHOWN]}"


def _row_end(mapping: Mapping) -> str:
    return f",{join(mapping.constants)}\n" if mapping.constants else "\n"


def _difference(header: list[str], first: list[str]) -> str:
    """Say where a header differs, without its words: where it is missing they are a customer's."""
    if len(header) != len(first):
        return f"it has {len(header)} columns in place of {len(first)}"
    place = next(place for place, (one, other) in enumerate(zip(header, first, strict=True)) if one != other)
    return f"column {place + 1} is not {first[place]!r}"
