"""Launching: observe, decide, do one thing, observe again, whatever the reply.

All that an attempt carries from pass to pass is a `Memory`; everything else is read anew, so that being cut off anywhere
is the normal case. What is decided stands in `core.launch`, the checks in `core.guards`. No Airflow here.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from connect_campaigns.aws.patience import LOOK_AGAIN_S
from connect_campaigns.checks import Checks
from connect_campaigns.core import refusals
from connect_campaigns.core.attempt import Launched, Memory
from connect_campaigns.core.errors import FinalError, GuardFailed, LaunchUncertain, RetryableError
from connect_campaigns.core.launch import Act, Claim, decide
from connect_campaigns.core.refusals import refuse_without_ledger
from connect_campaigns.core.states import CampaignState
from connect_campaigns.core.verdict_text import lines
from connect_campaigns.creating import Creating
from connect_campaigns.observer import Observer
from connect_campaigns.relaunching import Relaunching
from connect_campaigns.starting import Starting
from connect_campaigns.writes import NOT_LAUNCHED, Writes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.metrics import Metrics
    from connect_campaigns.aws.patience import Patience
    from connect_campaigns.aws.segments import Segments
    from connect_campaigns.core.attempt import LaunchRequest, Seen
    from connect_campaigns.core.log import Log

MAX_PASSES = 40
"""A clean launch takes 5; the bound turns a bug or a fight into a retryable red. Throttled passes don't count."""

UNTIL_BELIEVED = (1.0, 2.0)
"""Seconds between looks at what may be a stale read, before it is believed."""

UNTIL_RUNNING = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""The same after the service's yes to a start: users report up to 20 seconds until Running shows."""

ENDS = frozenset({Act.CREATED, Act.STARTED, Act.ATTACH, Act.ATTACH_OUTSIDE, Act.RAN})


