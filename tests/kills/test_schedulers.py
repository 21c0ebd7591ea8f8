"""Schedulers die, freeze, drain and work side by side while launches are in their calls."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from tests.kills import strikes
from tests.kills.site import SUCCESSOR
from tests.kills.test_tasks import BEFORE_START, CREATED, NAMED, STARTED

if TYPE_CHECKING:
    from tests.kills.launches import Launch

MOMENTS = (CREATED, NAMED, BEFORE_START, STARTED)


def problems(results):
    return [problem for result in results for problem in result.problems]


def test_a_frozen_scheduler_beside_another(site, pool):
    frozen = site.last("scheduler")

    def strike(_: list[Launch]) -> None:
        site.start_another("scheduler", settings=SUCCESSOR)
        site.freeze(frozen)

    try:
        results = pool.together("scheduler SIGSTOP, another alive", MOMENTS, strike, after=strikes.superseded)
    finally:
        frozen.kill(signal.SIGCONT)
    assert not problems(results)


def test_two_schedulers(site, pool):
    def after(launch: Launch) -> None:
        launch.until_run_ends()
        launch.happened(f"queued by scheduler {site.queued_by(launch.run_id)}")
        launch.judge()

    results = pool.together("two schedulers", [""] * 6, lambda _: None, after=after)
    for each in [each for each in site.components if each.words[0] == "scheduler"][:-1]:
        site.remove(each)
    assert not problems(results)


def test_a_scheduler_that_drains_while_its_successor_works(site, pool):
    draining = site.last("scheduler")

    def strike(_: list[Launch]) -> None:
        draining.kill(signal.SIGTERM)
        time.sleep(1)
        draining.kill(signal.SIGTERM)  # the first one gets lost now and then
        site.start_another("scheduler", settings=SUCCESSOR)

    results = pool.together("scheduler SIGTERM, successor", MOMENTS, strike, after=strikes.superseded)
    site.remove(draining)
    assert not problems(results)


def test_a_killed_scheduler_and_its_successor(site, pool):
    killed = site.last("scheduler")

    def strike(_: list[Launch]) -> None:
        site.freeze(killed)
        killed.kill(signal.SIGKILL)
        site.start_another("scheduler", settings=SUCCESSOR)

    results = pool.together("scheduler SIGKILL, successor", MOMENTS, strike, after=strikes.superseded)
    site.remove(killed)
    assert not problems(results)
