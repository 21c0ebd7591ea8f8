"""What a segment selects: builders, normal form, hash, names, narrowing to one import."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.definitions import (
    EVERYBODY,
    all_of,
    any_of,
    attribute,
    content_hash,
    define,
    excluding,
    field,
    groups,
    members_of,
    none_of,
    normalised,
    read_groups,
    value_text,
    within_run,
)
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.keys import audience_name

CELLULAR = attribute("Contact", "INCLUSIVE", "cellular")
RICH = attribute("Balance", "GREATER_THAN", 1000)


def test_builders_make_the_apis_own_form():
    built = groups(all_of(CELLULAR, RICH), excluding("do-not-call-12345678"))
    assert built == {
        "Groups": [
            {
                "Dimensions": [
                    {
                        "ProfileAttributes": {
                            "Attributes": {"Contact": {"DimensionType": "INCLUSIVE", "Values": ["cellular"]}}
                        }
                    },
                    {
                        "ProfileAttributes": {
                            "Attributes": {"Balance": {"DimensionType": "GREATER_THAN", "Values": ["1000"]}}
                        }
                    },
                ],
                "Type": "ALL",
            },
            {"SourceSegments": [{"SegmentDefinitionName": "do-not-call-12345678"}], "SourceType": "NONE"},
        ],
        "Include": "ALL",
    }


def test_a_standard_field_is_nested_by_its_path_and_an_attribute_by_its_prefix():
    assert field("Address.City", "INCLUSIVE", "Paris") == {
        "ProfileAttributes": {"Address": {"City": {"DimensionType": "INCLUSIVE", "Values": ["Paris"]}}}
    }
    assert field("Attributes.Contact", "INCLUSIVE", "cellular") == CELLULAR


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (1000, "1000"),
        (0.5, "0.5"),
        (Decimal("1.10"), "1.10"),
        (date(2026, 2, 1), "2026-02-01T00:00:00Z"),
        (datetime(2026, 2, 1, 9, tzinfo=UTC), "2026-02-01T09:00:00Z"),
        (datetime(2026, 2, 1, 9, tzinfo=timezone(timedelta(hours=2))), "2026-02-01T07:00:00Z"),
    ],
)
def test_every_value_becomes_text_and_dates_become_utc(value, text):
    assert value_text(value) == text


def test_shorthand_in_a_list_of_groups_and_an_empty_one_says_nothing():
    listed = read_groups(["Contact=cellular", none_of(attribute("DoNotCall", "INCLUSIVE", "yes"))])
    assert [each["Type"] for each in listed["Groups"]] == ["ALL", "NONE"]
    assert listed["Groups"][0] == read_groups("Contact=cellular")["Groups"][0]
    assert read_groups([" ", "", none_of(RICH)]) == {"Groups": [none_of(RICH)]}
    with pytest.raises(InvalidInput, match="an operator is missing"):
        read_groups(["Contact"])


@pytest.mark.parametrize("value", [True, None, datetime(2026, 2, 1), ["x"]])
def test_a_value_without_one_obvious_text_is_refused(value):
    with pytest.raises(InvalidInput) as caught:
        value_text(value)
    assert "time zone" in caught.value.allowed


def test_the_same_content_in_another_form_has_the_same_hash():
    written_out = groups(all_of(CELLULAR))
    short = {"Groups": [{"Dimensions": [CELLULAR]}]}
    with_empties = {"Include": "ALL", "Groups": [{"SourceSegments": [], "Type": "ALL", "Dimensions": [CELLULAR]}]}
    assert content_hash(written_out) == content_hash(short) == content_hash(with_empties)


def test_each_kind_of_joining_is_another_content():
    contents = [groups(make(CELLULAR, RICH)) for make in (all_of, any_of, none_of)]
    contents += [groups(all_of(CELLULAR), all_of(RICH), include="ANY"), groups(members_of("a")), groups(excluding("a"))]
    assert len({content_hash(content) for content in contents}) == len(contents)


def test_the_hash_is_pinned_because_names_in_the_service_carry_it():
    assert content_hash(groups(all_of(CELLULAR, RICH, attribute("Loan", "INCLUSIVE", "no")))) == "c2b15283"
    assert content_hash(EVERYBODY) == "53fd9c60"


def test_a_hash_is_never_a_number_so_that_every_name_of_ours_gives_its_audience():
    contents = [f"profile {number}" for number in range(200)]
    digests = [hashlib.sha256(json.dumps(content).encode()).hexdigest()[:8] for content in contents]
    assert any(digest.isdigit() for digest in digests)
    for content, digest in zip(contents, digests, strict=True):
        assert audience_name(f"arn:…/market-10000001-{content_hash(content)}") == "market-10000001"
        assert content_hash(content)[digest.isdigit() :] == digest[digest.isdigit() :]


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.lists(st.text(max_size=5), min_size=1), max_size=5))
def test_normalising_twice_changes_nothing_and_survives_json(conditions):
    content = {
        "Groups": [{"Dimensions": [attribute(name, "INCLUSIVE", *values)]} for name, values in conditions.items()]
    }
    once = normalised(content)
    assert normalised(once) == once
    assert content_hash(json.loads(json.dumps(once))) == content_hash(content)


def test_a_definition_is_named_by_its_content():
    definition = define(name="spring-fr", groups="Contact=cellular")
    assert definition.name == f"spring-fr-{definition.hash}"
    assert len(definition.hash) == 8
    assert definition.display_name == "spring-fr"
    assert define(name="spring-fr", groups="Contact=telephone").name != definition.name


def test_the_longest_name_still_fits_with_its_hash():
    assert len(define(name="x" * 55, groups="Contact=cellular").name) == 64
    with pytest.raises(InvalidInput):
        define(name="x" * 56, groups="Contact=cellular")


@pytest.mark.parametrize(
    "given_groups",
    [
        groups(all_of(CELLULAR)),
        [all_of(CELLULAR)],
        json.dumps(groups(all_of(CELLULAR))),
        json.dumps([all_of(CELLULAR)]),
        "Contact=cellular",
        ' "Contact" = "cellular" ',
    ],
)
def test_all_ways_to_write_groups_mean_the_same(given_groups):
    assert define(name="a", groups=given_groups).groups == groups(all_of(CELLULAR))


@pytest.mark.parametrize("nothing", [None, "", "  ", {}, {"Groups": []}, [], [{}], {"Groups": [{"Dimensions": []}]}])
def test_everybody_has_to_be_asked_for_in_words(nothing):
    with pytest.raises(InvalidInput) as caught:
        define(name="a", groups=nothing)
    assert "every profile of the domain" in caught.value.found
    assert "allow_all_profiles=True" in caught.value.hint
    assert define(name="a", groups=nothing, allow_all_profiles=True).groups == EVERYBODY


@pytest.mark.parametrize("nothing", [None, "", {"Groups": []}, [{}]])
def test_without_groups_an_audience_run_is_exactly_that_imports_people(nothing):
    this_run = all_of(attribute("audience_run", "INCLUSIVE", "2026-12-01"))
    assert define(name="a", groups=nothing, audience_run="2026-12-01").groups == groups(this_run)


def test_an_audience_run_narrows_what_the_groups_select():
    narrowed = within_run(groups(any_of(CELLULAR, RICH)), "run 1")
    this_run = all_of(attribute("audience_run", "INCLUSIVE", "run 1"))
    assert narrowed == groups(any_of(CELLULAR, RICH), this_run)


@pytest.mark.parametrize("given", [groups(all_of(RICH), include="NONE"), {"Groups": [all_of(RICH)], "include": "ANY"}])
def test_what_is_wrong_is_told_before_groups_are_narrowed(given):
    with pytest.raises(InvalidInput, match="SegmentGroups"):
        define(name="a", groups=given, audience_run="r")


def test_one_group_under_any_is_narrowed_too_and_several_are_refused():
    assert within_run(groups(all_of(RICH), include="ANY"), "r")["Include"] == "ALL"
    with pytest.raises(InvalidInput) as caught:
        within_run(groups(all_of(RICH), all_of(CELLULAR), include="ANY"), "r")
    assert "into each group" in caught.value.hint
