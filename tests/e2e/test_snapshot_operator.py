"""`ExportSegmentSnapshotOperator` executed for real against the emulator."""

from __future__ import annotations

import asyncio

import pytest

from connect_campaigns.core.errors import InvalidInput, ServiceRefused
from connect_campaigns.operators.snapshots import ExportSegmentSnapshotOperator
from tests.segment_kit import QUICK, Crm, defining, importing, run

ROLE = "arn:aws:iam::123456789012:role/snapshots"


@pytest.fixture
def crm(emulator, monkeypatch, tmp_path):
    emulator.client("s3").create_bucket(Bucket="exports")
    return Crm(emulator, monkeypatch, tmp_path)


def exporting(**given):
    told = {"destination": "s3://exports/crm/", "role_arn": ROLE, **QUICK, **given}
    return ExportSegmentSnapshotOperator(task_id="export", **told)


def cells(crm, number: int = 7) -> dict:
    run(importing(path=crm.people(number, Contact="cellular")))
    return run(defining(groups="Contact=cellular"))


@pytest.mark.parametrize("data_format", ["CSV", "JSONL"])
def test_the_people_are_written_and_counted_from_the_files(crm, data_format):
    made = cells(crm)
    first, second = (run(exporting(segment=made, data_format=data_format)) for _ in range(2))
    assert (first["count"], first["segment"]) == (7, made["name"])
    assert first["uri"].startswith(f"s3://exports/crm/{made['name']}/")
    assert first["uri"] != second["uri"]


def test_nobody_is_a_count_too(crm):
    assert run(exporting(segment=run(defining(groups="Contact=cellular"))["name"]))["count"] == 0
    assert crm.effects("CreateSegmentSnapshot") == 1


def test_orc_without_what_reads_it_is_told_before_anything_is_sent(monkeypatch):
    monkeypatch.setattr("connect_campaigns.operators.snapshots.find_spec", lambda _: None)
    with pytest.raises(InvalidInput, match="pyarrow"):
        exporting(segment="s", data_format="ORC").validate()


def test_a_bucket_that_isn_t_there_is_told_with_the_service_s_words(crm):
    made = cells(crm, 1)
    with pytest.raises(ServiceRefused, match="failed: ") as caught:
        run(exporting(segment=made, destination="s3://nobody-has-this/x"))
    assert caught.value.code == "snapshot_failed"
    assert "s3://nobody-has-this/x" in caught.value.hint


def test_it_waits_in_the_triggerer_and_counts_afterwards(crm):
    made, left = cells(crm), {}
    operator = exporting(segment=made, deferrable=True)
    operator.defer = lambda **told: left.update(told)
    run(operator)
    assert left["method_name"] == "execute_complete"
    assert left["timeout"].total_seconds() == QUICK["patience"]
    path, given = left["trigger"].serialize()
    assert path.endswith("SegmentSnapshotTrigger")
    again = type(left["trigger"])(**given, of_an_older_release=1)
    fired = asyncio.run(anext(again.run()))
    assert operator.execute_complete({}, fired.payload)["count"] == 7


def test_a_trigger_that_could_not_look_leaves_the_wait_to_the_task(crm):
    crm.emulator.set_settings(profiles={"snapshot_delay_seconds": 1})
    made, left = cells(crm), {}
    operator = exporting(segment=made, deferrable=True)
    operator.defer = lambda **told: left.update(told)
    run(operator)
    crm.emulator.add_fault(operation="GetSegmentSnapshot", kind="error_before", code="AccessDeniedException", times=1)
    fired = asyncio.run(anext(left["trigger"].run()))
    assert operator.execute_complete({}, fired.payload)["count"] == 7


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"destination": "exports/crm"}, "destination"),
        ({"data_format": "PARQUET"}, "data_format"),
        ({"role_arn": "snapshots"}, "role_arn"),
        ({"segment": {"name": "x"}}, "segment"),
        ({"patience": 0}, "patience"),
    ],
)
def test_a_wrong_parameter_is_told_before_anything_is_sent(crm, given, word):
    before = crm.changed
    with pytest.raises(InvalidInput, match=word):
        run(exporting(**{"segment": "s", **given}))
    assert crm.changed == before
