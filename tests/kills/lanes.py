"""A lane: an emulator of one launch's own, whose log of requests and effects judges it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from connect_campaigns.aws.ledger import Ledger
from connect_emulator.client import Control
from tests.emulator.campaign_kit import Kit
from tests.launch_kit import HOURS, LEDGER, VOICE
from tests.standalone_kit import until
from tests.waiting_kit import connection_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_emulator.client import EmulatorProcess

THINGS = {
    "keys": "K", "campaigns": "C", "ended": "E", "relaunch": "R", "launches": "launch record", "events": "event",
    "control": "freeze", "ledger.json": "marker",
}  # fmt: skip
"""What the ledger's objects are called, by the first part of their names."""

NEVER = ("PauseCampaign", "StopCampaign", "ResumeCampaign")


@dataclass(frozen=True)
class Moment:
    """The reply of one call of a launch: the `skip`-th of its operation since the launch began, from 0."""

    task: str
    label: str
    service: str
    operation: str
    skip: int
    times: int = 1

    def __str__(self) -> str:
        return f"{self.task}: {self.label}"


class Emulator(Control):
    """The control API, and boto3 clients."""

    def client(self, service: str) -> Any:
        """Make a client."""
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="not-a-secret",
            config=Config(retries={"total_max_attempts": 1}),
        )


class Lane:
    """One emulator, used by one launch after another.

    :param name: also the name of the Airflow connection that leads there
    """

    def __init__(self, name: str, process: EmulatorProcess) -> None:
        self.name = name
        self.emulator = Emulator(process.url)
        # A call that is held must not end by the SDK's patience.
        self.connection = connection_json(
            process.url, customer_profiles_domain="crm", launch_ledger=LEDGER, config_kwargs={"read_timeout": 600}
        )
        self.template = ""
        self.before = 0

    def begin(self) -> None:
        """Forget the last launch; prepare a domain, a template and a ledger."""
        self.emulator.reset()
        self.kit = Kit(self.emulator)
        self.template = self.kit.create_for_segment(
            self.kit.audience(5), channelSubtypeConfig=VOICE, communicationTimeConfig=HOURS
        )
        s3 = self.emulator.client("s3")
        s3.create_bucket(Bucket="ledger")
        Ledger(s3, uri=LEDGER).init(at=datetime.now(UTC), by="test")
        self.before = self.emulator.calls()[-1]["number"]

    # -- moments ------------------------------------------------------------------------------------------------------

    def calls(self) -> list[dict[str, Any]]:
        """Give the requests of the launch."""
        return [each for each in self.emulator.calls() if each["number"] > self.before]

    def moments(self) -> list[Moment]:
        """Give the calls of a clean launch, as moments; both tasks of a launch begin by reading the marker."""
        moments: list[Moment] = []
        counts: Counter[tuple[str, str]] = Counter()
        began = 0
        for call in self.calls():
            label = label_of(call)
            began += label == "GetObject marker"
            task = ("create", "create", "start")[min(began, 2)]
            what = (call["service"], call["operation"])
            moments.append(Moment(task, label, *what, skip=counts[what]))
            counts[what] += 1
        last = max(number for number, each in enumerate(moments) if each.label == "StartCampaign")
        return moments[: last + 4]  # and the look after it: K, state, C

    def hold(self, moment: Moment) -> str:
        """Have the reply of that call held, after its effect; give the fault's id."""
        return self.emulator.add_fault(
            operation=moment.operation, service=moment.service, kind="hold", skip=moment.skip, times=moment.times
        )

    def fired(self, fault: str) -> int:
        """Say how many replies a fault holds, or held."""
        return next(int(each["fired"]) for each in self.emulator.faults() if each["id"] == fault)

    def until_held(self, fault: str, *, number: int = 1, why: Any = lambda: "") -> None:
        """Wait until so many replies are held."""
        until(lambda: self.fired(fault) >= number, seconds=240, step=0.05, why=why)

    # -- the verdict --------------------------------------------------------------------------------------------------

    @property
    def starts(self) -> int:
        """How many StartCampaign calls took effect."""
        return self.emulator.effects("StartCampaign")

    def states(self) -> dict[str, str]:
        """Give every campaign's state but the template's."""
        listed = self.kit.campaigns.list_campaigns()["campaignSummaryList"]
        return {each["id"]: self.kit.state(each["id"]) for each in listed if each["id"] != self.template}

    def records(self, folder: str) -> list[dict[str, Any]]:
        """Read the ledger's objects of one folder."""
        s3 = self.emulator.client("s3")
        listed = s3.list_objects_v2(Bucket="ledger", Prefix=f"launches/{folder}/").get("Contents", [])
        return [json.loads(s3.get_object(Bucket="ledger", Key=each["Key"])["Body"].read()) for each in listed]

    def problems(self, *, starts: int) -> list[str]:
        """Say what contradicts "launched once", by the emulator's log and the ledger."""
        found = []
        if self.starts != starts:
            found.append(f"{self.starts} StartCampaign took effect, and not {starts}")
        begun = {
            call["params"]["id"] for call in self.calls() if call["operation"] == "StartCampaign" and call["effect"]
        }
        named = {record["campaign"] for record in self.records("keys") if record["campaign"]}
        claimed = {record["campaign"] for record in self.records("campaigns") if record["key"]}
        if len(named) > 1 or not begun <= named or not begun <= claimed:
            found.append(f"started {begun}, named by the key {named}, claimed {claimed}")
        recorded = [record["campaign"] for record in self.records("launches")]
        if sorted(recorded) != sorted(begun):
            found.append(f"launch records of {recorded}, started {begun}")
        for campaign, state in self.states().items():
            if campaign not in named and (state != "Initialized" or campaign in claimed):
                found.append(f"orphan {campaign} is {state}{', claimed' if campaign in claimed else ''}")
        found += [f"{each['operation']} was sent" for each in self.calls() if each["operation"] in NEVER]
        if self.emulator.health()["unexpected_errors"]:
            found.append("unexpected errors in the emulator: tracebacks on its stderr")
        return found

    @property
    def made(self) -> int:
        """How many campaigns the launch made."""
        return sum(call["effect"] for call in self.calls() if call["operation"] == "CreateCampaign")

    @property
    def orphans(self) -> int:
        """How many campaigns were made that no key names: housekeeping's business."""
        named = {record["campaign"] for record in self.records("keys")}
        return len(set(self.states()) - named)


def label_of(call: dict[str, Any]) -> str:
    """Name a call: the operation, and what of the ledger it concerns."""
    key = call["params"].get("Key", "") if call["service"] == "s3" else ""
    thing = THINGS.get(key.removeprefix("launches/").split("/")[0], "")
    return f"{call['operation']} {thing}".strip()


def find(moments: Sequence[Moment], name: str, *, times: int = 1) -> Moment:
    """Find a moment by ``task: label``; ``task: label, last`` is the last one of several, else the first."""
    label = name.removesuffix(", last")
    found = [each for each in moments if str(each) == label]
    assert found, f"no call {label!r} in a launch; there are: {', '.join(map(str, moments))}"
    return replace(found[-1 if label != name else 0], times=times)
