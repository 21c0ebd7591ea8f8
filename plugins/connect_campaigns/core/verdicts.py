"""What a guard is told, what it says, and what that does to the task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connect_campaigns.core.closed_days import ClosedDays
    from connect_campaigns.core.exclusion import Exclusion
    from connect_campaigns.core.permitted import PermittedHours
    from connect_campaigns.core.prepared import PreparedSegment
    from connect_campaigns.core.records import Freeze, LaunchRecord, RelaunchRecord
    from connect_campaigns.core.run import RunInfo
    from connect_campaigns.core.schedule import Late, Window


class Fact(StrEnum):
    """What a guard may need beyond the run itself, in the order in which they are fetched; each costs calls."""

    CAMPAIGN = "campaign"  # configuration, state, window and service time
    LAUNCHES = "launches"  # by other keys, of the same template on the same audience
    ACTIVE = "active"  # campaigns that run on the same source
    RELAUNCH = "relaunch"  # the requests that gave up this key's former generations
    SEGMENT = "segment"  # its definition, and for `require_exclusion` those that it is built on
    LAST_LAUNCH = "last_launch"  # of the same template on the same audience, by another key
    FREEZE = "freeze"


class OnFailure(StrEnum):
    """What a failed guard does to the task."""

    FAIL = "fail"
    SKIP = "skip"  # it can't change for this run
    SKIP_FOR_GOOD = "skip_for_good"  # time decides: written as void first, so that no twin launches after all
    HOLD = "hold"  # it may turn by itself: a retry asks again


@dataclass(frozen=True)
class Passed:
    """The check holds."""

    note: str = ""


@dataclass(frozen=True)
class Failed:
    """The check doesn't hold: the three parts of its message, and what that does to the task."""

    found: str
    allowed: str
    hint: str
    then: OnFailure = OnFailure.FAIL


@dataclass(frozen=True)
class Warned:
    """The check doesn't hold, and its author wants to be told and nothing more."""

    found: str
    allowed: str
    hint: str


@dataclass(frozen=True)
class NotEvaluated:
    """The check can't be made: rights or facts are missing, or nobody asked for it."""

    why: str


Verdict = Passed | Failed | Warned | NotEvaluated


@dataclass(frozen=True, kw_only=True)
class GuardSettings:
    """Each guard's switch.

    :param max_run_age: a run that was due longer ago launches nobody; None = no bound
    :param lateness_bounded: ``latest_start`` or ``end_at`` is given, and decides in place of ``max_run_age``
    :param if_manual: for a manual run of a scheduled DAG: ``launch``, or ``check`` (the launcher then only checks)
    :param require_hours: demand communication hours of every channel, not of voice alone
    :param permitted_hours: when people may be contacted at all; None = nobody says
    :param closed_days: when nobody may be contacted; None = nobody says
    :param if_no_limits: ``warn`` or ``fail``
    :param ignore_instance_limits: why this campaign may opt out of the instance's communication limits
    :param min_launch_gap: between launches of one template on one audience by different keys; None = any
    :param if_overlap: ``warn`` or ``fail``; None = it isn't looked for
    :param allow_sql_segment: AWS Support enabled SQL segments for the account's campaigns
    :param max_data_age: since the import of the audience's profiles; None = any
    :param max_suppression_age: since the import of the suppression list; None = any
    :param if_expiring: ``warn`` or ``fail`` where profiles expire before the campaign's end; None = it isn't looked for
    :param min_audience: None = 1, wherever a count exists
    :param max_audience: None = any number
    :param max_audience_change_percent: against the last launch of this template and audience; None = any
    :param require_exclusion: whom the segment itself has to leave out
    """

    max_run_age: timedelta | None = timedelta(hours=12)
    lateness_bounded: bool = False
    if_manual: str = "launch"
    require_hours: bool = False
    permitted_hours: PermittedHours | None = None
    closed_days: ClosedDays | None = None
    if_no_limits: str = "warn"
    ignore_instance_limits: str | None = None
    min_launch_gap: timedelta | None = None
    if_overlap: str | None = None
    allow_sql_segment: bool = False
    max_data_age: timedelta | None = None
    max_suppression_age: timedelta | None = None
    if_expiring: str | None = "fail"
    min_audience: int | None = None
    max_audience: int | None = None
    max_audience_change_percent: float | None = None
    require_exclusion: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OtherLaunch:
    """A launch of the same template on the same audience, by another key.

    :param at: when its claim was written
    :param start: when its campaign was to start, as its record has it; None where it has no schedule
    :param state: its campaign's state now, or `NOT_FOUND`; None = it can't be told
    """

    key: str
    campaign: str
    audience: str
    at: datetime
    state: str | None
    start: datetime | None = None

    @property
    def contact(self) -> datetime:
        """When it began to contact people, or will."""
        return max(self.at, self.start or self.at)


