"""DuckDB in a thread of its own: the event loop never waits for a query."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import duckdb

from connect_emulator.profiles.predicates import MACROS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")


class Database:
    """One in-memory database and the one thread that uses it; work is done in the order in which it came.

    :param folder: the only one whose files a query can read or write, whatever an SQL segment says.
    """

    def __init__(self, *, folder: Path) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="duckdb")
        self._connection = duckdb.connect(":memory:")
        self._connection.execute("set TimeZone = 'UTC'")
        for macro in MACROS:
            self._connection.execute(macro)
        self._connection.execute(f"set temp_directory = '{folder / 'spilled'}'")
        self._connection.execute(f"set allowed_directories = ['{folder}']")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    async def run(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Return what `work` returns; it is queued before this call first waits."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._connection)

    def interrupt(self) -> None:
        """Break off the running query."""
        self._connection.interrupt()

    async def close(self) -> None:
        """Drop the queued work and end the thread."""
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)
        self._connection.close()
