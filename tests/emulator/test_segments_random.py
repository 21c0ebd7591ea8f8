"""Thousands of random definitions over one population, member by member against the independent evaluator.

`SEGMENTS=all` tries 2,500 definitions, else 150 of them; `SEGMENTS_SEED` gives others. What was drawn is printed: how
many definitions select some but not all, how often each operator was used.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from connect_emulator.profiles.predicates import MACROS
from connect_emulator.profiles.records import new_profile
from connect_emulator.profiles.settings import ProfileSettings
from connect_emulator.profiles.table import ProfileTable
from tests.emulator.segment_evaluator import Evaluator, instant, number

if TYPE_CHECKING:
    import pytest

    from tests.emulator.segment_evaluator import Profile

WHOLE = os.environ.get("SEGMENTS") == "all"
SEED = int(os.environ.get("SEGMENTS_SEED", "20261124"))
DEFINITIONS = 2500 if WHOLE else 150
PEOPLE = 150
NOW = datetime(2026, 11, 24, tzinfo=UTC)

CITIES = ["Lyon", "lyon", "Lyon-Est", "Paris", "Saint-Paul", "100%", "a_b", "Nîmes", "O'Fallon", ""]
NUMBERS = ["-3", "0", "5", "5.0", "7.5", "1e1", "42", "099", "1,000", "nan", "many"]
DATES = [
    "1999-12-31",
    "2020-02-29T12:00:00Z",
    "2024-01-01",
    "2024-01-01T23:30:00-02:00",
    "2025-06-30 08:00",
    "31/12/2024",
]
LISTS = ["red", "red,blue", '["red","green"]', "green, blue", '["a,b"]', "[1,2]", "RED"]
LIST_ITEMS = ["red", "blue", "green", "a,b", "1"]
TEXT = ["INCLUSIVE", "EXCLUSIVE", "CONTAINS", "BEGINS_WITH", "ENDS_WITH"]
NUMERIC = ["EQUAL", "GREATER_THAN", "LESS_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL"]
TIMES = ["BEFORE", "AFTER", "ON", "BETWEEN", "NOT_BETWEEN"]
LISTED = ["LIST_CONTAINS", "LIST_CONTAINS_ALL"]
OPERATORS = [*TEXT, *NUMERIC, *TIMES, *LISTED]
STORED: dict[str, list[str]] = {
    "FirstName": CITIES,
    "Address.City": CITIES,
    "BillingAddress.Province": CITIES,
    "BirthDate": DATES,
    "Attributes.n": NUMBERS,
    "Attributes.N": NUMBERS,
    "Attributes.when": DATES,
    "Attributes.list": LISTS,
    "Attributes.it's": CITIES,
}
ASKED: dict[str, list[str]] = {
    **dict.fromkeys(["FirstName", "Address.City", "BillingAddress.Province"], TEXT),
    "BirthDate": TIMES,
    "Attributes.n": [*NUMERIC, "INCLUSIVE"],
    "Attributes.N": NUMERIC,
    "Attributes.when": TIMES,
    "Attributes.list": [*LISTED, "CONTAINS"],
    "Attributes.it's": TEXT,
}


@dataclass
class Draw:
    """Draws profiles and definitions, and counts the operators."""

    pick: random.Random
    operators: Counter[str] = field(default_factory=Counter)
    dynamic: int = 0

    def profile(self) -> Profile:
        present = {name: self.pick.choice(values) for name, values in STORED.items() if self.pick.random() < 0.85}
        return {name: value for name, value in present.items() if value}

    def definition(self, sources: list[str]) -> dict[str, Any]:
        groups = [self.group(sources) for _ in range(self.pick.choice([1, 1, 1, 2, 2, 3]))]
        if self.pick.random() < 0.02:
            groups = []
        return {"Groups": groups, **self.way("Include")}

    def group(self, sources: list[str]) -> dict[str, Any]:
        group: dict[str, Any] = {
            "Dimensions": [self.dimension() for _ in range(self.pick.choice([0, 1, 1, 1, 2, 2, 3]))]
        }
        if sources and (not group["Dimensions"] or self.pick.random() < 0.4):
            chosen = self.pick.sample(sources, k=min(len(sources), self.pick.choice([1, 1, 2])))
            group["SourceSegments"] = [{"SegmentDefinitionName": name} for name in chosen]
        return {**group, **self.way("Type"), **self.way("SourceType")}

    def way(self, member: str) -> dict[str, str]:
        chosen = self.pick.choice(["ALL", "ANY", "ANY", "ANY", "NONE", None])
        return {member: chosen} if chosen else {}

    def dimension(self) -> dict[str, Any]:
        fields = self.pick.sample(sorted(ASKED), k=self.pick.choice([1, 1, 1, 1, 1, 2]))
        attributes: dict[str, Any] = {}
        for name in fields:
            outer, dot, inner = name.partition(".")
            if dot:
                attributes.setdefault(outer, {})[inner] = self.filter(name)
            else:
                attributes[outer] = self.filter(name)
        return {"ProfileAttributes": attributes}

    def filter(self, name: str) -> dict[str, Any]:
        operator = self.pick.choice(ASKED[name])
        self.operators[operator] += 1
        number_of_values = 2 if operator.endswith("BETWEEN") else self.pick.choice([1, 2, 2, 3])
        values = [self.value(name, operator) for _ in range(number_of_values)]
        if operator.endswith("BETWEEN") and not any("{{" in value for value in values):
            values.sort(key=lambda value: instant(value) or NOW)
        return {"DimensionType": operator, "Values": values}

    def value(self, name: str, operator: str) -> str:
        if self.pick.random() < 0.08:
            self.dynamic += 1
            alike = [other for other in sorted(STORED) if STORED[other] is STORED[name]]
            return f"{{{{_profile.{self.pick.choice([*alike, *alike, *sorted(STORED)])}}}}}"
        if operator in NUMERIC:
            return self.pick.choice([value for value in NUMBERS if number(value) is not None])
        if operator in TIMES:
            return self.pick.choice([value for value in DATES if instant(value) is not None])
        if operator in LISTED:
            return self.pick.choice(LIST_ITEMS)
        value = self.pick.choice([each for each in STORED[name] if each])
        cut = self.pick.randint(1, len(value))
        return {"CONTAINS": value[cut - 1 :], "BEGINS_WITH": value[:cut], "ENDS_WITH": value[-cut:]}.get(
            operator, value
        )

    def settings(self) -> ProfileSettings:
        return ProfileSettings(
            empty_groups=self.pick.choice(["all", "none"]),
            include_none=self.pick.choice(["none_of", "exclude"]),
            missing_matches_exclusive=self.pick.choice([True, False]),
            missing_matches_not_between=self.pick.choice([True, False]),
            date_on=self.pick.choice(["day", "instant"]),
            between=self.pick.choice(["inclusive", "exclusive"]),
            list_encoding=self.pick.choice(["json_or_comma", "json", "comma"]),
        )


class Population:
    """The same people in two tables: attributes with columns of their own, and all but one in the shared one."""

    def __init__(self, people: list[Profile]) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'UTC'; set threads = 1")
        for macro in MACROS:
            self.connection.execute(macro)
        requests = [as_request(profile) | {"AccountNumber": str(n)} for n, profile in enumerate(people)]
        rows = [new_profile(each, now=NOW, expiration_days=1, copy_enums=True)[1] for each in requests]
        self.settings = [ProfileSettings(max_attribute_columns=columns) for columns in (300, 1)]
        self.tables = [ProfileTable(schema=f"t{n}", settings=each) for n, each in enumerate(self.settings)]
        for table in self.tables:
            table.create(self.connection)
            table.insert(self.connection, rows)

    def members(self, which: int, groups: dict[str, Any], sources: dict[str, Any], chosen: ProfileSettings) -> set[int]:
        table = self.tables[which]
        chosen.max_attribute_columns = self.settings[which].max_attribute_columns
        self.settings[which].__dict__.update(chosen.__dict__)
        query = table.members(groups, sources=sources, as_of=NOW)
        sql = f'select p."AccountNumber" from {table.name} p where {query.where}'  # noqa: S608 - no text from outside
        return {int(account) for (account,) in self.connection.execute(sql, query.params).fetchall()}


def as_request(profile: Profile) -> dict[str, Any]:
    request: dict[str, Any] = {}
    for name, value in profile.items():
        outer, dot, inner = name.partition(".")
        if dot:
            request.setdefault(outer, {})[inner] = value
        else:
            request[outer] = value
    return request


def test_random_definitions_have_the_members_that_the_evaluator_says(capsys: pytest.CaptureFixture[str]) -> None:
    draw = Draw(random.Random(SEED))  # noqa: S311 - repeatable on purpose
    people = [draw.profile() for _ in range(PEOPLE)]
    population = Population(people)
    made: dict[str, dict[str, Any]] = {}
    some = 0
    for number_ in range(DEFINITIONS):
        # Three definitions that start from one another, then others: no deeper than the service allows.
        if number_ % 4 == 0:
            made.clear()
        groups, chosen = draw.definition(list(made)), draw.settings()
        evaluator = Evaluator(settings=chosen, sources=made)
        expected = {n for n, profile in enumerate(people) if evaluator.in_segment(profile, groups)}
        found = population.members(number_ % 2, groups, made, chosen)
        assert found == expected, f"SEGMENTS_SEED={SEED}, definition {number_}: {groups} {made} {chosen}"
        some += 0 < len(expected) < PEOPLE
        made[f"s{len(made)}"] = groups
    share = some / DEFINITIONS
    with capsys.disabled():
        print(f"\n{DEFINITIONS} definitions over {PEOPLE} profiles, SEGMENTS_SEED={SEED}: {share:.0%} select some")  # noqa: T201
        print(f"  {draw.dynamic} dynamic values; {dict(draw.operators.most_common())}")  # noqa: T201
    assert share >= (0.7 if WHOLE else 0.6)  # of a few, chance moves the share
    assert min(draw.operators[operator] for operator in OPERATORS) >= (20 if WHOLE else 5)
