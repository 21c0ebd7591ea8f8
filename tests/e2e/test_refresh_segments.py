"""Many segments of one file, in a real Airflow: one that fails holds up no other."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from tests.airflow_kit import DAGS, for_this_airflow

pytestmark = [
    pytest.mark.skipif(os.environ.get("REFRESH") != "1", reason="starts two Airflows: make test-refresh"),
    pytest.mark.timeout(900),
]


@pytest.fixture
def nightly(world, home, tmp_path):
    text = (DAGS / "nightly_segments.py").read_text().replace("/data/customers", str(tmp_path))
    assert '"Balance<=5000"},' in text
    text = text.replace('"Balance<=5000"},', '"Balance<=5000"},\n    {"name": "nobody", "who": "Balance>999999"},')
    world.emulator.set_clock(frozen=False)

    def run(day):
        rows = [f"c{each},+1202555{100 + each:04},{each * 1000}" for each in range(1, 10)]
        (tmp_path / f"{day:%Y-%m-%d}.csv").write_text("\n".join(["customer_id,phone,Balance", *rows, ""]))
        return home.run("nightly_segments", for_this_airflow(text), at=day)

    return run


def test_a_segment_that_fails_holds_up_no_other(nightly, home, world):
    assert nightly(datetime.now(UTC)) != 0  # a run with a failed segment is red, and says so
    states = home.states("nightly_segments")
    at = "segment.prepare_segment"
    assert [states[f"{at}.publish[{index}]"] for index in range(3)] == ["success", "success", "upstream_failed"]
    assert states[f"{at}.estimate[2]"] == "failed"
    published = home.xcoms("nightly_segments")
    extras = {published[f"{at}.publish[{index}]"]["name"].rpartition("-")[0]: index for index in range(2)}
    assert extras == {"balance-high": 0, "balance-low": 1}
    assert [published[f"{at}.publish[{index}]"]["count"] for index in range(2)] == [4, 5]
    assert [published[f"{at}.publish[{index}]"]["rows"] for index in range(2)] == [9, 9]
    assert world.emulator.effects("StartUploadJob") == 1


def test_a_run_of_the_day_before_yesterday_counts_its_file_and_leaves_the_rest(nightly, home, world):
    before = world.writes()
    assert nightly(datetime.now(UTC) - timedelta(days=2)) == 0
    states = home.states("nightly_segments")
    assert set(states.values()) == {"skipped"}, states
    assert home.xcoms("nightly_segments", "count")["count_backfilled"] == 9
    assert world.writes() == before
