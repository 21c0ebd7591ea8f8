"""Wire cases of Create, then Start, with one key."""

from __future__ import annotations

import pytest

from tests.chaos.wire.recoveries import RECOVERIES

SCENARIOS = ("create_start",)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("recovery", RECOVERIES)
def test_every_invariant_holds(bench, recovery):
    bench.play("create_start", recovery)


def test_the_table_of_what_was_counted(bench, folder):
    report = bench.report(SCENARIOS, folder)
    assert report["counted"] >= 0.8 * report["played"]
