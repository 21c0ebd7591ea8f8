"""Housekeeping over a whole account: who goes, who stays, in how many calls, and cut off anywhere."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connect_campaigns.aws.clone import LEDGER_TAG, TEMPLATE_TAG
from connect_campaigns.core.errors import InvalidInput, NotSeen, ServiceRefused, ServiceUnavailable
from connect_campaigns.housekeeping import MAX_IN_A_ROW
from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from connect_campaigns.operators.housekeeping import DeleteFinishedCampaignsOperator
from tests.launch_kit import INSTANCE, Ran, World
from tests.log_kit import Lines

DAY_S = 24 * 3600
BY_ID = "campaigns/{}.json"


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


@pytest.fixture
def world(emulator, monkeypatch, waits) -> World:  # noqa: ARG001 - waits are counted, not waited
    world = World(emulator, monkeypatch)
    world.ledger_id = read(world, "ledger.json")["id"]
    return world


def tidy(*, lines: Lines | None = None, **given) -> Ran:
    given = {"keep_last": 0, **given}
    return Ran((lines or Lines()).of(DeleteFinishedCampaignsOperator(task_id="tidy", **given)))


def launched(world, key: str, **given) -> Ran:
    given = {"template": world.template, "start_after": timedelta(minutes=10), "min_launch_gap": 0, **given}
    return Ran(Lines().of(StartCampaignOperator(task_id="start", launch_key=key, **given)))


def made(world, key: str) -> str:
    given = {"template": world.template, "start_after": timedelta(minutes=10), "min_launch_gap": 0}
    return str(Ran(Lines().of(CreateCampaignOperator(task_id="create", launch_key=key, **given))).value)


def ours(world, *, state: str = "Completed", template: str = "t-1") -> str:
    """Make a campaign with our tags, without a launch's calls."""
    tags = {LEDGER_TAG: world.ledger_id, TEMPLATE_TAG: template}
    campaign = world.kit.create(tags=tags)
    if state != "Initialized":
        world.kit.campaigns.start_campaign(id=campaign)
    if state == "Stopped":
        world.kit.campaigns.stop_campaign(id=campaign)
    return campaign


def ids(world) -> set[str]:
    return {each["id"] for each in world.campaigns()}


def read(world, name: str) -> dict:
    return json.load(world.emulator.client("s3").get_object(Bucket="ledger", Key=f"launches/{name}")["Body"])


def test_old_ones_go_and_everything_else_stays(world):
    ran_long_ago = launched(world, "a").value
    orphan = made(world, "b")
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", code="AccessDeniedException")
    launched(world, "c")
    [held] = ids(world) - {world.template, ran_long_ago, orphan}
    by_hand = world.kit.in_state("Stopped")
    others = world.kit.create(tags={LEDGER_TAG: "another"})
    world.kit.step(15 * DAY_S)
    running, paused = launched(world, "d").value, launched(world, "e").value
    world.kit.campaigns.pause_campaign(id=paused)
    young = made(world, "f")
    objects = set(world.objects())

    lines = Lines()
    ran = tidy(lines=lines)

    assert ran.error is None
    assert ids(world) == {world.template, held, by_hand, others, running, paused, young}
    assert set(ran.value["deleted"]) == {ran_long_ago, orphan}
    assert ran.ti.xcoms["housekeeping"] == ran.value
    assert (ran.value["seen"], ran.value["remain"], ran.value["failed"]) == (9, 7, {})
    assert ran.value["kept"] == {
        "running or paused": 2, "too young": 1, "made by hand": 2, "another ledger's": 1,
        "claimed by a launch key, never started": 1,
    }  # fmt: skip
    assert "kept: another ledger's" in lines.text
    assert objects - set(world.objects()) == set(), "no object of the ledger is ever deleted"
    assert world.emulator.effects("DeleteObject") == 0
    assert read(world, f"ended/{ran_long_ago}.json")["state"] == "Completed"
    assert read(world, BY_ID.format(orphan))["key"] is None
    assert read(world, BY_ID.format(held))["key"] == "c"


def test_every_launch_finds_its_way_afterwards(world):
    ran_once, orphan = launched(world, "a").value, made(world, "b")
    world.emulator.add_fault(operation="StartCampaign", kind="error_before", code="AccessDeniedException")
    assert launched(world, "c").error.code == "access_denied"
    world.kit.step(15 * DAY_S)
    tidy()
    assert launched(world, "a").launch["how"] == "ran"
    again = launched(world, "b")
    assert (again.error, again.launch["how"]) == (None, "started")
    assert again.value != orphan
    assert launched(world, "c").launch["how"] == "started"
    assert world.starts == 3
    assert ran_once not in ids(world)


