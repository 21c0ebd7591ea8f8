"""How values read, and what is kept of a column."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.column_values import MOST_VALUES, ColumnValues, Reading, reading


@pytest.mark.parametrize(
    ("reads", "values"),
    [
        (Reading.EMPTY, ["", " "]),
        (Reading.NUMBER, ["0", "-1", "+5", "1000.50", ".5", "5.", "1e3", "007", " 5 "]),
        (Reading.WRITTEN, ["1,000", "1.000,50", "1 000", "5 €", "€5", "$1,000", "USD 5", "5EUR", "12 %", "1'000"]),
        (Reading.TWO_DATES, ["01/02/2026", "1.2.2026", "11-12-26", "01/02/2026 10:00"]),
        (Reading.LOCAL_DATE, ["13/02/2026", "02/13/2026", "31.12.26", "02/02/2026"]),
        (
            Reading.TEXT,
            ["2026-02-01", "2026-02-01T00:00:00Z", "yes", "nan", "inf", "1_000", "1/2", "\u0661", "n/a", "5 apples"],
        ),
    ],
)
def test_each_way_a_value_reads(reads, values):
    assert {value: reading(value) for value in values} == dict.fromkeys(values, reads)


def test_values_are_counted_until_they_are_too_many():
    few, many = ColumnValues(), ColumnValues()
    few.add([str(each % MOST_VALUES) for each in range(1000)])
    many.add([str(each) for each in range(MOST_VALUES + 1)])
    assert few.few == Counter({str(each): 20 for each in range(MOST_VALUES)})
    assert many.few is None


@given(
    st.lists(
        st.lists(st.sampled_from(["", "5", "1,000", "01/02/2026", "x", *map(str, range(60))]), max_size=40), max_size=5
    )
)
def test_readings_are_those_of_the_cells_however_many_values_there_are(batches):
    column = ColumnValues()
    for cells in batches:
        column.add(cells)
    assert column.readings == Counter(reading(cell) for cells in batches for cell in cells)
