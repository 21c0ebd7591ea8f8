"""The world of the enumerated graph: campaigns, the ledger's objects, late effects; as small values that hash.

A world never changes: `effect` makes the next one. What the service and the store do is modelled as documented; what isn't
known is a switch of `Physics`, which is also how a mutation makes a world without one of the rules.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.chaos.invariants import Violated

Call = tuple[Any, ...]
"""The name of a call and its arguments."""

ACCEPTED, REFUSED = "accepted", "refused"
STATES = {
    "I": "Initialized", "R": "Running", "P": "Paused", "C": "Completed", "S": "Stopped", "F": "Failed", "X": "NotFound",
}  # fmt: skip
ACTIVE, OVER, DELETABLE = "RP", "CSF", "ICSF"
VOID: tuple[()] = ()

MORNING, START, PAST_START, TOO_LATE, END = 8 * 60, 9 * 60, 10 * 60, 12 * 60, 20 * 60
"""Minutes of the day: the clock at first, a campaign's start, and two later times; `latest_start` is at 11:00."""


class Campaign(NamedTuple):
    """One campaign.

    :param history: a letter per state that it has been in; X = deleted
    :param windows: the schedules it has had, in minutes of the day
    :param maker: the launch key it was made for; None = a person made it
    :param starter: the launch key that started it, or "person"
    :param run: the run that started it, where it asks for a relaunch
    """

    history: str
    windows: tuple[tuple[int, int], ...]
    maker: str | None = None
    template: str | None = None
    source: str = "people"
    starter: str | None = None
    run: str = ""

    @property
    def begun(self) -> bool:
        """Whether it ever left Initialized."""
        return any(letter in "RPCSF" for letter in self.history)

    def to(self, letter: str, **changes: Any) -> Campaign:
        return self._replace(history=self.history + letter, **changes)


class World(NamedTuple):
    """Everything that attempts can see or change.

    :param keys: K: (key, generation) and (campaign or None, template), sorted
    :param claims: C: campaign and (key, generation) or VOID, sorted
    :param ends: E: campaign and state
    :param records: (key, generation, campaign) of the launch records
    :param relaunches: R: (key, generation) and what was asked
    :param late: effects that are under way and land at any later moment
    :param left: what may still happen by itself: an event, and how often
    """

    clock: int = MORNING
    frozen: int = 0
    campaigns: tuple[Campaign, ...] = ()
    keys: tuple[Any, ...] = ()
    claims: tuple[Any, ...] = ()
    ends: tuple[Any, ...] = ()
    records: tuple[Any, ...] = ()
    relaunches: tuple[Any, ...] = ()
    late: tuple[Call, ...] = ()
    left: tuple[tuple[str, int], ...] = ()

    def campaign(self, name: str) -> Campaign | None:
        """Find a campaign that is there."""
        at = int(name[1:]) if name[:1] == "c" else len(self.campaigns)
        return self.campaigns[at] if at < len(self.campaigns) and self.campaigns[at].history[-1] != "X" else None

    def put(self, name: str, campaign: Campaign) -> World:
        at = int(name[1:])
        return self._replace(campaigns=(*self.campaigns[:at], campaign, *self.campaigns[at + 1 :]))

    def started_by(self, key: str) -> list[str]:
        return [f"c{at}" for at, each in enumerate(self.campaigns) if each.starter == key]

    def given_up(self, name: str) -> bool:
        """Whether a relaunch gave up the generation that this campaign is claimed for."""
        claim = self.claim(name) or (None, None)
        return any(at[0] == claim[0] and at[1] > claim[1] for at, _ in self.relaunches)

    def claim(self, name: str) -> Any:
        return dict(self.claims).get(name)

    def named(self, key: str, name: str) -> bool:
        """Whether K of any generation of this key names the campaign."""
        return any(at[0] == key and what[0] == name for at, what in self.keys)


