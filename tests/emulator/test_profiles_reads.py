"""Profiles found, read, changed and asked for membership, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.campaign_kit import Kit, refusal

if TYPE_CHECKING:
    from tests.conftest import Emulator

ANN = {
    "FirstName": "Ann",
    "MiddleName": "B.",
    "LastName": "Lee",
    "AccountNumber": "A-1",
    "PhoneNumber": "+12025550101",
    "PersonalEmailAddress": "ann@example.com",
    "Address": {"City": "Lyon", "Country": "FR"},
    "Attributes": {"plan": "gold", "Plan": "old", "it's": "x"},
    "EngagementPreferences": {"Phone": [{"KeyName": "_phone", "KeyValue": "+12025550101"}]},
}
BEN = {"FirstName": "Ben", "LastName": "Lee", "MobilePhoneNumber": "+1 (202) 555-0102", "AccountNumber": "A-2"}
NOBODY = "0" * 32


class People:
    """A domain with Ann and Ben."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.client = emulator.client("customer-profiles")
        self.client.create_domain(DomainName="d", DefaultExpirationDays=30)
        self.ann, self.ben = (self.client.create_profile(DomainName="d", **each)["ProfileId"] for each in (ANN, BEN))

    def get(self, profile_id: str) -> dict[str, Any]:
        (profile,) = self.client.batch_get_profile(DomainName="d", ProfileIds=[profile_id])["Profiles"]
        assert profile.pop("ProfileId") == profile_id
        return dict(profile)

    def update(self, profile_id: str, **changes: Any) -> None:
        assert self.client.update_profile(DomainName="d", ProfileId=profile_id, **changes)["ProfileId"] == profile_id

    def search(self, key: str, *values: str, **more: Any) -> list[str]:
        reply = self.client.search_profiles(DomainName="d", KeyName=key, Values=list(values), **more)
        return [profile["ProfileId"] for profile in reply["Items"]]


@pytest.fixture
def people(emulator: Emulator) -> People:
    return People(emulator)


@pytest.mark.parametrize("columns", [300, 1, 0])
def test_a_profile_is_read_as_it_was_made(emulator: Emulator, columns: int) -> None:
    emulator.set_settings(profiles={"max_attribute_columns": columns})
    people = People(emulator)
    assert people.get(people.ann) == ANN
    assert people.get(people.ben) == BEN


def test_batch_get_gives_the_known_in_the_order_asked_for_and_errors_for_the_others(people: People) -> None:
    reply = people.client.batch_get_profile(DomainName="d", ProfileIds=[people.ben, NOBODY, people.ann])
    assert [profile["ProfileId"] for profile in reply["Profiles"]] == [people.ben, people.ann]
    assert [(error["ProfileId"], error["Code"]) for error in reply["Errors"]] == [(NOBODY, "ResourceNotFoundException")]
    many = [f"{number:032x}" for number in range(21)]
    assert refusal(people.client.batch_get_profile, DomainName="d", ProfileIds=many)["status"] == 400


@pytest.mark.parametrize("columns", [300, 1, 0])
def test_an_update_sets_merges_and_removes(emulator: Emulator, columns: int) -> None:
    emulator.set_settings(profiles={"max_attribute_columns": columns})
    people = People(emulator)
    people.update(
        people.ann,
        LastName="",
        FirstName="Anna",
        Gender="FEMALE",
        Address={"City": "", "State": "ARA"},
        Attributes={"plan": "", "Plan": "new", "more": "m"},
    )
    changed = {
        **{name: value for name, value in ANN.items() if name != "LastName"},
        "FirstName": "Anna",
        "Gender": "FEMALE",
        "GenderString": "FEMALE",
        "Address": {"Country": "FR", "State": "ARA"},
        "Attributes": {"Plan": "new", "it's": "x", "more": "m"},
    }
    assert people.get(people.ann) == changed
    assert people.get(people.ben) == BEN
    people.update(people.ann)
    assert people.get(people.ann) == changed


def test_what_is_not_there_is_neither_updated_nor_deleted(people: People) -> None:
    for operation in (people.client.update_profile, people.client.delete_profile):
        assert refusal(operation, DomainName="d", ProfileId=NOBODY)["code"] == "ResourceNotFoundException"
    people.client.delete_profile(DomainName="d", ProfileId=people.ann)
    assert refusal(people.client.delete_profile, DomainName="d", ProfileId=people.ann)["status"] == 404
    assert people.search("_account", "A-1", "A-2") == [people.ben]


