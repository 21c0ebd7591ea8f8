"""The little of a logger that code without Airflow needs: the standard library's has it, and so has Airflow's own."""

from __future__ import annotations

from typing import Protocol


class Log(Protocol):
    """A logger: the standard library's, or Airflow's own."""

    def debug(self, msg: str, /, *args: object) -> None:
        """Log lazily, as the standard library does."""

    def info(self, msg: str, /, *args: object) -> None:
        """Log lazily, as the standard library does."""

    def warning(self, msg: str, /, *args: object) -> None:
        """Log lazily, as the standard library does."""
