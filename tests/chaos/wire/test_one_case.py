"""One case alone: ``CHAOS_CASE=name pytest tests/chaos/wire/test_one_case.py -n 0 -s`` prints what goes over the wire."""

from __future__ import annotations

import os

from tests.chaos.wire.cases import cases_of, clean_launch, play
from tests.chaos.wire.runs import SCENARIOS


def chosen(bench):
    """Find the case that `CHAOS_CASE` names; without it, the reply of StartCampaign is lost."""
    name = os.environ.get("CHAOS_CASE", "")
    scenario = name.partition("/")[0] or "clone"
    assert scenario in SCENARIOS, f"{name!r}: allowed: {', '.join(SCENARIOS)} at its beginning"
    cases = cases_of(scenario, clean_launch(bench.pool, scenario))
    example = ("StartCampaign", "lost_reply", "retry")
    found = [
        each for each in cases if each.name == name or (not name and (each.call, each.fault, each.recovery) == example)
    ]
    assert found, (
        f"no case {name!r}; the launch's calls have other numbers by now? As {[each.name for each in cases][:3]}"
    )
    return found[0]


def test_a_case_can_be_repeated_by_its_name(bench):
    case = chosen(bench)
    played = play(bench.pool, case, traced=True)
    print("\n".join([case.name, *played.trace, *played.broken]))  # noqa: T201 - this is what it is run for
    assert played.counted, "its fault did not fire"
    assert played.broken == []
    assert any(case.fault in line for line in played.trace)
