"""The same on Airflow 2.11 and 3.3: this file runs on either (`make test`, `make test-airflow-2`), with the same assertions."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import connect_campaigns
from tests.airflow_kit import AIRFLOW_2, DAGS, ROOT, for_this_airflow
from tests.standalone_kit import until
from tests.unit.test_operator_rules import CLASSES, REQUIRED, region

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.airflow_kit import RealAirflow
    from tests.launch_kit import World

# No retry can heal a missing key: with retries left the tasks must fail all the same, at once.
MAPPED = """
from datetime import timedelta

from airflow.sdk import dag, task

from connect_campaigns.operators.campaigns import StartCampaignOperator


@dag(schedule=None, default_args={"retries": 2, "retry_delay": timedelta(seconds=1)})
def mapped():
    @task
    def markets():
        return [{"launch_key": "spring/fr"}, {"launch_key": "spring/de"}, {"launch_key": "spring/it", "source": None}]

    @task
    def nobody():
        return None

    start = {"template": "spring", "start_after": 600, "min_launch_gap": None}
    StartCampaignOperator.partial(task_id="keyed", **start).expand_kwargs(markets())
    StartCampaignOperator(task_id="unprepared", launch_key="spring/es", source=nobody(), **start)
    StartCampaignOperator.partial(task_id="bare", start_after=600).expand(template=["spring", "spring"])


mapped()
"""
DEFERRED = """
from airflow.sdk import dag

from connect_campaigns.sensors.campaigns import CampaignStateSensor

WAIT = {{"deferrable": True, "poke_interval": 1, "timeout": 120}}


@dag(schedule=None)
def deferred():
    ended = CampaignStateSensor(task_id="ended", campaign_id="{ended}", **WAIT)
    done = CampaignStateSensor(task_id="done", campaign_id="{done}", trigger_rule="all_done", **WAIT)
    ended >> done


deferred()
"""
BACKFILLED = """
import pendulum
from airflow.sdk import dag

from connect_campaigns.operators.campaigns import StartCampaignOperator


@dag(schedule="@daily", start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False)
def backfilled():
    StartCampaignOperator(task_id="start", template="spring", start_after=600)


backfilled()
"""
LOADED = """
import sys
from pathlib import Path
sys.path = [place for place in sys.path if not Path(place, "connect_campaigns").exists()]
import airflow
from airflow import plugins_manager as manager
errors = manager.import_errors if hasattr(manager, "import_errors") else None
if errors is None:
    errors = manager._get_plugins()[1]
else:
    manager.ensure_plugins_loaded()
assert not errors, errors
from connect_campaigns.operators.campaigns import StartCampaignOperator
from connect_campaigns.triggers.campaigns import CampaignStateTrigger
print(sys.modules["connect_campaigns"].__file__)
print(sorted(name for name in sys.argv[1:] if "plugins" in str(getattr(sys.modules.get(name), "__file__", ""))))
"""
"""A process that finds the package in the plugins folder alone, as a deployment that copied it does."""


def test_every_module_is_imported():
    names = [each.name for each in pkgutil.walk_packages(connect_campaigns.__path__, "connect_campaigns.")]
    for name in names:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    assert len(names) > 50


def test_a_copied_plugins_folder_is_found_and_not_loaded_file_by_file(home, tmp_path):
    """Airflow's loader would import each file by its bare name, and one of two classes would be the wrong one."""
    folder = tmp_path / "plugins"
    shutil.copytree(ROOT / "plugins", folder, ignore=shutil.ignore_patterns("__pycache__"))
    stems = sorted({path.stem for path in folder.rglob("*.py")} - {"__init__", "connect_campaigns"})
    environment = {**home.environment, "AIRFLOW__CORE__PLUGINS_FOLDER": str(folder), "PYTHONPATH": ""}
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *stems],
        env=environment, capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert ran.stdout.splitlines()[-2:] == [str(folder / "connect_campaigns" / "__init__.py"), "[]"]


