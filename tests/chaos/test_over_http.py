"""Crash, fault and recovery through every layer: operators against the emulator's process."""

from __future__ import annotations

import os
import time
from collections import Counter

import boto3
import pytest

from connect_campaigns.hooks import ConnectCampaignsHook
from tests.chaos.http_cases import cases, play
from tests.launch_kit import World

WHOLE = os.environ.get("CHAOS") == "all"
SEED = int(os.environ.get("CHAOS_SEED", "20261201"))
GROUPS = 8
CASES = cases(size=240 if WHOLE else 24, seed=SEED)
ONE = os.environ.get("CHAOS_CASE", "")


@pytest.fixture
def quick(monkeypatch):
    """Waits take no time, neither ours nor the SDK's: the emulator is another process. One session for all clients."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    session = boto3.Session(
        aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="not-a-secret", region_name="us-east-1"
    )
    monkeypatch.setattr(ConnectCampaignsHook, "_shared_session", session)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.usefixtures("quick")
def test_every_invariant_holds_over_http(group, emulator, monkeypatch):
    wrong: list[str] = []
    fired: Counter[str] = Counter()
    for case in CASES[group::GROUPS]:
        if ONE and case.name != ONE:
            continue
        emulator.reset()
        emulator.set_settings(campaigns={"attempts_per_minute": 60})
        counted, broken = play(World(emulator, monkeypatch, people=1), case)
        fired[case.recovery] += counted
        wrong += [f"{case.name} (seed {SEED}): {each}" for each in broken]
    print(f"over HTTP, group {group}: {sum(fired.values())} cases counted: {dict(fired)}")  # noqa: T201 - the table
    assert wrong == []
    assert ONE or sum(fired.values()) >= 0.8 * len(CASES[group::GROUPS])
