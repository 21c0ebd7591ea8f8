"""Cases played in groups: which are taken, what was counted, and the table at the end."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connect_campaigns.core import launch
from tests.chaos.wire.cases import cases_of, clean_launch, play, sample, table
from tests.chaos.wire.runs import SCENARIOS
from tests.chaos.wire.service import Service
from tests.chaos.wire.universe import Pool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connect_campaigns.core.launch import Action, Observation
    from tests.chaos.wire.cases import Case, Played

SEED = int(os.environ.get("CHAOS_SEED", "20261201"))
WHOLE = os.environ.get("CHAOS") == "all"
SIZE = int(os.environ.get("CHAOS_CASES", "3000" if WHOLE else "450"))
"""How many cases are taken at least; those that each pair of fault, call and recovery needs are always among them."""


class Rows:
    """Counts how often each row of the decisions' table decides; stands in for `decide` where the launcher looks it up."""

    def __init__(self) -> None:
        self.reached: Counter[int] = Counter()
        self._row_of: dict[Observation, int] = {}
        for number, (columns, _) in enumerate(launch.ROWS):
            for cell in launch.product(*columns):
                self._row_of.setdefault(launch.Observation(*cell), number)
        self._decide = launch.decide

    def __call__(self, observation: Observation) -> Action:
        self.reached[self._row_of[observation]] += 1
        return self._decide(observation)

    def lines(self) -> list[str]:
        """Tell each row and its number."""
        return [
            f"{self.reached[number]:8}  {number:2} {action.act.name} {action.reason}"
            for number, (_, action) in enumerate(launch.ROWS)
        ]


@dataclass
class Bench:
    """Plays the cases of this run; made once per process."""

    pool: Pool = field(default_factory=lambda: Pool(Service()))
    rows: Rows = field(default_factory=Rows)
    played: list[Played] = field(default_factory=list)
    taken: list[Case] = field(default_factory=list)

    def prepare(self, patch: Callable[[str, Any], None]) -> None:
        """Count decisions from now on, and choose the cases."""
        for module in ("launcher", "observer"):
            patch(f"connect_campaigns.{module}.decide", self.rows)
        launches = {scenario: clean_launch(self.pool, scenario) for scenario in SCENARIOS}
        every = [case for scenario in SCENARIOS for case in cases_of(scenario, launches[scenario])]
        self.taken = sample(every, size=SIZE, seed=SEED, whole=WHOLE)

    def play(self, scenario: str, recovery: str) -> None:
        """Play the chosen cases of one scenario and recovery; a broken invariant fails, with name and trace.

        :raises AssertionError: an invariant is broken in one of them, or there is none to play
        """
        mine = [case for case in self.taken if (case.scenario, case.recovery) == (scenario, recovery)]
        assert mine, f"no case of {scenario} with {recovery} is among the {len(self.taken)} taken"
        wrong: list[Played] = []
        for case in mine:
            played = play(self.pool, case)
            self.played.append(played)
            if played.broken:
                wrong.append(played)
        texts = ["\n".join([f"CHAOS_CASE={each.case.name}", *each.broken, *each.trace]) for each in wrong[:3]]
        assert not wrong, f"{len(wrong)} cases break an invariant:\n" + "\n\n".join(texts)

    def report(self, scenarios: tuple[str, ...], folder: Path) -> dict[str, Any]:
        """Print the table of what was counted, and leave it in a file."""
        mine = [each for each in self.played if each.case.scenario in scenarios]
        counted = sum(each.counted for each in mine)
        title = f"wire cases of {', '.join(scenarios)}: {counted} counted of {len(mine)}, seed {SEED}"
        lines = [title, *table(mine), "rows of core.launch.ROWS, times reached:", *self.rows.lines()]
        print("\n".join(lines))  # noqa: T201 - the table is what the test is run for
        found = {
            "scenarios": scenarios,
            "played": len(mine),
            "counted": counted,
            "by": Counter(f"{each.case.fault} / {each.case.recovery}" for each in mine if each.counted),
            "rows": dict(self.rows.reached),
            "seconds": round(time.process_time(), 1),
            "lines": lines,
        }
        (folder / f"wire-{'-'.join(scenarios)}.json").write_text(json.dumps(found, indent=1))
        return found
