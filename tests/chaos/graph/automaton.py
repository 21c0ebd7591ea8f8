"""A program, turned lazily into an automaton: the launcher's code runs once per distinct situation, and never again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.chaos.graph.programs import End
from tests.chaos.invariants import Violated

if TYPE_CHECKING:
    from tests.chaos.graph.programs import Program
    from tests.chaos.graph.world import Call

MAX_IN_A_ROW = 40
"""Calls of one pass at most."""


class Automaton:
    """The situations of one program; each a number that says what it calls next, or how it ended."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._numbers: dict[tuple[Any, tuple[Any, ...]], int] = {}
        self._situations: list[tuple[Any, tuple[Any, ...]]] = []
        self.calls: list[Call] = []
        self._next: dict[tuple[int, Any], int | End] = {}
        first = self._enter(program.first, ())
        if isinstance(first, End):
            msg = f"{program} ends before its first call: {first}"
            raise AssertionError(msg)  # noqa: TRY004 - a defect of the harness
        self.first: int = first

    @property
    def runs(self) -> int:
        """How many distinct situations the program was run in."""
        return len(self._situations)

    def after(self, number: int, reply: Any) -> int | End:
        """Give the situation that follows a reply."""
        at = (number, reply)
        if at not in self._next:
            memory, replies = self._situations[number]
            self._next[at] = self._enter(memory, (*replies, reply))
        return self._next[at]

    def _enter(self, memory: Any, replies: tuple[Any, ...]) -> int | End:
        known = self._numbers.get((memory, replies))
        if known is not None:
            return known
        if len(replies) > MAX_IN_A_ROW:
            raise Violated(
                "NOT_STUCK", f"a pass makes more than {MAX_IN_A_ROW} calls, the last answered {replies[-4:]}"
            )
        step = self.program.step(memory, replies)
        if step.end is not None:
            return step.end
        if step.call is None:
            if not replies:
                msg = f"a pass of {self.program} makes no call"
                raise AssertionError(msg)
            return self._enter(step.memory, ())
        self._numbers[memory, replies] = len(self._situations)
        self._situations.append((memory, replies))
        self.calls.append(step.call)
        return len(self._situations) - 1
