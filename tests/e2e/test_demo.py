"""`make demo` for real: Airflow runs the nightly DAG; the report can't lie. Needs half a minute a run."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
BANK = Path(os.environ.get("BANK_CSV") or PROJECT.parent / "shared/data/bank-marketing.csv")
BANK_SEGMENT = "Contact=cellular, Balance>1000, Loan=no"
NO_BANK = "no bank-marketing.csv: name its place in BANK_CSV, or put it into ../shared/data"
SECONDS = 240

pytestmark = pytest.mark.timeout(2 * SECONDS)


def demo(home, *arguments):
    """Give the command of a demo in a folder of its own, so that nobody's `.demo` is touched."""
    return [sys.executable, "-m", "demo.run", "--home", str(home), *map(str, arguments)]


def with_nothing(home, *arguments):
    """Run a demo with next to no environment, as on a fresh machine; give its status and what it said."""
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
    done = subprocess.run(
        demo(home, *arguments), cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One folder for all demos here: Airflow's database is made once."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def finished(home):
    """Run the demo once to its end: on the bank's clients where they are there, else on made-up customers."""
    own = ["--csv", BANK, "--segment", BANK_SEGMENT] if BANK.is_file() else []
    status, said = with_nothing(home, "--lose-reply", *own)
    assert status == 0, said
    return said


def test_two_runs_with_one_key_launch_once_though_the_reply_is_lost(finished):
    for words in (
        r"✓ start +found under way: attached, nothing sent again",
        r"✓ start +has run already: attached to that launch, nothing started",
        r"took effect +1; its reply was lost on the way",
        r"took effect +0 StartCampaign, 0 CreateCampaign",
        r"✓ exactly one StartCampaign took effect",
        r"✓ the template was cloned, and never started",
        r"✓ run 1 is green \(9 tasks succeeded, ",
        r"✓ run 2 is green \(9 tasks succeeded, ",
        r"keys/[0-9a-f]{40}/0000\.json",
        r"campaigns/[0-9a-f-]{36}\.json",
        r"Launched once, by two runs with one launch key",
    ):
        assert re.search(words, finished), words
    assert "✗" not in finished


def test_progress_is_shown_while_the_campaign_runs(finished):
    shown = re.findall(r"UTC +Running +([\d,]+) of ([\d,]+) attempted", finished)
    attempted = [int(each.replace(",", "")) for each, _ in shown]
    assert len(attempted) >= 3
    assert attempted == sorted(set(attempted))


def test_the_report_fits_and_has_no_colours_where_nobody_looks(finished, home):
    assert max(len(line.replace(str(home), ".demo")) for line in finished.splitlines()) <= 100
    assert "\033" not in finished


@pytest.mark.skipif(not BANK.is_file(), reason=NO_BANK)
def test_the_audience_is_the_one_that_pythons_csv_counts(finished):
    with BANK.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    counted = sum(row["Contact"] == "cellular" and int(row["Balance"]) > 1000 and row["Loan"] == "no" for row in rows)
    assert f"imported   {len(rows):,} of {len(rows):,} rows" in finished
    assert f"audience   {counted:,} of them" in finished
    assert " = ".join([f"{counted:,}"] * 4) in finished
    assert re.search(r"Marital \(Status\) +→ +Attributes\.Marital_Status +renamed to Marital_Status", finished)
    assert re.search(r"customer_id +→ +Attributes\.customer_id +key; made: the row's number", finished)
    assert re.search(r"phone +→ +PhoneNumber +made: from the range kept for fiction", finished)


START_NOTHING = '''"""The project's own airflow dag, but for the start: it names the campaign and starts nothing."""

from connect_campaigns import task_groups
from connect_campaigns.operators.campaigns import StartCampaignOperator


class StartNothing(StartCampaignOperator):
    def execute(self, context):
        return self.campaign_id


task_groups.StartCampaignOperator = StartNothing
'''


def test_the_report_can_not_lie_where_the_start_starts_nothing(home, tmp_path):
    dags = tmp_path / "dags"
    dags.mkdir()
    source = (PROJECT / "dags/nightly_launch.py").read_text().replace("from __future__ import annotations\n", "")
    (dags / "nightly_launch.py").write_text(START_NOTHING + source)
    status, said = with_nothing(home, "--dags-folder", dags)
    assert status == 1
    assert re.search(r"✓ create ", said)
    assert "no StartCampaign took effect" in said
    assert f"{home}/run-1.log" in said
    assert "Launched once" not in said


def processes_of(home):
    """List the processes whose command line names a folder."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = line.read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(home) in command:
            found.append(command)
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc to look for processes in")
@pytest.mark.usefixtures("finished")  # Airflow's database is there, so the run begins at once
def test_ctrl_c_ends_all_that_the_demo_started(home):
    log = home / "run-1.log"
    log.unlink()
    with subprocess.Popen(
        demo(home), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not (log.exists() and len(processes_of(home)) > 1):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        for _ in range(3):  # impatient
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "all that the demo started has been ended" in said
    assert processes_of(home) == []
    assert not list(home.glob("csv-*"))
