"""What is explored: in each `make test` a small edition of every kind, the rest with CHAOS=all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.launch import Mode
from tests.chaos.graph.fakes import ELSEWHERE
from tests.chaos.graph.faults import USUAL
from tests.chaos.graph.housekeeping import Housekeeping
from tests.chaos.graph.programs import Launch
from tests.chaos.graph.relaunch import LaunchAgain, Relaunch
from tests.chaos.graph.scenario import Scenario
from tests.chaos.graph.world import END, START, Campaign, World

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = Launch()
GIVEN = Launch(mode=Mode.GIVEN, campaign="c0")
BARE = Launch(mode=Mode.BARE, key="bare", campaign="c0")
CREATE_START = Launch(mode=Mode.CREATE, then="s")
ONE_KEY = Launch(mode=Mode.CREATE, then="k")
RELAUNCH_ENDS = "launched_ended relaunch_runs nothing_launched gone"
TWO_RUNS = (LaunchAgain(), LaunchAgain(asker="run 2"))
SKIPS = replace(TEMPLATE.schedule, if_late="skip")


def hand_made(history: str = "I", *, starter: str | None = None, maker: str | None = None) -> Campaign:
    return Campaign(history=history, windows=((START, END),), maker=maker, starter=starter)


def launched(history: str, **events: int) -> World:
    """Make a world in which the key has launched a campaign, which has this history."""
    before = Campaign(history=history, windows=((START, END),), maker="k", template="t0", starter="k")
    return world(before, **events)._replace(
        keys=((("k", 0), ("c0", "t0")),), claims=(("c0", ("k", 0)),), records=(("k", 0, "c0"),)
    )


def asked(before: World, generation: int, *, by: str, former: str | None = None) -> World:
    """Add a relaunch request that stands, and that nobody has launched."""
    request = (("k", generation), (by, True, former, None if former else 0, None))
    return before._replace(relaunches=(request,))


def world(*campaigns: Campaign, **events: int) -> World:
    """Make a world in which these events may happen so often."""
    left = {name.replace("_", " "): times for name, times in events.items()}
    return World(campaigns=campaigns, left=tuple(sorted(left.items())))


REQUESTED = asked(launched("IRS", stopped=1, clear=1), 1, by="anna", former="c0")
"""A person's request stands, and nobody has launched it."""


def scenario(
    name: str, *programs: Any, faults: int = 0, at: World | None = None, ends: str = "", **more: Any
) -> Scenario:
    """Name a scenario by what it is of, its processes and its faults."""
    return Scenario(
        name=f"{name}, {len(programs)} x {faults}",
        programs=programs,
        faults=faults,
        world=at or World(),
        may_end=frozenset(ends.split()),
        **more,
    )


def always() -> Iterator[Scenario]:
    """Give those of every `make test`."""
    yield scenario("template", TEMPLATE, faults=3, least=30_000)
    yield scenario("template", TEMPLATE, TEMPLATE, faults=1, least=50_000)
    yield scenario("template", TEMPLATE, TEMPLATE, TEMPLATE, least=50_000)
    yield scenario(
        "template, unknown states", TEMPLATE, faults=2, kinds=USUAL | {"expired", "unknown state"}, ends="unknown_state"
    )
    yield from small_given()
    yield from small_pairs()
    yield from small_events()
    yield from small_relaunches()


def small_given() -> Iterator[Scenario]:
    other = replace(GIVEN, key="l")
    yield scenario("given", GIVEN, faults=2, at=world(hand_made()))
    yield scenario("given, one key", GIVEN, GIVEN, faults=1, at=world(hand_made()))
    yield scenario("given, two keys", GIVEN, other, faults=1, at=world(hand_made()), ends="claimed")
    yield scenario(
        "given, one key for two",
        GIVEN,
        replace(GIVEN, campaign="c1"),
        faults=1,
        at=world(hand_made(), hand_made()),
        ends="key_taken",
    )
    yield scenario(
        "bare",
        BARE,
        faults=2,
        at=world(hand_made(), completes=1, stopped=1),
        ends="active_bare over_bare launched_ended",
    )
    kinds = USUAL | {"expired", "unknown state"}
    yield scenario(
        "bare, unknown states", BARE, faults=2, kinds=kinds, at=world(hand_made()), ends="active_bare unknown_state"
    )
    yield scenario("bare, two runs", BARE, BARE, faults=1, at=world(hand_made()), ends="active_bare")
    for program in (GIVEN, BARE, replace(GIVEN, attach=True), replace(BARE, attach=True)):
        for history in ("IR", "IRP", "IRC", "IRS", "IRF", "IX"):
            yield scenario(
                f"{program.mode} found {history}{' attach' * program.attach}",
                program,
                faults=1,
                at=world(hand_made(history, starter=None if history == "IX" else "person")),
                ends="active_outside active_bare over_bare stale given_gone",
                least=3,
            )
    elsewhere = world(hand_made(maker=ELSEWHERE))
    yield scenario("given, of another ledger", GIVEN, faults=1, at=elsewhere, ends="other_ledger", least=5)


