"""What the control API accepts: each body checked member by member, errors say found, allowed, hint."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

from connect_emulator import s3_names
from connect_emulator.faults import KINDS
from connect_emulator.model import SERVICES
from connect_emulator.shapes import read_timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.model import Service

Json = dict[str, Any]

FAULT_MEMBERS: dict[str, type | tuple[type, ...]] = {
    "operation": str,
    "service": str,
    "kind": str,
    "times": int,
    "skip": int,
    "code": str,
    "status": int,
    "message": str,
    "members": dict,
    "seconds": (int, float),
}
ERROR_MEMBERS = {"code", "status", "message", "members"}
CLOCK_MEMBERS: dict[str, type | tuple[type, ...]] = {
    "speed": (int, float),
    "now": str,
    "step_seconds": (int, float),
    "frozen": bool,
}
NOT_OURS_DEFAULT = "InternalError"  # S3's own 500


def read_object(body: bytes) -> Json:
    """Read a body; an empty one is an empty object.

    :raises ValueError: when it is no JSON object.
    """
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        _refuse(f"the body {body[:80]!r}", "a JSON object", 'quote names and texts: {"speed": 60}')
    return value


def clock_changes(body: Json) -> Json:
    """Check a change of the clock.

    :raises ValueError: naming what is wrong with it.
    """
    _check_members(body, CLOCK_MEMBERS)
    for name in ("speed", "step_seconds"):
        if not 0 <= body.get(name, 0) < math.inf:
            _refuse(f"`{name}` {body[name]}", "0 or more", "the clock goes forward only")
    changes = dict(body)
    if "now" in body:
        changes["now"] = _moment(body["now"])
    return changes


def _moment(text: str) -> datetime:
    try:
        return read_timestamp(text)
    except ValueError:
        _refuse(f"`now` `{text}`", "ISO 8601, UTC when no offset is given", "like 2026-12-01T09:00:00Z")


def fault(body: Json) -> Json:
    """Check a fault, and fill in its service and error code.

    :raises ValueError: naming what is wrong with it.
    """
    _check_members(body, FAULT_MEMBERS)
    kind = body.get("kind")
    if kind not in KINDS:
        _refuse(f"kind `{kind}`", ", ".join(KINDS), "kind says what goes wrong")
    if not body.get("operation"):
        _refuse("no operation", "an operation's name", "like StartCampaign, or PutObject of s3")
    for name, least, most in (
        ("times", 1, math.inf),
        ("skip", 0, math.inf),
        ("status", 400, 599),
        ("seconds", 0, 3600),
    ):
        if not least <= body.get(name, least) <= most:
            _refuse(f"`{name}` {body[name]}", f"{least} to {most:g}", f"leave `{name}` out for the default")
    is_error = kind in {"error_before", "error_after"}
    unfit = set(body) & ((set() if is_error else ERROR_MEMBERS) | (set() if kind == "hold" else {"seconds"}))
    if unfit:
        fitting = f"{sorted(ERROR_MEMBERS)} with errors, `seconds` with hold"
        _refuse(f"{sorted(unfit)} with kind `{kind}`", fitting, "leave them out")
    service = _service(body)
    filled = {**body, "service": service}
    if is_error:
        filled["code"] = _error_code(body, SERVICES.get(service))
    return filled


def _service(body: Json) -> str:
    """Find the service of a fault: the one that has the operation, unless it is named."""
    operation, named = body["operation"], body.get("service")
    holders = [name for name, service in SERVICES.items() if operation in service.operations]
    if named is None:
        if len(holders) > 1:
            _refuse(f"`{operation}`, an operation of {', '.join(holders)}", "one of them as service", "add `service`")
        return holders[0] if holders else _unnamed(operation)
    if named in SERVICES and named not in holders:
        near = [name for name in SERVICES[named].operations if name.lower() == operation.lower()]
        _refuse(f"`{operation}` for `{named}`", "an operation of its model", f"names are exact {near or ''}".strip())
    return str(named)


def _unnamed(operation: str) -> str:
    """Find the service of an operation that none of our models has: S3, or an upload."""
    if operation == "PutUploadFile":
        return "uploads"
    if operation not in s3_names.OPERATIONS:
        _refuse(
            f"operation `{operation}`", "an operation of our models or of S3", "names are exact; others need `service`"
        )
    return "s3"


def _error_code(body: Json, service: Service | None) -> str:
    """Check an error's code against the service's model; services behind moto take any."""
    if service is None:
        return str(body.get("code", NOT_OURS_DEFAULT))
    code = str(body.get("code", service.spec.internal))
    if code not in service.errors:
        _refuse(f"code `{code}`", ", ".join(sorted(service.errors)), f"only errors that `{service.name}` models")
    members = {name.lower() for name in body.get("members", {})} | {"message"}
    missing = [name for name in service.errors[code].required_members if name.lower() not in members]
    if missing:
        _refuse(
            f"`{code}` without {missing}", f"its required members: {missing}", 'like "members": {"state": "Running"}'
        )
    return code


def _check_members(body: Json, known: dict[str, type | tuple[type, ...]]) -> None:
    for name, value in body.items():
        if name not in known:
            _refuse(f"`{name}`", ", ".join(known), "check the spelling")
        kinds = known[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            expected = kinds if isinstance(kinds, type) else kinds[-1]
            _refuse(f"`{name}` {value!r}", f"a {expected.__name__}", "see `GET /_emulator/`")


def _refuse(found: str, allowed: str, hint: str) -> NoReturn:
    message = f"Found {found}; allowed: {allowed}\n\nhint: {hint}"
    raise ValueError(message)
