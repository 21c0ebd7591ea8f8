"""S3 and the other services that moto answers, in the same process behind the same port."""

from __future__ import annotations

import http.client
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from connect_emulator.client import EmulatorProcess
from tests.conftest import Emulator
from tests.emulator.campaign_kit import refusal


@pytest.fixture
def s3(emulator):
    client = emulator.client("s3", signature_version="s3v4")
    client.create_bucket(Bucket="ledger")
    return client


def test_the_call_log_names_s3_operations_with_bucket_and_key(emulator, s3):
    key = "a b/ä+%2F?x.json"
    s3.put_object(Bucket="ledger", Key=key, Body=b"1")
    assert s3.get_object(Bucket="ledger", Key=key)["Body"].read() == b"1"
    s3.head_object(Bucket="ledger", Key=key)
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="ledger")["Contents"]] == [key]
    s3.list_objects(Bucket="ledger")
    s3.copy_object(Bucket="ledger", Key="copy", CopySource={"Bucket": "ledger", "Key": key})
    upload = s3.create_multipart_upload(Bucket="ledger", Key="big")["UploadId"]
    part = s3.upload_part(Bucket="ledger", Key="big", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    s3.complete_multipart_upload(Bucket="ledger", Key="big", UploadId=upload, MultipartUpload=parts)
    s3.delete_object(Bucket="ledger", Key=key)
    s3.delete_objects(Bucket="ledger", Delete={"Objects": [{"Key": "big"}]})
    s3.head_bucket(Bucket="ledger")
    s3.list_buckets()
    logged = emulator.calls(service="s3")
    assert [(call["operation"], call["effect"]) for call in logged] == [
        ("CreateBucket", True),
        ("PutObject", True),
        ("GetObject", False),
        ("HeadObject", False),
        ("ListObjectsV2", False),
        ("ListObjects", False),
        ("CopyObject", True),
        ("CreateMultipartUpload", True),
        ("UploadPart", True),
        ("CompleteMultipartUpload", True),
        ("DeleteObject", True),
        ("DeleteObjects", True),
        ("HeadBucket", False),
        ("ListBuckets", False),
    ]
    assert logged[1]["params"] == {"Bucket": "ledger", "Key": key}
    assert logged[1]["status"] == 200


def test_an_operation_that_took_a_deprecated_one_s_place_has_its_own_name(emulator, s3):
    rules = [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}]
    s3.put_bucket_lifecycle_configuration(Bucket="ledger", LifecycleConfiguration={"Rules": rules})
    found = s3.get_bucket_lifecycle_configuration(Bucket="ledger")["Rules"]
    assert [each["Expiration"]["Days"] for each in found] == [3]
    assert [call["operation"] for call in emulator.calls(service="s3")[-2:]] == [
        "PutBucketLifecycleConfiguration",
        "GetBucketLifecycleConfiguration",
    ]


def test_a_conditional_write_that_is_refused_took_no_effect(emulator, s3):
    s3.put_object(Bucket="ledger", Key="k", Body=b"1", IfNoneMatch="*")
    refused = refusal(s3.put_object, Bucket="ledger", Key="k", Body=b"2", IfNoneMatch="*")
    assert (refused["code"], refused["status"]) == ("PreconditionFailed", 412)
    assert emulator.effects("PutObject") == 1
    assert s3.get_object(Bucket="ledger", Key="k")["Body"].read() == b"1"


def test_of_conditional_writes_at_once_exactly_one_succeeds():
    """Threads change places at every chance in this emulator: without the order of writes several would win."""
    with EmulatorProcess(options=("--switch-interval", "1e-6")) as process:
        emulator = Emulator(process.url)
        emulator.client("s3").create_bucket(Bucket="ledger")
        clients = [emulator.client("s3") for _ in range(8)]
        together = threading.Barrier(len(clients))

        def write(client, key: str) -> str:
            together.wait(30)
            try:
                client.put_object(Bucket="ledger", Key=key, Body=b"x", IfNoneMatch="*")
            except ClientError as error:
                return str(error.response["Error"]["Code"])
            return "won"

        with ThreadPoolExecutor(len(clients)) as pool:
            for race in range(60):
                outcomes = sorted(pool.map(write, clients, [f"k{race}"] * len(clients)))
                assert outcomes == ["PreconditionFailed"] * 7 + ["won"], f"race {race}"


