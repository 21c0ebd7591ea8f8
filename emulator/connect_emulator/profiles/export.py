"""A segment's profiles as files of a snapshot: CSV, JSONL or ORC, with the columns that any of them has a value in."""

# ruff: noqa: S608 - names in the SQL are made here, texts from outside are parameters

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_emulator.profiles.columns import PROFILE_ID, attribute_columns, document, standard_columns
from connect_emulator.profiles.sorting import counts, data_type, order_by

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from connect_emulator.profiles.compile import Query
    from connect_emulator.profiles.settings import ProfileSettings
    from connect_emulator.profiles.sorting import SortKey
    from connect_emulator.profiles.table import ProfileTable

# One column that is JSON already: no quotes, and a separator that JSON can't contain.
_PLAIN_LINES = "header false, quote '', escape '', delimiter E'\\x01'"


@dataclass(frozen=True, kw_only=True)
class Members:
    """Who is in a segment at a moment: `query` makes a new condition on a row `p`, to bind further values to."""

    table: ProfileTable
    query: Callable[[], Query]
    ids: Sequence[str] | None = None
    """Of an SQL segment: whom its query gave, evaluated once."""
    sort: tuple[SortKey, ...] = ()

    @property
    def origin(self) -> str:
        """The FROM clause."""
        return f"{self.table.name} p"


def write_parts(
    connection: DuckDBPyConnection, members: Members, *, data_format: str, folder: Path, settings: ProfileSettings
) -> list[Path]:
    """Write the parts into a folder and return them in order; nobody makes one part without rows.

    :raises ServiceError: BadRequestException when the segment can't be evaluated.
    """
    count = members.table.count_where(connection, members.query())
    columns = _Columns(connection, members, separator=settings.snapshot_path_separator)
    zipped = settings.snapshot_compression == "gzip" and data_format != "ORC"
    extension = data_format.lower() + (".gz" if zipped else "")
    write = _WRITERS[_form(data_format, settings)]
    parts: list[Path] = []
    for start in range(0, max(count, 1), settings.snapshot_part_rows):
        path = folder / f"{settings.snapshot_part_name}{len(parts):05}.{extension}"
        page = f" limit {settings.snapshot_part_rows} offset {start}" if count > settings.snapshot_part_rows else ""
        write(connection, columns, _Part(path=path, page=page, compression="gzip" if zipped else "uncompressed"))
        parts.append(path)
    return parts


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A file to write: which rows go there, and how."""

    path: Path
    page: str
    compression: str


class _Columns:
    """The columns of an export, found in its profiles."""

    def __init__(self, connection: DuckDBPyConnection, members: Members, *, separator: str) -> None:
        self.members = members
        self._separator = separator
        self._more = self._names_in_map(connection)
        paths = self._expressions(query := members.query())
        counts = ", ".join(f"count({expression})" for expression in paths.values())
        rows = connection.execute(f"select {counts} from {members.origin} where {query.where}", query.params).fetchall()
        populated = zip(paths, rows[0], strict=True)
        self._used = [path for path, filled in populated if filled or path == PROFILE_ID]
        self._types = self._sorted_types(connection)

    @property
    def names(self) -> list[str]:
        """The columns' names in a file."""
        return [path.replace(".", self._separator, 1) for path in self._used]

    @property
    def own_attributes(self) -> Mapping[str, str]:
        """The attributes with a column of their own that are used."""
        return {name: column for name, column in self.members.table.attributes.items() if self._has(name)}

    def select(self, query: Query) -> list[str]:
        """Return the columns' expressions as text."""
        # Only what is used may be bound: DuckDB refuses other parameters.
        more = [name for name in self._more if self._has(name)]
        paths = standard_columns() | attribute_columns(self.own_attributes, more, bind=query.bind)
        return [f"{paths[path]}::varchar" for path in self._used]

    def rows(self, query: Query, part: _Part) -> str:
        """Return the part's rows, in their order: FROM and all that follows; `query` has the condition."""
        order = order_by(
            self.members.sort, self._types, column=lambda field: self.members.table.expression(field, query)
        )
        return f"from {self.members.origin} where {query.where}{order}{part.page}"

    def _sorted_types(self, connection: DuckDBPyConnection) -> list[str]:
        keys = self.members.sort
        if not keys:
            return []
        query = self.members.query()
        columns = ", ".join(counts(self.members.table.expression(key.field, query)) for key in keys)
        told = connection.execute(
            f"select {columns} from {self.members.origin} where {query.where}", query.params
        ).fetchall()[0]
        return [
            data_type(key, values=told[3 * at], numbers=told[3 * at + 1], dates=told[3 * at + 2])
            for at, key in enumerate(keys)
        ]

    def _has(self, attribute: str) -> bool:
        return f"Attributes.{attribute}" in self._used

    def _expressions(self, query: Query) -> dict[str, str]:
        own = self.members.table.attributes
        return standard_columns() | attribute_columns(own, self._more, bind=query.bind)

    def _names_in_map(self, connection: DuckDBPyConnection) -> list[str]:
        query = self.members.query()
        keys = f"select distinct unnest(map_keys(p.more)) from {self.members.origin} where {query.where} order by 1"
        return [name for (name,) in connection.execute(keys, query.params).fetchall()]


def _form(data_format: str, settings: ProfileSettings) -> str:
    return f"{data_format} {settings.snapshot_jsonl}" if data_format == "JSONL" else data_format


def _write_csv(connection: DuckDBPyConnection, columns: _Columns, part: _Part) -> None:
    query = columns.members.query()
    # The header is a row: DuckDB renames columns that differ in case only.
    header = ", ".join(query.bind(name) for name in columns.names)
    rows = f"select {', '.join(columns.select(query))} {columns.rows(query, part)}"
    connection.execute(
        f"copy (select {header} union all ({rows})) to '{part.path}'"
        f" (format csv, header false, compression '{part.compression}')",
        query.params,
    )


def _write_json(connection: DuckDBPyConnection, columns: _Columns, part: _Part) -> None:
    query = columns.members.query()
    line = document(columns.own_attributes, bind=query.bind)
    _copy_lines(connection, columns, part, query=query, line=line)


def _write_flat(connection: DuckDBPyConnection, columns: _Columns, part: _Part) -> None:
    query = columns.members.query()
    pairs = zip(columns.names, columns.select(query), strict=True)
    members = ", ".join(f"{query.bind(name)}, {value}" for name, value in pairs)
    line = f"json_merge_patch('{{}}', json_object({members}))"
    _copy_lines(connection, columns, part, query=query, line=line)


def _copy_lines(connection: DuckDBPyConnection, columns: _Columns, part: _Part, *, query: Query, line: str) -> None:
    rows = f"select {line}::varchar {columns.rows(query, part)}"
    connection.execute(
        f"copy ({rows}) to '{part.path}' (format csv, {_PLAIN_LINES}, compression '{part.compression}')", query.params
    )


def _write_orc(connection: DuckDBPyConnection, columns: _Columns, part: _Part) -> None:
    query = columns.members.query()
    rows = f"select {', '.join(columns.select(query))} {columns.rows(query, part)}"
    found = connection.sql(rows, params=query.params).to_arrow_table().rename_columns(columns.names)
    importlib.import_module("pyarrow.orc").write_table(found, str(part.path))  # an extra: DuckDB has no ORC writer


_WRITERS: dict[str, Callable[[DuckDBPyConnection, _Columns, _Part], None]] = {
    "CSV": _write_csv,
    "JSONL nested": _write_json,
    "JSONL flat": _write_flat,
    "ORC": _write_orc,
}
