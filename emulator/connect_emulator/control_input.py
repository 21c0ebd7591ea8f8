"""What the control API accepts: each body checked member by member, errors say found, allowed, hint."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

from connect_emulator.shapes import read_timestamp

if TYPE_CHECKING:
    from datetime import datetime

Json = dict[str, Any]

CLOCK_MEMBERS: dict[str, type | tuple[type, ...]] = {
    "speed": (int, float),
    "now": str,
    "step_seconds": (int, float),
    "frozen": bool,
}


def read_object(body: bytes) -> Json:
    """Read a body; an empty one is an empty object.

    :raises ValueError: when it is no JSON object.
    """
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        refuse(f"the body {body[:80]!r}", "a JSON object", 'quote names and texts: {"speed": 60}')
    return value


def clock_changes(body: Json) -> Json:
    """Check a change of the clock.

    :raises ValueError: naming what is wrong with it.
    """
    check_members(body, CLOCK_MEMBERS)
    for name in ("speed", "step_seconds"):
        if not 0 <= body.get(name, 0) < math.inf:
            refuse(f"`{name}` {body[name]}", "0 or more", "the clock goes forward only")
    changes = dict(body)
    if "now" in body:
        changes["now"] = _moment(body["now"])
    return changes


def _moment(text: str) -> datetime:
    try:
        return read_timestamp(text)
    except ValueError:
        refuse(f"`now` `{text}`", "ISO 8601, UTC when no offset is given", "like 2026-12-01T09:00:00Z")


def check_members(body: Json, known: dict[str, type | tuple[type, ...]]) -> None:
    """Check names and types of a body's members.

    :raises ValueError: naming the first that is wrong.
    """
    for name, value in body.items():
        if name not in known:
            refuse(f"`{name}`", ", ".join(known), "check the spelling")
        kinds = known[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            expected = kinds if isinstance(kinds, type) else kinds[-1]
            refuse(f"`{name}` {value!r}", f"a {expected.__name__}", "see `GET /_emulator/`")


def refuse(found: str, allowed: str, hint: str) -> NoReturn:
    """Refuse what was sent.

    :raises ValueError: always.
    """
    message = f"Found {found}; allowed: {allowed}\n\nhint: {hint}"
    raise ValueError(message)
