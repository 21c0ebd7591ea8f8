"""Calculated attributes over HTTP: each statistic, the days it looks at, and segments that filter on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.campaign_kit import Kit, refusal

if TYPE_CHECKING:
    from tests.conftest import Emulator

KEYS = {
    "id": [{"StandardIdentifiers": ["UNIQUE"], "FieldNames": ["id"]}],
    "_account": [{"StandardIdentifiers": ["PROFILE"], "FieldNames": ["who"]}],
}
FIELDS = {
    "id": {"Source": "_source.id"},
    "who": {"Source": "_source.who", "Target": "_profile.AccountNumber"},
    "amount": {"Source": "_source.amount"},
}
DAY = 86_400


class Calls:
    """Ann bought for 10 nine days ago, for 5 and 5 today; Ben for "n/a" today; Cid never."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.kit = emulator, Kit(emulator)
        self.client = emulator.client("customer-profiles")
        self.client.create_domain(DomainName="d", DefaultExpirationDays=30)
        self.client.put_profile_object_type(
            DomainName="d", ObjectTypeName="order", Description="x", Fields=FIELDS, Keys=KEYS
        )
        accounts = ("ann", "ben", "cid")
        self.ids = {
            each: self.client.create_profile(DomainName="d", AccountNumber=each, Attributes={"limit": "20", "n": "1"})[
                "ProfileId"
            ]
            for each in accounts
        }
        self.order("1", "ann", 10)
        self.kit.step(9 * DAY)
        for number, (who, amount) in enumerate([("ann", 5), ("ann", 5), ("ben", "n/a")]):
            self.order(f"today-{number}", who, amount)

    def order(self, number: str, who: str, amount: Any) -> None:
        text = json.dumps({"id": number, "who": who, "amount": amount})
        self.client.put_profile_object(DomainName="d", ObjectTypeName="order", Object=text)

    def define(self, name: str, statistic: str, **given: Any) -> dict[str, Any]:
        details = {"Attributes": [{"Name": "order.amount"}], "Expression": "{order.amount}"}
        named = {"DomainName": "d", "CalculatedAttributeName": name, "AttributeDetails": details}
        return dict(self.client.create_calculated_attribute_definition(**{**named, "Statistic": statistic, **given}))

    def values(self, name: str) -> list[str | None]:
        named = {"DomainName": "d", "CalculatedAttributeName": name}
        ask = self.client.get_calculated_attribute_for_profile
        return [ask(**named, ProfileId=profile_id).get("Value") for profile_id in self.ids.values()]

    def members(self, dimension: dict[str, Any], **group: Any) -> list[str]:
        groups = {"Groups": [{"Dimensions": [dimension], **group}]}
        named = {"DomainName": "d", "SegmentDefinitionName": "asked"}
        self.client.create_segment_definition(**named, DisplayName="x", SegmentGroups=groups)
        reply = self.client.get_segment_membership(**named, ProfileIds=list(self.ids.values()))
        self.client.delete_segment_definition(**named)
        names = {profile_id: name for name, profile_id in self.ids.items()}
        return [names[each["ProfileId"]] for each in reply["Profiles"] if each["QueryResult"] == "PRESENT"]


def asks(name: str, operator: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"CalculatedAttributes": {name: {"DimensionType": operator, "Values": list(values), **more}}}


@pytest.fixture
def calls(emulator: Emulator) -> Calls:
    return Calls(emulator)


@pytest.mark.parametrize(
    ("statistic", "ann", "ben"),
    [
        ("COUNT", "3", "1"),
        ("SUM", "20", None),
        ("MINIMUM", "5", None),
        ("MAXIMUM", "10", None),
        ("AVERAGE", "6.66666666666667", None),
        ("FIRST_OCCURRENCE", "10", "n/a"),
        ("LAST_OCCURRENCE", "5", "n/a"),
        ("MAX_OCCURRENCE", "5", "n/a"),
        ("RECENT_OCCURRENCES", '["5", "5", "10"]', '["n/a"]'),
    ],
)
def test_each_statistic(calls: Calls, statistic: str, ann: str, ben: str | None) -> None:
    assert calls.define("x", statistic)["Status"] == "COMPLETED"
    assert calls.values("x") == [ann, ben, None]


def test_days_objects_and_thresholds_bound_it(calls: Calls) -> None:
    calls.define("week", "COUNT", Conditions={"Range": {"Value": 7, "Unit": "DAYS"}})
    before = {"Range": {"ValueRange": {"Start": 30, "End": 7}, "Unit": "DAYS"}}
    calls.define("before", "COUNT", Conditions=before)
    calls.define("last", "SUM", Conditions={"ObjectCount": 1})
    calls.define("many", "COUNT", Conditions={"Threshold": {"Value": "2", "Operator": "GREATER_THAN"}})
    assert calls.values("week") == ["2", "1", None]
    assert calls.values("before") == ["1", None, None]
    assert calls.values("last") == ["5", None, None]
    assert calls.values("many") == ["true", "false", None]
    calls.kit.step(7 * DAY + 1)
    assert calls.values("week") == [None, None, None]


