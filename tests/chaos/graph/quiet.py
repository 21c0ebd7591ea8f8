"""Quiet: late effects land, each red task is retried plainly, housekeeping passes once; then everything must be well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.graph.events import landings
from tests.chaos.graph.faults import endings
from tests.chaos.graph.judges import judge_end, judge_quiet
from tests.chaos.graph.programs import End
from tests.chaos.graph.world import TOO_LATE
from tests.chaos.invariants import Violated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.chaos.graph.automaton import Automaton
    from tests.chaos.graph.programs import Program
    from tests.chaos.graph.scenario import Scenario
    from tests.chaos.graph.world import World

MAX_CALLS = 400
"""Of one undisturbed attempt: 40 passes of at most ten calls."""


class Quiet:
    """Judges the states in which every process has ended."""

    def __init__(self, scenario: Scenario, automata: Mapping[Program, Automaton]) -> None:
        self._scenario = scenario
        self._automata = automata
        self._attempts: dict[tuple[World, Program], tuple[World, End]] = {}
        self._judged: set[tuple[World, tuple[tuple[Program, End], ...]]] = set()

    def judge(self, world: World, ends: Sequence[tuple[Program, End]]) -> None:
        """Let late effects land before the retries, and after them.

        :raises Violated: an invariant doesn't hold then
        """
        asked = (world, tuple(ends))
        if asked in self._judged:
            return
        self._judged.add(asked)
        self._settle(self._landed(world), ends)
        if world.late:
            self._settle(world, ends)

    def _settle(self, world: World, ends: Sequence[tuple[Program, End]]) -> None:
        final = []
        for program, first_end in ends:
            end = first_end
            if end.kind == "retry":
                world, end = self._attempt(world, program)
            self._demand_an_end(world, program, end)
            if program.launches:
                final.append((program.key, end))
        world, _ = self._attempt(self._landed(world), self._scenario.housekeeping)
        judge_quiet(world, final)

    def _demand_an_end(self, world: World, program: Program, end: End) -> None:
        allowed = set(self._scenario.may_end)
        if world.frozen:
            allowed.add("freeze")
        if world.clock == TOO_LATE:
            allowed.add("schedule")
        if end.kind != "green" and end.code not in allowed:
            raise Violated("NOT_STUCK", f"a plain retry of {program.key!r} ends {end.kind} {end.code}")

    def _landed(self, world: World) -> World:
        while world.late:
            _, world = next(landings(world, self._scenario.physics))
        return world

    def _attempt(self, world: World, program: Program) -> tuple[World, End]:
        """Run one attempt that nothing disturbs."""
        asked = (world, program)
        if asked not in self._attempts:
            self._attempts[asked] = self._run(world, program)
        return self._attempts[asked]

    def _run(self, world: World, program: Program) -> tuple[World, End]:
        automaton = self._automata[program]
        at: int | End = automaton.first
        for _ in range(MAX_CALLS):
            _, _, world, reply = next(endings(world, automaton.calls[at], self._scenario.physics, frozenset()))
            at = automaton.after(at, reply)
            if isinstance(at, End):
                if program.launches:
                    judge_end(world, program, at)
                return world, at
        raise Violated("NOT_STUCK", f"an undisturbed attempt of {program.key!r} makes more than {MAX_CALLS} calls")
