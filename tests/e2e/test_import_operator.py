"""`ImportProfilesOperator` executed for real against the emulator."""

from __future__ import annotations

import csv
import gzip
import logging
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest

from connect_campaigns.aws import csv_copy
from connect_campaigns.core.definitions import EVERYBODY, all_of, attribute, field, groups
from connect_campaigns.core.errors import (
    InvalidInput,
    LaunchSkipped,
    NotSeen,
    RetryableError,
    ServiceRefused,
    ServiceUnavailable,
)
from tests.segment_kit import Crm, bank_file, importing, run, with_key, xcoms
from tests.waiting_kit import meanwhile


@pytest.fixture
def crm(emulator, monkeypatch, tmp_path):
    return Crm(emulator, monkeypatch, tmp_path)


def refusal(operator, kind=InvalidInput):
    with pytest.raises(kind) as caught:
        run(operator)
    return caught.value


def test_an_optional_file_that_nobody_gave_is_skipped(crm):
    before = crm.changed
    with pytest.raises(LaunchSkipped) as skipped:
        run(importing(path="", if_no_path="skip"))
    assert skipped.value.found == "no file is given, and nothing was imported"
    for given in ({"path": ""}, {"path": " ", "if_no_path": "skip"}, {"path": "x.csv", "if_no_path": "ignore"}):
        with pytest.raises(InvalidInput):
            run(importing(**given))
    assert crm.changed == before


def test_a_file_of_customers_becomes_profiles(crm):
    told = run(importing(path=crm.people(3, city="Paris", Balance="1000")))
    job = crm.profiles.get_upload_job(DomainName="crm", JobId=told["job_ids"][0])
    assert job["CompletedAt"].isoformat() == told.pop("finished_at")
    assert (job["CompletedAt"] + timedelta(days=14)).isoformat() == told.pop("expires_at")
    assert len(told.pop("sha256")) == 64
    assert told == {
        "rows": 3,
        "created": 3,
        "updated": 0,
        "failed": 0,
        "job_ids": [job["JobId"]],
        "columns": {
            "id": "Attributes.id",
            "phone": "PhoneNumber",
            "city": "Address.City",
            "Balance": "Attributes.Balance",
        },
    }
    assert job["DataExpiry"] == 14
    assert crm.count(groups(all_of(field("Address.City", "INCLUSIVE", "Paris")))) == 3
    assert crm.count(groups(all_of(attribute("Balance", "EQUAL", "1000.0")))) == 3


def test_another_file_updates_profiles_by_their_key(crm):
    run(importing(path=crm.people(3, Balance="1000")))
    told = run(importing(path=crm.people(5, Balance="2000"), data_expiry_days="30"))
    assert (told["created"], told["updated"]) == (2, 3)
    assert crm.count(groups(all_of(attribute("Balance", "EQUAL", "2000")))) == crm.count(EVERYBODY) == 5


def marked(path, run_name="spring/2026-12-01"):
    """Import a file, and give the value that marks its people."""
    value = xcoms(importing(path=path, audience_run=run_name))["audience_run"]
    assert value.startswith(f"{run_name}/")
    return value


def people_of(crm, value):
    return crm.count(groups(all_of(attribute("audience_run", "INCLUSIVE", value))))


def test_an_audience_run_marks_the_people_of_one_file(crm):
    monday = marked(crm.people(5), "monday")
    tuesday = marked(crm.people(2), "tuesday")
    assert (people_of(crm, monday), people_of(crm, tuesday)) == (3, 2)


def test_the_same_file_again_leaves_a_launched_segment_as_it_is(crm):
    first = marked(crm.people(5))
    assert marked(crm.people(5)) == first
    assert people_of(crm, first) == 5


def test_who_was_taken_off_a_corrected_file_is_not_in_its_audience(crm):
    """The mistaken file of the same day had marked five; the corrected one has four of them."""
    marked(crm.people(5))
    assert people_of(crm, marked(crm.people(4))) == 4


