"""What the tests of guards share: facts in which every guard passes, and a way to ask one of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connect_campaigns.core.guards import GUARDS, Facts, GuardSettings
from connect_campaigns.core.run import RunInfo
from connect_campaigns.core.schedule import Window

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)  # a Tuesday
WINDOW = Window(NOW + timedelta(hours=1), NOW + timedelta(hours=9))
FLOW = "arn:aws:connect:us-east-1:123456789012:instance/i/contact-flow/f:3"
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
NINE_TO_FIVE = {"openHours": {"dailyHours": {day: [{"startTime": "T09:00", "endTime": "T17:00"}] for day in DAYS}}}
LIMITS = {
    "allChannelSubtypes": {"communicationLimitsList": [{"maxCountPerRecipient": 1, "frequency": 2, "unit": "DAY"}]}
}
CONFIG = {
    "channelSubtypeConfig": {"telephony": {}},
    "source": {"customerProfilesSegmentArn": "arn:…"},
    "connectCampaignFlowArn": FLOW,
    "communicationTimeConfig": {"localTimeZoneConfig": {"defaultTimeZone": "UTC"}, "telephony": NINE_TO_FIVE},
    "communicationLimitsOverride": LIMITS,
}
BY_NAME = {guard.name: guard for guard in GUARDS}


def run(**changes) -> RunInfo:
    given = {"dag_id": "d", "run_id": "r", "task_id": "t", "due": NOW, "run_type": "scheduled", "scheduled": True}
    return RunInfo(**{**given, **changes})


def ask(name: str, settings: GuardSettings = GuardSettings(), **facts):
    known = {
        "run": run(),
        "wall_now": NOW,
        "has_ledger": True,
        "key": "ours",
        "now": NOW,
        "config": CONFIG,
        "state": "Initialized",
        "window": WINDOW,
    }
    return BY_NAME[name].check(Facts(**{**known, **facts}), settings)


def config(**changes):
    return {"config": {**CONFIG, **changes}}
