"""Domains and single profiles over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Emulator


@pytest.fixture
def client(emulator: Emulator) -> Any:
    return emulator.client("customer-profiles")


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str, str]:
    reply = error.value.response
    return reply["ResponseMetadata"]["HTTPStatusCode"], reply["Error"]["Code"], reply["Error"]["Message"]


def profile_count(client: Any, domain: str = "d") -> int:
    count: int = client.get_domain(DomainName=domain)["Stats"]["ProfileCount"]
    return count


def test_domain_is_described_changed_and_deleted(client: Any) -> None:
    made = client.create_domain(DomainName="d", DefaultExpirationDays=366, Tags={"team": "crm"})
    assert (made["DomainName"], made["DefaultExpirationDays"], made["Tags"]) == ("d", 366, {"team": "crm"})
    assert made["CreatedAt"] == made["LastUpdatedAt"]
    changed = client.update_domain(DomainName="d", DefaultExpirationDays=10, DeadLetterQueueUrl="https://sqs.test/q")
    assert changed["LastUpdatedAt"] >= made["CreatedAt"]
    described = client.get_domain(DomainName="d")
    assert described["DefaultExpirationDays"] == 10
    assert described["DeadLetterQueueUrl"] == "https://sqs.test/q"
    assert described["Tags"] == {"team": "crm"}
    assert "d" in client.delete_domain(DomainName="d")["Message"]
    with pytest.raises(ClientError) as error:
        client.get_domain(DomainName="d")
    assert refused(error)[:2] == (404, "ResourceNotFoundException")


def test_duplicate_domain_is_refused_but_case_makes_a_difference(client: Any) -> None:
    client.create_domain(DomainName="d", DefaultExpirationDays=1)
    client.create_domain(DomainName="D", DefaultExpirationDays=1)
    client.create_profile(DomainName="D", FirstName="Ann")
    assert (profile_count(client, "d"), profile_count(client, "D")) == (0, 1)
    with pytest.raises(ClientError) as error:
        client.create_domain(DomainName="d", DefaultExpirationDays=1)
    status, code, message = refused(error)
    assert (status, code) == (400, "BadRequestException")
    assert "already exists" in message


def test_a_domain_made_again_is_empty(client: Any) -> None:
    for _ in range(2):
        client.create_domain(DomainName="d", DefaultExpirationDays=1)
        client.create_profile(DomainName="d", Attributes={"x": "1"})
        assert profile_count(client) == 1
        client.delete_domain(DomainName="d")


def test_domains_are_listed_in_pages(client: Any) -> None:
    for i in range(5):
        client.create_domain(DomainName=f"d{i}", DefaultExpirationDays=1)
    first = client.list_domains(MaxResults=3)
    assert [item["DomainName"] for item in first["Items"]] == ["d0", "d1", "d2"]
    rest = client.list_domains(NextToken=first["NextToken"])
    assert [item["DomainName"] for item in rest["Items"]] == ["d3", "d4"]
    assert "NextToken" not in rest
    with pytest.raises(ClientError, match="NextToken"):
        client.list_domains(NextToken="guessed")


@pytest.mark.parametrize("member", ["Matching", "RuleBasedMatching"])
def test_merging_of_profiles_is_refused_not_pretended(client: Any, member: str) -> None:
    with pytest.raises(ClientError, match="merges no profiles"):
        client.create_domain(DomainName="d", DefaultExpirationDays=1, **{member: {"Enabled": True}})
    client.create_domain(DomainName="d", DefaultExpirationDays=1, **{member: {"Enabled": False}})


def test_create_profile_never_updates(client: Any) -> None:
    client.create_domain(DomainName="d", DefaultExpirationDays=1)
    same = {"AccountNumber": "1", "Attributes": {"x": "1"}}
    ids = {client.create_profile(DomainName="d", **same)["ProfileId"] for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch("[a-f0-9]{32}", profile_id) for profile_id in ids)
    assert profile_count(client) == 3


def test_profiles_expire_by_the_emulators_clock(emulator: Emulator, client: Any) -> None:
    client.create_domain(DomainName="d", DefaultExpirationDays=2)
    client.create_profile(DomainName="d", FirstName="Ann")
    client.update_domain(DomainName="d", DefaultExpirationDays=30)
    client.create_profile(DomainName="d", FirstName="Bob")
    emulator.set_clock(step_seconds=timedelta(days=2, hours=1).total_seconds())
    assert profile_count(client) == 1


@pytest.mark.parametrize(
    "profile",
    [
        {"Gender": "UNKNOWN"},
        {"FirstName": "x" * 256},
        {"AdditionalInformation": "x" * 1001},
        {"Attributes": {"x": "y" * 256}},
        {"Attributes": {"x" * 256: "y"}},
        {"FirstName": "half \ud800"},
    ],
)
def test_bad_profile_is_refused_and_not_stored(client: Any, profile: dict[str, Any]) -> None:
    client.create_domain(DomainName="d", DefaultExpirationDays=1)
    with pytest.raises(ClientError) as error:
        client.create_profile(DomainName="d", **profile)
    assert refused(error)[:2] == (400, "BadRequestException")
    assert profile_count(client) == 0


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("get_domain", {}),
        ("update_domain", {}),
        ("delete_domain", {}),
        ("create_profile", {}),
        ("create_upload_job", {"DisplayName": "x", "Fields": {}, "UniqueKey": "x"}),
        ("get_upload_job", {"JobId": "0" * 32}),
        ("get_upload_job_path", {"JobId": "0" * 32}),
        ("start_upload_job", {"JobId": "0" * 32}),
        ("stop_upload_job", {"JobId": "0" * 32}),
        ("list_upload_jobs", {}),
        ("create_segment_definition", {"SegmentDefinitionName": "s", "DisplayName": "s", "SegmentGroups": {}}),
        ("get_segment_definition", {"SegmentDefinitionName": "s"}),
        ("list_segment_definitions", {}),
        ("delete_segment_definition", {"SegmentDefinitionName": "s"}),
        ("create_segment_estimate", {"SegmentQuery": {}}),
        ("get_segment_estimate", {"EstimateId": "e"}),
    ],
)
def test_unknown_domain_is_not_found_and_nothing_takes_effect(
    emulator: Emulator, client: Any, operation: str, more: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(client, operation)(DomainName="nowhere", **more)
    status, code, message = refused(error)
    assert (status, code) == (404, "ResourceNotFoundException")
    assert "Domain `nowhere` not found" in message
    assert sum(count["effects"] for count in emulator.counts().values()) == 0