def test_columns_not_named_are_not_sent(crm):
    told = run(importing(path=crm.people(2, secret="x", note="y"), columns='{"note": "Attributes.note"}'))
    assert told["columns"] == {"id": "Attributes.id", "note": "Attributes.note"}
    [call] = crm.emulator.calls("CreateUploadJob")
    assert set(call["params"]["Fields"]) == {"id", "note"}


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(crm):
    told = run(importing(path=crm.file(b'\xef\xbb\xbfid,note\r\n1,"a\r\nb"\r\n\r\n2,c\r\n')))
    assert (told["rows"], told["created"]) == (2, 2)
    assert crm.count(groups(all_of(attribute("note", "INCLUSIVE", "a\r\nb")))) == 1


def test_the_same_content_and_mapping_finds_the_job_of_an_earlier_attempt(crm):
    path = crm.people(3)
    first, again = run(importing(path=path)), run(importing(path=path))
    assert again == first
    assert (crm.effects("CreateUploadJob"), crm.effects("PutUploadFile")) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"data_expiry_days": 15},
        {"audience_run": "b"},
        {"columns": {"phone": "MobilePhoneNumber"}},
        {"key_column": "phone"},
        {"default_country": "US"},
    ],
)
def test_another_mapping_or_expiry_is_another_job(crm, change):
    path = crm.people(3)
    first, again = run(importing(path=path)), run(importing(path=path, **change))
    assert again["job_ids"] != first["job_ids"]


def test_a_file_that_was_corrected_and_put_back_is_imported_again(crm):
    run(importing(path=crm.people(3, Balance="1")))
    run(importing(path=crm.people(3, Balance="2")))
    run(importing(path=crm.people(3, Balance="1")))
    assert crm.count(groups(all_of(attribute("Balance", "EQUAL", "1")))) == 3
    assert crm.effects("StartUploadJob") == 3


def test_an_import_of_long_ago_does_not_count(crm):
    path = crm.people(3)
    run(importing(path=path))
    crm.emulator.set_clock(step_seconds=2 * 3600)
    run(importing(path=path))
    assert crm.effects("StartUploadJob") == 2


def test_a_retry_waits_for_the_import_that_is_under_way(crm):
    crm.emulator.set_settings(profiles={"upload_delay_seconds": 1.5})
    path = crm.people(3)
    error = refusal(importing(path=path, patience=0.3), ServiceUnavailable)
    assert "has not ended after 0.3 seconds" in error.found
    told = run(importing(path=path))
    assert (told["created"], crm.effects("StartUploadJob"), crm.effects("CreateUploadJob")) == (3, 1, 1)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        *((read, "lost_reply") for read in ("ListUploadJobs", "GetUploadJobPath", "GetUploadJob")),
        *(
            (write, kind)
            for write in ("CreateUploadJob", "PutUploadFile", "StartUploadJob")
            for kind in ("lost_reply", "error_before", "error_after")
        ),
    ],
)
def test_a_reply_that_is_lost_or_a_bad_moment_is_ridden_out(crm, operation, kind):
    fault = crm.emulator.add_fault(operation=operation, kind=kind)
    told = run(importing(path=crm.people(3)))
    assert (told["created"], told["failed"]) == (3, 0)
    assert [each["fired"] for each in crm.emulator.faults() if each["id"] == fault] == [1]
    assert crm.count(EVERYBODY) == 3


@pytest.mark.parametrize("operation", ["CreateUploadJob", "PutUploadFile", "StartUploadJob"])
def test_a_retry_of_the_task_goes_on_after_a_longer_outage(crm, operation):
    crm.emulator.add_fault(operation=operation, kind="lost_reply", times=4)
    path = crm.people(3)
    if operation != "StartUploadJob":  # its effect is seen by a read, so the task goes on by itself
        refusal(importing(path=path), NotSeen)
    assert run(importing(path=path))["created"] == 3
    assert crm.effects("StartUploadJob") == 1


