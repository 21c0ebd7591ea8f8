"""1,000,000 profiles in the emulator's store beside a bare DuckDB: import, estimate, a long list, a snapshot.

The store runs in this process, without HTTP: the figures are the database's and ours, and the peak of memory is theirs.
`bench_emulator_segments.py` has the way over HTTP.
"""

from __future__ import annotations

import asyncio
import random
import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from connect_emulator.clock import Clock
from connect_emulator.profiles.csv_import import CsvImport
from connect_emulator.profiles.mapping import read_mapping
from connect_emulator.profiles.settings import ProfileSettings
from connect_emulator.profiles.store import ProfileStore

if TYPE_CHECKING:
    from connect_emulator.profiles.domains import Domain

ROWS, SNAPSHOT_ROWS, LISTED, ROUNDS = 1_000_000, 350_000, 3_000, 5
NOW = datetime(2026, 11, 24, tzinfo=UTC)
ATTRIBUTES = [f"x{n}" for n in range(14)]
COLUMNS = {
    "id": "AccountNumber",
    "first": "FirstName",
    "last": "LastName",
    "phone": "PhoneNumber",
    "mail": "EmailAddress",
    "city": "Address.City",
    "country": "Address.Country",
    "batch": "Attributes.batch",
    **{name: f"Attributes.{name}" for name in ATTRIBUTES},
}


def write_file(path: Path) -> None:
    pick = random.Random(7)  # noqa: S311 - figures for a benchmark
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        for number in range(ROWS):
            batch = "now" if number < SNAPSHOT_ROWS else "then"
            words = ",".join(pick.choice(("yes", "no", "unknown", "", str(number % 977))) for _ in ATTRIBUTES)
            person = (
                f"c{number},F{number % 5000},L{number % 9000},+1202555{100 + number % 100:04},m{number}@example.com"
            )
            file.write(f"{person},City{number % 300},{'FR' if number % 3 else 'US'},{batch},{words}\n")


def filtered(field: str, operator: str, *values: str) -> dict[str, Any]:
    outer, _, inner = field.partition(".")
    filter_ = {"DimensionType": operator, "Values": list(values)}
    return {"ProfileAttributes": {outer: {inner: filter_} if inner else filter_}}


FIVE = [
    filtered("Address.Country", "INCLUSIVE", "FR"),
    filtered("Attributes.x0", "EXCLUSIVE", "no"),
    filtered("Attributes.x1", "GREATER_THAN", "100"),
    filtered("FirstName", "BEGINS_WITH", "F1", "F2"),
    filtered("Address.City", "CONTAINS", "1"),
]


def seconds(begun: float) -> float:
    return time.perf_counter() - begun


def bare_load(path: Path) -> float:
    begun = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute("create table t as select * from read_csv($1, all_varchar=true)", [str(path)])
        assert connection.execute("select count(*) from t").fetchall() == [(ROWS,)]
    return seconds(begun)


def bare_copy(path: Path, target: Path) -> list[float]:
    figures = []
    with duckdb.connect() as connection:
        connection.execute("create table t as select * from read_csv($1, all_varchar=true)", [str(path)])
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            connection.execute(f"copy (from t where batch = 'now') to '{target}' (format csv, header)")
            figures.append(seconds(begun))
    return figures


async def imported(store: ProfileStore, domain: Domain, path: Path, number: int) -> float:
    fields = {n: {"Source": f"_source.{n}", "Target": f"_profile.{field}"} for n, field in COLUMNS.items()}
    mapping = read_mapping(fields, "id", settings=store.settings)
    with path.open("rb") as given:
        kept = await store.keep_file(f"people-{number}", given)  # the database reads no other folder than the store's
    begun = time.perf_counter()
    file = CsvImport(path=kept, mapping=mapping, table=domain.table, settings=store.settings, number=number)
    await store.database.run(file.stage)
    await store.database.run(lambda connection: file.merge(connection, now=NOW, expires_at=NOW + timedelta(days=30)))
    await store.database.run(file.discard)
    return seconds(begun)


async def counted(
    store: ProfileStore, domain: Domain, dimensions: list[dict[str, Any]], **group: str
) -> tuple[float, int]:
    figures, found = [], 0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        found = await store.count(domain, {"Groups": [{"Dimensions": dimensions, **group}]}, as_of=NOW)
        figures.append(seconds(begun))
    return statistics.median(figures), found


async def exported(store: ProfileStore, domain: Domain) -> float:
    figures = []
    groups = {"Groups": [{"Dimensions": [filtered("Attributes.batch", "INCLUSIVE", "now")]}]}
    for number in range(ROUNDS):
        with store.folder_for(f"snapshot{number}") as folder:
            begun = time.perf_counter()
            (part,), _ = await store.export(domain, groups, data_format="CSV", folder=folder, as_of=NOW)
            figures.append(seconds(begun))
            with part.open("rb") as lines:
                assert sum(1 for _ in lines) == SNAPSHOT_ROWS + 1
    return statistics.median(figures)


async def measure(folder: Path) -> bool:
    path = folder / "people.csv"
    write_file(path)
    store = ProfileStore(ProfileSettings(), Clock())
    try:
        domain = await store.create_domain("d", expiration_days=30, config={}, tags={}, now=NOW)
        new, again = [await imported(store, domain, path, number) for number in range(2)]
        five, some = await counted(store, domain, FIVE)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        lists = [[f"c{n * 7}" for n in range(start, start + 50)] for start in range(0, LISTED, 50)]
        dimensions = [filtered("AccountNumber", "INCLUSIVE", *values) for values in lists]
        listed, people = await counted(store, domain, dimensions, Type="ANY")
        assert people == LISTED, people
        snapshot = await exported(store, domain)
    finally:
        await store.close()
    load, copy = bare_load(path), statistics.median(bare_copy(path, folder / "bare.csv"))
    print(
        f"{ROWS:,} rows of {len(COLUMNS)} columns, {path.stat().st_size / 1e6:.0f} MB; medians of {ROUNDS}, imports once"
    )
    print(
        f"  import new {new:.2f} s, updated {again:.2f} s, bare load {load:.2f} s: {new / load:.1f}, {again / load:.1f} x (<=8)"
    )
    print(f"  5 dimensions, {some:,} found: {five * 1000:.0f} ms (<300); peak memory after it {peak:.2f} GB (<1.5)")
    print(f"  a list of {LISTED:,} values in {len(lists)} dimensions: {listed * 1000:.0f} ms (<500)")
    print(
        f"  snapshot of {SNAPSHOT_ROWS:,} rows {snapshot:.2f} s, bare copy {copy:.2f} s: {snapshot / copy:.1f} x (<=3)"
    )
    ratios = max(new, again) <= 8 * load and snapshot <= 3 * copy
    return ratios and five < 0.3 and peak < 1.5 and listed < 0.5


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(measure(Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())
