"""A real Airflow as processes: Postgres, api-server, schedulers, triggerers, workers; each can be killed by itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.kills.processes import Component
from tests.standalone_kit import DIRECTLY, PLUGINS, free_ports, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.kills.servers import Postgres

DAGS = Path(__file__).parent / "dags"
PATIENCE_S = 240.0
"""How long anything may take on a busy machine; nothing is judged by it."""

# Only timers differ from a production's. The heartbeat time-out must exceed the heartbeat interval and the 5 seconds
# of grace that a cleared task gets, or its retry would start while the old attempt may still live.
TIMERS = {
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "12",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
    "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "60",
    "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "2",
    "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    "TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "8",
}


SUCCESSOR = {"SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "12"}
"""For a scheduler that takes over; all others would take themselves for dead on a machine this busy."""

# What each task would import is imported once, in the scheduler that forks them all: the kills take half the time.
LOCAL_SETTINGS = """
import boto3
import connect_campaigns.hooks
import connect_campaigns.launcher
import connect_campaigns.operators.campaigns
import connect_campaigns.sensors.campaigns
"""


@dataclass(frozen=True)
class Attempt:
    """A task instance as Airflow has it now: `id` changes with every attempt, `pid` is the process with the user code."""

    id: str
    state: str | None
    number: int
    pid: int | None


class Site:
    """One Airflow.

    :param home: where it writes
    :param postgres: its server
    :param database: the metadata database's name
    :param connections: name of a connection to the emulator's URL
    :param more: further settings, ``SECTION__NAME``
    """

    def __init__(
        self,
        home: Path,
        *,
        postgres: Postgres,
        database: str,
        connections: Mapping[str, str],
        more: Mapping[str, str],
    ) -> None:
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "airflow_local_settings.py").write_text(LOCAL_SETTINGS)
        self.name = database
        self._postgres = postgres
        self.home = home
        self.components: list[Component] = []
        self._started = 0
        api, worker_log, trigger_log = free_ports(3)
        self.url = f"http://127.0.0.1:{api}"
        at = f"{postgres.owner}@127.0.0.1:{postgres.port}/{database}"
        settings = {
            "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{at}",
            "CORE__DAGS_FOLDER": str(DAGS),
            "CORE__PLUGINS_FOLDER": str(PLUGINS),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__MAX_ACTIVE_RUNS_PER_DAG": "64",
            "CORE__MAX_ACTIVE_TASKS_PER_DAG": "64",
            "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "API__HOST": "127.0.0.1",
            "API__PORT": str(api),
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            "LOGGING__WORKER_LOG_SERVER_PORT": str(worker_log),
            "LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_log),
            "USAGE_DATA_COLLECTION__ENABLED": "False",
            **TIMERS,
            **more,
        }
        self._environment = {
            **os.environ,
            **airflow(settings),
            **{f"AIRFLOW_CONN_{name.upper()}": value for name, value in connections.items()},
            "AIRFLOW_HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONWARNINGS": "ignore",
        }
        self._token = ""

    # -- processes ----------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the database's tables, and the DAGs known: no DAG processor runs later."""
        for words in (["db", "migrate"], ["dags", "reserialize"]):
            done = subprocess.run(
                ["airflow", *words], env=self._environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"airflow {words}: {done.stdout[-2000:]}{done.stderr[-3000:]}"

    def start(self, *words: str, settings: Mapping[str, str] = MappingProxyType({})) -> Component:
        """Start one more component, as ``scheduler`` or ``celery worker``."""
        self._started += 1
        component = Component(
            f"{self.name} {self._started} {' '.join(words)}",
            words,
            command=["airflow", *words],
            environment=self._environment | airflow(settings),
            logs=self.home,
        )
        self.components.append(component)
        return component.start()

    def last(self, name: str) -> Component:
        """Give the component of a kind that was started last."""
        return [each for each in self.components if each.words[0] == name][-1]

    def end(self) -> None:
        """End every component."""
        for each in reversed(self.components):
            each.end()

    def until_up(self) -> None:
        """Wait until the api-server answers."""
        until(self._answers, seconds=PATIENCE_S, why=self.tails)
        self._token = self.get("/auth/token")["access_token"]

    def start_another(self, kind: str, *, settings: Mapping[str, str] = MappingProxyType({})) -> Component:
        """Start one more scheduler or triggerer, and wait until it works: until its job has a second heartbeat."""
        job_type = f"{kind.title()}Job"
        ((before,),) = self._query("SELECT max(id) FROM job WHERE job_type = %s", job_type)
        component = self.start(kind, settings=settings)
        beating = "SELECT id FROM job WHERE job_type = %s AND id > %s AND latest_heartbeat > start_date"
        until(
            lambda: self._query(beating, job_type, before),
            seconds=PATIENCE_S,
            why=component.tail,
        )
        return component

    def freeze(self, scheduler: Component) -> None:
        """SIGSTOP a scheduler between two transactions.

        In one, its row locks would keep every other scheduler from its runs: as long as it is frozen, and where it is
        killed then as long as its idle workers live, which inherited its connection (inferred: its runs stood still).
        """

        def frozen() -> bool:
            scheduler.kill(signal.SIGSTOP)
            time.sleep(1.5)
            locks = """SELECT 1 FROM pg_stat_activity WHERE datname = %s AND state LIKE 'idle in transaction%%'
                AND now() - state_change > interval '1 second'"""
            if not self._query(locks, self.name):
                return True
            scheduler.kill(signal.SIGCONT)
            return False

        until(frozen, seconds=PATIENCE_S, why=scheduler.tail)

    @contextmanager
    def restarting(self) -> Iterator[None]:
        """Start every component anew that exits meanwhile, as a deployment's restart policy does."""
        over = threading.Event()

        def restart() -> None:
            while not over.wait(0.5):
                for each in list(self.components):
                    if not each.running():
                        each.end()
                        self.components.remove(each)
                        self.start(*each.words)

        thread = threading.Thread(target=restart)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def remove(self, component: Component) -> None:
        """End a component that isn't needed any longer."""
        component.end()
        self.components.remove(component)

    def tails(self) -> str:
        """Give the ends of all logs."""
        return "\n".join(f"--- {each.name}\n{each.tail()}" for each in self.components)

    def _answers(self) -> bool:
        with suppress(OSError):
            return bool(self._ask("GET", "/api/v2/monitor/health", None))
        return False

    # -- runs ---------------------------------------------------------------------------------------------------------

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, str]) -> None:
        """Make a run; a server that just came up may fail at first."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}

        def accepted() -> bool:
            with suppress(OSError):
                self.post(f"/api/v2/dags/{dag_id}/dagRuns", body)
                return True
            return False

        until(accepted, seconds=PATIENCE_S, why=self.tails)

    def run_state(self, run_id: str) -> str:
        """Give a run's state."""
        ((state,),) = self._query("SELECT state FROM dag_run WHERE run_id = %s", run_id)
        return str(state)

    def attempt(self, run_id: str, task_id: str) -> Attempt:
        """Give a task instance as it is now."""
        statement = "SELECT id::text, state, try_number, pid FROM task_instance WHERE run_id = %s AND task_id = %s"
        (row,) = self._query(statement, run_id, task_id)
        return Attempt(*row)

    def _query(self, statement: str, *values: object) -> list[Any]:
        # Not over REST: the api-server serves the tasks too, and dozens of waits would slow it down.
        return self._postgres.query(statement, values, database=self.name)

    def triggerer_of(self, run_id: str) -> int | None:
        """Give the job that runs the trigger of a run's wait."""
        statement = """SELECT t.triggerer_id FROM "trigger" t JOIN task_instance i ON i.trigger_id = t.id
            WHERE i.run_id = %s"""
        found = self._query(statement, run_id)
        return found[0][0] if found else None

    def queued_by(self, run_id: str) -> set[int]:
        """Give the schedulers that queued a run's tasks."""
        return {job for (job,) in self._query("SELECT queued_by_job_id FROM task_instance WHERE run_id = %s", run_id)}

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clear one task instance, as a person does in the UI."""
        self.post(
            f"/api/v2/dags/{dag_id}/clearTaskInstances",
            {
                "dry_run": False,
                "dag_run_id": run_id,
                "task_ids": [task_id],
                "only_failed": False,
                "include_downstream": True,
            },
        )

    def mark(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark one task instance, as a person does in the UI."""
        self._ask("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}", {"new_state": state})

    def log(self, dag_id: str, run_id: str, task_id: str) -> str:
        """Give what all attempts of a task wrote into their logs."""
        folder = self.home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"
        return "\n".join(each.read_text(errors="replace") for each in sorted(folder.glob("*.log")))

    # -- the REST API -------------------------------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        """Ask until the server answers: it may be the one that was killed."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._ask("GET", path, None)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def post(self, path: str, body: object) -> Any:
        """Send something, once."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: object) -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        try:
            with DIRECTLY.open(request, timeout=60) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")[:1000]
            kind = ConnectionError if error.code >= 500 else AssertionError
            message = f"{method} {path}: {error.code} {text}"
            raise kind(message) from error


def airflow(settings: Mapping[str, str]) -> dict[str, str]:
    """Name settings as Airflow reads them from the environment."""
    return {f"AIRFLOW__{name}": value for name, value in settings.items()}
