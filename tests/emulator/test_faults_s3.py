"""S3's faults: its own errors, and what an SDK makes of them by itself."""

from __future__ import annotations

import pytest
from botocore.exceptions import ConnectionClosedError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from tests.emulator.campaign_kit import refusal


@pytest.fixture
def s3(emulator):
    client = emulator.client("s3")
    client.create_bucket(Bucket="ledger")
    return client


def put(client, key="keys/a", **more):
    return client.put_object(Bucket="ledger", Key=key, Body=b"{}", IfNoneMatch="*", **more)


def keys(client):
    return [each["Key"] for each in client.list_objects_v2(Bucket="ledger").get("Contents", [])]


def test_an_sdk_meets_a_412_for_its_own_write_whose_reply_was_lost(emulator, s3):
    emulator.add_fault(operation="PutObject", kind="lost_reply")
    refused = refusal(put, client=emulator.client("s3", attempts=3))
    assert (refused["code"], refused["status"]) == ("PreconditionFailed", 412)
    assert [(call["status"], call["effect"]) for call in emulator.calls("PutObject")] == [(200, True), (412, False)]
    assert keys(s3) == ["keys/a"]


def test_a_fault_hits_one_ledger_object(emulator, s3):
    emulator.add_fault(operation="PutObject", kind="error_before", code="SlowDown", where={"Key": "keys/*"}, times=9)
    put(s3, "campaigns/a")
    refused = refusal(put, client=s3, key="keys/a")
    assert (refused["code"], refused["status"]) == ("SlowDown", 503)
    assert keys(s3) == ["campaigns/a"]
    assert emulator.faults()[0]["fired"] == 1


OWN = {
    "AccessDenied": 403,
    "ConditionalRequestConflict": 409,
    "InternalError": 500,
    "NoSuchBucket": 404,
    "PreconditionFailed": 412,
    "ServiceUnavailable": 503,
    "SlowDown": 503,
}


@pytest.mark.parametrize(("code", "status"), OWN.items())
def test_s3_errors_have_their_own_status_and_text(emulator, s3, code, status):
    emulator.add_fault(operation="PutObject", kind="error_before", code=code)
    refused = refusal(put, client=s3)
    assert (refused["code"], refused["status"]) == (code, status)
    assert refused["text"] != "Injected fault"
    assert keys(s3) == []


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(("code", "sends"), [("ConditionalRequestConflict", 1), ("SlowDown", 3), ("InternalError", 3)])
def test_an_sdk_sends_again_after_5xx_only(emulator, code, sends):
    emulator.add_fault(operation="PutObject", kind="error_before", code=code, times=9)
    assert refusal(put, client=emulator.client("s3", attempts=3))["code"] == code
    assert emulator.faults()[0]["fired"] == sends


def test_an_error_after_the_effect_leaves_the_object(emulator, s3):
    emulator.add_fault(operation="PutObject", kind="error_after", code="InternalError")
    assert refusal(put, client=s3)["status"] == 500
    assert keys(s3) == ["keys/a"]


@pytest.mark.parametrize("reply", ["lost", "error"])
def test_a_write_lands_late_whole(emulator, s3, reply):
    fault_id = emulator.add_fault(operation="PutObject", kind="late", reply=reply)
    with pytest.raises(ConnectionClosedError) if reply == "lost" else pytest.raises(s3.exceptions.ClientError):
        put(s3)
    assert keys(s3) == []
    emulator.release(fault_id)
    assert s3.get_object(Bucket="ledger", Key="keys/a")["Body"].read() == b"{}"
    assert [call["effect"] for call in emulator.calls("PutObject")] == [True]


def test_a_conditional_write_that_lands_late_comes_second(emulator, s3):
    emulator.add_fault(operation="PutObject", kind="late", requests=1)
    with pytest.raises(ConnectionClosedError):
        put(s3)
    s3.put_object(Bucket="ledger", Key="keys/a", Body=b"other", IfNoneMatch="*")
    assert s3.get_object(Bucket="ledger", Key="keys/a")["Body"].read() == b"other"
    assert [call["effect"] for call in emulator.calls("PutObject")] == [False, True]


