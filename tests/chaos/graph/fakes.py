"""What a launcher under exploration talks to: the methods of `Campaigns` and `Ledger`, each one call to the explorer.

The replies that the explorer chose are handed out in order; when they run out, the next call is what the pass wants to
know, and `Wanted` carries it out of the launcher's code, as a killed process would leave it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.campaigns import SCHEDULE_FROZEN, Description
from connect_campaigns.aws.clone import KEY_TAG, LEDGER_TAG, TEMPLATE_TAG
from connect_campaigns.aws.outcomes import Kind, Outcome, explain
from connect_campaigns.core.errors import LaunchHeld, LaunchRefused
from connect_campaigns.core.keys import audience_name
from connect_campaigns.core.records import (
    ClaimRecord,
    EndRecord,
    Freeze,
    KeyRecord,
    LaunchRecord,
    Marker,
    RelaunchRecord,
)
from connect_campaigns.core.states import NOT_FOUND, CampaignState
from tests.chaos.graph.world import END, MORNING, START, VOID
from tests.launch_kit import FLOW, HOURS, INSTANCE, SEGMENT_ARN, VOICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connect_campaigns.core.records import Event
    from connect_campaigns.core.schedule import Window
    from tests.chaos.graph.world import Call

DAY = datetime(2026, 12, 1, tzinfo=UTC)
AT, BY = DAY.isoformat(), "attempt"
LEDGER_ID = "ledger"
ELSEWHERE = "another ledger"
"""The maker of a campaign that was cloned under another ledger; also that ledger's id."""

NONCE = "5f3a"
TEMPLATES = ("t0", "t1")
ASKED = ("asker", "recontact", "former", "attempted", "source")
"""What of a relaunch request may decide."""


