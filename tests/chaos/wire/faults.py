# ruff: noqa: ARG001 - all faults are called alike
"""What may happen to one send: each fault by name, where it makes sense, and what it does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from tests.chaos.wire.service import Reply, s3_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.wire.seam import Send

WRITES = frozenset({"PutObject", "CreateCampaign", "StartCampaign", "DeleteCampaign", "UpdateCampaignSchedule"})
UNKNOWN_STATE = "Rebalancing"


class Gone(BaseException):
    """The process is gone: nothing of it runs any more, its `finally` blocks apart."""


def error(send: Send, status: int, code: str, **members: str) -> Reply:
    """Make a refusal as the send's service writes it."""
    if send.service == "s3":
        return s3_error(status, code)
    headers = {"content-type": "application/json", "x-amzn-errortype": code, "date": send.date()}
    return Reply(status, headers, json.dumps({"message": code, **members}).encode())


def lost(send: Send) -> NoReturn:
    """End a send without any reply."""
    raise ConnectionClosedError(endpoint_url=send.request.url)


def cut(send: Send) -> Reply:
    raise Gone


def cut_after(send: Send) -> Reply:
    send.perform()
    raise Gone


def lost_reply(send: Send) -> Reply:
    send.perform()
    lost(send)


def timeout(send: Send) -> Reply:
    raise ReadTimeoutError(endpoint_url=send.request.url)


def error_500(send: Send) -> Reply:
    return error(send, 500, "InternalError" if send.service == "s3" else "InternalServerException")


def error_500_after(send: Send) -> Reply:
    send.perform()
    return error_500(send)


def throttled(send: Send) -> Reply:
    return error(send, 503, "SlowDown") if send.service == "s3" else error(send, 429, "ThrottlingException")


def expired(send: Send) -> Reply:
    return error(send, 400, "ExpiredToken") if send.service == "s3" else error(send, 403, "ExpiredTokenException")


def late(send: Send) -> Reply:
    """The reply is lost, and so is every re-send; the effect lands later."""
    send.land_later()
    lost(send)


def ok_late(send: Send) -> Reply:
    """The service says yes now, and acts later."""
    send.land_later()
    return Reply(200, {"content-type": "application/json", "date": send.date()}, b"{}")


def duplicated(send: Send) -> Reply:
    """Something on the way sends it twice; the second reply is the one that arrives."""
    send.perform()
    return send.perform()


def conflict(send: Send) -> Reply:
    return error(send, 409, "ConditionalRequestConflict" if send.service == "s3" else "ConflictException")


def invalid_state(send: Send) -> Reply:
    return error(send, 409, "InvalidCampaignStateException", state="Running")


def stale(send: Send) -> Reply:
    """The state as of one write ago."""
    return send.as_of(1)


def stale_2(send: Send) -> Reply:
    """The state as of two writes ago."""
    return send.as_of(2)


def missing(send: Send) -> Reply:
    """The campaign isn't to be seen yet, though it is there."""
    return error(send, 404, "ResourceNotFoundException")


def unknown_state(send: Send) -> Reply:
    headers = {"content-type": "application/json", "date": send.date()}
    return Reply(200, headers, json.dumps({"state": UNKNOWN_STATE}).encode())


ALL: frozenset[str] = frozenset()
READS_OF_CAMPAIGNS = frozenset({"GetCampaignState", "DescribeCampaign"})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault.

    :param operations: where it makes sense; empty = everywhere
    :param again: it also meets the SDK's re-sends of the same call
    :param lasting: it meets everything that this attempt sends from then on
    :param lands: a late effect lands before the next send of anybody, when this attempt has ended, or after all else
    """

    act: Callable[[Send], Reply]
    operations: frozenset[str] = ALL
    again: bool = False
    lasting: bool = False
    lands: str = ""

    def fits(self, operation: str) -> bool:
        """Whether it makes sense for an operation."""
        return not self.operations or operation in self.operations


LATE_WRITES = WRITES - {"DeleteCampaign"}
START = frozenset({"StartCampaign"})

FAULTS: dict[str, Fault] = {
    "frozen": Fault(act=lambda send: send.perform()),  # whoever steps the attempt stops before this send
    "cut_before": Fault(act=cut),
    "cut_after": Fault(act=cut_after, operations=WRITES),
    "lost_reply": Fault(act=lost_reply),
    "lost_replies": Fault(act=lost_reply, operations=frozenset({"PutObject", "GetCampaignState"}), again=True),
    "timeout": Fault(act=timeout, again=True),
    "error_500": Fault(act=error_500),
    "error_500_always": Fault(
        act=error_500, again=True, operations=frozenset({"PutObject", "GetObject", *READS_OF_CAMPAIGNS})
    ),
    "error_500_after": Fault(act=error_500_after, operations=WRITES),
    "throttled": Fault(act=throttled),
    "throttled_always": Fault(
        act=throttled, again=True, operations=frozenset({"PutObject", "GetObject", *READS_OF_CAMPAIGNS})
    ),
    "expired": Fault(act=expired, lasting=True),
    "late_next": Fault(act=late, operations=LATE_WRITES, again=True, lands="next"),
    "late_end": Fault(act=late, operations=LATE_WRITES, again=True, lands="end"),
    "late_last": Fault(act=late, operations=LATE_WRITES, again=True, lands="last"),
    "ok_late_next": Fault(act=ok_late, operations=START, lands="next"),
    "ok_late_end": Fault(act=ok_late, operations=START, lands="end"),
    "ok_late_last": Fault(act=ok_late, operations=START, lands="last"),
    "duplicated": Fault(act=duplicated, operations=WRITES),
    "conflict": Fault(act=conflict, operations=frozenset({"PutObject", "StartCampaign", "CreateCampaign"})),
    "invalid_state": Fault(act=invalid_state, operations=START),
    "stale": Fault(act=stale, operations=frozenset({"GetCampaignState"})),
    "stale_2": Fault(act=stale_2, operations=frozenset({"GetCampaignState"})),
    "missing": Fault(act=missing, operations=READS_OF_CAMPAIGNS),
    "unknown_state": Fault(act=unknown_state, operations=frozenset({"GetCampaignState"})),
}
"""By name. For a Put, `duplicated` is S3's 412 for one's own write; `conflict` its 409 ConditionalRequestConflict."""
