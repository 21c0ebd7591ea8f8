"""Segment definitions and estimates over HTTP: immutable, listed in pages, refused with reasons."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Emulator

EVERYBODY: dict[str, Any] = {"Groups": [{"Dimensions": []}]}


@pytest.fixture
def client(emulator: Emulator) -> Any:
    client = emulator.client("customer-profiles")
    client.create_domain(DomainName="d", DefaultExpirationDays=30)
    return client


def define(client: Any, name: str = "s", **more: Any) -> dict[str, Any]:
    asked = {"DisplayName": "S", "SegmentGroups": EVERYBODY, **more}
    given = {key: value for key, value in asked.items() if value is not None}
    reply: dict[str, Any] = client.create_segment_definition(DomainName="d", SegmentDefinitionName=name, **given)
    return reply


def finished(client: Any, estimate: str) -> dict[str, Any]:
    reply: dict[str, Any] = {"Status": "RUNNING"}
    while reply["Status"] == "RUNNING":
        reply = client.get_segment_estimate(DomainName="d", EstimateId=estimate)
    return reply


def test_definition_comes_back_as_it_was_given(client: Any) -> None:
    filter_ = {"DimensionType": "INCLUSIVE", "Values": ["a", "ü"]}
    groups = {
        "Groups": [{"Dimensions": [{"ProfileAttributes": {"Attributes": {"x": filter_}}}], "Type": "ANY"}],
        "Include": "ANY",
    }
    sort = {"Attributes": [{"Name": "LastName", "Order": "ASC"}]}
    made = define(client, SegmentGroups=groups, Description="who", Tags={"owner": "crm"}, SegmentSort=sort)
    arn = "arn:aws:profile:us-east-1:123456789012:domains/d/segment-definitions/s"
    assert made["SegmentDefinitionArn"] == arn
    read = client.get_segment_definition(DomainName="d", SegmentDefinitionName="s")
    assert (read["SegmentGroups"], read["SegmentSort"], read["SegmentType"]) == (groups, sort, "CLASSIC")
    for name in ("SegmentDefinitionName", "DisplayName", "Description", "SegmentDefinitionArn", "CreatedAt", "Tags"):
        assert read[name] == made[name]


def test_a_name_is_given_once_even_with_the_same_content(emulator: Emulator, client: Any) -> None:
    first = define(client)
    with pytest.raises(ClientError) as error:
        define(client)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error.value.response["Error"]["Code"] == "BadRequestException"
    assert "already exists" in error.value.response["Error"]["Message"]
    assert emulator.effects("CreateSegmentDefinition") == 1
    read = client.get_segment_definition(DomainName="d", SegmentDefinitionName="s")
    assert read["CreatedAt"] == first["CreatedAt"]


def test_a_name_made_again_has_the_same_arn(client: Any) -> None:
    first = define(client)
    client.delete_segment_definition(DomainName="d", SegmentDefinitionName="s")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_segment_definition(DomainName="d", SegmentDefinitionName="s")
    assert define(client)["SegmentDefinitionArn"] == first["SegmentDefinitionArn"]


def test_definitions_are_listed_in_pages(client: Any) -> None:
    names = [f"s{i}" for i in range(7)]
    for name in names:
        define(client, name)
    pages = client.get_paginator("list_segment_definitions").paginate(DomainName="d", PaginationConfig={"PageSize": 3})
    listed = [[item["SegmentDefinitionName"] for item in page["Items"]] for page in pages]
    assert listed == [names[:3], names[3:6], names[6:]]
    with pytest.raises(ClientError, match=r"MaxResults"):
        client.list_segment_definitions(DomainName="d", MaxResults=501)


CALCULATED = {"CalculatedAttributes": {"calls": {"DimensionType": "EQUAL", "Values": ["1"]}}}
CITY = {"DimensionType": "INCLUSIVE", "Values": ["Paris"]}
BAD_DEFINITIONS: list[tuple[dict[str, Any], str]] = [
    ({"SegmentGroups": None}, "Neither `SegmentGroups` and `SegmentSqlQuery`"),
    ({"SegmentSqlQuery": "select 1"}, "Both `SegmentGroups` and `SegmentSqlQuery`"),
    ({"SegmentGroups": None, "SegmentSqlQuery": "select 1"}, "data store isn't enabled"),
    ({"SegmentGroups": {"Groups": [{"Dimensions": [CALCULATED]}]}}, "Unknown calculated attribute `calls`"),
    ({"SegmentGroups": {"Groups": [{"Dimensions": [{"ProfileAttributes": {}}]}]}}, "names no field"),
    ({"SegmentGroups": {"Groups": [{"SourceSegments": [{"SegmentDefinitionName": "x"}]}]}}, "`x` doesn't exist"),
    ({"SegmentGroups": {"Groups": [{"SourceSegments": [{}]}]}}, "doesn't exist"),
    ({"SegmentGroups": {"Groups": [{"SourceSegments": [{"SegmentDefinitionName": "s"}]}]}}, "`s` doesn't exist"),
    ({"SegmentGroups": {"Include": "SOME"}}, "Include"),
    ({"SegmentGroups": {"Groups": [{"Type": "any"}]}}, "Type"),
    *(
        ({"SegmentGroups": {"Groups": [{"Dimensions": [{"ProfileAttributes": fields}]}]}}, found)
        for fields, found in [
            ({"FirstName": {**CITY, "Values": [str(i) for i in range(51)]}}, "Values"),
            ({"FirstName": {**CITY, "Values": ["x" * 256]}}, "Values"),
            ({"FirstName": {**CITY, "DimensionType": "EQUAL"}}, "DimensionType"),
            ({"BirthDate": {**CITY, "DimensionType": "INCLUSIVE"}}, "DimensionType"),
            ({"BirthDate": {"DimensionType": "BEFORE", "Values": ["now()"]}}, "absolute ISO 8601 dates"),
            ({"ProfileType": {"DimensionType": "INCLUSIVE", "Values": ["PERSON"]}}, "ProfileType"),
            ({"Attributes": {"x": {"DimensionType": "EQUAL", "Values": ["1,000"]}}}, "finite decimal numbers"),
            ({"Attributes": {"x": {"DimensionType": "LIKE", "Values": ["1"]}}}, "DimensionType"),
            ({"Attributes": {"x": {"DimensionType": "INCLUSIVE", "Values": ["\ud800"]}}}, "surrogate"),
        ]
    ),
]


@pytest.mark.parametrize(("more", "found"), BAD_DEFINITIONS)
def test_bad_definition_is_refused_with_the_reason(
    emulator: Emulator, client: Any, more: dict[str, Any], found: str
) -> None:
    loose = emulator.client("customer-profiles", parameter_validation=False)
    with pytest.raises(ClientError, match=found) as error:
        define(loose, **more)
    assert error.value.response["Error"]["Code"] == "BadRequestException"
    assert client.list_segment_definitions(DomainName="d")["Items"] == []


@pytest.mark.parametrize(("more", "found"), [case for case in BAD_DEFINITIONS if "SegmentSort" not in case[0]])
def test_bad_estimate_is_refused_with_the_same_reason(
    emulator: Emulator, client: Any, more: dict[str, Any], found: str
) -> None:
    loose = emulator.client("customer-profiles", parameter_validation=False)
    asked = {"SegmentQuery": EVERYBODY, **{k.replace("SegmentGroups", "SegmentQuery"): v for k, v in more.items()}}
    given = {key: value for key, value in asked.items() if value is not None}
    with pytest.raises(ClientError, match=found.replace("SegmentGroups", "SegmentQuery")) as error:
        loose.create_segment_estimate(DomainName="d", **given)
    assert error.value.response["Error"]["Code"] == "BadRequestException"
    assert emulator.effects("CreateSegmentEstimate") == 0
    assert client.list_segment_definitions(DomainName="d")["Items"] == []


def test_estimate_is_running_for_its_delay_and_then_a_string(emulator: Emulator, client: Any) -> None:
    emulator.set_settings(profiles={"estimate_delay_seconds": 0.3})
    client.create_profile(DomainName="d", FirstName="Ann")
    begun = time.monotonic()
    estimate = client.create_segment_estimate(DomainName="d", SegmentQuery=EVERYBODY)["EstimateId"]
    first = client.get_segment_estimate(DomainName="d", EstimateId=estimate)
    assert first["Status"] == "RUNNING"
    assert "Estimate" not in first
    reply = finished(client, estimate)
    assert time.monotonic() - begun >= 0.3
    assert (reply["Status"], reply["Estimate"]) == ("SUCCEEDED", "1")


def test_estimate_of_nobody_is_zero(client: Any) -> None:
    estimate = client.create_segment_estimate(DomainName="d", SegmentQuery=EVERYBODY)["EstimateId"]
    assert finished(client, estimate)["Estimate"] == "0"


def test_unknown_estimate_is_not_found(client: Any) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_segment_estimate(DomainName="d", EstimateId="none")


def test_estimate_of_a_deleted_domain_fails_without_noise(emulator: Emulator, client: Any) -> None:
    emulator.set_settings(profiles={"estimate_delay_seconds": 0.1})
    client.create_segment_estimate(DomainName="d", SegmentQuery=EVERYBODY)
    client.delete_domain(DomainName="d")
    time.sleep(0.2)
    assert emulator.health()["unexpected_errors"] == 0
