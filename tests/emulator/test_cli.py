"""The AWS CLI, a client that isn't ours, walks through a campaign's life."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.emulator.campaign_kit import INSTANCE

AWS = Path(sys.executable).with_name("aws")


def test_the_aws_cli_walks_through_a_campaigns_life(kit):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def aws(operation: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [AWS, "connectcampaignsv2", operation, *arguments, "--endpoint-url", kit.emulator.url]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)

    times = {name: moment.strftime("%Y-%m-%dT%H:%M:%S") for name, moment in kit.schedule().items()}
    schedule = ",".join(f"{name}={value}" for name, value in times.items())
    made = aws("create-campaign", "--name", "cli", "--connect-instance-id", INSTANCE, "--schedule", schedule)
    assert made.returncode == 0, made.stderr
    chosen = ("--id", json.loads(made.stdout)["id"])

    def state() -> str:
        return str(json.loads(aws("get-campaign-state", *chosen).stdout)["state"])

    assert aws("start-campaign", *chosen).returncode == 0
    assert state() == "Running"
    second = aws("start-campaign", *chosen)
    assert second.returncode != 0
    assert "InvalidCampaignStateException" in second.stderr
    assert "Running" in second.stderr, "the CLI shows the message only, so the message names the state"
    assert aws("pause-campaign", *chosen).returncode == 0
    assert state() == "Paused"
    assert aws("resume-campaign", *chosen).returncode == 0
    assert aws("stop-campaign", *chosen).returncode == 0
    assert state() == "Stopped"
    described = json.loads(aws("describe-campaign", *chosen).stdout)["campaign"]
    assert described["name"] == "cli"
