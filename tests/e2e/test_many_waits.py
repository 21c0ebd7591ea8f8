"""Deferred waits in a real Airflow: a call a tick for 25 of them, no worker slot taken, and all end when they should.

30 of them, unless ``WAITS`` says another number (one that 25 does not divide).
"""

from __future__ import annotations

import json
import os
import time

import pytest

from tests.airflow_kit import takes_minutes
from tests.standalone_kit import Standalone, until
from tests.waiting_kit import Kit, connection_json, running_campaigns

WAITS = int(os.environ.get("WAITS", "30"))
SLOTS = 4
INTERVAL_S = 3
TICKS = 3

DAGS = """
import json
from pathlib import Path

from airflow.sdk import dag, task

from connect_campaigns.sensors.campaigns import CampaignStateSensor


@dag(schedule=None)
def waits():
    campaigns = json.loads((Path(__file__).parent / "campaigns.json").read_text())
    CampaignStateSensor.partial(task_id="wait", deferrable=True, poke_interval={interval}).expand(campaign_id=campaigns)


@dag(schedule=None)
def tiny():
    @task
    def work():
        return 1

    work()


waits()
tiny()
"""


@pytest.fixture
def kit(emulator):
    return Kit(emulator)


WHOLE = (*[25] * (WAITS // 25), WAITS % 25)


def reads(kit, after=0):
    """Give number and size of the state reads after a call's number."""
    calls = kit.emulator.calls("GetCampaignStateBatch")
    return [(call["number"], len(call["params"]["campaignIds"])) for call in calls if call["number"] > after]


def whole_tick(kit):
    """Give the number of the last read, if it ends a tick that read all waits."""
    last = reads(kit)[-len(WHOLE) :]
    return last[-1][0] if tuple(size for _, size in last) == WHOLE else None


def ticks(kit, after):
    """Give the sizes of the reads since the end of a whole tick, as many together as a whole tick has."""
    sizes, calls = [size for _, size in reads(kit, after)], len(WHOLE)
    return [tuple(sizes[at : at + calls]) for at in range(0, len(sizes) - calls + 1, calls)]


@takes_minutes
@pytest.mark.timeout(600)
def test_waits_share_a_call_for_25_a_tick_and_leave_the_workers_free(kit, tmp_path):
    began = time.monotonic()
    laps = {}

    def lap(name):
        laps[name] = round(time.monotonic() - began, 1)

    campaigns = running_campaigns(kit, WAITS)
    environment = {"AIRFLOW_CONN_AWS_DEFAULT": connection_json(kit.emulator.url)}
    dags = {"campaigns.json": json.dumps(campaigns), "waits.py": DAGS.format(interval=INTERVAL_S)}
    with Standalone(tmp_path / "airflow", dags=dags, parallelism=SLOTS, environment=environment) as airflow:
        lap("healthy")
        run = airflow.trigger("waits")
        until(
            lambda: airflow.states(run).count("deferred") == WAITS,
            seconds=240,
            why=lambda: f"{WAITS} deferred: {airflow.states(run)}",
        )
        lap("all deferred")
        start = until(lambda: whole_tick(kit), seconds=60, why=lambda: f"a tick with all waits: {reads(kit)}")
        own_reads = len(kit.emulator.calls("GetCampaignState"))
        window = time.monotonic()
        until(lambda: len(ticks(kit, start)) >= TICKS, seconds=60, why=lambda: "ticks")
        window = time.monotonic() - window
        seen = ticks(kit, start)
        assert seen[:TICKS] == [WHOLE] * TICKS
        assert len(kit.emulator.calls("GetCampaignState")) == own_reads
        assert window / TICKS > INTERVAL_S * 0.6  # ticks, and no burst
        lap("ticks seen")

        pool = airflow.get("/api/v2/pools/default_pool")
        assert (pool["deferred_slots"], pool["running_slots"]) == (WAITS, 0)
        tiny = airflow.trigger("tiny")
        until(lambda: airflow.states(tiny) == ["success"], seconds=60, why=lambda: "a worker slot for another DAG")
        assert airflow.states(run).count("deferred") == WAITS
        lap("another DAG ran")

        kit.step(3700)
        until(
            lambda: airflow.states(run).count("success") == WAITS,
            seconds=240,
            why=lambda: f"{WAITS} successes: {airflow.states(run)}",
        )
        lap("all succeeded")
        until(lambda: airflow.get(run)["state"] == "success", seconds=20, why=lambda: "a green run")
    lap("ended")
    print(f"\n{WAITS} waits, {SLOTS} worker slots: {seen[:TICKS]} ids a tick, {window / TICKS:.1f} s apart; {laps}")  # noqa: T201
