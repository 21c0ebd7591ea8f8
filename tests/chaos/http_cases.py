"""The same attack through every layer: operators, hook and SDK, over HTTP, with the emulator's own faults."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from logging import getLogger
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.clone import LEDGER_TAG
from connect_campaigns.aws.ledger import FREEZE
from connect_campaigns.core.errors import ConnectCampaignsError, FinalError
from connect_campaigns.core.housekeeping import Rules
from connect_campaigns.core.records import ClaimRecord, KeyRecord
from connect_campaigns.core.relaunch import Ask
from connect_campaigns.housekeeping import Housekeeping
from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from connect_campaigns.relaunching import Relaunching
from tests.chaos.http_faults import FAULTS
from tests.launch_kit import LEDGER, Ran
from tests.waiting_kit import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.launch_kit import World

LOG = getLogger("tests.chaos.http")
SOON = {"start_after": timedelta(minutes=10), "min_launch_gap": None}
KEY = "spring/fr"
OLD = timedelta(days=-365)


class Play:
    """One case: a run that launches, by one operator or by two, until it is green or nothing helps."""

    def __init__(self, world: World, scenario: str) -> None:
        self.world = world
        self.scenario = scenario
        self.runs: list[Ran] = []
        self.expected: set[str] = set()

    def launch(self, *, run_id: str = "r1", tries: int = 4) -> Ran:
        """Run the task, or both, as often as Airflow would."""
        run: Ran | None = None
        for number in range(1, tries + 1):
            run = self._once(run_id, number)
            if run.error is None or isinstance(run.error, FinalError):
                break
        assert run is not None
        return run

    def _once(self, run_id: str, number: int) -> Ran:
        template = {"template": self.world.template, "launch_key": KEY, **SOON}
        if self.scenario == "clone":
            return self._ran(StartCampaignOperator(task_id="start", **template), run_id, number)
        made = self._ran(CreateCampaignOperator(task_id="create", **template), run_id, number)
        if made.error is not None:
            return made
        start = StartCampaignOperator(
            task_id="start", campaign_id=made.value, launch_key=KEY, renew_schedule=True, **SOON
        )
        return self._ran(start, run_id, number)

    def _ran(self, operator: Any, run_id: str, number: int) -> Ran:
        run = Ran(operator, run_id=run_id, try_number=number)
        self.runs.append(run)
        return run

    def campaign(self) -> str | None:
        """Find K's campaign, or the newest clone."""
        named = [record.campaign for record in self.keys() if record.campaign]
        clones = [each["id"] for each in self.world.campaigns() if each["id"] != self.world.template]
        return named[-1] if named else clones[-1] if clones else None

    def keys(self) -> list[KeyRecord]:
        return [KeyRecord.from_json(self._body(name), where=name) for name in self._objects("keys/")]

    def claim(self, campaign: str) -> ClaimRecord | None:
        name = f"campaigns/{campaign}.json"
        return ClaimRecord.from_json(self._body(name), where=name) if name in self._objects("campaigns/") else None

    def _objects(self, prefix: str) -> list[str]:
        return [name for name in self.world.objects() if name.startswith(prefix)]

    def _body(self, name: str) -> bytes:
        reply = self.world.emulator.client("s3").get_object(Bucket="ledger", Key=f"launches/{name}")
        return bytes(reply["Body"].read())

    def person(self, operation: str) -> bool:
        """Have a person act on the campaign; False = nothing is there, or the service refuses."""
        campaign = self.campaign()
        if campaign is None:
            return False
        try:
            getattr(self.world.kit.campaigns, operation)(id=campaign)
        except self.world.kit.campaigns.exceptions.ClientError:
            return False
        return True

    def housekeeping(self, *, finished: bool) -> None:
        """Let housekeeping pass, for which all is old."""
        hook = self.world.hook()
        Housekeeping(
            Rules(older_than=OLD if finished else -OLD * 100, orphans_older_than=OLD, keep_last=0),
            campaigns=hook.campaigns,
            ledger=hook.ledger_at(LEDGER),
            instance_id=None,
            max_deletions=100,
            by="housekeeping",
            log=LOG,
            patience=AT_ONCE,
        ).run()

    def relaunch(self, asker: str) -> None:
        """Have a person relaunch; a refusal is an answer too."""
        hook = self.world.hook()
        relaunching = Relaunching(
            KEY, campaigns=hook.campaigns, ledger=hook.ledger_at(LEDGER), metrics=None, log=LOG,
            wall_clock=self.world.kit.now, patience=AT_ONCE,
        )  # fmt: skip
        try:
            relaunching.request(Ask(reason="the flow was wrong", by="anna", asker=asker, recontact=True))
        except ConnectCampaignsError as error:
            LOG.info("relaunch: %s", error)


def retry(play: Play) -> None:
    play.launch()


def cleared_after_the_end(play: Play) -> None:
    play.launch()
    play.world.kit.step(27 * 3600)
    play.launch()


def second_run(play: Play) -> None:
    play.launch(tries=1)
    play.launch(run_id="r2")