@dataclass(frozen=True, kw_only=True)
class ActiveCampaign:
    """A campaign that is Running or Paused on the same source, or may be: its state or source can't be told then.

    :param state: None = it can't be told
    """

    id: str
    name: str
    state: str | None


@dataclass(frozen=True, kw_only=True)
class SegmentRead:
    """The source's definition as the service has it now.

    :param content: its SegmentGroups, or its SQL text
    :param hash: of its content
    :param sources: the contents of the definitions that it is built on, directly or not; None = not there
    """

    name: str
    content: Mapping[str, Any] | str
    hash: str
    created_at: datetime
    sources: Mapping[str, Mapping[str, Any] | str | None]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known when the guards are asked; None = not fetched.

    :param wall_now: the worker's clock, which is Airflow's: only a run's age is judged by it
    :param key: this launch's own
    :param claimed_at: when this launch's claim was written; None = not yet
    :param now: service time
    :param config: the campaign as it will be started, in DescribeCampaign's form
    :param state: its state; None where it doesn't exist yet
    :param window: when it will start and end
    :param launches: claimed within ``min_launch_gap`` and the usual lead before it; None too for a campaign that is no clone
    :param active: or why they could not be looked for
    :param relaunches: people's requests that gave up former generations of the key, in their order
    :param freeze: the switch, where it is on
    :param asked_source: ARN that the campaign has to have as its source; None = whichever
    :param prepared: what the launch was handed with its source; None = an ARN alone, or the template's own
    :param segment: the source's definition; None = it isn't there; or why it wasn't read
    :param last_launch: that was counted
    """

    run: RunInfo
    wall_now: datetime
    has_ledger: bool
    key: str = ""
    claimed_at: datetime | None = None
    now: datetime | None = None
    config: Mapping[str, Any] | None = None
    state: str | None = None
    window: Window | Late | None = None
    launches: tuple[OtherLaunch, ...] | None = None
    active: tuple[ActiveCampaign, ...] | str | None = None
    relaunches: tuple[RelaunchRecord, ...] = ()
    freeze: Freeze | None = None
    asked_source: str | None = None
    prepared: PreparedSegment | None = None
    segment: SegmentRead | str | None = "nobody asked for it"
    last_launch: LaunchRecord | None = None


@dataclass(frozen=True)
class Guard:
    """One check: its name (also the error's code), the facts it needs, and the decision."""

    name: str
    needs: frozenset[Fact]
    check: Callable[[Facts, GuardSettings], Verdict]


def told(severity: str, *, found: str, allowed: str, hint: str, then: OnFailure = OnFailure.FAIL) -> Failed | Warned:
    """Make the verdict of a check whose author chose between ``warn`` and ``fail``."""
    return Warned(found, allowed, hint) if severity == "warn" else Failed(found, allowed, hint, then)


def span(age: timedelta) -> str:
    """Show a length of time in hours or minutes."""
    seconds = age.total_seconds()
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{max(seconds, 0) / 60:.0f} min"
