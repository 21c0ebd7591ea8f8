"""What our operators and sensors add to a DAG's parse, beside an operator of the Amazon provider.

Each side in fresh processes, in turns; the clock runs from after `airflow.sdk`'s names were imported (every DAG pays for
those) to after the module was. Exit 1 where ours take more than 50 ms, or bring botocore along.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ASKED_MS = 50
ROUNDS = 5
PACKAGE = Path(__file__).parents[1] / "plugins" / "connect_campaigns"
CHILD = """
import json, sys, time
from airflow.sdk import BaseOperator, BaseSensorOperator
before = time.perf_counter()
for module in sys.argv[1:]:
    __import__(module)
took = time.perf_counter() - before
print(json.dumps({"ms": 1000 * took, "botocore": "botocore" in sys.modules}))
"""


def modules() -> list[str]:
    """Every module with operators or sensors that a DAG can import, and the task groups made of them."""
    kinds = ("operators", "sensors")
    found = [
        f"connect_campaigns.{kind}.{path.stem}"
        for kind in kinds
        for path in sorted((PACKAGE / kind).glob("*.py"))
        if path.stem != "__init__"
    ]
    groups = ["connect_campaigns.task_groups"] if (PACKAGE / "task_groups.py").exists() else []
    return found + groups


def measure(names: list[str], home: str) -> dict[str, float]:
    """Import modules in a fresh process."""
    environment = {"AIRFLOW_HOME": home, "PATH": "/usr/bin:/bin", "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *names], env=environment, capture_output=True, text=True, check=True
    )
    result: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    return result


def main() -> int:
    """Measure in turns, print both sides."""
    sides = {"ours": modules(), "amazon glue": ["airflow.providers.amazon.aws.operators.glue"]}
    with tempfile.TemporaryDirectory() as home:
        measure(sides["ours"], home)  # makes airflow.cfg and the byte code
        taken: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
        for _ in range(ROUNDS):
            for side, names in sides.items():
                taken[side].append(measure(names, home))
    medians = {side: statistics.median(each["ms"] for each in runs) for side, runs in taken.items()}
    for side, runs in taken.items():
        spread = ", ".join(f"{each['ms']:.0f}" for each in runs)
        brings = "with botocore" if any(each["botocore"] for each in runs) else "no botocore"
        print(f"{side:12} {medians[side]:6.1f} ms over airflow.sdk (median of {ROUNDS}: {spread}), {brings}")
    print(f"ours: {len(sides['ours'])} modules; {medians['amazon glue'] / medians['ours']:.1f} times faster")
    good = medians["ours"] <= ASKED_MS and not any(each["botocore"] for each in taken["ours"])
    print(f"asked: at most {ASKED_MS} ms, no botocore: {'kept' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
