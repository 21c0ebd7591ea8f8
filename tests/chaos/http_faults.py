"""The emulator's own faults that a launch may meet, by call and name."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

OBJECTS = {"event": "events/*", "K": "keys/*", "C": "campaigns/*", "record": "launches/*", "freeze": "control/*"}
MANY = 9  # more than the SDK re-sends

Fault = dict[str, Any]

SENDS: dict[str, Fault] = {
    "lost_reply": {"kind": "lost_reply"},
    "error_before": {"kind": "error_before"},
    "error_after": {"kind": "error_after"},
    "late": {"kind": "late", "requests": 4},
    "late_last": {"kind": "late"},
    "expired": {"kind": "expired_credentials", "times": MANY},
}
PUTS: dict[str, Fault] = {
    **SENDS,
    "lost_replies": {"kind": "lost_reply", "times": MANY},
    "errors_before": {"kind": "error_before", "times": MANY},
    "slow_down": {"kind": "error_before", "code": "SlowDown", "times": MANY},
    "conflict": {"kind": "error_before", "code": "ConditionalRequestConflict"},
    "late_last": {"kind": "late", "times": MANY},
}
THROTTLED: dict[str, Fault] = {"throttled": {"kind": "error_before", "code": "ThrottlingException"}}
STARTS: dict[str, Fault] = {
    **SENDS,
    **THROTTLED,
    "conflict": {"kind": "error_before", "code": "ConflictException"},
    "invalid_state": {
        "kind": "error_before",
        "code": "InvalidCampaignStateException",
        "members": {"state": "Running"},
    },
    "yes_and_late": {"kind": "late", "reply": "accepted", "requests": 6},
    "yes_and_last": {"kind": "late", "reply": "accepted"},
}
READS: dict[str, Fault] = {
    "errors_before": {"kind": "error_before", "times": MANY},
    "expired": {"kind": "expired_credentials", "times": MANY},
}
STATES: dict[str, Fault] = {
    **READS,
    **THROTTLED,
    "stale": {"kind": "stale"},
    "stale_2": {"kind": "stale", "writes": 2, "times": 2},
    "unknown_state": {"kind": "unknown_state"},
}


def _faults() -> Iterator[tuple[str, Fault]]:
    for what in ("event", "K", "C", "record"):
        for name, fault in PUTS.items():
            where = {"Key": f"launches/{OBJECTS[what]}"}
            yield f"PutObject.{what}/{name}", {**fault, "operation": "PutObject", "where": where}
    for what in ("K", "C", "freeze"):
        for name, fault in READS.items():
            where = {"Key": f"launches/{OBJECTS[what]}"}
            yield f"GetObject.{what}/{name}", {**fault, "operation": "GetObject", "where": where}
    for name, fault in {**SENDS, **THROTTLED}.items():
        yield f"CreateCampaign/{name}", {**fault, "operation": "CreateCampaign"}
    for name, fault in STARTS.items():
        yield f"StartCampaign/{name}", {**fault, "operation": "StartCampaign"}
    for skip, (name, fault) in product(range(3), STATES.items()):
        yield f"GetCampaignState.{skip}/{name}", {**fault, "operation": "GetCampaignState", "skip": skip}
    for skip, (name, fault) in product(range(3), READS.items()):
        yield f"DescribeCampaign.{skip}/{name}", {**fault, "operation": "DescribeCampaign", "skip": skip}


FAULTS = dict(_faults())
