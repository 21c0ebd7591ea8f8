"""What a campaign did, against what the DAG asked for: figures and thresholds to a verdict, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from connect_campaigns.core.amounts import count, percent, seconds
from connect_campaigns.core.parameters import choice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

Number = TypeVar("Number", int, float)

LONGEST_RANGE = timedelta(days=35)
"""The longest time range that one question to the metrics may have (documented)."""


@dataclass(frozen=True, kw_only=True)
class CampaignFigures:
    """A campaign's figures; None where the service has none (yet).

    :param targeted: recipients in the audience; segment campaigns only
    :param attempted: recipients whom it tried to reach, approximate (documented)
    :param progress_percent: attempted of targeted, in percent; segment campaigns only
    """

    targeted: int | None = None
    attempted: int | None = None
    progress_percent: float | None = None

    def text(self) -> str:
        """Say the figures in a few words."""
        counts = (f"{name} {'unknown' if n is None else n}" for name, n in self._counts())
        percent = self.attempted_percent()
        return ", ".join(counts) + (f" ({percent:.1f} %)" if percent is not None else "")

    def attempted_percent(self) -> float | None:
        """Give attempted of targeted, in percent; 0 where nobody was targeted, None where a figure is missing."""
        if self.targeted is None or self.attempted is None:
            return None
        return 100 * self.attempted / self.targeted if self.targeted else 0.0

    def _counts(self) -> tuple[tuple[str, int | None], ...]:
        return ("targeted", self.targeted), ("attempted", self.attempted)


class Question(TypedDict):
    """The parameters of `Metrics.campaign`."""

    instance_arn: str
    campaign_arn: str
    start: datetime
    end: datetime


def question(*, campaign_arn: str, config: Mapping[str, Any], now: datetime) -> Question:
    """Make the question for one campaign's figures from its description.

    It asks for the 35 days up to now, whatever the schedule: a campaign is single-use, so nothing else can be in
    there. Of one that has been active for longer, only the last 35 days are told.

    :param config: the campaign as DescribeCampaign has it
    :param now: service time; the service refuses an end that is later (documented)
    """
    partition, _, region, account = campaign_arn.split(":")[1:5]
    return Question(
        instance_arn=f"arn:{partition}:connect:{region}:{account}:instance/{config['connectInstanceId']}",
        campaign_arn=campaign_arn,
        start=now - LONGEST_RANGE,
        end=now,
    )


def has_audience(config: Mapping[str, Any]) -> bool:
    """Whether it is a segment campaign; those fed by event triggers have no targeted figure (documented)."""
    return "customerProfilesSegmentArn" in (config.get("source") or {})


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What the DAG asks for; None asks for nothing.

    :param min_targeted: recipients in the audience
    :param min_attempted: recipients whom the campaign tried to reach
    :param min_attempted_percent: attempted of targeted, in percent
    """

    min_targeted: int | None = None
    min_attempted: int | None = None
    min_attempted_percent: float | None = None


def asked(
    *,
    min_targeted: object = None,
    min_attempted: object = None,
    min_attempted_percent: object = None,
    on_shortfall: object = "fail",
    patience: object = 0,
    poll_interval: object = 1,
) -> Thresholds:
    """Read what the DAG asks of an outcome, and how it is to be looked at.

    :raises InvalidInput: a value is not what it must be
    """
    choice("on_shortfall", on_shortfall, ("fail", "warn"))
    seconds("patience", patience)
    seconds("poll_interval", poll_interval, positive=True)
    return Thresholds(
        min_targeted=_threshold(count, "min_targeted", min_targeted),
        min_attempted=_threshold(count, "min_attempted", min_attempted),
        min_attempted_percent=_threshold(percent, "min_attempted_percent", min_attempted_percent),
    )


def _threshold(read: Callable[[str, object], Number], name: str, value: object) -> Number | None:
    return None if value is None else read(name, value)


class OutcomeVerdict(StrEnum):
    """How the figures compare with the thresholds."""

    MET = "met"  # every threshold that applies is met, or none was given and the figures are there
    SHORT = "short"  # a figure is below its threshold
    UNKNOWN = "unknown"  # the service has no figure (yet)
    NOT_APPLICABLE = "not_applicable"  # no threshold that was given applies to this kind of campaign


@dataclass(frozen=True)
class Assessment:
    """A verdict, and the numbers that it comes from in words."""

    verdict: OutcomeVerdict
    reason: str


def assess(figures: CampaignFigures, thresholds: Thresholds, *, audience: bool) -> Assessment:
    """Compare figures with thresholds.

    :param audience: whether the campaign has an audience to count, by `has_audience`
    """
    findings = [
        _finding("targeted", figures.targeted, thresholds.min_targeted, applies=audience),
        _finding("attempted", figures.attempted, thresholds.min_attempted, applies=True),
        _finding(
            "attempted percent",
            figures.attempted_percent(),
            thresholds.min_attempted_percent,
            applies=audience,
        ),
    ]
    asked = [finding for finding in findings if finding is not None]
    if not asked:
        known = figures.attempted is not None
        return Assessment(
            OutcomeVerdict.MET if known else OutcomeVerdict.UNKNOWN,
            f"{figures.text()}; no threshold was given",
        )
    verdicts = {finding.verdict for finding in asked}
    order = (OutcomeVerdict.SHORT, OutcomeVerdict.UNKNOWN, OutcomeVerdict.MET, OutcomeVerdict.NOT_APPLICABLE)
    worst = next(verdict for verdict in order if verdict in verdicts)
    return Assessment(worst, "; ".join(finding.reason for finding in asked))


def _finding(name: str, value: float | None, least: float | None, *, applies: bool) -> Assessment | None:
    if least is None:
        return None
    asked = f"at least {least:g} asked"
    if not applies:
        return Assessment(
            OutcomeVerdict.NOT_APPLICABLE,
            f"{name} not applicable: fed by event triggers, no audience to count ({asked})",
        )
    if value is None:
        return Assessment(OutcomeVerdict.UNKNOWN, f"{name} unknown: the service has no figure yet ({asked})")
    verdict = OutcomeVerdict.MET if value >= least else OutcomeVerdict.SHORT
    shown = f"{value:.1f}" if isinstance(value, float) else str(value)
    return Assessment(verdict, f"{name} {shown} ({asked})")