class Wanted(BaseException):
    """The replies ran out: this is the call that the pass makes next."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.call = call


class Port:
    """Hands out the replies that were chosen for one pass; notes the calls."""

    def __init__(self, replies: tuple[Any, ...]) -> None:
        self.replies = replies
        self.calls: list[Call] = []

    def ask(self, *call: Any) -> Any:
        if len(self.calls) == len(self.replies):
            raise Wanted(call)
        self.calls.append(call)
        return self.replies[len(self.calls) - 1]


def moment(minutes: int) -> datetime:
    return DAY + timedelta(minutes=minutes)


def minutes(at: datetime) -> int:
    return int((at - DAY).total_seconds() // 60)


def source_arn(source: str) -> str:
    return f"{SEGMENT_ARN.rsplit('/', 1)[0]}/{source}"


@cache
def description(name: str, window: tuple[int, int], source: str, maker: str | None) -> Description:
    """Make what DescribeCampaign says; a maker shows as our tags."""
    arn = f"arn:aws:connect-campaigns:us-east-1:123456789012:campaign/{name}"
    ledger = ELSEWHERE if maker == ELSEWHERE else LEDGER_ID
    ours = {LEDGER_TAG: ledger, KEY_TAG: maker, TEMPLATE_TAG: TEMPLATES[0]} if maker else {}
    config = {
        "id": name,
        "arn": arn,
        "name": f"spring {name}",
        "connectInstanceId": INSTANCE,
        "source": {"customerProfilesSegmentArn": source_arn(source)},
        "connectCampaignFlowArn": FLOW,
        "channelSubtypeConfig": VOICE,
        "communicationTimeConfig": HOURS,
        "schedule": {"startTime": moment(window[0]), "endTime": moment(window[1])},
        "tags": ours,
    }
    return Description(id=name, arn=arn, name=config["name"], config=config)


def described(known: Description | None) -> tuple[Any, ...] | None:
    """Give what `description` made one of, so that it can be carried as a value that hashes."""
    if known is None:
        return None
    schedule, tags = known.config["schedule"], known.config["tags"]
    window = (minutes(schedule["startTime"]), minutes(schedule["endTime"]))
    return known.id, window, audience_name(known.config["source"]["customerProfilesSegmentArn"]), tags.get(KEY_TAG)


class FakeCampaigns:
    """`Campaigns`, asked of the explorer.

    :param who: whose calls these are: the launch key, "relaunch" or "housekeeping"
    :param asker: the run that launches, where it asks for a relaunch too
    :param recorded: a start needs a launch record: not so without a ledger
    """

    def __init__(self, port: Port, *, who: str, asker: str = "", recorded: bool = True) -> None:
        self._port = port
        self._who = who
        self._asker = asker
        self._recorded = recorded
        self._clock = MORNING

    region = "us-east-1"

    def service_now(self) -> datetime:
        return moment(self._clock)

    def _ask(self, *call: Any) -> tuple[str, Any]:
        kind, value, self._clock = self._port.ask(*call)
        return kind, value

    def _read(self, action: str, *call: Any) -> Any:
        kind, value = self._ask(*call)
        if kind != Kind.ACCEPTED:
            raise explain(Outcome(Kind(kind), code=value), action=f"connect-campaigns:{action}", resource=str(call[1:]))
        return value

    def _send(self, *call: Any) -> Outcome:
        kind, value = self._ask(*call)
        if kind == Kind.ACCEPTED:
            return Outcome(Kind.ACCEPTED, reply={"id": value} if value else {})
        return Outcome(Kind(kind), code=value, message="as the explorer chose")

    def state(self, campaign_id: str) -> str:
        return str(self._read("GetCampaignState", "state", campaign_id))

    def describe(self, campaign_id: str) -> Description | None:
        if campaign_id in TEMPLATES:
            self._read("DescribeCampaign", "template")
            return description(campaign_id, (START, END), "people", None)
        seen = self._read("DescribeCampaign", "describe", campaign_id)
        return description(campaign_id, *seen) if seen else None

    def summaries(self, _instance_id: str | None = None) -> list[dict[str, Any]]:
        listed = self._read("ListCampaigns", "list")
        return [{"id": name, "status": state, "maker": maker} for name, state, maker in listed]

    def create(self, request: dict[str, Any]) -> Outcome:
        tags, schedule = request["tags"], request["schedule"]
        window = (minutes(schedule["startTime"]), minutes(schedule["endTime"]))
        source = audience_name(request["source"]["customerProfilesSegmentArn"])
        return self._send("create", tags[KEY_TAG], tags[TEMPLATE_TAG], source, window, NONCE in request["name"])

    def start(self, campaign_id: str) -> Outcome:
        return self._send("start", campaign_id, self._who, self._asker, self._recorded)

    def delete(self, campaign_id: str) -> Outcome:
        return self._send("delete", campaign_id, self._who)

    def renew_schedule(self, known: Description, window: Window) -> Outcome:
        """Do as the real one does: read the state, then send."""
        state = self.state(known.id)
        if state != CampaignState.INITIALIZED:
            raise LaunchRefused(f"{known.id} is {state}", allowed="", hint="", code=SCHEDULE_FROZEN)
        return self._send("update", known.id, (minutes(window.start), minutes(window.end)))


class FakeLedger:
    """`Ledger`, asked of the explorer; the marker is read before the first pass and stands."""

    uri = "s3://ledger/launches"

    def __init__(self, port: Port) -> None:
        self._port = port
        self.last_put: tuple[str, Any] = ("", None)

    def marker(self, **_: Any) -> Marker:
        return Marker(at=AT, by=BY, id=LEDGER_ID)

    def _read(self, *call: Any) -> Any:
        kind, value, _ = self._port.ask(*call)
        if kind != Kind.ACCEPTED:
            raise explain(Outcome(Kind(kind), code=value), action="s3:GetObject", resource=str(call))
        return value

    def _put(self, *call: Any) -> bool:
        kind, value, _ = self._port.ask(*call)
        self.last_put = (kind, value)
        if kind == Kind.REFUSED and value != "PreconditionFailed":
            raise explain(Outcome(Kind.REFUSED, code=value), action="s3:PutObject", resource=str(call))
        return kind in {Kind.ACCEPTED, Kind.REFUSED}

    def key(self, key: str, generation: int) -> KeyRecord | None:
        seen = self._read("key", key, generation)
        if seen is None:
            return None
        campaign, template = seen
        return KeyRecord(at=AT, by=BY, key=key, generation=generation, campaign=campaign, template=template)

    def write_key(self, record: KeyRecord) -> None:
        self._put("put_key", record.key, record.generation, record.campaign, record.template)

    def claim(self, campaign_id: str) -> ClaimRecord | None:
        seen = self._read("claim", campaign_id)
        if seen is None:
            return None
        key, generation = seen or (None, None)
        return ClaimRecord(at=AT, by=BY, campaign=campaign_id, key=key, generation=generation)

    def write_claim(self, record: ClaimRecord) -> None:
        self._put("put_claim", record.campaign, (record.key, record.generation) if record.key else VOID)

    def ended(self, campaign_id: str) -> EndRecord | None:
        state = self._read("ended", campaign_id)
        return EndRecord(at=AT, by=BY, campaign=campaign_id, state=state) if state else None

    def write_ended(self, record: EndRecord) -> None:
        self._put("put_ended", record.campaign, record.state)

    def relaunch(self, key: str, generation: int) -> RelaunchRecord | None:
        asked = self._read("relaunch", key, generation)
        if asked is None:
            return None
        members = dict(zip(ASKED, asked, strict=True))
        return RelaunchRecord(at=AT, by=BY, key=key, generation=generation, reason="a person's", **members)

    def write_relaunch(self, record: RelaunchRecord) -> None:
        self._put("put_relaunch", record.key, record.generation, tuple(getattr(record, name) for name in ASKED))

    def write_launch(self, record: LaunchRecord) -> bool:
        return self._put("put_record", record.key, record.generation, record.campaign)

    def launch(self, *, audience: str, key: str, generation: int, **_: Any) -> LaunchRecord | None:
        campaign = self._read("record", key, generation)
        if campaign is None:
            return None
        return LaunchRecord(at=AT, by=BY, key=key, generation=generation, campaign=campaign, audience=audience)

    def launches_since(self, *, template: str | None, audience: str, since: datetime) -> list[LaunchRecord]:  # noqa: ARG002 - every record is of today, and of one audience
        return [
            LaunchRecord(at=AT, by=BY, key=key, generation=generation, campaign=campaign, audience=audience)
            for key, generation, campaign in self._read("launches", template)
        ]

    def launches_back(self, *, template: str | None, audience: str) -> Iterator[LaunchRecord]:
        return reversed(self.launches_since(template=template, audience=audience, since=DAY))

    def write_event(self, event: Event, *, at: datetime, nonce: str) -> None:  # noqa: ARG002 - no decision rests on an event
        self._put("put_event")

    def frozen(self) -> Freeze | None:
        """Do as the real one does: what can't be read counts as on."""
        kind, value, _ = self._port.ask("frozen")
        if kind != Kind.ACCEPTED:
            raise LaunchHeld("the freeze switch can't be read", allowed="", hint="", code="freeze")
        return Freeze(at=AT, by=BY, reason="a person's") if value else None


__all__ = ["NOT_FOUND", "FakeCampaigns", "FakeLedger", "Port", "Wanted"]
