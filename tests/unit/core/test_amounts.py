"""Numbers and durations as DAG authors and templates write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connect_campaigns.core.amounts import count, percent, seconds
from connect_campaigns.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("check", "value", "found"),
    [
        (seconds, 5, 5.0),
        (seconds, "2.5", 2.5),
        (seconds, timedelta(minutes=2), 120.0),
        (seconds, 0, 0.0),
        (count, 500, 500),
        (count, "500", 500),
        (count, "500.0", 500),
        (percent, "79.5", 79.5),
        (percent, 0, 0.0),
        (percent, 100, 100.0),
    ],
)
def test_numbers_and_their_texts_are_understood(check, value, found):
    assert check("it", value) == found


@pytest.mark.parametrize(
    ("check", "value"),
    [
        *((seconds, value) for value in (-1, "", "soon", None, True, float("nan"), "inf", timedelta(seconds=-1), [5])),
        *((count, value) for value in (-1, 1.5, "1.5", "many", None, False, "1e400", {})),
        *((percent, value) for value in (-0.1, 100.1, "80 %", None, True)),
    ],
)
def test_anything_else_is_refused_naming_the_parameter(check, value):
    with pytest.raises(InvalidInput) as caught:
        check("it", value)
    assert "`it`" in caught.value.found
    assert caught.value.allowed
    assert caught.value.hint


def test_zero_is_refused_where_a_pause_is_needed():
    with pytest.raises(InvalidInput, match="above 0"):
        seconds("poll_interval", 0, positive=True)
