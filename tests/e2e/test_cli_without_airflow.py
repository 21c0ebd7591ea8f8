"""The command line where nothing is installed but what the distribution declares: all commands, a process each."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from connect_campaigns import __main__, _compat
from tests.emulator.campaign_kit import Kit

OURS = "airflow-connect-campaigns"
PACKAGE = Path(__main__.__file__).parent


def needed(name: str) -> set[str]:
    """Which distributions one depends on, without its extras, directly and indirectly."""
    required = [line for line in distribution(name).requires or () if "extra ==" not in line]
    direct = {re.match(r"[\w.-]+", line)[0].lower() for line in required}
    return direct | {deeper for each in direct for deeper in needed(each)}


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Give a folder with our package and the distributions that it declares, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / PACKAGE.name).symlink_to(PACKAGE)
    for name in needed(OURS):
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or () if file.suffix == ".py"} - {".."}:
            (folder / top).symlink_to(installed.locate_file(top))
    return folder


@pytest.fixture
def python(bare, tmp_path):
    """Run Python there: -S leaves out this environment's own packages."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(bare),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-S", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)

    return run


def test_the_distribution_depends_on_the_sdk_and_the_command_line_library_only():
    required = [line for line in distribution(OURS).requires or () if "extra ==" not in line]
    assert sorted(re.match(r"[\w.-]+", line)[0] for line in required) == ["boto3", "click"]


def test_airflow_really_is_absent_there(python):
    assert "No module named 'airflow'" in python("-c", "import airflow").stderr


def test_a_newcomer_walks_through_all_commands(python, emulator):
    kit = Kit(emulator)
    emulator.client("s3").create_bucket(Bucket="launches")
    campaign, other = kit.in_state("Running"), kit.create(name="other")

    def connect_campaigns(*arguments: str) -> subprocess.CompletedProcess[str]:
        where = ("--region", "us-east-1", "--endpoint-url", emulator.url)
        return python("-m", "connect_campaigns", *arguments, *where)

    made = connect_campaigns("ledger", "init", "s3://launches/connect")
    assert (made.returncode, json.loads(made.stdout)) == (0, {"launch_ledger": "s3://launches/connect"})
    steps = [
        (("state", "spring", "other"), 0, f"{campaign}  Running\n{other}  Initialized\n"),
        (("pause", "spring", "other"), 1, f"{campaign}  paused\n{other}  refused\n"),
        (("pause", campaign), 0, f"{campaign}  paused already\n"),
        (("stop", "spring"), 1, ""),
        (("stop", "--yes", "spring"), 0, f"{campaign}  stopped\n"),
        (("pause", "spring"), 1, f"{campaign}  refused\n"),
        (("state", campaign), 0, f"{campaign}  Stopped\n"),
    ]
    for arguments, code, out in steps:
        ended = connect_campaigns(*arguments)
        assert (ended.returncode, ended.stdout) == (code, out), (arguments, ended.stderr)


def test_airflow_is_left_alone_where_it_is_installed():
    names = "sorted({name.partition('.')[0] for name in sys.modules} & {'airflow', 'sqlalchemy'})"
    code = f"import sys; from connect_campaigns.__main__ import run; run(['--help']); print({names}, file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == "[]\n"


def test_the_variable_that_leaves_airflow_out_is_the_one_that_is_read():
    assert f'os.environ["{_compat.WITHOUT_AIRFLOW}"] = "1"' in Path(__main__.__file__).read_text()