def test_expired_profiles_are_gone_unless_updated(emulator: Emulator) -> None:
    kit, people = Kit(emulator), People(emulator)
    kit.step(20 * 86_400)
    people.update(people.ben, LastName="Li")
    kit.step(20 * 86_400)
    reply = people.client.batch_get_profile(DomainName="d", ProfileIds=[people.ann, people.ben])
    assert [profile["ProfileId"] for profile in reply["Profiles"]] == [people.ben]
    assert refusal(people.client.update_profile, DomainName="d", ProfileId=people.ann)["status"] == 404
    assert people.search("_account", "A-1") == []
    emulator.set_settings(profiles={"update_extends_expiry": False})
    people.update(people.ben, LastName="Lo")
    kit.step(20 * 86_400)
    assert people.search("_account", "A-2") == []


def test_each_documented_key_finds_its_profile(people: People) -> None:
    assert people.search("_phone", "1 (202) 555-0101") == [people.ann]
    assert people.search("_phone", "+12025550102") == [people.ben]
    assert people.search("_phone", "no digits") == []
    assert people.search("_email", "ann@example.com") == [people.ann]
    assert people.search("_account", "A-2", "A-1") == [people.ann, people.ben]
    assert people.search("_profileId", people.ben) == [people.ben]
    assert people.search("_fullName", "Ann B. Lee") == [people.ann]
    assert people.search("_fullName", "Ben Lee") == [people.ben]


def test_keys_are_joined_and_each_profile_says_what_found_it(people: People) -> None:
    more = {"AdditionalSearchKeys": [{"KeyName": "_fullName", "Values": ["Ann B. Lee"]}]}
    assert people.search("_account", "A-2", **more) == [people.ann, people.ben]
    assert people.search("_account", "A-2", LogicalOperator="AND", **more) == []
    assert people.search("_account", "A-1", LogicalOperator="AND", **more) == [people.ann]
    reply = people.client.search_profiles(DomainName="d", KeyName="_account", Values=["A-1", "A-2"], **more)
    account, name = {"KeyName": "_account", "Values": ["A-1", "A-2"]}, more["AdditionalSearchKeys"][0]
    assert [each["FoundByItems"] for each in reply["Items"]] == [[account, name], [account]]


def test_a_search_has_pages(people: People) -> None:
    wanted = {"DomainName": "d", "KeyName": "_account", "Values": ["A-1", "A-2"], "MaxResults": 1}
    first = people.client.search_profiles(**wanted)
    second = people.client.search_profiles(**wanted, NextToken=first["NextToken"])
    assert [each["Items"][0]["ProfileId"] for each in (first, second)] == [people.ann, people.ben]
    assert "NextToken" not in second
    assert "`NextToken` is unknown" in refusal(people.client.search_profiles, **wanted, NextToken="x")["text"]


def test_an_unknown_key_is_refused(people: People) -> None:
    error = refusal(people.client.search_profiles, DomainName="d", KeyName="crm", Values=["1"])
    assert (error["status"], "Allowed: `_phone`" in error["text"]) == (400, True)


def test_membership_is_said_of_each_id(emulator: Emulator) -> None:
    kit, people = Kit(emulator), People(emulator)
    first = {"ProfileAttributes": {"FirstName": {"DimensionType": "INCLUSIVE", "Values": ["Ann"]}}}
    named = {"DomainName": "d", "SegmentDefinitionName": "ann"}
    people.client.create_segment_definition(
        **named, DisplayName="ann", SegmentGroups={"Groups": [{"Dimensions": [first]}]}
    )

    def ask(*ids: str) -> dict[str, Any]:
        return dict(people.client.get_segment_membership(**named, ProfileIds=list(ids)))

    reply = ask(people.ben, NOBODY, people.ann)
    results = [(each["ProfileId"], each["QueryResult"]) for each in reply["Profiles"]]
    assert results == [(people.ben, "ABSENT"), (people.ann, "PRESENT")]
    assert reply["Profiles"][1]["Profile"]["Attributes"] == ANN["Attributes"]
    assert [(each["ProfileId"], each["Status"]) for each in reply["Failures"]] == [(NOBODY, 404)]
    assert (kit.now() - reply["LastComputedAt"]).total_seconds() < 0.001
    many = [f"{number:032x}" for number in range(101)]
    assert refusal(people.client.get_segment_membership, **named, ProfileIds=many)["status"] == 400
    emulator.set_settings(profiles={"membership_lag_seconds": 600})
    assert ask(people.ann)["Profiles"][0]["QueryResult"] == "ABSENT"
    kit.step(600)
    assert ask(people.ann)["Profiles"][0]["QueryResult"] == "PRESENT"


def test_a_domain_counts_its_profiles_whatever_empty_groups_mean(people: People) -> None:
    people.emulator.set_settings(profiles={"empty_groups": "none"})
    assert people.client.get_domain(DomainName="d")["Stats"]["ProfileCount"] == 2
