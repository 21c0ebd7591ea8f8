"""A domain with people and their orders, for tests of segments that are defined by SQL."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from tests.conftest import Emulator

ROLE = "arn:aws:iam::123456789012:role/snapshots"
ENABLED = {"DataStore": {"Enabled": True}}


@dataclass(frozen=True)
class Order:
    """What somebody bought; `ago` in days."""

    amount: float | None
    kind: str
    ago: int


@dataclass(frozen=True)
class Person:
    """One of those in the domain, by first name."""

    name: str
    country: str | None
    born: str | None
    attributes: dict[str, str]
    orders: tuple[Order, ...] = ()


PEOPLE = (
    Person("Ann", "FR", "1990-05-31", {"plan": "gold", "score": "70"}, (Order(80, "book", 3), Order(40, "book", 400))),
    Person("Ben", "FR", "1996-11-24", {"plan": "gold", "score": "9"}, (Order(500, "bike", 31), Order(1, "book", 29))),
    Person("Cid", "FR", "1996-11-25", {"plan": "basic", "score": "51"}, (Order(99.5, "book", 10),)),
    Person("Dora", "DE", "1976-02-29", {"plan": "gold"}, (Order(60, "toy", 90), Order(60, "book", 91))),
    Person("Emil", "DE", None, {"plan": "Gold", "score": "n/a", "tags": "vip,new"}, ()),
    Person("Fay", None, "2010-01-01", {"tags": "new", "PLAN": "gold"}, (Order(None, "bike", 1),)),
    Person("Gus", "US", "1996-10-24", {"tags": "vip"}, (Order(120, "toy", 5), Order(30, "bike", 4))),
    Person("Ann", "US", "not a date", {"score": "50", "plan": ""}, ()),
)
"""Their number says who is meant: two have the same name."""


class Shop:
    """The domain `shop` in an emulator whose clock stands still; a segment is named by its query."""

    def __init__(self, emulator: Emulator) -> None:
        emulator.set_clock(frozen=True)
        self.emulator = emulator
        self.client = emulator.client("customer-profiles")
        self.client.create_domain(DomainName="shop", DefaultExpirationDays=1098, **ENABLED)
        self.now = datetime.fromisoformat(emulator.clock()["now"])
        self.ids = [self._person(number, person) for number, person in enumerate(PEOPLE)]
        self._orders()

    @property
    def today(self) -> date:
        return self.now.date()

    def _person(self, number: int, person: Person) -> str:
        given = {"FirstName": person.name, "BirthDate": person.born, "AccountNumber": f"a{number}"}
        address = {"Address": {"Country": person.country}} if person.country else {}
        attributes = {"Attributes": {name: value for name, value in person.attributes.items() if value}}
        fields = {name: value for name, value in given.items() if value}
        return str(self.client.create_profile(DomainName="shop", **fields, **address, **attributes)["ProfileId"])

    def _orders(self) -> None:
        fields = {name: {"Source": f"_source.{name}"} for name in ("id", "account", "kind", "day")}
        fields["amount"] = {"Source": "_source.amount", "ContentType": "NUMBER"}
        keys = {
            "orderId": [{"StandardIdentifiers": ["UNIQUE"], "FieldNames": ["id"]}],
            "_account": [{"StandardIdentifiers": ["PROFILE"], "FieldNames": ["account"]}],
        }
        self.client.put_profile_object_type(
            DomainName="shop", ObjectTypeName="web-orders", Description="x", Fields=fields, Keys=keys
        )
        for number, person in enumerate(PEOPLE):
            for each, order in enumerate(person.orders):
                day = (self.today - timedelta(days=order.ago)).isoformat()
                content = {"id": f"{number}-{each}", "account": f"a{number}", "kind": order.kind, "day": day}
                amount = {} if order.amount is None else {"amount": order.amount}
                self.client.put_profile_object(
                    DomainName="shop", ObjectTypeName="web-orders", Object=json.dumps({**content, **amount})
                )

    def define(self, sql: str, name: str = "s") -> dict[str, Any]:
        made: dict[str, Any] = self.client.create_segment_definition(
            DomainName="shop", SegmentDefinitionName=name, DisplayName=name, SegmentSqlQuery=sql
        )
        return made

    def estimate(self, sql: str) -> dict[str, Any]:
        made = self.client.create_segment_estimate(DomainName="shop", SegmentSqlQuery=sql)["EstimateId"]
        reply: dict[str, Any] = {"Status": "RUNNING"}
        while reply["Status"] == "RUNNING":
            reply = self.client.get_segment_estimate(DomainName="shop", EstimateId=made)
        return reply

    def export(self, name: str = "s") -> dict[str, Any]:
        given = {"DataFormat": "CSV", "DestinationUri": f"s3://exports/{name}", "RoleArn": ROLE}
        named = {"DomainName": "shop", "SegmentDefinitionName": name}
        snapshot = self.client.create_segment_snapshot(**named, **given)["SnapshotId"]
        reply: dict[str, Any] = {"Status": "IN_PROGRESS"}
        while reply["Status"] == "IN_PROGRESS":
            reply = self.client.get_segment_snapshot(**named, SnapshotId=snapshot)
        return reply

    def exported(self, sql: str, name: str = "s") -> list[int]:
        """Give the numbers of the people whom a snapshot of the query has, in the order of its rows."""
        s3 = self.emulator.client("s3")
        s3.create_bucket(Bucket="exports")
        self.define(sql, name)
        reply = self.export(name)
        assert reply["Status"] == "COMPLETED", reply.get("StatusMessage")
        text = s3.get_object(Bucket="exports", Key=f"{name}/part-00000.csv")["Body"].read().decode()
        return [self.ids.index(row["ProfileId"]) for row in csv.DictReader(io.StringIO(text, newline=""))]

    def membership(self, *numbers: int, name: str = "s") -> dict[str, Any]:
        ids = [self.ids[number] for number in numbers]
        reply: dict[str, Any] = self.client.get_segment_membership(
            DomainName="shop", SegmentDefinitionName=name, ProfileIds=ids
        )
        return reply
