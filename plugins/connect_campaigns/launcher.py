"""Launching: observe, decide, do one thing, observe again, whatever the reply.

All that an attempt carries from pass to pass is a `Memory`; everything else is read anew, so that being cut off anywhere
is the normal case. What is decided stands in `core.launch`, the checks in `core.guards`. No Airflow here.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from connect_campaigns.aws.ledger import refuse_without_ledger
from connect_campaigns.aws.patience import LOOK_AGAIN_S
from connect_campaigns.checks import Checks
from connect_campaigns.core import refusals
from connect_campaigns.core.attempt import Launched, Memory
from connect_campaigns.core.errors import (
    ConnectCampaignsError,
    GuardFailed,
    LaunchHeld,
    LaunchRefused,
    LaunchSkipped,
    LaunchUncertain,
    RetryableError,
)
from connect_campaigns.core.launch import Act, decide
from connect_campaigns.core.states import CampaignState
from connect_campaigns.core.verdict_text import lines
from connect_campaigns.creating import Creating
from connect_campaigns.observer import Observer
from connect_campaigns.relaunching import NOTHING_LAUNCHED, Relaunching
from connect_campaigns.starting import Starting
from connect_campaigns.writes import Writes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.metrics import Metrics
    from connect_campaigns.core.attempt import LaunchRequest, Seen
    from connect_campaigns.core.errors import ThreeParts
    from connect_campaigns.core.log import Log

MAX_PASSES = 40
"""A clean launch takes 5; the bound turns a bug or a fight into a retryable red. Throttled passes don't count."""

UNTIL_BELIEVED = (1.0, 2.0)
"""Seconds between looks at what may be a stale read, before it is believed."""

UNTIL_RUNNING = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""The same after the service's yes to a start: users report up to 20 seconds until Running shows."""

NOT_LAUNCHED = {GuardFailed: "refused", LaunchHeld: "held", LaunchSkipped: "skipped"}
"""Ends that the ledger's events tell of: a launch that may have been meant, and was not. A wrong parameter writes nothing."""

ENDS = frozenset({Act.CREATED, Act.STARTED, Act.ATTACH, Act.ATTACH_OUTSIDE, Act.RAN})


class Launcher:
    """One attempt at one launch.

    :param ledger: None only in mode BARE
    :param metrics: tells a relaunch whom the former launch attempted
    :param wall_clock: the worker's clock, aware
    :param sleep: waits that many seconds
    :param jitter: a number from 0 to 1
    :param nonce: a short text that no other attempt makes
    """

    def __init__(
        self,
        request: LaunchRequest,
        *,
        campaigns: Campaigns,
        ledger: Ledger | None,
        metrics: Metrics | None = None,
        log: Log,
        wall_clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        nonce: Callable[[], str],
    ) -> None:
        self.request = request
        self.campaigns = campaigns
        self._ledger = ledger
        self._writes = Writes(request, campaigns=campaigns, ledger=ledger, nonce=nonce) if ledger else None
        self.checks = Checks(
            request, campaigns=campaigns, ledger=ledger, writes=self._writes, log=log, wall_clock=wall_clock
        )
        self.starting = Starting(
            request,
            campaigns=campaigns,
            checks=self.checks,
            writes=self._writes,
            log=log,
            sleep=sleep,
            jitter=jitter,
        )
        self._metrics = metrics
        self._wall_clock = wall_clock
        self.observer = Observer(request, campaigns=campaigns, ledger=ledger, sleep=sleep, jitter=jitter)
        self.log = log
        self.sleep = sleep
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
            self._note(error)
            raise

    def _relaunch(self) -> None:
        """Do first what a person asked for in the run's conf: give up what this key launched before."""
        ask = self.request.run.relaunch
        if ask is None:
            return
        try:
            request = self.relaunching().request(ask)
            self.log.info("Relaunch, asked by %s: %s (generation %d)", request.by, request.reason, request.generation)
        except LaunchRefused as error:
            if error.code != NOTHING_LAUNCHED:
                raise
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
            sleep=self.sleep,
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

    def _note(self, error: ThreeParts) -> None:
        """Leave word of a launch that was not: best effort, since the error itself is what counts."""
        try:
            if self._writes:
                self._writes.event(NOT_LAUNCHED[type(error)], text=error.found)
        except (ConnectCampaignsError, LookupError) as trouble:
            self.log.debug("no event was written: %s", trouble)

    def one_pass(self, memory: Memory) -> Launched | None:
        """Observe, decide, do one thing; None = observe again."""
        try:
            seen = self.observer.observe(memory)
        except RetryableError:
            if memory.accepted and self._look_again(memory, UNTIL_RUNNING):
                return None  # it was started: a read that fails now is another look, and not the task's end
            raise
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
        except (GuardFailed, LaunchSkipped):
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
        self.sleep(waits[memory.looks])
        memory.looks += 1
        return True

    def _ended(self, act: Act, seen: Seen, memory: Memory) -> Launched:
        if act is Act.CREATED and self.request.source_arn:
            description = self.campaigns.describe(seen.campaign or "")
            if description:
                self.starting.demand_source(description, seen)
        return Launched(campaign_id=seen.campaign or "", how=act, generation=seen.generation, window=memory.window)

    def open_ledger(self) -> None:
        """Read the marker: a missing one refuses the launch."""
        if self._ledger:
            self.checks.ledger_id = self._ledger.marker().id

    # -- acting -------------------------------------------------------------------------------------------------------

    def _do(self, act: Act, seen: Seen, memory: Memory) -> None:
        match act:
            case Act.CREATE:
                self.creating.create(seen, memory)
            case Act.ADOPT:
                self.writes.key(seen, campaign=memory.candidate)
            case Act.DROP:
                self.creating.drop(memory)
            case Act.BIND:
                if self.checks.hold(seen) is not None:
                    self.writes.key(seen, campaign=seen.campaign)
            case Act.CLAIM:
                said = self.checks.hold(seen)
                if said is not None:
                    memory.said = tuple(lines(said).items())
                    self.writes.claim(seen, key=self.request.key)
            case Act.START:
                self.starting.start(seen, memory)
            case Act.VOID:
                self.writes.claim(seen, key=None, reason="the campaign is gone and was never started")
            case Act.AGAIN:
                self.sleep(LOOK_AGAIN_S)
            case _:
                msg = f"{act} is no act of a pass"
                raise AssertionError(msg)

    def _look_for_end(self, seen: Seen) -> Launched:
        end = self._ledger.ended(seen.campaign or "") if self._ledger else None
        if end is None:
            raise refusals.of_pass("gone", seen, key=self.request.key)
        if end.state != CampaignState.COMPLETED:  # as while it was there
            raise refusals.of_pass("launched_ended", seen, key=self.request.key, reading=end.state)
        self.log.info("Campaign %s was deleted by housekeeping; it ended %s.", end.campaign, end.state)
        return Launched(campaign_id=end.campaign, how=Act.RAN, generation=seen.generation)
