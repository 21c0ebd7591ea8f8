"""Random definitions over random profiles, counted by the emulator and by an evaluator written from the fact sheet.

Half of the runs call the compiler and DuckDB directly, half go over HTTP.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connect_emulator.profiles.predicates import MACROS
from connect_emulator.profiles.records import new_profile
from connect_emulator.profiles.settings import ProfileSettings
from connect_emulator.profiles.table import ProfileTable
from tests.emulator.segment_evaluator import COMPARISONS, DATES, Evaluator, instant, number

if TYPE_CHECKING:
    from tests.conftest import Emulator
    from tests.emulator.segment_evaluator import Profile

NOW = datetime(2026, 11, 24, tzinfo=UTC)


# --- random profiles and definitions ---------------------------------------------------------------------------

WORDS = [
    "a",
    "A",
    "ab",
    "b",
    "ba",
    "%",
    "_",
    "é",
    "e\u0301",
    "'",
    '"',
    "a,b",
    "b, a",
    '["a","b"]',
    "[1,2]",
    "x\x00y",
    "🙂",
]
NUMBERS = ["5", "5.0", "05", "-1", "1e1", "10", "0.5", ".5", "1e308", "-0"]
NO_NUMBERS = ["nan", "inf", "1_000", " 5", "5 ", "1,000", "1e999", "five"]
INSTANTS = [
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    "2024-01-01T23:59:59Z",
    "2024-01-02T00:30:00+01:00",
    "2024-01-02",
    "2023-06-30T12:00:00.5Z",
    "2025-01-01 10:00",
]
NO_INSTANTS = ["2023-02-30", "epoch", "infinity", "today", "01/02/2024", "2024"]
FIELDS = ["FirstName", "Address.City", "Attributes.x", "Attributes.X", "Attributes.it's"]
ATTRIBUTE_FIELDS = [field for field in FIELDS if field.startswith("Attributes.")]

TEXT_OPERATORS = ["INCLUSIVE", "EXCLUSIVE", "CONTAINS", "BEGINS_WITH", "ENDS_WITH"]
DATE_OPERATORS = [*DATES, "BETWEEN", "NOT_BETWEEN"]
ALL_OPERATORS = [*TEXT_OPERATORS, *COMPARISONS, *DATE_OPERATORS, "LIST_CONTAINS", "LIST_CONTAINS_ALL"]
THEMES = [WORDS, NUMBERS + NO_NUMBERS, INSTANTS + NO_INSTANTS]
references = st.sampled_from([*FIELDS, "BirthDate"]).map(lambda field: f"{{{{_profile.{field}}}}}")
ways = st.sampled_from(["ALL", "ANY", "NONE"])


@dataclass
class Pool:
    """A few values that profiles and filters of one example share, so that filters do match something."""

    values: list[str]

    def stored(self) -> st.SearchStrategy[str]:
        return st.sampled_from(self.values)

    def filter(self, operators: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        return st.sampled_from(operators).flatmap(self.filter_of)

    def filter_of(self, operator: str) -> st.SearchStrategy[dict[str, Any]]:
        literals = self.stored()
        if operator in COMPARISONS:
            literals = st.sampled_from([value for value in self.values if number(value) is not None] or NUMBERS)
        elif operator in DATE_OPERATORS:
            literals = st.sampled_from([value for value in self.values if instant(value) is not None] or INSTANTS)
        low, high = (2, 2) if operator.endswith("BETWEEN") else (1, 3)
        values = st.lists(st.one_of(literals, literals, references), min_size=low, max_size=high)
        return values.map(lambda chosen: {"DimensionType": operator, "Values": chosen})

    def dimension(self) -> st.SearchStrategy[dict[str, Any]]:
        attribute = st.sampled_from(ATTRIBUTE_FIELDS).flatmap(
            lambda field: self.filter(ALL_OPERATORS).map(lambda f: {"Attributes": {field.partition(".")[2]: f}})
        )
        field = st.one_of(
            self.filter(TEXT_OPERATORS).map(lambda f: {"FirstName": f}),
            self.filter(TEXT_OPERATORS).map(lambda f: {"Address": {"City": f}}),
            self.filter(DATE_OPERATORS).map(lambda f: {"BirthDate": f}),
        )
        both = st.tuples(attribute, field).map(lambda pair: pair[0] | pair[1])
        return st.one_of(attribute, attribute, field, both).map(lambda fields: {"ProfileAttributes": fields})

    def groups(self, names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        parts: dict[str, Any] = {"Type": ways, "SourceType": ways}
        parts["Dimensions"] = st.lists(self.dimension(), max_size=3)
        if names:
            source = st.sampled_from(names).map(lambda name: {"SegmentDefinitionName": name})
            parts["SourceSegments"] = st.lists(source, max_size=3)
        group = st.fixed_dictionaries({}, optional=parts)
        return st.fixed_dictionaries({}, optional={"Groups": st.lists(group, max_size=3), "Include": ways})


@dataclass
class Example:
    """Profiles, and definitions of which each may start from those before it."""

    profiles: list[Profile]
    definitions: dict[str, dict[str, Any]]

    def questions(self) -> list[dict[str, Any]]:
        """The definitions, and each of their groups and dimensions alone."""
        groups = [group for made in self.definitions.values() for group in made.get("Groups", [])]
        dimensions = [dimension for group in groups for dimension in group.get("Dimensions", [])]
        alone = [{"Groups": [group]} for group in [*groups, *({"Dimensions": [each]} for each in dimensions)]]
        return [*self.definitions.values(), *alone]


@st.composite
def examples(draw: st.DrawFn) -> Example:
    theme = draw(st.sampled_from(THEMES))
    pool = Pool(draw(st.lists(st.sampled_from(theme), min_size=3, max_size=9, unique=True)))
    some_or_none = st.one_of(st.none(), pool.stored(), pool.stored())
    profile = st.fixed_dictionaries(dict.fromkeys([*FIELDS, "BirthDate"], some_or_none))
    profiles = draw(st.lists(profile, min_size=2, max_size=8))
    made: dict[str, dict[str, Any]] = {}
    for name in ["first", "second", "third"][: draw(st.integers(1, 3))]:
        made[name] = draw(pool.groups(list(made)))
    present = [{field: value for field, value in each.items() if value is not None} for each in profiles]
    return Example(profiles=present, definitions=made)


settings_strategy = st.builds(
    ProfileSettings,
    empty_groups=st.sampled_from(["all", "none"]),
    include_none=st.sampled_from(["none_of", "exclude"]),
    missing_matches_exclusive=st.booleans(),
    missing_matches_not_between=st.booleans(),
    date_on=st.sampled_from(["day", "instant"]),
    between=st.sampled_from(["inclusive", "exclusive"]),
    list_encoding=st.sampled_from(["json_or_comma", "json", "comma"]),
    max_attribute_columns=st.sampled_from([300, 1]),
)


def as_request(profile: Profile) -> dict[str, Any]:
    request: dict[str, Any] = {}
    for field, value in profile.items():
        outer, dot, inner = field.partition(".")
        if dot:
            request.setdefault(outer, {})[inner] = value
        else:
            request[field] = value
    return request


def expected_count(example: Example, question: dict[str, Any], chosen: ProfileSettings) -> int:
    evaluator = Evaluator(settings=chosen, sources=example.definitions)
    return sum(evaluator.in_segment(profile, question) for profile in example.profiles)


@functools.cache
def database() -> duckdb.DuckDBPyConnection:
    """One database for all examples: making it takes longer than counting."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; set threads = 1")
    for macro in MACROS:
        connection.execute(macro)
    return connection