@pytest.mark.parametrize("operation", ["CreateUploadJob", "StartUploadJob"])
def test_display_names_held_unique_make_no_difference(crm, operation):
    crm.emulator.set_settings(profiles={"upload_name_unique": True})
    path = crm.people(3)
    crm.emulator.add_fault(operation=operation, kind="lost_reply")
    run(importing(path=path))
    crm.emulator.set_clock(step_seconds=2 * 3600)
    run(importing(path=path))
    assert len({job["DisplayName"] for job in crm.jobs()}) == 2


def test_failed_records_are_judged_whatever_the_status_says(crm):
    path = crm.file("id,kind\n1,PERSON\n2,INDIVIDUAL\n")
    columns = {"kind": "PartyType"}  # takes three words only, which the service knows and the file's checks don't
    error = refusal(importing(path=path, columns=columns), ServiceRefused)
    assert "1 records failed at the service" in error.found
    assert crm.jobs()[0]["Status"] == "PARTIALLY_SUCCEEDED"
    told = run(importing(path=path, columns=columns, max_failed_rows=1))
    assert (told["rows"], told["failed"]) == (2, 1)


def test_an_import_that_fails_as_a_whole_is_told_with_its_reason(crm):
    crm.emulator.set_settings(profiles={"upload_delay_seconds": 5})
    path = crm.people(3)
    refusal(importing(path=path, patience=0.2), ServiceUnavailable)
    crm.profiles.stop_upload_job(DomainName="crm", JobId=crm.jobs()[0]["JobId"])
    crm.emulator.set_settings(profiles={"upload_delay_seconds": 0})
    assert run(importing(path=path))["created"] == 3  # a stopped job is no import: another one is made
    assert [job["Status"] for job in crm.jobs()].count("STOPPED") == 1


def test_bad_rows_are_left_out_as_far_as_is_allowed_and_counted(crm, caplog):
    content = "id,phone\n1,+12025550101\n2,(202) 555-0142\n1,+12025550103\n3\n4,+12025550104\n"
    with caplog.at_level(logging.WARNING):
        told = run(importing(path=crm.file(content), max_failed_rows="3"))
    assert (told["rows"], told["created"], told["failed"]) == (2, 2, 3)
    error = refusal(importing(path=crm.file(content), max_failed_rows=2))
    assert "3 of 5 rows are bad" in error.found
    assert "0142" not in str(error)


def test_numbers_as_people_write_them_are_rewritten_for_a_country_and_counted(crm, capfd):
    content = "id,phone\n1,(202) 555-0101\n2,+12025550102\n3,\n4,202 555 0104\n"
    told = run(importing(path=crm.file(content), default_country="us"))
    assert (told["rows"], told["created"], told["failed"]) == (4, 4, 0)
    assert "2 of 3 phone numbers rewritten as E.164 for US" in capfd.readouterr().out
    for number in ("+12025550101", "+12025550102", "+12025550104"):
        assert crm.count(groups(all_of(field("PhoneNumber", "INCLUSIVE", number)))) == 1


def test_another_country_marks_other_people_of_the_same_file(crm):
    path = crm.people(3)
    values = {xcoms(importing(path=path, audience_run="r", **given))["audience_run"]
              for given in ({}, {"default_country": "US"}, {"default_country": "FR"})}  # fmt: skip
    assert len(values) == 3


def test_what_a_file_means_for_segments_and_calls_is_in_the_log_and_fails_nothing(crm, capfd):
    rows = [f"c{each},+1202555{100 + each % 38:04},Ann Smith,{'US' if each % 2 else 'us'},{each}" for each in range(40)]
    rows[3:5] = ["c3,,Ann Smith,US,7", 'c4,,Ann Smith,US,"1,000"']
    assert (
        run(importing(path=crm.file("id,phone,FirstName,Country,Balance\n" + "\n".join(rows) + "\n")))["created"] == 40
    )
    logged = capfd.readouterr().out
    for told in (
        "customers.csv: 2 of 40 rows have neither a phone number nor Country and PostalCode",
        "customers.csv: 2 of 40 rows have a phone number that an earlier row has",
        "customers.csv: column 'Country': US 21 · us 19; some differ only by case",
        "customers.csv: column 'Balance': 1 of 40 values are no numbers to the service",
    ):
        assert re.search(rf"\[warning +\] {re.escape(told)}", logged)
    assert "+1202555" not in logged
    assert "Ann" not in logged


