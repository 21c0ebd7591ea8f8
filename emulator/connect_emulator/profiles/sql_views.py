"""The tables that an SQL segment reads, as queries over a domain: `profile`, and one per object type.

Names of tables and columns are unknown: here they are the API's own. Used on the database's thread only.
"""

# ruff: noqa: S608 - names in the SQL are made here or quoted, texts from outside are parameters

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.columns import PROFILE_ID
from connect_emulator.profiles.fields import ADDRESS_PARTS, ADDRESSES, ATTRIBUTES, ENUM_FIELDS, TEXT_FIELDS
from connect_emulator.profiles.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connect_emulator.profiles.compile import Query
    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.object_types import ObjectType
    from connect_emulator.profiles.table import ProfileTable

PROFILE = "profile"
_ENTRY = "struct(key varchar, value varchar)"


def tables_of(domain: Domain) -> tuple[str, ...]:
    """Return the names of the tables that a domain's SQL segments may read."""
    return (PROFILE, *domain.object_types)


def view(domain: Domain, name: str, *, as_of: datetime, query: Query, keys: Sequence[str] | None) -> str:
    """Return a table's rows at that emulator time as a part of a WITH clause; its values are bound to `query`.

    :param keys: the custom attributes that are wanted, as the fields `k0`, `k1` of a struct; None: all, as a map.
    :raises ServiceError: BadRequestException for an object type whose fields differ in case only.
    """
    if name == PROFILE:  # unless it is told not to, DuckDB makes all columns of all rows first
        return f"{quoted(name)} as not materialized ({_profiles(domain.table, as_of=as_of, query=query, keys=keys)})"
    return f"{quoted(name)} as materialized ({_objects(domain, domain.object_types[name], as_of=as_of, query=query)})"


def quoted(name: str) -> str:
    """Return a name as an identifier of DuckDB's."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _profiles(table: ProfileTable, *, as_of: datetime, query: Query, keys: Sequence[str] | None) -> str:
    """Give the standard fields by the API's names, addresses as structs and custom attributes as a map or a struct."""
    own = [f'p."{field}"' for field in (*TEXT_FIELDS, *ENUM_FIELDS)]
    for address in ADDRESSES:
        parts = ", ".join(f'"{part}" := p."{address}.{part}"' for part in ADDRESS_PARTS)
        own.append(f'struct_pack({parts}) as "{address}"')
    attributes = _map(table, query) if keys is None else _struct(table, keys, query)
    alive = f"p.expires_at > {query.bind(as_of.isoformat())}::timestamptz"
    columns = ", ".join([f"p.profile_id as {PROFILE_ID}", *own, f"{attributes} as {ATTRIBUTES}"])
    return f"select {columns} from {table.name} p where {alive}"


def _map(table: ProfileTable, query: Query) -> str:
    entries = [
        f"{{'key': {query.bind(name)}::varchar, 'value': p.{column}}}" for name, column in table.attributes.items()
    ]
    filled = f"list_filter([{', '.join(entries)}]::{_ENTRY}[], lambda entry: entry.value is not null)"
    own = f"map_from_entries({filled})"
    return f"case when p.more is null then {own} else map_concat({own}, p.more) end"


def _struct(table: ProfileTable, keys: Sequence[str], query: Query) -> str:
    fields = [f"k{at} := {table.expression(f'{ATTRIBUTES}.{key}', query)}" for at, key in enumerate(keys)]
    return f"struct_pack({', '.join(fields)})"


def _objects(domain: Domain, kind: ObjectType, *, as_of: datetime, query: Query) -> str:
    """Give an object type's objects, a column per field beside `ProfileId`; NUMBER fields are numbers."""
    fields = {name: content for name, content in (kind.given.get("Fields") or {}).items() if not _is_id(name)}
    double = [name for name, number in Counter(map(str.casefold, fields)).items() if number > 1]
    if double:
        raise bad_request(
            found=f"Object type `{kind.name}` with fields that differ from `{double[0]}` in case only",
            allowed="for SQL: fields that can be told apart without case",
            hint="put the type anew with another name for one of them",
        )
    rows = [
        {PROFILE_ID: each.profile_id, **{name: each.values.get(name) for name in fields}}
        for each in domain.objects.get(kind.name, {}).values()
        if each.at <= as_of
    ]
    types = [dict.fromkeys((PROFILE_ID, *fields), "VARCHAR")]
    columns = ", ".join([PROFILE_ID, *(_typed(name, content) for name, content in fields.items())])
    unnested = f"unnest(from_json({query.bind(json.dumps(rows))}, {query.bind(json.dumps(types))}), recursive := true)"
    return f"select {columns} from (select {unnested})"


def _typed(name: str, content: dict[str, Any]) -> str:
    column = quoted(name)
    return f"try_cast({column} as double) as {column}" if content.get("ContentType") == "NUMBER" else column


def _is_id(field: str) -> bool:
    return field.casefold() == PROFILE_ID.casefold()