def test_what_is_written_is_written_before_the_campaign_goes(world):
    finished, orphan = ours(world), ours(world, state="Initialized")
    world.kit.step(15 * DAY_S)
    tidy()
    deletes = {call["params"]["id"]: call["number"] for call in world.emulator.calls("DeleteCampaign")}
    for name, campaign in ((f"ended/{finished}", finished), (f"campaigns/{orphan}", orphan)):
        for operation in ("PutObject", "GetObject"):  # written, and read back
            calls = [call for call in world.emulator.calls(operation) if name in str(call["params"])]
            assert calls[-1]["number"] < deletes[campaign], operation


def test_the_last_of_each_template_stay(world):
    first = [ours(world, template="a") for _ in range(2)]
    only = ours(world, template="b")
    world.kit.step(10 * DAY_S)
    later = ours(world, template="a")
    world.kit.step(20 * DAY_S)
    assert set(tidy(keep_last="1").value["deleted"]) == set(first)
    assert ids(world) == {world.template, only, later}


def test_others_go_only_where_told_and_a_template_never(world):
    by_hand = world.kit.in_state("Stopped")
    another = world.kit.create(tags={LEDGER_TAG: "another"})
    world.kit.step(15 * DAY_S)
    assert tidy().value["deleted"] == []
    assert tidy(only_ours=False).value["deleted"] == [by_hand]
    assert ids(world) == {world.template, another}
    world.connect(connect_instance_id=None)
    assert tidy(only_ours=False).error.code == "setting_missing", "whose campaigns is not to be guessed"


def test_a_report_writes_nothing(world):
    campaign = ours(world)
    world.kit.step(15 * DAY_S)
    before, lines = world.writes(), Lines()
    ran = tidy(report_only="true", lines=lines)
    assert (ran.value["due"], ran.value["deleted"], world.writes()) == ([campaign], [], before)
    assert f"Would delete campaign {campaign}" in lines.text


def test_a_campaign_costs_a_fixed_number_of_calls_and_one_second(world, waits):
    for state in ("Completed", "Initialized") * 15:
        ours(world, state=state)
    world.kit.step(15 * DAY_S)
    before = world.emulator.counts()
    waits.clear()
    assert len(tidy().value["deleted"]) == 30
    used = {
        name.partition(".")[2]: count["requests"] - before.get(name, {"requests": 0})["requests"]
        for name, count in world.emulator.counts().items()
    }
    assert {name: number for name, number in used.items() if number} == {
        "ListCampaigns": 1, "GetCampaignStateBatch": 2, "DescribeCampaign": 31, "DeleteCampaign": 30,
        "PutObject": 30, "GetObject": 31,
    }  # fmt: skip
    assert waits.count(1.0) == 29, "one a second, which is the service's rate"


def test_a_run_is_bounded_and_the_next_one_goes_on(world):
    campaigns = []
    for _ in range(5):
        campaigns.append(ours(world))
        world.kit.step(60)
    world.kit.step(15 * DAY_S)
    first = tidy(max_deletions=3)
    assert first.value["deleted"] == campaigns[:3], "the oldest first"
    assert first.value["due"] == campaigns
    assert tidy(max_deletions=3).value["deleted"] == campaigns[3:]


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("operation", ["PutObject", "DeleteCampaign"])
@pytest.mark.parametrize("moment", ["before-send", "response-received"])
@pytest.mark.parametrize("state", ["Completed", "Initialized"])
def test_cut_off_anywhere_it_can_be_run_again(world, operation, moment, state):
    """The process ends at that call, before or after its effect; the next run ends what this one began."""
    campaigns = {ours(world, state=state) for _ in range(2)}
    world.kit.step(15 * DAY_S)

    def cut(**_: object) -> None:
        raise Killed

    operator = Lines().of(DeleteFinishedCampaignsOperator(task_id="tidy", keep_last=0))
    session = operator.hook._shared_session
    session._session.register(f"{moment}.*.{operation}", cut)
    before = len(world.emulator.calls(operation))
    with pytest.raises(Killed):
        Ran(operator)
    assert len(world.emulator.calls(operation)) - before == (0 if moment == "before-send" else 1)
    assert ids(world) & campaigns
    assert tidy().error is None
    assert ids(world) == {world.template}
    for campaign in campaigns:
        name = f"ended/{campaign}.json" if state == "Completed" else BY_ID.format(campaign)
        assert read(world, name)["campaign"] == campaign


@pytest.mark.parametrize("kind", ["lost_reply", "error_after"])
def test_a_lost_reply_is_no_failure(world, kind):
    campaign = ours(world)
    world.kit.step(15 * DAY_S)
    world.emulator.add_fault(operation="DeleteCampaign", kind=kind)
    ran = tidy()
    assert (ran.error, ran.value["deleted"]) == (None, [campaign])
    assert world.emulator.faults()[0]["fired"] == 1


def test_one_that_cannot_be_deleted_holds_up_no_other_and_is_told(world):
    campaigns = [ours(world) for _ in range(3)]
    world.kit.step(15 * DAY_S)
    world.emulator.add_fault(operation="DeleteCampaign", kind="error_before", code="ValidationException")
    ran = tidy()
    assert isinstance(ran.error, ServiceRefused)
    assert "1 of 3 campaigns could not be deleted" in ran.error.found
    told = ran.ti.xcoms["housekeeping"]
    assert (len(told["deleted"]), len(told["failed"])) == (2, 1)
    assert tidy().value["deleted"] == list(told["failed"])
    assert ids(world) & set(campaigns) == set()


