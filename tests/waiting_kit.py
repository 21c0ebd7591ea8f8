"""What the tests of waiting share: campaigns in the emulator, and the Airflow connection that leads there."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.patience import Patience
from tests.emulator.campaign_kit import INSTANCE, Kit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "AT_ONCE",
    "INSTANCE",
    "Kit",
    "TaskInstance",
    "connection_json",
    "fast_client",
    "meanwhile",
    "running_campaigns",
]

AT_ONCE = Patience(sleep=lambda _: None, jitter=lambda: 0.5)
"""Waits that take no time."""

fast_client = {"retries": {"total_max_attempts": 1}, "connect_timeout": 2, "read_timeout": 5}
"""`botocore_config` of tests in which calls are to fail at once."""


def connection_json(url: str, **extra: Any) -> str:
    """Give an Airflow connection as JSON that leads to an emulator."""
    members = {"region_name": "us-east-1", "endpoint_url": url, "connect_instance_id": INSTANCE, **extra}
    return json.dumps({"conn_type": "aws", "login": "AKIDEXAMPLE", "password": "not-a-secret", "extra": members})


def running_campaigns(kit: Kit, number: int) -> list[str]:
    """Make and start campaigns that stay Running until the clock is stepped by an hour and a few moments."""
    kit.emulator.set_settings(campaigns={"max_active_campaigns": max(number, 50)})
    made = [kit.create(name=f"spring-{each}") for each in range(number)]
    for campaign_id in made:
        kit.campaigns.start_campaign(id=campaign_id)
    return made


@contextmanager
def meanwhile(kit: Kit, operations: tuple[str, ...], change: Callable[[], object]) -> Iterator[None]:
    """Make a change once one of the operations is called within the context: what waits is seen waiting first."""
    before = sum(len(kit.emulator.calls(operation)) for operation in operations)

    def wait_and_change() -> None:
        deadline = time.monotonic() + 20
        while sum(len(kit.emulator.calls(operation)) for operation in operations) <= before:
            if time.monotonic() > deadline:
                return  # what was to be changed never happened: the test says what it misses
            time.sleep(0.02)
        change()

    thread = threading.Thread(target=wait_and_change)
    thread.start()
    try:
        yield
    finally:
        thread.join()


class TaskInstance:
    """Stands for Airflow's own where no task runs: keeps what was pushed."""

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep a value, which must be plain JSON."""
        self.xcoms[key] = json.loads(json.dumps(value))

    @property
    def context(self) -> dict[str, Any]:
        """A context with this task instance."""
        return {"ti": self}
