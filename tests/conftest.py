"""Fixtures for all tests that talk to the emulator; it runs in a process of its own, as for users."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import pytest
from botocore.config import Config

from connect_emulator.client import Control, EmulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ("tests.chaos.wire.report",)  # here, since the process that prints it collects no tests itself

# Airflow writes its configuration into AIRFLOW_HOME when it is imported: never into the home of who runs the tests.
# No test ever finds the credentials, Region, Airflow settings or proxy of who runs it: none reaches a real account.
for name in [name for name in os.environ if name.startswith(("AWS_", "AIRFLOW_")) and name != "AWS_CA_BUNDLE"]:
    del os.environ[name]
_HOME = tempfile.mkdtemp(prefix="airflow-of-tests-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ |= {
    "AIRFLOW_HOME": _HOME,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "*",
    "no_proxy": "*",
}
# Each hook has a session of its own, which reads and parses the service models anew: half of the time of most tests.
botocore.session.create_loader = cache(botocore.session.create_loader)


@cache
def plain_client(url: str, service: str) -> Any:
    """Make a client, once for all tests: to make one takes longer than most of its calls."""
    return Emulator(url).client(service, region="us-east-1")


class Emulator(Control):
    """The control API, and boto3 clients that talk to the emulator."""

    def client(self, service: str, *, attempts: int = 1, region: str | None = None, **config: Any) -> Any:
        """Give a client, made for this call where anything about it is asked for; one attempt a call, unless told more."""
        if (attempts, region, config) == (1, None, {}):
            return plain_client(self.url, service)
        return boto3.client(
            service,
            region_name=region or "us-east-1",
            endpoint_url=self.url,
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="not-a-secret",
            config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}, **config),
        )


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[EmulatorProcess]:
    with EmulatorProcess() as process:
        yield process


@pytest.fixture
def emulator(emulator_process: EmulatorProcess) -> Iterator[Emulator]:
    """An emulator that remembers nothing; an unexpected error inside it fails the test."""
    emulator = Emulator(emulator_process.url)
    emulator.reset()
    before = emulator.health()["unexpected_errors"]
    yield emulator
    emulator.clear_faults()
    grown = emulator.health()["unexpected_errors"] - before
    assert grown == 0, f"{grown} unexpected errors in the emulator: tracebacks on its stderr"
