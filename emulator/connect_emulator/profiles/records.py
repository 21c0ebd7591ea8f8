"""CreateProfile's request as a row of the domain's table."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.fields import ADDRESSES, ATTRIBUTES, ENUM_COPIES, ENUM_FIELDS, TEXT_FIELDS

if TYPE_CHECKING:
    from datetime import datetime

Structure = dict[str, Any]


def new_profile(params: Structure, *, now: datetime, expiration_days: int, copy_enums: bool) -> tuple[str, Structure]:
    """Return a new ProfileId, 32 hex digits, and the row; nothing is looked up, a profile is always made."""
    profile_id = secrets.token_hex(16)
    fields = {name: params[name] for name in (*TEXT_FIELDS, *ENUM_FIELDS) if name in params}
    for address in ADDRESSES:
        fields |= {f"{address}.{part}": value for part, value in (params.get(address) or {}).items()}
    if copy_enums:
        for name, copy in ENUM_COPIES.items():
            if name in fields:
                fields.setdefault(copy, fields[name])
    if preferences := params.get("EngagementPreferences"):
        fields["engagement"] = json.dumps(preferences)
    bookkeeping = {
        "profile_id": profile_id,
        "created_at": now.isoformat(),
        "updated_at": now.isoformat(),
        "expires_at": (now + timedelta(days=expiration_days)).isoformat(),
    }
    return profile_id, {"bookkeeping": bookkeeping, "fields": fields, "attributes": params.get(ATTRIBUTES) or {}}
