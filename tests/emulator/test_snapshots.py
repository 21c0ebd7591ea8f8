"""Segment snapshots over HTTP: what lies in S3 afterwards, and what becomes of those that can't be written."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from connect_emulator.client import ControlError
from connect_emulator.errors import ServiceError
from connect_emulator.profiles.snapshots import create_snapshot
from tests.emulator.campaign_kit import refusal

if TYPE_CHECKING:
    from tests.conftest import Emulator

ROLE = "arn:aws:iam::123456789012:role/snapshots"
WOMEN = {
    "Groups": [
        {"Dimensions": [{"ProfileAttributes": {"GenderString": {"DimensionType": "INCLUSIVE", "Values": ["FEMALE"]}}}]}
    ]
}
ANN = {
    "FirstName": 'Ann "the first", really',
    "Gender": "FEMALE",
    "Address": {"City": "Zürich\nEnge"},
    "Attributes": {"Plan": "gold", "plan": "old", "x\x00y.z": "it's"},
}
BEA = {"FirstName": "Bea", "Gender": "FEMALE", "PhoneNumber": "+12025550101"}
CARL = {"FirstName": "Carl", "Gender": "MALE", "LastName": "Not exported"}


class Snapshots:
    """A domain with three people, a segment of two of them and a bucket."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.client = emulator.client("customer-profiles")
        self.s3 = emulator.client("s3")
        self.s3.create_bucket(Bucket="exports")
        self.client.create_domain(DomainName="d", DefaultExpirationDays=30)
        self.ids = [self.client.create_profile(DomainName="d", **each)["ProfileId"] for each in (ANN, BEA, CARL)]
        self.define("women", WOMEN)

    def define(self, name: str, groups: dict[str, Any]) -> None:
        self.client.create_segment_definition(
            DomainName="d", SegmentDefinitionName=name, DisplayName=name, SegmentGroups=groups
        )

    def create(self, data_format: str = "CSV", **given: Any) -> Any:
        wanted = {"DestinationUri": "s3://exports/women/", "RoleArn": ROLE, "DataFormat": data_format, **given}
        named = {"DomainName": "d", "SegmentDefinitionName": "women", **wanted}
        snapshot = self.client.create_segment_snapshot(
            **{name: value for name, value in named.items() if value is not None}
        )["SnapshotId"]

        def read() -> dict[str, Any]:
            return dict(
                self.client.get_segment_snapshot(
                    DomainName="d", SegmentDefinitionName=named["SegmentDefinitionName"], SnapshotId=snapshot
                )
            )

        return read

    def done(self, data_format: str = "CSV", **given: Any) -> dict[str, Any]:
        read = self.create(data_format, **given)
        while (reply := read())["Status"] == "IN_PROGRESS":
            pass
        return dict(reply)

    def objects(self) -> dict[str, bytes]:
        keys = [each["Key"] for each in self.s3.list_objects_v2(Bucket="exports").get("Contents", [])]
        return {key: self.s3.get_object(Bucket="exports", Key=key)["Body"].read() for key in keys}

    def rows(self, key: str = "women/part-00000.csv") -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.objects()[key].decode(), newline="")))


@pytest.fixture
def snapshots(emulator: Emulator) -> Snapshots:
    return Snapshots(emulator)


FLAT = [
    {
        "FirstName": ANN["FirstName"],
        "GenderString": "FEMALE",
        "Gender": "FEMALE",
        "Address.City": "Zürich\nEnge",
        "Attributes.Plan": "gold",
        "Attributes.plan": "old",
        "Attributes.x\x00y.z": "it's",
    },
    {"FirstName": "Bea", "GenderString": "FEMALE", "Gender": "FEMALE", "PhoneNumber": "+12025550101"},
]


