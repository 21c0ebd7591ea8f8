"""Pause, resume, stop and delete one campaign: on purpose, by a task of its own; can be repeated."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from connect_campaigns.connection import ConnectOperator
from connect_campaigns.context import run_info
from connect_campaigns.core import parameters
from connect_campaigns.core.errors import ConnectCampaignsError, LaunchRefused, NotSeen, ServiceRefused
from connect_campaigns.core.records import Event
from connect_campaigns.core.states import ACTIVE, ENDED, KNOWN, NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_campaigns._compat import Context
    from connect_campaigns.aws.campaigns import Description
    from connect_campaigns.aws.halting import Halt
    from connect_campaigns.aws.ledger import Ledger


class CampaignOperator(ConnectOperator):
    """Base of the operators that do one thing to one campaign.

    :param campaign_id: the campaign's id, ARN, console URL or name (templated)
    :param launch_ledger: ``s3://bucket/prefix``, over the connection's (templated); what was done is noted there, and
        done all the same where it can't be noted
    """

    template_fields: Sequence[str] = (*ConnectOperator.template_fields, "campaign_id", "launch_ledger")

    def __init__(self, *, campaign_id: str, launch_ledger: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.campaign_id = campaign_id
        self.launch_ledger = launch_ledger

    def validate(self) -> str:
        """Check every parameter, before any call; give what names the campaign.

        :raises InvalidInput: one is not what it must be
        """
        return parameters.text("campaign_id", self.campaign_id, longest=500)

    def ledger(self) -> Ledger | None:
        """The ledger of this task's parameter, else the connection's, else None."""
        return self.hook.ledger_at(self.launch_ledger)

    def note(self, context: Context, what: str, campaign_id: str, *, before: str | None) -> None:
        """Write an event into the ledger; where that fails, what was done stays done, and the log says so."""
        try:
            ledger = self.ledger()
            if ledger is None:
                return
            ledger.marker()
            now = self.hook.campaigns.service_now()
            by = run_info(context).name
            text = f"it was {before or 'in a state that could not be read'}"
            event = Event(at=now.isoformat(), by=by, what=what, campaign=campaign_id, text=text)
            ledger.write_event(event, at=now, nonce=uuid.uuid4().hex[:8])
        except ConnectCampaignsError as error:
            self.log.warning("Done, but not noted in the ledger: %s", error.found)


class HaltingOperator(CampaignOperator):
    """Base of the operators that pause, resume and stop."""

    def how(self) -> Halt:
        """What this operator does."""
        raise NotImplementedError

    def accepts(self, state: str | None) -> bool:  # noqa: ARG002 - subclasses look at it
        """Whether a state that can't be changed is good enough."""
        return False

    def execute(self, context: Context) -> str:
        """Do it, note it, return the campaign's id; what it is already is done too."""
        from connect_campaigns.aws.halting import halt
        from connect_campaigns.aws.patience import Patience

        campaign = self.validate()
        campaign_id, how = self.hook.resolve(campaign), self.how()
        before = self._state(campaign_id)
        ended = halt(how, self.hook.campaigns, campaign_id, before=before, patience=Patience())
        if ended.error:
            if ended.error.code != "state" or not self.accepts(ended.state):
                raise ended.error
            self.log.info("Campaign %s is %s: nothing is left to be %s.", campaign_id, ended.state, how.done)
        elif before == how.target:
            self.log.info("Campaign %s was %s already.", campaign_id, how.done)
        else:
            self.log.info("Campaign %s is %s; it was %s.", campaign_id, how.done, before or "in an unknown state")
            self.note(context, how.done, campaign_id, before=before)
        return campaign_id

    def _state(self, campaign_id: str) -> str | None:
        """Read the state, for people to see: what can't be read holds nothing up."""
        try:
            return self.hook.campaigns.state(campaign_id)
        except ConnectCampaignsError as error:
            self.log.warning("The state could not be read, going on without: %s", error.found)
            return None


