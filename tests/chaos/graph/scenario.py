"""What one walk is given, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.chaos.graph.faults import USUAL
from tests.chaos.graph.housekeeping import Housekeeping
from tests.chaos.graph.world import Physics, World

if TYPE_CHECKING:
    from tests.chaos.graph.programs import Program


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is explored.

    :param programs: one process each; equal ones are interchangeable
    :param faults: how many, over all processes
    :param kinds: of which kinds
    :param attempts: of each process before quiet
    :param may_end: codes that a task may be left with although nobody forbids it for ever
    :param least: states that there must be, else the harness is dead
    """

    name: str
    programs: tuple[Program, ...]
    faults: int = 0
    kinds: frozenset[str] = USUAL
    world: World = field(default_factory=World)
    attempts: int = 3
    may_end: frozenset[str] = frozenset()
    physics: Physics = field(default_factory=Physics)
    housekeeping: Housekeeping = field(default_factory=Housekeeping)
    least: int = 100


@dataclass
class Figures:
    """What one walk covered."""

    name: str
    states: int = 0
    calls: int = 0
    edges: int = 0
    schedules: int | None = 0
    seconds: float = 0.0
    fired: set[tuple[str, str]] = field(default_factory=set)
