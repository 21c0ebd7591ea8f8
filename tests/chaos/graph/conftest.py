"""Where the graph's tables are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def leave(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], None]:
    """Print a table, and write it beside the other tables of this run; one folder for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if base.name.startswith("popen-") else base

    def write(name: str, text: str) -> None:
        print(f"\n{text}")  # noqa: T201 - shown with -s, and where the test fails
        (folder / name).write_text(text + "\n")

    return write
