"""Each guard: when it passes, when it fails with which words, when it can't tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.utils.types import DagRunType

from connect_campaigns.core.guards import GUARDS
from connect_campaigns.core.records import Freeze
from connect_campaigns.core.run import BACKFILL, MANUAL
from connect_campaigns.core.schedule import Late, Window
from connect_campaigns.core.verdicts import Failed, GuardSettings, NotEvaluated, OnFailure, Passed, Warned
from tests.unit.core.guard_kit import CONFIG, FLOW, LIMITS, NINE_TO_FIVE, NOW, WINDOW, ask, config, run


def test_the_order_is_the_documented_one_and_freeze_is_last():
    assert [guard.name for guard in GUARDS] == [
        "backfill",
        "run_age",
        "manual_run",
        "schedule",
        "communication_hours",
        "permitted_hours",
        "closed_days",
        "campaign_flow",
        "communication_limits",
        "launch_gap",
        "overlap",
        "recontact",
        "prepared_segment",
        "sql_segment",
        "data_age",
        "suppression_age",
        "data_expiry",
        "audience",
        "audience_change",
        "exclusion",
        "freeze",
    ]


PASSES = [
    ("backfill", {}),
    ("backfill", {"run": run(run_type="asset_triggered")}),
    ("run_age", {}),
    ("run_age", {"wall_now": NOW + timedelta(hours=12)}),
    ("run_age", {"wall_now": NOW - timedelta(hours=1)}),
    ("manual_run", {"run": run(run_type="manual")}),
    ("schedule", {}),
    ("schedule", {"state": None}),
    ("communication_hours", {}),
    ("campaign_flow", {}),
    ("communication_limits", {}),
    ("communication_limits", config(communicationLimitsOverride={"instanceLimitsHandling": "OPT_IN"})),
    ("communication_limits", config(communicationLimitsOverride={**LIMITS, "instanceLimitsHandling": "OPT_IN"})),
    ("freeze", {}),
]


@pytest.mark.parametrize(("name", "facts"), PASSES)
def test_a_guard_passes(name, facts):
    assert isinstance(ask(name, **facts), Passed)


CLOSED = {"openHours": {"dailyHours": {"SUNDAY": [{"startTime": "T09:00", "endTime": "T17:00"}]}}}
HOLIDAY = {
    **NINE_TO_FIVE,
    "restrictedPeriods": {"restrictedPeriodList": [{"startDate": "2026-12-01", "endDate": "2026-12-02"}]},
}
BOTH_ZONES = {"defaultTimeZone": "UTC", "localTimeZoneDetection": ["AREA_CODE"]}
AT_NIGHT = {"window": Window(NOW + timedelta(hours=10), NOW + timedelta(hours=12))}
NO_HOURS = {"localTimeZoneConfig": {"defaultTimeZone": "UTC"}}
FAILS = [
    ("backfill", {"run": run(run_type="backfill")}, OnFailure.SKIP, "backfill"),
    ("backfill", {"run": run(run_type="backfill_job")}, OnFailure.SKIP, "backfill"),
    ("run_age", {"wall_now": NOW + timedelta(hours=12, seconds=1)}, OnFailure.FAIL, "due 12.0 h ago"),
    ("schedule", {"window": Late("it is late", skip=False)}, OnFailure.FAIL, "too late"),
    ("schedule", {"window": Late("it is late", skip=True)}, OnFailure.SKIP_FOR_GOOD, "too late"),
    ("schedule", {"window": Late("its end", skip=False, hint="end by `end_at`")}, OnFailure.FAIL, "too late: its end"),
    ("schedule", {"window": None}, OnFailure.FAIL, "no schedule"),
    ("schedule", {"window": Window(WINDOW.end, WINDOW.start)}, OnFailure.FAIL, "before it starts"),
    ("schedule", {"window": Window(NOW, WINDOW.end)}, OnFailure.FAIL, "past its start"),
    ("schedule", {"window": Window(NOW - timedelta(days=1), NOW)}, OnFailure.FAIL, "over"),
    ("schedule", {"window": Window(NOW + timedelta(hours=10), NOW + timedelta(hours=12))}, OnFailure.FAIL, "telephony"),
    (
        "schedule",
        config(communicationTimeConfig={**CONFIG["communicationTimeConfig"], "telephony": CLOSED}),
        OnFailure.FAIL,
        "hours",
    ),
    (
        "schedule",
        config(communicationTimeConfig={**CONFIG["communicationTimeConfig"], "telephony": HOLIDAY}),
        OnFailure.FAIL,
        "hours",
    ),
    ("communication_hours", config(communicationTimeConfig={}), OnFailure.FAIL, "any hour"),
    (
        "communication_hours",
        config(communicationTimeConfig={"localTimeZoneConfig": BOTH_ZONES, "telephony": NINE_TO_FIVE}),
        OnFailure.FAIL,
        "detection",
    ),
    (
        "communication_hours",
        config(communicationTimeConfig={"localTimeZoneConfig": {}, "telephony": NINE_TO_FIVE}),
        OnFailure.FAIL,
        "no time zone",
    ),
    (
        "communication_hours",
        config(channelSubtypeConfig={}, communicationTimeConfig=NO_HOURS),
        OnFailure.FAIL,
        "it may be any",
    ),
    ("schedule", AT_NIGHT | config(channelSubtypeConfig={}), OnFailure.FAIL, "telephony"),
    ("campaign_flow", config(connectCampaignFlowArn=None), OnFailure.FAIL, "no campaign flow"),
    ("campaign_flow", config(connectCampaignFlowArn=FLOW.rsplit(":", 1)[0]), OnFailure.FAIL, "contact-flow/f"),
    ("freeze", {"freeze": Freeze(at="2026-12-01", by="anna", reason="holiday")}, OnFailure.HOLD, "anna: holiday"),
]


@pytest.mark.parametrize(("name", "facts", "then", "words"), FAILS)
def test_a_guard_fails_in_three_parts(name, facts, then, words):
    verdict = ask(name, **facts)
    assert isinstance(verdict, Failed)
    assert verdict.then is then
    assert words in verdict.found
    assert verdict.allowed
    assert verdict.hint


@pytest.mark.parametrize("run_type", ["manual", "operator_triggered", "asset_materialization"])
def test_a_manual_run_of_a_scheduled_dag_may_be_told_to_check(run_type):
    verdict = ask("manual_run", GuardSettings(if_manual="check"), run=run(run_type=run_type, triggered_by="anna"))
    assert (verdict.then, "anna" in verdict.found) == (OnFailure.SKIP, True)


def test_every_run_type_of_airflow_is_known_as_a_schedule_s_a_backfill_s_or_a_manual_one():
    types = {each.value for each in DagRunType}
    assert types - BACKFILL - set(MANUAL) == {
        "scheduled",
        next(each for each in types if each.endswith("set_triggered")),
    }


NOT_TOLD = [
    ("run_age", GuardSettings(max_run_age=None), {}),
    ("run_age", GuardSettings(lateness_bounded=True), {"wall_now": NOW + timedelta(days=9)}),
    ("run_age", GuardSettings(), {"run": run(due=None)}),
    ("manual_run", GuardSettings(if_manual="check"), {}),
    ("manual_run", GuardSettings(if_manual="check"), {"run": run(run_type="manual", scheduled=False)}),
    ("schedule", GuardSettings(), {"state": "Running"}),
    ("communication_hours", GuardSettings(), config(channelSubtypeConfig={"sms": {}})),
    ("campaign_flow", GuardSettings(), config(source={"eventTrigger": {}})),
    ("freeze", GuardSettings(), {"has_ledger": False}),
]


@pytest.mark.parametrize(("name", "settings", "facts"), NOT_TOLD)
def test_a_guard_that_can_t_tell_says_why(name, settings, facts):
    verdict = ask(name, settings, **facts)
    assert isinstance(verdict, NotEvaluated)
    assert verdict.why


def test_hours_can_be_demanded_of_every_channel():
    settings = GuardSettings(require_hours=True)
    verdict = ask("communication_hours", settings, **config(channelSubtypeConfig={"sms": {}, "telephony": {}}))
    assert isinstance(verdict, Failed)
    assert "sms" in verdict.found


def test_hours_are_demanded_of_every_channel_that_a_flow_may_choose():
    of_voice = ask("communication_hours", **config(channelSubtypeConfig={}))
    assert isinstance(of_voice, Passed)
    of_all = ask("communication_hours", GuardSettings(require_hours=True), **config(channelSubtypeConfig={}))
    assert "for sms, email, whatsApp" in of_all.found


def test_recipients_own_zones_are_left_to_the_service():
    zones = {"localTimeZoneConfig": {"localTimeZoneDetection": ["AREA_CODE"]}, "telephony": NINE_TO_FIVE}
    at_night = Window(NOW + timedelta(hours=10), NOW + timedelta(hours=12))
    assert isinstance(ask("schedule", window=at_night, **config(communicationTimeConfig=zones)), Passed)


def test_a_window_past_midnight_finds_the_next_day_s_hours():
    overnight = Window(NOW + timedelta(hours=10), NOW + timedelta(hours=26))
    assert isinstance(ask("schedule", window=overnight), Passed)


def test_a_restricted_period_s_end_date_is_open_again():
    """The end date is exclusive (documented)."""
    times = {**CONFIG["communicationTimeConfig"], "telephony": HOLIDAY}
    next_day = Window(NOW + timedelta(hours=25), NOW + timedelta(hours=30))
    assert isinstance(ask("schedule", window=next_day, **config(communicationTimeConfig=times)), Passed)


NO_LIMITS = [
    ({}, "no communication limits of its own"),
    ({"allChannelSubtypes": {"communicationLimitsList": []}}, "no communication limits of its own"),
    ({"instanceLimitsHandling": "OPT_OUT"}, "opts out"),
    ({**LIMITS, "instanceLimitsHandling": "OPT_OUT"}, "its own: 1 in 2 DAY"),
]


@pytest.mark.parametrize(("override", "words"), NO_LIMITS)
def test_a_campaign_without_limits_is_told_of_or_refused_as_its_author_chose(override, words):
    facts = config(communicationLimitsOverride=override)
    warned = ask("communication_limits", **facts)
    failed = ask("communication_limits", GuardSettings(if_no_limits="fail"), **facts)
    assert isinstance(warned, Warned)
    assert isinstance(failed, Failed)
    assert words in warned.found
    assert (warned.found, warned.allowed, warned.hint) == (failed.found, failed.allowed, failed.hint)
    assert failed.then is OnFailure.FAIL


def test_opting_out_of_the_instance_s_limits_needs_a_reason_and_no_more():
    settings = GuardSettings(if_no_limits="fail", ignore_instance_limits="a recall, required by law")
    verdict = ask(
        "communication_limits", settings, **config(communicationLimitsOverride={"instanceLimitsHandling": "OPT_OUT"})
    )
    assert verdict == Passed("opted out of the instance's limits: a recall, required by law")


def test_a_reason_to_opt_out_doesn_t_stand_for_limits():
    settings = GuardSettings(if_no_limits="fail", ignore_instance_limits="a recall")
    assert isinstance(ask("communication_limits", settings, **config(communicationLimitsOverride={})), Failed)
