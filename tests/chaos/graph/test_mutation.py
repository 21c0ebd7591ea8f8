"""Each rule of the protocol, switched off, makes a named invariant red: so the graph can see what it is there to see."""

from __future__ import annotations

import pytest

from tests.chaos.graph.explorer import Explorer
from tests.chaos.graph.mutations import MUTATIONS

FOUND = {}


def name_of(mutation):
    return mutation.rule


def counterexample(mutation):
    """Walk without the rule, once a run; give the first broken invariant of those named, and the way there."""
    if mutation.rule not in FOUND:
        Explorer(mutation.where).walk()  # with the rule all is well in this very scenario
        with pytest.MonkeyPatch.context() as patch:
            if mutation.off:
                mutation.off(patch)
            FOUND[mutation.rule] = Explorer(mutation.mutated).counterexample(of=mutation.breaks)
    return FOUND[mutation.rule]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=name_of)
def test_without_a_rule_an_invariant_goes_red(mutation):
    assert counterexample(mutation) is not None, f"{mutation.breaks} hold without: {mutation.rule}"


@pytest.mark.timeout(900)
def test_the_table_has_every_rule(leave):
    found = {mutation.rule: counterexample(mutation) for mutation in MUTATIONS}
    lines = [f"{rule:36}{each[0].name:12}{len(each[1]):4} steps: {each[0]}" for rule, each in found.items() if each]
    leave("graph-mutations.txt", "\n".join(lines))
    assert len(lines) == len(MUTATIONS), [rule for rule, each in found.items() if not each]
