"""What a launch tells its later tasks (how to wait, what to ask of the outcome), looked at before anybody is called.

The rules are those of the tasks themselves: `waiting.longest_pause` and `outcome.asked`.
"""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.outcome import asked
from connect_campaigns.core.parameters import mapping, nearest
from connect_campaigns.core.waiting import longest_pause

if TYPE_CHECKING:
    from collections.abc import Mapping

PAUSE = "max_poll_interval"
KNOWN = (PAUSE, *inspect.signature(asked).parameters)


def check_afterwards(told: object) -> None:
    """Check parameters of the wait and the outcome, by name; what isn't given isn't looked at.

    :raises InvalidInput: a value that its task would refuse, or a name that none has
    """
    given = mapping("afterwards", told)
    for name in given:
        if name not in KNOWN:
            raise InvalidInput.of("afterwards", name, allowed=", ".join(KNOWN), hint=nearest(name, KNOWN))
    if PAUSE in given:
        longest_pause(given[PAUSE])
    asked(**{name: value for name, value in given.items() if name != PAUSE})


def of_the_run(told: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what is known when a run begins: constants and templates, but what other tasks give."""
    return {
        name: value
        for name, value in told.items()
        if value is None
        or isinstance(value, int | float | timedelta)
        or (isinstance(value, str) and "xcom" not in value)
    }


def constants(told: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what is known when the DAG is parsed."""
    return {
        name: value
        for name, value in of_the_run(told).items()
        if not (isinstance(value, str) and ("{{" in value or "{%" in value))
    }
