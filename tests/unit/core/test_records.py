"""The ledger's objects: there and back, and what is refused."""

from __future__ import annotations

import json

import pytest

from connect_campaigns.core.errors import LaunchRefused
from connect_campaigns.core.records import ClaimRecord, EndRecord, Event, Freeze, KeyRecord, Marker

RECORDS = [
    Marker(at="2026-12-01T00:00:00+00:00", by="anna", id="1"),
    KeyRecord(at="t", by="b", key="spring/fr", generation=0, campaign="c", template="t", reason=None),
    KeyRecord(at="t", by="b", key="spring/fr", generation=1, campaign=None, reason="late"),
    ClaimRecord(at="t", by="b", campaign="c", key="spring/fr", generation=0),
    ClaimRecord(at="t", by="b", campaign="c", key=None, reason="gone"),
    EndRecord(at="t", by="b", campaign="c", state="Completed"),
    Event(at="t", by="b", what="creating"),
    Freeze(at="t", by="b", reason="holiday é"),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_comes_back_as_it_was(record):
    assert type(record).from_json(record.to_json(), where="s3://x") == record


def test_void_is_told_from_named():
    assert [record.void for record in RECORDS[1:5]] == [False, True, False, True]


def test_members_of_later_releases_are_ignored():
    body = json.loads(RECORDS[0].to_json()) | {"later": 1}
    assert Marker.from_json(json.dumps(body).encode(), where="s3://x") == RECORDS[0]


BROKEN = [
    b"",
    b"not json",
    b"[]",
    b"null",
    b'{"kind": "ledger"}',
    b"\xff\xfe",
    b'{"kind": "ledger", "schema": 2, "at": "", "by": "", "id": ""}',
    b'{"kind": "key", "schema": 1, "at": "", "by": "", "id": ""}',
    b'{"kind": "ledger", "schema": 1, "at": "", "by": ""}',
    b'{"kind": "ledger", "schema": "1", "at": "", "by": "", "id": ""}',
]


@pytest.mark.parametrize("body", BROKEN)
def test_what_can_t_be_read_is_refused_with_its_place(body):
    with pytest.raises(LaunchRefused) as caught:
        Marker.from_json(body, where="s3://ledger/x.json")
    assert "s3://ledger/x.json" in caught.value.found
    assert caught.value.hint
