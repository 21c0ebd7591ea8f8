"""The log of one operator, as a list: where Airflow's own goes depends on what else the process has run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Lines:
    """Stands for an operator's log; keeps each line, its level left out.

    :param on_line: called with each line the moment it is logged
    """

    def __init__(self, on_line: Callable[[str], object] = lambda _: None) -> None:
        self.lines: list[str] = []
        self._on_line = on_line

    def of(self, operator: Any) -> Any:
        """Make an operator (or a trigger) log here, and give it."""
        operator._cached_logger = self  # of the Task SDK's operators
        operator._log = self  # of triggers, and of operators before it
        return operator

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def info(self, msg: str, *args: object) -> None:
        self.lines.append(msg % args if args else msg)
        self._on_line(self.lines[-1])

    debug = warning = error = info
