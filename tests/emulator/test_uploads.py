"""Upload jobs over HTTP: the file, the mapping, the key, every way to fail."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Emulator

SSE = "x-amz-server-side-encryption-customer-"
FIELDS = {
    "id": {"Source": "_source.id", "Target": "_profile.AccountNumber"},
    "name": {"Source": "_source.name", "Target": "_profile.FirstName"},
    "city": {"Source": "_source.city", "Target": "_profile.Address.City"},
    "x": {"Source": "_source.x", "Target": "_profile.Attributes.x"},
}


class Uploads:
    """A domain, and an upload job in one call or step by step."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.client = emulator.client("customer-profiles", parameter_validation=False)
        self.client.create_domain(DomainName="d", DefaultExpirationDays=366)

    def create(self, **more: Any) -> str:
        asked = {"DisplayName": "import", "Fields": FIELDS, "UniqueKey": "id", **more}
        job: str = self.client.create_upload_job(DomainName="d", **asked)["JobId"]
        return job

    def path(self, job: str) -> dict[str, Any]:
        reply: dict[str, Any] = self.client.get_upload_job_path(DomainName="d", JobId=job)
        return reply

    def start(self, job: str) -> None:
        self.client.start_upload_job(DomainName="d", JobId=job)

    def get(self, job: str) -> dict[str, Any]:
        reply: dict[str, Any] = self.client.get_upload_job(DomainName="d", JobId=job)
        return reply

    def finished(self, job: str) -> dict[str, Any]:
        deadline = time.monotonic() + 20
        while (reply := self.get(job))["Status"] == "IN_PROGRESS":
            assert time.monotonic() < deadline, reply
            time.sleep(0.01)
        return reply

    def run(self, content: str | bytes | None, **more: Any) -> dict[str, Any]:
        job = self.create(**more)
        if content is not None:
            assert put(self.path(job), content) == (200, "")
        self.start(job)
        return self.finished(job)

    def count(self, **fields: Any) -> int:
        dimensions = [{"ProfileAttributes": nested(path.replace("__", "."), value)} for path, value in fields.items()]
        query = {"Groups": [{"Dimensions": dimensions}]}
        estimate = self.client.create_segment_estimate(DomainName="d", SegmentQuery=query)["EstimateId"]
        reply: dict[str, Any] = {"Status": "RUNNING"}
        while reply["Status"] == "RUNNING":
            reply = self.client.get_segment_estimate(DomainName="d", EstimateId=estimate)
        return int(reply["Estimate"])


def nested(path: str, value: str) -> dict[str, Any]:
    outer, _, inner = path.partition(".")
    filter_ = {"DimensionType": "INCLUSIVE", "Values": [value]}
    return {outer: {inner: filter_} if inner else filter_}


def headers_for(token: str) -> dict[str, str]:
    digest = base64.b64encode(hashlib.md5(base64.b64decode(token)).digest()).decode()  # noqa: S324 - S3's rule
    return {f"{SSE}algorithm": "AES256", f"{SSE}key": token, f"{SSE}key-MD5": digest}


