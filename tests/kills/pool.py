"""Many kills at once: each on a lane of its own, each told in a line when it is over."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.kills.lanes import find
from tests.kills.launches import Launch, guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.kills.lanes import Lane, Moment
    from tests.kills.launches import Result
    from tests.kills.site import Site


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One kill of one task.

    :param when: the call whose reply is held, as ``start: StartCampaign``; None = the wait is deferred
    :param strike: kills, lets the launch come to its end, and has it judged
    :param times: how many replies of that operation are held
    :param exact: the call itself, where `when` could mean several
    """

    what: str
    when: str | None
    strike: Callable[[Launch], None]
    times: int = 1
    exact: Moment | None = None

    def __str__(self) -> str:
        return f"{self.what} at {self.when or 'deferred wait'}"


class Pool:
    """The lanes of one Airflow.

    :param moments: the calls of a clean launch
    :param say: prints a line
    """

    def __init__(self, site: Site, lanes: Sequence[Lane], *, say: Callable[[str], None]) -> None:
        self.site = site
        self.moments: list[Moment] = []
        self._say = say
        self._lock = threading.Lock()
        self._free: queue.Queue[Lane] = queue.Queue()
        self._size = len(lanes)
        for lane in lanes:
            self._free.put(lane)

    def tell(self, result: Result) -> Result:
        """Print a result's line."""
        with self._lock:
            self._say(result.line())
            for problem in result.problems:
                self._say(f"    {problem}")
        return result

    def clean(self) -> Result:
        """Launch without a kill, and note its calls: the moments."""

        def act(launch: Launch) -> None:
            launch.begin()
            launch.until_state("deferred", task="wait")
            self.moments = launch.lane.moments()
            launch.until_run_ends()
            launch.judge()

        return self._on_a_lane("no kill", None, act)

    def run(self, kills: Iterable[Kill]) -> dict[Kill, Result]:
        """Do all kills, as many at once as there are lanes."""
        with ThreadPoolExecutor(self._size) as threads:
            futures = {kill: threads.submit(self._one, kill) for kill in kills}
            return {kill: future.result() for kill, future in futures.items()}

    def _one(self, kill: Kill) -> Result:
        moment = kill.exact or (find(self.moments, kill.when, times=kill.times) if kill.when else None)

        def act(launch: Launch) -> None:
            launch.begin()
            if moment:
                launch.until_held()
            else:
                launch.until_deferred()
            kill.strike(launch)

        return self._on_a_lane(kill.what, moment, act)

    def _on_a_lane(self, what: str, moment: Moment | None, act: Callable[[Launch], None]) -> Result:
        lane = self._free.get()
        try:
            launch = Launch(self.site, lane, moment=moment, what=what)
            guarded(launch, act)
            return self.tell(launch.result)
        finally:
            self._free.put(lane)