class BrakingOperator(HaltingOperator):
    """Base of the operators after which a campaign calls nobody.

    :param if_ended: what a campaign that has ended by itself does: ``"refuse"``, or ``"accept"``: it calls nobody, so
        the task is green (templated)
    """

    template_fields: Sequence[str] = (*HaltingOperator.template_fields, "if_ended")

    def __init__(self, *, if_ended: str = "refuse", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.if_ended = if_ended

    def validate(self) -> str:
        """Check every parameter, before any call; give what names the campaign.

        :raises InvalidInput: one is not what it must be
        """
        parameters.choice("if_ended", self.if_ended, ("refuse", "accept"))
        return super().validate()

    def accepts(self, state: str | None) -> bool:
        """Whether it has ended and that is good enough."""
        return self.if_ended == "accept" and state in ENDED


class PauseCampaignOperator(BrakingOperator):
    """Pauses a campaign: it calls nobody until it is resumed; returns its id. One that is paused already is green.

    Its schedule goes on: a campaign that is paused when its end comes doesn't come back.

    :raises ServiceRefused: it isn't Running, or a right is missing
    :raises InvalidInput: a parameter is not what it must be, or no campaign has this name
    :raises RetryableError: the service didn't answer, or throttled for too long
    """

    def how(self) -> Halt:
        """Pause."""
        from connect_campaigns.aws.halting import PAUSE

        return PAUSE


class ResumeCampaignOperator(HaltingOperator):
    """Lets a paused campaign go on; returns its id. One that is running already is green.

    It asks no guard and no freeze: those are for launches, and this campaign was launched.

    :raises ServiceRefused: it isn't Paused, or a right is missing
    :raises InvalidInput: a parameter is not what it must be, or no campaign has this name
    :raises RetryableError: the service didn't answer, or throttled for too long
    """

    def how(self) -> Halt:
        """Resume."""
        from connect_campaigns.aws.halting import RESUME

        return RESUME


class StopCampaignOperator(BrakingOperator):
    """Stops a campaign for good: nothing leads back; returns its id. One that is stopped already is green.

    :raises ServiceRefused: it is neither Running nor Paused, or a right is missing
    :raises InvalidInput: a parameter is not what it must be, or no campaign has this name
    :raises RetryableError: the service didn't answer, or throttled for too long
    """

    def how(self) -> Halt:
        """Stop."""
        from connect_campaigns.aws.halting import STOP

        return STOP


class DeleteCampaignOperator(CampaignOperator):
    """Deletes one campaign that calls nobody, and that no launch waits for; returns its id. One that is gone is green.

    What was never started is given up in the ledger first, so that no attempt can start it; what has ended has its last
    state noted there, so that a cleared task finds that it ran. By name a retry can't tell a deleted campaign from a
    mistyped one, and is red: give the id.

    :param only_ours: refuse a campaign that wasn't cloned under this ledger (templated); False deletes those that were
        made by hand too, and never another ledger's
    :raises ServiceRefused: it is Running or Paused, or a right is missing
    :raises LaunchRefused: a launch key has claimed it and may yet start it; or it isn't ours
    :raises InvalidInput: a parameter is not what it must be, or no campaign has this name
    :raises RetryableError: ledger or service didn't answer, or contradicts itself; a retry goes on from here
    """

    template_fields: Sequence[str] = (*CampaignOperator.template_fields, "only_ours")

    def __init__(self, *, only_ours: bool | str = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.only_ours = only_ours

    def validate(self) -> str:
        """Check every parameter, before any call; give what names the campaign.

        :raises InvalidInput: one is not what it must be
        """
        parameters.yes_or_no("only_ours", self.only_ours)
        return super().validate()

    def execute(self, context: Context) -> str:
        """Look whose it is and what it does, delete it safely, note it."""
        from connect_campaigns.aws.deleting import Deleting
        from connect_campaigns.aws.patience import Patience

        campaign = self.validate()
        campaign_id = self.hook.resolve(campaign)
        campaigns, ledger = self.hook.campaigns, self.ledger()
        ledger_id = ledger.marker().id if ledger else None  # what it is to note is noted in a ledger, or nowhere
        description = campaigns.describe(campaign_id)
        state = campaigns.state(campaign_id)
        if description is None and state == NOT_FOUND:
            self.log.info("Campaign %s is gone already.", campaign_id)
            return campaign_id
        if description is None or state == NOT_FOUND:
            raise _contradiction(campaign_id, described=description is not None, state=state)
        self._demand_idle(campaign_id, state)
        self._demand_ours(description, ledger_id)
        by = run_info(context).name
        deleting = Deleting(campaigns=campaigns, ledger=ledger, by=by, patience=Patience())
        if deleting.delete(campaign_id, state=state, reason=f"deleted by {by}"):
            self.log.info("Campaign %s is deleted; it was %s.", campaign_id, state)
            self.note(context, "deleted", campaign_id, before=state)
        else:
            self.log.info("Campaign %s is gone already.", campaign_id)
        return campaign_id

    @staticmethod
    def _demand_idle(campaign_id: str, state: str) -> None:
        from connect_campaigns.aws.deleting import refuse_active

        if state in ACTIVE:
            raise refuse_active(campaign_id, state)
        if state not in KNOWN:
            raise ServiceRefused(
                f"campaign {campaign_id} is in a state that this release doesn't know: {state!r}",
                allowed="Initialized, Completed, Stopped, Failed",
                hint="look at the campaign in the Connect console; upgrade this package",
                code="unknown_state",
            )

    def _demand_ours(self, description: Description, ledger_id: str | None) -> None:
        from connect_campaigns.aws.clone import LEDGER_TAG

        theirs = description.config.get("tags", {}).get(LEDGER_TAG)
        if theirs is None and not parameters.yes_or_no("only_ours", self.only_ours):
            return
        if theirs is None:
            raise LaunchRefused(
                f"campaign {description.id} ({description.name!r}) was made by hand",
                allowed="a campaign that was cloned under this connection's ledger",
                hint="only_ours=False deletes it all the same; a template can't be made again from the ledger",
                code="not_ours",
            )
        if ledger_id != theirs:
            raise LaunchRefused(
                f"campaign {description.id} ({description.name!r}) was cloned under another ledger ({theirs})",
                allowed="a campaign of this connection's ledger: only its own knows whether a launch waits for it",
                hint="use the connection, or the `launch_ledger`, under which it was made",
                code="other_ledger",
            )


def _contradiction(campaign_id: str, *, described: bool, state: str) -> NotSeen:
    seen = (
        "is described, and GetCampaignState finds none" if described else f"is {state}, and DescribeCampaign finds none"
    )
    return NotSeen(
        f"campaign {campaign_id} {seen}: one of the two reads is stale; nothing was deleted",
        allowed="a campaign that both find, since its description says whose it is; or neither",
        hint="retry: the service's reads agree a moment later",
        code="not_seen",
    )