def put(path: dict[str, Any], content: str | bytes, **changes: str | None) -> tuple[int, str]:
    headers = {**headers_for(path["ClientToken"]), **{SSE + name.replace("_", "-"): v for name, v in changes.items()}}
    data = content.encode() if isinstance(content, str) else content
    sent = {name: value for name, value in headers.items() if value is not None}
    request = urllib.request.Request(path["Url"], data=data, method="PUT", headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def summary(job: dict[str, Any]) -> tuple[str, int, int, int]:
    results = job["ResultsSummary"]
    return job["Status"], results["CreatedRecords"], results["UpdatedRecords"], results["FailedRecords"]


@pytest.fixture
def uploads(emulator: Emulator) -> Uploads:
    return Uploads(emulator)


def test_rows_become_profiles_by_their_mapping(uploads: Uploads) -> None:
    job = uploads.run('id,ignored,name,city,x\n1,?,Ann,Paris,a\n2,?,"Bob, ""B""",Lyon,\n')
    assert summary(job) == ("SUCCEEDED", 2, 0, 0)
    assert (job["Fields"], job["UniqueKey"], job["DataExpiry"]) == (FIELDS, "id", 14)
    assert job["CompletedAt"] >= job["CreatedAt"]
    assert re.fullmatch("[a-f0-9]{32}", job["JobId"])
    assert uploads.count(AccountNumber="1", FirstName="Ann", Address__City="Paris", Attributes__x="a") == 1
    assert uploads.count(FirstName='Bob, "B"', Address__City="Lyon") == 1
    assert uploads.count(Attributes__x="?") == 0


def test_a_known_key_updates_and_keeps_what_the_file_does_not_say(uploads: Uploads) -> None:
    uploads.client.create_profile(
        DomainName="d", AccountNumber="1", FirstName="Ann", LastName="Roy", Attributes={"x": "old", "y": "kept"}
    )
    job = uploads.run("id,name,city,x\n1,,Paris,new\n2,Bob,Lyon,b\n")
    assert summary(job) == ("SUCCEEDED", 1, 1, 0)
    assert uploads.count(FirstName="Ann", LastName="Roy", Address__City="Paris", Attributes__x="new") == 1
    assert uploads.count(Attributes__y="kept") == 1
    assert uploads.count() == 2


def test_empty_cells_clear_where_the_setting_says_so(uploads: Uploads) -> None:
    uploads.emulator.set_settings(profiles={"empty_cell": "clear", "max_attribute_columns": 0})
    uploads.run("id,name,city,x\n1,Ann,Paris,a\n")
    assert summary(uploads.run("id,name,city,x\n1,,Lyon,\n")) == ("SUCCEEDED", 0, 1, 0)
    assert uploads.count(Address__City="Lyon") == 1
    assert uploads.count(FirstName="Ann") == 0
    assert uploads.count(Attributes__x="a") == 0


def test_a_repeated_key_counts_as_rows_one_after_the_other_the_last_wins(uploads: Uploads) -> None:
    job = uploads.run("id,name,city,x\n1,Ann,Paris,a\n2,Bob,,\n1,Zoe,,\n1,,Lyon,\n")
    assert summary(job) == ("SUCCEEDED", 2, 2, 0)
    assert uploads.count(FirstName="Zoe", Address__City="Lyon", Attributes__x="a") == 1
    assert uploads.count() == 2


def test_every_profile_with_the_key_is_updated(uploads: Uploads) -> None:
    for _ in range(3):
        uploads.client.create_profile(DomainName="d", AccountNumber="1")
    assert summary(uploads.run("id,name,city,x\n1,Ann,,\n")) == ("SUCCEEDED", 0, 1, 0)
    assert uploads.count(FirstName="Ann") == 3


def test_key_of_several_columns_by_key_header_or_target(uploads: Uploads) -> None:
    for key in ("id,city", "_source.id, _profile.Address.City", "_profile.AccountNumber,_source.city"):
        job = uploads.run("id,name,city,x\n1,Ann,Paris,\n1,Bob,Lyon,\n", UniqueKey=key)
    assert summary(job) == ("SUCCEEDED", 0, 2, 0)
    assert uploads.count() == 2


def test_key_may_be_an_attribute_without_a_column_of_its_own(uploads: Uploads) -> None:
    uploads.emulator.set_settings(profiles={"max_attribute_columns": 0})
    assert summary(uploads.run("id,name,city,x\n1,Ann,,k\n", UniqueKey="x")) == ("SUCCEEDED", 1, 0, 0)
    assert summary(uploads.run("id,name,city,x\n2,Bob,,k\n", UniqueKey="x")) == ("SUCCEEDED", 0, 1, 0)
    assert uploads.count(AccountNumber="2", FirstName="Bob", Attributes__x="k") == 1


def test_enumerations_are_checked_and_copied_to_their_text_fields(uploads: Uploads) -> None:
    fields = {"id": FIELDS["id"], "g": {"Source": "_source.g", "Target": "_profile.Gender"}}
    job = uploads.run("id,g\n1,FEMALE\n2,female\n3,\n", Fields=fields)
    assert summary(job) == ("PARTIALLY_SUCCEEDED", 2, 0, 1)
    assert uploads.count(GenderString="FEMALE") == 1


@pytest.mark.parametrize(
    ("rows", "failed"),
    [
        (b",Ann,Paris,a\n", 1),
        (b'"",Ann,Paris,a\n', 1),
        (b"1,Ann\n", 1),
        (b"1,Ann,Paris,a,more,cells\n", 1),
        (b"1,J\xe9r\xf4me,Paris,a\n", 1),
        (b"1," + b"n" * 256 + b",Paris,a\n", 1),
        (b"1,Ann,Paris," + "\u00e9".encode() * 256 + b"\n", 1),
        (b'1,"Ann,Paris,a\n', 1),
        (b",Ann,Paris,a\n1,Ann\n2,Ann\n", 3),
    ],
)
def test_bad_rows_fail_alone(uploads: Uploads, rows: bytes, failed: int) -> None:
    job = uploads.run(b"id,name,city,x\n8,Eve,Nice,a\n9,Max,Nice,a\n" + rows)
    assert summary(job) == ("PARTIALLY_SUCCEEDED", 2, 0, failed)
    assert uploads.count() == 2


def test_odd_but_good_rows_arrive_whole(uploads: Uploads) -> None:
    names = ["x" * 255, "é" * 255, "line\nbreak", "tab\t", " spaces ", "🙂", "null", "a\x00b", "'; drop table profile"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([["id", "name", "city", "x"], *([i, name, "-", "-"] for i, name in enumerate(names))])
    assert summary(uploads.run(text.getvalue())) == ("SUCCEEDED", len(names), 0, 0)
    for i, name in enumerate(names):
        assert uploads.count(AccountNumber=str(i), FirstName=name) == 1, name


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\n1,Ann,Paris,a\n",
        b"\xef\xbb\xbfid,name,city,x\n1,Ann,Paris,a\n",
        "id,name,city,x\n1,Ann,Paris,a\n".encode("utf-16"),
        b"id,n\xe9,name,city,x\n",
        b"id,name,city\n1,Ann,Paris\n",
        b"id,name,city,X\n1,Ann,Paris,a\n",
        b"id,name,city,x,x\n1,Ann,Paris,a,b\n",
        b"id;name;city;x\n1;Ann;Paris;a\n",
        b"id,name,city,x\r\n1,Ann,Paris,a\n2,Bob,Lyon,b\r\n",
    ],
)
def test_a_file_that_cannot_be_read_fails_validation(uploads: Uploads, content: bytes | None) -> None:
    job = uploads.run(content)
    assert (job["Status"], job["StatusReason"]) == ("FAILED", "VALIDATION_FAILURE")
    assert "ResultsSummary" not in job
    assert uploads.count() == 0


