"""Postgres restarts and the api-server dies while launches are in their calls."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.kills import strikes
from tests.kills.test_schedulers import problems
from tests.kills.test_tasks import BEFORE_START, CLAIMED, CREATED, STARTED

if TYPE_CHECKING:
    from tests.kills.launches import Launch


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "fast"), (signal.SIGQUIT, "immediate")])
def test_a_postgres_restart(site, pool, postgres, number, name):
    def strike(_: list[Launch]) -> None:
        postgres.stop(number)
        time.sleep(1)
        postgres.start()

    with site.restarting():
        results = pool.together(
            f"Postgres restart, {name}", (CREATED, CLAIMED, STARTED, None), strike, after=strikes.unharmed
        )
    assert not problems(results)


def test_an_api_server_that_is_away_for_longer_than_the_heartbeat_timeout(site, pool):
    killed = site.last("api-server")

    def strike(_: list[Launch]) -> None:
        killed.kill(signal.SIGKILL)
        site.remove(killed)
        time.sleep(14)
        site.start("api-server")
        site.until_up()

    results = pool.together(
        "api-server SIGKILL, back late", (CREATED, BEFORE_START, STARTED), strike, after=strikes.superseded_or_red
    )
    assert not problems(results)
