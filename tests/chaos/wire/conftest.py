"""The bench of the wire cases: the emulator inside this process, and the cases of this run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.wire.groups import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    bench = Bench()
    with pytest.MonkeyPatch.context() as patch:
        bench.prepare(patch.setattr)
        yield bench
    bench.pool.service.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tables of this run are left; one folder for all workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base