def test_header_alone_brings_nobody(uploads: Uploads) -> None:
    assert summary(uploads.run("id,name,city,x")) == ("SUCCEEDED", 0, 0, 0)


def field(source: str = "_source.id", target: str = "_profile.AccountNumber") -> dict[str, Any]:
    return {"id": {"Source": source, "Target": target}}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"Fields": {}}, "0 mapped fields"),
        ({"Fields": {f"f{i}": field(target=f"_profile.Attributes.{i}")["id"] for i in range(26)}}, "26 mapped fields"),
        ({"Fields": {"i d": field()["id"]}}, "fieldName|Field key `i d`|pattern"),
        ({"Fields": field(source="id")}, "Source `id`"),
        ({"Fields": field(source="_source.a.b")}, "Source `_source.a.b`"),
        ({"Fields": field(source="_source.")}, "Source `_source.`"),
        ({"Fields": {"id": {"Target": "_profile.FirstName"}}}, "Source ``"),
        ({"Fields": field(target="_profile.Nickname")}, "Target `_profile.Nickname`"),
        ({"Fields": field(target="_profile.Address")}, "Target `_profile.Address`"),
        ({"Fields": field(target="_profile.Attributes.")}, "Target `_profile.Attributes.`"),
        ({"Fields": field(target="AccountNumber")}, "Target `AccountNumber`"),
        ({"Fields": {**field(), "b": field()["id"]}}, "Several fields with the target"),
        ({"UniqueKey": "email"}, "UniqueKey `email`"),
        ({"UniqueKey": "id,email"}, "UniqueKey `email`"),
        ({"UniqueKey": ""}, "UniqueKey"),
        ({"DataExpiry": 0}, "DataExpiry"),
        ({"DataExpiry": 2000}, "DataExpiry"),
        ({"Fields": {"id": {**field()["id"], "ContentType": "DATE"}}}, "ContentType"),
    ],
)
def test_bad_job_is_refused_before_anything_exists(uploads: Uploads, more: dict[str, Any], found: str) -> None:
    with pytest.raises(ClientError, match=found) as error:
        uploads.create(**more)
    assert error.value.response["Error"]["Code"] == "BadRequestException"
    assert uploads.client.list_upload_jobs(DomainName="d")["Items"] == []
    assert uploads.emulator.effects("CreateUploadJob") == 0


