"""A real Airflow for tests: DAG files parsed, and runs by ``airflow dags test`` in a process of their own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from datetime import datetime

ROOT = Path(__file__).parents[1]
takes_minutes = pytest.mark.skipif(
    os.environ.get("REAL_AIRFLOW") != "1", reason="takes a real Airflow minutes: make test-airflow"
)
DAGS = ROOT / "dags"
AIRFLOW_2 = version("apache-airflow").startswith("2.")
TO_AIRFLOW_2 = {
    "from airflow.sdk import": "from airflow.providers.common.compat.sdk import",
    "dag_run.run_after": "data_interval_end",
}
"""What a DAG file of Airflow 3 has to say otherwise on 2.11: all of it. (The import from there works on both.)"""


def for_this_airflow(text: str) -> str:
    """Give a DAG file, written for Airflow 3, as the installed Airflow takes it."""
    for newer, older in TO_AIRFLOW_2.items() if AIRFLOW_2 else ():
        text = text.replace(newer, older)
    return text


def parsed(folder: Path) -> dict[str, Any]:
    """Parse a folder as Airflow's DAG processor does, and give its DAGs by id; no file may fail."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(folder))
    assert bag.import_errors == {}
    return dict(bag.dags)


SERIALIZED = """
import json, sys
try:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization
except ImportError:  # Airflow 2.11
    from airflow.models.dagbag import DagBag
    from airflow.serialization.serialized_objects import SerializedDAG as DagSerialization
bag = DagBag(dag_folder=sys.argv[1])
assert not bag.import_errors, bag.import_errors
again = {name: DagSerialization.from_dict(DagSerialization.to_dict(dag)) for name, dag in bag.dags.items()}
tasks = {name: {task.task_id: "Mapped" in type(task).__name__ for task in dag.tasks} for name, dag in again.items()}
assert {name: set(dag.task_dict) for name, dag in bag.dags.items()} == {name: set(each) for name, each in tasks.items()}
print(json.dumps(tasks))
"""


DUE_AT = """
import sys
from datetime import datetime
from airflow.utils.cli import get_bagged_dag
at = datetime.fromisoformat(sys.argv[2])
run = get_bagged_dag(bundle_names=None, dag_id=sys.argv[1], dagfile_path=None).test(run_after=at, logical_date=at)
sys.exit(run.state != "success")
"""
"""``airflow dags test`` for a run that is due at another time than now: Airflow 3's command takes a logical date only."""


@dataclass
class RealAirflow:
    """One AIRFLOW_HOME with its own database; runs are one after the other.

    :param connection: to the emulator, as JSON
    :param more: further variables for all of its processes
    :param patience: seconds that one of them may take
    """

    home: Path
    connection: str
    more: dict[str, str] = field(default_factory=dict)
    patience: float = 170
    log: str = field(default="", init=False)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # a backfill of 2.11 starts `airflow`
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW_CONN_AWS_DEFAULT": self.connection,
            **self.more,
        }

    @property
    def database(self) -> Path:
        return self.home / "airflow.db"

    def migrate(self) -> None:
        self.python("-m", "airflow", "db", "migrate")

    def write(self, dag_id: str, text: str) -> None:
        """Write a DAG file."""
        (self.home / "dags" / f"{dag_id}.py").write_text(for_this_airflow(text))

    def run(self, dag_id: str, text: str, conf: dict[str, Any] | None = None, *, at: datetime | None = None) -> int:
        """Write a DAG file and run it with ``airflow dags test``, as due at that time; give the exit code."""
        self.write(dag_id, text)
        configured = ["-c", json.dumps(conf)] if conf else []
        words = ["-m", "airflow", "dags", "test", dag_id, *configured]
        if at:
            words = [*words, at.isoformat()] if AIRFLOW_2 else ["-c", DUE_AT, dag_id, at.isoformat()]
        ran = self.python(*words, check=False)
        self.log = ran.stdout + ran.stderr
        return ran.returncode

    def scheduled(self, folder: Path) -> dict[str, dict[str, bool]]:
        """Parse a folder's DAGs and serialize them, as the scheduler is given them: their tasks, and which are mapped."""
        ran = self.python("-c", SERIALIZED, str(folder), check=False)
        assert ran.returncode == 0, ran.stderr[-3000:]
        return dict(json.loads(ran.stdout.splitlines()[-1]))

    def states(self, dag_id: str) -> dict[str, str]:
        """The task states of a DAG's last run, mapped ones as ``task[0]``."""
        rows = self._query(
            "select ti.task_id, ti.map_index, ti.state from task_instance ti join dag_run d on d.run_id = ti.run_id"
            " and d.dag_id = ti.dag_id where ti.dag_id = ? and d.id = (select max(id) from dag_run where dag_id = ?)",
            dag_id,
            dag_id,
        )
        return {name if index < 0 else f"{name}[{index}]": state for name, index, state in rows}

    def runs(self, dag_id: str) -> list[tuple[str, str]]:
        """The type and state of a DAG's runs, in the order of their making."""
        return self._query("select run_type, state from dag_run where dag_id = ? order by id", dag_id)

    def xcoms(self, dag_id: str, key: str = "return_value") -> dict[str, Any]:
        """The values that a DAG's tasks pushed under a key, by task."""
        rows = self._query("select task_id, map_index, value from xcom where dag_id = ? and key = ?", dag_id, key)
        return {name if index < 0 else f"{name}[{index}]": _plain(value) for name, index, value in rows}

    def events(self, uri: str) -> list[dict[str, Any]]:
        """The extra of each event of a dataset, which is what 2.11 calls an asset, in the order of their making."""
        sql = "select e.extra from dataset_event e join dataset d on d.id = e.dataset_id where d.uri = ? order by e.id"
        return [json.loads(extra) for (extra,) in self._query(sql, uri)]

    def forget_aliases(self) -> None:
        """Leave this Airflow as it is before any scheduler has read a DAG whose tasks publish by an alias (2.11)."""
        with closing(sqlite3.connect(self.database)) as database:
            for table in ("dataset_alias_dataset", "dataset_alias_dataset_event", "dataset_alias"):
                database.execute(f"delete from {table}")  # noqa: S608
            database.commit()

    def _query(self, sql: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(self.database)) as database:
            return list(database.execute(sql, values))

    def python(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Python in this Airflow's environment."""
        return subprocess.run(
            [sys.executable, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=self.patience,
        )


def _plain(value: str | int) -> Any:
    """Read an XCom as the database has it: JSON, whose texts may be JSON once more; SQLite gives a number as such."""
    if isinstance(value, int):
        return value
    read = json.loads(value)
    return json.loads(read) if isinstance(read, str) and read[:1] in '{["' else read
