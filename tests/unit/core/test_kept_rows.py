"""Where the rows of a past day's file may be kept, and only where they go again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.kept_rows import KeepRows

GIVEN = {"uri": "s3://crm-history/spring-fr/", "expiry_days": 30}
PLACE = KeepRows(bucket="crm-history", prefix="spring-fr/", expiry_days=30)
DUE = datetime(2026, 11, 12, 3, tzinfo=UTC)


def rule(days=30, status="Enabled", **more):
    return {"Status": status, "Expiration": {"Days": days}, **(more or {"Filter": {"Prefix": ""}})}


@pytest.mark.parametrize("value", [None, "", {}])
def test_nobody_asked_nothing_is_kept(value):
    assert KeepRows.of(value) is None


@pytest.mark.parametrize(
    "value",
    [GIVEN, '{"uri": "s3://crm-history/spring-fr/", "expiry_days": "30"}', {**GIVEN, "uri": f" {GIVEN['uri']} "}],
)
def test_a_place_as_a_dict_or_as_its_text(value):
    assert KeepRows.of(value) == PLACE


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("s3://crm-history/spring-fr/", "`keep_rows` is"),
        (True, "`keep_rows` is True"),
        ({"uri": GIVEN["uri"]}, "`keep_rows` is"),
        ({**GIVEN, "key": "x"}, "`keep_rows` is"),
        ({**GIVEN, "uri": "s3://crm-history/spring-fr"}, "`keep_rows: uri` is"),
        ({**GIVEN, "uri": "s3://crm-history/"}, "`keep_rows: uri` is"),
        ({**GIVEN, "uri": "s3://crm-history//x/"}, "`keep_rows: uri` is"),
        ({**GIVEN, "uri": "/data/history/"}, "`keep_rows: uri` is"),
        ({**GIVEN, "uri": None}, "`keep_rows: uri` is None"),
        ({**GIVEN, "expiry_days": 0}, "`keep_rows: expiry_days` is 0"),
        ({**GIVEN, "expiry_days": 3651}, "`keep_rows: expiry_days` is 3651"),
        ({**GIVEN, "expiry_days": 1.5}, "`keep_rows: expiry_days` is 1.5"),
        ({**GIVEN, "expiry_days": "never"}, "`keep_rows: expiry_days` is 'never'"),
    ],
)
def test_anything_else_is_refused(value, found):
    with pytest.raises(InvalidInput) as error:
        KeepRows.of(value)
    assert error.value.found.startswith(found)
    assert error.value.allowed
    assert error.value.hint


def test_a_key_tells_run_and_content():
    assert PLACE.keys(due=DUE, sha256="0a1b2c3d4e", number=1) == ["spring-fr/2026-11-12T0300-0a1b2c3d.csv"]
    assert PLACE.keys(due=None, sha256="0a1b2c3d4e", number=2) == [
        "spring-fr/0a1b2c3d-1.csv",
        "spring-fr/0a1b2c3d-2.csv",
    ]


@pytest.mark.parametrize(
    "rules",
    [
        [rule()],
        [rule(days=1, Prefix="spring-fr/")],
        [rule(Filter={"Prefix": "spring"})],
        [rule(Filter={"And": {"Prefix": "spring-fr/"}})],
        [rule(days=90), rule(days=7)],
        [{"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}, rule()],
    ],
)
def test_a_bucket_that_deletes_in_time_is_taken(rules):
    PLACE.demand_expiry(rules)


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ([], "for good"),
        ([rule(days=31)], "for 31 days"),
        ([rule(status="Disabled")], "for good"),
        ([rule(Filter={"Prefix": "spring-fr/old/"})], "for good"),
        ([rule(Prefix="other/")], "for good"),
        ([rule(Filter={"Tag": {"Key": "temporary", "Value": "yes"}})], "for good"),
        ([rule(Filter={"And": {"Prefix": "", "Tags": [{"Key": "temporary", "Value": "yes"}]}})], "for good"),
        ([rule(Filter={"ObjectSizeGreaterThan": 1_000_000})], "for good"),
        ([{"Status": "Enabled", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}}], "for good"),
        ([{"Status": "Enabled", "Filter": {}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}], "for good"),
    ],
)  # fmt: skip
def test_a_bucket_that_may_keep_them_for_longer_is_refused(rules, kept):
    with pytest.raises(InvalidInput) as error:
        PLACE.demand_expiry(rules)
    assert error.value.found == f"bucket crm-history keeps what lies under spring-fr/ {kept}"
    assert "after at most 30 days" in error.value.allowed
    assert error.value.code == "expiry"
