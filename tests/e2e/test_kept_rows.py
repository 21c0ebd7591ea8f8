"""A backfill that keeps the rows of its file: in S3, for a while, and the audience of today stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connect_campaigns.core.errors import InvalidInput, LaunchSkipped, ServiceRefused
from connect_campaigns.operators.backfilled import CountBackfilledRowsOperator
from tests.launch_kit import Ran
from tests.segment_kit import Crm, defining, importing, membership, run

DUE = datetime(2026, 11, 12, 3, tzinfo=UTC)
PAST = {"run_type": "backfill", "due": DUE}
KEEP = {"uri": "s3://history/spring/", "expiry_days": 30}


class History(Crm):
    """A domain with an audience of today, and a bucket for rows of the past."""

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self.s3 = self.emulator.client("s3")
        self.s3.create_bucket(Bucket="history")
        self.expire(30)

    def expire(self, days):
        rules = [{"ID": "rows", "Status": "Enabled", "Filter": {"Prefix": "spring/"}, "Expiration": {"Days": days}}]
        self.s3.put_bucket_lifecycle_configuration(Bucket="history", LifecycleConfiguration={"Rules": rules})

    def kept(self):
        listed = self.s3.list_objects_v2(Bucket="history").get("Contents", [])
        return {each["Key"]: self.s3.get_object(Bucket="history", Key=each["Key"])["Body"].read() for each in listed}


@pytest.fixture
def crm(emulator, monkeypatch, tmp_path):
    return History(emulator, monkeypatch, tmp_path)


def counting(path, **given):
    return CountBackfilledRowsOperator(
        **{"task_id": "count", "path": path, "key_column": "id", "keep_rows": KEEP, **given}
    )


def test_rows_are_kept_in_s3_and_the_live_audience_stays_as_it_is(crm):
    run(importing(path=crm.people(9, Plan="premium"), audience_run="today"))
    segment = run(defining(groups="Plan=premium"))["name"]
    people = crm.everybody(9)
    members = membership(crm.profiles, segment, people)
    assert list(members.values()) == ["PRESENT"] * 9
    changed = crm.changed
    path = crm.file("id,phone,Plan\nc0,+12025550100,basic\nc1,,basic\nx,+12025550199,premium\n", name="past.csv")
    ran = Ran(counting(path), **PAST)
    assert isinstance(ran.error, LaunchSkipped)
    [uri] = ran.ti.xcoms["kept_rows"]
    assert ran.ti.xcoms["count"] == 3
    [(key, content)] = crm.kept().items()
    assert uri == f"s3://history/{key}"
    assert key.startswith("spring/2026-11-12T0300-")
    assert content.decode().splitlines()[1:] == ["c0,+12025550100,basic", "c1,,basic", "x,+12025550199,premium"]
    assert crm.everybody(9) == people
    assert membership(crm.profiles, segment, people) == members
    assert crm.everybody(100) == people
    assert crm.changed == changed + 1  # the object in S3


def test_a_retry_writes_the_same_object_and_another_day_another_one(crm):
    path = crm.people(3)
    for due in (DUE, DUE, DUE.replace(day=13)):
        Ran(counting(path), run_type="backfill", due=due)
    assert [key[:17] for key in crm.kept()] == ["spring/2026-11-12", "spring/2026-11-13"]


def test_only_good_rows_are_kept_and_many_of_them(crm):
    rows = "".join(f"c{each},{'x' * 200}\n" for each in range(60_000))
    ran = Ran(counting(crm.file(f"id,note\nbad\n{rows}"), max_failed_rows=1), **PAST)
    assert ran.ti.xcoms["count"] == 60_000
    [content] = crm.kept().values()  # beyond 8 MB: in several parts
    assert content.partition(b"\n")[2] == rows.encode()


def test_a_run_of_today_keeps_nothing(crm):
    assert Ran(counting(crm.people(3)), run_type="scheduled").error is None
    assert crm.kept() == {}


def refused(crm, **given):
    path = crm.people(3)
    changed = crm.changed
    ran = Ran(counting(path, **given), **PAST)
    assert (crm.kept(), ran.ti.xcoms, crm.changed) == ({}, {}, changed)
    return ran.error


def test_a_bucket_that_would_keep_people_for_longer_is_refused_before_anything_is_written(crm):
    crm.expire(31)
    error = refused(crm)
    assert str(error) == (
        "bucket history keeps what lies under spring/ for 31 days\n"
        "allowed: an enabled lifecycle rule that expires it after at most 30 days (`keep_rows`)\n"
        "hint: add such a rule for that prefix to the bucket, without tags or sizes; or raise `expiry_days`"
    )
    crm.s3.delete_bucket_lifecycle(Bucket="history")
    assert "for good" in refused(crm).found


def test_a_bucket_that_is_not_there_and_a_place_that_is_none(crm):
    gone = refused(crm, keep_rows={**KEEP, "uri": "s3://nowhere/spring/"})
    assert (type(gone), gone.code) == (InvalidInput, "no_bucket")
    assert refused(crm, keep_rows={**KEEP, "expiry_days": "soon"}).found == "`keep_rows: expiry_days` is 'soon'"


@pytest.mark.parametrize("right", ["s3:GetLifecycleConfiguration", "s3:PutObject"])
def test_a_right_that_is_missing_is_named(crm, right):
    crm.emulator.set_settings(access={"denied": [{"action": right}]})
    error = refused(crm)
    assert (type(error), error.code) == (ServiceRefused, "access_denied")
    assert right in error.hint


def test_bad_input_is_told_in_a_run_of_today_too(crm):
    error = Ran(counting(crm.people(3), keep_rows={"uri": "s3://history/spring/"}), run_type="scheduled").error
    assert isinstance(error, InvalidInput)
    assert "`expiry_days`" in error.allowed
