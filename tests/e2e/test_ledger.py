"""The ledger over the wire: written once, proved, and never taken for empty."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from connect_campaigns.aws.ledger import Ledger
from connect_campaigns.core.errors import LaunchHeld, NotSeen, ServiceRefused
from connect_campaigns.core.records import ClaimRecord, KeyRecord

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def s3(emulator):
    client = emulator.client("s3", attempts=3)
    client.create_bucket(Bucket="ledger")
    return client


@pytest.fixture
def ledger(s3) -> Ledger:
    made = Ledger(s3, uri="s3://ledger/team/launches/")
    made.init(at=NOW, by="anna")
    return made


def key(campaign: str | None, by: str = "run") -> KeyRecord:
    return KeyRecord(at="t", by=by, key="spring/fr", generation=0, campaign=campaign)


def test_init_proves_the_store_and_is_repeatable(s3):
    ledger = Ledger(s3, uri="s3://ledger/launches")
    marker, made = ledger.init(at=NOW, by="anna")
    again, made_again = ledger.init(at=NOW, by="bert")
    assert (made, made_again) == (True, False)
    assert marker == again == ledger.marker()


def test_what_is_written_stays(ledger):
    ledger.write_key(key("one"))
    ledger.write_key(key("two"))
    assert ledger.key("spring/fr", 0).campaign == "one"
    assert ledger.key("spring/fr", 1) is None


def test_of_many_at_once_one_is_written(ledger):
    claims = [ClaimRecord(at="t", by=f"run {number}", campaign="c-1", key=f"key {number}") for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ledger.write_claim, claims))
    assert ledger.claim("c-1") in claims


@pytest.mark.parametrize("kind", ["lost_reply", "error_before", "error_after"])
def test_a_write_whose_end_is_unknown_is_left_to_the_next_read(emulator, ledger, kind):
    emulator.add_fault(operation="PutObject", kind=kind)
    ledger.write_key(key("one"))
    ledger.write_key(key("two"))
    assert ledger.key("spring/fr", 0).campaign == "one"


def test_an_emptied_bucket_is_no_fresh_start(s3):
    with pytest.raises(ServiceRefused) as caught:
        Ledger(s3, uri="s3://ledger/mistyped").marker()
    assert caught.value.code == "ledger_marker"
    assert "ledger init s3://ledger/mistyped" in caught.value.hint


@pytest.mark.parametrize("call", ["marker", "init"])
def test_a_missing_bucket_is_named(s3, call):
    ledger = Ledger(s3, uri="s3://nowhere/x")
    with pytest.raises(ServiceRefused) as caught:
        ledger.init(at=NOW, by="anna") if call == "init" else ledger.marker()
    assert caught.value.code == "ledger_bucket"
    assert "'nowhere'" in caught.value.found


@pytest.mark.parametrize(("operation", "action"), [("GetObject", "s3:GetObject"), ("PutObject", "s3:PutObject")])
def test_a_missing_right_is_named_with_its_resource(emulator, ledger, operation, action):
    denied = {"kind": "error_before", "code": "AccessDenied", "status": 403, "message": "no"}
    emulator.add_fault(operation=operation, times=9, **denied)
    with pytest.raises(ServiceRefused) as caught:
        ledger.key("k", 0) if operation == "GetObject" else ledger.write_key(key("one"))
    assert action in caught.value.found
    assert "arn:aws:s3:::ledger/team/launches/keys/" in caught.value.found


def test_a_403_is_never_absent(emulator, ledger):
    """Without s3:ListBucket a missing object answers 403."""
    emulator.add_fault(
        operation="GetObject", kind="error_before", code="AccessDenied", status=403, message="no", times=9
    )
    with pytest.raises(ServiceRefused):
        ledger.claim("c-1")


def test_a_store_that_ignores_the_condition_makes_no_ledger(s3):
    class Careless:
        """Stands for a store without conditional writes; the emulator's has them."""

        def put_object(self, *, IfNoneMatch: str, **params):  # noqa: ARG002, N803
            return s3.put_object(**params)

        def get_object(self, **params):
            return s3.get_object(**params)

    with pytest.raises(ServiceRefused) as caught:
        Ledger(Careless(), uri="s3://ledger/careless").init(at=NOW, by="anna")
    assert caught.value.code == "ledger_store"
    with pytest.raises(ServiceRefused):
        Ledger(s3, uri="s3://ledger/careless").marker()


def test_a_freeze_that_can_t_be_read_counts_as_on(emulator, ledger, s3):
    assert ledger.frozen() is None
    s3.put_object(Bucket="ledger", Key="team/launches/control/freeze.json", Body=b"not json")
    with pytest.raises(LaunchHeld):
        ledger.frozen()
    emulator.add_fault(operation="GetObject", kind="lost_reply", times=9)
    with pytest.raises(LaunchHeld):
        ledger.frozen()
    with pytest.raises(NotSeen):
        ledger.claim("c-1")
