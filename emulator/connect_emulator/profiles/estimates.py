"""Segment estimates: counted in the background, read as a string."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class Estimate:
    """An estimate; `count` is there once it has succeeded, `message` once it has failed."""

    estimate_id: str
    status: str = "RUNNING"
    count: int | None = None
    message: str | None = None

    def succeed(self, count: int) -> None:
        """Record the count."""
        self.status, self.count = "SUCCEEDED", count

    def fail(self, message: str) -> None:
        """Record why there is none; the model allows 255 characters."""
        self.status, self.message = "FAILED", message[:255]
