"""One task's processes are killed, frozen, cleared or marked in the midst of a launch; many launches at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.kills import strikes
from tests.kills.pool import Kill

if TYPE_CHECKING:
    from tests.kills.pool import Pool

CREATED, NAMED, CLAIMED, STARTED = (
    "create: CreateCampaign",
    "create: PutObject K",
    "start: PutObject C",
    "start: StartCampaign",
)
BEFORE_START = "start: GetObject freeze, last"
"""The last read before the start: StartCampaign is the very next call."""

KILLS = (
    Kill(what="child SIGTERM", when=CREATED, strike=strikes.child_asked_to_end),
    Kill(what="child SIGTERM", when=STARTED, strike=strikes.child_asked_to_end),
    Kill(what="supervisor SIGTERM", when=STARTED, strike=strikes.supervisor_asked_to_end),
    Kill(what="supervisor SIGKILL", when=CREATED, strike=strikes.orphan_last),
    Kill(what="supervisor SIGKILL, both in the call", when=CREATED, strike=strikes.both_held, times=2),
    Kill(what="supervisor SIGKILL", when=NAMED, strike=strikes.orphan_first),
    Kill(what="supervisor SIGKILL", when=CLAIMED, strike=strikes.orphan_first),
    Kill(what="supervisor SIGKILL", when=BEFORE_START, strike=strikes.orphan_first),
    Kill(what="supervisor SIGKILL", when=BEFORE_START, strike=strikes.orphan_last),
    Kill(what="supervisor SIGKILL", when=STARTED, strike=strikes.orphan_last),
    Kill(what="supervisor and child SIGSTOP, CONT", when=NAMED, strike=strikes.frozen),
    Kill(what="supervisor and child SIGSTOP, CONT", when=BEFORE_START, strike=strikes.frozen),
    Kill(what="supervisor and child SIGSTOP, CONT", when=STARTED, strike=strikes.frozen),
    Kill(what="cleared", when=CREATED, strike=strikes.cleared),
    Kill(what="cleared", when=STARTED, strike=strikes.cleared),
    Kill(what="cleared, reply in the grace", when=BEFORE_START, strike=strikes.cleared_in_grace),
    Kill(what="marked failed", when=STARTED, strike=partial(strikes.marked, state="failed", starts=1)),
    Kill(what="marked failed", when=CREATED, strike=partial(strikes.marked, state="failed", starts=0)),
    Kill(what="marked success", when=BEFORE_START, strike=partial(strikes.marked, state="success", starts=0)),
    Kill(what="cleared", when=None, strike=strikes.deferred_cleared),
    Kill(what="marked failed", when=None, strike=partial(strikes.deferred_marked, state="failed")),
    Kill(what="marked success", when=None, strike=partial(strikes.deferred_marked, state="success")),
)


@pytest.fixture(scope="module")
def results(request, pool: Pool):
    """All kills that were chosen, and a child's at every call of a launch, at once."""
    chosen = [item for item in request.session.items if item.module is request.module]
    kills = [item.callspec.params["kill"] for item in chosen if hasattr(item, "callspec")]
    if len(kills) < len(chosen):
        kills += sweep(pool)
    return pool.run(kills)


def sweep(pool: Pool) -> list[Kill]:
    """A child's kill at every call of a launch."""
    return [
        Kill(what="child SIGKILL", when=str(moment), strike=strikes.child_killed, exact=moment)
        for moment in pool.moments
    ]


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_launched_once(results, kill):
    assert not results[kill].problems


def test_launched_once_whichever_call_the_process_is_killed_in(results, pool):
    kills = sweep(pool)
    assert len(kills) > 20
    assert not [problem for kill in kills for problem in results[kill].problems]
