"""SegmentSort over HTTP: the order of a snapshot's rows, in every format and across its parts."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.campaign_kit import refusal
from tests.emulator.sql_kit import ENABLED, ROLE

if TYPE_CHECKING:
    from tests.conftest import Emulator

EVERYBODY = {"Groups": [{"Dimensions": []}]}
PEOPLE: dict[str, dict[str, Any]] = {
    "ann": {
        "LastName": "b",
        "Address": {"City": "Ulm"},
        "Attributes": {"score": "9", "since": "2026-01-02", "mixed": "10"},
    },
    "ben": {"LastName": "a", "Attributes": {"score": "10", "since": "2025-05-05T00:00:00Z", "mixed": "9"}},
    "cid": {
        "Address": {"City": "Bonn"},
        "Attributes": {"score": "2", "since": "2026-01-02T01:00:00+02:00", "mixed": "x"},
    },
    "dora": {"LastName": "a"},
}
ORDERS = {"ann": ["9"], "ben": ["5", "5"], "cid": ["11"]}


class Sorted:
    """A domain of four people, a bucket, and the sum of what each has bought."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.client, self.s3 = emulator.client("customer-profiles"), emulator.client("s3")
        self.s3.create_bucket(Bucket="exports")
        self.client.create_domain(DomainName="d", DefaultExpirationDays=30, **ENABLED)
        for name, person in PEOPLE.items():
            self.client.create_profile(DomainName="d", FirstName=name, AccountNumber=name, **person)
        fields = {name: {"Source": f"_source.{name}"} for name in ("id", "who", "amount")}
        keys = {
            "id": [{"StandardIdentifiers": ["UNIQUE"], "FieldNames": ["id"]}],
            "_account": [{"StandardIdentifiers": ["PROFILE"], "FieldNames": ["who"]}],
        }
        named = {"DomainName": "d", "ObjectTypeName": "order"}
        self.client.put_profile_object_type(**named, Description="x", Fields=fields, Keys=keys)
        for who, amounts in ORDERS.items():
            for number, amount in enumerate(amounts):
                content = {"id": f"{who}-{number}", "who": who, "amount": amount}
                self.client.put_profile_object(**named, Object=json.dumps(content))
        self.client.create_calculated_attribute_definition(
            DomainName="d",
            CalculatedAttributeName="spent",
            AttributeDetails={"Attributes": [{"Name": "order.amount"}], "Expression": "{order.amount}"},
            Statistic="SUM",
        )

    def define(self, *attributes: dict[str, str], name: str = "s", **content: Any) -> dict[str, Any]:
        return {
            "DomainName": "d",
            "SegmentDefinitionName": name,
            "DisplayName": name,
            "SegmentSort": {"Attributes": [{"Order": "ASC", **each} for each in attributes]},
            **(content or {"SegmentGroups": EVERYBODY}),
        }

    def parts(self, data_format: str, *attributes: dict[str, str], name: str = "s", **content: Any) -> list[bytes]:
        """Define a segment, export it, and give its objects but for the test object."""
        self.client.create_segment_definition(**self.define(*attributes, name=name, **content))
        named = {"DomainName": "d", "SegmentDefinitionName": name}
        asked = {"DataFormat": data_format, "DestinationUri": f"s3://exports/{name}", "RoleArn": ROLE}
        snapshot = self.client.create_segment_snapshot(**named, **asked)["SnapshotId"]
        reply = {"Status": "IN_PROGRESS"}
        while reply["Status"] == "IN_PROGRESS":
            reply = self.client.get_segment_snapshot(**named, SnapshotId=snapshot)
        assert reply["Status"] == "COMPLETED", reply
        keys = [each["Key"] for each in self.s3.list_objects_v2(Bucket="exports", Prefix=f"{name}/part")["Contents"]]
        return [self.s3.get_object(Bucket="exports", Key=key)["Body"].read() for key in keys]

    def order(self, *attributes: dict[str, str], **content: Any) -> str:
        """Give the people's initials in the order of the rows."""
        return "".join(
            row["FirstName"][0]
            for part in self.parts("CSV", *attributes, **content)
            for row in csv.DictReader(io.StringIO(part.decode(), newline=""))
        )


@pytest.fixture
def people(emulator: Emulator) -> Sorted:
    return Sorted(emulator)


ORDERINGS: list[tuple[list[dict[str, str]], str]] = [
    ([{"Name": "LastName"}], "bdac"),
    ([{"Name": "LastName", "Order": "DESC"}], "abdc"),
    ([{"Name": "Address.City"}], "cabd"),
    ([{"Name": "score"}], "cabd"),
    ([{"Name": "Attributes.score", "Type": "PROFILE", "Order": "DESC"}], "bacd"),
    ([{"Name": "score", "DataType": "STRING"}], "bcad"),
    ([{"Name": "mixed"}], "abcd"),
    ([{"Name": "mixed", "DataType": "NUMBER"}], "bacd"),
    ([{"Name": "since"}], "bcad"),
    ([{"Name": "since", "DataType": "STRING"}], "bacd"),
    ([{"Name": "LastName"}, {"Name": "score", "Order": "DESC"}], "bdac"),
    ([{"Name": "LastName", "Order": "DESC"}, {"Name": "FirstName", "Order": "DESC"}], "adbc"),
    ([{"Name": "spent", "Type": "CALCULATED"}], "abcd"),
    ([{"Name": "spent", "Type": "CALCULATED", "Order": "DESC"}], "cbad"),
    ([{"Name": "nobody-has-it"}], "abcd"),
]


def test_rows_are_in_the_order_that_the_definition_says(people: Sorted) -> None:
    told = [people.order(*attributes, name=f"s{number}") for number, (attributes, _) in enumerate(ORDERINGS)]
    assert told == [expected for _, expected in ORDERINGS]


@pytest.mark.parametrize("columns", [300, 0])
def test_parts_follow_one_another_in_order(people: Sorted, columns: int) -> None:
    people.emulator.set_settings(profiles={"snapshot_part_rows": 1, "max_attribute_columns": columns})
    assert people.order({"Name": "score"}) == "cabd"


@pytest.mark.parametrize("form", ["nested", "flat"])
def test_json_lines_are_in_order_too(people: Sorted, form: str) -> None:
    people.emulator.set_settings(profiles={"snapshot_jsonl": form})
    (part,) = people.parts("JSONL", {"Name": "score", "Order": "DESC"})
    assert [json.loads(line)["FirstName"][0] for line in part.decode().splitlines()] == ["b", "a", "c", "d"]


def test_orc_is_in_order_too(people: Sorted) -> None:
    orc = pytest.importorskip("pyarrow.orc")
    (part,) = people.parts("ORC", {"Name": "score", "Order": "DESC"})
    assert [row["FirstName"][0] for row in orc.read_table(io.BytesIO(part)).to_pylist()] == ["b", "a", "c", "d"]


def test_a_segment_by_sql_is_sorted_alike(people: Sorted) -> None:
    sql = "SELECT profileid FROM profile WHERE FirstName <> 'dora'"
    assert people.order({"Name": "spent", "Type": "CALCULATED", "Order": "DESC"}, SegmentSqlQuery=sql) == "cba"


def test_a_calculated_attribute_that_is_not_there_is_refused(people: Sorted) -> None:
    asked = people.define({"Name": "calls", "Type": "CALCULATED"})
    error = refusal(people.client.create_segment_definition, **asked)
    assert (error["status"], "Unknown calculated attribute `calls`" in error["text"]) == (400, True)
    people.order({"Name": "LastName"})  # the name is free
