"""Each guard: when it passes, when it fails with which words, when it can't tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connect_campaigns.core.guards import GUARDS, Facts, Failed, GuardSettings, NotEvaluated, OnFailure, Passed
from connect_campaigns.core.records import Freeze
from connect_campaigns.core.run import RunInfo
from connect_campaigns.core.schedule import Late, Window

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)  # a Tuesday
WINDOW = Window(NOW + timedelta(hours=1), NOW + timedelta(hours=9))
FLOW = "arn:aws:connect:us-east-1:123456789012:instance/i/contact-flow/f:3"
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
NINE_TO_FIVE = {"openHours": {"dailyHours": {day: [{"startTime": "T09:00", "endTime": "T17:00"}] for day in DAYS}}}
CONFIG = {
    "channelSubtypeConfig": {"telephony": {}},
    "source": {"customerProfilesSegmentArn": "arn:…"},
    "connectCampaignFlowArn": FLOW,
    "communicationTimeConfig": {"localTimeZoneConfig": {"defaultTimeZone": "UTC"}, "telephony": NINE_TO_FIVE},
}
BY_NAME = {guard.name: guard for guard in GUARDS}


def run(**changes) -> RunInfo:
    return RunInfo(
        **{
            "dag_id": "d",
            "run_id": "r",
            "task_id": "t",
            "due": NOW,
            "run_type": "scheduled",
            "scheduled": True,
            **changes,
        }
    )


def ask(name: str, settings: GuardSettings = GuardSettings(), **facts):
    known = {
        "run": run(),
        "wall_now": NOW,
        "has_ledger": True,
        "now": NOW,
        "config": CONFIG,
        "state": "Initialized",
        "window": WINDOW,
    }
    return BY_NAME[name].check(Facts(**{**known, **facts}), settings)


def config(**changes):
    return {"config": {**CONFIG, **changes}}


def test_the_order_is_the_documented_one_and_freeze_is_last():
    assert [guard.name for guard in GUARDS] == [
        "backfill",
        "run_age",
        "manual_run",
        "schedule",
        "communication_hours",
        "campaign_flow",
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
FAILS = [
    ("backfill", {"run": run(run_type="backfill")}, OnFailure.SKIP, "backfill"),
    ("backfill", {"run": run(run_type="backfill_job")}, OnFailure.SKIP, "backfill"),
    ("run_age", {"wall_now": NOW + timedelta(hours=12, seconds=1)}, OnFailure.FAIL, "due 12.0 h ago"),
    ("schedule", {"window": Late("it is late", skip=False)}, OnFailure.FAIL, "too late"),
    ("schedule", {"window": Late("it is late", skip=True)}, OnFailure.SKIP_FOR_GOOD, "too late"),
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


def test_a_manual_run_of_a_scheduled_dag_may_be_told_to_check():
    verdict = ask("manual_run", GuardSettings(if_manual="check"), run=run(run_type="manual", triggered_by="anna"))
    assert (verdict.then, "anna" in verdict.found) == (OnFailure.SKIP, True)


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
