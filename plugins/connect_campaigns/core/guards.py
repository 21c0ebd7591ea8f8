"""Checks that must hold before a launch: pure, in one order, which is the order of the docs' table.

A guard takes facts and settings and passes, fails, warns or says why it can't tell. It names the facts it needs, so that
the launcher fetches no others. A refusal fails the task; only a backfill's skips, and what its author said may.
"""

from __future__ import annotations

from connect_campaigns.core.guards_of_audience import (
    audience,
    audience_change,
    data_age,
    data_expiry,
    exclusion,
    prepared_segment,
    sql_segment,
    suppression_age,
)
from connect_campaigns.core.guards_of_campaign import campaign_flow, communication_limits
from connect_campaigns.core.guards_of_others import freeze, launch_gap, overlap, recontact
from connect_campaigns.core.guards_of_run import backfill, manual_run, run_age
from connect_campaigns.core.guards_of_time import closed_days, communication_hours, permitted_hours, schedule
from connect_campaigns.core.verdicts import Fact, Guard

_CAMPAIGN = frozenset({Fact.CAMPAIGN})
_SEGMENT = _CAMPAIGN | {Fact.SEGMENT}

GUARDS: tuple[Guard, ...] = (
    Guard("backfill", frozenset(), backfill),
    Guard("run_age", frozenset(), run_age),
    Guard("manual_run", frozenset(), manual_run),
    Guard("schedule", _CAMPAIGN, schedule),
    Guard("communication_hours", _CAMPAIGN, communication_hours),
    Guard("permitted_hours", _CAMPAIGN, permitted_hours),
    Guard("closed_days", _CAMPAIGN, closed_days),
    Guard("campaign_flow", _CAMPAIGN, campaign_flow),
    Guard("communication_limits", _CAMPAIGN, communication_limits),
    Guard("launch_gap", _CAMPAIGN | {Fact.LAUNCHES}, launch_gap),
    Guard("overlap", _CAMPAIGN | {Fact.ACTIVE}, overlap),
    Guard("recontact", _CAMPAIGN | {Fact.RELAUNCH}, recontact),
    Guard("prepared_segment", _SEGMENT, prepared_segment),
    Guard("sql_segment", _SEGMENT, sql_segment),
    Guard("data_age", _CAMPAIGN, data_age),
    Guard("suppression_age", _CAMPAIGN, suppression_age),
    Guard("data_expiry", _CAMPAIGN, data_expiry),
    Guard("audience", _CAMPAIGN, audience),
    Guard("audience_change", _CAMPAIGN | {Fact.LAST_LAUNCH}, audience_change),
    Guard("exclusion", _SEGMENT, exclusion),
    Guard("freeze", frozenset({Fact.FREEZE}), freeze),
)
"""In the order in which they are asked."""