def test_segments_filter_on_it_and_override_its_days(calls: Calls) -> None:
    calls.define("orders", "COUNT")
    calls.define("total", "SUM")
    calls.define("recent", "RECENT_OCCURRENCES")
    assert calls.members(asks("orders", "GREATER_THAN_OR_EQUAL", "1")) == ["ann", "ben"]
    assert calls.members(asks("orders", "GREATER_THAN_OR_EQUAL", "1"), Type="NONE") == ["cid"]
    week = {"ConditionOverrides": {"Range": {"Start": 7, "Unit": "DAYS"}}}
    assert calls.members(asks("orders", "EQUAL", "3")) == ["ann"]
    assert calls.members(asks("orders", "EQUAL", "3", **week)) == []
    assert calls.members(asks("orders", "EQUAL", "2", **week)) == ["ann"]
    assert calls.members(asks("recent", "LIST_CONTAINS_ALL", "10", "5")) == ["ann"]
    assert calls.members(asks("orders", "EXCLUSIVE", "3")) == ["ben", "cid"]
    assert calls.members(asks("total", "EQUAL", "{{_profile.Attributes.limit}}")) == ["ann"]
    attribute = {"n": {"DimensionType": "EQUAL", "Values": ["{{_calculated_attribute.orders}}"]}}
    assert calls.members({"ProfileAttributes": {"Attributes": attribute}}) == ["ben"]
    calls.order("more", "cid", 1)
    assert calls.members(asks("orders", "EQUAL", "1")) == ["ben", "cid"]


def test_a_setting_decides_on_profiles_without_objects(calls: Calls) -> None:
    calls.define("orders", "COUNT")
    calls.define("least", "MINIMUM")
    assert calls.members(asks("orders", "LESS_THAN", "3")) == ["ben"]
    calls.emulator.set_settings(profiles={"calculated_missing": "zero"})
    assert calls.values("orders") == ["3", "1", "0"]
    assert calls.values("least") == ["5", None, None]
    assert calls.members(asks("orders", "LESS_THAN", "3")) == ["ben", "cid"]


def test_a_segment_on_one_that_was_deleted_fails_when_it_is_evaluated(calls: Calls) -> None:
    calls.define("orders", "COUNT")
    named = {"DomainName": "d", "SegmentDefinitionName": "buyers"}
    groups = {"Groups": [{"Dimensions": [asks("orders", "EQUAL", "3")]}]}
    calls.client.create_segment_definition(**named, DisplayName="x", SegmentGroups=groups)
    calls.client.delete_calculated_attribute_definition(DomainName="d", CalculatedAttributeName="orders")
    error = refusal(calls.client.get_segment_membership, **named, ProfileIds=[calls.ids["ann"]])
    assert (error["status"], "`orders` doesn't exist" in error["text"]) == (400, True)


def test_more_than_ten_are_refused(calls: Calls) -> None:
    for number in range(11):
        calls.define(f"c{number}", "COUNT")
    dimensions = [asks(f"c{number}", "EQUAL", "1") for number in range(11)]
    query = {"Groups": [{"Dimensions": dimensions}]}
    error = refusal(calls.client.create_segment_estimate, DomainName="d", SegmentQuery=query)
    assert (error["status"], "11 unique calculated attributes" in error["text"]) == (400, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"AttributeDetails": {"Attributes": [{"Name": "order.x"}], "Expression": "order.x"}}, "Field `x`"),
        ({"AttributeDetails": {"Attributes": [{"Name": "order.amount"}], "Expression": "2 * 2"}}, "Expression `2 * 2`"),
        ({"Conditions": {"Range": {"Value": 1, "Unit": "DAYS", "TimestampSource": "x"}}}, "`TimestampSource`"),
        ({"CalculatedAttributeName": "there"}, "already exists"),
    ],
)
def test_what_is_not_calculated_is_refused(calls: Calls, given: dict[str, Any], said: str) -> None:
    calls.define("there", "COUNT")
    details = {"Attributes": [{"Name": "order.amount"}], "Expression": "order.amount"}
    named = {"DomainName": "d", "CalculatedAttributeName": "x", "AttributeDetails": details, "Statistic": "COUNT"}
    error = refusal(calls.client.create_calculated_attribute_definition, **{**named, **given})
    assert (error["status"], said in error["text"]) == (400, True)
    missing = {"DomainName": "d", "CalculatedAttributeName": "x"}
    assert refusal(calls.client.get_calculated_attribute_definition, **missing)["status"] == 404
    calls.client.delete_calculated_attribute_definition(DomainName="d", CalculatedAttributeName="there")
    assert refusal(calls.client.get_calculated_attribute_for_profile, **missing, ProfileId="0" * 32)["status"] == 404
