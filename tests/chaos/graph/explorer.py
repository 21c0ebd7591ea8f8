"""The walk over every schedule: whose call comes next, how it ends, what happens in the world between two calls.

A state is the world, the processes and the faults that are left, packed into one number. What one process can do in one
world is computed once; the rest of the walk is look-ups in dictionaries.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from tests.chaos.graph.automaton import Automaton
from tests.chaos.graph.events import happenings
from tests.chaos.graph.faults import CUT, endings
from tests.chaos.graph.housekeeping import Housekeeping
from tests.chaos.graph.invisible import invisible
from tests.chaos.graph.judges import judge_end
from tests.chaos.graph.programs import End, Launch
from tests.chaos.graph.quiet import Quiet
from tests.chaos.graph.scenario import Figures
from tests.chaos.invariants import Violated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.graph.programs import Program
    from tests.chaos.graph.scenario import Scenario
    from tests.chaos.graph.world import World

BITS = 22
"""Of a process's number in a packed state."""

FAULT_BITS = 3


class Explorer:
    """One scenario's graph."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.automata = {program: Automaton(program) for program in (*scenario.programs, scenario.housekeeping)}
        self._roles: list[Program] = list(self.automata)
        self.worlds: list[World] = []
        self._world_numbers: dict[World, int] = {}
        self._processes: list[tuple[int, int, int | End]] = []
        self._process_numbers: dict[tuple[int, int, int | End], int] = {}
        self._local: dict[tuple[int, int], list[tuple[int, int, int, str]]] = {}
        self._happenings: dict[int, list[tuple[str, int]]] = {}
        self._quiet = Quiet(scenario, self.automata)
        self._invisible = invisible(scenario)
        self._alone = len(scenario.programs)
        self.calls = 0
        self.fired: set[tuple[str, str]] = set()
        self.way_there: list[str] = []

    # -- numbers ------------------------------------------------------------------------------------------------------

    def _number(self, world: World) -> int:
        number = self._world_numbers.get(world)
        if number is None:
            number = self._world_numbers[world] = len(self.worlds)
            self.worlds.append(world)
        return number

    def _process(self, role: int, left: int, at: int | End) -> int:
        if isinstance(at, End) and at.kind == "retry" and left:
            left, at = left - 1, self.automata[self._roles[role]].first
        following = self._following(role, at)
        if following is not None:
            role, left, at = following, self.scenario.attempts - 1, self.automata[self._roles[following]].first
        if isinstance(at, End):
            left = 0
        process = (role, left, at)
        number = self._process_numbers.get(process)
        if number is None:
            number = self._process_numbers[process] = len(self._processes)
            self._processes.append(process)
        return number

    def _following(self, role: int, at: int | End) -> int | None:
        """Give the role of the start task that goes on where a create task has ended well."""
        program = self._roles[role]
        if not (isinstance(at, End) and at.kind == "green" and isinstance(program, Launch)):
            return None
        following = program.following(at.campaign or "")
        return None if following is None else self._role(following)

    def _role(self, program: Program) -> int:
        if program not in self.automata:
            self.automata[program] = Automaton(program)
            self._roles.append(program)
        return self._roles.index(program)

    def pack(self, world: int, processes: list[int], faults: int) -> int:
        state = world
        for process in sorted(processes):
            state = state << BITS | process
        return state << FAULT_BITS | faults

    def unpack(self, state: int) -> tuple[int, list[int], int]:
        faults = state & (1 << FAULT_BITS) - 1
        state >>= FAULT_BITS
        processes = []
        for _ in range(self._alone):
            processes.append(state & (1 << BITS) - 1)
            state >>= BITS
        return state, processes, faults

    @property
    def first(self) -> int:
        """The state in which nothing has happened."""
        left = self.scenario.attempts - 1
        at = [
            self._process(self._roles.index(program), 0 if isinstance(program, Housekeeping) else left,
                          self.automata[program].first)
            for program in self.scenario.programs
        ]  # fmt: skip
        return self.pack(self._number(self.scenario.world), at, self.scenario.faults)

    # -- what may come next -------------------------------------------------------------------------------------------

    def _moves(self, world: int, process: int) -> list[tuple[int, int, int, str]]:
        """Give what one process can do: faults that it takes, the world and the process after it, and what it is called."""
        known = self._local.get((world, process))
        if known is None:
            known = self._local[world, process] = list(self._compute(world, process))
        return known

    def _compute(self, world: int, process: int) -> Iterator[tuple[int, int, int, str]]:
        role, left, at = self._processes[process]
        if isinstance(at, End):
            return
        program = self._roles[role]
        automaton = self.automata[program]
        call = automaton.calls[at]
        seen: set[tuple[int, int]] = set()
        for label, cost, after, reply in endings(
            self.worlds[world],
            call,
            self.scenario.physics,
            self.scenario.kinds if self.scenario.faults else frozenset(),
        ):
            self.calls += 1
            if cost:
                self.fired.add((call[0], label))
            then = End("retry", "cut") if reply == CUT else automaton.after(at, reply)
            if isinstance(then, End) and reply != CUT and program.launches:
                judge_end(after, program, then)
            move = (self._number(after), self._process(role, left, then))
            if move not in seen:  # a fault that nobody can tell from no fault costs nothing
                seen.add(move)
                yield cost, *move, _told(program, call, label, reply, then)

    def successors(self, state: int) -> list[tuple[int, str]]:
        """Give the states that may follow, and what leads there; none once every process has ended."""
        world, processes, faults = self.unpack(state)
        found = []
        for number, process in enumerate(processes):
            _, _, at = self._processes[process]
            if isinstance(at, End):
                continue
            others = processes[:number] + processes[number + 1 :]
            own = [
                (self.pack(after, [*others, then], faults - cost), told)
                for cost, after, then, told in self._moves(world, process)
                if cost <= faults
            ]
            if self.automata[self._roles[self._processes[process][0]]].calls[at][0] in self._invisible:
                return own  # it commutes with everything else: the order is of no account
            found += own
        cleared = self._cleared(world, processes, faults)
        if found or cleared:
            for label, after in self._world_moves(world):
                found.append((self.pack(after, processes, faults), label))
        return found + cleared

    def _cleared(self, world: int, processes: list[int], faults: int) -> list[tuple[int, str]]:
        """Give what a person's clear of a task that has ended leads to."""
        now = self.worlds[world]
        left = dict(now.left)
        if not left.get("clear"):
            return []
        after = self._number(now._replace(left=tuple(sorted({**left, "clear": left["clear"] - 1}.items()))))
        found = []
        for number, process in enumerate(processes):
            role, _, at = self._processes[process]
            if isinstance(at, End) and self._roles[role].launches:
                others = processes[:number] + processes[number + 1 :]
                program = self._roles[role]
                origin = self._role(getattr(program, "after", None) or program)
                again = self._process(origin, self.scenario.attempts - 1, self.automata[self._roles[origin]].first)
                found.append((self.pack(after, [*others, again], faults), f"(a person clears {program.key!r})"))
        return found

    def _world_moves(self, world: int) -> list[tuple[str, int]]:
        known = self._happenings.get(world)
        if known is None:
            found = happenings(self.worlds[world], self.scenario.physics)
            known = self._happenings[world] = [(label, self._number(after)) for label, after in found]
        return known

    def judge(self, state: int) -> None:
        """Let everything become quiet, and demand what must hold then."""
        world, processes, _ = self.unpack(state)
        ends = [(self._roles[role], at) for role, _, at in (self._processes[process] for process in processes)]
        self._quiet.judge(self.worlds[world], ends)

    # -- walks --------------------------------------------------------------------------------------------------------

    def walk(self) -> Figures:
        """Visit every state; count the ways through.

        :raises Violated: an invariant is broken somewhere
        """
        figures = Figures(self.scenario.name)
        ways: dict[int, int] = {}
        stack = [(self.first, "", iter(self._opened(self.first, ways)))]
        total = [0]
        cyclic = False
        while stack:
            state, _, following = stack[-1]
            after = next(following, None)
            if after is None:
                stack.pop()
                ways[state] = total.pop() or 1
                if total:
                    total[-1] += ways[state]
                continue
            figures.edges += 1
            known = ways.get(after[0])
            if known is None:
                try:
                    opened = self._opened(after[0], ways)
                except Violated as violated:
                    self.way_there = [told for _, told, _ in stack] + [after[1]]
                    raise violated from None
                stack.append((after[0], after[1], iter(opened)))
                total.append(0)
            elif known == 0:
                cyclic = True  # the state is on the way here: an attempt that only looks again
            else:
                total[-1] += known
        figures.states, figures.calls, figures.fired = len(ways), self.calls, self.fired
        figures.schedules = None if cyclic else ways[self.first]
        return figures

    def _opened(self, state: int, ways: dict[int, int]) -> list[tuple[int, str]]:
        ways[state] = 0
        following = self.successors(state)
        if not following:
            self.judge(state)
        return following

    def counterexample(
        self, *, of: frozenset[str] | None = None, most: int = 400_000
    ) -> tuple[Violated, list[str]] | None:
        """Find a shortest way to a broken invariant, and tell it; None where there is none among so many states.

        :param of: only these count; a way that breaks another is not followed further
        """
        parents: dict[int, tuple[int, str] | None] = {self.first: None}
        queue = deque(parents)
        while queue and len(parents) < most:
            state = queue.popleft()
            try:
                following = self.successors(state)
                if not following:
                    self.judge(state)
            except Violated as violated:
                if of is None or violated.name in of:
                    return violated, self._story(state, parents)
                continue
            for after, told in following:
                if after not in parents:
                    parents[after] = (state, told)
                    queue.append(after)
        return None

    def _story(self, state: int, parents: dict[int, tuple[int, str] | None]) -> list[str]:
        story = [f"then, in {self.worlds[self.unpack(state)[0]]}"]
        step = parents[state]
        while step:
            story.append(step[1])
            step = parents[step[0]]
        return story[::-1]


def _told(program: Any, call: Any, label: str, reply: Any, then: int | End) -> str:
    ended = f"; ends {then.kind} {then.code}" if isinstance(then, End) and reply != CUT else ""
    return f"{program.key}: {' '.join(str(each) for each in call)} → {label or reply[1]}{ended}"
