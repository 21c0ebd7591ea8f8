"""A user's own CSV file made usable in a copy: headers renamed, a key and a telephone column made where missing.

The copy is checked row by row on the way, as the import will check it, so that a bad file is told before anything
starts. The file itself is never changed, and neither is ever whole in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connect_campaigns.aws.csv_copy import MAX_BYTES
from connect_campaigns.core.columns import AUDIENCE_RUN, MAX_COLUMNS, map_columns, safe_names
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import IMPORTABLE, PHONES, standard_field
from connect_campaigns.core.row_checks import Checker
from connect_campaigns.core.rows import (
    Findings,
    Kind,
    Problem,
    Record,
    all_records,
    header_of,
    join,
    split,
)
from demo.customers import fictional_phone

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path
    from typing import IO

MADE_KEY, MADE_PHONE = "customer_id", "phone"
_KEYS = ("customerid", "clientid", "accountid", "userid", "id")
_SHOWN = 5  # bad rows that are told one by one; enough to see what they have in common
_KEY_DIGITS = 9  # zero padded: row numbers then sort as they stand in the file


@dataclass(frozen=True, kw_only=True)
class SentColumn:
    """One column of the copy.

    :param name: its header in the copy
    :param original: its header in the user's file; None where the column is made
    :param index: its place in the user's file, from 0
    :param make: gives the value of a made column for the n-th row
    """

    name: str
    original: str | None = None
    index: int = -1
    make: Callable[[int], str] | None = None


@dataclass(frozen=True, kw_only=True)
class UsableFile:
    """The copy, and what was done to make it usable.

    :param key_column: the copy's column that tells one customer from another
    :param columns: in the copy's order
    :param left_out: headers that the service has no room for
    :param rows: rows of data
    """

    path: Path
    key_column: str
    columns: tuple[SentColumn, ...]
    left_out: tuple[str, ...]
    rows: int


def usable(source: Path, *, copy: Path, wanted: Collection[str] = ()) -> UsableFile:
    """Copy a CSV file and make the copy usable.

    :param wanted: columns that the segment names: these stay where there are more than the service takes
    :raises InvalidInput: the file can't be used; the text names the line of what is wrong
    """
    with source.open("rb") as content, copy.open("wb") as target:
        findings = Findings()
        rows = all_records(content.read, findings)
        header = _header(next(rows, None))
        columns, left_out = _choose(header, wanted)
        key = _key(columns)
        _copy_rows(rows, target, columns=columns, key=key, width=len(header), findings=findings)
    _judge(findings)
    return UsableFile(path=copy, key_column=key.name, columns=columns, left_out=left_out, rows=findings.good)


def _header(record: Record | None) -> list[str]:
    header = header_of(record)
    if record and len(header) == 1 and max(header[0].count(other) for other in ";\t|"):
        raise InvalidInput(
            f"line {record.line}, the header, has one column: {header[0][:60]!r}",
            allowed="columns separated by commas",
            hint="save the file with commas as separators",
            code="separator",
        )
    return header


# -- columns ----------------------------------------------------------------------------------------------------------


def _choose(header: Sequence[str], wanted: Collection[str]) -> tuple[tuple[SentColumn, ...], tuple[str, ...]]:
    """Name the columns of the copy: made ones first, then the file's, as many as the service has room for."""
    taken: set[str] = {AUDIENCE_RUN}
    columns = [
        SentColumn(name=_free(name, taken), original=header[index], index=index)
        for index, name in enumerate(safe_names(header))
    ]
    made = []
    if not any(_is_key(column) for column in columns):
        made.append(SentColumn(name=MADE_KEY, make=lambda row: f"{row:0{_KEY_DIGITS}d}"))
    if not any(_is_phone(column) for column in columns):
        made.append(SentColumn(name=MADE_PHONE, make=fictional_phone))
    room = MAX_COLUMNS - 1 - len(made)  # one more is added by the import: which run brought the customer in
    kept = sorted(sorted(columns, key=lambda column: _priority(column, wanted))[:room], key=lambda column: column.index)
    left_out = tuple(column.original or "" for column in columns if column not in kept)
    return (*made, *kept), left_out


def _free(name: str, taken: set[str]) -> str:
    """Give a name whose field no earlier column has: two columns can't go to one field of a profile."""
    unique, number = name, 1
    while _field(unique) in taken:
        number += 1
        unique = f"{name[:60]}_{number}"
    taken.add(_field(unique))
    return unique


def _field(name: str) -> str:
    standard = standard_field(name)
    return standard if standard in IMPORTABLE else name


def _priority(column: SentColumn, wanted: Collection[str]) -> int:
    """What stays when there is no room for all; else the first columns do, for sorting keeps their order."""
    asked = {column.original, column.name, _field(column.name)} & {*wanted, *map(_field, wanted)}
    return 0 if _is_key(column) or _is_phone(column) or asked else 1


def _is_key(column: SentColumn) -> bool:
    return column.name.lower().replace("_", "").replace("-", "") in _KEYS


def _is_phone(column: SentColumn) -> bool:
    return standard_field(column.name) in PHONES


def _key(columns: Sequence[SentColumn]) -> SentColumn:
    """Find the key: of several candidates, the one whose name says most."""
    candidates = [column for column in columns if _is_key(column)]
    return min(candidates, key=lambda column: _KEYS.index(column.name.lower().replace("_", "").replace("-", "")))


# -- rows -------------------------------------------------------------------------------------------------------------


def _copy_rows(
    rows: Iterator[Record],
    target: IO[bytes],
    *,
    columns: Sequence[SentColumn],
    key: SentColumn,
    width: int,
    findings: Findings,
) -> None:
    names = [column.name for column in columns]
    checker = Checker(map_columns(names, key_column=key.name))
    size = target.write(f"{join(names)}\n".encode())
    for number, record in enumerate(rows, start=1):
        cells = split(record.text)
        if cells is None or len(cells) != width:
            findings.add([_misshapen(number, record, cells, width)])
            continue
        line = join(column.make(number) if column.make else cells[column.index] for column in columns)
        problems = checker.row(Record(record.line, line)).problems
        if problems:
            findings.add([replace(problem, row=number) for problem in problems])
            continue
        findings.good += 1
        size += target.write(f"{line}\n".encode())
        if size >= MAX_BYTES:
            raise InvalidInput(
                f"line {record.line}: {size:,} bytes by here",
                allowed=f"less than {MAX_BYTES:,} bytes an import",
                hint="take a part of the file",
                code="too_large",
            )


def _misshapen(number: int, record: Record, cells: list[str] | None, width: int) -> Problem:
    if cells is None:
        detail = 'a value with a quote stands in quotes, and the quote is doubled: "5"" pipe"'
        return Problem(row=number, line=record.line, kind=Kind.QUOTES, detail=detail)
    detail = f"{len(cells)}, the header has {width}"
    return Problem(row=number, line=record.line, kind=Kind.RAGGED, detail=detail)


def _judge(findings: Findings) -> None:
    if findings.bad:
        shown = "".join(f"\n  {problem}" for problem in findings.first[:_SHOWN]) + "\n  ..." * (findings.bad > _SHOWN)
        raise InvalidInput(
            f"{findings.bad} of {findings.bad + findings.good} rows are bad ({findings.summary}):{shown}",
            allowed="rows with as many cells as the header, a key each, telephone numbers as +12025550100",
            hint="mend these lines; the file was only read, and nothing was sent",
            code="bad_rows",
        )
    if not findings.good:
        raise InvalidInput(
            "the file has a header and no row of data",
            allowed="at least one row of data",
            hint="look at the program that wrote the file",
            code="empty_file",
        )
