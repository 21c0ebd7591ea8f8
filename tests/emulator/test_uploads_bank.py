"""45,211 real clients imported over HTTP and counted in segments, against Python's csv module."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.test_uploads import Uploads, put, summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Emulator

BANK = Path(os.environ.get("BANK_CSV") or Path(__file__).parents[2].parent / "shared/data/bank-marketing.csv")
Row = dict[str, str]

pytestmark = pytest.mark.skipif(
    not BANK.is_file(), reason="no bank-marketing.csv: name its place in BANK_CSV, or put it into ../shared/data"
)


def attribute(header: str, operator: str, *values: str) -> dict[str, Any]:
    filter_ = {"DimensionType": operator, "Values": list(values)}
    return {"ProfileAttributes": {"Attributes": {header: filter_}}}


def group(*dimensions: dict[str, Any], how: str = "ALL") -> dict[str, Any]:
    return {"Dimensions": list(dimensions), "Type": how}


SEGMENTS: dict[str, tuple[dict[str, Any], Callable[[Row], bool]]] = {
    "cellular, balance over 1,000, no loan": (
        {
            "Groups": [
                group(
                    attribute("Contact", "INCLUSIVE", "cellular"),
                    attribute("Balance", "GREATER_THAN", "1000"),
                    attribute("Loan", "INCLUSIVE", "no"),
                )
            ]
        },
        lambda row: row["Contact"] == "cellular" and float(row["Balance"]) > 1000 and row["Loan"] == "no",
    ),
    "students or retired, not reached before": (
        {"Groups": [group(attribute("Job", "INCLUSIVE", "student", "retired"), attribute("Pdays", "EQUAL", "-1.0"))]},
        lambda row: row["Job"] in {"student", "retired"} and int(row["Pdays"]) == -1,
    ),
    "jobs with man, in may or june": (
        {"Groups": [group(attribute("Job", "CONTAINS", "man"), attribute("Month", "BEGINS_WITH", "may", "jun"))]},
        lambda row: "man" in row["Job"] and row["Month"].startswith(("may", "jun")),
    ),
    "owing money or in default": (
        {
            "Groups": [
                group(attribute("Balance", "LESS_THAN", "0"), attribute("Default", "INCLUSIVE", "yes"), how="ANY")
            ]
        },
        lambda row: float(row["Balance"]) < 0 or row["Default"] == "yes",
    ),
    "neither married nor over 60": (
        {
            "Groups": [
                group(attribute("Marital", "INCLUSIVE", "married"), attribute("Age", "GREATER_THAN", "60"), how="NONE")
            ]
        },
        lambda row: row["Marital (Status)"] != "married" and int(row["Age"]) <= 60,
    ),
    "education ends in ary, outcome not failure, minus housing": (
        {
            "Groups": [
                group(attribute("Education", "ENDS_WITH", "ary"), attribute("Poutcome", "EXCLUSIVE", "failure")),
                group(attribute("Housing", "INCLUSIVE", "yes"), how="NONE"),
            ]
        },
        lambda row: row["Education"].endswith("ary") and row["Poutcome"] != "failure" and row["Housing"] != "yes",
    ),
}


def test_six_segments_of_the_bank_count_as_the_csv_module_does(emulator: Emulator) -> None:
    uploads = Uploads(emulator)
    with BANK.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["id", *rows[0]])
    writer.writeheader()
    writer.writerows({"id": f"c{i}", **row} for i, row in enumerate(rows))
    names = {header: header.partition(" ")[0] for header in rows[0]}
    fields = {
        name: {"Source": f"_source.{header}", "Target": f"_profile.Attributes.{name}"} for header, name in names.items()
    }
    fields["id"] = {"Source": "_source.id", "Target": "_profile.AccountNumber"}
    job = uploads.create(Fields=fields)
    assert put(uploads.path(job), text.getvalue())[0] == 200
    uploads.start(job)
    assert summary(uploads.finished(job)) == ("SUCCEEDED", len(rows), 0, 0)
    for name, (groups, chosen) in SEGMENTS.items():
        expected = sum(chosen(row) for row in rows)
        assert 0 < expected < len(rows)
        estimate = uploads.client.create_segment_estimate(DomainName="d", SegmentQuery=groups)["EstimateId"]
        reply: dict[str, Any] = {"Status": "RUNNING"}
        while reply["Status"] == "RUNNING":
            reply = uploads.client.get_segment_estimate(DomainName="d", EstimateId=estimate)
        assert int(reply["Estimate"]) == expected, name
