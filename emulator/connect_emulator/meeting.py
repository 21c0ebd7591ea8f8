"""How a request meets a fault: whether and when its effect happens, and what the client gets. One table."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connect_emulator.faults import Fault, Faults


class Ending(Enum):
    """What the client gets."""

    REPLY = auto()
    """The reply that the service has for it."""
    ERROR = auto()
    """The fault's error in its place."""
    LOST = auto()
    """Nothing: the connection is dropped."""
    CUT = auto()
    """The reply's first half, then the connection is dropped."""


async def meet(
    fault: Fault | None,
    *,
    faults: Faults,
    act: Callable[[], Awaitable[None]],
    rehearse: Callable[[], Awaitable[bool]] | None = None,
) -> Ending:
    """Let a request take its course, as the fault has it.

    :param act: does what was asked for and keeps the reply; called once, at the latest when a late effect lands
    :param rehearse: keeps the reply without doing anything; says whether it is a yes; None = `accepted` isn't possible
    """
    match fault.kind if fault is not None else None:
        case "error_before" | "expired_credentials":
            return Ending.ERROR
        case "error_after":
            await act()
            return Ending.ERROR
        case "lost_reply":
            await act()
            return Ending.LOST
        case "cut_reply":
            await act()
            return Ending.CUT
        case "hold" | "timeout" if fault is not None:
            return await _wait(fault, act)
        case "late" if fault is not None:
            return await _later(fault, faults, act, rehearse)
        case _:  # none, or one that changes what a read says
            await act()
            return Ending.REPLY


async def _wait(fault: Fault, act: Callable[[], Awaitable[None]]) -> Ending:
    if fault.when == "after":
        await act()
    await fault.wait()
    if fault.kind == "timeout":
        return Ending.LOST
    if fault.when == "before":
        if fault.dropped:
            return Ending.LOST  # the world that it was sent to is gone
        await act()
    return Ending.REPLY


async def _later(
    fault: Fault, faults: Faults, act: Callable[[], Awaitable[None]], rehearse: Callable[[], Awaitable[bool]] | None
) -> Ending:
    if fault.reply == "accepted" and rehearse is not None and not await rehearse():
        return Ending.REPLY  # the service refuses it at once: nothing is to come
    faults.postpone(fault, act)
    return {"lost": Ending.LOST, "error": Ending.ERROR, "accepted": Ending.REPLY}[fault.reply]
