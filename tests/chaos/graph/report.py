"""The graph's tables: ``python -m tests.chaos.graph.report`` walks and prints them (CHAOS=all: the long scenarios too)."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from connect_campaigns.core.launch import ROWS
from tests.chaos.graph import rows, scenarios
from tests.chaos.graph.explorer import Explorer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.chaos.graph.scenario import Figures, Scenario

ALL = os.environ.get("CHAOS") == "all"


def chosen() -> list[Scenario]:
    """Give what is walked: the small editions, or everything."""
    return [*scenarios.always(), *(scenarios.long() if ALL else ())]


def explore(scenario: Scenario) -> Figures:
    """Walk one scenario, and time it.

    :raises Violated: an invariant is broken in it; the way there is noted
    """
    began = time.process_time()
    figures = Explorer(scenario).walk()
    figures.seconds = time.process_time() - began
    return figures


def table(walked: Iterable[Figures]) -> str:
    """Show what was walked, a line each; schedules are distinct orders x faults, counted where the graph has no circle."""
    lines = [f"{'scenario, processes x faults':56}{'states':>9}{'calls':>9}{'edges':>10}{'schedules':>11}{'s':>7}"]
    total = [0, 0, 0]
    for each in walked:
        ways = (
            "-"
            if each.schedules is None
            else f"{each.schedules:.0e}".replace("e+", "e")
            if each.schedules > 99_999
            else str(each.schedules)
        )
        lines.append(f"{each.name:56}{each.states:>9}{each.calls:>9}{each.edges:>10}{ways:>11}{each.seconds:>7.1f}")
        total = [total[0] + each.states, total[1] + each.calls, total[2] + each.edges]
    lines.append(f"{'all, every invariant holds in each state':56}{total[0]:>9}{total[1]:>9}{total[2]:>10}")
    return "\n".join(lines)


def row_table() -> str:
    """Show how many distinct situations each row of the launch table decided."""
    return "\n".join(f"{len(rows.REACHED[number]):>7}  {rows.describe(number)}" for number in range(len(ROWS)))


def main() -> None:
    """Walk and print."""
    walked = [explore(each) for each in chosen()]
    print(table(walked))  # noqa: T201 - this is the report
    print(row_table())  # noqa: T201 - this is the report


if __name__ == "__main__":
    main()
