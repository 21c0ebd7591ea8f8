"""Guards that look at the Airflow run alone; they cost no call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.core.run import MANUAL
from connect_campaigns.core.verdicts import Failed, NotEvaluated, OnFailure, Passed, span

if TYPE_CHECKING:
    from connect_campaigns.core.verdicts import Facts, GuardSettings, Verdict


def backfill(facts: Facts, _: GuardSettings) -> Verdict:
    """No launch in a run that a backfill made: yesterday's people are not called today."""
    event = next((each for each in facts.run.refreshes if each.is_backfill), None)
    if event:
        return Failed(
            f"a backfill refreshed segment {event.segment!r}, and that triggered run {facts.run.run_id}",
            allowed="refreshes by scheduled, asset-triggered and manual runs: a backfill launches nobody",
            hint="publish with PublishSegmentOperator, which skips in a backfill; to launch today, trigger the refreshing DAG",
            then=OnFailure.SKIP,
        )
    if not facts.run.is_backfill:
        return Passed(f"run type {facts.run.run_type}")
    return Failed(
        f"run {facts.run.run_id} was made by a backfill",
        allowed="scheduled, asset-triggered and manual runs: a backfill launches nobody",
        hint="to launch today, trigger the DAG by hand",
        then=OnFailure.SKIP,
    )


def run_age(facts: Facts, settings: GuardSettings) -> Verdict:
    """No launch in a run that is long past due, as a catch-up or an old run cleared, nor on a refresh that is.

    The run that an asset event triggers is always a new one, whenever the event was published.
    """
    due, bound = facts.run.due, settings.max_run_age
    oldest = min(facts.run.refreshes, key=lambda each: each.as_of, default=None)
    if bound is not None and oldest and facts.wall_now - oldest.as_of > bound:
        return Failed(
            f"segment {oldest.segment!r} was refreshed {span(facts.wall_now - oldest.as_of)} ago"
            f" ({oldest.as_of:%Y-%m-%d %H:%M} UTC, by a run of type {oldest.run_type})",
            allowed=f"a refresh at most {span(bound)} ago (`max_run_age`)",
            hint="trigger the DAG that refreshes the segment: its event starts a run of this one",
        )
    if settings.lateness_bounded:
        return NotEvaluated("latest_start or end_at decides")
    if bound is None or due is None:
        return NotEvaluated("max_run_age=None" if bound is None else "the run has no due time")
    age = facts.wall_now - due
    if age <= bound:
        return Passed(f"due {span(age)} ago")
    return Failed(
        f"run {facts.run.run_id} was due {span(age)} ago ({due:%Y-%m-%d %H:%M} UTC)",
        allowed=f"a run due at most {span(bound)} ago (`max_run_age`)",
        hint="trigger the DAG by hand for today; or set max_run_age, or latest_start and end_at, which then decide",
    )


def manual_run(facts: Facts, settings: GuardSettings) -> Verdict:
    """Whether a manual run of a scheduled DAG launches is its author's choice."""
    if not (facts.run.is_manual and facts.run.scheduled):
        return NotEvaluated("no manual run of a scheduled DAG")
    if settings.if_manual == "launch":
        return Passed('if_manual="launch"')
    return Failed(
        f"run {facts.run.run_id} was triggered {MANUAL[facts.run.run_type]} ({facts.run.triggered_by or 'by whom is not known'})",
        allowed='manual runs of this scheduled DAG check only (if_manual="check")',
        hint='trigger it again with "launch" as what a manual trigger does',
        then=OnFailure.SKIP,
    )
