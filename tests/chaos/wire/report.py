"""All tables of a run, at its end: a plugin of `tests/conftest.py`; or `python -m tests.chaos.wire.report FOLDER`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any


def summary(folder: Path) -> list[str]:
    """Add up what the groups left in a folder; empty where there is nothing."""
    from connect_campaigns.core.launch import ROWS  # a run without these cases has no use for it

    found: list[dict[str, Any]] = [json.loads(path.read_text()) for path in sorted(folder.glob("wire-*.json"))]
    if not found:
        return []
    by: Counter[str] = Counter()
    rows: Counter[int] = Counter()
    for each in found:
        by.update(each["by"])
        rows.update({int(number): times for number, times in each["rows"].items()})
    pairs = [pair.split(" / ") for pair in by]
    faults, recoveries = sorted({fault for fault, _ in pairs}), sorted({recovery for _, recovery in pairs})
    counted, played = sum(each["counted"] for each in found), sum(each["played"] for each in found)
    missed = [number for number in range(len(ROWS)) if not rows[number]]
    names = [f"{number} {ROWS[number][1].act.name} {ROWS[number][1].reason}".strip() for number in missed]
    pairs_met = (
        f"{len(by)} of {len(faults) * len(recoveries)} pairs of {len(faults)} faults and {len(recoveries)} recoveries"
    )
    return [
        *(f"{fault:18} {sum(by[f'{fault} / {each}'] for each in recoveries):5}" for fault in faults),
        f"wire: {counted} cases counted of {played}, {pairs_met}",
        f"rows of the launch table reached over the wire: {len(ROWS) - len(missed)} of {len(ROWS)}; not: {names}",
    ]


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """Print it at the end of a run, in the process that the workers report to; and what the graph left."""
    folder = config._tmp_path_factory.getbasetemp()  # above the workers' own folders
    for path in sorted(folder.glob("graph*.txt")):
        terminalreporter.section(path.name)
        terminalreporter.write(path.read_text())
    lines = summary(folder)
    if lines:
        terminalreporter.section("wire cases")
        terminalreporter.write_line("\n".join([*lines, f"the tables of all groups: {folder}"]))


if __name__ == "__main__":
    print("\n".join(summary(Path(sys.argv[1]))))  # noqa: T201 - what it is run for
