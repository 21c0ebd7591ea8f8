"""`ExportSegmentSnapshotOperator` executed for real against the emulator."""

from __future__ import annotations

import asyncio
import io

import pytest

from connect_campaigns.core.errors import InvalidInput, ServiceRefused
from connect_campaigns.operators.snapshots import ExportSegmentSnapshotOperator
from tests.segment_kit import DOMAIN, QUICK, Crm, defining, importing, run
from tests.waiting_kit import connection_json

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


@pytest.mark.parametrize("data_format", ["CSV", "JSONL", "ORC"])
def test_the_people_are_written_and_counted_from_the_files(crm, data_format):
    if data_format == "ORC":
        pytest.importorskip("pyarrow.orc")
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
    with pytest.raises(InvalidInput, match="pyarrow") as caught:
        exporting(segment="s", data_format="ORC").validate()
    assert "pip install pyarrow" in caught.value.hint


def test_stripes_of_orc_are_counted_whole_and_each_person_once(crm):
    orc = pytest.importorskip("pyarrow.orc")
    pyarrow = pytest.importorskip("pyarrow")
    ids = [f"{number:032x}" for number in range(20_000)]
    file = io.BytesIO()
    orc.write_table(pyarrow.table({"profileID": [*ids, *ids[:5], None]}), file, stripe_size=1024, batch_size=1024)
    assert orc.ORCFile(io.BytesIO(file.getvalue())).nstripes > 1
    for name, body in (("part-0.orc", file.getvalue()), ("part-1.orc", file.getvalue()), ("test", b"test")):
        crm.emulator.client("s3").put_object(Bucket="exports", Key=f"many/{name}", Body=body)
    snapshots = exporting(segment="s").hook.snapshots_of(DOMAIN)
    assert snapshots.count(uri="s3://exports/many/", data_format="ORC") == len(ids)


def test_parts_of_orc_are_counted_whole(crm):
    pytest.importorskip("pyarrow.orc")
    crm.emulator.set_settings(profiles={"snapshot_part_rows": 3})
    assert run(exporting(segment=cells(crm, 7), data_format="ORC"))["count"] == 7
    assert (
        len(crm.emulator.client("s3").list_objects_v2(Bucket="exports")["Contents"]) == 4
    )  # three and the test object


def test_a_bucket_that_isn_t_there_is_told_before_anything_is_sent(crm):
    made = cells(crm, 1)
    with pytest.raises(ServiceRefused, match="bucket nobody-has-this, where") as caught:
        run(exporting(segment=made, destination="s3://nobody-has-this/x"))
    assert (caught.value.code, crm.effects("CreateSegmentSnapshot")) == ("no_bucket", 0)
    assert "aws s3 mb s3://nobody-has-this" in caught.value.hint


def denied(crm, action: str, resource: str) -> None:
    crm.emulator.set_settings(access={"denied": [{"action": action, "resource": resource}]})


def test_a_bucket_that_may_not_be_listed_is_told_before_anything_is_sent(crm):
    made = cells(crm, 1)
    denied(crm, "s3:ListBucket", "arn:aws:s3:::exports")
    with pytest.raises(ServiceRefused, match="s3:ListBucket") as caught:
        run(exporting(segment=made))
    assert (caught.value.code, crm.effects("CreateSegmentSnapshot")) == ("access_denied", 0)
    assert "`s3:ListBucket`" in caught.value.hint


def test_a_bucket_that_may_not_be_written_is_told_with_the_service_s_words(crm):
    made = cells(crm, 1)
    denied(crm, "s3:PutObject", "arn:aws:s3:::exports/*")
    with pytest.raises(ServiceRefused, match=r"failed: .*AccessDenied") as caught:
        run(exporting(segment=made))
    assert caught.value.code == "snapshot_failed"
    assert "a role of the service's that may write to it" in caught.value.allowed
    assert "s3://exports/crm/" in caught.value.hint
    assert "s3:PutObject" in caught.value.hint


def test_the_service_s_words_may_be_missing(crm):
    crm.emulator.set_settings(profiles={"snapshot_status_message": "none"})
    with pytest.raises(ServiceRefused, match="failed: no reason given"):
        run(exporting(segment=cells(crm, 1), role_arn=None))


def test_destination_and_role_may_stand_in_the_connection_and_parameters_override(crm, monkeypatch):
    made = cells(crm, 1)
    extra = {"customer_profiles_domain": DOMAIN, "snapshot_uri": "s3://exports/all/", "snapshot_role_arn": ROLE}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(crm.emulator.url, **extra))
    both = run(exporting(segment=made, destination=None, role_arn=None))
    assert (both["count"], both["uri"].startswith(f"s3://exports/all/{made['name']}/")) == (1, True)
    assert run(exporting(segment=made, role_arn=None))["uri"].startswith("s3://exports/crm/")
    roles = [call["params"]["RoleArn"] for call in crm.emulator.calls("CreateSegmentSnapshot")]
    assert roles == [ROLE, ROLE]


@pytest.mark.parametrize(
    ("extra", "found"),
    [
        ({}, "has no `snapshot_uri` in its extra"),
        ({"snapshot_uri": "exports/all"}, "extra.snapshot_uri` is 'exports/all'"),
        ({"snapshot_uri": 5}, "extra.snapshot_uri` is 5"),
        ({"snapshot_uri": "s3://exports/x", "snapshot_role_arn": "me"}, "extra.snapshot_role_arn` is 'me'"),
    ],
)
def test_a_connection_that_says_it_wrongly_is_told_before_anything_is_sent(crm, monkeypatch, extra, found):
    members = {"customer_profiles_domain": DOMAIN, **extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(crm.emulator.url, **members))
    before = crm.changed
    with pytest.raises(InvalidInput) as caught:
        run(exporting(segment="s", destination=None, role_arn=None))
    assert found in caught.value.found
    assert all((caught.value.allowed, caught.value.hint))
    assert crm.changed == before


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
