"""The protocol's rules, each switched off by a small patch, and the scenario in which that must show.

`MUTATIONS` is the table of what each rule is for; its tests demand that a named invariant goes red.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from connect_campaigns import creating, launcher
from connect_campaigns.aws.deleting import Deleting
from connect_campaigns.aws.outcomes import Kind
from connect_campaigns.checks import Checks
from connect_campaigns.core import launch, refusals, relaunch
from connect_campaigns.core.errors import LaunchRefused, LaunchUncertain
from connect_campaigns.core.launch import Act, Action, Claim, Key, Mode, State
from connect_campaigns.core.records import ClaimRecord
from connect_campaigns.observer import Observer
from connect_campaigns.relaunching import Relaunching
from connect_campaigns.starting import Starting
from connect_campaigns.writes import Writes
from tests.chaos.graph.fakes import AT, BY, FakeCampaigns
from tests.chaos.graph.housekeeping import Housekeeping
from tests.chaos.graph.relaunch import LaunchAgain, Relaunch
from tests.chaos.graph.scenarios import (
    CREATE_START,
    GIVEN,
    RELAUNCH_ENDS,
    REQUESTED,
    TEMPLATE,
    hand_made,
    scenario,
    world,
)
from tests.chaos.graph.world import Physics

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from connect_campaigns.core.attempt import Seen
    from tests.chaos.graph.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One rule without which something breaks.

    :param breaks: the invariants of which one must go red
    :param off: switches the rule off in the launcher's code; physics may do it in the world
    """

    rule: str
    breaks: frozenset[str]
    where: Scenario
    off: Callable[[pytest.MonkeyPatch], None] | None = None
    physics: Physics | None = None

    @property
    def mutated(self) -> Scenario:
        return replace(self.where, physics=self.physics) if self.physics else self.where


def without_k(patch: pytest.MonkeyPatch) -> None:
    def generations(self: Observer, _ledger: Any, memory: Any) -> Any:
        campaign = memory.candidate
        yield self._look_at(memory, key=Key.KNOWN if campaign else Key.ABSENT, campaign=campaign, generation=0)

    patch.setattr(Observer, "_generations", generations)


def without_c(patch: pytest.MonkeyPatch) -> None:
    real = Observer._look_at

    def look_at(self: Observer, memory: Any, **at: Any) -> Seen:
        seen = real(self, memory, **at)
        unclaimed = seen.observation.key is Key.KNOWN and seen.observation.claim is Claim.NONE
        return replace(seen, observation=replace(seen.observation, claim=Claim.OURS)) if unclaimed else seen

    patch.setattr(Observer, "_look_at", look_at)


def c_before_k(patch: pytest.MonkeyPatch) -> None:
    real = Writes.key

    def key(self: Writes, seen: Seen, *, campaign: str | None, reason: str | None = None) -> None:
        if campaign:
            claim = ClaimRecord(at=AT, by=BY, campaign=campaign, key=self._request.key, generation=seen.generation)
            self._ledger.write_claim(claim)
        real(self, seen, campaign=campaign, reason=reason)

    patch.setattr(Writes, "key", key)


def a_412_is_anothers(patch: pytest.MonkeyPatch) -> None:
    for name in ("key", "claim"):
        patch.setattr(Writes, name, _believing(getattr(Writes, name)))


def _believing(real: Callable[..., None]) -> Callable[..., None]:
    def write(self: Writes, *given: Any, **named: Any) -> None:
        real(self, *given, **named)
        if self._ledger.last_put == (Kind.REFUSED, "PreconditionFailed"):  # type: ignore[attr-defined] # the fake's
            raise LaunchRefused("another's", allowed="", hint="", code="taken")

    return write