def other_key(play: Play) -> None:
    play.launch(tries=1)
    campaign = play.campaign()
    if campaign is not None:
        Ran(StartCampaignOperator(task_id="other", campaign_id=campaign, launch_key="another", **SOON))
        play.expected |= {"claimed"}


def person(operation: str, *codes: str) -> Callable[[Play], None]:
    def recovery(play: Play) -> None:
        play.launch(tries=1)
        if not play.person(operation):
            play.launch()
            play.person(operation)
        play.expected |= set(codes)

    return recovery


def housekeeping(play: Play) -> None:
    play.launch(tries=1)
    try:
        play.housekeeping(finished=True)
    except ConnectCampaignsError as error:  # it meets the fault too; its next run goes on
        LOG.info("housekeeping: %s", error)


def relaunch(play: Play) -> None:
    play.launch(tries=1)
    play.relaunch("anna/1")
    play.launch()
    play.person("stop_campaign")
    play.relaunch("anna/2")


RECOVERIES: dict[str, Callable[[Play], None]] = {
    "retry": retry,
    "cleared_after_the_end": cleared_after_the_end,
    "second_run": second_run,
    "other_key": other_key,
    "person_pauses": person("pause_campaign"),
    "person_stops": person("stop_campaign", "launched_ended"),
    "person_deletes": person("delete_campaign", "gone"),
    "housekeeping": housekeeping,
    "relaunch": relaunch,
}


@dataclass(frozen=True)
class Case:
    """One case over HTTP."""

    scenario: str
    fault: str
    recovery: str

    @property
    def name(self) -> str:
        return f"{self.scenario}/{self.fault}/{self.recovery}"


def cases(*, size: int, seed: int) -> list[Case]:
    """Take a sample in which every fault comes first, with every recovery in turn."""
    numbers = random.Random(seed)  # noqa: S311 - a sample
    every = [Case(*each) for each in product(("clone", "create_start"), FAULTS, RECOVERIES)]
    numbers.shuffle(every)
    first: dict[str, Case] = {}
    recoveries = dict.fromkeys(RECOVERIES, 0)
    for case in sorted(every, key=lambda each: each.fault):
        if case.fault not in first and recoveries[case.recovery] == min(recoveries.values()):
            first[case.fault] = case
            recoveries[case.recovery] += 1
    chosen = list(first.values())
    numbers.shuffle(chosen)
    return (chosen + [case for case in every if case not in chosen])[:size]


def broken(play: Play) -> list[str]:
    """Name the invariants that don't hold, judged by the emulator's log and the ledger."""
    world = play.world
    calls = world.emulator.calls()
    starts = [call["params"]["id"] for call in calls if call["operation"] == "StartCampaign" and call["effect"]]
    claims = {campaign: play.claim(campaign) for campaign in starts}
    ours = [campaign for campaign in starts if (claim := claims[campaign]) is not None and claim.key == KEY]
    relaunches = len([name for name in world.objects() if name.startswith("relaunch/")])
    found = [] if len(ours) <= 1 + relaunches else [f"ONCE: {len(ours)} starts with {relaunches} relaunches"]
    found += [f"ONE_OWNER: {each} was started and has no claim" for each in starts if claims[each] is None]
    for run in play.runs:
        if run.error is None and run.ti.task_id == "start" and run.value not in ours:
            found.append(f"GREEN_TRUE: {run.value} was not started by this key")
    for each in world.campaigns():
        tags = world.kit.campaigns.describe_campaign(id=each["id"])["campaign"].get("tags", {})
        claim = play.claim(each["id"])
        if LEDGER_TAG in tags and world.state(each["id"]) == "Initialized" and (claim is None or claim.void):
            found.append(f"ORPHAN: {each['id']}")
    for before, call in zip([None, *calls], calls, strict=False):
        if call["operation"] == "StartCampaign" and not (before and _found_off(before)):
            told = before and (before["operation"], before["params"].get("Key"), before["status"])
            found.append(f"FREEZE: StartCampaign right after {told}")
    return found


def _found_off(call: dict[str, Any]) -> bool:
    """Whether this call read the freeze switch and was told that there is none."""
    is_read = call["operation"] == "GetObject" and str(call["params"].get("Key")).endswith(FREEZE)
    return is_read and call["status"] == 404


def play(world: World, case: Case) -> tuple[bool, list[str]]:
    """Play a case to its quiet end; give whether its fault fired, and what is broken."""
    playing = Play(world, case.scenario)
    world.emulator.add_fault(**FAULTS[case.fault])
    RECOVERIES[case.recovery](playing)
    fired = all(fault["fired"] for fault in world.emulator.faults())
    world.emulator.clear_faults()  # late effects land
    last = playing.launch(run_id="r9")
    playing.housekeeping(finished=False)
    if last.error is not None:
        last = playing.launch(run_id="r9")
    wrong = broken(playing)
    if last.error is not None and last.error.code not in playing.expected:
        wrong.append(f"NOT_STUCK: {last.error}")
    return fired, wrong