def test_csv_has_the_members_and_the_columns_that_any_of_them_has(snapshots: Snapshots) -> None:
    reply = snapshots.done()
    assert (reply["Status"], reply["DataFormat"]) == ("COMPLETED", "CSV")
    assert reply["DestinationUri"] == "s3://exports/women"  # without its slash: reported
    assert sorted(snapshots.objects()) == ["women/part-00000.csv", "women/test"]
    rows = snapshots.rows()
    assert [{name: value for name, value in row.items() if value} for row in rows] == [
        {"ProfileId": snapshots.ids[number], **flat} for number, flat in enumerate(FLAT)
    ]
    assert set(rows[0]) == {"ProfileId", *FLAT[0], *FLAT[1]}


@pytest.mark.parametrize("columns", [300, 1])
def test_jsonl_is_the_api_s_profile_or_flat(snapshots: Snapshots, columns: int) -> None:
    snapshots.emulator.set_settings(profiles={"max_attribute_columns": columns})
    snapshots.done("JSONL")
    lines = snapshots.objects()["women/part-00000.jsonl"].decode().splitlines()
    copied = {"GenderString": "FEMALE"}
    expected = [{"ProfileId": snapshots.ids[number], **each, **copied} for number, each in enumerate((ANN, BEA))]
    assert [json.loads(line) for line in lines] == expected
    snapshots.emulator.set_settings(profiles={"snapshot_jsonl": "flat", "snapshot_path_separator": "_"})
    snapshots.done("JSONL", DestinationUri="s3://exports/flat")
    lines = snapshots.objects()["flat/part-00000.jsonl"].decode().splitlines()
    flat = [{"ProfileId": snapshots.ids[number], **each} for number, each in enumerate(FLAT)]
    assert [json.loads(line) for line in lines] == [
        {name.replace(".", "_", 1): value for name, value in each.items()} for each in flat
    ]


def test_orc_has_the_rows_of_the_csv(snapshots: Snapshots) -> None:
    orc = pytest.importorskip("pyarrow.orc")
    snapshots.done("ORC")
    rows = orc.read_table(io.BytesIO(snapshots.objects()["women/part-00000.orc"])).to_pylist()
    assert [{name: value for name, value in row.items() if value} for row in rows] == [
        {"ProfileId": snapshots.ids[number], **flat} for number, flat in enumerate(FLAT)
    ]


def test_settings_decide_on_parts_names_compression_and_the_uri(snapshots: Snapshots) -> None:
    snapshots.emulator.set_settings(
        profiles={
            "snapshot_part_rows": 1,
            "snapshot_part_name": "run_",
            "snapshot_test_object": "",
            "snapshot_compression": "gzip",
            "snapshot_uri_slash": "keep",
        }
    )
    assert snapshots.done()["DestinationUri"] == "s3://exports/women/"
    objects = snapshots.objects()
    assert sorted(objects) == ["women/run_00000.csv.gz", "women/run_00001.csv.gz"]
    texts = [gzip.decompress(content).decode() for content in objects.values()]
    assert [
        row["ProfileId"] for text in texts for row in csv.DictReader(io.StringIO(text, newline=""))
    ] == snapshots.ids[:2]
    with pytest.raises(ControlError, match="a slash"):
        snapshots.emulator.set_settings(profiles={"snapshot_part_name": "a/b"})


def test_nobody_is_a_header_only(snapshots: Snapshots) -> None:
    nobody = {"DimensionType": "INCLUSIVE", "Values": ["nobody"]}
    snapshots.define("empty", {"Groups": [{"Dimensions": [{"ProfileAttributes": {"FirstName": nobody}}]}]})
    assert snapshots.done(SegmentDefinitionName="empty")["Status"] == "COMPLETED"
    assert snapshots.objects()["women/part-00000.csv"] == b"ProfileId\n"


