"""The cases: every send of the clean launch, every fault that makes sense there, every recovery, by name."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.chaos.wire.faults import FAULTS
from tests.chaos.wire.judge import Judge
from tests.chaos.wire.pace import NotApplicableError, quiet
from tests.chaos.wire.recoveries import RECOVERIES, recoveries_of
from tests.chaos.wire.runs import SCENARIOS
from tests.chaos.wire.universe import Universe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.chaos.wire.universe import Pool


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case; `call` names the send and counts those of the same name in its attempt."""

    scenario: str
    task: int
    number: int
    call: str
    fault: str
    recovery: str

    @property
    def name(self) -> str:
        """The name that repeats it: ``CHAOS_CASE=name``."""
        return f"{self.scenario}/{self.task}.{self.number:02d}.{self.call}/{self.fault}/{self.recovery}"


@dataclass(kw_only=True)
class Played:
    """What became of a case."""

    case: Case
    counted: bool
    broken: list[str]
    trace: list[str]


def clean_launch(pool: Pool, scenario: str) -> list[list[str]]:
    """Give the names of the sends of a launch that nothing disturbs, by task."""
    universe = Universe(pool, SCENARIOS[scenario])
    run = universe.run("r1")
    run.settle()
    broken = Judge(universe).broken()
    assert run.done, f"{scenario}: {run.last}"
    assert broken == []
    return [[send.name for send in ending.attempt.sends] for ending in universe.endings]


def cases_of(scenario: str, launch: list[list[str]]) -> list[Case]:
    """Enumerate the cases of a scenario."""
    return [
        Case(scenario=scenario, task=task, number=number, call=call, fault=fault, recovery=recovery)
        for task, sends in enumerate(launch)
        for number, call in enumerate(sends, start=1)
        for fault, kind in FAULTS.items()
        if kind.fits(call.partition(".")[0])
        for recovery in recoveries_of(scenario)
    ]


def sample(cases: Iterable[Case], *, size: int, seed: int, whole: bool) -> list[Case]:
    """Take cases so that every pair of fault, call and recovery is there, and of scenario and recovery; then up to a size.

    :param whole: those pairs in each scenario, not in all of them together
    """
    shuffled = list(cases)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a sample
    seen: set[tuple[str, ...]] = set()
    taken: list[Case] = []
    rest: list[Case] = []
    for case in shuffled:
        pairs = {pair + ((case.scenario,) if whole else ()) for pair in _pairs(case)}
        (rest if pairs <= seen else taken).append(case)
        seen |= pairs
    return taken + rest[: max(0, size - len(taken))]


def _pairs(case: Case) -> set[tuple[str, ...]]:
    return {
        ("fault", case.fault, case.call),
        ("met", case.fault, case.recovery),
        ("at", case.call, case.recovery),
        ("group", case.scenario, case.recovery),
    }


def play(pool: Pool, case: Case, *, traced: bool = False) -> Played:
    """Play one case to its quiet end, and judge it; what went over the wire is told where it broke, or if asked."""
    universe = Universe(pool, SCENARIOS[case.scenario])
    run = universe.run("r1")
    run.plan(task=case.task, number=case.number, fault=case.fault)
    try:
        while run.position < case.task:
            run.begin()
            run.finish()
        RECOVERIES[case.recovery](universe, run, case.number)
        quiet(universe)
        fired = bool(universe.first_attempt and universe.first_attempt.fired)
        broken = Judge(universe).broken()
    except NotApplicableError:
        fired, broken = False, []
    finally:
        universe.close()
    return Played(case=case, counted=fired, broken=broken, trace=trace(universe) if broken or traced else [])


def trace(universe: Universe) -> list[str]:
    """Tell every send in order, and how the attempts ended."""
    sends = [
        f"{send.attempt.name:24} {send.number:3} {send.name:28} {send.fault:16} "
        f"{send.status or '-'!s:4} {'effect' if send.effect else ''}{' (late)' if send.landed else ''}"
        for send in universe.wire.log
    ]
    return [*sends, *(f"{ending.attempt.name}: {ending}" for ending in universe.endings)]


def table(played: Iterable[Played]) -> list[str]:
    """Count by fault and recovery, a line each, and say how many in all."""
    counted = [each.case for each in played if each.counted]
    recoveries = sorted({case.recovery for case in counted}, key=list(RECOVERIES).index)
    numbers = Counter((case.fault, case.recovery) for case in counted)
    head = f"{'fault':18}" + "".join(f"{at:>4}" for at in range(1, len(recoveries) + 1)) + "   all"
    rows = [
        f"{fault:18}" + "".join(f"{numbers[fault, each] or '·':>4}" for each in recoveries)
        + f"{sum(numbers[fault, each] for each in recoveries):6}"
        for fault in FAULTS
        if any(case.fault == fault for case in counted)
    ]  # fmt: skip
    key = [f"  {at}: {name}" for at, name in enumerate(recoveries, start=1)]
    return [head, *rows, *key]
