"""Every operator over values that are there, missing and odd: the compiler and DuckDB, without the wire."""

from __future__ import annotations

import functools
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from connect_emulator.errors import ServiceError
from connect_emulator.profiles.predicates import MACROS
from connect_emulator.profiles.records import new_profile
from connect_emulator.profiles.settings import ProfileSettings
from connect_emulator.profiles.table import ProfileTable

NUMBERS = itertools.count()
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@functools.cache
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; set threads = 1")
    for macro in MACROS:
        connection.execute(macro)
    return connection


class Profiles:
    """A domain's table; `matching` says which of the profiles, named by AccountNumber, a dimension selects."""

    def __init__(self, settings: ProfileSettings) -> None:
        self.connection = database()
        self.table = ProfileTable(schema=f"domain_{next(NUMBERS)}", settings=settings)
        self.table.create(self.connection)

    def add(self, *profiles: dict[str, Any]) -> None:
        rows = [new_profile(profile, now=NOW, expiration_days=1, copy_enums=True)[1] for profile in profiles]
        self.table.insert(self.connection, rows)

    def count(self, *dimensions: dict[str, Any], at: datetime = NOW) -> int:
        groups = {"Groups": [{"Dimensions": list(dimensions)}]}
        return self.table.count(self.connection, groups, sources={}, as_of=at)


@pytest.fixture
def settings() -> ProfileSettings:
    return ProfileSettings()


@pytest.fixture
def profiles(settings: ProfileSettings) -> Profiles:
    return Profiles(settings)


def attribute(operator: str, *values: str, name: str = "x") -> dict[str, Any]:
    filter_ = {"DimensionType": operator, "Values": list(values)}
    return {"ProfileAttributes": {"Attributes": {name: filter_}}}


# operator, values, stored values that match, stored values that don't; a missing value is in neither list.
CASES: list[tuple[str, list[str], list[str], list[str]]] = [
    ("INCLUSIVE", ["a"], ["a"], ["A", "ab", " a", "á"]),
    ("INCLUSIVE", ["a", "b"], ["a", "b"], ["c", "a,b"]),
    ("INCLUSIVE", ["5"], ["5"], ["5.0", "05"]),
    ("INCLUSIVE", ["é"], ["é"], ["e\u0301", "e"]),
    ("INCLUSIVE", ["O'Neil"], ["O'Neil"], ["O''Neil", "ONeil"]),
    ("INCLUSIVE", ['say "hi"'], ['say "hi"'], ["say hi"]),
    ("INCLUSIVE", ["x' or 1=1 --"], ["x' or 1=1 --"], ["x", "anything"]),
    ("INCLUSIVE", ["nan"], ["nan"], ["NaN"]),
    ("INCLUSIVE", ["日本", "🙂"], ["日本", "🙂"], ["日", "🙁"]),
    ("INCLUSIVE", ["a\x00b"], ["a\x00b"], ["a", "ab"]),
    ("EXCLUSIVE", ["a"], ["A", "b", "ab"], ["a"]),
    ("EXCLUSIVE", ["a", "b"], ["c", "a,b"], ["a", "b"]),
    ("EXCLUSIVE", ["it's", '"'], ["its"], ["it's", '"']),
    ("CONTAINS", ["b"], ["b", "abc", "aab"], ["B", "ac"]),
    ("CONTAINS", ["%"], ["5%", "%"], ["5", "abc"]),
    ("CONTAINS", ["_"], ["a_b"], ["ab", "axb"]),
    ("CONTAINS", ["\\"], ["a\\b"], ["ab"]),
    ("CONTAINS", ["é", "'"], ["café", "l'air"], ["cafe\u0301", "lair"]),
    ("BEGINS_WITH", ["ab"], ["ab", "abc"], ["xab", "Ab", "a"]),
    ("BEGINS_WITH", ["%", "_"], ["%x", "_x"], ["x%", "xx"]),
    ("ENDS_WITH", ["bc"], ["bc", "abc"], ["bcx", "BC", "c"]),
    ("ENDS_WITH", ["_"], ["a_"], ["ab"]),
    ("EQUAL", ["5"], ["5", "5.0", "05", "+5", "5.", "0.5e1"], ["5a", "50", " 5", "5 ", "five", "", "\u0665"]),
    ("EQUAL", ["1000"], ["1000", "1e3"], ["1_000", "1,000", "0x3e8"]),
    ("EQUAL", ["0", "1"], ["0", "-0", "1"], ["2", "nan", "inf"]),
    ("GREATER_THAN", ["5"], ["5.1", "1e300", "99"], ["5", "-6", "nan", "inf", "Infinity", "1e999", "6x", "1_000"]),
    ("GREATER_THAN", ["5", "3"], ["4", "6"], ["3"]),
    ("LESS_THAN", ["5"], ["4.9", "-1e9", ".5"], ["5", "-inf", "nan", "-1e999", "abc"]),
    ("GREATER_THAN_OR_EQUAL", ["5"], ["5", "5.0", "6"], ["4.99", "nan"]),
    ("LESS_THAN_OR_EQUAL", ["-1"], ["-1", "-1.0", "-2"], ["0", "-inf"]),
    ("BEFORE", ["2024-01-01T00:00:00Z"], ["2023-12-31", "2024-01-01T01:00:00+02:00"], ["2024-01-01", "x", "epoch"]),
    ("BEFORE", ["2024-01-01"], ["1999-12-31T23:59:59.999Z"], ["-infinity", "today", "01/02/2023", "2023-02-30"]),
    ("AFTER", ["2024-01-01T00:00:00Z"], ["2024-01-01T00:00:01Z", "2025-06-01"], ["2024-01-01", "infinity", "2024"]),
    ("AFTER", ["2024-01-01", "2020-01-01"], ["2021-01-01"], ["2019-01-01"]),
    (
        "ON",
        ["2024-01-01T00:00:00Z"],
        ["2024-01-01", "2024-01-01T23:59:59Z", "2024-01-02T00:30:00+01:00"],
        ["2024-01-02"],
    ),
    ("ON", ["2024-01-01", "2024-03-01"], ["2024-03-01T12:00"], ["2024-02-01", "1 January 2024"]),
    (
        "BETWEEN",
        ["2024-01-01", "2024-01-31"],
        ["2024-01-01", "2024-01-31", "2024-01-15T10:00:00Z"],
        ["2024-02-01", "?"],
    ),
    ("BETWEEN", ["2024-01-31", "2024-01-01"], [], ["2024-01-15"]),
    (
        "NOT_BETWEEN",
        ["2024-01-01", "2024-01-31"],
        ["2023-12-31", "2024-01-31T00:00:01Z"],
        ["2024-01-01", "never", "epoch"],
    ),
    ("LIST_CONTAINS", ["a"], ["a", "a,b", "b, a", '["a","b"]', '[ "b" , "a" ]'], ["ab", "A,b", '["ab"]', '{"a":1}']),
    ("LIST_CONTAINS", ["a", "1"], ["x,1", "[1,2]", "a"], ["[11]", "[]", "b"]),
    ("LIST_CONTAINS_ALL", ["a", "b"], ["a,b", '["b","c","a"]', "b,a,b"], ["a", "ab", '["a"]']),
    ("LIST_CONTAINS_ALL", ['"', "%"], ['",%'], ["%"]),
]
MISSING_MATCHES = {"EXCLUSIVE"}


