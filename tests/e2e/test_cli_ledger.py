"""`ledger init` against the emulator's S3."""

from __future__ import annotations

import json

import pytest

from tests.cli_kit import CommandLine

URI = "s3://launches/connect"


@pytest.fixture
def command(emulator, monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys, url=emulator.url)


@pytest.fixture
def bucket(emulator):
    client = emulator.client("s3")
    client.create_bucket(Bucket="launches")
    return client


def names(bucket):
    return [each["Key"] for each in bucket.list_objects_v2(Bucket="launches").get("Contents", ())]


def test_init_makes_a_ledger_and_prints_what_the_connection_needs(bucket, command):
    ended = command("ledger", "init", URI)
    assert ended.code == 0
    assert ended.json == {"launch_ledger": URI}
    assert ended.err.startswith(f"preparing {URI}\n")
    assert "put this into the extra of the Airflow connection" in ended.err
    marker = json.loads(bucket.get_object(Bucket="launches", Key="connect/ledger.json")["Body"].read())
    assert (marker["kind"], marker["schema"]) == ("ledger", 1)


def test_init_proves_that_the_store_refuses_a_second_write(bucket, command, emulator):
    command("ledger", "init", URI)
    [probe] = [name for name in names(bucket) if "/probe/" in name]
    puts = [call for call in emulator.calls("PutObject", service="s3") if probe in json.dumps(call)]
    assert [call["status"] for call in puts] == [200, 412]


def test_init_again_changes_nothing_and_says_since_when(bucket, command):
    made = command("ledger", "init", "--json", URI)
    before = names(bucket)
    again = command("ledger", "init", "--json", URI + "/")
    assert (made.code, again.code) == (0, 0)
    assert (made.json["made"], again.json["made"]) == (True, False)
    assert made.json["id"] == again.json["id"]
    assert again.json["extra"] == {"launch_ledger": URI}
    assert "it is a ledger already, since " in again.err
    assert "nothing was changed" in again.err
    assert names(bucket) == before


@pytest.mark.parametrize(
    "uri", ["", "launches", "s3://", "s3://Launches/x", "https://launches.s3.amazonaws.com/x", "s3:/launches"]
)
def test_what_is_no_uri_is_a_usage_error_before_any_call(command, emulator, uri):
    ended = command("ledger", "init", uri)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error: `S3_URI` is {uri!r}\nallowed: s3://bucket/prefix\n\nhint: ")
    assert emulator.calls() == []


def test_a_missing_bucket_is_told_with_the_command_that_makes_it(command):
    ended = command("ledger", "init", URI)
    assert (ended.code, ended.out) == (3, "")
    assert "error: the ledger's bucket 'launches' isn't there\nallowed: " in ended.err
    assert "aws s3 mb s3://launches" in ended.err


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_a_missing_right_is_named_and_nothing_is_written(bucket, command, emulator, operation):
    emulator.add_fault(operation=operation, service="s3", kind="error_before", code="AccessDenied", status=403, times=9)
    ended = command("ledger", "init", URI)
    assert ended.code == 3
    assert f"`s3:{operation}" in ended.err
    assert "on arn:aws:s3:::launches/connect/" in ended.err
    assert "to the policy of the connection's role" in ended.err
    assert names(bucket) == []