def small_pairs() -> Iterator[Scenario]:
    yield scenario("create, start", CREATE_START, faults=1)
    yield scenario("create, start", CREATE_START, CREATE_START)
    yield scenario("create, start, one key", ONE_KEY, ONE_KEY)
    yield scenario(
        "two templates", TEMPLATE, replace(TEMPLATE, template="t1"), faults=1, ends="key_of_another_template"
    )
    others = "other_source other_audience prepared_segment"
    yield scenario("two audiences", replace(TEMPLATE, source="a"), replace(TEMPLATE, source="b"), ends=others)
    yield scenario(
        "create, two audiences",
        replace(CREATE_START, source="a"),
        replace(CREATE_START, source="b"),
        ends=others,
    )


def small_events() -> Iterator[Scenario]:
    yield scenario(
        "template; completes, stops",
        TEMPLATE,
        faults=1,
        at=world(completes=1, stopped=1, paused=1, clear=1),
        ends="launched_ended",
    )
    yield scenario("template; time", TEMPLATE, faults=1, at=world(start_passes=1, too_late=1))
    yield scenario(
        "template; time, skips", replace(TEMPLATE, schedule=SKIPS), faults=1, at=world(start_passes=1, too_late=1)
    )
    yield scenario("template; time, skips", *[replace(TEMPLATE, schedule=SKIPS)] * 2, at=world(too_late=1))
    yield scenario("given; time", GIVEN, faults=1, at=world(hand_made(), start_passes=1), ends="schedule")
    yield scenario(
        "given; renewed",
        replace(GIVEN, renew_schedule=True),
        faults=1,
        at=world(hand_made(), start_passes=1, too_late=1),
    )
    yield scenario(
        "given; renewed, skips",
        replace(GIVEN, renew_schedule=True, schedule=SKIPS),
        faults=1,
        at=world(hand_made(), too_late=1),
    )
    yield scenario("template; freeze", TEMPLATE, faults=1, at=world(freeze=1, thaw=1))
    yield scenario("template; a guard skips", replace(TEMPLATE, freeze_skips=True), faults=1, at=world(freeze=1))
    yield scenario("template; a guard skips", *[replace(TEMPLATE, freeze_skips=True)] * 2, at=world(freeze=1))
    yield scenario("template; console", TEMPLATE, faults=1, at=world(console=1), ends="active_outside")
    yield scenario(
        "template; console, attach",
        replace(TEMPLATE, attach=True),
        faults=1,
        at=world(console=1, completes=1),
        ends="stale",
    )
    yield scenario("template; deleted", TEMPLATE, faults=1, at=world(deleted=1), ends="gone")
    yield scenario(
        "create, start; deleted",
        CREATE_START,
        at=world(deleted=1, clear=1),
        ends="gone given_gone given_void key_taken",
    )
    yield scenario(
        "template; cleared, completes, deleted",
        TEMPLATE,
        faults=1,
        at=world(completes=1, deleted=1, clear=1),
        ends="gone",
    )
    yield scenario("template, housekeeping", TEMPLATE, Housekeeping(), faults=1, at=world(completes=1), ends="claimed")
    yield scenario("template, housekeeping; cleared", TEMPLATE, Housekeeping(), at=world(completes=1, clear=1))
    yield scenario(
        "create, start, housekeeping",
        CREATE_START,
        Housekeeping(),
        at=world(completes=1, clear=1),
        ends="given_void given_gone",
    )


