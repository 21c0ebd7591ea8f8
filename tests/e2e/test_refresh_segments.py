"""Many segments of one file, in a real Airflow: one that fails holds up no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.airflow_kit import DAGS, for_this_airflow, takes_minutes

pytestmark = [
    takes_minutes,
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


def test_whom_a_list_names_is_left_out_of_the_nightly_launch(home, world, tmp_path):
    world.emulator.set_clock(frozen=False)
    rows = [f"c{each},+1202555{100 + each:04}" for each in range(9)]
    (tmp_path / "customers.csv").write_text("\n".join(["customer_id,phone", *rows, ""]))
    (tmp_path / "list.csv").write_text("customer_id,DoNotCall\nc1,yes\nc2,yes\nc3,no\nelsewhere,yes\n")
    conf = {
        "csv": str(tmp_path / "customers.csv"),
        "do_not_call_csv": str(tmp_path / "list.csv"),
        "max_suppression_age_days": 31,
        "min_audience": 8,  # one more than are left: the launch is refused, and this needs no campaign to end
        "if_no_limits": "warn",
        "manual_trigger": "launch",
    }
    text = for_this_airflow((DAGS / "nightly_launch.py").read_text())
    assert home.run("nightly_launch", text, conf) != 0
    states = home.states("nightly_launch")
    ended = {
        name: states[name] for name in ("import_do_not_call", "prepare_segment.estimate", "launch_campaign.create")
    }
    assert list(ended.values()) == ["success", "success", "failed"], states
    prepared = home.xcoms("nightly_launch")["prepare_segment.estimate"]
    assert prepared["count"] == 7
    assert prepared["suppression_imported_at"]
    assert f"segment {prepared['name']} has 7 profiles\nallowed: 8 profiles or more" in home.log
    assert world.starts == 0
