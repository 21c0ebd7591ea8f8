"""What a definition may hold through its sources, and what changed since the last one."""

from __future__ import annotations

import pytest

from connect_campaigns.core.definition_sources import check_sources
from connect_campaigns.core.definitions import all_of, attribute, difference, field, groups, members_of
from connect_campaigns.core.errors import InvalidInput

CELL = groups(all_of(attribute("Contact", "INCLUSIVE", "cellular")))


def on(*names: str) -> dict:
    return groups(members_of(*names))


def attributes(number: int, *, first: int = 0) -> dict:
    return groups(all_of(*[attribute(f"a{each}", "INCLUSIVE", "x") for each in range(first, first + number)]))


def calculated(number: int) -> dict:
    condition = {"DimensionType": "GREATER_THAN", "Values": ["1"]}
    return groups(all_of(*[{"CalculatedAttributes": {f"c{each}": condition}} for each in range(number)]))


def chain(levels: int) -> dict:
    return {f"s{each}": on(f"s{each + 1}") if each < levels else CELL for each in range(1, levels + 1)}


def test_what_is_within_the_limits_passes():
    check_sources("new", CELL, sources={})
    check_sources("new", on("s1"), sources=chain(5))
    check_sources("new", on("a", "b"), sources={"a": attributes(40), "b": attributes(40, first=20)})
    check_sources("new", on("a"), sources={"a": groups(all_of(field("Address.City", "INCLUSIVE", "Paris")))})


REFUSED = [
    (on("gone"), {"gone": None}, "source segment 'gone' isn't there"),
    (on("sql"), {"sql": "SELECT 1"}, "source segment 'sql' is defined by SQL"),
    (on("new"), {"new": CELL}, "in a circle: new > new"),
    (on("a"), {"a": on("b"), "b": on("a")}, "in a circle: new > a > b > a"),
    (on("a"), {"a": on("new"), "new": None}, "in a circle: new > a > new"),
    (on("s1"), chain(6), "nested 6 levels deep: new > s1 > s2 > s3 > s4 > s5 > s6"),
    (on("a", "b"), {"a": attributes(40), "b": attributes(40, first=21)}, "61 unique attributes"),
    (on("a"), {"a": calculated(11)}, "11 unique calculated attributes"),
]


@pytest.mark.parametrize(("content", "sources", "found"), REFUSED)
def test_what_isn_t_is_refused_in_three_parts(content, sources, found):
    with pytest.raises(InvalidInput) as caught:
        check_sources("new", content, sources=sources)
    assert found in caught.value.found
    assert caught.value.code == "segment_groups"
    assert all((caught.value.allowed, caught.value.hint))


def test_a_difference_shows_the_lines_that_changed():
    other = groups(all_of(attribute("Contact", "INCLUSIVE", "telephone")))
    shown = difference(CELL, other).splitlines()
    changed = [line.split() for line in shown if line[:1] in "+-"]
    assert changed == [["-", '"cellular"'], ["+", '"telephone"']]
    assert difference(CELL, CELL) == ""


def test_a_long_difference_is_cut():
    shown = difference(CELL, attributes(50)).splitlines()
    assert len(shown) == 61
    assert shown[-1].endswith("lines more")