def test_it_is_in_progress_until_it_is_there(snapshots: Snapshots) -> None:
    snapshots.emulator.set_settings(profiles={"snapshot_delay_seconds": 0.3})
    read = snapshots.create()
    assert read()["Status"] == "IN_PROGRESS"
    assert snapshots.objects() == {}
    while read()["Status"] == "IN_PROGRESS":
        pass
    assert len(snapshots.rows()) == 2


def test_what_can_t_be_written_fails_with_a_message(snapshots: Snapshots) -> None:
    missing = snapshots.done(DestinationUri="s3://elsewhere/women")
    assert missing["Status"] == "FAILED"
    assert "s3://elsewhere/women/: NoSuchBucket" in missing["StatusMessage"]
    no_role = snapshots.done(RoleArn=None)
    assert (no_role["Status"], no_role["StatusMessage"][:10]) == ("FAILED", "No RoleArn")
    denied = [{"action": "s3:PutObject", "resource": "arn:aws:s3:::exports/*"}]
    snapshots.emulator.set_settings(access={"denied": denied})
    refused = snapshots.done()
    assert refused["Status"] == "FAILED"
    assert "AccessDenied" in refused["StatusMessage"]
    assert snapshots.objects() == {}


def test_a_source_that_is_gone_fails_the_snapshot(snapshots: Snapshots) -> None:
    snapshots.define("on-top", {"Groups": [{"SourceSegments": [{"SegmentDefinitionName": "women"}]}]})
    snapshots.client.delete_segment_definition(DomainName="d", SegmentDefinitionName="women")
    reply = snapshots.done(SegmentDefinitionName="on-top")
    assert reply["Status"] == "FAILED"
    assert "`women` doesn't exist" in reply["StatusMessage"]


@pytest.mark.parametrize("uri", [None, "https://exports/women", "s3://", "s3://UPPER/x", "exports/women"])
def test_a_destination_outside_s3_is_refused(snapshots: Snapshots, uri: str | None) -> None:
    given = {"DestinationUri": uri} if uri else {}
    error = refusal(
        snapshots.client.create_segment_snapshot,
        DomainName="d",
        SegmentDefinitionName="women",
        DataFormat="CSV",
        RoleArn=ROLE,
        **given,
    )
    assert (error["status"], error["code"]) == (400, "BadRequestException")
    assert "Allowed: `s3://BUCKET/PREFIX`" in error["text"]


def test_orc_without_pyarrow_is_refused_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connect_emulator.profiles.snapshots.find_spec", lambda _name: None)
    asked = {"DataFormat": "ORC", "DestinationUri": "s3://exports/x", "SegmentDefinitionName": "women"}
    domain: Any = SimpleNamespace(snapshots={})
    with pytest.raises(ServiceError, match=r"connect-emulator\[orc\]"):
        create_snapshot(domain, asked, snapshot_id="1")
    assert domain.snapshots == {}


def test_a_deleted_domain_and_a_reset_end_snapshots_without_noise(snapshots: Snapshots) -> None:
    snapshots.emulator.set_settings(profiles={"snapshot_delay_seconds": 0.2})
    snapshots.create()
    snapshots.client.delete_domain(DomainName="d")
    time.sleep(0.4)  # its work begins after the delay; the fixture counts unexpected errors
    snapshots.client.create_domain(DomainName="d", DefaultExpirationDays=30)
    snapshots.define("women", WOMEN)
    snapshots.create()
    snapshots.emulator.reset()
    snapshots.s3.create_bucket(Bucket="exports")
    time.sleep(0.4)
    assert snapshots.objects() == {}


def test_unknown_segments_and_snapshots_are_404(snapshots: Snapshots) -> None:
    create, get = snapshots.client.create_segment_snapshot, snapshots.client.get_segment_snapshot
    named = {"DomainName": "d", "SegmentDefinitionName": "nobody"}
    assert refusal(create, **named, DataFormat="CSV", DestinationUri="s3://exports/x")["status"] == 404
    assert refusal(get, **named, SnapshotId="0" * 32)["status"] == 404
