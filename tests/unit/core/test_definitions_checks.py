"""SegmentGroups checked offline: each broken form and limit, with the path of the member."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.validate import ParamValidator

from connect_campaigns.core.definition_checks import check_groups
from connect_campaigns.core.definitions import all_of, attribute, excluding, field, groups, members_of
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import ATTRIBUTE_OPERATORS, FILTERABLE

OK = attribute("Contact", "INCLUSIVE", "cellular")
MODEL = botocore.session.get_session().get_service_model("customer-profiles")
DIMENSION = "SegmentGroups.Groups[0].Dimensions[0]"
ATTRIBUTE = f"{DIMENSION}.ProfileAttributes.Attributes"


def of(dimension):
    return groups(all_of(dimension))


def condition(operator, *values):
    return of({"ProfileAttributes": {"Attributes": {"x": {"DimensionType": operator, "Values": list(values)}}}})


BROKEN = {
    "no dict": ("text", "SegmentGroups"),
    "unknown member": ({"Groups": [], "Includes": "ALL"}, "SegmentGroups.Includes"),
    "groups no list": ({"Groups": {}}, "SegmentGroups.Groups"),
    "include none": (groups(all_of(OK), include="NONE"), "SegmentGroups.Include"),
    "include unknown": (groups(all_of(OK), include="all"), "SegmentGroups.Include"),
    "no groups": ({}, "SegmentGroups"),
    "empty group": (groups(all_of(OK), {}), "SegmentGroups.Groups[1]"),
    "group no dict": (groups("x"), "SegmentGroups.Groups[0]"),
    "group's unknown member": (groups({"Dimension": [OK]}), "SegmentGroups.Groups[0].Dimension"),
    "type unknown": (groups({"Dimensions": [OK], "Type": "AND"}), "SegmentGroups.Groups[0].Type"),
    "source type unknown": (groups({"Dimensions": [OK], "SourceType": 1}), "SegmentGroups.Groups[0].SourceType"),
    "a type that turns nothing round": (groups({**members_of("dnc"), "Type": "NONE"}), "SegmentGroups.Groups[0].Type"),
    "a source type that turns nothing round": (
        groups({**all_of(OK), "SourceType": "NONE"}),
        "SegmentGroups.Groups[0].SourceType",
    ),
    "dimensions no list": (groups({"Dimensions": OK}), "SegmentGroups.Groups[0].Dimensions"),
    "six sources": (groups(excluding(*"abcdef")), "SegmentGroups.Groups[0].SourceSegments"),
    "source's name": (groups(excluding("no good")), "SegmentGroups.Groups[0].SourceSegments[0].SegmentDefinitionName"),
    "source without name": (
        groups({"SourceSegments": [{}]}),
        "SegmentGroups.Groups[0].SourceSegments[0].SegmentDefinitionName",
    ),
    "source no dict": (groups({"SourceSegments": ["a"]}), "SegmentGroups.Groups[0].SourceSegments[0]"),
    "dimension without member": (of({}), DIMENSION),
    "dimension with two members": (of({"ProfileAttributes": {}, "CalculatedAttributes": {}}), DIMENSION),
    "dimension's unknown member": (of({"Attributes": {}}), f"{DIMENSION}.Attributes"),
    "no field": (of({"ProfileAttributes": {}}), f"{DIMENSION}.ProfileAttributes"),
    "no attribute": (of({"ProfileAttributes": {"Attributes": {}}}), ATTRIBUTE),
    "no part": (of({"ProfileAttributes": {"Address": {}}}), f"{DIMENSION}.ProfileAttributes.Address"),
    "unknown field": (of(field("Balance", "INCLUSIVE", "1")), f"{DIMENSION}.ProfileAttributes.Balance"),
    "field that can't be filtered": (of(field("Gender", "INCLUSIVE", "MALE")), f"{DIMENSION}.ProfileAttributes.Gender"),
    "unknown part": (of(field("Address.Street", "INCLUSIVE", "x")), f"{DIMENSION}.ProfileAttributes.Address.Street"),
    "number's operator on text": (
        of(field("FirstName", "GREATER_THAN", "5")),
        f"{DIMENSION}.ProfileAttributes.FirstName.DimensionType",
    ),
    "text's operator on a date": (
        of(field("BirthDate", "INCLUSIVE", "1980-01-01T00:00:00Z")),
        f"{DIMENSION}.ProfileAttributes.BirthDate.DimensionType",
    ),
    "profile type": (of(field("ProfileType", "INCLUSIVE", "PERSON")), f"{DIMENSION}.ProfileAttributes.ProfileType"),
    "two profile types": (
        of(field("ProfileType", "INCLUSIVE", "PROFILE", "ACCOUNT_PROFILE")),
        f"{DIMENSION}.ProfileAttributes.ProfileType.Values",
    ),
    "unknown operator": (condition("IS", "x"), f"{ATTRIBUTE}.x.DimensionType"),
    "condition's unknown member": (
        of({"ProfileAttributes": {"Attributes": {"x": {"DimensionType": "INCLUSIVE", "Value": ["x"]}}}}),
        f"{ATTRIBUTE}.x.Value",
    ),
    "no values": (condition("INCLUSIVE"), f"{ATTRIBUTE}.x.Values"),
    "51 values": (condition("INCLUSIVE", *map(str, range(51))), f"{ATTRIBUTE}.x.Values"),
    "values no list": (
        of({"ProfileAttributes": {"Attributes": {"x": {"DimensionType": "INCLUSIVE", "Values": "abc"}}}}),
        f"{ATTRIBUTE}.x.Values",
    ),
    "empty value": (condition("INCLUSIVE", ""), f"{ATTRIBUTE}.x.Values[0]"),
    "long value": (condition("INCLUSIVE", "ok", "x" * 256), f"{ATTRIBUTE}.x.Values[1]"),
    "number as a value": (condition("GREATER_THAN", 1000), f"{ATTRIBUTE}.x.Values[0]"),
    "text under a number's comparison": (condition("GREATER_THAN", "abc"), f"{ATTRIBUTE}.x.Values[0]"),
    "thousands separator": (condition("EQUAL", "1,000"), f"{ATTRIBUTE}.x.Values[0]"),
    "not a number": (condition("EQUAL", "nan"), f"{ATTRIBUTE}.x.Values[0]"),
    "ambiguous date": (condition("BEFORE", "01/02/2026"), f"{ATTRIBUTE}.x.Values[0]"),
    "date without zone": (condition("ON", "2026-02-01T00:00:00"), f"{ATTRIBUTE}.x.Values[0]"),
    "date without time": (condition("ON", "2026-02-01"), f"{ATTRIBUTE}.x.Values[0]"),
    "no such day": (condition("ON", "2026-02-30T00:00:00Z"), f"{ATTRIBUTE}.x.Values[0]"),
    "relative date": (condition("AFTER", "-30 days"), f"{ATTRIBUTE}.x.Values[0]"),
    "one end": (condition("BETWEEN", "2026-02-01T00:00:00Z"), f"{ATTRIBUTE}.x.Values"),
    "ends swapped": (
        condition("BETWEEN", "2026-02-02T00:00:00Z", "2026-02-01T00:00:00Z"),
        f"{ATTRIBUTE}.x.Values",
    ),
    "half a reference": (condition("INCLUSIVE", "{{x}}"), f"{ATTRIBUTE}.x.Values[0]"),
    "attribute's name": (of({"ProfileAttributes": {"Attributes": {"": {}}}}), ATTRIBUTE),
    "calculated attribute's name": (
        of({"CalculatedAttributes": {"1st": {}}}),
        f"{DIMENSION}.CalculatedAttributes",
    ),
    "61 attributes": (groups(all_of(*(attribute(f"a{i}", "INCLUSIVE", "x") for i in range(61)))), "SegmentGroups"),
    "11 calculated": (
        of({"CalculatedAttributes": {f"a{i}": {"DimensionType": "EQUAL", "Values": ["1"]} for i in range(11)}}),
        "SegmentGroups",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_form_or_limit_is_told_with_the_members_path(case):
    given, path = BROKEN[case]
    with pytest.raises(InvalidInput) as caught:
        check_groups(given, allow_all_profiles=False)
    assert caught.value.found.startswith(path)
    assert caught.value.allowed
    assert caught.value.hint


@pytest.mark.parametrize(
    "given",
    [
        groups(all_of(*(attribute(f"a{i}", "INCLUSIVE", *map(str, range(50))) for i in range(60)))),
        groups(all_of(OK), excluding(*"abcde")),
        groups(excluding("do-not-call")),
        of(field("AdditionalInformation", "CONTAINS", "x" * 1000)),
        condition("INCLUSIVE", "{{_profile.Address.City}}"),
        condition("GREATER_THAN", "{{_calculated_attribute.average}}"),
        condition("NOT_BETWEEN", "2026-02-01T00:00:00Z", "2026-02-01T02:00:00+02:00"),
        condition("EQUAL", "-.5e-3"),
        of(
            {
                "CalculatedAttributes": {
                    "visits": {
                        "DimensionType": "GREATER_THAN",
                        "Values": ["5"],
                        "ConditionOverrides": {"Range": {"Start": 30, "Unit": "DAYS"}},
                    }
                }
            }
        ),
    ],
)
def test_what_the_api_takes_is_let_pass(given):
    check_groups(given, allow_all_profiles=False)


def test_the_tables_of_fields_and_operators_are_the_models_own():
    members = MODEL.shape_for("ProfileAttributes").members
    operators = {}
    for name, shape in members.items():
        if name == "Attributes":
            assert tuple(shape.value.members["DimensionType"].enum) == ATTRIBUTE_OPERATORS
        elif "DimensionType" in shape.members:
            operators[name] = set(shape.members["DimensionType"].enum)
        else:
            parts = shape.members.items()
            operators |= {f"{name}.{part}": set(inner.members["DimensionType"].enum) for part, inner in parts}
    assert {name: set(known) for name, known in FILTERABLE.items()} == operators


@pytest.mark.parametrize("name", sorted(FILTERABLE))
def test_every_field_with_every_operator_passes_the_sdks_own_validation(name):
    for operator in FILTERABLE[name]:
        value = "PROFILE" if name == "ProfileType" else "2026-02-01T00:00:00Z"
        values = [value, value] if operator.endswith("BETWEEN") else [value]
        content = of(field(name, operator, *values))
        check_groups(content, allow_all_profiles=False)
        report = ParamValidator().validate(content, MODEL.shape_for("SegmentGroup"))
        assert not report.has_errors(), report.generate_report()