def test_the_shipped_dags_parse_and_survive_serialization(home, tmp_path):
    for path in DAGS.glob("*.py"):
        (tmp_path / path.name).write_text(for_this_airflow(path.read_text()))
    dags = home.scheduled(tmp_path)
    assert set(dags) == {path.stem for path in DAGS.glob("*.py")}
    assert all(dags.values())


def test_every_operator_is_mapped_as_the_scheduler_sees_it(home, tmp_path):
    lines = [
        f"    {kind.__name__}.partial(task_id={kind.__name__!r}, **{region(kind)}).expand_kwargs({[given, given]})"
        for kind, given in ((kind, REQUIRED[kind.__name__]) for kind in CLASSES if kind.__name__ in REQUIRED)
    ]
    imports = [f"from {kind.__module__} import {kind.__name__}" for kind in CLASSES if kind.__name__ in REQUIRED]
    head = ["from airflow.sdk import DAG", *imports, "with DAG('all_mapped', schedule=None) as dag:"]
    (tmp_path / "all_mapped.py").write_text(for_this_airflow("\n".join([*head, *lines])))
    assert home.scheduled(tmp_path) == {"all_mapped": dict.fromkeys(REQUIRED, True)}


def test_mapped_tasks_launch_by_their_keys_and_are_refused_without_key_or_audience(world, home):
    assert home.run("mapped", MAPPED) != 0
    assert home.states("mapped") == {
        "markets": "success", "keyed[0]": "success", "keyed[1]": "success", "bare[0]": "failed", "bare[1]": "failed",
        "keyed[2]": "failed", "nobody": "success", "unprepared": "failed",
    }  # fmt: skip
    assert home.log.count("`source` is None: the task or template that it comes from gave no audience") >= 2
    assert "is mapped and has no `launch_key`" in home.log
    launches = home.xcoms("mapped", "launch")
    assert {name: launch["key"] for name, launch in launches.items()} == {
        "keyed[0]": "spring/fr",
        "keyed[1]": "spring/de",
    }
    assert {launch["run"].rpartition("/")[2] for launch in launches.values()} == {"keyed[0]", "keyed[1]"}
    assert world.starts == 2
    assert len(world.campaigns()) == 3


def polled(world: World) -> set[str]:
    """Whom a trigger asked about: only a poller makes this call."""
    calls = world.emulator.calls("GetCampaignStateBatch")
    return {campaign for call in calls for campaign in call["params"]["campaignIds"]}


def test_a_deferred_wait_ends_as_the_campaign_does(world, home):
    done = world.campaign(name="done", schedule=world.kit.schedule(3600, 6 * 3600))
    ended = world.campaign(name="ended", schedule=world.kit.schedule(3600, 6 * 3600))
    for each in (done, ended):
        world.kit.campaigns.start_campaign(id=each)

    def once_polled(campaign: str, change: Callable[[], object]) -> None:
        until(lambda: campaign in polled(world), seconds=150, why=lambda: f"{campaign} is polled by nobody")
        change()

    def meanwhile() -> None:
        once_polled(ended, lambda: world.kit.campaigns.stop_campaign(id=ended))
        once_polled(done, lambda: world.kit.step(7 * 3600))

    with ThreadPoolExecutor(1) as pool:
        changed = pool.submit(meanwhile)
        assert home.run("deferred", DEFERRED.format(ended=ended, done=done)) == 0, home.log[-3000:]
        changed.result()
    assert home.states("deferred") == {"ended": "failed", "done": "success"}
    assert home.xcoms("deferred") == {"done": "Completed"}
    assert re.search(rf"campaign {ended} .*Stopped", home.log)
    assert "outside TaskInstance" not in home.log


@pytest.mark.skipif(not AIRFLOW_2, reason="a backfill of Airflow 3 needs a scheduler; 2.11's command runs it itself")
def test_a_backfill_by_the_command_of_airflow_2_launches_nobody(world, home: RealAirflow):
    home.write("backfilled", BACKFILLED)
    day = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    before = world.writes()
    ran = home.python("-m", "airflow", "dags", "backfill", "backfilled", "-s", day, "-e", day, "-I", check=False)
    assert home.states("backfilled") == {"start": "skipped"}, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert world.writes() == before
