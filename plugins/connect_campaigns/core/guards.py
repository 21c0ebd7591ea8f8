"""Checks that must hold before a launch: pure, in one order, which is the order of the docs' table.

A guard takes facts and settings and passes, fails or says why it can't tell. It names the facts it needs, so that the
launcher fetches no others. A refusal fails the task; only a backfill's skips, and what its author said may.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.hours import channels, open_hours, overlaps, zones
from connect_campaigns.core.outcome import has_audience
from connect_campaigns.core.schedule import Late
from connect_campaigns.core.states import CampaignState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connect_campaigns.core.records import Freeze
    from connect_campaigns.core.run import RunInfo
    from connect_campaigns.core.schedule import Window

VERSIONED_FLOW = re.compile(r"arn:[^:]+:connect:[^:]*:[^:]*:instance/[^/]+/contact-flow/[^/:]+:\d+")


class Fact(StrEnum):
    """What a guard may need beyond the run itself; each costs calls."""

    CAMPAIGN = "campaign"  # configuration, state, window and service time
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
class NotEvaluated:
    """The check can't be made: rights or facts are missing, or nobody asked for it."""

    why: str


Verdict = Passed | Failed | NotEvaluated


@dataclass(frozen=True, kw_only=True)
class GuardSettings:
    """Each guard's switch.

    :param max_run_age: a run that was due longer ago launches nobody; None = no bound
    :param lateness_bounded: ``latest_start`` or ``end_at`` is given, and decides in place of ``max_run_age``
    :param if_manual: for a manual run of a scheduled DAG: ``launch``, or ``check`` (the launcher then only checks)
    :param require_hours: demand communication hours of every channel, not of voice alone
    """

    max_run_age: timedelta | None = timedelta(hours=12)
    lateness_bounded: bool = False
    if_manual: str = "launch"
    require_hours: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known when the guards are asked; None = not fetched.

    :param wall_now: the worker's clock, which is Airflow's: only a run's age is judged by it
    :param now: service time
    :param config: the campaign as it will be started, in DescribeCampaign's form
    :param state: its state; None where it doesn't exist yet
    :param window: when it will start and end
    :param freeze: the switch, where it is on
    """

    run: RunInfo
    wall_now: datetime
    has_ledger: bool
    now: datetime | None = None
    config: Mapping[str, Any] | None = None
    state: str | None = None
    window: Window | Late | None = None
    freeze: Freeze | None = None


@dataclass(frozen=True)
class Guard:
    """One check: its name (also the error's code), the facts it needs, and the decision."""

    name: str
    needs: frozenset[Fact]
    check: Callable[[Facts, GuardSettings], Verdict]


def backfill(facts: Facts, _: GuardSettings) -> Verdict:
    """No launch in a run that a backfill made: yesterday's people are not called today."""
    if not facts.run.is_backfill:
        return Passed(f"run type {facts.run.run_type}")
    return Failed(
        f"run {facts.run.run_id} was made by a backfill",
        allowed="scheduled, asset-triggered and manual runs: a backfill launches nobody",
        hint="to launch today, trigger the DAG by hand",
        then=OnFailure.SKIP,
    )


def run_age(facts: Facts, settings: GuardSettings) -> Verdict:
    """No launch in a run that is long past due: a catch-up, or an old run cleared."""
    due, bound = facts.run.due, settings.max_run_age
    if settings.lateness_bounded:
        return NotEvaluated("latest_start or end_at decides")
    if bound is None or due is None:
        return NotEvaluated("max_run_age=None" if bound is None else "the run has no due time")
    age = facts.wall_now - due
    if age <= bound:
        return Passed(f"due {_hours(age)} ago")
    return Failed(
        f"run {facts.run.run_id} was due {_hours(age)} ago ({due:%Y-%m-%d %H:%M} UTC)",
        allowed=f"a run due at most {_hours(bound)} ago (`max_run_age`)",
        hint="trigger the DAG by hand for today; or set max_run_age, or latest_start and end_at, which then decide",
    )


def manual_run(facts: Facts, settings: GuardSettings) -> Verdict:
    """Whether a manual run of a scheduled DAG launches is its author's choice."""
    if not (facts.run.is_manual and facts.run.scheduled):
        return NotEvaluated("no manual run of a scheduled DAG")
    if settings.if_manual == "launch":
        return Passed('if_manual="launch"')
    return Failed(
        f"run {facts.run.run_id} was triggered by hand ({facts.run.triggered_by or 'by whom is not known'})",
        allowed='manual runs of this scheduled DAG check only (if_manual="check")',
        hint='trigger it again with "launch" as what a manual trigger does',
        then=OnFailure.SKIP,
    )


def schedule(facts: Facts, _: GuardSettings) -> Verdict:
    """The campaign can still start as planned, and has time in which it may contact people."""
    window, now, config = facts.window, facts.now, facts.config
    if facts.state not in {None, CampaignState.INITIALIZED}:
        return NotEvaluated(f"the campaign is {facts.state}: its schedule is frozen")
    if isinstance(window, Late):
        return Failed(
            f"too late: {window.reason}",
            allowed="a launch that is ready before latest_start and end_at",
            hint="a later latest_start or end_at allows it"
            + ('; if_late="skip" makes this a skip' * (not window.skip)),
            then=OnFailure.SKIP_FOR_GOOD if window.skip else OnFailure.FAIL,
        )
    if window is None or now is None or config is None:
        return Failed(
            "the campaign has no schedule",
            allowed="a start and an end: the service refuses to start a campaign without",
            hint="give start_at, end_at and timezone, or a schedule to the campaign",
        )
    if window.end <= window.start:
        found = f"the schedule ends at {window.end:%Y-%m-%d %H:%M} UTC, before it starts at {window.start:%Y-%m-%d %H:%M} UTC"
        return Failed(found, allowed="an end after the start", hint='an end after midnight is written end_at="01:00+1"')
    if window.start <= now:
        which = "over" if window.end <= now else "past its start"
        return Failed(
            f"the schedule is {which}: {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC,"
            f" and service time is {now:%Y-%m-%d %H:%M} UTC",
            allowed="a start in the future: the service refuses others",
            hint="give start_at, end_at and timezone; for a campaign made by hand also renew_schedule=True",
        )
    shut = [channel for channel in channels(config) if overlaps(config, channel, window) is False]
    if shut:
        return Failed(
            f"from {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC no communication hours of"
            f" {', '.join(shut)} are open ({zones(config).get('defaultTimeZone')})",
            allowed="a schedule in which every channel has open hours",
            hint="move start_at and end_at, or change the template's communication hours",
        )
    return Passed(f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC")


def communication_hours(facts: Facts, settings: GuardSettings) -> Verdict:
    """Voice never without communication hours: without them the service dials at any hour (documented)."""
    config = facts.config or {}
    zone = zones(config)
    if zone.get("defaultTimeZone") and zone.get("localTimeZoneDetection"):
        return Failed(
            "the campaign has a default time zone and time zone detection",
            allowed="one kind of time zone: the fixed one is no fallback for recipients without their own",
            hint="keep either `defaultTimeZone` or `localTimeZoneDetection` in the template",
        )
    demanded = channels(config) if settings.require_hours else tuple(c for c in channels(config) if c == "telephony")
    without = [channel for channel in demanded if not open_hours(config, channel)]
    if without:
        return Failed(
            f"no communication hours are configured for {', '.join(without)}: contact would begin at any hour",
            allowed="open hours for every voice campaign"
            + (", and for every channel (require_hours=True)" * settings.require_hours),
            hint="add communication hours to the template, in the console under Communication time",
        )
    if not demanded:
        return NotEvaluated("no voice, and require_hours isn't set")
    return Passed(f"{', '.join(demanded)} in {zone.get('defaultTimeZone') or 'the zone of each recipient'}")


def campaign_flow(facts: Facts, _: GuardSettings) -> Verdict:
    """A segment campaign has a campaign flow, named with its version: the service refuses the start otherwise."""
    config = facts.config or {}
    if not has_audience(config):
        return NotEvaluated("no segment campaign")
    flow = config.get("connectCampaignFlowArn")
    if flow and VERSIONED_FLOW.fullmatch(flow):
        return Passed(f"version {flow.rsplit(':', 1)[1]}")
    return Failed(
        f"the campaign flow is {flow!r}" if flow else "the campaign has no campaign flow",
        allowed="a versioned flow ARN: arn:aws:connect:REGION:ACCOUNT:instance/ID/contact-flow/ID:VERSION",
        hint="publish a version of the campaign flow and name it in the template",
    )


def freeze(facts: Facts, _: GuardSettings) -> Verdict:
    """While the freeze switch is on nothing new begins; asked last, right before the start."""
    if not facts.has_ledger:
        return NotEvaluated("no ledger")
    if facts.freeze is None:
        return Passed("off")
    return Failed(
        f"launches are frozen since {facts.freeze.at} by {facts.freeze.by}: {facts.freeze.reason}",
        allowed="launches while the freeze is off",
        hint="whoever set it takes it off; a retry then goes on from here",
        then=OnFailure.HOLD,
    )


GUARDS: tuple[Guard, ...] = (
    Guard("backfill", frozenset(), backfill),
    Guard("run_age", frozenset(), run_age),
    Guard("manual_run", frozenset(), manual_run),
    Guard("schedule", frozenset({Fact.CAMPAIGN}), schedule),
    Guard("communication_hours", frozenset({Fact.CAMPAIGN}), communication_hours),
    Guard("campaign_flow", frozenset({Fact.CAMPAIGN}), campaign_flow),
    Guard("freeze", frozenset({Fact.FREEZE}), freeze),
)
"""In the order in which they are asked."""


def _hours(age: timedelta) -> str:
    seconds = age.total_seconds()
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{max(seconds, 0) / 60:.0f} min"
