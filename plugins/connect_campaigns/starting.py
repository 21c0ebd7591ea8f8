"""The one send that can't be taken back, and what stands around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.aws.campaigns import SCHEDULE_FROZEN
from connect_campaigns.aws.outcomes import ACCESS_DENIED, STATE_DECIDES, Kind, explain
from connect_campaigns.aws.patience import LOOK_AGAIN_S
from connect_campaigns.core import refusals, send_refusals
from connect_campaigns.core.errors import GuardFailed, LaunchRefused, ServiceUnavailable
from connect_campaigns.core.keys import same_source
from connect_campaigns.core.launch import Mode, State
from connect_campaigns.core.schedule import LONG_LEAD, Window, window_of
from connect_campaigns.core.verdict_text import lines

if TYPE_CHECKING:
    from connect_campaigns.aws.campaigns import Campaigns, Description
    from connect_campaigns.aws.outcomes import Outcome
    from connect_campaigns.aws.patience import Patience
    from connect_campaigns.checks import Checks
    from connect_campaigns.core.attempt import LaunchRequest, Memory, Seen
    from connect_campaigns.core.log import Log
    from connect_campaigns.core.schedule import Late
    from connect_campaigns.writes import Writes

MAX_SENDS = 4
"""StartCampaign sends of one attempt whose end is unknown or refused; then a retry looks with fresh eyes."""

LONGEST_WAIT_S = 4.0
"""Starts are allowed one a second: longer waits than this leave the account idle while launches queue."""

MAX_WAITED_S = 600.0
"""Seconds that one attempt waits for its turn, all in all."""

MAX_RECORD_SENDS = 3
"""The SDK has repeated each of them already."""

NOT_AS_READ = STATE_DECIDES | {"ResourceNotFoundException"}
"""Refusals of a change of schedule that the next pass's reading of the state explains."""


