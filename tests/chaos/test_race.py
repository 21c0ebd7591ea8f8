"""Two runs of one key at once, again and again, over HTTP: one launch each time, and their calls really interleave."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, local
from typing import Any

import pytest

from connect_campaigns.core.errors import RetryableError
from connect_campaigns.hooks import ConnectCampaignsHook
from connect_campaigns.operators.campaigns import StartCampaignOperator
from tests.launch_kit import Ran, World

ROUNDS = 100 if os.environ.get("CHAOS") == "all" else 10
SOON = {"start_after": timedelta(minutes=10), "min_launch_gap": None}


class Numbers:
    """Notes which numbers of the emulator's call log each run's calls have: its replies carry them as request id."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._mine = local()
        make = ConnectCampaignsHook.client

        def client(hook: ConnectCampaignsHook, service: str, config: Any = None) -> Any:
            made = make(hook, service, config)
            made.meta.events.register("after-call.connectcampaignsv2", self._note)
            return made

        monkeypatch.setattr(ConnectCampaignsHook, "client", client)

    def begin(self) -> list[int]:
        """Give the list that this thread's calls go into from now on."""
        numbers: list[int] = []
        self._mine.numbers = numbers
        return numbers

    def _note(self, parsed: dict[str, Any], **_: Any) -> None:
        if hasattr(self._mine, "numbers"):
            self._mine.numbers.append(int(parsed["ResponseMetadata"]["RequestId"].rpartition("-")[2], 16))


def interleaved(one: list[int], two: list[int]) -> bool:
    """Whether calls of each lie between calls of the other."""
    return any(min(one) < number < max(one) for number in two) and any(min(two) < number < max(two) for number in one)


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    emulator.set_settings(campaigns={"max_campaigns": 1000, "max_active_campaigns": 1000})
    return World(emulator, monkeypatch, people=1)


@pytest.mark.timeout(600)
def test_two_runs_of_one_key_at_once_launch_once(world, monkeypatch):
    """Both create, one is named by K, the other's candidate is dropped; whoever claims, one start takes effect."""
    numbers = Numbers(monkeypatch)
    together = Barrier(2)

    def launch(key: str, run: int) -> tuple[Ran, list[int]]:
        mine = numbers.begin()
        operator = StartCampaignOperator(task_id="start", template=world.template, launch_key=key, **SOON)
        together.wait(timeout=60)
        return Ran(operator, run_id=f"r{run}"), mine

    really = 0
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            key, before = f"k{number}", world.starts
            (one, its_calls), (two, other_calls) = pool.map(launch, (key, key), (1, 2))
            really += interleaved(its_calls, other_calls)
            assert [run.error for run in (one, two) if not isinstance(run.error, RetryableError | None)] == []
            again = [run if run.error is None else launch_again(world, key) for run in (one, two)]
            assert again[0].value == again[1].value
            assert world.starts == before + 1
    print(f"race: {ROUNDS} x one launch; the calls of {really} interleaved")  # noqa: T201 - the figure
    assert really >= ROUNDS / 2
    states = [world.state(each["id"]) for each in world.campaigns() if each["id"] != world.template]
    assert sorted(states) == ["Running"] * ROUNDS, "no twin is left, and none runs"


def launch_again(world: World, key: str) -> Ran:
    """Retry as Airflow would."""
    run = Ran(StartCampaignOperator(task_id="start", template=world.template, launch_key=key, **SOON), try_number=2)
    assert run.error is None
    return run
