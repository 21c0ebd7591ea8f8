"""Which calls commute with everything else in a scenario: of them one order is walked, and not all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.graph.housekeeping import Housekeeping
from tests.chaos.graph.relaunch import LaunchAgain, Relaunch

if TYPE_CHECKING:
    from tests.chaos.graph.scenario import Scenario


def invisible(scenario: Scenario) -> frozenset[str]:
    """Name the calls whose order among others' is of no account in this scenario, since nobody changes what they read."""
    names = {"put_event"}
    events = {name for name, _ in scenario.world.left}
    if not events & {"start passes", "too late"}:
        names.add("template")
    if not events & {"freeze", "thaw"}:
        names.add("frozen")
    if len({program.key for program in scenario.programs}) == 1:
        names.add("launches")
    if not any(isinstance(program, Housekeeping) for program in scenario.programs):
        names.add("ended")
    if not any(isinstance(program, Relaunch | LaunchAgain) for program in scenario.programs):
        names |= {"relaunch", "put_record"}
    return frozenset(names)
