"""A real Airflow of the demo's own: `airflow dags test` in a process, its states and XComs read from its database."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Self

from demo import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

DAG = "nightly_launch"
GRACE_S = 3.0
"""How long a process that was asked to end may take; Airflow in the midst of a task often doesn't."""


class AirflowFailed(Exception):
    """Airflow itself didn't work; the text says where to read on."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task of a run, as the metadata database has it; `seconds` None = it hasn't ended."""

    id: str
    state: str | None
    seconds: float | None


class AirflowHome:
    """An AIRFLOW_HOME with an SQLite database, made once and used again.

    :param folder: where it is, absolute
    :param dags: folder of DAGs
    :param plugins: folder of plugins
    :param endpoint_url: the emulator, for the connection ``aws_default``
    """

    def __init__(self, folder: Path, *, dags: Path, plugins: Path, endpoint_url: str) -> None:
        self.folder = folder
        self.version = version("apache-airflow")
        self.database = folder / "airflow.db"
        self._variables = {
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": "True",  # the wait then looks as often as the DAG's Param says
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "airflow.task.operators=INFO connect_campaigns=INFO",
            "AIRFLOW__LOGGING__LOG_FORMAT": "[%(asctime)s] %(message)s",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "AIRFLOW_CONN_AWS_DEFAULT": _connection(endpoint_url),
            "PYTHONWARNINGS": "ignore",
        }

    def prepare(self, *, log_file: Path) -> float | None:
        """Make the database where this version of Airflow has made none here yet; give the seconds that it took.

        :raises AirflowFailed: it could not be made
        """
        stamp = self.folder / f"made-by-{self.version}"
        if stamp.exists() and self.database.exists():
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with Airflow(["db", "migrate"], variables=self._variables, log_file=log_file) as airflow:
            status = airflow.wait()
        if status:
            message = f"`airflow db migrate` ended with status {status}; read {log_file}"
            raise AirflowFailed(message)
        stamp.touch()
        return time.monotonic() - began

    def run(self, conf: Mapping[str, Any], *, log_file: Path) -> DagRun:
        """Start `airflow dags test`; leaving the run's context ends it."""
        return DagRun(self, ["dags", "test", DAG, "--conf", json.dumps(conf)], self._variables, log_file=log_file)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Read from the metadata database, and only that."""
        with closing(sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(statement, values).fetchall()


class Airflow:
    """An Airflow command in a process group of its own, which leaving the context ends.

    :param log_file: takes all that it prints
    """

    def __init__(self, arguments: Iterable[str], *, variables: Mapping[str, str], log_file: Path) -> None:
        self._command = [sys.executable, "-m", "airflow", *arguments]
        self._variables = variables
        self.log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, **self._variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C then reaches the demo alone, which ends this in order
            )
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process, once it was started."""
        if self._process is None:
            message = "the command isn't running: use it as a context manager"
            raise RuntimeError(message)
        return self._process

    def status(self) -> int | None:
        """Give its exit status, or None while it runs."""
        return self.process.poll()

    def wait(self) -> int:
        """Wait for its end and give its exit status."""
        return self.process.wait()

    def end(self) -> None:
        """End it, and all that it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                return
            os.killpg(self.process.pid, number)
            try:
                self.process.wait(timeout=GRACE_S)
            except subprocess.TimeoutExpired:
                continue

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


class DagRun(Airflow):
    """One run of the DAG under `airflow dags test`."""

    def __init__(
        self, home: AirflowHome, arguments: Iterable[str], variables: Mapping[str, str], *, log_file: Path
    ) -> None:
        super().__init__(arguments, variables=variables, log_file=log_file)
        self._home = home
        [(last,)] = home.query("SELECT coalesce(max(id), 0) FROM dag_run")
        self._after = last
        self._run_id: str | None = None

    @property
    def run_id(self) -> str | None:
        """The run that this process made, or None before it has."""
        if self._run_id is None:
            made = self._home.query(
                "SELECT run_id FROM dag_run WHERE dag_id = ? AND id > ? ORDER BY id LIMIT 1", DAG, self._after
            )
            self._run_id = made[0][0] if made else None
        return self._run_id

    def state(self) -> str | None:
        """Give the run's state."""
        found = self._home.query("SELECT state FROM dag_run WHERE dag_id = ? AND run_id = ?", DAG, self.run_id)
        return found[0][0] if found else None

    def tasks(self) -> list[Task]:
        """Give the run's tasks in the order in which they ended; those that haven't come last."""
        rows = self._home.query(
            "SELECT task_id, state, duration, end_date FROM task_instance WHERE dag_id = ? AND run_id = ?"
            " ORDER BY end_date IS NULL, end_date",
            DAG,
            self.run_id,
        )
        return [Task(id=task, state=state, seconds=seconds if end else None) for task, state, seconds, end in rows]

    def xcoms(self) -> dict[str, dict[str, Any]]:
        """Give what the run's tasks pushed: by task, then by key."""
        pushed: dict[str, dict[str, Any]] = {}
        rows = self._home.query(
            "SELECT task_id, key, value FROM xcom WHERE dag_id = ? AND run_id = ?", DAG, self.run_id
        )
        for task, key, value in rows:
            pushed.setdefault(task, {})[key] = json.loads(value)
        return pushed


def last_error(log_file: Path) -> str:
    """Give the last error in a log without its traceback, or nothing."""
    error: list[str] = []
    inside, taking = False, False
    for line in log_file.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("Traceback (most recent call last)"):
            inside, taking = True, False
        elif inside and line and not line.startswith(" "):
            inside, taking, error = False, True, [line]
        elif line.startswith("[") or line == "DagRun failed":
            taking = False
        elif taking:
            error.append(line)
    return "\n".join(error).strip()


def _connection(endpoint_url: str) -> str:
    """Give the Airflow connection that leads to the emulator, as JSON."""
    extra = {
        "region_name": environment.REGION,
        "endpoint_url": endpoint_url,
        "connect_instance_id": environment.INSTANCE,
        "customer_profiles_domain": environment.DOMAIN,
        "launch_ledger": environment.LEDGER,
    }
    login = {"login": environment.ACCESS_KEY, "password": environment.SECRET_KEY}
    return json.dumps({"conn_type": "aws", **login, "extra": extra})
