"""A real Airflow for the tests of a file, and a world it can reach."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.airflow_kit import RealAirflow
from tests.launch_kit import LEDGER, World
from tests.waiting_kit import connection_json

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def database(tmp_path_factory) -> Path:
    """An empty database of Airflow: to make one takes as long as a test."""
    airflow = RealAirflow(tmp_path_factory.mktemp("migrated"), connection="")
    airflow.migrate()
    return airflow.database


@pytest.fixture(scope="module")
def home(database, tmp_path_factory) -> RealAirflow:
    airflow = RealAirflow(tmp_path_factory.mktemp("airflow"), connection="")
    (airflow.home / "dags").mkdir()
    shutil.copy(database, airflow.database)
    return airflow


@pytest.fixture
def world(emulator, monkeypatch, home) -> World:
    """A world that `home` is connected to; a file that needs no Airflow makes its own."""
    made = World(emulator, monkeypatch, people=3)
    home.connection = connection_json(emulator.url, customer_profiles_domain="crm", launch_ledger=LEDGER)
    return made
