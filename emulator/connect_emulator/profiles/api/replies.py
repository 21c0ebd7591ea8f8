"""What several handlers need."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from connect_emulator.world import World

Structure = dict[str, Any]


def go_on(world: World, work: Coroutine[Any, Any, None]) -> None:
    """Let something go on after the reply; an error that it doesn't handle itself is said and counted."""

    async def guarded() -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the last resort: said, counted, fails the test
            world.unexpected_errors += 1
            traceback.print_exception(error, file=sys.stderr)

    world.profiles.in_background(guarded())


def without_none(members: Structure) -> Structure:
    """Return the members that have a value."""
    return {name: value for name, value in members.items() if value is not None}
