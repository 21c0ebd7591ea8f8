"""Deleting one campaign, so that neither an attempt that is under way nor one that comes later can be misled.

What was never started is given up in the ledger first (C = void, read back): nobody of ours starts it then. What has
ended has its last state noted first (E): a task that is cleared later finds that it ran. Cut off anywhere, it can be
done again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_campaigns.aws.outcomes import NOT_FOUND_CODES, explain
from connect_campaigns.core.errors import LaunchRefused, NotSeen, ServiceRefused
from connect_campaigns.core.records import ClaimRecord, EndRecord
from connect_campaigns.core.states import ACTIVE, NOT_FOUND, CampaignState

if TYPE_CHECKING:
    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.patience import Patience


@dataclass(frozen=True, kw_only=True)
class Deleting:
    """Deletes campaigns of one account, one at a time.

    :param ledger: None only for campaigns that no ledger knows
    :param by: names the attempt
    """

    campaigns: Campaigns
    ledger: Ledger | None
    by: str
    patience: Patience

    def delete(self, campaign_id: str, *, state: str, reason: str) -> bool:
        """Delete a campaign that is Initialized or has ended.

        :param state: its state as read a moment ago; the service refuses where it runs by now (documented)
        :param reason: why, for the ledger
        :returns: whether this deleted it; False = it was gone already
        :raises ServiceRefused: it is active, or a right is missing; it is still there
        :raises LaunchRefused: it belongs to a launch key that may yet start it, or a ledger object can't be read
        :raises RetryableError: ledger or service didn't answer; a retry goes on from here
        """
        if self.ledger:
            if state == CampaignState.INITIALIZED:
                self._give_up(self.ledger, campaign_id, reason)
            else:
                self._note_end(self.ledger, campaign_id, state)
        return self._send(campaign_id)

    def _give_up(self, ledger: Ledger, campaign_id: str, reason: str) -> None:
        at = self.campaigns.service_now().isoformat()
        ledger.write_claim(ClaimRecord(at=at, by=self.by, campaign=campaign_id, key=None, reason=reason))
        claim = ledger.claim(campaign_id)
        if claim is None:
            raise _not_written(campaign_id, "its void claim")
        if not claim.void:
            raise LaunchRefused(
                f"campaign {campaign_id} was never started, and belongs to launch key {claim.key!r}, claimed by {claim.by}"
                f" at {claim.at}: an attempt of that launch may start it any moment",
                allowed="a campaign that no launch has claimed",
                hint="clear that launch's task, which starts it or says why not",
                code="claimed",
            )

    def _note_end(self, ledger: Ledger, campaign_id: str, state: str) -> None:
        at = self.campaigns.service_now().isoformat()
        ledger.write_ended(EndRecord(at=at, by=self.by, campaign=campaign_id, state=state))
        if ledger.ended(campaign_id) is None:
            raise _not_written(campaign_id, "its end")

    def _send(self, campaign_id: str) -> bool:
        outcome = self.patience.send(lambda: self.campaigns.delete(campaign_id))
        if outcome.accepted:
            return True
        if outcome.code in NOT_FOUND_CODES:
            return False
        state = self.campaigns.state(campaign_id)
        if state == NOT_FOUND:
            return True  # it took effect, and the reply was lost
        if state in ACTIVE:
            raise refuse_active(campaign_id, state)
        raise explain(outcome, action="connect-campaigns:DeleteCampaign", resource=f"campaign {campaign_id}")


def refuse_active(campaign_id: str, state: str) -> ServiceRefused:
    """Make the error for a campaign that is calling people, or will when it is resumed."""
    return ServiceRefused(
        f"campaign {campaign_id} can't be deleted: it is {state}",
        allowed="a campaign that is Initialized, Completed, Stopped or Failed (documented)",
        hint=f"stop it first, for good: python -m connect_campaigns stop {campaign_id}, or StopCampaignOperator",
        code="state",
    )


def _not_written(campaign_id: str, what: str) -> NotSeen:
    return NotSeen(
        f"{what} was written to the ledger for campaign {campaign_id} and isn't there",
        allowed="a ledger that has what was written; without that nothing is deleted",
        hint="retry when the ledger answers again",
        code="not_seen",
    )
