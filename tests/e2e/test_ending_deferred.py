"""Ending a task that is deferred: Airflow's own trigger runner cancels, times out, and calls `on_kill`.

Airflow calls a trigger's `on_kill` when somebody marks or clears the task, and also when its triggerer was only
frozen for a while and the trigger runs elsewhere by then (measured). So it is no sign of anybody's will.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.sdk.exceptions import TaskDeferred
from airflow.triggers.base import BaseTrigger

from connect_campaigns.sensors.campaigns import CampaignStateSensor
from connect_campaigns.triggers.campaigns import CampaignStateTrigger
from tests.ending_kit import Ending
from tests.launch_kit import RunningTask, World
from tests.log_kit import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

FINISHED_S = 4 * 3600


@pytest.fixture
def ending(emulator, monkeypatch) -> Ending:
    return Ending(World(emulator, monkeypatch))


def sensor(campaign: str) -> Any:
    given = {"campaign_id": campaign, "deferrable": True, "poke_interval": 1}
    return Lines().of(CampaignStateSensor(task_id="wait", **given))


def deferred(campaign: str) -> tuple[Any, CampaignStateTrigger]:
    """Run a sensor until it defers; give it, and its trigger as the triggerer makes it from what was stored."""
    waits = sensor(campaign)
    with pytest.raises(TaskDeferred) as left:
        waits.execute(RunningTask("wait").context)
    _, given = left.value.trigger.serialize()
    return waits, CampaignStateTrigger(**given)


class Triggerer:
    """Airflow's own trigger runner with one trigger, and none of the processes around it."""

    def __init__(self, trigger: BaseTrigger, *, timeout_after: datetime | None = None) -> None:
        self.runner = TriggerRunner()
        self.killed: list[str] = []
        trigger.on_kill = self._seen(trigger.on_kill)  # type: ignore[method-assign]
        self.task = asyncio.create_task(self.runner.run_trigger(1, trigger, timeout_after, None))
        self.runner.triggers[1] = {"task": self.task, "is_watcher": False, "name": "wait", "events": 0}

    def _seen(self, on_kill: Callable[[], Any]) -> Callable[[], Any]:
        async def seen() -> None:
            self.killed.append("on_kill")
            await on_kill()

        return seen

    async def user_acts(self) -> None:
        """Mark or clear the task, or thaw a triggerer whose trigger runs elsewhere by now."""
        self.runner.to_cancel.append(1)
        await self.runner.cancel_triggers()
        await self.ended()

    async def shuts_down(self) -> None:
        """End the triggerer: it cancels without a word."""
        self.task.cancel()
        await self.ended()

    async def ended(self) -> None:
        """Wait for the trigger's end."""
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    @property
    def events(self) -> list[Any]:
        return [entry.event.payload for entry in self.runner.events]


async def polled(ending: Ending, times: int = 1) -> None:
    """Wait until the campaign's state was polled so often."""
    while len(await asyncio.to_thread(ending.emulator.calls, "GetCampaignStateBatch")) < times:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def run(coroutine: Any) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(60):
            return await coroutine

    return asyncio.run(bounded())


def test_the_trigger_has_no_on_kill_of_its_own():
    assert CampaignStateTrigger.on_kill is BaseTrigger.on_kill
    assert CampaignStateTrigger.cleanup is BaseTrigger.cleanup


@pytest.mark.parametrize(("how", "kills"), [("user_acts", 1), ("shuts_down", 0)])
def test_marked_cleared_or_shut_down_while_deferred(ending, how, kills):
    campaign = ending.launch().value
    _, trigger = deferred(campaign)

    async def life() -> Triggerer:
        triggerer = Triggerer(trigger)
        await polled(ending)
        await getattr(triggerer, how)()
        return triggerer

    triggerer = run(life())
    assert (len(triggerer.killed), triggerer.events) == (kills, [])
    ending.settle(campaign)


def test_a_trigger_that_times_out(ending):
    campaign = ending.launch().value
    _, trigger = deferred(campaign)

    async def life() -> Triggerer:
        triggerer = Triggerer(trigger, timeout_after=datetime.now(UTC) - timedelta(seconds=1))
        await polled(ending)
        await triggerer.user_acts()
        return triggerer

    assert run(life()).killed == []
    ending.settle(campaign)


def test_a_triggerer_that_was_frozen_kills_while_another_one_waits_on(ending):
    """Both run the trigger; the thawed one calls `on_kill` although the task is still deferred elsewhere."""
    campaign = ending.launch().value
    waits, trigger = deferred(campaign)
    twin = CampaignStateTrigger(**trigger.serialize()[1])

    async def life() -> Triggerer:
        frozen, other = Triggerer(trigger), Triggerer(twin)
        await polled(ending)
        await frozen.user_acts()
        assert frozen.killed == ["on_kill"]
        await asyncio.to_thread(ending.untouched, campaign)
        await asyncio.to_thread(ending.world.kit.step, FINISHED_S)
        await other.ended()
        return other

    [event] = run(life()).events
    assert waits.execute_complete(RunningTask("wait").context, event) == "Completed"
    ending.settle(campaign, state="Completed")


def test_two_triggerers_that_both_fire_and_a_task_that_is_resumed_twice(ending):
    campaign = ending.launch().value
    waits, trigger = deferred(campaign)
    twin = CampaignStateTrigger(**trigger.serialize()[1])

    async def life() -> list[Any]:
        both = [Triggerer(each) for each in (trigger, twin)]
        await polled(ending)
        await asyncio.to_thread(ending.world.kit.step, FINISHED_S)
        for each in both:
            await each.ended()
        return [event for each in both for event in each.events]

    events = run(life())
    assert len(events) == 2
    assert [waits.execute_complete(RunningTask("wait").context, event) for event in events] == ["Completed"] * 2
    ending.settle(campaign, state="Completed")


def test_a_clear_whose_new_attempt_waits_before_the_old_trigger_is_killed(ending):
    """Measured: the new attempt after 0.4 s, the old trigger's `on_kill` after 2.0 s."""
    campaign = ending.launch().value
    _, old = deferred(campaign)
    waits, new = deferred(campaign)

    async def life() -> Triggerer:
        first, second = Triggerer(old), Triggerer(new)
        await polled(ending)
        await first.user_acts()
        await asyncio.to_thread(ending.world.kit.step, FINISHED_S)
        await second.ended()
        return second

    [event] = run(life()).events
    assert waits.execute_complete(RunningTask("wait").context, event) == "Completed"
    ending.settle(campaign, state="Completed")