@pytest.mark.parametrize(("operator", "values", "matching", "other"), CASES)
def test_operator_matches_exactly_these_values(
    profiles: Profiles, operator: str, values: list[str], matching: list[str], other: list[str]
) -> None:
    dimension = attribute(operator, *values)
    stored = [value for value in matching + other if value]
    profiles.add(*({"AccountNumber": str(i), "Attributes": {"x": value}} for i, value in enumerate(stored)))
    found = {
        value
        for i, value in enumerate(stored)
        if profiles.count(dimension, {"ProfileAttributes": {"AccountNumber": attribute_filter("INCLUSIVE", str(i))}})
    }
    assert found == set(matching)


@pytest.mark.parametrize("operator", sorted({case[0] for case in CASES}))
def test_missing_value_matches_exclusive_only(profiles: Profiles, operator: str) -> None:
    values = next(case[1] for case in CASES if case[0] == operator)
    profiles.add({"FirstName": "nobody"})
    assert profiles.count(attribute(operator, *values)) == (operator in MISSING_MATCHES)
    profiles.add({"Attributes": {"x": "here, so that the column exists"}})
    assert profiles.count(attribute(operator, *values), whose("nobody")) == (operator in MISSING_MATCHES)


def attribute_filter(operator: str, *values: str) -> dict[str, Any]:
    return {"DimensionType": operator, "Values": list(values)}


def whose(first_name: str) -> dict[str, Any]:
    return {"ProfileAttributes": {"FirstName": attribute_filter("INCLUSIVE", first_name)}}


def test_table_has_all_operators_of_the_model() -> None:
    from moto.core.utils import get_service_model

    shape = get_service_model("customer-profiles").shape_for("AttributeDimensionType")
    assert {case[0] for case in CASES} == set(shape.enum)


