"""Each rule of the protocol, switched off, makes a named invariant red: so the graph can see what it is there to see."""

from __future__ import annotations

import pytest

from tests.chaos.graph.explorer import Explorer
from tests.chaos.graph.mutations import MUTATIONS

FOUND = {}


def name_of(mutation):
    return mutation.rule


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=name_of)
def test_without_a_rule_an_invariant_goes_red(mutation, monkeypatch):
    Explorer(mutation.where).walk()  # with the rule all is well in this very scenario
    if mutation.off:
        mutation.off(monkeypatch)
    found = Explorer(mutation.mutated).counterexample(of=mutation.breaks)
    assert found is not None, f"{mutation.breaks} hold without: {mutation.rule}"
    FOUND[mutation.rule] = found


def test_the_table(leave):
    if len(FOUND) < len(MUTATIONS):
        pytest.skip("shows what the tests above found, where all of them ran")
    lines = [
        f"{rule:36}{violated.name:12}{len(story):4} steps: {violated}" for rule, (violated, story) in FOUND.items()
    ]
    leave("graph-mutations.txt", "\n".join(lines))
