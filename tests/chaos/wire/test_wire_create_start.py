"""Wire cases of Create, then Start, with one key."""

from __future__ import annotations

import pytest

from tests.chaos.wire.recoveries import recoveries_of

SCENARIOS = ("create_start",)
GROUPS = [(scenario, recovery) for scenario in SCENARIOS for recovery in recoveries_of(scenario)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("scenario", "recovery"), GROUPS)
def test_every_invariant_holds(bench, scenario, recovery):
    bench.play(scenario, recovery)


def test_the_table_of_what_was_counted(bench, folder):
    report = bench.report(SCENARIOS, folder)
    assert report["counted"] >= 0.8 * report["played"] > 0
