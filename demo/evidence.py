"""What is true after a run, each figure read from where it really is: emulator, ledger, metadata database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.aws.metrics import Metrics
from connect_campaigns.aws.polling import pace
from connect_campaigns.aws.segments import Segments
from demo import environment
from demo.airflow_run import last_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_campaigns.core.outcome import CampaignFigures
    from connect_emulator.client import Control
    from demo.airflow_run import DagRun, Task
    from demo.own_csv import UsableFile

GROUP = "launch_campaign"


def ended_well(task: Task) -> bool:
    """Whether a task succeeded, or is the list that the DAG imports where one is given: the demo gives none."""
    return task.state == "success" or (task.id == "import_do_not_call" and task.state == "skipped")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of the DAG that has ended, as Airflow's metadata database has it; and what the service said right after.

    :param status: exit status of `airflow dags test`
    :param seconds: real seconds from the command to its end
    :param log: where its whole log is, as shown to people
    :param error: the last error in that log
    :param counted: its segment's size, asked of the service once more; the next import moves people out of it
    :param effects: StartCampaign requests that had taken effect by then
    :param creates: campaigns that had been made by then, but for the template
    :param ended_by: service time at which its campaign was first seen in its last state; None = not while it ran
    """

    number: int
    status: int
    state: str | None
    tasks: tuple[Task, ...]
    xcoms: dict[str, dict[str, Any]]
    seconds: float
    log: str
    error: str
    counted: int | None
    effects: int
    creates: int
    ended_by: datetime | None

    def said(self, task: str, key: str = "return_value") -> Any:
        """Give what a task pushed; None where it pushed nothing."""
        return self.xcoms.get(task, {}).get(key)

    @property
    def green(self) -> bool:
        """Whether Airflow ran its tasks, and all ended well."""
        return self.status == 0 and self.state == "success" and bool(self.tasks) and not self.unfinished

    @property
    def unfinished(self) -> tuple[Task, ...]:
        """The tasks that didn't end well."""
        return tuple(task for task in self.tasks if not ended_well(task))

    @property
    def campaign(self) -> str | None:
        """The campaign that this run's start task returned."""
        campaign: str | None = self.said(f"{GROUP}.start")
        return campaign

    @property
    def launch(self) -> dict[str, Any]:
        """The launch record of the start task."""
        return dict(self.said(f"{GROUP}.start", "launch") or {})


@dataclass(frozen=True, kw_only=True)
class Start:
    """A StartCampaign request in the emulator's call log."""

    campaign: str
    time: datetime
    effect: bool
    reply_lost: bool


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A campaign as the service shows it now.

    :param start: when contact may begin, by its schedule
    :param end: when it ends at the latest
    """

    id: str
    name: str
    state: str
    start: datetime
    end: datetime
    figures: CampaignFigures


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that the report says, and the verdict rests on.

    :param campaign: the one that the first run launched
    :param template: the template's id
    :param ledger: names and contents of the ledger's objects
    :param lose_reply: whether the reply of StartCampaign was to be lost; and `lost`, whether one was
    :param errors: requests at which the emulator failed unexpectedly
    """

    file: UsableFile
    runs: tuple[Run, ...]
    starts: tuple[Start, ...]
    campaign: Seen | None
    template: str
    template_state: str
    ledger: tuple[tuple[str, dict[str, Any]], ...]
    lose_reply: bool
    errors: int


class Service:
    """Reads what the emulator's services and its call log say; changes nothing.

    :param control: the emulator's control API
    """

    def __init__(self, control: Control) -> None:
        self.control = control
        client = environment.client("connectcampaignsv2", control.url)
        self.campaigns = Campaigns(client)
        self.metrics = Metrics(environment.client("connect", control.url))
        self._profiles = environment.client("customer-profiles", control.url)
        self._s3 = environment.client("s3", control.url)

    def starts(self) -> tuple[Start, ...]:
        """Give all StartCampaign requests, oldest first."""
        return tuple(
            Start(
                campaign=call["params"]["id"],
                time=datetime.fromisoformat(call["time"]),
                effect=call["effect"],
                reply_lost=call["fault"] == "lost_reply",
            )
            for call in self.control.calls("StartCampaign")
        )

    def creates(self) -> int:
        """Count the campaigns that were made, but for the template."""
        return self.control.effects("CreateCampaign") - 1

    def seen(self, campaign: str) -> Seen | None:
        """Look at a campaign, state first; None where there is none."""
        state = self.campaigns.state(campaign)
        described = self.campaigns.describe(campaign)
        if described is None:
            return None
        schedule = described.config["schedule"]
        return Seen(
            id=campaign,
            name=described.name,
            state=state,
            start=schedule["startTime"],
            end=schedule["endTime"],
            figures=self.metrics.of(described, now=self.campaigns.service_now()),
        )

    def counted(self, definition: str) -> int | None:
        """Have a segment definition counted once more; None where there is none."""
        segments = Segments(self._profiles, domain=environment.DOMAIN)
        found = segments.find(definition)
        return None if found is None else segments.estimate(found.content, pace=pace(1, 30))[0]

    def ledger(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Read the ledger's objects, each with its name below the ledger's prefix."""
        parts = urlsplit(environment.LEDGER)
        bucket, prefix = parts.netloc, f"{parts.path.strip('/')}/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return tuple((key.removeprefix(prefix), self._object(bucket, key)) for key in keys)

    def _object(self, bucket: str, key: str) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return body


def run_of(airflow: DagRun, service: Service, *, number: int, seconds: float, ended_by: datetime | None) -> Run:
    """Read a run that has ended, and what the service says right after it."""
    xcoms = airflow.xcoms()
    definition = xcoms.get("prepare_segment.create_definition", {}).get("return_value")
    return Run(
        number=number,
        status=airflow.wait(),
        state=airflow.state(),
        tasks=tuple(airflow.tasks()),
        xcoms=xcoms,
        seconds=seconds,
        log=shown(airflow.log_file),
        error=last_error(airflow.log_file),
        counted=service.counted(definition["name"]) if definition else None,
        effects=service.control.effects("StartCampaign"),
        creates=service.creates(),
        ended_by=ended_by,
    )


def gather(service: Service, *, file: UsableFile, runs: Sequence[Run], template: str, lose_reply: bool) -> Evidence:
    """Read everything else, after the last run."""
    campaign = runs[0].campaign
    return Evidence(
        file=file,
        runs=tuple(runs),
        starts=service.starts(),
        campaign=service.seen(campaign) if campaign else None,
        template=template,
        template_state=service.campaigns.state(template),
        ledger=service.ledger(),
        lose_reply=lose_reply,
        errors=service.control.health()["unexpected_errors"],
    )


def shown(path: Path) -> str:
    """Give a path as people read it: from where they stand, where that is shorter."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