class Launcher:
    """One attempt at one launch.

    :param ledger: None only in mode BARE
    :param metrics: tells a relaunch whom the former launch attempted
    :param segments: gives the segments of a domain; None = nobody reads the source's definition
    :param wall_clock: the worker's clock, aware
    :param nonce: a short text that no other attempt makes
    """

    def __init__(
        self,
        request: LaunchRequest,
        *,
        campaigns: Campaigns,
        ledger: Ledger | None,
        metrics: Metrics | None = None,
        segments: Callable[[str], Segments] | None = None,
        log: Log,
        wall_clock: Callable[[], datetime],
        patience: Patience,
        nonce: Callable[[], str],
    ) -> None:
        self.request = request
        self.campaigns = campaigns
        self._ledger = ledger
        self._writes = Writes(request, campaigns=campaigns, ledger=ledger, nonce=nonce) if ledger else None
        self.checks = Checks(
            request,
            campaigns=campaigns,
            ledger=ledger,
            writes=self._writes,
            segments=segments,
            log=log,
            wall_clock=wall_clock,
        )
        self.starting = Starting(
            request,
            campaigns=campaigns,
            checks=self.checks,
            writes=self._writes,
            log=log,
            patience=patience,
        )
        self._metrics = metrics
        self._wall_clock = wall_clock
        self.observer = Observer(request, campaigns=campaigns, ledger=ledger, patience=patience)
        self.log = log
        self._patience = patience
        self.nonce = nonce

    @property
    def writes(self) -> Writes:
        """What this attempt writes; a request without a ledger never does."""
        if self._writes is None:
            msg = f"mode {self.request.mode} without a ledger"
            raise AssertionError(msg)
        return self._writes

    @property
    def creating(self) -> Creating:
        """What makes this attempt's campaigns."""
        return Creating(
            self.request,
            campaigns=self.campaigns,
            checks=self.checks,
            writes=self.writes,
            starting=self.starting,
            nonce=self.nonce,
        )

    # -- the loop -----------------------------------------------------------------------------------------------------

    def run(self) -> Launched:
        """Launch, or say why not.

        :raises LaunchSkipped: a guard skips this run
        :raises FinalError: this run must not launch
        :raises RetryableError: a retry may go on
        """
        self.open_ledger()
        try:
            self._relaunch()
            return self._passes()
        except tuple(NOT_LAUNCHED) as error:
            if self._writes:
                self._writes.note(error, log=self.log)
            raise

    def _relaunch(self) -> None:
        """Do first what a person asked for in the run's conf: give up what this key launched before."""
        ask = self.request.run.relaunch
        if ask is None:
            return
        self.checks.demand_run()
        request = self.relaunching().request(ask)
        if request.generation:
            self.log.info("Relaunch, asked by %s: %s (generation %d)", request.by, request.reason, request.generation)
        else:
            self.log.info("A relaunch is asked for, and nothing was launched yet: this is the first launch.")

    def relaunching(self) -> Relaunching:
        """What settles a relaunch of this key.

        :raises LaunchRefused: there is no ledger, which alone knows what was launched
        """
        if self._ledger is None:
            raise refuse_without_ledger("a relaunch")
        return Relaunching(
            self.request.key,
            campaigns=self.campaigns,
            ledger=self._ledger,
            metrics=self._metrics,
            log=self.log,
            wall_clock=self._wall_clock,
            patience=self._patience,
        )

    def _passes(self) -> Launched:
        memory = Memory()
        for number in count(1):
            if number - memory.throttled > MAX_PASSES:
                break
            ended = self.one_pass(memory)
            if ended:
                return ended
        raise LaunchUncertain(
            f"launch {self.request.key!r}: {MAX_PASSES} passes without an end",
            allowed="a ledger and a service that agree after a few",
            hint="retry; if it comes again, look at the ledger's objects of this key",
            code="passes",
        )

    def one_pass(self, memory: Memory) -> Launched | None:
        """Observe, decide, do one thing; None = observe again.

        :raises FinalError: only where nothing of this launch can be under way, or where it has ended
        """
        try:
            return self._pass(memory)
        except FinalError as error:
            if error.code in refusals.TRUE_ENDS or not (memory.accepted or memory.ours):
                raise
            raise refusals.not_final(error, campaign=memory.accepted or memory.ours or "") from error

    def _pass(self, memory: Memory) -> Launched | None:
        try:
            seen = self.observer.observe(memory)
        except RetryableError:
            if memory.accepted and self._look_again(memory, UNTIL_RUNNING):
                return None  # it was started: a read that fails now is another look, and not the task's end
            raise
        memory.ours = seen.campaign if seen.observation.claim is Claim.OURS else None
        action = decide(seen.observation)
        if action.patient and self._doubts(seen, memory):
            return None
        self.log.debug("pass: %s -> %s %s", seen, action.act.name, action.reason)
        if action.act in ENDS:
            return self._ended(action.act, seen, memory)
        if action.act is Act.LOOK_FOR_END:
            return self._look_for_end(seen)
        if action.act in {Act.REFUSE, Act.RETRY}:
            raise refusals.of_pass(action.reason, seen, key=self.request.key)
        try:
            self._do(action.act, seen, memory)
        except GuardFailed:
            # The guards took their time: what is final must not be said beside a twin's launch of this key.
            if self.observer.observe(memory).observation == seen.observation:
                raise
        return None

    def _doubts(self, seen: Seen, memory: Memory) -> bool:
        """Whether what was seen is to be looked at once more before it is believed; waits if so."""
        if memory.doubted != seen.observation:
            memory.doubted, memory.looks = seen.observation, 0
        return self._look_again(memory, UNTIL_RUNNING if memory.accepted else UNTIL_BELIEVED)

    def _look_again(self, memory: Memory, waits: tuple[float, ...]) -> bool:
        if memory.looks >= len(waits):
            return False
        self._patience.sleep(waits[memory.looks])
        memory.looks += 1
        return True

    def _ended(self, act: Act, seen: Seen, memory: Memory) -> Launched:
        if (
            act is Act.ATTACH_OUTSIDE and not memory.unknown_sends
        ):  # else this attempt may have started it, guards and all
            self.checks.demand_run()
        if act is not Act.STARTED:
            self.starting.demand_source(seen)
        return Launched(campaign_id=seen.campaign or "", how=act, generation=seen.generation, window=memory.window)

    def open_ledger(self) -> None:
        """Read the marker: a missing one refuses the launch."""
        if self._ledger:
            self.checks.ledger_id = self._ledger.marker(region=self.campaigns.region).id

    # -- acting -------------------------------------------------------------------------------------------------------

    def _do(self, act: Act, seen: Seen, memory: Memory) -> None:
        match act:
            case Act.CREATE:
                self.creating.create(seen, memory)
            case Act.ADOPT:
                self.creating.adopt(seen, memory)
            case Act.DROP:
                self.creating.drop(memory)
            case Act.BIND:
                if self.checks.hold(seen) is not None:
                    self.writes.key(seen, campaign=seen.campaign)
            case Act.CLAIM | Act.TAKE:
                self._claim(act, seen, memory)
            case Act.START:
                self.starting.start(seen, memory)
            case Act.VOID:
                self._void_gone(seen)
            case Act.AGAIN:
                self._patience.sleep(LOOK_AGAIN_S)
            case _:
                msg = f"{act} is no act of a pass"
                raise AssertionError(msg)

    def _claim(self, act: Act, seen: Seen, memory: Memory) -> None:
        if act is Act.CLAIM:
            said = self.checks.hold(seen)
            if said is None:
                return
            memory.said = tuple(lines(said).items())
        self.writes.claim(seen, key=self.request.key)

    def _void_gone(self, seen: Seen) -> None:
        """Give up a campaign that is gone and that nobody claimed; one that ended was started by somebody else."""
        end = self._ledger.ended(seen.campaign or "") if self._ledger else None
        if end:
            raise refusals.of_pass("stale", seen, key=self.request.key, reading=end.state)
        self.writes.claim(seen, key=None, reason="the campaign is gone and was never started")

    def _look_for_end(self, seen: Seen) -> Launched:
        end = self._ledger.ended(seen.campaign or "") if self._ledger else None
        if end is None:
            raise refusals.of_pass("gone", seen, key=self.request.key)
        if end.state != CampaignState.COMPLETED:  # as while it was there
            raise refusals.of_pass("launched_ended", seen, key=self.request.key, reading=end.state)
        self.log.info("Campaign %s was deleted by housekeeping; it ended %s.", end.campaign, end.state)
        return Launched(campaign_id=end.campaign, how=Act.RAN, generation=seen.generation)
