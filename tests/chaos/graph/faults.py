"""How one call may end: as it should, or bent by one of the faults; each ending with what it leaves in the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.chaos.graph.world import ACCEPTED, REFUSED, STATES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.graph.world import Call, Physics, World

UNKNOWN, THROTTLED = "unknown", "throttled"
CUT = ("cut", None, 0)
"""In place of a reply: the process is gone."""

STORE_WRITES = frozenset({"put_key", "put_claim", "put_ended", "put_record", "put_relaunch", "put_event"})
SENDS = frozenset({"create", "start", "delete", "update"})
WRITES = STORE_WRITES | SENDS

CUTS = frozenset({"cut before", "cut after", "cut late"})
USUAL = CUTS | {"lost", "500 before", "429", "late", "late yes", "409", "stale", "500 read"}
"""The faults of most scenarios; "expired" and "unknown state" are tried in some."""


WITHOUT_EFFECT: dict[str, tuple[str, str] | None] = {
    "cut before": None,
    "500 before": (UNKNOWN, "InternalServerException"),
    "429": (THROTTLED, "ThrottlingException"),
    "expired": (REFUSED, "ExpiredTokenException"),
    "409": (REFUSED, "ConflictException"),
}
"""Faults of a write that leave the world as it was, and the reply; None = the process is gone."""


class Ending(NamedTuple):
    """One way in which a call ends.

    :param cost: faults that it takes
    :param reply: kind, value, and the service's clock
    """

    label: str
    cost: int
    world: World
    reply: tuple[str, Any, int]


def endings(world: World, call: Call, physics: Physics, faults: frozenset[str]) -> Iterator[Ending]:
    """Give every way in which a call may end in this world, the faultless one first."""
    if call[0] in WRITES:
        yield from _write_endings(world, call, physics, faults)
        return
    clock = world.clock
    value = read(world, call)
    yield Ending("", 0, world, (ACCEPTED, value, clock))
    if "500 read" in faults:
        yield Ending("500", 1, world, (UNKNOWN, "InternalServerException", clock))
    if "expired" in faults:
        yield Ending("expired", 1, world, (REFUSED, "ExpiredTokenException", clock))
    if "stale" in faults:
        for old in _stale(world, call):
            if old != value:
                yield Ending(f"stale {old}", 1, world, (ACCEPTED, old, clock))
    if "unknown state" in faults and call[0] == "state" and value != "NotFound":
        yield Ending("unknown state", 1, world, (ACCEPTED, "Preparing", clock))


def _write_endings(world: World, call: Call, physics: Physics, faults: frozenset[str]) -> Iterator[Ending]:
    after, (kind, value) = physics.effect(world, call)
    if after is not world:
        after = physics.settle(after)
    clock = world.clock
    yield Ending("", 0, after, (kind, value, clock))
    for label, reply in WITHOUT_EFFECT.items():
        if label in faults and (label != "409" or call[0] in SENDS):
            yield Ending(label, 1, world, CUT if reply is None else (*reply, clock))
    if after != world:
        under_way = world._replace(late=tuple(sorted((*world.late, call), key=repr)))
        yield from _effect_endings(call, after, under_way, (kind, value, clock), faults)


def _effect_endings(
    call: Call, after: World, under_way: World, yes: tuple[str, Any, int], faults: frozenset[str]
) -> Iterator[Ending]:
    unknown = (UNKNOWN, "ConnectionClosedError", yes[2])
    if "cut after" in faults:
        yield Ending("cut after", 1, after, CUT)
    if "lost" in faults:
        yield Ending("reply lost", 1, after, unknown)
        if call[0] in STORE_WRITES:  # the SDK sent it again, and the store refuses what it has taken already
            yield Ending("own 412", 1, after, (REFUSED, "PreconditionFailed", yes[2]))
    if "cut late" in faults:
        yield Ending("cut, lands late", 1, under_way, CUT)
    if "late" in faults:
        yield Ending("times out, lands late", 1, under_way, unknown)
    if "late yes" in faults and call[0] == "start":
        yield Ending("yes, lands late", 1, under_way, yes)


def read(world: World, call: Call) -> Any:
    """Answer a read truthfully."""
    match call:
        case ("state", name):
            campaign = world.campaign(name)
            return STATES[campaign.history[-1]] if campaign else "NotFound"
        case ("describe", name):
            campaign = world.campaign(name)
            return (campaign.windows[-1], campaign.source, campaign.maker) if campaign else None
        case ("key", key, generation):
            return dict(world.keys).get((key, generation))
        case ("claim", name):
            return world.claim(name)
        case ("ended", name):
            return dict(world.ends).get(name)
        case ("relaunch", key, generation):
            return dict(world.relaunches).get((key, generation))
        case ("record", key, generation):
            return next((each[2] for each in world.records if each[:2] == (key, generation)), None)
        case ("frozen",):
            return world.frozen
        case ("launches", template):
            return tuple(each for each in world.records if _template(world, each[2]) == template)
        case ("list",):
            return tuple(
                (f"c{at}", STATES[each.history[-1]], each.maker)
                for at, each in enumerate(world.campaigns)
                if each.history[-1] != "X"
            )
        case ("template",):
            return None
    msg = f"no such read: {call}"
    raise AssertionError(msg)


def _stale(world: World, call: Call) -> Iterator[Any]:
    """Give the older answers that an eventually consistent service may give; the ledger's store is none."""
    if call[0] not in {"state", "describe"}:
        return
    at = int(call[1][1:]) if call[1][:1] == "c" else len(world.campaigns)
    if at >= len(world.campaigns):
        return
    campaign = world.campaigns[at]
    if call[0] == "state":
        yield "NotFound"
        yield from {STATES[letter] for letter in campaign.history[:-1]}
        return
    yield None
    for window in campaign.windows:
        yield (window, campaign.source, campaign.maker)


def _template(world: World, name: str) -> str | None:
    return world.campaigns[int(name[1:])].template
