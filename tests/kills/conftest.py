"""The real Airflow whose processes are killed, its servers and its lanes; only for `make test-kills`."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connect_emulator.client import EmulatorProcess
from tests.kills.lanes import Lane
from tests.kills.pool import Pool
from tests.kills.processes import adopt_orphans
from tests.kills.servers import Postgres
from tests.kills.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# They take ten minutes, a Postgres and a Redis: a plain `pytest` leaves them to `make test-kills`, which sets KILLS.
collect_ignore_glob = [] if os.environ.get("KILLS") == "1" else ["*"]

LANES = 6


ORDER = ("test_verdict", "test_tasks", "test_triggerer", "test_services", "test_schedulers", "test_celery")
"""Each leaves the site as the next one needs it; the last ends it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules into their order."""
    place = {item: ORDER.index(item.path.stem) for item in items if item.path.stem in ORDER}
    items.sort(key=lambda item: place.get(item, len(ORDER)))


def pytest_configure() -> None:
    """Have a SIGTERM end the tests as Ctrl-C does: whatever they started ends with them."""
    if os.environ.get("KILLS") == "1":
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Print no dots between the lines of the kills."""
    return ("passed", "", "PASSED") if report.passed and report.when == "call" else None


@pytest.fixture(scope="session")
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print a line at once, whatever pytest captures."""
    reporter = request.config.pluginmanager.getplugin("terminalreporter")

    def line(text: str) -> None:
        reporter.ensure_newline()
        reporter.write_line(text)

    return line


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    yield folder
    if os.environ.get("KILLS_KEEP") != "1":  # for a look at the logs
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(home: Path) -> Iterator[Postgres]:
    adopt_orphans()
    with Postgres(home) as server:
        yield server


@pytest.fixture(scope="session")
def lanes() -> Iterator[list[Lane]]:
    with ExitStack() as stack:
        processes = [EmulatorProcess() for _ in range(LANES)]
        for each in processes:
            stack.push(each)  # ended also where its start failed
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(EmulatorProcess.__enter__, processes))
        yield [Lane(f"lane_{number}", each) for number, each in enumerate(processes)]


@pytest.fixture(scope="session")
def template(home: Path, postgres: Postgres, lanes: list[Lane]) -> str:
    """A database with Airflow's tables and the DAG in it, to be copied."""
    postgres.create("template_of_kills")
    make_site(home, postgres, lanes, database="template_of_kills").prepare()
    return "template_of_kills"


@pytest.fixture(scope="session")
def site(home: Path, postgres: Postgres, lanes: list[Lane], template: str) -> Iterator[Site]:
    """Api-server, a scheduler with its LocalExecutor, a triggerer."""
    postgres.create("local", template=template)
    site = make_site(home, postgres, lanes, database="local", CORE__PARALLELISM=str(2 * LANES))
    try:
        for name in ("api-server", "scheduler", "triggerer"):
            site.start(name)
        site.until_up()
        yield site
    finally:
        site.end()


@pytest.fixture(scope="session")
def pool(site: Site, lanes: list[Lane], say: Callable[[str], None]) -> Pool:
    """The lanes on that site, once a clean launch has shown the calls that a launch makes."""
    pool = Pool(site, lanes, say=say)
    clean = pool.clean()
    assert not clean.problems, clean.problems
    return pool


def make_site(home: Path, postgres: Postgres, lanes: list[Lane], *, database: str, **more: str) -> Site:
    """Make a site whose connections lead to the lanes."""
    connections = {lane.name: lane.connection for lane in lanes}
    return Site(home / "airflow", postgres=postgres, database=database, connections=connections, more=more)
