"""Who stands in a snapshot's files, and what is none of them."""

from __future__ import annotations

import io

import pytest

from connect_campaigns.core.snapshot_rows import ids_in_csv, ids_in_json_lines, same_place


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("ProfileId,FirstName\na,Ann\nb,Bea\n", ["a", "b"]),
        ('FirstName,PROFILEID\n"Ann, the\nfirst",a\n', ["a"]),
        ("profileid\n", []),
        ("ProfileId,FirstName\n,Ann\n", []),
        ("test\n", []),
        ("", []),
    ],
)
def test_rows_of_csv(text, ids):
    assert list(ids_in_csv(io.StringIO(text, newline=""))) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('{"ProfileId": "a"}\n{"profileId": "b", "x": 1}\n', ["a", "b"]),
        ('{"x": 1}\n[1]\n7\n', []),
        ("this is a test\n", []),
        ("", []),
    ],
)
def test_rows_of_json_lines(text, ids):
    assert list(ids_in_json_lines(io.StringIO(text))) == ids


def test_a_slash_at_the_end_makes_no_other_place():
    assert same_place("s3://b/p/", "s3://b/p")
    assert not same_place("s3://b/p", "s3://b/q")
