"""A CSV file's rows, checked before anything is sent: the service gives no error per row, so ours are the only ones.

Strict RFC 4180 in UTF-8. A problem is told by row, line, column and reason, never with the value: it may be personal.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from connect_campaigns.core.csv_text import Block, blocks
from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TOLD = 20
"""Bad rows that are told one by one; all are counted."""
LONGEST_RECORD = 64_000
"""Characters that one row may have: 25 values of 1,000 at most, so beyond it a quote was left open."""

_QUOTED = r'"[^"]*+(?:""[^"]*+)*+"'
_PLAIN = r'[^",\r\n]*+'
_FIELD = re.compile(f"({_QUOTED}|{_PLAIN})(,|\\Z)")
_RECORD = re.compile(f"(?:{_QUOTED}|{_PLAIN})(?:,(?:{_QUOTED}|{_PLAIN}))*+")
_OPEN = re.compile(f'(?:(?:{_QUOTED}|{_PLAIN}),)*+"[^"]*+(?:""[^"]*+)*+')
_NEEDS_QUOTES = re.compile(r'[",\r\n]')


class Kind(StrEnum):
    """What can be wrong with a row."""

    QUOTES = "bad quotes"
    RAGGED = "wrong number of cells"
    EMPTY_KEY = "empty key"
    REPEATED_KEY = "repeated key"
    TOO_LONG = "value too long"
    PHONE = "phone number not E.164"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with one row.

    :param row: from 1, without the header
    :param line: as an editor counts
    :param file: of which part, where a file has several
    """

    row: int
    line: int
    kind: Kind
    detail: str
    column: str | None = None
    file: str = ""

    def __str__(self) -> str:
        place = f"row {self.row} (line {self.line})" + (f", column {self.column!r}" if self.column else "")
        where = f"{self.file}, {place}" if self.file else place
        return f"{where}: {self.kind}: {self.detail}"


@dataclass(kw_only=True)
class Findings:
    """What the checks found in a whole file.

    :param phones: phone numbers of good rows, those rewritten included
    :param rewritten: as E.164
    """

    good: int = 0
    bad: int = 0
    blank_lines: int = 0
    byte_order_mark: bool = False
    phones: int = 0
    rewritten: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    first: list[Problem] = field(default_factory=list)

    def add(self, problems: list[Problem]) -> None:
        """Count a row's problems, and keep those of the first bad rows."""
        self.bad += 1
        self.counts.update({problem.kind for problem in problems})
        if self.bad <= TOLD:
            self.first.extend(problems)

    @property
    def summary(self) -> str:
        """The counts in words."""
        return ", ".join(f"{kind}: {count}" for kind, count in self.counts.most_common())


@dataclass(frozen=True)
class Record:
    """The text of one record, without its line end, and the line where it begins."""

    line: int
    text: str


def records(block: Block, findings: Findings) -> tuple[list[Record], Block | None]:
    """Join a block's lines into records: a quoted value may hold line ends. Blank lines are counted and passed over.

    :returns: the records, and what begins a record that the next block has to end
    :raises InvalidInput: a quote that stays open for too long
    """
    found: list[Record] = []
    opened, text = 0, ""
    for number, line in enumerate(_lines(block.text), block.line):
        if opened:
            text += line
        elif line.strip():
            opened, text = number, line
        else:
            findings.blank_lines += 1
            continue
        if '"' in text and _OPEN.fullmatch(text):
            if len(text) > LONGEST_RECORD:
                raise open_quote(Block(opened, text))
            continue
        found.append(Record(opened, text.removesuffix("\n").removesuffix("\r")))
        opened = 0
    return found, Block(opened, text) if opened else None


def all_records(read: Callable[[int], bytes], findings: Findings) -> Iterator[Record]:
    """Give a whole file's records; see `csv_text.blocks` for `read` and for what it raises.

    :raises InvalidInput: a quote that stays open
    """
    rest: Block | None = None
    for block in blocks(read):
        findings.byte_order_mark |= block.byte_order_mark
        found, rest = records(joined(rest, block), findings)
        yield from found
    if rest:
        raise open_quote(rest)


def joined(rest: Block | None, block: Block) -> Block:
    """Put what the block before left open in front of a block."""
    return Block(rest.line, rest.text + block.text) if rest else block


def _lines(text: str) -> list[str]:
    """Split at line feeds alone, which stay: `splitlines` would split at others, too."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


def open_quote(rest: Block) -> InvalidInput:
    """Make the error of a record that nothing ends."""
    return InvalidInput(
        f"line {rest.line}: a quoted value opens here and doesn't end"
        f" within {min(len(rest.text), LONGEST_RECORD)} characters",
        allowed='quotes that close; one inside a value is doubled: ""',
        hint="look at the line's last opening quote",
        code="open_quote",
    )


def split(text: str) -> list[str] | None:
    """Split a record into cells; None where its quotes or line ends are not as RFC 4180 has them."""
    if '"' not in text:
        return None if "\r" in text else text.split(",")
    if not _RECORD.fullmatch(text):
        return None
    cells, place = [], 0
    while match := _FIELD.match(text, place):
        cell = match[1]
        cells.append(cell[1:-1].replace('""', '"') if cell.startswith('"') else cell)
        place = match.end()
        if not match[2]:
            break
    return cells


def header_of(record: Record | None) -> list[str]:
    """Read a file's first record as its header.

    :raises InvalidInput: there is none, or it is no row of RFC 4180
    """
    if record is None:
        raise InvalidInput(
            "the file is empty",
            allowed="a header row and at least one row of data",
            hint="look at the job that writes the file",
            code="empty_file",
        )
    header = split(record.text)
    if header is None:
        raise InvalidInput(
            f"line {record.line}, the header: bad quotes, or lone carriage returns as line ends",
            allowed="a header row as RFC 4180 has it",
            hint="save the file anew as CSV (UTF-8)",
            code="header",
        )
    return header


def join(cells: Iterable[str]) -> str:
    """Write cells as one line, quoted where needed."""
    return ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if _NEEDS_QUOTES.search(cell) else cell for cell in cells)
