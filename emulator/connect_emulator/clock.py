"""The emulator's clock: runs at a speed, stands still, or is stepped forward; never back."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

LAST_MOMENT = datetime(9000, 1, 1, tzinfo=UTC)  # beyond it, schedules of a few centuries overflow datetime


class Clock:
    """Emulator time: real time at the beginning, from then on `speed` seconds per real second.

    :param speed: emulator seconds per real second, >= 0.
    """

    def __init__(self, *, speed: float = 1.0) -> None:
        self._start_speed = speed
        self.reset()

    def reset(self) -> None:
        """Back to real time, at the speed that the emulator was started with."""
        self.speed = self._start_speed
        self.frozen = False
        self._base = datetime.now(UTC)
        self._mark = time.monotonic()

    def now(self) -> datetime:
        """Give the emulator's time, aware, in UTC."""
        if self.frozen:
            return self._base
        return self._base + timedelta(seconds=(time.monotonic() - self._mark) * self.speed)

    def change(
        self,
        *,
        speed: float | None = None,
        now: datetime | None = None,
        step_seconds: float | None = None,
        frozen: bool | None = None,
    ) -> None:
        """Change what is given, all from the same instant on.

        :param now: jump to this moment. :param step_seconds: then jump ahead by that much emulator time.
        :raises ValueError: for a way back, or a moment beyond the year 9000.
        """
        current = self.now()
        try:
            target = (current if now is None else now) + timedelta(seconds=step_seconds or 0)
        except OverflowError:
            target = LAST_MOMENT
        if not current <= target < LAST_MOMENT:
            message = (
                f"The clock is at `{current.isoformat()}`, asked for `{target.isoformat()}`; it goes forward only, "
                f"up to `{LAST_MOMENT.isoformat()}`\n\nhint: `POST /_emulator/reset` sets it back to real time"
            )
            raise ValueError(message)
        self._base, self._mark = target, time.monotonic()
        self.speed = self.speed if speed is None else speed
        self.frozen = self.frozen if frozen is None else frozen
