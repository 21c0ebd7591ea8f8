"""Upload jobs that a setting lets fail, or lose rows: what the service does without saying why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.test_uploads import Uploads, summary

if TYPE_CHECKING:
    from tests.conftest import Emulator

FILE = "id,name,city,x\n1,Ann,Lyon,a\n2,Ben,Lyon,b\n3,Cid,Lyon,c\n"


@pytest.mark.parametrize("reason", ["INTERNAL_FAILURE", "VALIDATION_FAILURE"])
def test_jobs_fail_without_a_row_applied(emulator: Emulator, reason: str) -> None:
    uploads = Uploads(emulator)
    emulator.set_settings(profiles={"upload_failure": reason})
    job = uploads.run(FILE)
    assert (job["Status"], job["StatusReason"], "ResultsSummary" in job) == ("FAILED", reason, False)
    assert uploads.count(FirstName="Ann") == 0
    emulator.set_settings(profiles={"upload_failure": "none"})
    assert uploads.run(FILE)["Status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("lost", "expected"), [(2, ("PARTIALLY_SUCCEEDED", 1, 0, 2)), (9, ("PARTIALLY_SUCCEEDED", 0, 0, 3))]
)
def test_good_rows_are_lost(emulator: Emulator, lost: int, expected: tuple[str, int, int, int]) -> None:
    uploads = Uploads(emulator)
    emulator.set_settings(profiles={"upload_failed_rows": lost})
    assert summary(uploads.run(FILE)) == expected
    assert uploads.count(Address__City="Lyon") == expected[1]
