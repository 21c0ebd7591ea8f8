"""Bad segment definitions, by a table: each is told in three parts before anything is made, most before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from connect_campaigns.core.definitions import all_of, attribute, excluding, groups, members_of
from connect_campaigns.core.errors import GuardFailed, InvalidInput
from tests.segment_kit import DOMAIN, Crm, defining, run
from tests.unit.core.test_definitions_checks import BROKEN, OK, condition, of

PLAIN = groups(all_of(OK))
DAY = "2026-02-01T00:00:00Z"


def days(**given: Any) -> dict[str, Any]:
    overrides = {"ConditionOverrides": {"Range": given}}
    return of({"CalculatedAttributes": {"calls": {"DimensionType": "EQUAL", "Values": ["1"], **overrides}}})


def standard(name: str, operator: str, *values: str) -> dict[str, Any]:
    return of({"ProfileAttributes": {name: {"DimensionType": operator, "Values": list(values)}}})


PARAMETERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no name": ({"name": ""}, "`name` is ''", "give `name`"),
    "name of a template that rendered to nothing": ({"name": "None"}, "`name` is 'None'", "rendered to"),
    "name of 56 characters": ({"name": "x" * 56}, "`name` is", "shorten it by 1"),
    "name with a blank": ({"name": "spring fr"}, "`name` is 'spring fr'", "characters allowed in `name`"),
    "name with an umlaut": ({"name": "frühling"}, "`name` is", "characters allowed in `name`"),
    "name that is a number": ({"name": 5}, "`name` is 5", "in quotes"),
    "display name of 256 characters": ({"display_name": "x" * 256}, "(256 characters)", "shorten it by 1"),
    "description of 4,001 characters": ({"description": "x" * 4001}, "(4001 characters)", "shorten it by 1"),
    "description with half a pair": ({"description": "\ud800"}, "`description` is", "UTF-8"),
    "everybody, perhaps": ({"groups": "", "allow_all_profiles": "perhaps"}, "`allow_all_profiles`", "=True"),
    "nobody said everybody": ({"groups": ""}, "selects every profile", "`allow_all_profiles=True`"),
    "an empty group beside others": ({"groups": groups(all_of(OK), {})}, "Groups[1]", "`allow_all_profiles=True`"),
    "a group of nothing": ({"groups": groups({"Dimensions": [], "Type": "ANY"})}, "Groups[0]", "allow_all_profiles"),
    "JSON that is none": ({"groups": '{"Groups": ['}, "`groups` is", "begins like JSON"),
    "a number": ({"groups": 5}, "SegmentGroups: 5", "builders"),
    "shorthand without operator": ({"groups": "Contact"}, "an operator is missing", "= != >"),
    "shorthand without value": ({"groups": "Contact="}, "a value is missing", "write it like"),
    "shorthand: text under >": ({"groups": "Balance>much"}, "needs one number", "without separators"),
    "shorthand: 1,000": ({"groups": "Balance>1,000"}, "an operator is missing", "no separators"),
    "shorthand: two numbers": ({"groups": "Balance>1|2"}, "needs one number", "without separators"),
    "shorthand: a number's comparison on a name": (
        {"groups": "FirstName>5"},
        "FirstName can't be",
        "Attributes.FirstName",
    ),
    "shorthand: an infinite number": ({"groups": "Balance>1e999"}, "Values[0]: 1e999", "separators"),
    "audience_run beside alternatives": (
        {"groups": groups(all_of(OK), all_of(OK), include="ANY"), "audience_run": "today"},
        "Include is 'ANY' beside `audience_run`",
        "into each group",
    ),
    "a misspelt operator": ({"groups": condition("INCLUSIV", "x")}, "INCLUSIV", "perhaps `INCLUSIVE`"),
    "an operator in small letters": (
        {"groups": condition("greater than", "1")},
        "greater than",
        "write `GREATER_THAN`",
    ),
    "an operator of SQL's": ({"groups": condition("LIKE", "x")}, "LIKE", "write `CONTAINS`"),
    "an operator's sign": ({"groups": condition(">=", "1")}, ">=", "write `GREATER_THAN_OR_EQUAL`"),
    "an operator that is none": ({"groups": condition("XYZ", "1")}, "XYZ", "text is compared with INCLUSIVE"),
    "an operator of custom attributes": (
        {"groups": standard("FirstName", "LESS_THAN", "5")},
        "LESS_THAN",
        "a custom attribute",
    ),
    "a misspelt field": ({"groups": standard("Firstname", "INCLUSIVE", "x")}, "Firstname", "perhaps `FirstName`"),
    "a misspelt member": ({"groups": {"Group": []}}, "SegmentGroups.Group", "perhaps `Groups`"),
    "a misspelt type": ({"groups": groups({"Dimensions": [OK], "Type": "al"})}, "Groups[0].Type: al", "`ALL`"),
    "values that are null": ({"groups": of(attribute("x", "INCLUSIVE"))}, "x.Values: no values", "square brackets"),
    "a value that is null": ({"groups": condition("INCLUSIVE", None)}, "Values[0]: None", "write out a text"),
    "a value that is true": ({"groups": condition("INCLUSIVE", *[True])}, "Values[0]: True", '"true"'),
    "a value with half a pair": ({"groups": condition("INCLUSIVE", "\ud800")}, "Values[0]: half a", "UTF-8"),
    "a name with half a pair": (
        {"groups": of(attribute("\ud800", "INCLUSIVE", "x"))},
        "a name of 1",
        "attribute's name",
    ),
    "a name of 256 characters": (
        {"groups": of(attribute("x" * 256, "EQUAL", "1"))},
        "a name of 256",
        "attribute's name",
    ),
    "a value of 1,001 characters": (
        {"groups": standard("AdditionalInformation", "CONTAINS", "x" * 1001)},
        "1001 characters",
        "shorten it by 1",
    ),
    "a number that is infinite": ({"groups": condition("EQUAL", "1e999")}, "Values[0]: 1e999", "separators"),
    "a number in other digits": ({"groups": condition("EQUAL", "٣")}, "Values[0]: ٣", "separators"),
    "a number with a unit": ({"groups": condition("LESS_THAN", "5 €")}, "Values[0]: 5 €", "units"),
    "three ends": ({"groups": condition("NOT_BETWEEN", DAY, DAY, DAY)}, "3 values", "a dimension of its own"),
    "days without a start": ({"groups": days(Unit="DAYS")}, "Range.Start: None", '"Start": 30'),
    "days as text": ({"groups": days(Start="30", Unit="DAYS")}, "Range.Start: 30", '"Start": 30'),
    "an end that is no number": ({"groups": days(Start=30, End=None, Unit="DAYS")}, "Range.End: None", '"Start": 30'),
    "weeks": ({"groups": days(Start=4, Unit="WEEKS")}, "Range.Unit: WEEKS", '"Unit": "DAYS"'),
    "a misspelt range": ({"groups": days(Start=4, Units="DAYS")}, "Range.Units", "perhaps `Unit`"),
}
TABLE = PARAMETERS | {f"groups: {name}": ({"groups": given}, "", "") for name, (given, _) in BROKEN.items()}


@pytest.fixture
def crm(emulator, monkeypatch, tmp_path):
    return Crm(emulator, monkeypatch, tmp_path)


@pytest.mark.parametrize("case", TABLE)
def test_bad_input_is_told_in_three_parts(case):
    given, found, hint = TABLE[case]
    with pytest.raises(InvalidInput) as caught:
        defining(**{"groups": PLAIN, **given}).validate()
    error = caught.value
    assert found in error.found
    assert hint in error.hint
    assert all((error.found, error.allowed, error.hint))


def test_of_all_that_nothing_is_sent(crm):
    before = crm.emulator.counts()
    for given, _, _ in TABLE.values():
        with pytest.raises(InvalidInput):
            run(defining(**{"groups": PLAIN, **given}))
    assert crm.emulator.counts() == before


def made(crm: Crm, name: str, **content: Any) -> str:
    content = content or {"SegmentGroups": PLAIN}
    crm.profiles.create_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=name, DisplayName=name, **content)
    return name


def on(*names: str) -> dict[str, Any]:
    return groups(members_of(*names))


def chain(crm: Crm) -> dict[str, Any]:
    """Make five levels of segments, and give groups on the highest."""
    names = [made(crm, "level-5")]
    for level in range(4, -1, -1):
        names.append(made(crm, f"level-{level}", SegmentGroups=on(names[-1])))
    return on(names[-1])


def circle(crm: Crm) -> dict[str, Any]:
    """Make a segment on the definition that is to be made: it was there once, and was deleted."""
    content = on("between")
    name = made(crm, defining(groups=content).validate().name)
    made(crm, "between", SegmentGroups=on(name))
    crm.profiles.delete_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=name)
    return content


def sixty_one(crm: Crm) -> dict[str, Any]:
    wide = {f"a{each}" for each in range(60)}
    below = groups(all_of(*[attribute(name, "INCLUSIVE", "x") for name in sorted(wide)]))
    return groups(members_of(made(crm, "wide", SegmentGroups=below)), all_of(attribute("b", "INCLUSIVE", "x")))


def by_sql(crm: Crm) -> dict[str, Any]:
    crm.profiles.update_domain(DomainName=DOMAIN, DataStore={"Enabled": True})
    return on(made(crm, "by-sql", SegmentSqlQuery="SELECT profileid FROM profile"))


def gone(crm: Crm) -> dict[str, Any]:
    """Make a segment whose own source was deleted."""
    made(crm, "deep")
    built = made(crm, "built", SegmentGroups=on("deep"))
    crm.profiles.delete_segment_definition(DomainName=DOMAIN, SegmentDefinitionName="deep")
    return on(built)


BEHIND = {
    "a missing source": (lambda _: on("nobody-made-this"), "'nobody-made-this' isn't there", "make it first"),
    "a missing exclusion": (lambda _: groups(all_of(OK), excluding("dnc")), "'dnc' isn't there", "make it first"),
    "a source's source is missing": (gone, "'deep' isn't there", "make it first"),
    "a circle": (circle, "in a circle: spring-", "write the groups of one of them"),
    "six levels": (chain, "nested 6 levels deep", "write the innermost groups"),
    "61 attributes with the source's": (sixty_one, "61 unique attributes", "split the segment"),
    "a source by SQL": (by_sql, "'by-sql' is defined by SQL", "write its condition as groups"),
}


@pytest.mark.parametrize("case", BEHIND)
def test_what_the_service_has_behind_it_is_told_before_anything_is_made(crm, case):
    build, found, hint = BEHIND[case]
    content = build(crm)
    before = crm.changed
    with pytest.raises(InvalidInput) as caught:
        run(defining(groups=content))
    assert found in caught.value.found
    assert hint in caught.value.hint
    assert caught.value.allowed
    assert crm.changed == before


def test_other_content_under_the_name_is_told_and_left_alone(crm):
    name = made(crm, defining(groups="Contact=telephone").validate().name)
    before = crm.changed
    with pytest.raises(GuardFailed, match="exists with other content") as caught:
        run(defining(groups="Contact=telephone"))
    assert all((caught.value.allowed, caught.value.hint))
    assert crm.changed == before
    kept = crm.profiles.get_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=name)
    assert kept["SegmentGroups"] == PLAIN
