"""The sensor that waits for a campaign's state."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from connect_campaigns._compat import PokeReturnValue, conf
from connect_campaigns.connection import ConnectSensor
from connect_campaigns.core.amounts import seconds
from connect_campaigns.core.errors import ConnectCampaignsError, FinalError
from connect_campaigns.core.parameters import text
from connect_campaigns.core.states import CampaignState, Verdict, judge
from connect_campaigns.core.waiting import (
    END_GRACE_S,
    MAX_POLL_INTERVAL_S,
    OUTAGE_TOLERANCE_S,
    OVERDUE,
    Poll,
    Wait,
    deadline,
    ended,
    longest_pause,
    take,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connect_campaigns._compat import Context
    from connect_campaigns.core.outcome import CampaignFigures
    from connect_campaigns.core.states import Expectation
    from connect_campaigns.core.waiting import Step


class CampaignStateSensor(ConnectSensor):
    """Waits until a campaign is in one of the states that it should get to; its final state is the return value.

    Ending this task, however it ends, leaves the campaign alone.

    All ways of waiting (poke, reschedule, deferrable) judge alike and end with the same states, exceptions and values.
    Polls that fail for a reason that may heal are ridden out for `outage_tolerance`; in reschedule mode each poke is a
    process of its own that remembers nothing, so there Airflow's ``timeout`` is the bound. Airflow's ``timeout`` counts
    as everywhere in Airflow.

    A campaign that hasn't ended when its schedule has, and `end_grace` is over, fails the wait, by the service's clock.
    The schedule's end is read anew then: somebody may have moved it. Reading it takes the right to describe the campaign;
    without it there is no such bound, and the log says so.

    :param campaign_id: the campaign's id, ARN, console URL or name (templated)
    :param target_states: states that end the wait well (templated)
    :param failure_states: states that end it badly (templated); other ends, and unknown states, fail too
    :param outage_tolerance: how long failing polls are ridden out, in seconds or as a timedelta (templated); default
        30 minutes
    :param end_grace: how long after its schedule's end the campaign may take to end, in seconds or as a timedelta
        (templated); default one hour
    :param max_poll_interval: the longest pause between two polls of a deferred wait, in seconds or as a timedelta
        (templated); default 15 minutes. ``poke_interval`` is the usual one
    :param deferrable: wait in the triggerer, one call for 25 waits, and leave the worker free
    :raises CampaignEnded: the campaign failed, was stopped or deleted, or ended otherwise than it should, or not in time
    :raises NotSeen: it could not be seen for longer than `outage_tolerance`
    :raises ServiceRefused: the service refused, for example for lack of rights
    :raises InvalidInput: a parameter is not what it must be, or no campaign has this name
    """

    template_fields: Sequence[str] = (
        *ConnectSensor.template_fields,
        "campaign_id",
        "target_states",
        "failure_states",
        "outage_tolerance",
        "end_grace",
        "max_poll_interval",
    )

    def __init__(
        self,
        *,
        campaign_id: str,
        target_states: Sequence[str] | str = (CampaignState.COMPLETED.value,),
        failure_states: Sequence[str] | str = (CampaignState.FAILED.value, CampaignState.STOPPED.value),
        outage_tolerance: float | str | timedelta = OUTAGE_TOLERANCE_S,
        end_grace: float | str | timedelta = END_GRACE_S,
        max_poll_interval: float | str | timedelta = MAX_POLL_INTERVAL_S,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_id = campaign_id
        self.target_states = target_states
        self.failure_states = failure_states
        self.outage_tolerance = outage_tolerance
        self.end_grace = end_grace
        self.max_poll_interval = max_poll_interval
        self.deferrable = deferrable
        self._wait: Wait | None = None
        self._id: str | None = None

    def validate(self) -> Expectation:
        """Check every parameter, before any call.

        :raises InvalidInput: one of them is not what it must be
        """
        from connect_campaigns.core.expecting import expectation

        text("campaign_id", self.campaign_id, longest=500)
        seconds("outage_tolerance", self.outage_tolerance)
        seconds("end_grace", self.end_grace)
        longest_pause(self.max_poll_interval)
        return expectation(self.target_states, self.failure_states)

    def execute(self, context: Context) -> Any:
        """Check, then wait as Airflow's sensors do: poke, sleep or reschedule; soft_fail and the like included."""
        self._wait = Wait(
            campaign_id=self.campaign_id,
            expectation=self.validate(),
            outage_tolerance_s=seconds("outage_tolerance", self.outage_tolerance),
        )
        return super().execute(context)

    def poke(self, context: Context) -> bool | PokeReturnValue:  # noqa: ARG002 - Airflow's signature
        """Look once; a deferrable sensor that has to go on waiting leaves from here."""
        if self._wait is None:
            msg = "`poke` is `execute`'s: it checks the parameters first"
            raise TypeError(msg)
        step = self._take(self._wait, self._look())
        self._wait = step.wait
        if step.news:
            self.log.info("%s", step.news)
        if step.error:
            raise step.error
        if step.verdict is not Verdict.WAIT:
            return PokeReturnValue(is_done=True, xcom_value=self._conclude(str(self._id), str(step.wait.last_state)))
        if self.deferrable and self._id:
            self._leave(self._id)
        return False

    def execute_complete(self, context: Context, event: Any = None) -> str:  # noqa: ARG002 - Airflow's signature
        """Judge what the trigger saw, by the parameters that the task has now."""
        from connect_campaigns.core.told import Told

        told = Told.from_event(event)
        if told.error and self.silent_fail and not isinstance(told.error, FinalError):
            self.log.error("%s", told.error)
            self._leave(told.campaign_id)
        if told.error and told.error.code == OVERDUE and self._has_time(told.campaign_id):
            self._leave(told.campaign_id)
        if told.error:
            raise told.error
        return self._conclude(told.campaign_id, str(told.state))

    def _take(self, wait: Wait, poll: Poll) -> Step:
        """Judge a poll, with the schedule's end as it is now: where that decides, or where news came and it isn't known yet."""
        step = take(wait, poll)
        overdue = step.error is not None and step.error.code == OVERDUE
        if overdue or (wait.deadline is None and poll.state and step.news and step.verdict is Verdict.WAIT):
            return take(replace(wait, deadline=self._deadline(wait.deadline)), poll)
        return step

    def _deadline(self, known: datetime | None = None) -> datetime | None:
        """Read by when the campaign should have ended; where that can't be read, what is known stands."""
        from connect_campaigns.core.schedule import window_of

        try:
            described = self.hook.campaigns.describe(str(self._id))
        except ConnectCampaignsError as error:
            self.log.info("by when campaign %s should have ended could not be read: %s", self._id, error.found)
            return known
        window = window_of(described.config) if described else None
        return deadline(window.end if window else None, grace_s=seconds("end_grace", self.end_grace))

    def _has_time(self, campaign_id: str) -> bool:
        """Whether somebody has moved the schedule's end since a deferred wait was overdue."""
        self._id = campaign_id
        until = self._deadline()
        return until is not None and until > self.hook.campaigns.service_now()

    def _look(self) -> Poll:
        """Read the state once; a call that failed is an answer too."""
        poll = partial(Poll, started_s=time.monotonic(), pause_s=self._pause_s)
        try:
            campaigns = self.hook.campaigns
            if self._id is None:
                instance_id = self.hook.settings.connect_instance_id
                self._id = campaigns.resolve(self.campaign_id, instance_id=instance_id)
            state = campaigns.state(self._id)
        except ConnectCampaignsError as error:
            if error.code == "expired_credentials":
                self.__dict__.pop("hook", None)  # the next poke looks the connection up again
            return poll(ended_s=time.monotonic(), error=error)
        return poll(ended_s=time.monotonic(), state=state, at=campaigns.service_now())

    @property
    def _pause_s(self) -> float:
        """How long Airflow means to sleep before a poke; where it backs off, only Airflow knows."""
        return float("inf") if self.exponential_backoff else self.poke_interval

    def _leave(self, campaign_id: str) -> NoReturn:
        """Go on waiting in the triggerer."""
        from connect_campaigns.triggers.campaigns import CampaignStateTrigger

        expected = self.validate()
        self._id = campaign_id
        until = self._wait.deadline if self._wait else self._deadline()
        self.defer(
            trigger=CampaignStateTrigger(
                campaign_id=campaign_id,
                success=sorted(expected.success),
                failure=sorted(expected.failure),
                poke_interval=self.poke_interval,
                max_poll_interval=longest_pause(self.max_poll_interval),
                outage_tolerance=seconds("outage_tolerance", self.outage_tolerance),
                deadline=until.isoformat() if until else None,
                **self.connection_parameters,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def _conclude(self, campaign_id: str, state: str) -> str:
        """Give the final state, or raise what it means; where it ends nothing (any more), wait on."""
        expected = self.validate()
        judgement = judge(state, expected)
        if judgement.verdict is Verdict.DONE:
            return state
        if judgement.verdict is Verdict.WAIT:
            self.log.info("campaign %s is %s, which is not waited for any more", campaign_id, state)
            self._leave(campaign_id)
        raise ended(campaign_id, state, expected, self._figures(campaign_id))

    def _figures(self, campaign_id: str) -> CampaignFigures | None:
        """Read what the campaign did, for the error's text; that they can't be read never ends a wait otherwise."""
        try:
            described = self.hook.campaigns.describe(campaign_id)
            if described is None:
                return None
            return self.hook.metrics.of(described, now=self.hook.campaigns.service_now())
        except ConnectCampaignsError as error:
            self.log.info("the figures of campaign %s could not be read: %s", campaign_id, error.found)
            return None
