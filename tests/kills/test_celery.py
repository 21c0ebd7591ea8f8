"""A Celery worker's pool process, which supervises a task, is killed: within seconds a second attempt is beside the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kills import strikes
from tests.kills.conftest import make_site
from tests.kills.pool import Kill, Pool
from tests.kills.servers import Redis
from tests.kills.test_tasks import BEFORE_START, CREATED, STARTED

if TYPE_CHECKING:
    from collections.abc import Iterator

WHAT = "Celery pool process SIGKILL"
KILLS = (
    Kill(what=WHAT, when=CREATED, strike=strikes.both_held, times=2),
    Kill(what=WHAT, when=BEFORE_START, strike=strikes.orphan_first),
    Kill(what=WHAT, when=STARTED, strike=strikes.orphan_last),
)


@pytest.fixture(scope="module")
def celery(home, postgres, lanes, template, pool, site, say) -> Iterator[Pool]:
    """The same Airflow with a Celery worker and Redis; the other one's processes have ended."""
    site.end()
    postgres.create("celery", template=template)
    with Redis(home) as redis:
        at = f"{postgres.owner}@127.0.0.1:{postgres.port}/celery"
        celery = make_site(
            home,
            postgres,
            lanes,
            database="celery",
            CORE__EXECUTOR="CeleryExecutor",
            CELERY__BROKER_URL=f"redis://127.0.0.1:{redis.port}/0",
            CELERY__RESULT_BACKEND=f"db+postgresql+psycopg2://{at}",
            CELERY__WORKER_CONCURRENCY="4",
        )
        try:
            for words in (["api-server"], ["scheduler"], ["celery", "worker"]):
                celery.start(*words)
            celery.until_up()
            other = Pool(celery, lanes, say=say)
            other.moments = pool.moments
            yield other
        finally:
            celery.end()


def test_a_pool_process_is_killed(celery):
    results = celery.run(KILLS)
    assert not [problem for result in results.values() for problem in result.problems]
