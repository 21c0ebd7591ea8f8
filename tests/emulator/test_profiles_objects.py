"""Profile objects: which profile one finds, makes or misses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.campaign_kit import refusal

if TYPE_CHECKING:
    from tests.conftest import Emulator

FIELDS = {
    "id": {"Source": "_source.id"},
    "mail": {"Source": "_source.contact.mail", "Target": "_profile.EmailAddress"},
    "crm": {"Source": "_source.crm", "Target": "_profile.Attributes.crm"},
    "city": {"Source": "_source.city", "Target": "_profile.Address.City"},
}
KEYS = {
    "orderId": [{"StandardIdentifiers": ["UNIQUE"], "FieldNames": ["id"]}],
    "_email": [{"StandardIdentifiers": ["PROFILE", "SECONDARY"], "FieldNames": ["mail"]}],
    "crm": [{"StandardIdentifiers": ["PROFILE"], "FieldNames": ["crm"]}],
}


class Orders:
    """A domain with an object type and one person."""

    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("customer-profiles")
        self.client.create_domain(DomainName="d", DefaultExpirationDays=30)
        self.ann = self.client.create_profile(DomainName="d", FirstName="Ann", EmailAddress="ann@example.com")[
            "ProfileId"
        ]
        self.define()

    def define(self, **changes: Any) -> None:
        given = {"Fields": FIELDS, "Keys": KEYS, "AllowProfileCreation": True, **changes}
        self.client.put_profile_object_type(DomainName="d", ObjectTypeName="order", Description="orders", **given)

    def put(self, **content: Any) -> str:
        text = json.dumps(content)
        reply = self.client.put_profile_object(DomainName="d", ObjectTypeName="order", Object=text)
        return str(reply["ProfileObjectUniqueKey"])

    def search(self, key: str, value: str) -> list[dict[str, Any]]:
        reply = self.client.search_profiles(DomainName="d", KeyName=key, Values=[value])
        return [{name: each[name] for name in each if name != "FoundByItems"} for each in reply["Items"]]

    def count(self) -> int:
        return int(self.client.get_domain(DomainName="d")["Stats"]["ProfileCount"])


@pytest.fixture
def orders(emulator: Emulator) -> Orders:
    return Orders(emulator)


def test_an_object_changes_the_profile_that_its_key_finds(orders: Orders) -> None:
    assert orders.put(id=7, contact={"mail": "ann@example.com"}, crm="C1", city="Lyon") == "7"
    (profile,) = orders.search("crm", "C1")
    assert profile["ProfileId"] == orders.ann
    assert (profile["FirstName"], profile["Address"], profile["Attributes"]) == ("Ann", {"City": "Lyon"}, {"crm": "C1"})
    assert orders.count() == 1
    assert orders.client.get_domain(DomainName="d")["Stats"]["ObjectCount"] == 1


def test_profile_keys_come_before_secondary_ones(orders: Orders) -> None:
    orders.put(id="1", crm="C2", contact={"mail": "bob@example.com"})
    assert orders.count() == 2
    orders.put(id="2", crm="C2", contact={"mail": "ann@example.com"}, city="Nice")
    (bob,) = orders.search("crm", "C2")
    assert (bob["Address"]["City"], bob["ProfileId"] != orders.ann) == ("Nice", True)


def test_without_a_match_it_is_gone_unless_creation_is_allowed(orders: Orders) -> None:
    orders.define(AllowProfileCreation=False)
    assert orders.put(id="1", crm="C3") == "1"
    assert (orders.count(), orders.search("crm", "C3")) == (1, [])
    orders.define()
    orders.put(id="1", crm="C3")
    assert (orders.count(), len(orders.search("crm", "C3"))) == (2, 1)


@pytest.mark.parametrize(("identifier", "found"), [("NEW_ONLY", ["C4"]), ("LOOKUP_ONLY", [])])
def test_new_only_keys_are_kept_on_creation_lookup_only_keys_never(
    orders: Orders, identifier: str, found: list[str]
) -> None:
    crm = [{"StandardIdentifiers": ["PROFILE", identifier], "FieldNames": ["crm"]}]
    orders.define(Keys={**KEYS, "crm": crm})
    orders.put(id="1", crm="C4", contact={"mail": "carl@example.com"})
    orders.put(id="2", crm="C5", contact={"mail": "carl@example.com"})
    assert orders.count() == 2
    assert [crm for crm in ("C4", "C5") if orders.search("crm", crm)] == found


def test_objects_are_listed_by_profile_and_replaced_by_their_key(orders: Orders) -> None:
    orders.put(id="1", contact={"mail": "ann@example.com"}, city="Lyon")
    orders.put(id="1", contact={"mail": "ann@example.com"}, city="Nice")
    orders.put(id="2", contact={"mail": "zoe@example.com"})
    wanted = {"DomainName": "d", "ObjectTypeName": "order", "ProfileId": orders.ann}
    (item,) = orders.client.list_profile_objects(**wanted)["Items"]
    assert (item["ProfileObjectUniqueKey"], json.loads(item["Object"])["city"]) == ("1", "Nice")
    orders.client.delete_profile(DomainName="d", ProfileId=orders.ann)
    assert orders.client.list_profile_objects(**wanted)["Items"] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [("[]", "no JSON object"), ("{", "no JSON object"), ('{"crm": "x"}', "without its UNIQUE key, id")],
)
def test_what_is_no_object_is_refused(orders: Orders, content: str, said: str) -> None:
    error = refusal(orders.client.put_profile_object, DomainName="d", ObjectTypeName="order", Object=content)
    assert (error["status"], said in error["text"]) == (400, True)
    assert orders.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Keys": {}}, "0 UNIQUE keys"),
        ({"Keys": {**KEYS, "x": KEYS["orderId"]}}, "2 UNIQUE keys"),
        ({"Keys": {**KEYS, "x": [{"FieldNames": ["nothing"]}]}}, "unknown field `nothing`"),
        (
            {"Fields": {**FIELDS, "x": {"Source": "_source.x", "Target": "_profile.Nothing"}}},
            "Target `_profile.Nothing`",
        ),
        ({"Fields": {**FIELDS, "x": {"Source": "x"}}}, "Source `x`"),
        ({"TemplateId": "CTR"}, "`TemplateId`"),
    ],
)
def test_a_type_that_can_t_be_used_is_refused(orders: Orders, changes: dict[str, Any], said: str) -> None:
    named = {"DomainName": "d", "ObjectTypeName": "other", "Description": "x"}
    error = refusal(orders.client.put_profile_object_type, **named, **{"Fields": FIELDS, "Keys": KEYS, **changes})
    assert (error["status"], said in error["text"]) == (400, True)
    assert refusal(orders.client.get_profile_object_type, DomainName="d", ObjectTypeName="other")["status"] == 404