@pytest.mark.parametrize(("when", "there"), [("before", []), ("after", ["keys/a"])])
def test_a_write_that_times_out(emulator, s3, when, there):
    emulator.add_fault(operation="PutObject", kind="timeout", when=when, seconds=0.6)
    with pytest.raises(ReadTimeoutError):
        put(emulator.client("s3", read_timeout=0.2))
    assert keys(s3) == there


def test_a_bucket_in_another_region_redirects_and_the_sdk_follows(emulator, s3):
    elsewhere = emulator.client("s3", region="eu-west-1")
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    elsewhere.put_object(Bucket="far", Key="k", Body=b"1")
    assert s3.get_object(Bucket="far", Key="k")["Body"].read() == b"1"
    assert [(call["status"], call["error"]) for call in emulator.calls("GetObject")] == [
        (301, "PermanentRedirect"),
        (200, None),
    ]


def test_a_redirect_that_leads_nowhere_reaches_the_caller(emulator, s3):
    emulator.add_fault(
        operation="PutObject",
        kind="error_before",
        code="PermanentRedirect",
        members={"Region": "eu-west-1", "Bucket": "ledger"},
        times=9,
    )
    refused = refusal(put, client=s3)
    assert (refused["code"], refused["status"]) == ("PermanentRedirect", 301)
    assert [call["error"] for call in emulator.calls("PutObject")] == ["PermanentRedirect"] * 2, "followed once"
    assert keys(s3) == []


def test_a_bucket_that_is_not_there(emulator, s3):
    refused = refusal(s3.get_object, Bucket="nowhere", Key="k")
    assert (refused["code"], refused["status"]) == ("NoSuchBucket", 404)
    assert emulator.effects("GetObject") == 0


def test_a_store_that_ignores_conditions_takes_an_object_twice(emulator, s3):
    put(s3)
    emulator.set_settings(s3={"conditional_writes": "ignored"})
    s3.put_object(Bucket="ledger", Key="keys/a", Body=b"second", IfNoneMatch="*")
    assert s3.get_object(Bucket="ledger", Key="keys/a")["Body"].read() == b"second"
    assert emulator.effects("PutObject") == 2


def test_a_store_whose_reads_lag_shows_a_new_object_after_further_writes(emulator, s3):
    s3.put_object(Bucket="ledger", Key="old", Body=b"1")
    emulator.set_settings(s3={"unseen_for_writes": 2})
    put(s3)
    s3.put_object(Bucket="ledger", Key="old", Body=b"2")
    refused = refusal(s3.get_object, Bucket="ledger", Key="keys/a")
    assert (refused["code"], refused["status"]) == ("NoSuchKey", 404)
    assert refusal(s3.head_object, Bucket="ledger", Key="keys/a")["status"] == 404
    assert refusal(put, client=s3)["status"] == 412, "a write sees it"
    s3.put_object(Bucket="ledger", Key="old", Body=b"3")
    assert s3.get_object(Bucket="ledger", Key="keys/a")["Body"].read() == b"{}"
    assert s3.get_object(Bucket="ledger", Key="old")["Body"].read() == b"3"


@pytest.mark.parametrize("size", [100, 3_000_000])
def test_a_reply_that_breaks_off_is_cut_and_not_short(emulator, s3, size):
    s3.put_object(Bucket="ledger", Key="k", Body=b"x" * size)
    emulator.add_fault(operation="GetObject", kind="cut_reply")
    reply = s3.get_object(Bucket="ledger", Key="k")
    assert reply["ContentLength"] == size
    with pytest.raises((ResponseStreamingError, IncompleteReadError)):
        reply["Body"].read()
    assert s3.get_object(Bucket="ledger", Key="k")["Body"].read() == b"x" * size
    assert [call["fault"] for call in emulator.calls("GetObject")] == ["cut_reply", None]
    assert emulator.health()["unexpected_errors"] == 0