def small_relaunches() -> Iterator[Scenario]:
    ends = RELAUNCH_ENDS
    yield scenario("relaunch", TEMPLATE, Relaunch(), at=world(stopped=1, clear=1), ends=ends)
    yield scenario("relaunch", TEMPLATE, Relaunch(), faults=1, at=world(completes=1), ends=ends, attempts=1)
    yield scenario(
        "relaunch, no recontact", TEMPLATE, Relaunch(recontact=False), at=world(completes=1), ends=ends + " recontact"
    )
    yield scenario("relaunch in a run", LaunchAgain(), faults=1, at=world(stopped=1, clear=1), ends=ends)
    yield scenario("relaunch in a run", TEMPLATE, LaunchAgain(), at=world(stopped=1), ends=ends, attempts=1)
    asked_first = asked(world(stopped=1, clear=1), 0, by="another run")
    yield scenario("another run asked first", LaunchAgain(), faults=1, at=asked_first, ends=ends)
    again = launched("IRS", stopped=1, clear=1)
    yield scenario("relaunch, again in a run", Relaunch(), LaunchAgain(), at=again, ends=ends, attempts=1)
    yield scenario("relaunched, again in a run", LaunchAgain(), faults=1, at=REQUESTED, ends=ends)
    create = LaunchAgain(mode=Mode.CREATE, then="k")
    yield scenario("relaunched, created in a run", create, faults=1, at=REQUESTED._replace(left=()))
    yield scenario(
        "given, relaunch",
        GIVEN,
        Relaunch(),
        at=world(hand_made(), stopped=1, clear=1),
        ends=ends + " relaunch_given given_former",
    )


def long() -> Iterator[Scenario]:
    """Give those of `make test-chaos` alone."""
    yield scenario("template", TEMPLATE, faults=4)
    yield scenario("template", TEMPLATE, TEMPLATE, faults=2, attempts=1)
    yield scenario("given", GIVEN, faults=3, at=world(hand_made()))
    yield scenario("given, one key", GIVEN, GIVEN, faults=2, at=world(hand_made()))
    keys = [replace(GIVEN, key=key) for key in "klm"]
    yield scenario("given, two keys", *keys[:2], faults=2, at=world(hand_made()), ends="claimed")
    yield scenario("given, three keys", *keys, at=world(hand_made()), ends="claimed")
    yield scenario("create, start", CREATE_START, CREATE_START, faults=1)
    yield scenario(
        "create, start; deleted",
        CREATE_START,
        faults=1,
        at=world(deleted=1, clear=1),
        ends="gone given_gone given_void key_taken",
    )
    events = {"completes": 1, "stopped": 1}
    yield scenario(
        "template; completes, stops", TEMPLATE, TEMPLATE, faults=1, at=world(**events), ends="launched_ended"
    )
    yield scenario("template; time", TEMPLATE, TEMPLATE, attempts=2, at=world(start_passes=1, too_late=1))
    yield scenario("template; freeze", TEMPLATE, TEMPLATE, at=world(freeze=1, thaw=1))
    yield scenario(
        "template; console", TEMPLATE, TEMPLATE, faults=1, at=world(console=1), ends="active_outside", attempts=2
    )
    yield scenario("template; deleted", TEMPLATE, TEMPLATE, at=world(deleted=1), ends="gone")
    yield scenario("template, housekeeping", TEMPLATE, Housekeeping(), faults=2, at=world(completes=1), ends="claimed")
    yield scenario("template, housekeeping", TEMPLATE, TEMPLATE, Housekeeping(), at=world(completes=1), attempts=2)
    yield scenario("relaunch", TEMPLATE, Relaunch(), faults=1, at=world(completes=1), ends=RELAUNCH_ENDS)
    yield scenario("relaunch in a run", TEMPLATE, LaunchAgain(), at=world(stopped=1), ends=RELAUNCH_ENDS)
    yield scenario(
        "first in two runs that ask",
        *TWO_RUNS,
        at=world(stopped=1, clear=1),
        ends=RELAUNCH_ENDS,
        attempts=1,
    )
    twice = (Relaunch(), Relaunch(asker="berta"))
    yield scenario("relaunched twice", TEMPLATE, *twice, at=world(stopped=1), ends=RELAUNCH_ENDS, attempts=1)


__all__ = ["always", "long"]