def c_before_the_state(patch: pytest.MonkeyPatch) -> None:
    real = Observer._look_at

    def look_at(self: Observer, memory: Any, **at: Any) -> Seen:
        ledger = self._ledger
        if not (ledger and at["campaign"]):
            return real(self, memory, **at)
        claim = ledger.claim(at["campaign"])
        self._ledger = SimpleNamespace(claim=lambda _: claim)  # type: ignore[assignment] # what was read before
        try:
            return real(self, memory, **at)
        finally:
            self._ledger = ledger

    patch.setattr(Observer, "_look_at", look_at)


def taken_over(patch: pytest.MonkeyPatch) -> None:
    real = Observer._whose

    def whose(self: Observer, *given: Any) -> Claim:
        claim = real(self, *given)
        return Claim.OURS if claim is Claim.ANOTHERS else claim

    patch.setattr(Observer, "_whose", whose)


def no_guard_before_the_start(patch: pytest.MonkeyPatch) -> None:
    real = Checks.hold
    patch.setattr(
        Checks, "hold",
        lambda self, seen, *known: {} if seen.observation.claim is Claim.OURS else real(self, seen, *known),
    )  # fmt: skip


def the_sdk_sends_again(patch: pytest.MonkeyPatch) -> None:
    real = FakeCampaigns.start

    def start(self: FakeCampaigns, campaign_id: str) -> Any:
        outcome = real(self, campaign_id)
        return real(self, campaign_id) if outcome.kind is Kind.UNKNOWN else outcome

    patch.setattr(FakeCampaigns, "start", start)


def no_record(patch: pytest.MonkeyPatch) -> None:
    def record(_: Starting, *given: Any) -> None:
        given[-1].recorded = given[2].id

    patch.setattr(Starting, "_record", record)


def no_void_on_skip(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Checks, "_void", lambda *_: True)


def no_void_on_404(patch: pytest.MonkeyPatch) -> None:
    def claim(_: Writes, *__: Any, **___: Any) -> None:
        raise LaunchUncertain("gone", allowed="", hint="", code="gone_unclaimed")

    real = Writes.claim
    patch.setattr(Writes, "claim", lambda self, seen, **what: (real if what["key"] else claim)(self, seen, **what))


def a_404_is_final(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(launcher, "UNTIL_BELIEVED", ())
    words = {**refusals.WORDS, "gone": replace(refusals.WORDS["gone"], error=LaunchRefused)}
    patch.setattr(refusals, "WORDS", words)
    # Else a claimed campaign's end is never final anyhow.
    patch.setattr(refusals, "TRUE_ENDS", refusals.TRUE_ENDS | {"gone"})


def no_void_in_housekeeping(patch: pytest.MonkeyPatch) -> None:
    def give_up(_: Deleting, ledger: Any, campaign_id: str, __: str) -> None:
        if ledger.claim(campaign_id):
            raise LaunchRefused("claimed", allowed="", hint="", code="claimed")

    patch.setattr(Deleting, "_give_up", give_up)


def no_end_noted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Deleting, "_note_end", lambda *_: None)


def void_of_another_not_read(patch: pytest.MonkeyPatch) -> None:
    real = launch.decide

    def decide(observation: Any) -> Action:
        other = (observation.mode, observation.key, observation.claim) == (Mode.GIVEN, Key.OTHER, Claim.VOID)
        return Action(act=Act.REFUSE, reason="key_taken") if other else real(observation)

    patch.setattr(launch, "decide", decide)


def anothers_request_serves(patch: pytest.MonkeyPatch) -> None:
    real = relaunch._settle_open
    patch.setattr(
        relaunch, "_settle_open", lambda now, ask: real(now, replace(ask, launches=ask.launches and not now.request))
    )


def two_404_decide(patch: pytest.MonkeyPatch) -> None:
    real = Relaunching._delete

    def delete(self: Relaunching, seen: Any, settled: Any) -> None:
        if seen.situation.state is State.NOT_FOUND and self._campaigns.state(seen.campaign) == "NotFound":
            settled.deleted[seen.campaign] = None
        else:
            real(self, seen, settled)

    patch.setattr(Relaunching, "_delete", delete)


