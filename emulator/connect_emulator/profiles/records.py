"""The requests of CreateProfile and UpdateProfile as what goes into the domain's table."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.fields import (
    ADDRESSES,
    ATTRIBUTES,
    ENUM_COPIES,
    ENUM_FIELDS,
    TEXT_FIELDS,
    attribute_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Structure = dict[str, Any]


def new_profile(params: Structure, *, now: datetime, expiration_days: int, copy_enums: bool) -> tuple[str, Structure]:
    """Return a new ProfileId, 32 hex digits, and the row; nothing is looked up, a profile is always made."""
    return new_row(values_of(params, copy_enums=copy_enums), now=now, expiration_days=expiration_days)


def new_row(values: Mapping[str, str], *, now: datetime, expiration_days: int) -> tuple[str, Structure]:
    """Return a new ProfileId and the row of a profile with these values by path."""
    profile_id = secrets.token_hex(16)
    bookkeeping = {
        "profile_id": profile_id,
        "created_at": now.isoformat(),
        "updated_at": now.isoformat(),
        "expires_at": (now + timedelta(days=expiration_days)).isoformat(),
    }
    return profile_id, {"bookkeeping": bookkeeping, **split(values)}


def values_of(params: Structure, *, copy_enums: bool) -> dict[str, str]:
    """Return what a request says of a profile, by path: `FirstName`, `Address.City`, `Attributes.x`."""
    values: dict[str, str] = {name: params[name] for name in (*TEXT_FIELDS, *ENUM_FIELDS) if name in params}
    for outer in (*ADDRESSES, ATTRIBUTES):
        values |= {f"{outer}.{name}": value for name, value in (params.get(outer) or {}).items()}
    if copy_enums:
        for name, copy in ENUM_COPIES.items():
            if name in values:
                values.setdefault(copy, values[name])
    if preferences := params.get("EngagementPreferences"):
        values["engagement"] = json.dumps(preferences)
    return values


def split(values: Mapping[str, str]) -> Structure:
    """Return values by path as the table takes them: the fields, and the custom attributes by name."""
    names = {path: attribute_name(path) for path in values}
    return {
        "fields": {path: value for path, value in values.items() if names[path] is None},
        "attributes": {name: values[path] for path, name in names.items() if name is not None},
    }
