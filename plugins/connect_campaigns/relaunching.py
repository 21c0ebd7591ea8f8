"""Launching again, because a person says so: settles what was, then writes the request. No Airflow here.

As a launch does, it observes, decides (`core.relaunch`), does one thing, and observes again, whatever the reply: it can
be cut off anywhere and be run again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from connect_campaigns.aws.former import whom_it_attempted
from connect_campaigns.aws.outcomes import NOT_FOUND_CODES, STATE_DECIDES, Kind, explain
from connect_campaigns.aws.patience import LOOK_AGAIN_S
from connect_campaigns.core import refusals
from connect_campaigns.core.errors import LaunchUncertain
from connect_campaigns.core.launch import OVER, Claim, State
from connect_campaigns.core.records import ClaimRecord, KeyRecord, RelaunchRecord
from connect_campaigns.core.relaunch import Situation, Step, settle
from connect_campaigns.core.states import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connect_campaigns.aws.campaigns import Campaigns, Description
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.metrics import Metrics
    from connect_campaigns.aws.patience import Patience
    from connect_campaigns.core.log import Log
    from connect_campaigns.core.relaunch import Ask

MAX_PASSES = 20
"""A relaunch takes 2 to 5; the bound turns a fight into an error that can be tried again."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one pass sees, with the names behind it."""

    situation: Situation
    campaign: str | None = None
    template: str | None = None
    reading: str = NOT_FOUND
    claim: ClaimRecord | None = None


@dataclass(kw_only=True)
class Settled:
    """What one request carries from pass to pass.

    :param wanted: the generation it asks for, fixed by its first look: a launch that goes on meanwhile is not chased;
        another's request for the same generation is, since it may have been launched by now
    :param deleted: campaigns whose deletion the service has confirmed, as they were
    """

    wanted: int | None = None
    deleted: dict[str, Description | None] = field(default_factory=dict)


