"""Launching: observe, decide, do one thing, observe again, whatever the reply.

All that an attempt carries from pass to pass is a `Memory`; everything else is read anew, so that being cut off anywhere
is the normal case. What is decided stands in `core.launch`, the checks in `core.guards`. No Airflow here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.aws.clone import clone_name, clone_request, our_tags
from connect_campaigns.aws.outcomes import ACCESS_DENIED, Kind, explain
from connect_campaigns.checks import Checks
from connect_campaigns.core import refusals
from connect_campaigns.core.attempt import Launched, Memory
from connect_campaigns.core.errors import LaunchUncertain, ServiceUnavailable
from connect_campaigns.core.launch import Act, decide
from connect_campaigns.core.schedule import Window, window_of
from connect_campaigns.observer import Observer
from connect_campaigns.writes import Writes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.outcomes import Outcome
    from connect_campaigns.core.attempt import LaunchRequest, Seen
    from connect_campaigns.core.guards import Verdict
    from connect_campaigns.core.log import Log

MAX_PASSES = 40
"""A clean launch takes 5; the bound turns a bug or a fight into a retryable red."""

MAX_SENDS = 4
"""StartCampaign sends of one attempt whose end is unknown or refused; then a retry looks with fresh eyes."""

MAX_NEW = 4
"""Campaigns that one attempt creates at most."""

MAX_UNKNOWN_CREATES = 1
"""Each may have left a campaign that nobody knows: a second unknown one is for a retry to make."""

MAX_THROTTLED = 12
"""With waits of up to half a minute each: several minutes of a busy account."""

LOOK_AGAIN_S = 1.0
"""Seconds between two looks at a state that may be stale."""

STATE_DECIDES = frozenset({"InvalidCampaignStateException", "ConflictException", "ResourceNotFoundException"})
"""Refusals that mean: somebody else changed the campaign; the next pass reads its state."""

ENDS = frozenset({Act.CREATED, Act.STARTED, Act.ATTACH, Act.ATTACH_OUTSIDE, Act.RAN})


class Launcher:
    """One attempt at one launch.

    :param ledger: None only in mode BARE
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
        self.checks = Checks(request, campaigns=campaigns, ledger=ledger, writes=self._writes, wall_clock=wall_clock)
        self.observer = Observer(request, campaigns=campaigns, ledger=ledger)
        self.log = log
        self.sleep = sleep
        self.jitter = jitter
        self.nonce = nonce
        self.ledger_id = ""

    @property
    def writes(self) -> Writes:
        """What this attempt writes; a request without a ledger never does."""
        if self._writes is None:
            msg = f"mode {self.request.mode} without a ledger"
            raise AssertionError(msg)
        return self._writes

    # -- the loop -----------------------------------------------------------------------------------------------------

    def run(self) -> Launched:
        """Launch, or say why not.

        :raises LaunchSkipped: a guard skips this run
        :raises FinalError: this run must not launch
        :raises RetryableError: a retry may go on
        """
        self.open_ledger()
        memory = Memory()
        for _ in range(MAX_PASSES):
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
        """Observe, decide, do one thing; None = observe again."""
        seen = self.observer.observe(memory)
        action = decide(seen.observation)
        if action.patient and memory.doubted != seen.observation:
            memory.doubted = seen.observation
            self.sleep(LOOK_AGAIN_S)
            return None
        memory.doubted = None
        self.log.debug("pass: %s -> %s %s", seen, action.act.name, action.reason)
        if action.act in ENDS:
            return Launched(
                campaign_id=seen.campaign or "", how=action.act, generation=seen.generation, window=memory.window
            )
        if action.act is Act.LOOK_FOR_END:
            return self._look_for_end(seen)
        if action.act in {Act.REFUSE, Act.RETRY}:
            raise refusals.refusal(
                action.reason,
                key=self.request.key,
                campaign=seen.campaign or "",
                reading=seen.reading,
                owner=seen.claim,
            )
        self._do(action.act, seen, memory)
        return None

    def open_ledger(self) -> None:
        """Read the marker: a missing one refuses the launch."""
        if self._ledger:
            self.ledger_id = self._ledger.marker().id

    # -- acting -------------------------------------------------------------------------------------------------------

    def _do(self, act: Act, seen: Seen, memory: Memory) -> None:
        match act:
            case Act.CREATE:
                self._create(seen, memory)
            case Act.ADOPT:
                self.writes.key(seen, campaign=memory.candidate)
            case Act.DROP:
                self._drop(memory)
            case Act.BIND:
                if self.checks.hold(seen):
                    self.writes.key(seen, campaign=seen.campaign)
            case Act.CLAIM:
                if self.checks.hold(seen):
                    self.writes.claim(seen, key=self.request.key)
            case Act.START:
                self._start(seen, memory)
            case Act.VOID:
                self.writes.claim(seen, key=None, reason="the campaign is gone and was never started")
            case Act.AGAIN:
                self.sleep(LOOK_AGAIN_S)
            case _:
                msg = f"{act} is no act of a pass"
                raise AssertionError(msg)

    def _create(self, seen: Seen, memory: Memory) -> None:
        template = self.checks.template()
        if not self.checks.hold(seen, template):
            return
        if memory.created >= MAX_NEW or memory.unknown_creates > MAX_UNKNOWN_CREATES:
            raise refusals.too_many_creates(self.request.key, memory.created, memory.unknown_creates)
        window = self.checks.window(template)
        if not isinstance(window, Window):
            return  # the time ran out since the guards looked: they look again
        request = clone_request(
            template,
            name=clone_name(template.name, day=f"{window.start:%Y-%m-%d}", nonce=self.nonce()),
            source_arn=self.request.source_arn,
            window=window,
            tags=our_tags(template, ledger_id=self.ledger_id, key=self.request.key, run=self.request.run.name),
        )
        # Proves the right to write before there is a campaign, and is the trace of an attempt that dies in between.
        self.writes.event("creating", template=template.id)
        outcome = self.campaigns.create(request)
        if outcome.accepted:
            memory.candidate = str((outcome.reply or {})["id"])
            memory.created += 1
        elif outcome.kind is Kind.THROTTLED:
            self._wait_out(outcome, memory, "connect-campaigns:CreateCampaign")
        elif outcome.kind is Kind.UNKNOWN:
            memory.unknown_creates += 1
        else:
            raise refusals.create_refused(outcome.code, outcome.message, template.name) or explain(
                outcome, action="connect-campaigns:CreateCampaign", resource=f"a clone of {template.name!r}"
            )

    def _drop(self, memory: Memory) -> None:
        # Best effort, once: nobody may start it, since no key names it; housekeeping finds it.
        self.campaigns.delete(memory.candidate or "")
        memory.candidate = None

    def _start(self, seen: Seen, memory: Memory) -> None:
        description = self.campaigns.describe(seen.campaign or "")
        if description is None:
            return
        window = self.checks.window(description)
        if isinstance(window, Window) and window != window_of(description.config):
            self._renew(description.id, window, memory)
            return
        if not self.checks.hold(seen, description):
            return
        # Before the send: an attempt whose supervisor is dead can't log, and ends here in place of starting.
        self.log.info(
            "Starting campaign %s. To stop it: python -m connect_campaigns stop %s"
            " (ending this task, or the DAG run, does NOT stop the calls)",
            description.id,
            description.id,
        )
        memory.window = window if isinstance(window, Window) else None
        outcome = self.campaigns.start(description.id)
        self._after_start(outcome, description.id, memory)

    def _renew(self, campaign: str, window: Window, memory: Memory) -> None:
        self.log.info("Renewing the schedule: %s to %s", window.start, window.end)
        outcome = self.campaigns.renew_schedule(campaign, start=window.start, end=window.end)
        if outcome.kind is Kind.THROTTLED:
            self._wait_out(outcome, memory, "connect-campaigns:UpdateCampaignSchedule")
        elif outcome.kind is Kind.REFUSED and outcome.code not in STATE_DECIDES:
            raise explain(outcome, action="connect-campaigns:UpdateCampaignSchedule", resource=f"campaign {campaign}")

    def _after_start(self, outcome: Outcome, campaign: str, memory: Memory) -> None:
        if outcome.accepted:
            memory.accepted = True
            return
        self.log.warning("StartCampaign ended %s: %s %s", outcome.kind, outcome.code, outcome.message)
        if outcome.kind is Kind.THROTTLED:
            self._wait_out(outcome, memory, "connect-campaigns:StartCampaign")
            return
        memory.sends += 1
        if outcome.code in ACCESS_DENIED:
            raise explain(outcome, action="connect-campaigns:StartCampaign", resource=f"campaign {campaign}")
        if memory.sends >= MAX_SENDS or (outcome.code == "ValidationException" and memory.sends > 1):
            raise refusals.start_ended(outcome.code, outcome.message, campaign)
        if outcome.kind is Kind.REFUSED:
            self.sleep(LOOK_AGAIN_S)

    def _look_for_end(self, seen: Seen) -> Launched:
        end = self._ledger.ended(seen.campaign or "") if self._ledger else None
        if end is None:
            raise refusals.refusal("gone", key=self.request.key, campaign=seen.campaign or "", reading=seen.reading)
        self.log.info("Campaign %s was deleted by housekeeping; it ended %s.", end.campaign, end.state)
        return Launched(campaign_id=end.campaign, how=Act.RAN, generation=seen.generation)

    def _wait_out(self, outcome: Outcome, memory: Memory, action: str) -> None:
        memory.throttled += 1
        if memory.throttled > MAX_THROTTLED:
            raise ServiceUnavailable(
                f"`{action}` was throttled {memory.throttled} times in a row: {outcome.message}",
                allowed="1 start a second for the whole account and Region, burst 2 (documented)",
                hint="retry later, or spread the launches: a pool, or fewer mapped tasks at once",
                code="throttled",
            )
        self.sleep(min(30.0, 2.0**memory.throttled) * (0.5 + self.jitter() / 2))

    def check(self) -> list[tuple[str, Verdict]]:
        """Evaluate every guard and write nothing: what ``check_only`` shows."""
        self.open_ledger()
        return list(self.checks.verdicts(self.observer.observe(Memory())))