def test_settings_bound_expiry_and_display_names(uploads: Uploads) -> None:
    uploads.emulator.set_settings(profiles={"upload_expiry_max": 90, "upload_name_unique": True})
    with pytest.raises(ClientError, match="DataExpiry of 91 days"):
        uploads.create(DataExpiry=91)
    uploads.create(DataExpiry=90)
    with pytest.raises(ClientError, match="already exists"):
        uploads.create()


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": None},
        {"algorithm": "aws:kms"},
        {"key": None},
        {"key": base64.b64encode(b"k" * 32).decode()},
        {"key": "not base64!"},
        {"key_MD5": None},
        {"key_MD5": base64.b64encode(b"m" * 16).decode()},
    ],
)
def test_wrong_or_missing_key_headers_are_refused_as_s3_does(uploads: Uploads, changes: dict[str, str | None]) -> None:
    job = uploads.create()
    status, body = put(uploads.path(job), "id,name,city,x\n1,Ann,Paris,a\n", **changes)
    assert status == 400
    assert "<Code>InvalidArgument</Code>" in body
    uploads.start(job)
    assert uploads.finished(job)["StatusReason"] == "VALIDATION_FAILURE", "nothing was stored"


def test_url_is_unguessable_and_ends(uploads: Uploads) -> None:
    job = uploads.create()
    path, other = uploads.path(job), uploads.path(uploads.create())
    assert len({path["Url"], other["Url"]}) == 2
    assert path["ClientToken"] != other["ClientToken"]
    assert len(base64.b64decode(path["ClientToken"])) == 32
    assert put({**path, "Url": path["Url"] + "x"}, "id")[0] == 403
    assert put({**path, "ClientToken": other["ClientToken"]}, "id")[0] == 400
    uploads.emulator.set_clock(step_seconds=timedelta(minutes=16).total_seconds())
    status, body = put(path, "id")
    assert (status, "expired" in body) == (403, True)


def test_url_lives_as_long_in_real_time_on_a_fast_clock(uploads: Uploads) -> None:
    uploads.emulator.set_clock(speed=3600)
    path = uploads.path(uploads.create())
    time.sleep(0.3)  # 18 minutes of the emulator's
    assert put(path, "id")[0] == 200


def test_too_large_a_file_is_refused(uploads: Uploads) -> None:
    uploads.emulator.set_settings(profiles={"upload_max_bytes": 10})
    status, body = put(uploads.path(uploads.create()), "id,name,city,x")
    assert (status, "EntityTooLarge" in body) == (400, True)


def test_the_last_put_before_the_start_counts(uploads: Uploads) -> None:
    job = uploads.create()
    path = uploads.path(job)
    put(path, "id,name,city,x\n1,Ann,,\n")
    put(path, "id,name,city,x\n2,Bob,,\n3,Cid,,\n")
    uploads.start(job)
    assert summary(uploads.finished(job)) == ("SUCCEEDED", 2, 0, 0)
    assert put(path, "id,name,city,x\n4,Dan,,\n")[0] == 403


def test_job_is_created_in_progress_and_then_ended(uploads: Uploads) -> None:
    uploads.emulator.set_settings(profiles={"upload_delay_seconds": 0.3})
    job = uploads.create()
    assert uploads.get(job)["Status"] == "CREATED"
    put(uploads.path(job), "id,name,city,x\n1,Ann,,\n")
    uploads.start(job)
    assert uploads.get(job)["Status"] == "IN_PROGRESS"
    for operation in (uploads.start, uploads.path):
        with pytest.raises(ClientError, match="which is IN_PROGRESS"):
            operation(job)
    assert uploads.count() == 0
    assert uploads.finished(job)["Status"] == "SUCCEEDED"
    assert uploads.count() == 1
    with pytest.raises(ClientError, match="which is SUCCEEDED"):
        uploads.client.stop_upload_job(DomainName="d", JobId=job)


