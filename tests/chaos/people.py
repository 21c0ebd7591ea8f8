"""What people do in the chaos tests."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.relaunch import Ask
from connect_campaigns.relaunching import Relaunching
from tests.waiting_kit import AT_ONCE

if TYPE_CHECKING:
    from connect_campaigns.core.records import RelaunchRecord

_number = count()


def relaunch(hook: Any, key: str, **asks: Any) -> RelaunchRecord:
    """Ask for a relaunch, as the command line does; each call is another asker unless one is named."""
    asker = {"asker": f"anna/{next(_number)}"}
    ask = Ask(**{"reason": "the flow was wrong", "by": "anna", **asker, **asks})
    return Relaunching(
        key,
        campaigns=hook.campaigns,
        ledger=hook.ledger_at(None),
        metrics=hook.metrics,
        log=hook.log,
        wall_clock=lambda: datetime.now(UTC),
        patience=AT_ONCE,
    ).request(ask)
