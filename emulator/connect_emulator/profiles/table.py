"""The profiles of one domain in DuckDB: a column per field and per custom attribute.

Columns beat maps, structs, a tall table and JSON by an order of magnitude in evaluation (measured). DuckDB's
identifiers ignore case even in quotes, so that `ID` and `id` would collide: attributes are `a0`, `a1`, … and a
dictionary knows their names. Attributes beyond `max_attribute_columns` share the map column `more`.
Used on the database's thread only.
"""

# ruff: noqa: S608 - names in the SQL are made here, texts from outside are parameters

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.columns import document
from connect_emulator.profiles.compile import Query, compile_groups, expression
from connect_emulator.profiles.fields import STANDARD_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from connect_emulator.profiles.settings import ProfileSettings

Structure = dict[str, Any]
_BOOKKEEPING = ("created_at", "updated_at", "expires_at")
_MAP_TYPE = '"MAP(VARCHAR, VARCHAR)"'


class ProfileTable:
    """The table of a domain; `schema` is made by us, never from a domain's name."""

    def __init__(self, *, schema: str, settings: ProfileSettings) -> None:
        self.name = f"{schema}.profile"
        self.calculated = f"{schema}.calculated"
        self._schema = schema
        self._settings = settings
        self._columns: dict[str, str] = {}

    def create(self, connection: DuckDBPyConnection) -> None:
        """Make the empty table."""
        fields = ", ".join(f'"{field}" varchar' for field in STANDARD_FIELDS)
        times = ", ".join(f"{name} timestamptz" for name in _BOOKKEEPING)
        connection.execute(f"create schema {self._schema}")
        connection.execute(
            f"create table {self.name} (profile_id varchar, {fields}, engagement json,"
            f" more map(varchar, varchar), {times})"
        )
        connection.execute(f"create table {self.calculated} (profile_id varchar, name varchar, value varchar)")

    def drop(self, connection: DuckDBPyConnection) -> None:
        """Remove the table with all its profiles."""
        connection.execute(f"drop schema {self._schema} cascade")

    def column_of(self, attribute: str) -> str | None:
        """Return the attribute's own column; None where it has none."""
        return self._columns.get(attribute)

    def expression(self, field: str, query: Query) -> str:
        """Return a field's value over a row `p`; what it needs is bound to the query."""
        return expression(field, column_of=self.column_of, calculated=self.calculated, bind=query.bind)

    @property
    def attributes(self) -> Mapping[str, str]:
        """The columns of the attributes that have one of their own."""
        return self._columns

    def add_attributes(self, connection: DuckDBPyConnection, attributes: Iterable[str]) -> None:
        """Give columns to attributes that are new, as long as there are columns left."""
        for attribute in attributes:
            if attribute in self._columns or len(self._columns) >= self._settings.max_attribute_columns:
                continue
            column = f"a{len(self._columns)}"
            connection.execute(f"alter table {self.name} add column {column} varchar")
            self._columns[attribute] = column

    def insert(self, connection: DuckDBPyConnection, profiles: list[Structure]) -> None:
        """Add profiles: `fields` by path, `attributes` by name, and the bookkeeping columns as they are."""
        names = dict.fromkeys(name for profile in profiles for name in profile["attributes"])
        self.add_attributes(connection, names)
        rows = [self._row(profile) for profile in profiles]
        columns = dict.fromkeys(column for row in rows for column in row)
        types = {column: "MAP(VARCHAR, VARCHAR)" if column == "more" else "VARCHAR" for column in columns}
        # One JSON parameter takes 110,000 rows a second, prepared single INSERTs a few hundred (measured).
        connection.execute(
            f"insert into {self.name} by name select unnest(from_json($1, $2), recursive := true)",
            [json.dumps(rows), json.dumps([types])],
        )

    def members(self, groups: Structure, *, sources: Mapping[str, Structure], as_of: datetime) -> Query:
        """Return the condition on a row `p` of a profile that hasn't expired by `as_of` and is in the segment.

        A query that uses it binds further values with its `bind`, and has to use each of them.

        :raises ServiceError: BadRequestException when it can't be evaluated.
        """
        query = compile_groups(
            groups,
            column_of=self.column_of,
            sources=sources,
            settings=self._settings,
            calculated=self.calculated,
        )
        return query.narrowed(_alive(query, as_of))

    def alive(self, *, as_of: datetime, ids: list[str] | None = None) -> Query:
        """Return the condition on a row `p` of a profile that hasn't expired by `as_of`: any, or one of these."""
        query = Query(where="true", params=[])
        query = query.narrowed(_alive(query, as_of))
        return (
            query if ids is None else query.narrowed(f"p.profile_id in (select unnest({query.bind(ids)}::varchar[]))")
        )

    def count(
        self,
        connection: DuckDBPyConnection,
        groups: Structure,
        *,
        sources: Mapping[str, Structure],
        as_of: datetime,
    ) -> int:
        """Return how many profiles that haven't expired by `as_of` are in the segment."""
        return self.count_where(connection, self.members(groups, sources=sources, as_of=as_of))

    def count_where(self, connection: DuckDBPyConnection, query: Query) -> int:
        """Return how many profiles fulfil a condition."""
        counted = connection.execute(f"select count(*) from {self.name} p where {query.where}", query.params).fetchall()
        return int(counted[0][0])

    def ids(self, connection: DuckDBPyConnection) -> list[str]:
        """Return every ProfileId, expired ones included."""
        return [profile_id for (profile_id,) in connection.execute(f"select profile_id from {self.name}").fetchall()]

    def read(
        self, connection: DuckDBPyConnection, query: Query, *, beside: Mapping[str, str] | None = None, page: str = ""
    ) -> list[tuple[Structure, dict[str, Any]]]:
        """Return profiles as the API's structure, the oldest first.

        :param beside: expressions whose values come with each profile, by name. :param page: a LIMIT clause.
        """
        extra = beside or {}
        columns = ", ".join([f"{document(self._columns, bind=query.bind)}::varchar", *extra.values()])
        sql = f"select {columns} from {self.name} p where {query.where} order by p.rowid{page}"
        rows = connection.execute(sql, query.params).fetchall()
        return [(json.loads(row[0]), dict(zip(extra, row[1:], strict=True))) for row in rows]

    def change(
        self,
        connection: DuckDBPyConnection,
        profile_id: str,
        changes: Structure,
        *,
        now: datetime,
        expires_at: datetime,
    ) -> None:
        """Set a profile's `fields` by path and `attributes` by name; an empty text removes the value.

        :param expires_at: when the profile expires, unless it does so later already.
        """
        self.add_attributes(connection, [name for name, value in changes["attributes"].items() if value])
        query = Query(where="", params=[])
        own = {name: self._columns.get(name) for name in changes["attributes"]}
        columns = {column: changes["attributes"][name] for name, column in own.items() if column}
        sets = [f'"{name}" = {query.bind(value or None)}' for name, value in (changes["fields"] | columns).items()]
        if shared := {name: changes["attributes"][name] for name, column in own.items() if column is None}:
            kept = "lambda entry: entry.value <> ''"
            merged = f"map_concat(coalesce(p.more, map()), from_json({query.bind(json.dumps(shared))}, '{_MAP_TYPE}'))"
            sets.append(f"more = map_from_entries(list_filter(map_entries({merged}), {kept}))")
        sets.append(f"updated_at = {query.bind(now.isoformat())}::timestamptz")
        sets.append(f"expires_at = greatest(p.expires_at, {query.bind(expires_at.isoformat())}::timestamptz)")
        where = f"p.profile_id = {query.bind(profile_id)}"
        connection.execute(f"update {self.name} p set {', '.join(sets)} where {where}", query.params)

    def calculate(self, connection: DuckDBPyConnection, rows: list[Structure]) -> None:
        """Replace the values of calculated attributes: `profile_id`, `name`, `value`."""
        connection.execute(f"delete from {self.calculated}")
        types = json.dumps([dict.fromkeys(("profile_id", "name", "value"), "VARCHAR")])
        connection.execute(
            f"insert into {self.calculated} by name select unnest(from_json($1, $2), recursive := true)",
            [json.dumps(rows), types],
        )

    def delete(self, connection: DuckDBPyConnection, profile_id: str) -> None:
        """Remove a profile."""
        connection.execute(f"delete from {self.name} where profile_id = $1", [profile_id])

    def _row(self, profile: Structure) -> Structure:
        row = {**profile["bookkeeping"], **profile["fields"]}
        more: dict[str, str] = {}
        for name, value in profile["attributes"].items():
            column = self._columns.get(name)
            if column:
                row[column] = value
            else:
                more[name] = value
        return {**row, "more": more} if more else row


def _alive(query: Query, as_of: datetime) -> str:
    return f"p.expires_at > {query.bind(as_of.isoformat())}::timestamptz"
