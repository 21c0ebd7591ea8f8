"""How often each row of the launch table decided, counted once per situation that the graph holds."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connect_campaigns import launcher, observer
from connect_campaigns.core import launch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connect_campaigns.core.launch import Action, Observation
    from tests.chaos.graph.fakes import Port

REACHED: list[set[Any]] = [set() for _ in launch.ROWS]
_where: list[Any] = []


def row_of(observation: Observation) -> int:
    """Find the first row that fits."""
    cell = (
        observation.mode, observation.key, observation.state, observation.claim, observation.mine, observation.attach
    )  # fmt: skip
    return next(
        number
        for number, (columns, _) in enumerate(launch.ROWS)
        if all(value in column for value, column in zip(cell, columns, strict=True))
    )


def deciding(observation: Observation) -> Action:
    """Decide as the table does, and note the row."""
    if _where:
        program, memory, port = _where[-1]
        REACHED[row_of(observation)].add((program, memory, port.replies[: len(port.calls)], observation.key))
    return launch.decide(observation)


@contextmanager
def within(program: Any, memory: Any, port: Port) -> Iterator[None]:
    """Note the rows that one pass decides by."""
    before = launcher.decide, observer.decide
    launcher.decide = observer.decide = deciding
    _where.append((program, memory, port))
    try:
        yield
    finally:
        launcher.decide, observer.decide = before
        _where.pop()


def describe(number: int) -> str:
    """Name a row in a line."""
    columns, action = launch.ROWS[number]
    names = (_column(column, whole) for column, whole in zip(columns[:4], _WHOLE, strict=True))
    mine = _column(columns[4], launch.Mine)
    return f"{' · '.join(names)} · {mine} → {action.act.name} {action.reason}".rstrip()


_WHOLE = (launch.Mode, launch.Key, launch.State, launch.Claim)


def _column(column: Any, whole: Any) -> str:
    values = list(column)
    return "any" if len(values) == len(list(whole)) else "|".join(str(value) for value in values)
