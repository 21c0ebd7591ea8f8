"""What is demanded of an attempt's end, and of the world once everything is quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.core.launch import Mode
from tests.chaos.graph.world import OVER, VOID
from tests.chaos.invariants import Violated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.chaos.graph.programs import End, Program
    from tests.chaos.graph.world import World

OF_THE_CAMPAIGN = frozenset({"launched_ended"})
"""Final refusals that say: it was launched by this key."""

FOR_GOOD = frozenset({"schedule", "freeze"})
"""Guards whose skip is written as void first."""

OF_ANOTHER = frozenset({"key_taken", "key_of_another_template"})
"""Final refusals that say: this key launches another campaign than the one asked for."""

OTHER_AUDIENCE = "other_audience"
"""The final refusal that says: this key's campaign has begun on another audience than the one asked for."""

NOT_TOLD = frozenset({"active_bare", "over_bare", "unknown_state"})
"""Final refusals that say: who started it can't be told."""


def judge_end(world: World, program: Program, end: End) -> None:
    """Demand that the end of one attempt says the truth.

    :raises Violated: it doesn't
    """
    key, making = program.key, getattr(program, "mode", None) is Mode.CREATE
    match end.kind:
        case "green" if making:
            if not world.named(key, end.campaign or ""):
                raise Violated("GREEN_TRUE", f"{key!r} says that it made {end.campaign}, which its K doesn't name")
            _judge_audience(world, program, end)
        case "green":
            _judge_green(world, key, end)
            _judge_audience(world, program, end)
        case "final" if end.code == OTHER_AUDIENCE:
            _judge_other_audience(world, program, end)
        case "final":
            _judge_final(world, key, end)
        case "skip" if end.code in FOR_GOOD:
            _nothing_of(world, key, "SKIP_TRUE", end)


def _judge_green(world: World, key: str, end: End) -> None:
    name = end.campaign or ""
    campaign = world.campaigns[int(name[1:])]
    if not campaign.begun:
        raise Violated("GREEN_TRUE", f"{key!r} says {end.code} of {name}, which never began")
    by_hand = campaign.starter == "person"
    if end.code != "ATTACH_OUTSIDE" and campaign.starter != key and not by_hand:
        raise Violated("GREEN_TRUE", f"{key!r} says {end.code} of {name}, which {campaign.starter!r} started")


def _judge_audience(world: World, program: Program, end: End) -> None:
    asked, source = getattr(program, "source", None), world.campaigns[int((end.campaign or "")[1:])].source
    if asked and asked != source:
        raise Violated("GREEN_TRUE", f"{program.key!r} says {end.code} for {asked}, and {end.campaign} is for {source}")


def _judge_other_audience(world: World, program: Program, end: End) -> None:
    named = [what[0] for at, what in world.keys if at[0] == program.key and what[0]]
    begun = [each for each in (world.campaigns[int(name[1:])] for name in named) if each.begun]
    if all(each.source == getattr(program, "source", None) for each in begun):
        raise Violated("RED_TRUE", f"{program.key!r} says {end.code}, and nothing of it has begun on another")


def _judge_final(world: World, key: str, end: End) -> None:
    if end.code in OF_THE_CAMPAIGN:
        over = [each for each in world.campaigns if each.starter in {key, "person"} and each.history[-1] in OVER + "X"]
        if not over:
            raise Violated("RED_TRUE", f"{key!r} says {end.code}, and nothing of it has ended")
    elif end.code in OF_ANOTHER:
        if not any(at[0] == key and what[0] for at, what in world.keys):
            raise Violated("RED_TRUE", f"{key!r} says {end.code}, and its K names no campaign")
    elif end.code not in NOT_TOLD:
        _nothing_of(world, key, "RED_TRUE", end)


def _nothing_of(world: World, key: str, invariant: str, end: End) -> None:
    started = [name for name in world.started_by(key) if not world.given_up(name)]
    if started:
        raise Violated(invariant, f"{key!r} ends {end.kind} {end.code}, and it started {', '.join(started)}")
    under_way = [call for call in world.late if call[0] == "start" and call[2] == key and not world.given_up(call[1])]
    if under_way:
        raise Violated(invariant, f"{key!r} ends {end.kind} {end.code}, and its {under_way[0]} is under way")


def judge_quiet(world: World, ends: Iterable[tuple[str, End]]) -> None:
    """Demand what must hold once nothing is under way any more, and housekeeping has passed.

    :param ends: the tasks' keys, and how each ended
    :raises Violated: it doesn't hold
    """
    takers: dict[str, set[str]] = {}
    for key, end in ends:
        if end.kind == "skip" and end.code in FOR_GOOD and world.started_by(key):
            raise Violated("SKIP_TRUE", f"{key!r} was skipped, and then started {world.started_by(key)}")
        if end.kind == "green" and end.code in {"STARTED", "ATTACH", "RAN"}:
            takers.setdefault(end.campaign or "", set()).add(key)
    for name, keys in takers.items():
        if len(keys) > 1:
            raise Violated("ONE_OWNER", f"{name} is taken by {' and '.join(sorted(keys))}")
    for at, campaign in enumerate(world.campaigns):
        name = f"c{at}"
        claim = world.claim(name)
        live = claim not in {None, VOID} and world.named(claim[0], name)
        if campaign.history[-1] == "I" and campaign.maker and not live:
            raise Violated("ORPHAN", f"{name} is left Initialized, claimed by {claim}")


__all__ = ["judge_end", "judge_quiet"]