class Starting:
    """Starts the campaign of one request, at most once a pass."""

    def __init__(
        self,
        request: LaunchRequest,
        *,
        campaigns: Campaigns,
        checks: Checks,
        writes: Writes | None,
        log: Log,
        patience: Patience,
    ) -> None:
        self._request = request
        self._campaigns = campaigns
        self._checks = checks
        self._writes = writes
        self._log = log
        self._patience = patience

    def start(self, seen: Seen, memory: Memory) -> None:
        """Renew a schedule that has passed; else ask the guards, and send StartCampaign as the very next call."""
        description = self._campaigns.describe(seen.campaign or "")
        if description is None:
            return
        self._checks.demand_ours(description)
        self.demand_source(seen, description)
        window = self._checks.window(description, lead=memory.lead)
        if isinstance(window, Window) and window != window_of(description.config):
            self._renew(description, window, memory)
            return
        if (
            self._writes
            and memory.recorded != description.id
            and not self._record(self._writes, seen, description, window, memory)
        ):
            return
        try:
            if self._checks.hold(seen, description) is None:
                return
        except GuardFailed as error:
            if memory.unknown_sends:  # without a ledger a guard's no is final, and what was sent may yet take effect
                raise refusals.not_final(error, campaign=description.id) from error
            raise
        # Before the send: an attempt whose supervisor is dead can't log, and ends here in place of starting.
        self._log.info(
            "Starting campaign %s. To stop it: python -m connect_campaigns stop %s"
            " (ending this task, or the DAG run, does NOT stop the calls)",
            description.id,
            description.id,
        )
        memory.window = window if isinstance(window, Window) else None
        outcome = self._campaigns.start(description.id)
        self._after_start(outcome, description.id, memory)

    def demand_source(self, seen: Seen, known: Description | None = None) -> None:
        """Refuse a campaign of another audience than was asked for: this task would be green, and nobody of its called.

        :param known: the campaign's description, where it was just read
        :raises LaunchHeld: the campaign waits
        :raises LaunchRefused: it has begun
        """
        asked = self._request.source_arn
        description = (known or self._campaigns.describe(seen.campaign or "")) if asked else None
        if description is None:
            return
        source = description.config.get("source", {}).get("customerProfilesSegmentArn")
        if same_source(source, asked):
            return
        begun = "other_audience_bare" if self._request.mode is Mode.BARE else "other_audience"
        code = "other_source" if seen.observation.state is State.INITIALIZED else begun
        raise refusals.of_pass(code, seen, key=self._request.key, reading=f"it has {source}, this task {asked}")

    def _record(
        self,
        writes: Writes,
        seen: Seen,
        description: Description,
        window: Window | Late | None,
        memory: Memory,
    ) -> bool:
        """Write the launch record, before the guards are asked for the last time: so of two launches one sees the other.

        :returns: whether it is certainly there; else the next pass writes it again
        :raises LaunchHeld: it can't be written
        """
        if not memory.said:  # claimed by an earlier attempt
            said = self._checks.hold(seen, description)
            if said is None:
                return False
            memory.said = tuple(lines(said).items())
        certain = writes.launch(seen, description, window, memory.said)
        memory.recorded = description.id if certain else None
        memory.record_sends += 1
        if not certain and memory.record_sends >= MAX_RECORD_SENDS:
            raise refusals.of_pass("unrecorded", seen, key=self._request.key)
        return certain

    def _renew(self, description: Description, window: Window, memory: Memory) -> None:
        self._log.info("Renewing the schedule: %s to %s", window.start, window.end)
        memory.lead = None
        try:
            outcome = self._campaigns.renew_schedule(description, window)
        except LaunchRefused as error:
            if error.code != SCHEDULE_FROZEN:
                raise
            return  # a twin started it, or a person: the next pass reads the state
        if outcome.kind is Kind.THROTTLED:
            self.wait_out(outcome, memory, "connect-campaigns:UpdateCampaignSchedule")
        elif outcome.kind is Kind.REFUSED and outcome.code not in NOT_AS_READ:
            raise explain(
                outcome, action="connect-campaigns:UpdateCampaignSchedule", resource=f"campaign {description.id}"
            )

    def _after_start(self, outcome: Outcome, campaign: str, memory: Memory) -> None:
        memory.looks = 0
        if outcome.accepted:
            memory.accepted = campaign
            return
        self._log.warning("StartCampaign ended %s: %s %s", outcome.kind, outcome.code, outcome.message)
        if outcome.kind is Kind.THROTTLED:
            self.wait_out(outcome, memory, "connect-campaigns:StartCampaign")
            return
        memory.sends += 1
        memory.unknown_sends += outcome.kind is Kind.UNKNOWN
        if outcome.code == "ValidationException":
            memory.invalid += 1
            memory.lead = LONG_LEAD
        if memory.sends >= MAX_SENDS or memory.invalid > 1 or outcome.code in ACCESS_DENIED:
            final = self._request.mode is Mode.BARE and not memory.unknown_sends
            raise send_refusals.start_ended(outcome.code, outcome.message, campaign, final=final)
        if outcome.kind is Kind.REFUSED:
            self._patience.sleep(LOOK_AGAIN_S)

    def wait_out(self, outcome: Outcome, memory: Memory, action: str) -> None:
        """Wait before the next pass, longer each time.

        :raises ServiceUnavailable: it was throttled for too long
        """
        memory.throttled += 1
        pause = self._patience.pause(memory.throttled - 1, longest=LONGEST_WAIT_S)
        memory.waited_s += pause
        if memory.waited_s > MAX_WAITED_S:
            raise ServiceUnavailable(
                f"`{action}` was throttled for {MAX_WAITED_S / 60:.0f} minutes: {outcome.message}",
                allowed="1 start a second for the whole account and Region, burst 2 (documented)",
                hint="retry later, or spread the launches: a pool, or fewer mapped tasks at once",
                code="throttled",
            )
        self._patience.sleep(pause)
