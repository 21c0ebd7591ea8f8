"""What the tests of segments share: a domain in the emulator, files of customers, operators run as Airflow runs them."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.launch_kit import RunningTask
from tests.waiting_kit import connection_json

if TYPE_CHECKING:
    from collections.abc import Iterable

DOMAIN = "crm"
WRITES = ("Create", "Start", "Stop", "Delete", "Update", "Put", "Tag", "Untag")
QUICK = {"poll_interval": 0.05, "patience": 20}
"""For the operators that wait: what they wait for takes milliseconds here."""


class Crm:
    """A Customer Profiles domain in an emulator, and the Airflow connection that leads to it."""

    def __init__(self, emulator: Any, monkeypatch: Any, folder: Path) -> None:
        self.emulator = emulator
        self.profiles = emulator.client("customer-profiles")
        self.profiles.create_domain(DomainName=DOMAIN, DefaultExpirationDays=90)
        self._folder = folder
        self._made = self.writes()
        monkeypatch.setattr("connect_campaigns.operators.segments.EMPTY_AGAIN_S", 0.05)
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(emulator.url, customer_profiles_domain=DOMAIN))

    def file(self, content: str | bytes, name: str = "customers.csv") -> str:
        """Write a file and give its path."""
        path = self._folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def people(self, number: int, **columns: str) -> str:
        """Write a file of so many customers, each with these further columns."""
        header = ",".join(["id", "phone", *columns])
        rows = [",".join([f"c{each}", f"+1202555{100 + each % 100:04}", *columns.values()]) for each in range(number)]
        return self.file("\n".join([header, *rows, ""]))

    def writes(self) -> int:
        """Count what anybody changed so far."""
        counts = self.emulator.counts().items()
        return sum(count["effects"] for name, count in counts if name.partition(".")[2].startswith(WRITES))

    @property
    def changed(self) -> int:
        """Count what was changed since the domain was made."""
        return self.writes() - self._made

    def effects(self, operation: str) -> int:
        return int(self.emulator.effects(operation))

    def count(self, groups: dict[str, Any]) -> int:
        """Count profiles without our package."""
        query = self.profiles.create_segment_estimate(DomainName=DOMAIN, SegmentQuery=groups)["EstimateId"]
        while (reply := self.profiles.get_segment_estimate(DomainName=DOMAIN, EstimateId=query))["Status"] == "RUNNING":
            pass
        return int(reply["Estimate"])

    def everybody(self, number: int) -> list[dict[str, Any]]:
        """Read the profiles of so many of `people`, with all their fields, without our package."""
        return profiles_by_phone(self.profiles, [f"+1202555{100 + each:04}" for each in range(number)])

    def jobs(self) -> list[dict[str, Any]]:
        return list(self.profiles.list_upload_jobs(DomainName=DOMAIN)["Items"])


def profiles_by_phone(client: Any, phones: Iterable[str]) -> list[dict[str, Any]]:
    """Read the profiles that have one of these phone numbers, with all their fields, without our package."""
    pages = [client.search_profiles(DomainName=DOMAIN, KeyName="_phone", Values=[each])["Items"] for each in phones]
    return sorted((each for page in pages for each in page), key=lambda each: str(each["ProfileId"]))


def membership(client: Any, segment: str, profiles: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Ask which of these profiles are in a segment, without our package."""
    reply = client.get_segment_membership(
        DomainName=DOMAIN, SegmentDefinitionName=segment, ProfileIds=[each["ProfileId"] for each in profiles]
    )
    return {each["ProfileId"]: each["QueryResult"] for each in reply["Profiles"]}


def run(operator: Any) -> Any:
    """Execute an operator, and give what it returns, which must be plain JSON."""
    return xcoms(operator)["return_value"]


def xcoms(operator: Any) -> dict[str, Any]:
    """Execute an operator, and give all that it hands on."""
    ti = RunningTask(operator.task_id)
    ti.xcom_push("return_value", operator.execute(ti.context))
    return ti.xcoms


def importing(**given: Any) -> Any:
    from connect_campaigns.operators.segments import ImportProfilesOperator

    return ImportProfilesOperator(task_id="import_profiles", **{"key_column": "id", **QUICK, **given})


def defining(**given: Any) -> Any:
    from connect_campaigns.operators.segments import CreateSegmentDefinitionOperator

    return CreateSegmentDefinitionOperator(task_id="create_definition", **{"name": "spring", **given})


def estimating(**given: Any) -> Any:
    from connect_campaigns.operators.segments import EstimateSegmentOperator

    return EstimateSegmentOperator(task_id="estimate", **{**QUICK, **given})


def bank_file() -> Path:
    """Find the bank-marketing file, or skip the test."""
    given = os.environ.get("BANK_CSV")
    path = Path(given) if given else Path(__file__).resolve().parents[2] / "shared" / "data" / "bank-marketing.csv"
    if not path.is_file():
        pytest.skip("no bank-marketing.csv: set BANK_CSV, or put it into ../shared/data beside the checkout")
    return path


def with_key(path: Path, target: Path) -> Path:
    """Copy a file with a key column in front: what the demo does for files without one."""
    with path.open(newline="") as source, target.open("w", newline="") as copy:
        rows: Iterable[list[str]] = csv.reader(source)
        writer = csv.writer(copy)
        for number, row in enumerate(rows):
            writer.writerow(["client_id" if number == 0 else f"client-{number}", *row])
    return target
