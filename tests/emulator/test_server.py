"""The process and its clock: how it starts and ends, the Date header, speed."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from connect_emulator.client import Control, ControlError, EmulatorProcess
from connect_emulator.clock import Clock
from tests.emulator.raw import send

COMMAND = [sys.executable, "-m", "connect_emulator"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_a_signal_ends_it_at_once(number):
    process = subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", line)
    control = Control(line.split()[-1])
    assert control.health()["status"] == "ok"
    control.add_fault(operation="GetCampaignState", kind="hold")
    with socket.create_connection(("127.0.0.1", int(line.rpartition(":")[2]))) as held:
        held.sendall(b"GET /v2/campaigns/a/state HTTP/1.1\r\nHost: x\r\nAuthorization: Credential=A/20260101/"
                     b"us-east-1/connect-campaigns/aws4_request\r\n\r\n")  # fmt: skip
        began = time.monotonic()
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert time.monotonic() - began < 5, "an open connection and a held reply don't hold up the end"
    assert "Traceback" not in output + errors


def test_a_port_in_use_is_named(emulator):
    port = emulator.url.rpartition(":")[2]
    done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert port in done.stderr
    assert "hint:" in done.stderr


@pytest.mark.parametrize("wrong", [["--port", "70000"], ["--speed", "-1"], ["--speed", "nan"], ["--speed", "inf"]])
def test_a_wrong_command_line_is_refused(wrong):
    done = subprocess.run([*COMMAND, *wrong], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "allowed" in done.stderr


def test_every_reply_has_one_date_and_it_is_the_emulators(emulator):
    emulator.set_clock(frozen=True, step_seconds=86_400 * 30)
    now = datetime.fromisoformat(emulator.clock()["now"]).replace(microsecond=0)
    replies = [
        send(emulator.url, "GET", "/v2/campaigns/a/state"),
        send(emulator.url, "GET", "/v2/nothing"),
        send(emulator.url, "GET", "/domains", signing_name="profile"),
        send(emulator.url, "GET", "/", signing_name="s3"),
        send(emulator.url, "GET", "/nobucket/nokey", signing_name=None),
        send(emulator.url, "PUT", "/_emulator_uploads/none", b"", signing_name=None),
        send(emulator.url, "GET", "/_emulator/", signing_name=None),
    ]
    assert [reply.status for reply in replies] == [404, 404, 200, 200, 404, 403, 200]
    for reply in replies:
        dates = reply.header("date")
        assert len(dates) == 1
        assert parsedate_to_datetime(dates[0]) == now


def test_boto3_reads_the_emulators_time(emulator):
    emulator.set_clock(frozen=True, step_seconds=3600)
    reply = emulator.client("connectcampaignsv2").list_campaigns()
    read = parsedate_to_datetime(reply["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert abs(read - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)


def test_the_clock_runs_at_its_speed_from_the_start():
    with EmulatorProcess(speed=1000) as process:
        mark, first = time.monotonic(), process.control.clock()
        assert first["speed"] == 1000
        time.sleep(0.3)
        passed = datetime.fromisoformat(process.control.clock()["now"]) - datetime.fromisoformat(first["now"])
        # Nothing bounds how late a busy machine answers, so: at least what was slept, at most what went by.
        assert 300 <= passed.total_seconds() <= (time.monotonic() - mark) * 1000


def test_the_clock_steps_jumps_stands_still_and_never_goes_back(emulator):
    emulator.set_clock(frozen=True)
    now = datetime.fromisoformat(emulator.clock()["now"])
    assert datetime.fromisoformat(emulator.set_clock(step_seconds=90)["now"]) == now + timedelta(seconds=90)
    jump = (now + timedelta(days=3)).isoformat()
    assert emulator.set_clock(now=jump)["now"] == jump
    assert emulator.clock()["now"] == jump, "it stands still"
    with pytest.raises(ControlError, match="forward only"):
        emulator.set_clock(now=now.isoformat())
    assert emulator.clock()["now"] == jump
    emulator.reset()
    again = datetime.fromisoformat(emulator.clock()["now"])
    assert abs(again - datetime.now(UTC)) < timedelta(minutes=1)
    assert not emulator.clock()["frozen"]


def test_a_change_of_speed_loses_no_time():
    clock = Clock(speed=0)
    before = clock.now()
    clock.change(speed=10_000)
    assert clock.now() >= before
    clock.change(speed=0)
    assert clock.now() == clock.now() >= before


def test_it_listens_on_one_address_of_the_loopback_unless_told(emulator):
    """The whole of 127.0.0.0/8 is this machine; a server on all addresses would answer at any of them."""
    port = int(emulator.url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=2)