@pytest.mark.parametrize(
    ("changes", "dimension", "expected"),
    [
        ({"missing_matches_exclusive": False}, attribute("EXCLUSIVE", "a"), 1),
        ({"missing_matches_exclusive": True}, attribute("EXCLUSIVE", "a"), 2),
        ({"missing_matches_not_between": True}, attribute("NOT_BETWEEN", "2025-01-01", "2025-02-01"), 2),
        ({"date_on": "instant"}, attribute("ON", "2024-01-01"), 0),
        ({"date_on": "day"}, attribute("ON", "2024-01-01"), 1),
        ({"between": "exclusive"}, attribute("BETWEEN", "2024-01-01T10:00:00Z", "2024-01-02"), 0),
        ({"between": "inclusive"}, attribute("BETWEEN", "2024-01-01T10:00:00Z", "2024-01-02"), 1),
        ({"between": "exclusive"}, attribute("NOT_BETWEEN", "2024-01-01T10:00:00Z", "2024-01-02"), 1),
        ({"unparsable_values": "match_nothing"}, attribute("EQUAL", "ten"), 0),
        ({"unparsable_values": "match_nothing"}, attribute("BETWEEN", "2024-01-01", "tomorrow"), 0),
        ({"unparsable_values": "match_nothing"}, attribute("BEFORE", "soon", "2024-01-02"), 1),
        ({"max_attribute_columns": 0}, attribute("BEGINS_WITH", "2024"), 1),
        ({"max_attribute_columns": 0}, attribute("EXCLUSIVE", "a"), 2),
    ],
)
def test_setting_decides(changes: dict[str, Any], dimension: dict[str, Any], expected: int) -> None:
    profiles = Profiles(ProfileSettings(**changes))
    profiles.add({"Attributes": {"x": "2024-01-01T10:00:00Z"}}, {"FirstName": "no x"})
    assert profiles.count(dimension) == expected


@pytest.mark.parametrize(
    ("encoding", "matching"),
    [("json_or_comma", {"a,b", '["a"]'}), ("json", {'["a"]'}), ("comma", {"a,b"})],
)
def test_list_encoding_decides_what_a_list_is(encoding: Any, matching: set[str]) -> None:
    profiles = Profiles(ProfileSettings(list_encoding=encoding))
    stored = ["a,b", '["a"]', "b"]
    profiles.add(*({"FirstName": value, "Attributes": {"x": value}} for value in stored))
    found = {value for value in stored if profiles.count(attribute("LIST_CONTAINS", "a"), whose(value))}
    assert found == matching


def test_attribute_names_differ_by_case_and_hold_any_character(profiles: Profiles) -> None:
    names = ["id", "ID", "quote \" and ' and ; drop", "ключ", "a.b", " "]
    profiles.add(*({"Attributes": {name: f"value {i}"}} for i, name in enumerate(names)))
    for i, name in enumerate(names):
        assert profiles.count(attribute("INCLUSIVE", f"value {i}", name=name)) == 1
        assert profiles.count(attribute("BEGINS_WITH", "value", name=name)) == 1


def test_attributes_beyond_the_columns_are_found_too() -> None:
    profiles = Profiles(ProfileSettings(max_attribute_columns=2))
    profiles.add(*({"Attributes": {f"n{i}": "v", "all": str(i)}} for i in range(5)))
    assert [profiles.count(attribute("INCLUSIVE", "v", name=f"n{i}")) for i in range(5)] == [1] * 5
    assert profiles.count(attribute("GREATER_THAN", "2", name="all")) == 2


def test_standard_fields_addresses_and_enumerations(profiles: Profiles) -> None:
    profiles.add(
        {"LastName": "Roy", "Address": {"City": "Paris"}, "BillingAddress": {"City": "Lyon"}, "Gender": "FEMALE"},
        {"LastName": "Roy", "Address": {"City": "Lyon"}, "ProfileType": "ACCOUNT_PROFILE", "BirthDate": "1990-05-01"},
    )

    def count(**fields: Any) -> int:
        return profiles.count({"ProfileAttributes": fields})

    assert count(LastName=attribute_filter("INCLUSIVE", "Roy")) == 2
    assert count(Address={"City": attribute_filter("INCLUSIVE", "Lyon")}) == 1
    assert count(BillingAddress={"City": attribute_filter("INCLUSIVE", "Lyon")}) == 1
    assert count(GenderString=attribute_filter("INCLUSIVE", "FEMALE")) == 1
    assert count(ProfileType=attribute_filter("INCLUSIVE", "PROFILE")) == 0
    assert count(ProfileType=attribute_filter("EXCLUSIVE", "ACCOUNT_PROFILE")) == 1
    assert count(BirthDate=attribute_filter("BEFORE", "2000-01-01T00:00:00Z")) == 1
    both = {"LastName": attribute_filter("INCLUSIVE", "Roy"), "Address": {"City": attribute_filter("CONTAINS", "ar")}}
    assert count(**both) == 1, "fields inside one dimension are joined by AND"


