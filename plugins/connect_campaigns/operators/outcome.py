"""The operator that compares what a campaign did with what the DAG asked for."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from connect_campaigns.connection import ConnectOperator
from connect_campaigns.core.amounts import seconds
from connect_campaigns.core.errors import CampaignEnded, RetryableError
from connect_campaigns.core.outcome import OutcomeVerdict, Thresholds, asked, assess, has_audience
from connect_campaigns.core.parameters import text
from connect_campaigns.core.states import NOT_FOUND, Expectation
from connect_campaigns.core.waiting import ended

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from connect_campaigns._compat import Context
    from connect_campaigns.core.outcome import Assessment, CampaignFigures

OUTCOME = "outcome"
"""The XCom key of what this operator found."""


class CheckCampaignOutcomeOperator(ConnectOperator):
    """Compares a campaign's figures with thresholds, with patience for the delay until the service has them.

    A state says little: ``Completed`` may mean that the schedule expired and nobody was called. This task belongs at
    the end of a launching DAG. It reads until the thresholds are met or `patience` is over: how long figures take to
    appear is not published. Returns what it found, which is also the XCom ``outcome``, there when the task fails too:
    ``campaign_id, state, targeted, attempted, progress_percent, verdict, reason``.

    Campaigns that are fed by event triggers have no audience to count: thresholds on it are "not applicable".

    :param campaign_id: the campaign's id, ARN, console URL or name (templated)
    :param min_targeted: recipients that the audience must have (templated)
    :param min_attempted: recipients whom the campaign must have tried to reach (templated); the service calls this
        figure approximate
    :param min_attempted_percent: attempted of targeted, 0 to 100 (templated)
    :param on_shortfall: ``"fail"``, or ``"warn"``: log it and end green (templated)
    :param patience: how long figures that are missing or too low are asked for again, in seconds or as a timedelta
        (templated); default 15 minutes, 0 = look once
    :param poll_interval: pause between two looks, in seconds or as a timedelta (templated)
    :raises CampaignEnded: a threshold that applies is not met when patience is over
    :raises NotSeen: the service could not be read once in all that time
    :raises ServiceRefused: the service refused, for example for lack of rights
    :raises InvalidInput: a parameter is not what it must be, or no campaign has this name
    """

    template_fields: Sequence[str] = (
        *ConnectOperator.template_fields,
        "campaign_id",
        "min_targeted",
        "min_attempted",
        "min_attempted_percent",
        "on_shortfall",
        "patience",
        "poll_interval",
    )

    def __init__(
        self,
        *,
        campaign_id: str,
        min_targeted: int | str | None = None,
        min_attempted: int | str | None = None,
        min_attempted_percent: float | str | None = None,
        on_shortfall: str = "fail",
        patience: float | str | timedelta = 15 * 60.0,
        poll_interval: float | str | timedelta = 15.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_id = campaign_id
        self.min_targeted = min_targeted
        self.min_attempted = min_attempted
        self.min_attempted_percent = min_attempted_percent
        self.on_shortfall = on_shortfall
        self.patience = patience
        self.poll_interval = poll_interval

    def validate(self) -> Thresholds:
        """Check every parameter, before any call.

        :raises InvalidInput: one of them is not what it must be
        """
        text("campaign_id", self.campaign_id, longest=500)
        return asked(
            min_targeted=self.min_targeted,
            min_attempted=self.min_attempted,
            min_attempted_percent=self.min_attempted_percent,
            on_shortfall=self.on_shortfall,
            patience=self.patience,
            poll_interval=self.poll_interval,
        )

    def execute(self, context: Context) -> dict[str, Any]:
        """Look until the thresholds are met or patience is over, push ``outcome``, then judge."""
        thresholds = self.validate()
        campaign_id = self.hook.resolve(self.campaign_id)
        found = self._look_patiently(campaign_id, thresholds)
        outcome = found.outcome()
        context["ti"].xcom_push(key=OUTCOME, value=outcome)
        self._judge(found, asked=thresholds != Thresholds())
        return outcome

    def _look_patiently(self, campaign_id: str, thresholds: Thresholds) -> _Look:
        deadline = time.monotonic() + seconds("patience", self.patience)
        found: _Look | None = None
        while True:
            error: RetryableError | None = None
            try:
                before, found = found, self._look(campaign_id, thresholds)
            except RetryableError as caught:
                error = caught
                self.log.warning("campaign %s can't be seen, asking again: %s", campaign_id, error.found)
            else:
                if found != before:
                    self.log.info("campaign %s is %s: %s", campaign_id, found.state, found.assessment.reason)
                if found.settled:
                    return found
            left = deadline - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(left, seconds("poll_interval", self.poll_interval)))
        if found is not None:
            return found
        raise error or AssertionError("a look that found nothing has an error")

    def _look(self, campaign_id: str, thresholds: Thresholds) -> _Look:
        campaigns = self.hook.campaigns
        described = campaigns.describe(campaign_id)
        state = campaigns.state(campaign_id) if described else NOT_FOUND
        if described is None or state == NOT_FOUND:
            raise ended(campaign_id, NOT_FOUND, Expectation(), None)
        figures = self.hook.metrics.of(described, now=campaigns.service_now())
        assessment = assess(figures, thresholds, audience=has_audience(described.config))
        return _Look(campaign_id=campaign_id, state=state, figures=figures, assessment=assessment)

    def _judge(self, found: _Look, *, asked: bool) -> None:
        verdict = found.assessment.verdict
        if verdict in {OutcomeVerdict.MET, OutcomeVerdict.NOT_APPLICABLE}:
            return
        error = CampaignEnded(
            f"campaign {found.campaign_id} ({found.state}): {found.assessment.reason}; {found.figures.text()}",
            allowed="figures that meet the thresholds within `patience`",
            hint=_HINTS[verdict],
            code="shortfall",
        )
        if asked and self.on_shortfall == "fail":
            raise error
        self.log.warning("%s", error)


_HINTS = {
    OutcomeVerdict.SHORT: "a campaign whose schedule expired is Completed too: compare schedule, communication hours and "
    'limits with the audience; `on_shortfall="warn"` ends green',
    OutcomeVerdict.UNKNOWN: "the service had no figures in all that time: give it more (`patience`), and look whether "
    'the campaign ever reached its start time; `on_shortfall="warn"` ends green',
}


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What one look found."""

    campaign_id: str
    state: str
    figures: CampaignFigures
    assessment: Assessment

    @property
    def settled(self) -> bool:
        """Whether looking again can't change the verdict, nor add a figure that was never there."""
        verdict = self.assessment.verdict
        known = self.figures.attempted is not None
        return verdict is OutcomeVerdict.MET or (verdict is OutcomeVerdict.NOT_APPLICABLE and known)

    def outcome(self) -> dict[str, Any]:
        """Give it as the XCom has it."""
        return {
            "campaign_id": self.campaign_id,
            "state": self.state,
            **asdict(self.figures),
            "verdict": self.assessment.verdict.value,
            "reason": self.assessment.reason,
        }
