"""PutProfileObject: an object finds its profile by the type's keys, else makes one or is dropped (documented)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.fields import max_length
from connect_emulator.profiles.records import new_row, split
from connect_emulator.profiles.refusals import bad_request
from connect_emulator.profiles.search import key_condition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.object_types import Key, ObjectType

Structure = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ProfileObject:
    """An object that was put; `values` are its fields as text."""

    unique: str
    content: str
    values: dict[str, str]
    profile_id: str
    at: datetime


def read_object(kind: ObjectType, text: str) -> dict[str, str]:
    """Return the values of an object's fields as text; members that are null or absent have none.

    :raises ServiceError: BadRequestException for what is no JSON object, or lacks its UNIQUE key.
    """
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise bad_request(
            found="`Object` that is no JSON object", allowed='text such as `{"id": "1"}`', hint="see json.dumps"
        )
    found = {field: _member(content, path) for field, path in kind.sources.items()}
    values = {field: value for field, value in found.items() if value}
    if key_value(kind.unique, values) is None:
        raise bad_request(
            found=f"An object without its UNIQUE key, {', '.join(kind.unique.fields)}",
            allowed="a value in each of the key's fields",
            hint="the key tells the type's objects apart",
        )
    for field, target in kind.targets.items():
        if len(values.get(field, "")) > max_length(target):
            raise bad_request(
                found=f"{len(values[field])} characters in `{field}`",
                allowed=f"up to {max_length(target)}",
                hint="shorten it",
            )
    return values


def key_value(key: Key, values: Mapping[str, str]) -> str | None:
    """Return a key's value, several fields joined by blanks (inferred from `_fullName`); None where one is missing."""
    parts = [values.get(field) for field in key.fields]
    return None if None in parts else " ".join(str(part) for part in parts)


def put_object(
    connection: DuckDBPyConnection,
    domain: Domain,
    kind: ObjectType,
    *,
    text: str,
    values: dict[str, str],
    now: datetime,
) -> ProfileObject | None:
    """Bring an object in; None when it found no profile and may not make one: it would go to a dead-letter queue."""
    changes = {target: values[field] for field, target in kind.targets.items() if field in values}
    days = kind.given.get("ExpirationDays") or domain.expiration_days
    found = _find(connection, domain, kind, values, now=now)
    if found is None and not kind.allows_creation:
        return None
    if found is None:
        profile_id, row = new_row(changes, now=now, expiration_days=days)
        domain.table.insert(connection, [row])
    else:
        profile_id = found
        expires_at = now + timedelta(days=days)
        domain.table.change(connection, profile_id, split(changes), now=now, expires_at=expires_at)
    for key in kind.lookups:
        value = key_value(key, values)
        if value is not None and key.is_stored(created=found is None):
            domain.keys[key.name].setdefault(value, set()).add(profile_id)
    made = ProfileObject(
        unique=str(key_value(kind.unique, values)), content=text, values=values, profile_id=profile_id, at=now
    )
    domain.objects.setdefault(kind.name, {})[made.unique] = made
    return made


def _find(
    connection: DuckDBPyConnection, domain: Domain, kind: ObjectType, values: Mapping[str, str], *, now: datetime
) -> str | None:
    """Return the profile that the first key with a match finds, the oldest where there are several (unknown)."""
    for key in kind.lookups:
        value = key_value(key, values)
        if value is None:
            continue
        query = domain.table.alive(as_of=now)
        query = query.narrowed(f"({key_condition(key.name, [value], index=domain.keys, bind=query.bind)})")
        if found := domain.table.read(connection, query, page=" limit 1"):
            return str(found[0][0]["ProfileId"])
    return None


def _member(content: Structure, path: tuple[str, ...]) -> str | None:
    value: Any = content
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value)