def test_neither_log_nor_error_has_the_upload_url_its_key_or_a_personal_value(crm, capfd):
    crm.emulator.add_fault(operation="PutUploadFile", kind="lost_reply", times=4)
    error = refusal(importing(path=crm.people(3)), NotSeen)
    printed = "".join(capfd.readouterr()) + str(error) + repr(error.__cause__) + repr(error.__context__)
    assert "_emulator_uploads" not in printed
    assert "customer-key" not in printed
    assert "+1202555" not in printed
    assert "ConnectionClosedError" in str(error)


def test_the_job_takes_the_file_as_it_was_checked_even_where_it_changes_meanwhile(crm):
    path = Path(crm.people(3))
    crm.emulator.add_fault(operation="ListUploadJobs", kind="hold", seconds=0.5)
    with meanwhile(crm, ("ListUploadJobs",), lambda: path.write_text("id,phone\n9,+12025550109\n")):
        assert run(importing(path=str(path)))["created"] == 3
    assert path.read_text().startswith("id,phone\n9,")
    assert crm.count(groups(all_of(attribute("id", "INCLUSIVE", "9")))) == 0


def test_the_bank_file_is_imported_whole(crm, tmp_path):
    path = with_key(bank_file(), tmp_path / "bank.csv")
    told = run(importing(path=str(path), key_column="client_id", rename_columns="safe"))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert told["rows"] == told["created"] == len(rows)
    assert told["columns"]["Marital (Status)"] == "Attributes.Marital_Status"
    married = sum(row["Marital (Status)"] == "married" for row in rows)
    assert crm.count(groups(all_of(attribute("Marital_Status", "INCLUSIVE", "married")))) == married


@pytest.fixture
def bucket(crm):
    client = crm.emulator.client("s3")
    client.create_bucket(Bucket="crm-files")
    return lambda **objects: [
        client.put_object(Bucket="crm-files", Key=key, Body=body) for key, body in objects.items()
    ]


def test_a_file_in_s3_is_imported_with_the_connections_credentials(bucket):
    bucket(spring=b"id,note\n1,a\n2,b\n")
    assert run(importing(path="s3://crm-files/spring"))["created"] == 2


def test_the_parts_that_an_unload_wrote_are_one_import(bucket):
    header, gz = b"id,note\n", gzip.compress
    bucket(
        spring_0000_part_00=gz(header + b"1,a\n2,b\n"), spring_0001_part_00=gz(header + b"3,c\n"), spring_manifest=b"{}"
    )
    told = run(importing(path="s3://crm-files/spring_*"))
    assert (told["rows"], told["created"], len(told["job_ids"])) == (3, 3, 1)


@pytest.mark.parametrize(
    ("key", "found"), [("other", "NoSuchKey"), ("other/", "no part"), ("spring*", "no part; 1 files are empty")]
)
def test_what_is_not_in_s3_is_told(crm, bucket, key, found):
    bucket(spring=b"")
    error = refusal(importing(path=f"s3://crm-files/{key}"))
    assert found in error.found
    assert not crm.jobs()


@pytest.mark.parametrize("kind", ["lost_reply", "error_before"])
def test_a_bad_moment_of_s3_is_ridden_out(crm, bucket, kind):
    bucket(spring=b"id,note\n1,a\n")
    fault = crm.emulator.add_fault(operation="GetObject", kind=kind)
    assert run(importing(path="s3://crm-files/spring"))["created"] == 1
    assert [each["fired"] for each in crm.emulator.faults() if each["id"] == fault] == [1]