@settings(max_examples=250, deadline=None)
@given(example=examples(), chosen=settings_strategy)
def test_compiled_segments_count_as_the_evaluator_does(example: Example, chosen: ProfileSettings) -> None:
    connection = database()
    table = ProfileTable(schema="domain_0", settings=chosen)
    table.create(connection)
    try:
        requests = [as_request(profile) for profile in example.profiles]
        rows = [new_profile(request, now=NOW, expiration_days=1, copy_enums=True)[1] for request in requests]
        table.insert(connection, rows)
        for question in example.questions():
            counted = table.count(connection, question, sources=example.definitions, as_of=NOW)
            assert counted == expected_count(example, question, chosen), question
    finally:
        table.drop(connection)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(example=examples())
def test_estimates_over_http_count_as_the_evaluator_does(emulator: Emulator, example: Example) -> None:
    client = emulator.client("customer-profiles")
    emulator.reset()
    client.create_domain(DomainName="d", DefaultExpirationDays=1)
    for profile in example.profiles:
        client.create_profile(DomainName="d", **as_request(profile))
    for name, groups in example.definitions.items():
        client.create_segment_definition(
            DomainName="d", SegmentDefinitionName=name, DisplayName=name, SegmentGroups=groups
        )
    for name, groups in example.definitions.items():
        query = client.get_segment_definition(DomainName="d", SegmentDefinitionName=name)["SegmentGroups"]
        assert query == groups
        estimate = client.create_segment_estimate(DomainName="d", SegmentQuery=query)["EstimateId"]
        status = "RUNNING"
        while status == "RUNNING":
            reply = client.get_segment_estimate(DomainName="d", EstimateId=estimate)
            status = reply["Status"]
        assert int(reply["Estimate"]) == expected_count(example, groups, ProfileSettings())
