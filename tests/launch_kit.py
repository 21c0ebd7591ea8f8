"""What the tests of launching share: a world that is ready to launch, and operators run as Airflow would run them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from connect_campaigns.aws.ledger import Ledger
from connect_campaigns.core.prepared import PreparedSegment
from tests.emulator.campaign_kit import FLOW, INSTANCE, SEGMENT_ARN, Kit
from tests.waiting_kit import TaskInstance, connection_json

LEDGER = "s3://ledger/launches"
VOICE = {
    "telephony": {
        "connectQueueId": "aaaaaaaa-1111-2222-3333-444444444444",
        "outboundMode": {"agentless": {}},
        "defaultOutboundConfig": {"connectContactFlowId": "bbbbbbbb-1111-2222-3333-444444444444"},
    }
}
ALWAYS = {day: [{"startTime": "T00:00", "endTime": "T23:59"}] for day in (
    "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")}  # fmt: skip
HOURS = {"localTimeZoneConfig": {"defaultTimeZone": "UTC"}, "telephony": {"openHours": {"dailyHours": ALWAYS}}}

WRITES = ("Create", "Start", "Pause", "Resume", "Stop", "Delete", "Update", "Put", "Tag", "Untag", "Complete", "Upload")


class World:
    """One emulator with a domain, a segment, a template and a ledger; its clock stands still.

    :param people: profiles in the segment
    """

    def __init__(self, emulator: Any, monkeypatch: Any, *, people: int = 5, ledger: bool = True) -> None:
        self.emulator = emulator
        self.kit = Kit(emulator)
        self.monkeypatch = monkeypatch
        self.arn = self.kit.audience(people)
        self.template = self.campaign(name="spring")
        self.connect(ledger=ledger)
        if ledger:
            emulator.client("s3").create_bucket(Bucket="ledger")
            Ledger(emulator.client("s3"), uri=LEDGER).init(at=datetime.now(UTC), by="test")

    def connect(self, *, ledger: bool = True, **extra: Any) -> None:
        """Set the Airflow connection."""
        members = {"customer_profiles_domain": "crm", **({"launch_ledger": LEDGER} if ledger else {}), **extra}
        self.monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(self.emulator.url, **members))

    def hook(self) -> Any:
        from connect_campaigns.hooks import ConnectCampaignsHook

        return ConnectCampaignsHook("aws_default")

    def campaign(self, **changes: Any) -> str:
        """Make a voice campaign on the segment, ready to start in a minute."""
        config = {"channelSubtypeConfig": VOICE, "communicationTimeConfig": HOURS, **changes}
        return self.kit.create_for_segment(self.arn, **config)

    def prepared(self, segment: str = "everybody", **changes: Any) -> dict[str, Any]:
        """Give what `prepare_segment` would hand over for a segment, with something changed."""
        found = self.hook().segments.find(segment)
        handed = PreparedSegment(
            arn=found.arn,
            name=found.name,
            definition_hash=found.hash,
            created_at=found.created_at,
            count=5,
            imported_at=self.kit.now(),
            rows=5,
        )
        return {**handed.to_dict(), **changes}

    def state(self, campaign_id: str) -> str:
        return self.kit.state(campaign_id)

    @property
    def starts(self) -> int:
        """How many StartCampaign calls took effect."""
        return int(self.emulator.effects("StartCampaign"))

    def writes(self) -> int:
        """Count what was changed so far, by anybody, but for the ledger's events, which only tell."""
        counts = self.emulator.counts().items()
        changes = sum(count["effects"] for name, count in counts if name.partition(".")[2].startswith(WRITES))
        return changes - len(self.events())

    def events(self) -> list[str]:
        """Name the ledger's events by what they tell."""
        return [name.split("-", 3)[-1].rsplit("-", 1)[0] for name in self.objects() if name.startswith("events/")]

    def campaigns(self) -> list[dict[str, Any]]:
        pages = self.kit.campaigns.get_paginator("list_campaigns").paginate()
        return [each for page in pages for each in page["campaignSummaryList"]]

    def objects(self) -> list[str]:
        """Name the ledger's objects."""
        listed = self.emulator.client("s3").list_objects_v2(Bucket="ledger").get("Contents", [])
        return [each["Key"].removeprefix("launches/") for each in listed]


def about_noon(now: datetime, **minutes: int) -> dict[str, str]:
    """Give times of day, so many minutes from now, where it is about noon: elsewhere an hour may lead into another day."""
    west = now.hour - 12
    there = now - timedelta(hours=west)
    times = {name: f"{there + timedelta(minutes=shift):%H:%M}" for name, shift in minutes.items()}
    return times | {"timezone": f"Etc/GMT{west:+d}"}


class Ran:
    """One run of an operator: its value, its XComs, or its error."""

    def __init__(self, operator: Any, **run: Any) -> None:
        self.ti = RunningTask(operator.task_id, **run)
        self.value: Any = None
        self.error: BaseException | None = None
        try:
            self.value = operator.execute(self.ti.context)
        except Exception as error:  # noqa: BLE001 - what came is what a test looks at
            self.error = error

    @property
    def launch(self) -> dict[str, Any]:
        assert self.error is None, self.error
        return dict(self.ti.xcoms["launch"])


class RunningTask(TaskInstance):
    """A task instance with the run around it."""

    def __init__(
        self, task_id: str, *, run_id: str = "manual__1", run_type: str = "manual", due: datetime | None = None,
        scheduled: bool = False, map_index: int = -1, try_number: int = 1, conf: object = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.task_id = task_id
        self.map_index = map_index
        self.try_number = try_number
        self.run = SimpleNamespace(
            dag_id="spring_fr",
            run_id=run_id,
            run_type=run_type,
            run_after=due or datetime.now(UTC),
            triggering_user_name="anna",
            conf=conf or {},
        )
        self.dag = SimpleNamespace(timetable=SimpleNamespace(can_be_scheduled=scheduled))

    @property
    def context(self) -> dict[str, Any]:
        return {"ti": self, "dag_run": self.run, "dag": self.dag}


__all__ = ["FLOW", "HOURS", "INSTANCE", "LEDGER", "SEGMENT_ARN", "VOICE", "Ran", "RunningTask", "World", "timedelta"]
