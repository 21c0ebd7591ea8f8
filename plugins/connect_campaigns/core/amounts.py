"""Numbers and durations as DAG authors write them: a number, a timedelta, or the text that a template yields."""

from __future__ import annotations

import math
from datetime import timedelta

from connect_campaigns.core.errors import InvalidInput


def seconds(name: str, value: object, *, positive: bool = False) -> float:
    """Give a duration in seconds.

    :param value: seconds as a number or its text, or a timedelta
    :param positive: refuse zero too
    :raises InvalidInput: it is none of these, negative, or not finite
    """
    found = value.total_seconds() if isinstance(value, timedelta) else _finite(value)
    if found is None or found < 0 or (positive and found == 0):
        raise InvalidInput.of(
            name,
            value,
            allowed=f"seconds {'above' if positive else 'from'} 0, as a number, its text, or a timedelta",
            hint=f"for example `{name}=timedelta(minutes=10)` or `{name}=600`",
        )
    return found


def count(name: str, value: object) -> int:
    """Give a whole number from 0 up.

    :param value: a number, or its text
    :raises InvalidInput: it is neither, negative, or has a fraction
    """
    found = _finite(value)
    if found is None or found < 0 or found != int(found):
        raise InvalidInput.of(
            name,
            value,
            allowed="a whole number from 0 up, or its text",
            hint=f"for example `{name}=500`; leave it out to ask for nothing",
        )
    return int(found)


def percent(name: str, value: object, *, most: float = 100) -> float:
    """Give a percentage from 0 to `most`.

    :param value: a number, or its text
    :raises InvalidInput: it is neither, or outside these bounds
    """
    found = _finite(value)
    if found is None or not 0 <= found <= most:
        raise InvalidInput.of(
            name,
            value,
            allowed=f"a number from 0 to {most:g}, or its text",
            hint=f"percent, no fraction of one: `{name}=80` means 80 %",
        )
    return found


def check_bounds(least: int, most: int | None) -> None:
    """Hold the bounds of an audience to their order.

    :raises InvalidInput: the maximum is below the minimum
    """
    if most is not None and most < least:
        raise InvalidInput(
            f"`max_audience` is {most} and `min_audience` is {least}",
            allowed="a maximum that is not below the minimum",
            hint="swap the two, or leave one out",
        )


def _finite(value: object) -> float | None:
    """Give the number that a value is or spells; None for anything else, booleans and infinities included."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
