"""Whether a definition leaves people out for certain: what counts, what doesn't, and what can't be told."""

from __future__ import annotations

import pytest

from connect_campaigns.core.definitions import all_of, any_of, attribute, excluding, field, groups, members_of, none_of
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.exclusion import doubts, excludes, read_exclusions, source_names

CELL = attribute("Contact", "INCLUSIVE", "cellular")
DNC = attribute("DoNotCall", "INCLUSIVE", "yes", "y")
NOT_DNC = attribute("DoNotCall", "EXCLUSIVE", "yes", "y")
BOTH = {
    "ProfileAttributes": {
        "Attributes": {**CELL["ProfileAttributes"]["Attributes"], **DNC["ProfileAttributes"]["Attributes"]}
    }
}
NOT_DNC_AND_CELL = {
    "ProfileAttributes": {"Attributes": {**CELL["ProfileAttributes"]["Attributes"], **NOT_DNC["ProfileAttributes"]["Attributes"]}}
}  # fmt: skip
SOURCES = {
    "clean": groups(all_of(CELL), excluding("do-not-call-1a2b3c4d")),
    "base": groups(all_of(CELL)),
    "dnc-by-attribute": groups(all_of(DNC)),
    "all-lists": groups(members_of("do-not-call-1a2b3c4d"), members_of("bounced"), include="ANY"),
    "one-of-many": groups(members_of("do-not-call-1a2b3c4d", "bounced")),
    "narrowed": groups(members_of("do-not-call-1a2b3c4d"), all_of(CELL)),
    "narrowed-in-one": groups({**members_of("do-not-call-1a2b3c4d"), "Dimensions": [CELL], "Type": "ALL"}),
    "in-both": {"Groups": [{**members_of("do-not-call-1a2b3c4d", "bounced"), "SourceType": "ALL"}], "Include": "ALL"},
    "none-of-it": {"Groups": [members_of("do-not-call-1a2b3c4d")], "Include": "NONE"},
    "sql": "SELECT profileid FROM profile",
    "gone": None,
    "round": groups(members_of("round")),
    "do-not-call-1a2b3c4d": groups(all_of(DNC)),
    "bounced": groups(all_of(attribute("Bounced", "INCLUSIVE", "yes"))),
    "lost-1a2b3c4d": None,
    "by-sql-1a2b3c4d": "SELECT profileid FROM profile",
    "imported-1a2b3c4d": groups(all_of(attribute("audience_run", "INCLUSIVE", "dnc/2026-12-01/5e6f"))),
}


def out(content, wanted: str) -> bool:
    (each,) = read_exclusions("require_exclusion", wanted)
    return excludes(content, each, sources=SOURCES, path=("root",))


BY_SEGMENT = [
    groups(all_of(CELL), excluding("do-not-call-1a2b3c4d")),
    groups(all_of(CELL), excluding("bounced", "do-not-call-1a2b3c4d")),
    groups(excluding("do-not-call-1a2b3c4d")),
    groups({**excluding("do-not-call-1a2b3c4d"), "Dimensions": [CELL], "Type": "ALL"}),
    groups(members_of("clean")),
    groups(members_of("clean", "clean")),
    {"Groups": [{**members_of("clean", "base"), "SourceType": "ALL"}], "Include": "ALL"},
    groups(excluding("all-lists")),
    groups(excluding("one-of-many")),
    groups(all_of(CELL, *[]), excluding("do-not-call-1a2b3c4d"), include="ALL"),
    groups(
        {**excluding("do-not-call-1a2b3c4d"), "Dimensions": [CELL], "Type": "ALL"}, members_of("clean"), include="ANY"
    ),
]


@pytest.mark.parametrize("content", BY_SEGMENT)
def test_a_segment_that_is_left_out(content):
    assert out(content, "do-not-call")
    assert out(content, "do-not-call-1a2b3c4d")


NOT_BY_SEGMENT = [
    groups(all_of(CELL)),
    groups(all_of(CELL), excluding("bounced")),
    groups(members_of("do-not-call-1a2b3c4d")),
    groups(all_of(CELL), excluding("do-not-call-1a2b3c4d"), include="ANY"),
    groups(members_of("clean", "base")),
    groups(excluding("narrowed")),
    groups(excluding("narrowed-in-one")),
    groups(excluding("in-both")),
    groups(excluding("none-of-it")),
    groups(excluding("sql")),
    groups(excluding("gone")),
    groups(excluding("round")),
    groups(members_of("round")),
    groups(members_of("sql")),
    groups(members_of("gone")),
    {"Groups": [excluding("do-not-call-1a2b3c4d")], "Include": "NONE"},
    {"Groups": [all_of(CELL), excluding("do-not-call-1a2b3c4d")]},
    {"Groups": []},
    {},
    "SELECT profileid FROM profile",
    None,
]


