"""How far a case goes: to right behind its fault, and at last until all is quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.wire import others

if TYPE_CHECKING:
    from tests.chaos.wire.runs import Run
    from tests.chaos.wire.universe import Universe


class NotApplicableError(Exception):
    """There is nothing here that this recovery could act on: no such case."""


def past(run: Run, number: int) -> None:
    """Go on until the faulty send is done, or its process is no more."""
    attempt = run.attempt or run.begin()
    while run.attempt is attempt and len(attempt.sends) < number:
        run.step()


def quiet(universe: Universe) -> None:
    """Let all come to rest: late effects land, what is red is tried again, housekeeping passes once."""
    universe.thaw()
    for run in universe.runs:
        run.settle()
    universe.wire.land("next", "end", "last")
    turned = False
    while True:
        for run in universe.runs:
            if not run.done:
                run.revive()
                run.settle()
        universe.by_a_person(others.housekeeping(orphans=True, finished=False), name="housekeeping")
        if turned or all(run.done for run in universe.runs):
            return
        turned = True  # what housekeeping gave up is made anew, once