def test_a_stopped_job_brings_nobody(uploads: Uploads) -> None:
    uploads.emulator.set_settings(profiles={"upload_delay_seconds": 0.2})
    job = uploads.create()
    put(uploads.path(job), "id,name,city,x\n1,Ann,,\n")
    uploads.start(job)
    uploads.client.stop_upload_job(DomainName="d", JobId=job)
    time.sleep(0.4)
    assert uploads.get(job)["Status"] == "STOPPED"
    assert uploads.count() == 0


def test_deleting_the_domain_ends_its_jobs_without_noise(uploads: Uploads) -> None:
    uploads.emulator.set_settings(profiles={"upload_delay_seconds": 0.1})
    job = uploads.create()
    put(uploads.path(job), "id,name,city,x\n1,Ann,,\n")
    uploads.start(job)
    uploads.client.delete_domain(DomainName="d")
    time.sleep(0.3)
    uploads.client.create_domain(DomainName="d", DefaultExpirationDays=1)
    assert uploads.count() == 0


def test_a_reset_in_the_middle_of_an_import_forgets_it_without_noise(uploads: Uploads) -> None:
    content = "id,name,city,x\n" + "".join(f"{i},Ann,Paris,a\n" for i in range(100_000))
    for pause in (0.0, 0.05, 0.1):
        job = uploads.create()
        put(uploads.path(job), content)
        uploads.start(job)
        time.sleep(pause)
        uploads.emulator.reset()
        uploads.client.create_domain(DomainName="d", DefaultExpirationDays=1)
        assert uploads.count() == 0
    assert summary(uploads.run("id,name,city,x\n1,Ann,Paris,a\n")) == ("SUCCEEDED", 1, 0, 0)


def test_imported_profiles_expire_and_the_longer_of_two_imports_wins(uploads: Uploads) -> None:
    uploads.run("id,name,city,x\n1,Ann,,\n2,Bob,,\n")
    uploads.run("id,name,city,x\n2,Bob,,\n", DataExpiry=60)
    uploads.run("id,name,city,x\n2,Bob,,\n", DataExpiry=1)
    uploads.emulator.set_clock(step_seconds=timedelta(days=15).total_seconds())
    assert uploads.count() == 1
    assert summary(uploads.run("id,name,city,x\n1,Ann,,\n2,Bob,,\n")) == ("SUCCEEDED", 1, 1, 0)


def test_jobs_are_listed_in_pages_without_their_fields(uploads: Uploads) -> None:
    jobs = [uploads.create(DisplayName=f"import {i}") for i in range(3)]
    first = uploads.client.list_upload_jobs(DomainName="d", MaxResults=2)
    rest = uploads.client.list_upload_jobs(DomainName="d", NextToken=first["NextToken"])
    assert [item["JobId"] for item in first["Items"] + rest["Items"]] == jobs
    assert not {"Fields", "UniqueKey", "ResultsSummary"} & set(first["Items"][0])
    assert first["Items"][0]["DisplayName"] == "import 0"


def test_concurrent_jobs_on_the_same_keys_make_each_profile_once(uploads: Uploads) -> None:
    content = "id,name,city,x\n" + "".join(f"{i},Ann,Paris,a\n" for i in range(500))
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda _: uploads.run(content), range(8)))
    assert {job["Status"] for job in jobs} == {"SUCCEEDED"}
    assert sum(job["ResultsSummary"]["CreatedRecords"] for job in jobs) == 500
    assert sum(job["ResultsSummary"]["UpdatedRecords"] for job in jobs) == 3500
    assert uploads.count() == 500


def test_profiles_made_one_by_one_meanwhile_are_all_there(uploads: Uploads) -> None:
    content = "id,name,city,x\n" + "".join(f"{i},Ann,Paris,a\n" for i in range(2000))

    def create(i: int) -> None:
        uploads.client.create_profile(DomainName="d", AccountNumber=f"p{i}", Attributes={f"own {i}": "y"})

    with ThreadPoolExecutor(8) as pool:
        running = pool.submit(uploads.run, content)
        list(pool.map(create, range(100)))
        assert running.result()["Status"] == "SUCCEEDED"
    assert uploads.count() == 2100
    assert uploads.count(**{"Attributes__own 99": "y"}) == 1
