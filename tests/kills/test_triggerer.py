"""Triggerers die and freeze while waits are deferred; the campaigns don't notice."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.kills import strikes
from tests.kills.processes import children, of_session
from tests.kills.test_schedulers import problems

if TYPE_CHECKING:
    from tests.kills.launches import Launch

TWO = (None, None)


def test_a_killed_triggerer(site, pool):
    killed = site.last("triggerer")

    def strike(_: list[Launch]) -> None:
        killed.kill(signal.SIGKILL)
        site.start_another("triggerer")

    assert not problems(pool.together("triggerer SIGKILL", TWO, strike, after=strikes.unharmed))
    site.remove(killed)


def test_a_killed_runner(site, pool):
    triggerer = site.last("triggerer")

    def strike(_: list[Launch]) -> None:
        (runner,) = children(triggerer.pid)
        os.kill(runner, signal.SIGKILL)
        assert triggerer.wait(60), "the supervisor lives on without its runner"
        site.start_another("triggerer")

    assert not problems(pool.together("triggerer's runner SIGKILL", TWO, strike, after=strikes.unharmed))
    site.remove(triggerer)


def test_a_triggerer_that_is_asked_to_end(site, pool):
    triggerer = site.last("triggerer")

    def strike(_: list[Launch]) -> None:
        triggerer.kill(signal.SIGTERM)
        assert triggerer.wait(120), triggerer.tail()
        site.start_another("triggerer")

    assert not problems(pool.together("triggerer SIGTERM", TWO, strike, after=strikes.unharmed))
    site.remove(triggerer)


def test_a_frozen_triggerer_beside_another(site, pool):
    frozen = site.last("triggerer")

    def strike(launches: list[Launch]) -> None:
        site.start_another("triggerer")
        before = {launch: launch.triggerer() for launch in launches}
        signal_session(frozen.pid, signal.SIGSTOP)
        for launch in launches:
            launch.until(lambda launch=launch: launch.triggerer() != before[launch])
            launch.until_polled()
            launch.happened("the other triggerer polls")
        signal_session(frozen.pid, signal.SIGCONT)
        time.sleep(3)  # the thawed one runs Trigger.on_kill now
        for launch in launches:
            if set(launch.lane.states().values()) != {"Running"}:
                launch.result.problems.append(f"thawed: {launch.lane.states()}")

    assert not problems(pool.together("triggerer SIGSTOP, CONT", TWO, strike, after=strikes.unharmed))
    site.remove(frozen)


def test_a_trigger_that_runs_twice(site, pool):
    frozen = site.last("triggerer")

    def strike(launches: list[Launch]) -> None:
        site.start_another("triggerer")
        before = {launch: launch.triggerer() for launch in launches}
        frozen.kill(signal.SIGSTOP)  # its runner goes on
        for launch in launches:
            launch.until(lambda launch=launch: launch.triggerer() != before[launch])
            launch.lane.kit.step(7300)
        frozen.kill(signal.SIGCONT)

    def after(launch: Launch) -> None:
        launch.until_state("success")
        launch.happened("two runners ran the trigger")
        launch.until_run_ends(running=False)
        launch.judge()

    assert not problems(pool.together("triggerer's supervisor SIGSTOP", TWO, strike, after=after))
    site.remove(frozen)


def signal_session(session: int, number: signal.Signals) -> None:
    """Send a signal to each process of a component."""
    for pid in of_session(session):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