def test_a_download_that_breaks_off_in_the_middle_is_begun_anew(crm, bucket):
    people = "id,note\n" + "".join(f"c{each},{'x' * 40}\n" for each in range(20_000))
    bucket(spring=people.encode())
    fault = crm.emulator.add_fault(operation="GetObject", kind="cut_reply", times=2)
    told = run(importing(path="s3://crm-files/spring"))
    assert (told["rows"], told["created"], crm.count(EVERYBODY)) == (20_000, 20_000, 20_000)
    assert [each["fired"] for each in crm.emulator.faults() if each["id"] == fault] == [2]
    assert (crm.effects("CreateUploadJob"), crm.effects("StartUploadJob")) == (1, 1)


def test_a_download_that_never_ends_imports_nobody_and_a_retry_everybody(crm, bucket):
    bucket(part_0=b"id,note\n1,a\n", part_1=b"id,note\n2,b\n")
    crm.emulator.add_fault(operation="GetObject", kind="cut_reply", times=4, where={"Key": "part_1"})
    error = refusal(importing(path="s3://crm-files/part_*"), NotSeen)
    assert "s3://crm-files/part_1" in error.found
    assert (crm.jobs(), crm.count(EVERYBODY)) == ([], 0)
    assert run(importing(path="s3://crm-files/part_*"))["created"] == crm.count(EVERYBODY) == 2
    assert crm.effects("StartUploadJob") == 1


def test_a_file_over_the_services_bound_goes_out_as_several_jobs_and_a_retry_finds_them_all(crm, monkeypatch):
    monkeypatch.setattr(csv_copy, "MAX_BYTES", 300_000)
    path = crm.people(20_000, note="x" * 20)
    told = run(importing(path=path))
    assert (told["rows"], told["created"], len(told["job_ids"])) == (20_000, 20_000, 3)
    assert crm.count(EVERYBODY) == 20_000
    assert run(importing(path=path)) == told
    assert crm.effects("StartUploadJob") == 3


def test_one_job_of_several_that_fails_fails_the_import(crm, monkeypatch):
    monkeypatch.setattr(csv_copy, "MAX_BYTES", 300_000)
    path = crm.file(
        "id,kind,note\n" + "".join(f"c{each},{'INDIVIDUAL' if each else 'X'},{'x' * 20}\n" for each in range(20_000))
    )
    error = refusal(importing(path=path, columns={"kind": "PartyType", "note": "Attributes.note"}), ServiceRefused)
    assert "1 records failed at the service" in error.found
    assert "upload jobs " in error.found


@pytest.mark.parametrize("key", ["part_1", "part_2"], ids=["written anew", "one more"])
def test_parts_that_somebody_writes_to_meanwhile_are_not_imported(crm, bucket, key):
    bucket(part_0=b"id,note\n1,a\n", part_1=b"id,note\n2,b\n")
    crm.emulator.add_fault(operation="GetObject", kind="hold", seconds=0.5, times=1)
    with meanwhile(crm, ("GetObject",), lambda: bucket(**{key: b"id,note\n3,c\n"})):
        error = refusal(importing(path="s3://crm-files/part_*"), RetryableError)
    assert error.code == "changed"
    assert (crm.jobs(), crm.count(EVERYBODY)) == ([], 0)


def test_an_object_in_s3_that_nobody_wrote_anew_is_refused_before_it_is_sent(crm, bucket):
    bucket(spring=b"id,note\n1,a\n")
    time.sleep(1.1)  # S3 tells whole seconds
    error = refusal(importing(path="s3://crm-files/spring", max_file_age=0.05), NotSeen)
    assert error.code == "file_age"
    assert not crm.jobs()
    assert run(importing(path="s3://crm-files/spring", max_file_age=timedelta(hours=1)))["created"] == 1