def test_a_presigned_url_works_with_any_http_client(emulator, s3):
    given = {"Bucket": "ledger", "Key": "file.csv"}
    # urllib adds the content type of a form, as curl does; moto by itself would store nothing then.
    put = urllib.request.Request(s3.generate_presigned_url("put_object", given), data=b"a,b\n", method="PUT")
    with urllib.request.urlopen(put, timeout=10) as reply:
        assert reply.status == 200
    with urllib.request.urlopen(s3.generate_presigned_url("get_object", given), timeout=10) as reply:
        assert reply.read() == b"a,b\n"
    assert emulator.effects("PutObject") == 1


def test_a_client_that_stops_half_way_holds_nobody_up(emulator, s3):
    place = urlsplit(emulator.url)
    halves = []
    for _ in range(12):
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
        connection.putrequest("PUT", "/ledger/half")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"half")
        halves.append(connection)
    s3.put_object(Bucket="ledger", Key="k", Body=b"1")
    for connection in halves:
        connection.close()
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="ledger")["Contents"]] == ["k"]


def test_other_services_are_there_and_logged(emulator):
    account = emulator.client("sts").get_caller_identity()["Account"]
    assert account == "123456789012"
    role = "arn:aws:iam::123456789012:role/airflow"
    emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="session")
    secrets = emulator.client("secretsmanager")
    secrets.create_secret(Name="airflow/connections/aws", SecretString="{}")
    counts = emulator.counts()
    assert counts["sts.GetCallerIdentity"] == {"requests": 1, "effects": 0}
    assert counts["secretsmanager.CreateSecret"] == {"requests": 1, "effects": 1}
    assert emulator.calls("AssumeRole")[0]["params"]["RoleArn"] == role


def test_a_lost_reply_of_a_write_to_s3(emulator, s3):
    emulator.add_fault(operation="PutObject", kind="lost_reply")
    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket="ledger", Key="k", Body=b"1", IfNoneMatch="*")
    assert s3.get_object(Bucket="ledger", Key="k")["Body"].read() == b"1"
    assert emulator.effects("PutObject") == 1


@pytest.mark.parametrize(("kind", "stored"), [("error_before", 0), ("error_after", 1)])
def test_an_error_of_s3_before_or_after_the_write(emulator, s3, kind, stored):
    emulator.add_fault(operation="PutObject", kind=kind, code="SlowDown", status=503, message="a < b")
    refused = refusal(s3.put_object, Bucket="ledger", Key="k", Body=b"1")
    assert (refused["code"], refused["status"], refused["text"]) == ("SlowDown", 503, "a < b")
    assert s3.list_objects_v2(Bucket="ledger")["KeyCount"] == stored
    assert emulator.effects("PutObject") == stored


def test_a_read_of_s3_can_fail_or_be_lost(emulator, s3):
    s3.put_object(Bucket="ledger", Key="k", Body=b"1")
    emulator.add_fault(operation="GetObject", kind="error_before")
    assert refusal(s3.get_object, Bucket="ledger", Key="k")["code"] == "InternalError"
    emulator.add_fault(operation="GetObject", kind="lost_reply")
    with pytest.raises(ConnectionClosedError):
        s3.get_object(Bucket="ledger", Key="k")
    assert s3.get_object(Bucket="ledger", Key="k")["Body"].read() == b"1"


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [("sts", "get_caller_identity", {}), ("secretsmanager", "list_secrets", {})],
)
def test_other_services_fail_in_the_form_of_their_protocol(emulator, service, operation, arguments):
    client = emulator.client(service)
    name = client.meta.method_to_api_mapping[operation]
    emulator.add_fault(operation=name, service=service, kind="error_before", code="AccessDenied", status=403)
    refused = refusal(getattr(client, operation), **arguments)
    assert (refused["code"], refused["status"]) == ("AccessDenied", 403)