def test_dynamic_values_compare_with_the_profile_itself(profiles: Profiles) -> None:
    profiles.add(
        {"FirstName": "Ann", "LastName": "Ann", "Attributes": {"x": "10", "limit": "9"}},
        {"FirstName": "Bob", "LastName": "Ann", "Attributes": {"x": "10", "limit": "11"}},
        {"FirstName": "Cid", "Attributes": {"x": "10"}},
    )
    same = {"ProfileAttributes": {"FirstName": attribute_filter("INCLUSIVE", "{{_profile.LastName}}")}}
    other = {"ProfileAttributes": {"FirstName": attribute_filter("EXCLUSIVE", "{{_profile.LastName}}")}}
    assert profiles.count(same) == 1
    assert profiles.count(other) == 1, "a reference to a missing value matches nothing"
    assert profiles.count(attribute("GREATER_THAN", "{{_profile.Attributes.limit}}")) == 1
    assert profiles.count(attribute("LIST_CONTAINS_ALL", "10", "{{_profile.Attributes.limit}}")) == 0
    assert profiles.count(attribute("LIST_CONTAINS", "10", "{{_profile.Attributes.limit}}")) == 3


def test_a_range_whose_end_is_missing_matches_nothing_inside_or_outside(profiles: Profiles) -> None:
    profiles.add({"Attributes": {"x": "2024-06-01", "y": "not a date"}})
    for reference in ("{{_profile.Attributes.y}}", "{{_profile.LastName}}"):
        assert profiles.count(attribute("BETWEEN", "2024-01-01", reference)) == 0
        assert profiles.count(attribute("NOT_BETWEEN", "2025-01-01", reference)) == 0


def test_expired_profiles_are_nowhere(profiles: Profiles) -> None:
    profiles.add({"FirstName": "Ann"})
    assert profiles.count(at=NOW + timedelta(days=1, seconds=-1)) == 1
    assert profiles.count(at=NOW + timedelta(days=1)) == 0


def test_three_thousand_values_under_any_become_one_list(profiles: Profiles) -> None:
    profiles.add(*({"Attributes": {"x": str(i)}} for i in range(0, 6000, 2)))
    dimensions = [attribute("INCLUSIVE", *(str(50 * i + j) for j in range(50))) for i in range(60)]
    groups = {"Groups": [{"Dimensions": dimensions, "Type": "ANY"}]}
    assert profiles.table.count(profiles.connection, groups, sources={}, as_of=NOW) == 1500


@pytest.mark.parametrize(
    ("dimension", "found"),
    [
        (attribute("EQUAL", "five"), "Value `five` of EQUAL"),
        (attribute("EQUAL", "nan"), "Value `nan`"),
        (attribute("GREATER_THAN", "1_000"), "Value `1_000`"),
        (attribute("LESS_THAN", "1e999"), "Value `1e999`"),
        (attribute("BEFORE", "-7 days"), "Value `-7 days`"),
        (attribute("ON", "today"), "Value `today`"),
        (attribute("AFTER", "2024-02-30"), "Value `2024-02-30`"),
        (attribute("BETWEEN", "2024-01-01"), "BETWEEN on `Attributes.x` with 1 value(s)"),
        (attribute("NOT_BETWEEN", "2024-01-01", "2024-01-02", "2024-01-03"), "with 3 value(s)"),
        (attribute("INCLUSIVE", "{{_profile.Nickname}}"), "Dynamic value `{{_profile.Nickname}}`"),
        (attribute("INCLUSIVE", "{{_calculated_attribute.1st}}"), "Dynamic value"),
        ({"ProfileAttributes": {}}, "names no field"),
        ({"ProfileAttributes": {"Attributes": {}}}, "names no field"),
        ({"CalculatedAttributes": {}}, "`CalculatedAttributes` names no field"),
        ({"CalculatedAttributes": {"n": attribute_filter("EQUAL", "x")}}, "Value `x` of EQUAL"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(profiles: Profiles, dimension: dict[str, Any], found: str) -> None:
    with pytest.raises(ServiceError) as refused:
        profiles.count(dimension)
    assert refused.value.code == "BadRequestException"
    assert found in refused.value.message
    assert "Allowed: " in refused.value.message
    assert "Hint: " in refused.value.message
