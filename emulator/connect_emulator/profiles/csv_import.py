"""A CSV file brought into a domain's table: staged, checked and merged by whole columns, never row by row.

Staging reads the file and touches no profile; merging is one transaction. Both run on the database's thread.
Rows count as if they came one after the other: a key's first row creates the profile, later ones update it.
"""

# ruff: noqa: S608 - names in the SQL are made here, texts from outside are parameters

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from connect_emulator.profiles.fields import ENUM_COPIES, ENUM_FIELDS, attribute_name, max_length

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from connect_emulator.profiles.mapping import Mapping
    from connect_emulator.profiles.settings import ProfileSettings
    from connect_emulator.profiles.table import ProfileTable

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_LINE = 16_000_000


class InvalidFileError(Exception):
    """The file as a whole can't be imported: the job fails with VALIDATION_FAILURE."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """How many rows did what; together all rows of the file."""

    updated: int
    created: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class Column:
    """A staged column and the profile's field that it goes to."""

    staged: str
    field: str
    source: int


def read_header(path: Path) -> list[str]:
    """Return the header row.

    :raises InvalidFileError: for an empty file, a byte order mark (documented: "missing header"), no UTF-8.
    """
    with path.open("rb") as file:
        if file.read(len(_BYTE_ORDER_MARK)) == _BYTE_ORDER_MARK:
            raise InvalidFileError("missing header: the file begins with a byte order mark")
        file.seek(0)
        # Line by line: bad bytes further down are bad rows, not a bad file.
        lines = (line.decode("utf-8") for line in iter(lambda: file.readline(_MAX_LINE), b""))
        try:
            header = next(csv.reader(lines, strict=True), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise InvalidFileError("missing header: the first line is no CSV in UTF-8") from error
    if not any(header):
        raise InvalidFileError("missing header: the file is empty or begins with an empty line")
    return header


class CsvImport:
    """One file on its way into one table.

    :param number: distinguishes the staging tables of jobs.
    """

    def __init__(
        self, *, path: Path, mapping: Mapping, table: ProfileTable, settings: ProfileSettings, number: int
    ) -> None:
        self._path = path
        self._table = table
        self._settings = settings
        self._staged = f"staged_{number}"
        self._rejects = f"rejects_{number}"
        self._scans = f"scans_{number}"
        self._header = read_header(path)
        self._columns = _columns(self._header, mapping, copy_enums=settings.copy_enum_to_string)
        keys = {field.field for field in mapping.unique}
        self._keys = [column for column in self._columns if column.field in keys]
        self._failed = 0

    def stage(self, connection: DuckDBPyConnection) -> None:
        """Read the file; malformed lines, rows without key and values that no field holds become failed records."""
        file_columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self._header)))
        chosen = ", ".join(f"c{column.source} as {column.staged}" for column in self._columns)
        try:
            connection.execute(
                f"create temp table {self._staged} as select {chosen} from read_csv($1, columns={{{file_columns}}},"
                " header=true, auto_detect=false, delim=',', quote='\"', escape='\"', strict_mode=true, nullstr='',"
                f" max_line_size={_MAX_LINE}, store_rejects=true, rejects_table='{self._rejects}',"
                f" rejects_scan='{self._scans}')",
                [str(self._path)],
            )
        except duckdb.InvalidInputException as error:
            # With bad lines set aside, what is left is a file that has no lines: mixed line ends, for one.
            raise InvalidFileError("the file can't be split into rows") from error
        malformed = _number(connection, f"select count(distinct line) from {self._rejects}")
        connection.execute(f"drop table {self._rejects}; drop table {self._scans}")
        unusable = _number(connection, f"delete from {self._staged} where {self._unusable()}")
        lost = self._settings.upload_failed_rows and _number(
            connection,
            f"delete from {self._staged} where rowid in"
            f" (select rowid from {self._staged} order by rowid limit {self._settings.upload_failed_rows})",
        )
        self._failed = malformed + unusable + lost

    def merge(self, connection: DuckDBPyConnection, *, now: datetime, expires_at: datetime) -> Results:
        """Update the profiles that have the rows' keys and create the others, all or none of them.

        :param now: profiles that have expired by then are no longer found.
        """
        names = [name for column in self._columns if (name := attribute_name(column.field)) is not None]
        self._table.add_attributes(connection, names)
        connection.begin()
        try:
            results = self._merge(connection, now=now.isoformat(), expires_at=expires_at.isoformat())
        except BaseException:
            connection.rollback()
            raise
        connection.commit()
        return results

    def discard(self, connection: DuckDBPyConnection) -> None:
        """Drop what was staged."""
        for name in (self._staged, f"{self._staged}_latest", self._rejects, self._scans):
            connection.execute(f"drop table if exists {name}")

    def _unusable(self) -> str:
        conditions = [f"{key.staged} is null" for key in self._keys]
        for column in self._columns:
            conditions.append(f"length({column.staged}) > {max_length(column.field)}")
            if column.field in ENUM_FIELDS:
                allowed = ", ".join(f"'{value}'" for value in ENUM_FIELDS[column.field])
                conditions.append(f"{column.staged} not in ({allowed})")
        return " or ".join(f"coalesce({condition}, false)" for condition in conditions)

    def _merge(self, connection: DuckDBPyConnection, *, now: str, expires_at: str) -> Results:
        rows = _number(connection, f"select count(*) from {self._staged}")
        targets = _Targets(self._columns, table=self._table, keep=self._settings.empty_cell == "keep")
        latest = self._latest(connection, rows=rows)
        same = " and ".join(f"{targets.stored(key)} = s.{key.staged}" for key in self._keys)
        found = f"{same} and p.expires_at > $1::timestamptz"
        params = [now, expires_at, *targets.shared_names]
        connection.execute(
            f"update {self._table.name} p set {targets.changes()}, updated_at = $1::timestamptz,"
            f" expires_at = greatest(p.expires_at, $2::timestamptz) from {latest} s where {found}",
            params,
        )
        names, values = targets.names_and_values()
        created = _number(
            connection,
            f"insert into {self._table.name} (profile_id, created_at, updated_at, expires_at, {names})"
            " select replace(uuid()::varchar, '-', ''), $1::timestamptz, $1::timestamptz, $2::timestamptz,"
            f" {values} from {latest} s where not exists (from {self._table.name} p where {found})",
            params,
        )
        return Results(updated=rows - created, created=created, failed=self._failed)

    def _latest(self, connection: DuckDBPyConnection, *, rows: int) -> str:
        """Return a table with one row per key: each field's last value, as if the rows had come one by one."""
        keys = ", ".join(key.staged for key in self._keys)
        if rows == _number(connection, f"select count(*) from (select distinct {keys} from {self._staged})"):
            return self._staged
        # `arg_max` passes over NULL, that is over empty cells: right where they keep what was there.
        last = "arg_max({0}, rowid)" if self._settings.empty_cell == "keep" else "last({0} order by rowid)"
        others = [column for column in self._columns if column not in self._keys]
        values = "".join(f", {last.format(column.staged)} as {column.staged}" for column in others)
        latest = f"{self._staged}_latest"
        connection.execute(f"create temp table {latest} as select {keys}{values} from {self._staged} group by {keys}")
        return latest


