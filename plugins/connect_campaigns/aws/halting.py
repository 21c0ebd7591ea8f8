"""Pausing, resuming and stopping campaigns: on purpose, patiently, and as often as anybody likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.aws.outcomes import NOT_FOUND_CODES, Kind, explain
from connect_campaigns.core.errors import ConnectCampaignsError, ServiceRefused
from connect_campaigns.core.states import ENDED, NOT_FOUND, CampaignState

if TYPE_CHECKING:
    from collections.abc import Callable

    from connect_campaigns.aws.outcomes import Outcome
    from connect_campaigns.aws.patience import Patience


@dataclass(frozen=True)
class Halt:
    """A way to halt a campaign, or to let it go on.

    :param done: what it is then, in a word
    :param allowed: which campaigns it is for, in words
    """

    done: str
    target: CampaignState
    operation: str
    send: Callable[[Campaigns, str], Outcome]
    allowed: str


PAUSE = Halt("paused", CampaignState.PAUSED, "PauseCampaign", Campaigns.pause, "a campaign that is Running")
RESUME = Halt("resumed", CampaignState.RUNNING, "ResumeCampaign", Campaigns.resume, "a campaign that is Paused")
STOP = Halt("stopped", CampaignState.STOPPED, "StopCampaign", Campaigns.stop, "a campaign that is Running or Paused")


@dataclass(frozen=True)
class Halted:
    """What became of one campaign: its state as far as it is known; no error = it is what it was to become."""

    state: str | None
    error: ConnectCampaignsError | None = None


def halt(
    how: Halt,
    campaigns: Campaigns,
    campaign_id: str,
    *,
    before: str | None,
    patience: Patience,
) -> Halted:
    """Pause, resume or stop one campaign; nothing is raised, since the next one must have its turn.

    The service judges, not our reading, which may be stale; only an end is believed, since nothing leads back from it.

    :param before: its state as read a moment ago, None where it could not be read
    """
    if before in ENDED - {how.target}:
        return Halted(before, _not_possible(how, campaign_id, str(before)))
    outcome = patience.send(lambda: how.send(campaigns, campaign_id))
    state = how.target if outcome.accepted else _state_now(campaigns, campaign_id, outcome)
    if state == how.target:  # after a refusal too: it was so before, or the SDK sent twice and the first reply was lost
        return Halted(state)
    if outcome.kind is Kind.REFUSED and state:
        return Halted(state, _not_possible(how, campaign_id, state))
    resource = f"campaign {campaign_id}"
    return Halted(state, explain(outcome, action=f"connect-campaigns:{how.operation}", resource=resource))


def _state_now(campaigns: Campaigns, campaign_id: str, outcome: Outcome) -> str | None:
    """The state after a send that didn't go through; None = it can't be told, or something else than it is why."""
    if outcome.state:
        return outcome.state
    if outcome.code in NOT_FOUND_CODES:
        return NOT_FOUND
    if outcome.kind is Kind.REFUSED and outcome.code != "ConflictException":
        return None
    try:
        return campaigns.state(campaign_id)
    except ConnectCampaignsError:
        return None  # the send's own error is the one to tell


def _not_possible(how: Halt, campaign_id: str, state: str) -> ServiceRefused:
    ended = "it has ended and calls nobody"
    hints = {
        NOT_FOUND: "look at the campaign's id, at Region and account; or it was deleted",
        CampaignState.INITIALIZED: "it was never started and calls nobody; to keep a DAG from starting it, pause the DAG",
        CampaignState.RUNNING: "it is still running: run this again",
    }
    if how is RESUME:
        ended += ", and nothing leads back: clone it"
        hints |= {
            CampaignState.INITIALIZED: "it was never started: StartCampaignOperator does that, and asks the guards",
            CampaignState.PAUSED: "it is still paused: run this again",
        }
    return ServiceRefused(
        f"campaign {campaign_id} can't be {how.done}: it is {state}",
        allowed=how.allowed,
        hint=hints.get(state, ended),
        code="state",
    )
