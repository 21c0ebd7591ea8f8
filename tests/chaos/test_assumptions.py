"""What the promise rests on that isn't ours: each assumption broken on purpose, and what happens then.

`docs/launched-once.md` lists them. A test here shows a second launch, or a launch that is stuck, and that the same story
ends well while the assumption holds.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from connect_campaigns.core.errors import RetryableError
from connect_campaigns.core.keys import claim_object, key_object
from connect_campaigns.core.records import ClaimRecord
from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from tests.chaos.people import relaunch
from tests.launch_kit import Ran, World

if TYPE_CHECKING:
    from collections.abc import Iterator

SOON = {"start_after": 600, "min_launch_gap": None}


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    return World(emulator, monkeypatch)


def launch(world: World, key: str = "k", **more: Any) -> Ran:
    return Ran(StartCampaignOperator(task_id="t", template=world.template, launch_key=key, **SOON, **more))


@contextmanager
def held(world: World, operation: str, run: Any, **where: str) -> Iterator[list[Any]]:
    """Run an attempt until it is about to do this; what comes inside happens meanwhile; then it goes on to its end."""
    fault = world.emulator.add_fault(operation=operation, kind="hold", when="before", where=where)
    ended: list[Any] = []
    thread = Thread(target=lambda: ended.append(run()))
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not any(each["id"] == fault and each["waiting"] for each in world.emulator.faults()):
            assert time.monotonic() < deadline, "it never came so far"
            time.sleep(0.02)
        yield ended
    finally:
        world.emulator.release(fault)
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.parametrize(("writes", "launches"), [("honoured", 1), ("ignored", 2)])
def test_cond_a_store_that_ignores_the_condition_lets_two_be_the_first(world, writes, launches):
    world.emulator.set_settings(s3={"conditional_writes": writes})
    with held(world, "PutObject", lambda: launch(world), Key="launches/keys/*"):
        assert launch(world).error is None
    assert world.starts == launches


def test_cond_reads_of_the_store_that_lag_end_red_and_never_in_a_second_launch(world):
    world.emulator.set_settings(s3={"unseen_for_writes": 50})
    assert isinstance(launch(world).error, RetryableError)
    assert world.starts == 0


@pytest.mark.parametrize(("kept", "launches"), [(True, 1), (False, 2)])
def test_kept_a_ledger_whose_objects_are_deleted_forgets_a_launch(world, kept, launches):
    campaign = launch(world).value
    if not kept:
        for name in (key_object("k", 0), claim_object(campaign)):
            world.emulator.client("s3").delete_object(Bucket="ledger", Key=f"launches/{name}")
    assert launch(world).error is None
    assert world.starts == launches


@pytest.mark.parametrize(("again", "launches"), [(False, 1), (True, 2)])
def test_cas_a_service_that_starts_a_campaign_twice_would_start_it_twice(world, again, launches):
    world.emulator.set_settings(campaigns={"starts_again": again})
    with held(world, "StartCampaign", lambda: launch(world)) as ended:
        assert launch(world).error is None
    assert ended[0].error is None
    assert world.starts == launches


@pytest.mark.parametrize(("missing", "generation", "launches"), [(False, 1, 1), (True, 0, 2)])
def test_del_sure_a_deletion_that_is_only_said_lets_two_run(world, missing, generation, launches):
    with held(world, "StartCampaign", lambda: launch(world)):
        world.emulator.set_settings(campaigns={"delete_missing": missing})
        assert relaunch(world.hook(), "k", recontact=True).generation == 1
        world.emulator.set_settings(campaigns={"delete_missing": False})
        assert launch(world).launch["generation"] == generation
    assert world.starts == launches


def test_one_ledger_two_ledgers_know_nothing_of_each_other_but_refuse_each_other_s_campaigns(world):
    world.emulator.client("s3").create_bucket(Bucket="second")
    second = "s3://second/launches"
    world.hook().ledger_at(second).init(at=world.kit.now(), by="another team")
    made = Ran(CreateCampaignOperator(task_id="t", template=world.template, launch_key="k", **SOON)).value
    theirs = StartCampaignOperator(task_id="t", campaign_id=made, launch_key="k", launch_ledger=second)
    assert Ran(theirs).error.code == "other_ledger"
    assert launch(world).error is None
    assert launch(world, launch_ledger=second).error is None  # the same key in another ledger is another launch
    assert world.starts == 2


def test_console_a_start_by_hand_between_look_and_claim_is_taken_for_ours(world):
    with held(world, "PutObject", lambda: launch(world), Key="launches/campaigns/*") as ended:
        (clone,) = [each["id"] for each in world.campaigns() if each["id"] != world.template]
        world.kit.campaigns.start_campaign(id=clone)
    assert (ended[0].launch["how"], world.starts) == ("attach", 1)


def test_age_a_campaign_given_up_between_create_and_start_is_red_until_create_is_cleared(world):
    create = CreateCampaignOperator(task_id="create", template=world.template, launch_key="create", **SOON)
    made = Ran(create).value
    world.hook().ledger_at(None).write_claim(  # what housekeeping writes before it deletes
        ClaimRecord(at="2026-12-01T00:00:00+00:00", by="housekeeping", campaign=made, key=None)
    )
    start = {"task_id": "start", "launch_key": "start"}
    assert Ran(StartCampaignOperator(campaign_id=made, **start)).error.code == "given_void"
    anew = Ran(create).value
    assert anew != made
    assert Ran(StartCampaignOperator(campaign_id=anew, **start)).error is None
    assert world.starts == 1


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_a_store_that_is_down_means_no_launch_and_no_skip(world, operation, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)  # a minute of waits between its tries
    world.emulator.add_fault(operation=operation, kind="error_before", code="SlowDown", times=200)
    error = launch(world).error
    assert (error is not None, world.starts) == (True, 0)
    world.emulator.clear_faults()
    assert launch(world).error is None
    assert world.starts == 1
