"""What happens in the world by itself, at any moment: late effects land, people and time do things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.graph.world import ACTIVE, DELETABLE, PAST_START, TOO_LATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.graph.world import Physics, World


def happenings(world: World, physics: Physics) -> Iterator[tuple[str, World]]:
    """Give everything that may happen next by itself."""
    yield from landings(world, physics)
    for name, times in world.left:
        if times and name != "clear":
            left = tuple((each, n - (each == name)) for each, n in world.left)
            for label, after in _happens(name, world._replace(left=left), physics):
                yield label, physics.settle(after)


def landings(world: World, physics: Physics) -> Iterator[tuple[str, World]]:
    """Let each effect that is under way land."""
    for number, call in enumerate(world.late):
        rest = world._replace(late=world.late[:number] + world.late[number + 1 :])
        after, _ = physics.effect(rest, call)
        yield f"(lands late: {' '.join(str(each) for each in call)})", physics.settle(after)


def _happens(name: str, world: World, physics: Physics) -> Iterator[tuple[str, World]]:
    match name:
        case "start passes" if world.clock < PAST_START:
            yield "(the start time passes)", world._replace(clock=PAST_START)
        case "too late" if world.clock < TOO_LATE:
            yield "(it gets too late)", world._replace(clock=TOO_LATE)
        case "freeze" if not world.frozen:
            yield "(a person turns the freeze on)", world._replace(frozen=1)
        case "thaw" if world.frozen:
            yield "(a person turns the freeze off)", world._replace(frozen=0)
        case _:
            yield from _of_campaigns(name, world, physics)


CHANGES = {"completes": (ACTIVE, "C"), "stopped": (ACTIVE, "S"), "fails": (ACTIVE, "F"), "paused": ("R", "P")}
"""Event: in which states, and the one that follows."""


def _of_campaigns(name: str, world: World, physics: Physics) -> Iterator[tuple[str, World]]:
    for at, campaign in enumerate(world.campaigns):
        each, state = f"c{at}", campaign.history[-1]
        if name in CHANGES:
            before, then = CHANGES[name]
            if state in before:
                yield f"({each} {name})", world.put(each, campaign.to(then))
        elif name == "deleted" and state in DELETABLE:
            yield f"(a person deletes {each})", physics.effect(world, ("delete", each, "person"))[0]
        elif name == "console" and state == "I" and _known(world, each):
            yield f"(a person starts {each})", world.put(each, campaign.to("R", starter="person"))


def _known(world: World, name: str) -> bool:
    """Whether people may know the campaign: made by hand, or named by a key."""
    return world.campaigns[int(name[1:])].maker is None or any(what[0] == name for _, what in world.keys)
