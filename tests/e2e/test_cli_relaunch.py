"""The commands `relaunch`, `ledger rebuild` and `ledger policy`, against the emulator."""

from __future__ import annotations

import pytest

from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from tests.cli_kit import CommandLine
from tests.launch_kit import LEDGER, Ran, World

SOON = {"start_after": 60, "min_launch_gap": None}


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    world = World(emulator, monkeypatch)
    emulator.set_clock(frozen=True)
    return world


@pytest.fixture
def command(world, monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys, url=world.emulator.url)


def launch(world, key):
    return Ran(StartCampaignOperator(task_id="t", template=world.template, launch_key=key, **SOON))


def test_stop_relaunch_clear(world, command):
    first = launch(world, "k").value
    asked = ("relaunch", "k", "--reason", "the flow was wrong", "--by", "anna", "--recontact", "--ledger", LEDGER)
    refused = command(*asked)
    assert (refused.code, f"stop {first}" in refused.err) == (1, True)
    assert command("stop", "--yes", first).code == 0
    done = command(*asked)
    assert (done.code, done.out) == (0, "k  generation 1\n")
    assert f"campaign {first} is given up" in done.err
    again = command(*asked, "--json")
    assert "asked for already, by anna" in again.err
    assert (again.json["generation"], again.json["reason"]) == (1, "the flow was wrong")
    assert launch(world, "k").launch["generation"] == 1
    assert world.starts == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("relaunch", "nobody", "--reason", "x", "--ledger", LEDGER), 1, "nothing was launched"),
        (("relaunch", "k", "--reason", " ", "--ledger", LEDGER), 2, "--reason"),
        (("relaunch", "k", "--reason", "x" * 501, "--ledger", LEDGER), 2, "--reason"),
        (("relaunch", "", "--reason", "x", "--ledger", LEDGER), 2, "launch_key"),
        (("relaunch", "k" * 1025, "--reason", "x", "--ledger", LEDGER), 2, "launch_key"),
        (("relaunch", "k", "--ledger", LEDGER), 2, "--reason"),
        (("relaunch", "k", "--reason", "x"), 2, "CONNECT_CAMPAIGNS_LEDGER"),
        (("relaunch", "k", "--reason", "x", "--ledger", "ledger/launches"), 2, "s3://bucket/prefix"),
        (("relaunch", "k", "--reason", "x", "--ledger", "s3://ledger/elsewhere"), 3, "is no ledger"),
        (("relaunch", "k", "--reason", "x", "--ledger", "s3://no-such-bucket/launches"), 3, "isn't there"),
        (("ledger", "rebuild", "ledger"), 2, "s3://bucket/prefix"),
        (("ledger", "policy", "s3:/ledger"), 2, "s3://bucket/prefix"),
    ],
)
def test_refused_with_nothing_written(world, command, arguments, code, said):
    before = world.writes()
    ended = command(*arguments)
    assert (ended.code, said in ended.err) == (code, True), ended.err
    assert world.writes() == before


def test_the_policy_keeps_what_was_written(command):
    policy = command("ledger", "policy", LEDGER).json
    stay, once = policy["Statement"]
    assert "arn:aws:s3:::ledger/launches/keys/*" in stay["Resource"]
    assert not [each for each in stay["Resource"] if "control" in each or each.endswith("launches/*/*")]
    assert once["Condition"]["Null"] == {"s3:if-none-match": "true"}


def empty(world):
    client = world.emulator.client("s3")
    for each in client.list_objects_v2(Bucket="ledger")["Contents"]:
        client.delete_object(Bucket="ledger", Key=each["Key"])


def test_a_lost_ledger_is_rebuilt_and_nothing_launches_twice(world, command):
    odd = "spring|fr " + "x" * 300
    launched = {key: launch(world, key).value for key in ("k", "odd", odd)}
    made = Ran(CreateCampaignOperator(task_id="t", template=world.template, launch_key="made", **SOON)).value
    given = world.campaign(name="by hand")
    ledger_id = world.hook().ledger_at(None).marker().id
    empty(world)
    rebuilt = command("ledger", "rebuild", LEDGER, "--json").json
    assert rebuilt["ledger_id"] == ledger_id
    assert sorted(rebuilt["launched"]) == sorted(launched.values())
    assert rebuilt["void"] == [made]
    assert sorted(rebuilt["given"]) == sorted([given, world.template])
    assert launch(world, "new").error.code == "freeze"
    world.emulator.client("s3").delete_object(Bucket="ledger", Key="launches/control/freeze.json")
    assert launch(world, "k").value == launched["k"]
    assert launch(world, odd).value == launched[odd]  # its text doesn't fit into a tag, its hash does
    remade = Ran(CreateCampaignOperator(task_id="t", template=world.template, launch_key="made", **SOON)).value
    assert remade != made
    assert world.starts == 3


def test_a_rebuild_that_was_cut_off_is_run_again(world, command):
    launched = launch(world, "k").value
    empty(world)
    world.emulator.add_fault(operation="PutObject", kind="error_before", code="AccessDenied", status=403, skip=4)
    assert command("ledger", "rebuild", LEDGER).code == 3
    assert command("ledger", "rebuild", LEDGER).code == 0
    world.emulator.client("s3").delete_object(Bucket="ledger", Key="launches/control/freeze.json")
    assert (launch(world, "k").value, world.starts) == (launched, 1)


def test_which_ledger_was_lost_must_be_certain(world, command):
    launch(world, "k")
    empty(world)
    world.hook().ledger_at(None).init(at=world.kit.now(), by="another day")
    launch(world, "k2")
    empty(world)
    refused = command("ledger", "rebuild", LEDGER)
    assert (refused.code, "tags name" in refused.err) == (2, True)
    assert world.objects() == []


def test_with_nothing_to_rebuild_it_says_so(world, command):
    empty(world)
    refused = command("ledger", "rebuild", LEDGER)
    assert (refused.code, "ledger init" in refused.err) == (2, True)
    assert world.objects() == []


def test_a_relaunch_from_another_region_is_refused(world, command):
    command("ledger", "init", "s3://ledger/regional")
    start = StartCampaignOperator(
        task_id="t", template=world.template, launch_key="k", launch_ledger="s3://ledger/regional", **SOON
    )
    campaign = Ran(start).value
    elsewhere = ("relaunch", "k", "--reason", "x", "--recontact", "--ledger", "s3://ledger/regional")
    refused = command(*elsewhere, "--region", "eu-central-1")
    assert ("Region us-east-1" in refused.err, refused.code != 0) == (True, True)
    assert (world.state(campaign), world.emulator.effects("DeleteCampaign")) == ("Running", 0)


def test_where_the_template_is_not_found_either_nothing_counts_as_deleted(world, command):
    """Another account, say: there the campaign is not found, and its deletion would be confirmed."""
    launch(world, "k")
    refused = command("relaunch", "k", "--reason", "x", "--recontact", "--ledger", LEDGER, "--region", "eu-central-1")
    assert ("neither campaign" in refused.err, refused.code != 0) == (True, True)
    assert launch(world, "k").launch["generation"] == 0