class _Targets:
    """Where the staged columns `s.…` go in the row `p`; `$3` and on are the names of attributes in its map."""

    def __init__(self, columns: list[Column], *, table: ProfileTable, keep: bool) -> None:
        self._keep = keep
        self._own: dict[Column, str] = {}
        self._shared: dict[Column, str] = {}
        self.shared_names: list[str] = []
        for column in columns:
            attribute = attribute_name(column.field)
            target = f'"{column.field}"' if attribute is None else table.column_of(attribute)
            if target is None:
                self.shared_names.append(str(attribute))
                self._shared[column] = f"${2 + len(self.shared_names)}"
            else:
                self._own[column] = target

    def stored(self, column: Column) -> str:
        """Return the value that the profile has."""
        return f"p.{self._own[column]}" if column in self._own else f"p.more[{self._shared[column]}]"

    def changes(self) -> str:
        """Return the assignments of an update."""
        new = "coalesce(s.{0}, p.{1})" if self._keep else "s.{0}"
        changes = [f"{target} = {new.format(column.staged, target)}" for column, target in self._own.items()]
        if self._shared:
            changes.append(f"more = map_concat(coalesce(p.more, map()), {self._map()})")
        return ", ".join(changes)

    def names_and_values(self) -> tuple[str, str]:
        """Return the columns and the values of an insert."""
        pairs = [(target, f"s.{column.staged}") for column, target in self._own.items()]
        if self._shared:
            pairs.append(("more", self._map()))
        return ", ".join(name for name, _ in pairs), ", ".join(value for _, value in pairs)

    def _map(self) -> str:
        entries = ", ".join(f"{{'key': {name}, 'value': s.{column.staged}}}" for column, name in self._shared.items())
        kept = "lambda entry: entry.value is not null" if self._keep else "lambda entry: true"
        return f"map_from_entries(list_filter([{entries}], {kept}))"


def _columns(header: list[str], mapping: Mapping, *, copy_enums: bool) -> list[Column]:
    """Find the mapped headers in the file; enumerations also go to their text fields unless those are mapped."""
    columns: list[Column] = []
    for field in mapping.fields:
        if header.count(field.header) != 1:
            found = "twice or more" if field.header in header else "not at all"
            raise InvalidFileError(f"header `{field.header}` is in the file {found}")
        columns.append(Column(staged=f"s{len(columns)}", field=field.field, source=header.index(field.header)))
    mapped = {column.field for column in columns}
    for column in columns[:] if copy_enums else []:
        copy = ENUM_COPIES.get(column.field)
        if copy and copy not in mapped:
            columns.append(Column(staged=f"s{len(columns)}", field=copy, source=column.source))
    return columns


def _number(connection: DuckDBPyConnection, sql: str, params: list[str] | None = None) -> int:
    row = connection.execute(sql, params or []).fetchone()
    return int(row[0]) if row else 0
