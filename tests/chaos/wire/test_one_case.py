"""One case alone: ``CHAOS_CASE=name pytest tests/chaos/wire/test_one_case.py -n 0 -s`` prints what goes over the wire."""

from __future__ import annotations

import os

from tests.chaos.wire.cases import cases_of, clean_launch, play
from tests.chaos.wire.runs import SCENARIOS

EXAMPLE = "clone/0.26.StartCampaign/lost_reply/retry"


def test_a_case_can_be_repeated_by_its_name(bench):
    name = os.environ.get("CHAOS_CASE", EXAMPLE)
    scenario = name.partition("/")[0]
    assert scenario in SCENARIOS, f"{name!r}: allowed: {', '.join(SCENARIOS)} at its beginning"
    cases = cases_of(scenario, clean_launch(bench.pool, scenario))
    case = next((each for each in cases if each.name == name), None)
    assert case is not None, f"no case {name!r}; near it: {[each.name for each in cases][:3]}"
    played = play(bench.pool, case, traced=True)
    print("\n".join([name, *played.trace, *played.broken]))  # noqa: T201 - this is what it is run for
    assert played.counted, "its fault did not fire"
    assert played.broken == []
    assert any(case.fault in line for line in played.trace)