class Relaunching:
    """Requests for one launch key.

    :param metrics: tells whom the former launch attempted; None = it is not told
    :param wall_clock: this machine's clock, aware: only for the time of a note, where the service told none
    """

    def __init__(
        self,
        key: str,
        *,
        campaigns: Campaigns,
        ledger: Ledger,
        metrics: Metrics | None,
        log: Log,
        wall_clock: Callable[[], datetime],
        patience: Patience,
    ) -> None:
        self._key = key
        self._campaigns = campaigns
        self._ledger = ledger
        self._metrics = metrics
        self._log = log
        self._wall_clock = wall_clock
        self._patience = patience

    def request(self, ask: Ask) -> RelaunchRecord:
        """Give up what was, and write the request; the same asker again gets the same one.

        :returns: the request that stands: `generation` is the first that may launch
        :raises LaunchRefused: nothing was launched with this key, or what it names must not be given up
        :raises LaunchHeld: the former launch still runs
        :raises RetryableError: what is can't be told now; asking again goes on from here
        """
        settled = Settled()
        for _ in range(MAX_PASSES):
            request = self.one_pass(ask, settled)
            if request:
                return request
        raise LaunchUncertain(
            f"relaunch of {self._key!r}: {MAX_PASSES} passes without an end",
            allowed="a ledger and a service that agree after a few",
            hint="ask again; if it comes again, look at the ledger's objects of this key",
            code="passes",
        )

    def one_pass(self, ask: Ask, settled: Settled) -> RelaunchRecord | None:
        """Observe, decide, do one thing; None = observe again.

        :param settled: all that is carried from pass to pass
        """
        if settled.wanted is not None:
            request = self._ledger.relaunch(self._key, settled.wanted)
            if request and request.asker == ask.asker:
                return request
            if request:
                settled.wanted = None  # another asker was first to it: what that means is decided anew
        seen = self._observe(settled, ask)
        step, reason = settle(seen.situation, ask)
        if step is Step.REFUSE:
            raise refusals.refusal(reason, key=self._key, campaign=seen.campaign or "", reading=seen.reading)
        if step is Step.DONE:
            return seen.situation.request
        if settled.wanted is None:
            settled.wanted = seen.situation.next_generation
        self._do(step, seen, ask, settled)
        return None

    def look(self, ask: Ask) -> str | None:
        """Say what a request would give up; change nothing.

        :returns: None where nothing is: this asker's request is there already, or nobody launched the generation yet
        :raises ConnectCampaignsError: it would be refused
        """
        seen = self._observe(Settled(), ask)
        step, reason = settle(seen.situation, ask)
        if step is Step.REFUSE:
            raise refusals.refusal(reason, key=self._key, campaign=seen.campaign or "", reading=seen.reading)
        if step is Step.DONE or not seen.campaign:
            return None
        return f"a relaunch: campaign {seen.campaign} ({seen.reading}) of generation {seen.situation.generation} is given up"

    # -- observing ----------------------------------------------------------------------------------------------------

    def _observe(self, settled: Settled, ask: Ask) -> Look:
        """Walk to the first generation that isn't given up; one that this asker was given ends the walk earlier."""
        request = self._ledger.relaunch(self._key, 0)
        for generation in count():
            key = self._ledger.key(self._key, generation)
            look = self._look_at(key, generation, request, settled)
            if request and request.asker == ask.asker:
                return look
            request = self._ledger.relaunch(self._key, generation + 1)
            made_void = look.situation.made and look.situation.claim is Claim.VOID
            if not request and not (key and key.void) and not made_void:
                return look
        raise AssertionError  # count() has no end

    def _look_at(
        self,
        key: KeyRecord | None,
        generation: int,
        request: RelaunchRecord | None,
        settled: Settled,
    ) -> Look:
        if key is None or key.campaign is None:
            return Look(situation=Situation(generation=generation, bound=False, request=request, wanted=settled.wanted))
        reading = self._campaigns.state(key.campaign)
        claim = self._ledger.claim(key.campaign)
        situation = Situation(
            generation=generation,
            bound=True,
            made=key.template is not None,
            state=State.of(reading),
            claim=self._whose(claim),
            deleted=key.campaign in settled.deleted,
            request=request,
            wanted=settled.wanted,
        )
        return Look(situation=situation, campaign=key.campaign, template=key.template, reading=reading, claim=claim)

    def _whose(self, claim: ClaimRecord | None) -> Claim:
        if claim is None:
            return Claim.NONE
        if claim.void:
            return Claim.VOID
        return Claim.OURS if claim.is_of(self._key) else Claim.ANOTHERS

    # -- acting -------------------------------------------------------------------------------------------------------

    def _do(self, step: Step, seen: Look, ask: Ask, settled: Settled) -> None:
        match step:
            case Step.VOID_KEY:
                self._ledger.write_key(
                    KeyRecord(
                        at=self._now(),
                        by=ask.by,
                        key=self._key,
                        generation=seen.situation.generation,
                        campaign=None,
                        reason=f"relaunch: {ask.reason}",
                    )
                )
            case Step.VOID_CLAIM:
                self._ledger.write_claim(
                    ClaimRecord(
                        at=self._now(),
                        by=ask.by,
                        campaign=seen.campaign or "",
                        key=None,
                        reason=f"relaunch: {ask.reason}",
                    )
                )
            case Step.DELETE:
                self._delete(seen, settled)
            case _:
                self._seal(seen, ask, settled)

    def _delete(self, seen: Look, settled: Settled) -> None:
        campaign = seen.campaign or ""
        described = self._campaigns.describe(campaign)
        if described is None and seen.template and self._campaigns.describe(seen.template) is None:
            raise LaunchUncertain(
                f"neither campaign {campaign} nor its template {seen.template} is found in {self._campaigns.region}",
                allowed="the account and Region in which the key was launched: elsewhere everything looks deleted",
                hint="look at Region, profile and account; if both were deleted, launch with another key",
                code="elsewhere",
            )
        outcome = self._campaigns.delete(campaign)
        if outcome.accepted or outcome.code in NOT_FOUND_CODES:
            settled.deleted[campaign] = described
        elif outcome.kind is Kind.REFUSED and outcome.code not in STATE_DECIDES:
            raise explain(outcome, action="connect-campaigns:DeleteCampaign", resource=f"campaign {campaign}")
        else:
            self._patience.sleep(LOOK_AGAIN_S)

    def _seal(self, seen: Look, ask: Ask, settled: Settled) -> None:
        generation = seen.situation.next_generation if settled.wanted is None else settled.wanted
        # What was made after this request began is not what it gives up.
        former = seen if seen.situation.generation < generation else Look(situation=seen.situation)
        attempted, source = self._whom(former, settled)
        self._ledger.write_relaunch(
            RelaunchRecord(
                at=self._now(),
                by=ask.by,
                key=self._key,
                generation=generation,
                reason=ask.reason,
                asker=ask.asker,
                recontact=ask.recontact,
                former=former.campaign,
                attempted=attempted,
                source=source,
            )
        )

    def _whom(self, former: Look, settled: Settled) -> tuple[int | None, str | None]:
        if not former.claim or former.situation.claim is not Claim.OURS:
            return 0, None  # this key started nothing
        return whom_it_attempted(
            former.claim,
            ended=former.situation.state in OVER,
            deleted=settled.deleted.get(former.campaign or ""),
            campaigns=self._campaigns,
            ledger=self._ledger,
            metrics=self._metrics,
            log=self._log,
        )

    def _now(self) -> str:
        try:
            return self._campaigns.service_now().isoformat()
        except LookupError:  # only the ledger was read so far
            return self._wall_clock().isoformat()
