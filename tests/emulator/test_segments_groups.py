"""How dimensions, source segments and groups are joined: truth tables over HTTP."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Emulator

WAYS = {"ALL": all, "ANY": any, "NONE": lambda verdicts: not any(verdicts)}
LETTERS = "abc"


class Segments:
    """A domain with one profile per subset of the attributes a, b, c; who has which is the truth table."""

    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("customer-profiles")
        self.client.create_domain(DomainName="d", DefaultExpirationDays=30)
        self.subsets = [set(chosen) for n in range(4) for chosen in combinations(LETTERS, n)]
        for subset in self.subsets:
            attributes = {"Attributes": dict.fromkeys(sorted(subset), "yes")} if subset else {}
            self.client.create_profile(DomainName="d", FirstName="".join(sorted(subset)) or "-", **attributes)

    def define(self, name: str, groups: dict[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = self.client.create_segment_definition(
            DomainName="d", SegmentDefinitionName=name, DisplayName=name, SegmentGroups=groups
        )
        return reply

    def estimate(self, groups: dict[str, Any]) -> dict[str, Any]:
        estimate = self.client.create_segment_estimate(DomainName="d", SegmentQuery=groups)["EstimateId"]
        reply: dict[str, Any] = {"Status": "RUNNING"}
        while reply["Status"] == "RUNNING":
            reply = self.client.get_segment_estimate(DomainName="d", EstimateId=estimate)
        return reply

    def count(self, groups: dict[str, Any]) -> int:
        reply = self.estimate(groups)
        assert reply["Status"] == "SUCCEEDED", reply
        assert isinstance(reply["Estimate"], str)
        return int(reply["Estimate"])

    def members(self, groups: dict[str, Any]) -> list[set[str]]:
        """Ask for each profile on its own: the segment as source AND its first name."""
        self.define("asked", groups)
        found = []
        for subset in self.subsets:
            name = {"ProfileAttributes": {"FirstName": inclusive("".join(sorted(subset)) or "-")}}
            if self.count({"Groups": [{"SourceSegments": [source("asked")], "Dimensions": [name]}]}):
                found.append(subset)
        self.client.delete_segment_definition(DomainName="d", SegmentDefinitionName="asked")
        return found


def inclusive(*values: str) -> dict[str, Any]:
    return {"DimensionType": "INCLUSIVE", "Values": list(values)}


def has(letter: str) -> dict[str, Any]:
    return {"ProfileAttributes": {"Attributes": {letter: inclusive("yes")}}}


def source(name: str) -> dict[str, str]:
    return {"SegmentDefinitionName": name}


def group(*letters: str, **more: Any) -> dict[str, Any]:
    return {"Dimensions": [has(letter) for letter in letters], **more}


@pytest.fixture
def segments(emulator: Emulator) -> Segments:
    return Segments(emulator)


def test_type_joins_dimensions_include_joins_groups_source_type_joins_sources(segments: Segments) -> None:
    for letter in LETTERS:
        segments.define(letter, {"Groups": [group(letter)]})
    for way, joined in WAYS.items():
        expected = [subset for subset in segments.subsets if joined([letter in subset for letter in LETTERS])]
        sources = [source(letter) for letter in LETTERS]
        assert segments.members({"Groups": [group(*LETTERS, Type=way)]}) == expected
        assert segments.members({"Groups": [group(letter) for letter in LETTERS], "Include": way}) == expected
        assert segments.members({"Groups": [{"SourceSegments": sources, "SourceType": way}]}) == expected


def test_absent_words_mean_all_dimensions_all_groups_any_source(segments: Segments) -> None:
    segments.define("a", {"Groups": [group("a")]})
    segments.define("b", {"Groups": [group("b")]})
    assert segments.count({"Groups": [group("a", "b")]}) == 2
    assert segments.count({"Groups": [group("a"), group("b")]}) == 2
    assert segments.count({"Groups": [{"SourceSegments": [source("a"), source("b")]}]}) == 6


def test_a_group_is_its_sources_and_its_dimensions(segments: Segments) -> None:
    segments.define("a", {"Groups": [group("a")]})
    for way, joined in WAYS.items():
        expected = [
            subset for subset in segments.subsets if "a" in subset and joined([letter in subset for letter in "bc"])
        ]
        assert segments.members({"Groups": [group("b", "c", Type=way, SourceSegments=[source("a")])]}) == expected


def test_exclusion_is_a_group_of_its_own_with_source_type_none(segments: Segments) -> None:
    segments.define("do-not-call", {"Groups": [group("c")]})
    exclusion = {"SourceSegments": [source("do-not-call")], "SourceType": "NONE"}
    assert segments.members({"Groups": [group("a"), exclusion], "Include": "ALL"}) == [{"a"}, {"a", "b"}]


@pytest.mark.parametrize("groups", [{}, {"Groups": []}, {"Groups": [{}]}, {"Groups": [{"Dimensions": []}]}])
def test_a_segment_without_conditions_is_everybody(segments: Segments, groups: dict[str, Any]) -> None:
    assert segments.count(groups) == 8


def test_settings_decide_on_empty_groups_and_include_none(emulator: Emulator, segments: Segments) -> None:
    first_minus_second = {"Groups": [group("a"), group("b")], "Include": "NONE"}
    assert segments.count(first_minus_second) == 2
    emulator.set_settings(profiles={"include_none": "exclude", "empty_groups": "none"})
    assert segments.members(first_minus_second) == [{"a"}, {"a", "c"}]
    assert segments.count({}) == 0


def test_sources_nest_five_deep_and_no_deeper(segments: Segments) -> None:
    segments.define("level-0", {"Groups": [group("a")]})
    for level in range(1, 6):
        segments.define(f"level-{level}", {"Groups": [{"SourceSegments": [source(f"level-{level - 1}")]}]})
    assert segments.estimate({"Groups": [{"SourceSegments": [source("level-4")]}]})["Estimate"] == "4"
    with pytest.raises(ClientError, match="6 levels deep"):
        segments.define("level-6", {"Groups": [{"SourceSegments": [source("level-5")]}]})


def test_a_circle_of_sources_is_refused(segments: Segments) -> None:
    segments.define("a", {"Groups": [group("a")]})
    segments.define("b", {"Groups": [{"SourceSegments": [source("a")]}]})
    segments.client.delete_segment_definition(DomainName="d", SegmentDefinitionName="a")
    with pytest.raises(ClientError, match="in a circle: a > b > a"):
        segments.define("a", {"Groups": [{"SourceSegments": [source("b")]}]})


def test_a_deleted_source_fails_when_the_segment_is_evaluated(segments: Segments) -> None:
    segments.define("a", {"Groups": [group("a")]})
    segments.define("b", {"Groups": [{"SourceSegments": [source("a")]}]})
    segments.client.delete_segment_definition(DomainName="d", SegmentDefinitionName="a")
    reply = segments.estimate({"Groups": [{"SourceSegments": [source("b")]}]})
    assert reply["Status"] == "FAILED"
    assert "`a` doesn't exist" in reply["Message"]
    assert "Estimate" not in reply


def test_sixty_unique_attributes_counted_through_the_sources(segments: Segments) -> None:
    names = [f"n{i}" for i in range(61)]
    segments.define("most", {"Groups": [group(*names[:30]), group(*names[:30])]})
    segments.define("all", {"Groups": [group(*names[20:60], SourceSegments=[source("most")])]})
    with pytest.raises(ClientError, match="61 unique attributes"):
        segments.define("more", {"Groups": [group(names[60], SourceSegments=[source("all")])]})


def test_five_sources_a_group(segments: Segments) -> None:
    for i in range(6):
        segments.define(f"s{i}", {"Groups": [group("a")]})
    segments.define("five", {"Groups": [{"SourceSegments": [source(f"s{i}") for i in range(5)]}]})
    with pytest.raises(ClientError, match="6 source segments"):
        segments.define("six", {"Groups": [{"SourceSegments": [source(f"s{i}") for i in range(6)]}]})


def test_too_many_conditions_written_out_are_refused(emulator: Emulator, segments: Segments) -> None:
    emulator.set_settings(profiles={"max_conditions": 10})
    with pytest.raises(ClientError, match="More than 10 values"):
        segments.estimate({"Groups": [group(*"aaaaaaaaaaa")]})


def test_a_thousand_groups_are_evaluated(segments: Segments) -> None:
    assert segments.count({"Groups": [group("a", "b", Type="ANY")] * 1000}) == 6
    assert segments.count({"Groups": [group("a", "b")] * 1000, "Include": "ANY"}) == 2
