"""What the tests of guards share: facts in which every guard passes, and a way to ask one of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connect_campaigns.core.definitions import all_of, attribute, excluding, groups
from connect_campaigns.core.guards import GUARDS
from connect_campaigns.core.prepared import PreparedSegment
from connect_campaigns.core.run import RunInfo
from connect_campaigns.core.schedule import Window
from connect_campaigns.core.verdicts import Facts, GuardSettings, SegmentRead

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)  # a Tuesday
WINDOW = Window(NOW + timedelta(hours=1), NOW + timedelta(hours=9))
SEGMENT = PreparedSegment(
    arn="arn:aws:profile:us-east-1:123456789012:domains/crm/segment-definitions/spring-0a1b2c3d",
    name="spring-0a1b2c3d",
    definition_hash="0a1b2c3d",
    created_at=NOW - timedelta(minutes=30),
    count=135,
    imported_at=NOW - timedelta(hours=1),
    rows=140,
    suppression_imported_at=NOW - timedelta(days=3),
    expires_at=NOW + timedelta(days=14),
    suppression_expires_at=NOW + timedelta(days=57),
)
GROUPS = {
    "Groups": [
        all_of(attribute("Contact", "INCLUSIVE", "cellular")),
        excluding("do-not-call-1a2b3c4d"),
    ],
    "Include": "ALL",
}
READ = SegmentRead(
    name=SEGMENT.name,
    content=GROUPS,
    hash=SEGMENT.definition_hash,
    created_at=SEGMENT.created_at,
    sources={"do-not-call-1a2b3c4d": groups(all_of(attribute("DoNotCall", "INCLUSIVE", "yes")))},
)
FLOW = "arn:aws:connect:us-east-1:123456789012:instance/i/contact-flow/f:3"
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
NINE_TO_FIVE = {"openHours": {"dailyHours": {day: [{"startTime": "T09:00", "endTime": "T17:00"}] for day in DAYS}}}
LIMITS = {
    "allChannelSubtypes": {"communicationLimitsList": [{"maxCountPerRecipient": 1, "frequency": 2, "unit": "DAY"}]}
}
CONFIG = {
    "channelSubtypeConfig": {"telephony": {}},
    "source": {"customerProfilesSegmentArn": SEGMENT.arn},
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
        "prepared": SEGMENT,
        "segment": READ,
    }
    return BY_NAME[name].check(Facts(**{**known, **facts}), settings)


def config(**changes):
    return {"config": {**CONFIG, **changes}}
