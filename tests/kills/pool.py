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
            launch.until_run_ends()
            self.moments = launch.lane.moments()
            launch.judge()

        return self._on_a_lane("no kill", None, act, waits=False)

    def run(self, kills: Iterable[Kill]) -> dict[Kill, Result]:
        """Do all kills, as many at once as there are lanes."""
        with ThreadPoolExecutor(self._size) as threads:
            futures = {kill: threads.submit(self._one, kill) for kill in kills}
            return {kill: future.result() for kill, future in futures.items()}

    def together(
        self,
        what: str,
        whens: Sequence[str | None],
        strike: Callable[[list[Launch]], None],
        *,
        after: Callable[[Launch], None],
    ) -> list[Result]:
        """Bring several launches to their moments, strike once what they share, then bring each to its end.

        :param whens: as in `Kill`; "" = nothing is held
        """
        lanes = [self._free.get() for _ in whens]
        try:
            launches = [self._launch(what, lane, when) for lane, when in zip(lanes, whens, strict=True)]
            self._each(launches, self._bring)
            if not any(launch.result.problems for launch in launches):
                strike(launches)
                self._each(launches, after)
            return [self.tell(launch.result) for launch in launches]
        finally:
            for lane in lanes:
                self._free.put(lane)

    def _launch(self, what: str, lane: Lane, when: str | None) -> Launch:
        moment = find(self.moments, when) if when else None
        return Launch(self.site, lane, moment=moment, what=what, waits=when is None)

    @staticmethod
    def _bring(launch: Launch) -> None:
        launch.begin()
        if launch.moment:
            launch.until_held()
        elif "wait" in launch.tasks:
            launch.until_deferred()

    def _each(self, launches: Sequence[Launch], act: Callable[[Launch], None]) -> None:
        with ThreadPoolExecutor(len(launches)) as threads:
            list(threads.map(lambda launch: guarded(launch, act), launches))

    def _one(self, kill: Kill) -> Result:
        moment = kill.exact or (find(self.moments, kill.when, times=kill.times) if kill.when else None)

        def act(launch: Launch) -> None:
            self._bring(launch)
            kill.strike(launch)

        return self._on_a_lane(kill.what, moment, act, waits=moment is None)

    def _on_a_lane(self, what: str, moment: Moment | None, act: Callable[[Launch], None], *, waits: bool) -> Result:
        lane = self._free.get()
        try:
            launch = Launch(self.site, lane, moment=moment, what=what, waits=waits)
            guarded(launch, act)
            return self.tell(launch.result)
        finally:
            self._free.put(lane)