@pytest.mark.parametrize("content", NOT_BY_SEGMENT)
def test_a_segment_that_may_be_in(content):
    assert not out(content, "do-not-call")


def test_another_content_is_another_segment_where_the_whole_name_is_given():
    assert not out(BY_SEGMENT[0], "do-not-call-ffffffff")
    assert not out(BY_SEGMENT[0], "do-not")


@pytest.mark.parametrize("name", ["lost", "by-sql"])
def test_a_list_that_is_gone_or_can_t_be_read_leaves_nobody_out(name):
    content = groups(all_of(CELL), excluding(f"{name}-1a2b3c4d"))
    assert not out(content, name)
    assert not out(content, f"{name}-1a2b3c4d")


def test_the_people_of_one_import_stand_for_a_list_only_by_their_whole_name():
    content = groups(all_of(CELL), excluding("imported-1a2b3c4d"))
    assert not out(content, "imported")
    assert out(content, "imported-1a2b3c4d")
    assert "imported-1a2b3c4d is the people of one import" in "; ".join(doubts("root", content, sources=SOURCES))


BY_ATTRIBUTE = [
    groups(all_of(CELL), none_of(DNC)),
    groups(none_of(CELL, DNC)),
    groups(all_of(CELL, NOT_DNC)),
    groups(all_of(NOT_DNC_AND_CELL)),
    groups(any_of(NOT_DNC, NOT_DNC)),
    groups(all_of(CELL), excluding("dnc-by-attribute")),
    groups(all_of(NOT_DNC), all_of(CELL, NOT_DNC), include="ANY"),
]


@pytest.mark.parametrize("content", BY_ATTRIBUTE)
@pytest.mark.parametrize("wanted", ["Attributes.DoNotCall=yes", "Attributes.DoNotCall=y"])
def test_an_attribute_that_is_left_out(content, wanted):
    assert out(content, wanted)


NOT_BY_ATTRIBUTE = [
    groups(all_of(CELL)),
    groups(all_of(DNC)),
    groups(none_of(NOT_DNC)),
    groups(none_of(BOTH)),
    groups(any_of(CELL, NOT_DNC)),
    groups(all_of(NOT_DNC), all_of(CELL), include="ANY"),
    groups(none_of(attribute("DoNotCall", "CONTAINS", "yes"))),
    groups(none_of(field("Address.City", "INCLUSIVE", "yes"))),
    groups(none_of(attribute("donotcall", "INCLUSIVE", "yes"))),
    groups(none_of(attribute("DoNotCall", "INCLUSIVE", "no"))),
    groups(all_of(attribute("DoNotCall", "EXCLUSIVE", "no"))),
    {"Groups": [{"Dimensions": [CELL, NOT_DNC]}], "Include": "ALL"},
]


@pytest.mark.parametrize("content", NOT_BY_ATTRIBUTE)
def test_an_attribute_that_may_be_in(content):
    assert not out(content, "Attributes.DoNotCall=yes")


@pytest.mark.parametrize("content", BY_ATTRIBUTE)
def test_another_value_is_not_left_out(content):
    assert not out(content, "Attributes.DoNotCall=JA")


def test_what_can_t_be_told_is_named():
    said = "; ".join(doubts("root", groups(all_of(CELL)), sources=SOURCES))
    assert [word in said for word in ("none-of-it", "segment sql is", "segment gone", "clean")] == [
        True,
        True,
        True,
        False,
    ]


def test_the_sources_of_a_definition():
    assert list(source_names(groups(members_of("a", "b"), all_of(CELL), excluding("c")))) == ["a", "b", "c"]
    assert list(source_names("SELECT 1")) == list(source_names(None)) == []


@pytest.mark.parametrize(
    "given", ["do-not-call, Attributes.DoNotCall=yes", ["do-not-call", "Attributes.DoNotCall=yes"]]
)
def test_several_are_read(given):
    segment, marked = read_exclusions("require_exclusion", given)
    assert (segment.segment, segment.attribute) == ("do-not-call", None)
    assert (marked.segment, marked.attribute, marked.value) == (None, "DoNotCall", "yes")


@pytest.mark.parametrize(
    "given",
    [
        "Attributes.",
        "Attributes.X",
        "Attributes.X=",
        "Attributes.=yes",
        "do not call",
        "",
        [],
        [""],
        7,
        ["a", 1],
        {"a": 1},
        "a,,b",
    ],
)
def test_anything_else_is_refused_by_name(given):
    with pytest.raises(InvalidInput, match="`require_exclusion`"):
        read_exclusions("require_exclusion", given)
