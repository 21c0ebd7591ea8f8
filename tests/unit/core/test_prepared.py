"""What a prepared audience hands to the launch: there and back, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.prepared import PreparedSegment

SEGMENT = PreparedSegment(
    arn="arn:aws:profile:us-east-1:123456789012:domains/demo/segment-definitions/spring-0a1b2c3d",
    name="spring-0a1b2c3d",
    definition_hash="0a1b2c3d",
    created_at=datetime(2026, 12, 1, 9, tzinfo=UTC),
    count=500,
    imported_at=datetime(2026, 12, 1, 8, 59, tzinfo=UTC),
    rows=510,
    estimated_at=datetime(2026, 12, 1, 9, 1, tzinfo=UTC),
)


def test_it_goes_through_an_xcom_and_back():
    told = SEGMENT.to_dict()
    assert PreparedSegment.from_dict(json.loads(json.dumps(told))) == SEGMENT
    assert PreparedSegment.from_dict(json.dumps(told)) == SEGMENT


def test_nothing_was_imported_is_a_fact_of_its_own():
    told = {**SEGMENT.to_dict(), "imported_at": None, "rows": None}
    del told["estimated_at"]
    read = PreparedSegment.from_dict(told)
    assert (read.imported_at, read.rows, read.estimated_at) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"count": "500"}, "source.count"),
        ({"count": -1}, "source.count"),
        ({"count": True}, "source.count"),
        ({"count": None}, "source.count"),
        ({"arn": ""}, "source.arn"),
        ({"created_at": "yesterday"}, "source.created_at"),
        ({"created_at": "2026-12-01T09:00:00"}, "source.created_at"),
        ({"created_at": 5}, "source.created_at"),
        ({"size": 5}, "'size'"),
        ({"rows": "many"}, "source.rows"),
    ],
)
def test_a_wrong_or_unknown_member_is_named(change, found):
    with pytest.raises(InvalidInput) as caught:
        PreparedSegment.from_dict({**SEGMENT.to_dict(), **change})
    assert found in caught.value.found
    assert caught.value.allowed
    assert caught.value.hint


@pytest.mark.parametrize("missing", ["arn", "name", "definition_hash", "created_at", "count", "imported_at", "rows"])
def test_a_missing_member_is_named(missing):
    told = SEGMENT.to_dict()
    del told[missing]
    with pytest.raises(InvalidInput, match=f"lacks {missing}"):
        PreparedSegment.from_dict(told)


@pytest.mark.parametrize("given", ["{'arn': 'x'}", "", "[]", 5, None])
def test_what_is_no_object_is_refused_with_how_to_hand_it_over(given):
    with pytest.raises(InvalidInput) as caught:
        PreparedSegment.from_dict(given)
    assert "output" in caught.value.hint