def no_nonce(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(creating, "clone_name", lambda name, **_: name)


def _mutation(rule: str, breaks: str, where: Scenario, off: Any = None, physics: Physics | None = None) -> Mutation:
    return Mutation(rule=rule, breaks=frozenset(breaks.split()), where=where, off=off, physics=physics)


TWO = scenario("template", TEMPLATE, TEMPLATE)
TWO_KEYS = scenario("given, two keys", GIVEN, replace(GIVEN, key="l"), at=world(hand_made()), ends="claimed")
SKIPPING = replace(TEMPLATE, freeze_skips=True)
SWEPT = scenario("template, housekeeping", TEMPLATE, Housekeeping(), at=world(completes=1), attempts=2)
RELAUNCHED = scenario(
    "relaunch", TEMPLATE, Relaunch(), faults=2, kinds=frozenset({"stale"}), at=world(clear=1), attempts=1,
    ends="gone relaunch_runs nothing_launched launched_ended",
)  # fmt: skip
ONE = scenario("template", TEMPLATE, faults=1)

MUTATIONS = (
    _mutation("If-None-Match", "ONCE", TWO, physics=Physics(conditional=False)),
    _mutation("K", "ONCE TWINS", TWO, without_k),
    _mutation("C before Start", "GREEN_TRUE ONE_OWNER", TWO_KEYS, without_c),
    _mutation("C before Start (housekeeping)", "DEL_BEGUN ONCE TWINS", SWEPT, without_c),
    _mutation("K before C", "ORPHAN", scenario("template", TEMPLATE, TEMPLATE, faults=1, attempts=1), c_before_k),
    _mutation("new pass after 412", "NOT_STUCK RED_TRUE", ONE, a_412_is_anothers),
    _mutation("state before C", "RED_TRUE", TWO, c_before_the_state),
    _mutation("no take-over", "ONE_OWNER GREEN_TRUE RED_TRUE", TWO_KEYS, taken_over),
    _mutation("guard right before Start", "FREEZE", scenario("template", TEMPLATE), no_guard_before_the_start),
    _mutation("SDK retries off", "FREEZE", ONE, the_sdk_sends_again),
    _mutation(
        "void on skip", "SKIP_TRUE", scenario("a guard skips", SKIPPING, SKIPPING, at=world(freeze=1)), no_void_on_skip
    ),
    _mutation(
        "void on 404", "NOT_STUCK", scenario("deleted", TEMPLATE, at=world(deleted=1), ends="gone"), no_void_on_404
    ),
    _mutation("404 never final", "RED_TRUE", scenario("template", TEMPLATE, faults=2), a_404_is_final),
    _mutation("void in housekeeping", "DEL_BEGUN ORPHAN NOT_STUCK", SWEPT, no_void_in_housekeeping),
    _mutation("E", "DEL_BEGUN NOT_STUCK", SWEPT, no_end_noted),
    _mutation(
        "void read when K names another",
        "NOT_STUCK",
        scenario(
            "create, start, housekeeping", CREATE_START, Housekeeping(), at=world(clear=1), ends="given_void given_gone"
        ),
        void_of_another_not_read,
    ),
    _mutation("Delete decides", "TWO_RUNNING ONCE", RELAUNCHED, two_404_decide),
    _mutation(
        "a run's own request",
        "ONCE",
        scenario("relaunched, again in a run", LaunchAgain(), at=REQUESTED, ends=RELAUNCH_ENDS),
        anothers_request_serves,
    ),
    _mutation("nonce in the name (names conflict)", "NOT_STUCK", ONE, no_nonce),
    _mutation(
        "nonce in the name (idempotent)",
        "NOT_STUCK ONCE TWINS RED_TRUE",
        scenario(
            "template; cleared", TEMPLATE, Housekeeping(), faults=1, at=world(), physics=Physics(names="idempotent")
        ),
        no_nonce,
    ),
    _mutation("launch record before Start", "RECORDED", scenario("template", TEMPLATE), no_record),
)
