"""Segment shorthand: what it reads, and where it says that it stopped."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.definition_text import parse_text
from connect_campaigns.core.definitions import all_of, attribute, define, field, groups
from connect_campaigns.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "dimensions"),
    [
        ("Contact=cellular", [attribute("Contact", "INCLUSIVE", "cellular")]),
        (
            "Contact=cellular, Balance>1000, Loan=no",
            [
                attribute("Contact", "INCLUSIVE", "cellular"),
                attribute("Balance", "GREATER_THAN", "1000"),
                attribute("Loan", "INCLUSIVE", "no"),
            ],
        ),
        ("Loan!=yes", [attribute("Loan", "EXCLUSIVE", "yes")]),
        ("Age>=30", [attribute("Age", "GREATER_THAN_OR_EQUAL", "30")]),
        ("Age<=30", [attribute("Age", "LESS_THAN_OR_EQUAL", "30")]),
        ("Age < -1.5e3", [attribute("Age", "LESS_THAN", "-1.5e3")]),
        ("Job=admin.|blue-collar | services", [attribute("Job", "INCLUSIVE", "admin.", "blue-collar", "services")]),
        ('"Marital (Status)"="a, b"', [attribute("Marital (Status)", "INCLUSIVE", "a, b")]),
        ('Note="say ""hi"" | now"', [attribute("Note", "INCLUSIVE", 'say "hi" | now')]),
        ("  Job  =  two words  ", [attribute("Job", "INCLUSIVE", "two words")]),
        ("City=Paris", [field("Address.City", "INCLUSIVE", "Paris")]),
        ("first_name!=Ann", [field("FirstName", "EXCLUSIVE", "Ann")]),
        ("Attributes.City=Paris", [attribute("City", "INCLUSIVE", "Paris")]),
        ("Größe=groß", [attribute("Größe", "INCLUSIVE", "groß")]),
    ],
)
def test_shorthand_is_read_into_dimensions_that_all_must_hold(text, dimensions):
    assert parse_text(text) == groups(all_of(*dimensions))


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("Contact", 8, "operator"),
        ("=x", 1, "name"),
        ("Contact=", 9, "value"),
        ("Contact=,Loan=no", 9, "value"),
        ("Contact=a,", 11, "name"),
        ("Contact=a,,Loan=no", 11, "name"),
        ("Contact==a", 9, "value"),
        ("Contact=a|", 11, "value"),
        ("Balance>abc", 9, "number"),
        ("Balance>1,000", 14, "operator"),
        ("Balance>1_000", 9, "number"),
        ("Balance>nan", 9, "number"),
        ("Balance>1|2", 9, "number"),
        ("Contact=a and Balance>1000", 22, "next condition"),
        ('Contact="cell', 9, "never closes"),
        ('""=x', 1, "name"),
        ("City>5", 5, "can't be compared"),
        ("BirthDate=1980", 10, "can't be compared"),
    ],
)
def test_a_mistake_is_told_with_its_position(text, position, word):
    with pytest.raises(InvalidInput) as caught:
        parse_text(text)
    assert f"at position {position} " in caught.value.found
    assert word in caught.value.found
    assert "operators = != > >= < <=" in caught.value.allowed
    assert caught.value.hint


@given(st.text(min_size=1, max_size=60))
def test_any_text_is_either_read_or_refused_as_invalid_input(text):
    with suppress(InvalidInput):
        assert define(name="a", groups=text, allow_all_profiles=True).groups["Include"] == "ALL"


@given(name=st.text(min_size=1, max_size=30).filter(str.strip), value=st.text(min_size=1, max_size=30))
def test_quoting_carries_any_name_and_value_through(name, value):
    def quoted(word):
        return '"' + word.replace('"', '""') + '"'

    read = parse_text(f"Attributes.x=1, {quoted('Attributes.' + name)}={quoted(value)}")
    assert read["Groups"][0]["Dimensions"][1] == attribute(name, "INCLUSIVE", value)
