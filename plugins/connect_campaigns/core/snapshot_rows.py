"""Who stands in the files of a segment snapshot: the service gives no count, so its rows are counted.

Names of its objects, the form of its test object and the keys of its JSON lines aren't documented: whatever has no
ProfileId in it is none of its parts, and the column's name is compared without case (from production use).
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PROFILE_ID = "profileid"


def same_place(one: str, other: str) -> bool:
    """Whether two URIs mean one prefix: the service leaves out a slash at the end once it is done (from production use)."""
    return one.rstrip("/") == other.rstrip("/")


def ids_in_csv(lines: Iterable[str]) -> Iterator[str]:
    """Give the ProfileId of each row; nothing for a file without such a column."""
    rows = csv.reader(lines)
    column = id_column(next(rows, []))
    if column is not None:
        yield from (row[column] for row in rows if len(row) > column and row[column])


def ids_in_json_lines(lines: Iterable[str]) -> Iterator[str]:
    """Give the ProfileId of each line; nothing for lines that are no objects with one."""
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            names = list(row)
            column = id_column(names)
            if column is not None and row[names[column]]:
                yield str(row[names[column]])


def id_column(names: Iterable[str]) -> int | None:
    """Find the column of ProfileIds, in whatever case."""
    return next((at for at, name in enumerate(names) if name.strip().lower() == _PROFILE_ID), None)
