"""Making the campaign of a key: a clone of the template, which nobody starts before a key names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.aws.clone import clone_name, clone_request, our_tags
from connect_campaigns.aws.outcomes import Kind, explain
from connect_campaigns.core import send_refusals
from connect_campaigns.core.errors import FinalError
from connect_campaigns.core.schedule import Window
from connect_campaigns.core.states import CampaignState

if TYPE_CHECKING:
    from collections.abc import Callable

    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.checks import Checks
    from connect_campaigns.core.attempt import LaunchRequest, Memory, Seen
    from connect_campaigns.starting import Starting
    from connect_campaigns.writes import Writes

MAX_NEW = 4
"""Campaigns that one attempt creates at most."""

MAX_UNKNOWN_CREATES = 1
"""Each may have left a campaign that nobody knows: a second unknown one is for a retry to make."""


class Creating:
    """Creates the campaigns of one request, at most one a pass.

    :param starting: waits out throttling
    :param nonce: a short text that no other attempt makes
    """

    def __init__(
        self,
        request: LaunchRequest,
        *,
        campaigns: Campaigns,
        checks: Checks,
        writes: Writes,
        starting: Starting,
        nonce: Callable[[], str],
    ) -> None:
        self._request = request
        self._campaigns = campaigns
        self._checks = checks
        self._writes = writes
        self._starting = starting
        self._nonce = nonce

    def create(self, seen: Seen, memory: Memory) -> None:
        """Ask the guards, then send one CreateCampaign; its id is a candidate until K names it."""
        template = self._checks.template()
        if self._checks.hold(seen, template) is None:
            return
        if memory.created >= MAX_NEW or memory.unknown_creates > MAX_UNKNOWN_CREATES:
            raise send_refusals.too_many_creates(self._request.key, memory.created, memory.unknown_creates)
        window = self._checks.window(template)
        if not isinstance(window, Window):
            return  # the time ran out since the guards looked: they look again
        request = clone_request(
            template,
            name=clone_name(template.name, day=f"{window.start:%Y-%m-%d}", nonce=self._nonce()),
            source_arn=self._request.source_arn,
            window=window,
            tags=our_tags(
                template, ledger_id=self._checks.ledger_id, key=self._request.key, run=self._request.run.name
            ),
        )
        # Proves the right to write before there is a campaign, and is the trace of an attempt that dies in between.
        if not memory.announced:
            self._writes.event("creating", text=f"a clone of template {template.id}")
            memory.announced = True
        outcome = self._campaigns.create(request)
        if outcome.accepted:
            memory.candidate = str((outcome.reply or {})["id"])
            memory.created += 1
        elif outcome.kind is Kind.THROTTLED:
            self._starting.wait_out(outcome, memory, "connect-campaigns:CreateCampaign")
        elif outcome.kind is Kind.UNKNOWN:
            memory.unknown_creates += 1
        else:
            raise send_refusals.create_refused(outcome.code, outcome.message, template.name) or explain(
                outcome, action="connect-campaigns:CreateCampaign", resource=f"a clone of {template.name!r}"
            )

    def adopt(self, seen: Seen, memory: Memory) -> None:
        """Write K: the candidate; without the right to, leave no campaign behind."""
        try:
            self._writes.key(seen, campaign=memory.candidate)
        except FinalError:
            self.drop(memory)
            raise

    def drop(self, memory: Memory) -> None:
        """Delete the candidate, since K names another: best effort, once; nobody may start it, and housekeeping finds it.

        One that a person started by hand meanwhile has called people: that one stays, for housekeeping to note its end.
        """
        candidate, memory.candidate = memory.candidate or "", None
        if self._campaigns.state(candidate) == CampaignState.INITIALIZED:
            self._campaigns.delete(candidate)
