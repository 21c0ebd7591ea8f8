"""Every schedule of the scenarios is walked, and each invariant holds in every state and once everything is quiet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connect_campaigns.core.launch import ROWS
from tests.chaos.graph import rows
from tests.chaos.graph.explorer import Explorer
from tests.chaos.graph.faults import SENDS, STORE_WRITES
from tests.chaos.graph.report import chosen, explore, row_table, table
from tests.chaos.invariants import Violated

SCENARIOS = {each.name: each for each in chosen()}
WALKED = {}

UNREACHABLE = {
    "inconsistent": "the last row catches what one pass can't see: see test_launch.py, which holds it to a retryable red",
}
"""Rows that no schedule reaches, by reason; each with why."""


def walked(name):
    if name not in WALKED:
        WALKED[name] = explore(SCENARIOS[name])
    return WALKED[name]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_schedule_breaks_an_invariant(name):
    try:
        figures = walked(name)
    except Violated:
        found = Explorer(SCENARIOS[name]).counterexample()
        if found is None:
            raise
        pytest.fail("\n".join([str(found[0]), *found[1]]), pytrace=False)
    assert figures.states >= SCENARIOS[name].least, "the harness explores less than it did: is it alive?"


def test_the_figures(leave):
    every = [walked(name) for name in SCENARIOS]
    leave("graph.txt", table(every))
    assert sum(each.states for each in every) > 300_000


@pytest.mark.parametrize("history", ["IR", "IRP", "IRC", "IRS", "IRF", "IX"])
def test_a_key_is_not_bound_to_what_it_can_only_refuse(history):
    explorer = Explorer(replace(SCENARIOS[f"given found {history}, 1 x 1"], faults=0))  # a stale read may bind it
    explorer.walk()
    assert [world for world in explorer.worlds if world.keys or world.claims] == []


def test_every_fault_fires_at_every_call_that_it_can_hit():
    fired = set().union(*(walked(name).fired for name in SCENARIOS))
    on_any_write = {"cut before", "500 before", "429"}
    on_an_effect = {"cut after", "reply lost", "cut, lands late", "times out, lands late"}
    for call in (SENDS | STORE_WRITES) - {"put_event"}:
        assert {label for name, label in fired if name == call} >= on_any_write | on_an_effect, call
    for call in SENDS:
        assert (call, "409") in fired
    assert ("start", "yes, lands late") in fired
    assert {label for name, label in fired if name == "state"} >= {
        "500", "expired", "unknown state", "stale NotFound", "stale Initialized", "stale Running", "stale Completed",
    }  # fmt: skip
    assert {name for name, label in fired if label == "500"} >= {
        "key",
        "claim",
        "ended",
        "relaunch",
        "frozen",
        "describe",
    }


def test_every_row_of_the_launch_table_decides_somewhere(leave):
    for name in SCENARIOS:
        walked(name)
    leave("graph-rows.txt", row_table())
    never = {number for number in range(len(ROWS)) if not rows.REACHED[number]}
    excused = {number for number in never if ROWS[number][1].reason in UNREACHABLE}
    assert [rows.describe(number) for number in sorted(never - excused)] == []