@pytest.mark.parametrize(
    ("state", "name"), [("Initialized", BY_ID), ("Completed", "ended/{}.json")], ids=["claims", "ends"]
)
def test_damaged_objects_of_the_oldest_hold_up_none_of_the_others(world, state, name):
    """As many as end a run that meets an outage: each run meets them first, and the others have their turn all the same."""
    damaged = [ours(world, state=state) for _ in range(MAX_IN_A_ROW)]
    world.kit.step(60)
    sound = [ours(world, state=state) for _ in range(2)]
    for campaign in damaged:
        key = f"launches/{name.format(campaign)}"
        world.emulator.client("s3").put_object(Bucket="ledger", Key=key, Body=b"{")
    world.kit.step(15 * DAY_S)
    ran = tidy()
    told = ran.ti.xcoms["housekeeping"]
    assert set(told["due"][:MAX_IN_A_ROW]) == set(damaged)
    assert (set(told["deleted"]), set(told["failed"])) == (set(sound), set(damaged))
    assert isinstance(ran.error, ServiceRefused)
    assert "5 of 7 campaigns could not be deleted" in ran.error.found
    assert ids(world) == {world.template, *damaged}


def test_an_outage_ends_the_run_soon(world):
    for _ in range(8):
        ours(world)
    world.kit.step(15 * DAY_S)
    world.emulator.add_fault(operation="DeleteCampaign", kind="error_before", times=999)
    ran = tidy()
    assert isinstance(ran.error, ServiceUnavailable)
    assert len(ran.ti.xcoms["housekeeping"]["failed"]) == MAX_IN_A_ROW


@pytest.mark.parametrize("operation", ["DeleteCampaign", "PutObject"])
def test_a_missing_right_is_named(world, operation):
    for _ in range(8):
        ours(world)
    world.kit.step(15 * DAY_S)
    code = "AccessDenied" if operation == "PutObject" else "AccessDeniedException"
    world.emulator.add_fault(operation=operation, kind="error_before", code=code, status=403, times=99)
    ran = tidy()
    assert isinstance(ran.error, ServiceRefused)
    assert operation in ran.error.hint
    assert len(ran.ti.xcoms["housekeeping"]["failed"]) == 8, "it may be missing on some only"
    assert world.emulator.effects("DeleteCampaign") == 0


def test_a_ledger_that_is_down_deletes_nothing(world):
    ours(world)
    world.kit.step(15 * DAY_S)
    world.emulator.add_fault(operation="GetObject", kind="error_before", times=99)
    assert isinstance(tidy().error, NotSeen)
    assert world.emulator.effects("DeleteCampaign") == 0


def test_without_a_ledger_it_refuses(world):
    world.connect(ledger=False)
    ran = tidy()
    assert ran.error.code == "no_ledger"
    assert tidy(launch_ledger="s3://ledger/mistyped").error.code == "ledger_marker"


def test_reads_that_are_throttled_are_waited_out(world, monkeypatch):
    monkeypatch.setattr("connect_campaigns.aws.patience.MAX_WAITS", 2)
    campaign = ours(world)
    world.kit.step(15 * DAY_S)
    for operation in ("ListCampaigns", "GetCampaignStateBatch", "DescribeCampaign", "DeleteCampaign"):
        world.emulator.add_fault(operation=operation, kind="error_before", code="ThrottlingException", times=2)
    ran = tidy(botocore_config={"retries": {"total_max_attempts": 1}})
    assert (ran.error, ran.value["deleted"]) == (None, [campaign])


@pytest.mark.parametrize(
    "given",
    [
        {"older_than": "soon"},
        {"older_than": timedelta(minutes=59)},
        {"orphans_older_than": 0},
        {"orphans_older_than": timedelta(days=-1)},
        {"keep_last": -1},
        {"keep_last": "a few"},
        {"max_deletions": 1.5},
        {"report_only": "perhaps"},
        {"only_ours": None},
        {"launch_ledger": "my-bucket"},
    ],
    ids=str,
)
def test_bad_input_is_refused_before_any_write(world, given):
    before = world.writes()
    ran = tidy(**given)
    assert isinstance(ran.error, InvalidInput)
    assert ran.error.allowed
    assert ran.error.hint
    assert world.writes() == before


def test_an_instance_s_campaigns_only(world):
    tags = {LEDGER_TAG: world.ledger_id}
    elsewhere = world.kit.create(connectInstanceId=INSTANCE.replace("1", "9"), tags=tags)
    world.kit.campaigns.start_campaign(id=elsewhere)
    world.kit.step(15 * DAY_S)
    assert tidy().value["seen"] == 1, "the template"
    assert elsewhere in ids(world)
