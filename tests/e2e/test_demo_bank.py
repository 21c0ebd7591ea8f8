"""A bank's 45,211 clients through the demo's own steps: twelve segments, each as large as SQLite counts it in the same file.

`pytest tests/e2e/test_demo_bank.py -n 0 -s` prints the table.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
from contextlib import closing

import pytest

from demo import environment
from demo.own_csv import usable
from demo.segment import check_columns, fields_of
from tests.segment_kit import bank_file, defining, estimating, importing, run, xcoms
from tests.waiting_kit import connection_json

CELLULAR = "Contact=cellular, Balance>1000, Loan=no"
SEGMENTS = {
    CELLULAR: "Contact = 'cellular' AND Balance > 1000 AND Loan = 'no'",
    "Job=student|retired": "Job IN ('student', 'retired')",
    "Job!=student|retired|unknown": "Job NOT IN ('student', 'retired', 'unknown')",
    "Balance<0": "Balance < 0",
    "Balance>=1000, Balance<=2000": "Balance BETWEEN 1000 AND 2000",
    "Age>60": "Age > 60",
    "Age>=30, Age<40, Marital_Status!=married": "Age >= 30 AND Age < 40 AND \"Marital (Status)\" <> 'married'",
    "Pdays=-1, Previous<=0": "Pdays = -1 AND Previous <= 0",
    "Month=mar|sep|oct|dec, Output=yes": "Month IN ('mar', 'sep', 'oct', 'dec') AND Output = 'yes'",
    "Education=tertiary, Housing=no, Loan!=yes, Default=no, Balance>5000.5": (
        "Education = 'tertiary' AND Housing = 'no' AND Loan <> 'yes' AND \"Default\" = 'no' AND Balance > 5000.5"
    ),
    'Job="blue-collar", Attributes.Poutcome!=unknown, Duration>300': (
        "Job = 'blue-collar' AND Poutcome <> 'unknown' AND Duration > 300"
    ),
    "": "1",
}
"""What `make demo CSV=… SEGMENT=…` takes, and the same in SQL; the empty one is all of the file."""


def counted_by_sqlite(path):
    """Count the segments over the file itself, its numbers as numbers."""
    with path.open(encoding="utf-8", newline="") as file, closing(sqlite3.connect(":memory:")) as database:
        header, *rows = csv.reader(file)
        numbers = {name for place, name in enumerate(header) if rows[0][place].lstrip("-").isdecimal()}
        columns = ", ".join(f'"{name}" {"NUMERIC" if name in numbers else "TEXT"}' for name in header)
        database.execute(f"CREATE TABLE clients ({columns})")
        database.executemany(f"INSERT INTO clients VALUES ({', '.join('?' * len(header))})", rows)  # noqa: S608 - ours
        asked = [f"SELECT count(*) FROM clients WHERE {where}" for where in SEGMENTS.values()]  # noqa: S608 - ours
        return [database.execute(each).fetchone()[0] for each in asked]


@pytest.fixture
def imported(emulator, monkeypatch, tmp_path):
    """Bring the clients in as `make demo CSV=…` does: a usable copy of the file, in the demo's own environment."""
    source = bank_file()
    wanted = [field for segment in SEGMENTS if segment for field in fields_of(segment)]
    file = usable(source, copy=tmp_path / "copy.csv", wanted=wanted)
    check_columns(wanted, file.columns)
    environment.prepare(emulator.url, log=lambda _: None)
    extra = {"customer_profiles_domain": environment.DOMAIN, "launch_ledger": environment.LEDGER}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(emulator.url, **extra))
    importer = importing(path=str(file.path), key_column=file.key_column, audience_run="bank", patience=120)
    handed = xcoms(importer)
    return source, handed["return_value"], handed["audience_run"]


def test_twelve_segments_are_as_large_as_sqlite_counts_them(imported):
    source, said, audience_run = imported
    expected = counted_by_sqlite(source)
    assert (said["rows"], said["failed"]) == (expected[-1], 0)
    counted = []
    for segment in SEGMENTS:
        made = run(defining(name="bank", groups=segment, audience_run=audience_run))
        counted.append(run(estimating(segment=made, imported=said))["count"])
    lines = [f"{'segment':75} emulator  SQLite"]
    for segment, ours, theirs in zip(SEGMENTS, counted, expected, strict=True):
        lines.append(f"{segment or '(all of the file)':75} {ours:8,} {theirs:7,}")
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert counted == expected
    assert len(set(counted)) == len(SEGMENTS) == 12
    assert all(0 < each < said["rows"] for each in counted[:-1])
