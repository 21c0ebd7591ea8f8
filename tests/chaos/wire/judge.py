"""Whether the promises held: judged by the emulator's log of effects and by what the ledger says, by invariant."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from connect_campaigns.aws.clone import LEDGER_TAG
from connect_campaigns.core.errors import FinalError, GuardFailed, LaunchSkipped
from connect_campaigns.core.keys import key_hash
from connect_campaigns.core.launch import Act, Mode
from connect_campaigns.core.records import ClaimRecord, EndRecord, KeyRecord
from tests.chaos.invariants import INVARIANTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.wire.runs import Ending, Run
    from tests.chaos.wire.seam import Attempt
    from tests.chaos.wire.universe import Universe

LAUNCHED = frozenset({Act.STARTED, Act.ATTACH, Act.RAN})
TELLS_OF_A_LAUNCH = frozenset({"launched_ended", "active_bare", "over_bare", "key_of_another_template"})
"""Final refusals that say that this key did, does, or may have, launched."""


class Judge:
    """Looks at a universe that is quiet."""

    def __init__(self, universe: Universe) -> None:
        self.universe = universe
        self.starts = universe.starts()
        self.bare = universe.tasks[0].mode is Mode.BARE

    def broken(self, *, quiet: bool = True) -> list[str]:
        """Name each invariant that doesn't hold, and how.

        :param quiet: all has come to rest; else those that only then must hold are left out
        """
        checks = (
            self.once, self.twins, self.orphan, self.del_begun, self.green_true, self.red_true, self.skip_true,
            self.one_owner, self.not_stuck, self.freeze, self.recorded, self.two_running,
        )  # fmt: skip
        assert {check.__name__.upper() for check in checks} == set(INVARIANTS)
        assert self.universe.wire.after_the_end == []
        quiet_only = {"ORPHAN", "NOT_STUCK"}
        named = [(check.__name__.upper(), check) for check in checks]
        return [f"{name}: {found}" for name, check in named if quiet or name not in quiet_only for found in check()]

    def _of_keys(self, campaign: str) -> list[str]:
        return [attempt.key for attempt in self.starts.get(campaign, ()) if attempt.key]

    def once(self) -> Iterator[str]:
        keys = [key for campaign in self.starts for key in self._of_keys(campaign)]
        for key in sorted(set(keys)):
            if keys.count(key) > 1 + self._relaunches(key):
                yield f"{keys.count(key)} starts of key {key!r} took effect"

    def twins(self) -> Iterator[str]:
        for key in {run.key for run in self.universe.runs}:
            named = {record.campaign for record in self._keys() if record.key == key and record.campaign}
            begun = sorted(campaign for campaign in named if self._of_keys(campaign).count(key))
            if len(begun) > 1 + self._relaunches(key):
                yield f"key {key!r} has {len(begun)} campaigns that were started"

    def orphan(self) -> Iterator[str]:
        for campaign in self.universe.service.world.campaigns:
            initialized = campaign.state(self.universe.service.world.clock.now()) == "Initialized"
            claim = self._claim(campaign.id)
            if initialized and LEDGER_TAG in campaign.tags and (claim is None or claim.void):
                yield f"campaign {campaign.id} ({campaign.name}) is Initialized, and nobody's"

    def del_begun(self) -> Iterator[str]:
        numbers = {reply.number: send for send in self.universe.wire.log for reply in send.replies}
        started: set[str] = set()
        for call in self.universe.service.world.calls.listing(operation=None, service=None, after=0):
            if call["effect"] and call["operation"] == "StartCampaign":
                started.add(call["params"]["id"])
            if call["effect"] and call["operation"] == "DeleteCampaign" and call["params"]["id"] in started:
                by = numbers[call["number"]].attempt.name
                if not by.startswith(("person", "housekeeping")):
                    yield f"{by} deleted {call['params']['id']}, which had begun"

    def green_true(self) -> Iterator[str]:
        for ending in self.universe.endings:
            if ending.launched is None:
                continue
            campaign, how = ending.launched.campaign_id, ending.launched.how
            starters = ending.started_by.get(campaign, [])
            if how is Act.CREATED:
                if not any(record.campaign == campaign and record.key == ending.run.key for record in self._keys()):
                    yield f"{ending}: no key names {campaign}"
            elif not starters:
                yield f"{ending}: {campaign} was not started by then"
            elif how in LAUNCHED and not self.bare and not self._by_a_person(starters):
                keys = {each.key for each in starters}
                if keys != {ending.run.key}:
                    yield f"{ending}: started for {keys}"

    def red_true(self) -> Iterator[str]:
        for ending in self.universe.endings:
            if not isinstance(ending.error, FinalError) or ending.code in TELLS_OF_A_LAUNCH:
                continue
            of_this_run = isinstance(ending.error, GuardFailed) or ending.code == "template_gone"
            if (of_this_run or ending.code == "key_taken") and self._relaunches(ending.run.key):
                continue  # it tells of the newer generation, and nothing of what was given up
            if ending.code == "unknown_state":  # it says only what it does itself; but ours is for a retry
                begun = [each.key for starters in ending.started_by.values() for each in starters]
                if ending.task.mode in {Mode.CLONE, Mode.GIVEN} and ending.run.key in begun:
                    yield f"{ending.attempt.name} is {ending}, and this key had started a campaign"
                continue
            if of_this_run:  # or of what it was given: it says nothing of what goes on beside it
                yield from self._under_way(ending, until=ending.attempt.born, run=ending.run.run_id)
            else:
                yield from self._under_way(ending, until=ending.born)

    def skip_true(self) -> Iterator[str]:
        for ending in self.universe.endings:
            if isinstance(ending.error, LaunchSkipped):
                yield from self._under_way(ending, until=None)

    def _under_way(self, ending: Ending, *, until: int | None, run: str = "") -> Iterator[str]:
        """Name what this key started, whenever it landed, by processes that lived by then (None = ever), of one run."""
        for campaign, starters in self.starts.items():
            for each in starters:
                alive = until is None or each.born < until
                if each.key == ending.run.key and alive and each.name.startswith(run):
                    yield f"{ending.attempt.name} is {ending}, and {each.name} started {campaign}"

    def recorded(self) -> Iterator[str]:
        if self.bare:
            return
        written: set[str] = set()
        for send in self.universe.wire.log:
            if send.operation == "PutObject" and send.target == "launches" and send.effect:
                written.add(str(json.loads(send.request.body)["campaign"]))
            if send.operation == "StartCampaign" and send.effect and send.attempt.key:
                campaign = send.request.url.rstrip("/").split("/")[-2]
                if campaign not in written:
                    yield f"{send.attempt.name} started {campaign} without a launch record"

    def two_running(self) -> Iterator[str]:
        for states in self.universe.service.past:
            active = [campaign for campaign, state in states.items() if state in {"Running", "Paused"}]
            keys = [claim.key for claim in map(self._claim, active) if claim is not None and claim.key]
            for key in sorted({key for key in keys if keys.count(key) > 1}):
                yield f"{keys.count(key)} campaigns of key {key!r} were active at once"

    def one_owner(self) -> Iterator[str]:
        for campaign in self.starts:
            keys = set(self._of_keys(campaign))
            claim = self._claim(campaign)
            if not self.bare and keys and (claim is None or keys != {claim.key}):
                yield f"{campaign} was started for {keys}, and its claim says {claim.key if claim else None!r}"

    def not_stuck(self) -> Iterator[str]:
        for run in self.universe.runs:
            if not run.done and (run.last is None or not self._forbidden(run, run.last)):
                yield f"{run.run_id} is {run.last}: {run.last.error if run.last else ''}"

    def _forbidden(self, run: Run, last: Ending) -> bool:
        """Whether the world gives a reason for red, and the one that was told."""
        named = [record.campaign for record in self._keys() if record.key == run.key and record.campaign]
        given = run.tasks[run.position].mode in {Mode.GIVEN, Mode.BARE}
        campaign = run.value if given else named[-1] if named else None
        claims = [self._claim(each) for each in named]
        claim = self._claim(campaign) if campaign else None
        states = self.universe.service.states()
        state = states.get(campaign or "") or self._end(campaign) or "NotFound"
        ours = [each for each in claims if each is not None and each.key == run.key]
        match last.code:
            case "claimed":
                return claim is not None and not claim.void and claim.key != run.key
            case "launched_ended":
                ends = [states.get(each.campaign) or self._end(each.campaign) for each in ours]
                return (
                    state in {"Stopped", "Failed"} if self.bare else any(end in {"Stopped", "Failed"} for end in ends)
                )
            case "gone":
                return any(each.campaign not in states for each in ours)
            case "given_gone":
                return state == "NotFound"
            case "key_of_another_template":
                return any(
                    record.key == run.key and record.template not in {None, run.template} for record in self._keys()
                )
            case "run_age":
                return self.universe.service.world.clock.now() - run.due > timedelta(hours=12)
            case "schedule":
                return run.tasks[run.position].skip_if_late and self.universe.late
            case "given_former":
                return (
                    claim is not None and claim.key == run.key and self._relaunches(run.key) > (claim.generation or 0)
                )
            case "given_void":
                return claim is not None and claim.void
            case "active_outside" | "stale" | "active_bare" | "over_bare":
                return state != "Initialized" and (self.bare or claim is None)
        return False

    def freeze(self) -> Iterator[str]:
        if self.bare:
            return
        for attempt in {send.attempt for send in self.universe.wire.log}:
            for before, send in zip([None, *attempt.sends], attempt.sends, strict=False):
                if send.operation != "StartCampaign" or not attempt.key:
                    continue
                if before is None or before.target != "control" or before.status != 404:
                    yield f"{attempt.name} sent StartCampaign right after {before and before.name}"

    # -- what the ledger says -------------------------------------------------------------------------------------

    def _keys(self) -> list[KeyRecord]:
        objects = self.universe.service.objects.items()
        return [KeyRecord.from_json(body, where=key) for key, body in objects if key.startswith("launches/keys/")]

    def _relaunches(self, key: str) -> int:
        return sum(name.startswith(f"launches/relaunch/{key_hash(key)}/") for name in self.universe.service.objects)

    def _claim(self, campaign: str | None) -> ClaimRecord | None:
        body = self.universe.service.objects.get(f"launches/campaigns/{campaign}.json")
        return None if body is None else ClaimRecord.from_json(body, where=str(campaign))

    def _end(self, campaign: str | None) -> str | None:
        body = self.universe.service.objects.get(f"launches/ended/{campaign}.json")
        return None if body is None else EndRecord.from_json(body, where=str(campaign)).state

    def _by_a_person(self, starters: list[Attempt]) -> bool:
        return all(each.name.startswith("person") for each in starters)
