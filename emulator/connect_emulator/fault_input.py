"""What a fault may be: each member checked, service and error code filled in; errors say found, allowed, hint."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from connect_emulator import s3_names
from connect_emulator.calls import is_write
from connect_emulator.control_input import check_members, refuse
from connect_emulator.errors import COMMON
from connect_emulator.faults import ANY, KINDS
from connect_emulator.model import SERVICES

if TYPE_CHECKING:
    from connect_emulator.model import Service

Json = dict[str, Any]

MEMBERS: dict[str, type | tuple[type, ...]] = {
    "operation": str,
    "service": str,
    "kind": str,
    "where": dict,
    "times": int,
    "skip": int,
    "when": str,
    "code": str,
    "status": int,
    "message": str,
    "members": dict,
    "seconds": (int, float),
    "requests": int,
    "reply": str,
    "writes": int,
    "state": str,
}
COMMON_MEMBERS = {"operation", "service", "kind", "where", "times", "skip"}
ERROR_MEMBERS = {"code", "status", "message", "members"}
OF_KIND: dict[str, set[str]] = {
    "lost_reply": set(),
    "cut_reply": set(),
    "hold": {"when", "seconds"},
    "timeout": {"when", "seconds"},
    "late": {"seconds", "requests", "reply", *ERROR_MEMBERS},
    "error_before": ERROR_MEMBERS,
    "error_after": ERROR_MEMBERS,
    "expired_credentials": set(),
    "stale": {"writes"},
    "unknown_state": {"state"},
}
CHOICES = {"when": ("before", "after"), "reply": ("lost", "error", "accepted")}
RANGES = {
    "times": (1, math.inf),
    "skip": (0, math.inf),
    "status": (300, 599),
    "seconds": (0, 3600),
    "requests": (0, math.inf),
    "writes": (1, 50),
}
STATES = frozenset({"GetCampaignState", "GetCampaignStateBatch"})
SPOILED_READS = {
    "stale": STATES | {"DescribeCampaign", "ListCampaigns", "ListTagsForResource"},
    "unknown_state": STATES,
}
NEVER_STALE = "S3 reads are never stale (documented); the setting `s3.unseen_for_writes` breaks that"
NOT_OURS_DEFAULT = "InternalError"  # S3's own 500


def fault(body: Json) -> Json:
    """Check a fault, and fill in what it leaves out.

    :raises ValueError: naming what is wrong with it.
    """
    check_members(body, MEMBERS)
    kind, operation = body.get("kind"), body.get("operation", "")
    if kind not in KINDS:
        refuse(f"kind `{kind}`", ", ".join(KINDS), "kind says what goes wrong")
    if not operation:
        refuse("no operation", f"an operation's name, or `{ANY}`", "like StartCampaign, or PutObject of s3")
    _check_values(body, kind)
    service = _service(body)
    filled: Json = {**body, "service": service, "operations": frozenset() if operation == ANY else {operation}}
    if kind in SPOILED_READS:
        filled |= _spoiled_reads(kind, operation, service)
    if kind == "unknown_state":
        filled["state"] = body.get("state", "Archived")
    if kind == "cut_reply" and service != "s3":
        refuse(
            f"`{operation}` of `{service}` with kind `cut_reply`",
            "operations of s3",
            "others' replies are short: lost_reply",
        )
    if kind == "late":
        _check_late(body, service)
    if kind in {"error_before", "error_after"} or body.get("reply") == "error":
        filled["code"] = _error_code(body, service)
    _check_where(body.get("where", {}), service, operation)
    return filled


def _check_values(body: Json, kind: str) -> None:
    for name, (least, most) in RANGES.items():
        if not least <= body.get(name, least) <= most:
            refuse(f"`{name}` {body[name]}", f"{least} to {most:g}", f"leave `{name}` out for the default")
    for name, choices in CHOICES.items():
        if body.get(name, choices[0]) not in choices:
            refuse(f"`{name}` {body[name]!r}", ", ".join(choices), f"leave `{name}` out for the default")
    unfit = set(body) - COMMON_MEMBERS - OF_KIND[kind]
    if kind == "late" and body.get("reply") != "error":
        unfit |= set(body) & ERROR_MEMBERS
    if unfit:
        refuse(f"{sorted(unfit)} with kind `{kind}`", f"{sorted(OF_KIND[kind])}", "leave them out")


def _service(body: Json) -> str:
    """Find the service of a fault: the one that has the operation, unless it is named."""
    operation, named = body["operation"], body.get("service")
    holders = [name for name, service in SERVICES.items() if operation in service.operations]
    if operation == ANY:
        return str(named or ANY)
    if named is None:
        if operation in SPOILED_READS.get(body["kind"], ()):
            return "connectcampaignsv2"
        if len(holders) > 1:
            refuse(f"`{operation}`, an operation of {', '.join(holders)}", "one of them as service", "add `service`")
        return holders[0] if holders else _unnamed(operation)
    if named in SERVICES and named not in holders:
        near = [name for name in SERVICES[named].operations if name.lower() == operation.lower()]
        refuse(f"`{operation}` for `{named}`", "an operation of its model", f"names are exact {near or ''}".strip())
    return str(named)


def _unnamed(operation: str) -> str:
    """Find the service of an operation that none of our models has: S3, or an upload."""
    if operation == "PutUploadFile":
        return "uploads"
    if operation not in s3_names.OPERATIONS:
        refuse(
            f"operation `{operation}`", "an operation of our models or of S3", "names are exact; others need `service`"
        )
    return "s3"


def _spoiled_reads(kind: str, operation: str, service: str) -> Json:
    """Say which reads of campaigns a fault can spoil."""
    fitting = SPOILED_READS[kind]
    if service not in {"connectcampaignsv2", ANY} or operation not in {*fitting, ANY}:
        hint = NEVER_STALE if service == "s3" else f"`{ANY}` means all of them"
        refuse(f"`{operation}` of `{service}` with kind `{kind}`", ", ".join(sorted(fitting)), hint)
    return {"service": "connectcampaignsv2", "operations": fitting if operation == ANY else {operation}}


def _check_late(body: Json, service: str) -> None:
    operation = body["operation"]
    if operation == ANY or not is_write(operation):
        refuse(f"`{operation}` with kind `late`", "an operation that changes something", "reads have no effect")
    accepted = body.get("reply") == "accepted"
    if accepted and (service != "connectcampaignsv2" or not SERVICES[service].operations[operation].answers_nothing):
        refuse(
            f"`reply` `accepted` for `{operation}`",
            "operations of connectcampaignsv2 whose reply is empty, like StartCampaign",
            "a reply with content can't be given before the effect: use lost or error",
        )


def _error_code(body: Json, service: str) -> str:
    """Check an error's code against the service's model; what any service may answer, and those behind moto, pass."""
    if service not in SERVICES:
        return str(body.get("code", "InternalFailure" if service == ANY else NOT_OURS_DEFAULT))
    model = SERVICES[service]
    code = str(body.get("code", model.spec.internal))
    if code in COMMON:
        return code
    if code not in model.errors:
        allowed = ", ".join(sorted([*model.errors, *COMMON]))
        refuse(f"code `{code}`", allowed, f"only errors that `{service}` models, or any service has")
    _check_required(body, model, code)
    return code


def _check_required(body: Json, model: Service, code: str) -> None:
    members = {name.lower() for name in body.get("members", {})} | {"message"}
    missing = [name for name in model.errors[code].required_members if name.lower() not in members]
    if missing:
        refuse(
            f"`{code}` without {missing}", f"its required members: {missing}", 'like "members": {"state": "Running"}'
        )


def _check_where(where: Json, service: str, operation: str) -> None:
    """Check the names that are matched: one that no request has would never match."""
    if not all(isinstance(pattern, str) for pattern in where.values()):
        refuse(f"`where` {where}", "a pattern (text, with `*` and `?`) per parameter", 'like {"Key": "keys/*"}')
    known = {"Bucket", "Key"} if service == "s3" else None
    if service in SERVICES and operation != ANY:
        known = set(SERVICES[service].operations[operation].input_names)
        if service == "connectcampaignsv2" and (known & {"campaignIds", "arn"} or operation == "ListCampaigns"):
            known.add("id")
    if known is not None and set(where) - known:
        refuse(f"`where` with {sorted(set(where) - known)}", f"parameters of it: {sorted(known)}", "names are exact")
