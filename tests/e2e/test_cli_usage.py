"""What the command line is given wrong: exit code, three parts, and not one write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli_kit import CommandLine
from tests.emulator.campaign_kit import Kit
from tests.launch_kit import WRITES

CAMPAIGN = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def command(emulator, monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys, url=emulator.url)


@pytest.fixture
def elsewhere(monkeypatch, capsys):
    """A command line that is not led to the emulator."""
    return CommandLine(monkeypatch, capsys, url=None)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Usage: "),
        (("puase", CAMPAIGN), "No such command 'puase'"),
        (("start", CAMPAIGN), "No such command 'start'"),
        (("pause",), "Missing argument 'CAMPAIGN...'"),
        (("stop", "--yes"), "Missing argument 'CAMPAIGN...'"),
        (("state",), "Missing argument 'CAMPAIGN...'"),
        (("pause", "--force", CAMPAIGN), "No such option '--force'"),
        (("pause", "--yes", CAMPAIGN), "No such option '--yes'"),
        (("pause", CAMPAIGN, "--region"), "Option '--region' requires an argument"),
        (("ledger",), "Usage: "),
        (("ledger", "init"), "Missing argument 'S3_URI'"),
        (("ledger", "init", "s3://a-bucket/x", "s3://b-bucket/y"), "unexpected extra argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistyped_command_ends_with_2_and_says_what_is_wrong(elsewhere, arguments, told):
    ended = elsewhere(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told.lower().replace("'", "") in ended.err.lower().replace("'", "")


@pytest.mark.parametrize("verb", [("pause",), ("stop", "--yes"), ("state",)], ids=" ".join)
@pytest.mark.parametrize("campaign", ["https://demo.my.connect.aws/outbound/", "nobody", ""])
def test_a_campaign_that_cannot_be_found_writes_nothing(command, emulator, verb, campaign):
    ended = command(*verb, campaign)
    assert ended.code == (2 if campaign.startswith("https") else 1)
    for part in ("error: ", "allowed: ", "\n\nhint: "):
        assert part in ended.err
    assert not [call for call in emulator.calls() if call["operation"].startswith(WRITES)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--profile", "nobody"), "nobody"),
        (("--region", "us east 1"), "us east 1"),
        (("--endpoint-url", "emulator"), "emulator"),
        (("--endpoint-url", ""), "endpoint"),
    ],
    ids=" ".join,
)
def test_aws_settings_that_cannot_be_used_end_with_2(elsewhere, arguments, told):
    for verb in (("pause", CAMPAIGN), ("ledger", "init", "s3://launches/x")):
        ended = elsewhere(*verb, *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err
        assert "Traceback" not in ended.err
        for part in ("error: ", "allowed: ", "\n\nhint: "):
            assert part in ended.err


def test_no_region_and_no_credentials_say_where_they_may_be_given(elsewhere):
    elsewhere.set(AWS_DEFAULT_REGION=None)
    ended = elsewhere("pause", CAMPAIGN)
    assert ended.code == 2
    assert ended.err.count("no AWS Region") == 1
    assert "hint: add --region" in ended.err
    elsewhere.set(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    ended = elsewhere("pause", CAMPAIGN, CAMPAIGN, "--region", "us-east-1")
    assert ended.code == 2
    assert ended.err.count("no AWS credentials") == 1


def test_an_endpoint_where_nobody_listens_ends_with_3(elsewhere):
    ended = elsewhere("state", CAMPAIGN, "--endpoint-url", "http://127.0.0.1:1")
    assert (ended.code, ended.out) == (3, "")
    assert "hint: retry; look at endpoint, network and service health" in ended.err


def test_an_error_that_nobody_foresaw_ends_with_3_and_its_traceback(elsewhere, monkeypatch):
    def broken(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("connect_campaigns.cli.find", broken)
    ended = elsewhere("pause", CAMPAIGN)
    assert ended.code == 3
    assert "Traceback" in ended.err
    assert "error: unexpected ZeroDivisionError: a bug" in ended.err


def test_an_interrupted_pause_says_so_and_can_be_run_again(emulator):
    kit = Kit(emulator)
    first, second = kit.in_state("Running"), kit.in_state("Running")
    emulator.add_fault(operation="PauseCampaign", kind="hold", skip=1, seconds=30)
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [
        sys.executable,
        "-m",
        "connect_campaigns",
        "pause",
        "--json",
        "--endpoint-url",
        emulator.url,
        first,
        second,
    ]
    process = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while emulator.effects("PauseCampaign") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "interrupted, it can be run again" in err
    assert '"result": "done"' in out
    assert '"result": "not reached"' in out
    emulator.clear_faults()
    again = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60, check=False)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count('"before": "Paused"') == 2
