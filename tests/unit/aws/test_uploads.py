"""Which job of an earlier attempt an import takes up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connect_campaigns.aws.uploads import _to_take_up

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
OURS, OTHER = "crm-aaaa", "crm-bbbb"


def job(name, status, created, completed=None):
    """Make a job as ListUploadJobs gives it; times in minutes before now."""
    ended = {} if completed is None else {"CompletedAt": NOW - timedelta(minutes=completed)}
    return {"DisplayName": name, "Status": status, "CreatedAt": NOW - timedelta(minutes=created), **ended}


CASES = {
    "just done": ([job(f"{OURS}-1", "SUCCEEDED", 20, 10)], 0),
    "done long ago": ([job(f"{OURS}-1", "SUCCEEDED", 80, 61)], None),
    "under way, however long": ([job(f"{OURS}-1", "IN_PROGRESS", 600)], 0),
    "under way, and one made after it that never started": (
        [job(f"{OURS}-1", "IN_PROGRESS", 90), job(f"{OURS}-2", "CREATED", 5)],
        0,
    ),
    "made and not started": ([job(f"{OURS}-1", "CREATED", 5)], 0),
    "made and not started long ago": ([job(f"{OURS}-1", "CREATED", 61)], None),
    "failed": ([job(f"{OURS}-1", "FAILED", 20, 10)], None),
    "lost rows": ([job(f"{OURS}-1", "PARTIALLY_SUCCEEDED", 20, 10)], None),
    "another file": ([job(f"{OTHER}-1", "SUCCEEDED", 20, 10)], None),
    "another file before it": ([job(f"{OTHER}-1", "SUCCEEDED", 40, 30), job(f"{OURS}-1", "SUCCEEDED", 20, 10)], 1),
    "another file after it": ([job(f"{OURS}-1", "SUCCEEDED", 20, 15), job(f"{OTHER}-1", "SUCCEEDED", 10, 5)], None),
    "another file, made before it and started after it": (
        [job(f"{OTHER}-1", "SUCCEEDED", 40, 5), job(f"{OURS}-1", "SUCCEEDED", 20, 15)],
        None,
    ),
    "another file under way": ([job(f"{OTHER}-1", "IN_PROGRESS", 40), job(f"{OURS}-1", "SUCCEEDED", 20, 15)], None),
    "another file that was never started": (
        [job(f"{OURS}-1", "SUCCEEDED", 20, 15), job(f"{OTHER}-1", "CREATED", 10)],
        0,
    ),
    "a part of the same file": ([job(f"{OURS}-1", "SUCCEEDED", 20, 15), job("crm-cccc-1", "SUCCEEDED", 18, 5)], 0),
    "a name that only begins alike": ([job(f"{OURS}-x-1", "SUCCEEDED", 20, 15)], None),
}


@pytest.mark.parametrize(("jobs", "wanted"), CASES.values(), ids=CASES)
def test_the_job_that_is_taken_up(jobs, wanted):
    found = _to_take_up(jobs, prefix=OURS, prefixes=[OURS, "crm-cccc"], now=NOW)
    assert found is (None if wanted is None else jobs[wanted])