@dataclass(frozen=True, kw_only=True)
class Physics:
    """How this world's service and store behave.

    :param conditional: the store honours If-None-Match
    :param names: what CreateCampaign does with a name that is taken: "conflict", "idempotent"
    """

    conditional: bool = True
    names: str = "conflict"

    def effect(self, world: World, call: Call) -> tuple[World, tuple[str, Any]]:
        """Make a write take effect: the next world, and what the service answers."""
        return getattr(self, f"_{call[0]}")(world, *call[1:])

    def settle(self, world: World) -> World:
        """Forget late effects that can have none any more, so that worlds coincide."""
        return world._replace(late=tuple(sorted(call for call in world.late if self.may_land(world, call))))

    def may_land(self, world: World, call: Call) -> bool:
        match call[0]:
            case "put_key":
                return not self.conditional or (call[1], call[2]) not in dict(world.keys)
            case "put_claim":
                return not self.conditional or world.claim(call[1]) is None
            case "start" | "update":
                campaign = world.campaign(call[1])
                return campaign is not None and campaign.history[-1] == "I"
            case "delete":
                return world.campaign(call[1]) is not None
        return self.effect(world, call)[0] != world

    # -- campaigns ----------------------------------------------------------------------------------------------------

    def _create(
        self, world: World, maker: str, template: str, source: str, window: tuple[int, int], *rest: bool
    ) -> tuple[World, tuple[str, Any]]:
        (own_name,) = rest
        same = [at for at, each in enumerate(world.campaigns) if each.template == template and each.history[-1] != "X"]
        if not own_name and same:
            return world, ((ACCEPTED, f"c{same[0]}") if self.names == "idempotent" else (REFUSED, "ConflictException"))
        made = Campaign(history="I", windows=(window,), maker=maker, template=template, source=source)
        return world._replace(campaigns=(*world.campaigns, made)), (ACCEPTED, f"c{len(world.campaigns)}")

    def _start(self, world: World, name: str, key: str, run: str, *rest: bool) -> tuple[World, tuple[str, Any]]:
        campaign = world.campaign(name)
        if campaign is None:
            return world, (REFUSED, "ResourceNotFoundException")
        if campaign.history[-1] != "I":
            return world, (REFUSED, "InvalidCampaignStateException")
        if campaign.windows[-1][0] < world.clock:
            return world, (REFUSED, "ValidationException")
        if all(rest) and not any(record[0] == key and record[2] == name for record in world.records):
            raise Violated("RECORDED", f"{key!r} starts {name}, and its launch record isn't there")
        return self.checked(world.put(name, campaign.to("R", starter=key, run=run))), (ACCEPTED, None)

    def _delete(self, world: World, name: str, who: str) -> tuple[World, tuple[str, Any]]:
        campaign = world.campaign(name)
        if campaign is None:
            return world, (REFUSED, "ResourceNotFoundException")
        if campaign.history[-1] not in DELETABLE:
            return world, (REFUSED, "InvalidCampaignStateException")
        noted = who == "housekeeping" and name in dict(world.ends)
        if campaign.begun and not noted and who not in {"person", "relaunch"}:
            raise Violated("DEL_BEGUN", f"{who} deletes {name}, which has begun: {campaign.history}")
        return world.put(name, campaign.to("X")), (ACCEPTED, None)

    def _update(self, world: World, name: str, window: tuple[int, int]) -> tuple[World, tuple[str, Any]]:
        campaign = world.campaign(name)
        if campaign is None:
            return world, (REFUSED, "ResourceNotFoundException")
        if campaign.history[-1] != "I":
            return world, (REFUSED, "InvalidCampaignStateException")
        if window == campaign.windows[-1]:
            return world, (ACCEPTED, None)
        return world.put(name, campaign._replace(windows=(*campaign.windows, window))), (ACCEPTED, None)

    # -- the ledger ---------------------------------------------------------------------------------------------------

    def _put(self, objects: tuple[Any, ...], at: Any, what: Any) -> tuple[tuple[Any, ...], tuple[str, Any]]:
        there = dict(objects)
        if at in there and self.conditional:
            return objects, (REFUSED, "PreconditionFailed")
        return tuple(sorted((there | {at: what}).items(), key=repr)), (ACCEPTED, None)

    def _put_key(
        self, world: World, key: str, generation: int, campaign: str | None, template: str | None
    ) -> tuple[World, tuple[str, Any]]:
        keys, reply = self._put(world.keys, (key, generation), (campaign, template))
        return world._replace(keys=keys), reply

    def _put_claim(self, world: World, name: str, owner: Any) -> tuple[World, tuple[str, Any]]:
        before = world.claim(name)
        claims, reply = self._put(world.claims, name, owner)
        if before and before != owner and claims != world.claims:
            raise Violated("ONE_OWNER", f"the claim of {name} changes hands: {before} to {owner}")
        return world._replace(claims=claims), reply

    def _put_ended(self, world: World, name: str, state: str) -> tuple[World, tuple[str, Any]]:
        ends, reply = self._put(world.ends, name, state)
        return world._replace(ends=ends), reply

    def _put_record(self, world: World, key: str, generation: int, name: str) -> tuple[World, tuple[str, Any]]:
        if (key, generation, name) in world.records:
            return world, (REFUSED, "PreconditionFailed")
        return world._replace(records=tuple(sorted({*world.records, (key, generation, name)}))), (ACCEPTED, None)

    def _put_relaunch(self, world: World, key: str, generation: int, asked: Any) -> tuple[World, tuple[str, Any]]:
        asker, _, former, attempted, _ = asked
        if former and world.campaigns[int(former[1:])].run == asker:
            raise Violated("ONCE", f"{asker!r} asks to give up {former}, which it launched itself")
        if attempted == 0 and former and world.campaigns[int(former[1:])].starter == key:
            raise Violated(
                "GREEN_TRUE", f"the relaunch of {key!r} notes that {former} attempted nobody, and it has begun"
            )
        relaunches, reply = self._put(world.relaunches, (key, generation), asked)
        return world._replace(relaunches=relaunches), reply

    def _put_event(self, world: World) -> tuple[World, tuple[str, Any]]:
        return world, (ACCEPTED, None)

    # -- what must hold of every world --------------------------------------------------------------------------------

    def checked(self, world: World) -> World:
        """Demand what a start may break.

        :raises Violated: it did
        """
        allowed = Counter(key for (key, _), _ in world.relaunches)
        for key in {each.starter for each in world.campaigns} - {None, "person"}:
            started = world.started_by(str(key))
            if len(started) > 1 + allowed[str(key)]:
                raise Violated("ONCE", f"{key!r} starts {' and '.join(started)}")
            active = [name for name in started if world.campaigns[int(name[1:])].history[-1] in ACTIVE]
            if len(active) > 1:
                raise Violated("TWO_RUNNING", f"{key!r} has {' and '.join(active)} active")
        for maker in {each.maker for each in world.campaigns} - {None}:
            begun = [
                f"c{at}"
                for at, each in enumerate(world.campaigns)
                if each.maker == maker and each.starter not in {None, "person"}
            ]
            if len(begun) > 1 + max(allowed.values(), default=0):
                raise Violated("TWINS", f"of the campaigns of {maker!r} {' and '.join(begun)} have begun")
        return world
