"""A real Airflow for tests: `airflow standalone` on SQLite with a home, ports and a process group of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy of the machine is not for loopback

LOCK_S = 60
START_S = 400
"""Until all of Airflow's processes are up: 20 seconds on an idle machine, minutes on a busy one."""
PLUGINS = Path(__file__).parents[1] / "plugins"


def free_ports(number: int) -> list[int]:
    """Find ports that nobody listens on, all different."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def until(what: Callable[[], T], *, seconds: float, step: float = 0.3, why: Callable[[], str]) -> T:
    """Ask until the answer is true, and give it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = what()
        if answer:
            return answer
        time.sleep(step)
    message = f"not within {seconds:.0f} s: {why()}"
    raise AssertionError(message)


class Standalone:
    """Scheduler, LocalExecutor, triggerer, DAG processor and API server; ended with the context, by process group.

    :param home: a directory for all that Airflow writes
    :param dags: files of the DAGs folder, by name
    :param parallelism: worker slots
    :param environment: more variables for all of Airflow's processes
    """

    def __init__(
        self, home: Path, *, dags: Mapping[str, str], parallelism: int, environment: Mapping[str, str]
    ) -> None:
        folder = home / "dags"
        folder.mkdir(parents=True)
        for name, text in dags.items():
            (folder / name).write_text(text)
        self._log = home / "standalone.log"
        self._database = home / "airflow.db"
        api, worker_log, trigger_log = free_ports(3)
        self.url = f"http://127.0.0.1:{api}"
        settings = {
            # Under load a writer may wait for longer than the 5 s after which SQLite calls the database locked.
            "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self._database}?timeout={LOCK_S}",
            "CORE__DAGS_FOLDER": str(folder),
            "CORE__PLUGINS_FOLDER": str(PLUGINS),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__PARALLELISM": str(parallelism),
            "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "API__HOST": "127.0.0.1",
            "API__PORT": str(api),
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            "LOGGING__WORKER_LOG_SERVER_PORT": str(worker_log),
            "LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_log),
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
            "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        }
        self._environment = {
            **os.environ,
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
            "AIRFLOW_HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **environment,
        }
        self._token = ""

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["airflow", "standalone"],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until(self._healthy, seconds=START_S, step=0.5, why=self._end_of_log)
            self._token = self.get("/auth/token")["access_token"]
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end_of_log(self) -> str:
        return self._log.read_text(errors="replace")[-5000:]

    def get(self, path: str) -> Any:
        """Ask the REST API."""
        return self._request("GET", path, None)

    def post(self, path: str, body: object) -> Any:
        """Send something to the REST API."""
        return self._request("POST", path, json.dumps(body).encode())

    def await_dag(self, dag_id: str) -> None:
        """Wait until the DAG processor has read a DAG."""

        def known() -> bool:
            with suppress(urllib.error.HTTPError):
                return bool(self.get(f"/api/v2/dags/{dag_id}"))
            return False

        until(known, seconds=120, why=self._end_of_log)

    def unpause(self, dag_id: str) -> None:
        """Let a DAG run, as soon as it is known."""
        self.await_dag(dag_id)
        self._request("PATCH", f"/api/v2/dags/{dag_id}", b'{"is_paused": false}')

    def command(self, *words: str) -> str:
        """Run an `airflow` command that writes, while all else of this Airflow stands still; give what it printed."""
        with self._still():
            ran = subprocess.run(
                ["airflow", *words], env=self._environment, capture_output=True, text=True, timeout=400, check=False
            )
        assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
        return ran.stdout

    @contextmanager
    def _still(self) -> Iterator[None]:
        """Stop all processes at a moment at which none is in a transaction: SQLite refuses a second writer at once."""

        def stopped() -> bool:
            os.killpg(self._process.pid, signal.SIGSTOP)
            try:
                with closing(sqlite3.connect(self._database, timeout=0.2)) as database:
                    database.execute("BEGIN EXCLUSIVE")
                    database.rollback()
            except sqlite3.OperationalError:
                os.killpg(self._process.pid, signal.SIGCONT)
                return False
            return True

        until(stopped, seconds=60, why=lambda: "Airflow is always in a transaction")
        try:
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Give a DAG's runs, in the order in which they were due."""
        return list(self.get(f"/api/v2/dags/{dag_id}/dagRuns?limit=100&order_by=run_after")["dag_runs"])

    def trigger(self, dag_id: str) -> str:
        """Trigger a DAG as soon as it is known, and give the path of the run."""
        self.await_dag(dag_id)
        run = f"manual__{uuid.uuid4()}"

        def triggered() -> bool:
            try:
                self.post(f"/api/v2/dags/{dag_id}/dagRuns", {"dag_run_id": run, "logical_date": None, "conf": {}})
            except urllib.error.HTTPError as error:
                # 500: SQLite was locked for too long; 409: an answer was lost, and the run is there.
                if error.code not in {409, 500}:
                    raise
                return error.code == 409
            return True

        until(triggered, seconds=120, step=2, why=self._end_of_log)
        return f"/api/v2/dags/{dag_id}/dagRuns/{run}"

    def states(self, run: str) -> list[str]:
        """Give the states of a run's task instances."""
        return [str(each["state"]) for each in self.get(f"{run}/taskInstances?limit=100")["task_instances"]]

    def _request(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(f"{self.url}{path}", method=method, data=body, headers=headers)
        with DIRECTLY.open(request, timeout=2 * LOCK_S) as reply:
            return json.load(reply)

    def _healthy(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(self._end_of_log())
        with suppress(OSError):
            parts = self.get("/api/v2/monitor/health")
            names = ("metadatabase", "scheduler", "triggerer", "dag_processor")
            return all(parts[name]["status"] == "healthy" for name in names)
        return False

    def _end(self) -> None:
        # The parent leaves its children behind when it alone is signalled.
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
