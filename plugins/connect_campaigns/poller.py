"""One batched poll for all the campaigns that a process waits on.

Every trigger of a triggerer that uses the same connection joins one `CampaignStatePoller`: N waits cost ⌈N/25⌉
GetCampaignStateBatch calls a tick, where one call each would use up the account's 5 reads a second (documented) with
a few dozen waits. This departs from the Amazon provider's waiters on purpose: they need aiobotocore, whose pins fight
current boto3, and a client per trigger, 60 times the memory of a seat here (measured).

**Cancellation.** A trigger may be cancelled at any moment: its task was cleared or marked, the triggerer ends.
- A waiter that is cancelled leaves its seat and nothing else: a read in flight goes on for the others, and `Seat.tell`
  looks at `done()` before it sets a future that may be cancelled.
- The poll runs in a worker thread, which cannot be cancelled. The last waiter to leave therefore cancels nothing
  either: it takes the poller off the register, so that the next waiter begins a new one, and the poller's own task
  ends after the read in flight.
- If the event loop itself ends, it cancels that task. The client is then closed by a worker thread too, which waits
  for the read in flight: reading and closing hold the same lock.

The task and its threads run in a context of their own: log lines would else go to the log of whichever trigger came
first, for ever. What is worth a line, each waiter says in its own log.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from connect_campaigns.core.errors import ConnectCampaignsError, ServiceUnavailable
from connect_campaigns.core.waiting import Poll, widen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from datetime import datetime

    from connect_campaigns.aws.campaigns import Campaigns

SHORTEST_INTERVAL_S = 1.0
"""No waiter makes all others poll more often than this."""

COALESCE_S = 0.1
"""How long a newcomer's first read waits for others to share it: triggers arrive in bursts of 50."""


class Reader(Protocol):
    """What reads states; called from worker threads, one call at a time.

    :param read_at: when the last states were read, by the service's clock; None = it can't tell
    """

    read_at: datetime | None

    def states(self, campaign_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Read states; None (or an id left out) = not seen."""

    def close(self) -> None:
        """Let go of connections; waits for a read in flight."""


@dataclass(eq=False)
class Seat:
    """One waiter's place at the poller."""

    campaign_id: str
    interval_s: float
    waits_for_first: bool = True
    _poll: asyncio.Future[Poll] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def next(self) -> Poll:
        """Wait for the next poll.

        :raises Exception: what the poll itself did not expect: a bug, or a connection that doesn't exist
        """
        poll = await self._poll
        self._poll = asyncio.get_running_loop().create_future()
        return poll

    def tell(self, poll: Poll | Exception) -> None:
        """Hand over what came of a poll; a waiter that is cancelled, or not yet back from the last one, misses it."""
        self.waits_for_first = False
        if self._poll.done():
            return
        if isinstance(poll, Exception):
            self._poll.set_exception(poll)
        else:
            self._poll.set_result(poll)


class CampaignStatePoller:
    """Polls for its waiters while there are any: the first starts it, the last ends it.

    All are read at the shortest interval that one of them asks for; newcomers at once, and only they. A throttled
    poll doubles the interval for all, each that wasn't halves it again.

    :param reader: reads the states; closed with the last waiter
    :param on_empty: called when the last waiter left; nobody may join from then on
    :param shortest_interval_s: lower bound of the interval
    """

    def __init__(
        self,
        reader: Reader,
        *,
        on_empty: Callable[[], object] = lambda: None,
        shortest_interval_s: float = SHORTEST_INTERVAL_S,
    ) -> None:
        self._reader = reader
        self._on_empty = on_empty
        self._shortest_interval_s = shortest_interval_s
        self._seats: set[Seat] = set()
        self._called = asyncio.Event()
        self._factor = 1
        # Kept, or the garbage collector may end a task that nobody refers to.
        self._task: asyncio.Task[None] | None = None

    def join(self, campaign_id: str, *, interval_s: float) -> Seat:
        """Take a seat; the first read is due at once."""
        seat = Seat(campaign_id, interval_s)
        self._seats.add(seat)
        self._called.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="campaign states", context=contextvars.Context())
        return seat

    def leave(self, seat: Seat) -> None:
        """Give a seat up; leaves all others alone."""
        self._seats.discard(seat)
        if not self._seats:
            self._on_empty()
            self._called.set()

    @property
    def interval_s(self) -> float:
        """The pause between two polls of everybody, in seconds."""
        usual = min((seat.interval_s for seat in self._seats), default=self._shortest_interval_s)
        return max(usual, self._shortest_interval_s) * self._factor

    async def _run(self) -> None:
        last = float("-inf")
        try:
            while self._seats:
                await self._called_or(last + self.interval_s)
                await asyncio.sleep(COALESCE_S)
                self._called.clear()
                interval = self.interval_s
                everybody = time.monotonic() >= last + interval
                await self._tick([s for s in self._seats if everybody or s.waits_for_first], pause_s=interval)
                if everybody:
                    last = time.monotonic()
        finally:
            # Not awaited: where the loop ends, this task is cancelled, and the thread closes the client all the same.
            asyncio.get_running_loop().run_in_executor(None, self._reader.close)

    async def _called_or(self, due: float) -> None:
        """Sleep until the next poll is due, or somebody joins, or the last one leaves."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(due - time.monotonic(), 0)):
                await self._called.wait()

    async def _tick(self, seats: Sequence[Seat], *, pause_s: float) -> None:
        """Read once, and tell everybody who was there when it began what came of it."""
        ids = sorted({seat.campaign_id for seat in seats})
        if not ids:
            return
        poll = partial(Poll, started_s=time.monotonic(), pause_s=pause_s)
        states: Mapping[str, str | None] = {}
        failure: Exception | None = None
        try:
            states = await asyncio.to_thread(self._reader.states, ids)
        except Exception as error:  # noqa: BLE001 - whatever it is, a waiter that isn't told would hang
            failure = error
        self._factor = widen(self._factor, throttled=isinstance(failure, ServiceUnavailable))
        for seat in seats:
            if failure is None:
                state = states.get(seat.campaign_id)
                seat.tell(poll(ended_s=time.monotonic(), state=state, at=self._reader.read_at))
            elif isinstance(failure, ConnectCampaignsError):
                seat.tell(poll(ended_s=time.monotonic(), error=failure))
            else:
                seat.tell(failure)


class HookReader:
    """Reads with one sync client of an Airflow connection, made in the worker thread that first needs it.

    :param connection: the hook's parameters: ``aws_conn_id``, ``region_name``, ``verify``, ``botocore_config``
    """

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self._connection = connection
        self.read_at: datetime | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._client: Any = None
        self._campaigns: Campaigns | None = None

    def states(self, campaign_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Read states; see `Reader`.

        :raises ConnectCampaignsError: a call as a whole failed
        """
        from connect_campaigns.aws.campaigns import NOT_SEEN

        with self._lock:
            if self._closed:
                return {}
            try:
                self._campaigns = self._campaigns or self._open()
                found = self._campaigns.states(campaign_ids)
                self.read_at = self._campaigns.service_now()
            except ConnectCampaignsError as error:
                if error.code == "expired_credentials":
                    self._let_go()  # the next read looks the connection up again: somebody may have renewed it
                raise
        return {id_: None if state == NOT_SEEN else state for id_, state in found.items()}

    def close(self) -> None:
        """Close the client, once the read in flight is over."""
        with self._lock:
            self._closed = True
            self._let_go()

    def _open(self) -> Campaigns:
        from connect_campaigns.aws.campaigns import Campaigns
        from connect_campaigns.hooks import ConnectCampaignsHook

        self._client = ConnectCampaignsHook(**self._connection).client("connectcampaignsv2")
        return Campaigns(self._client)

    def _let_go(self) -> None:
        client, self._client, self._campaigns = self._client, None, None
        if client is not None:
            client.close()


_POLLERS: dict[tuple[asyncio.AbstractEventLoop, str], CampaignStatePoller] = {}


@contextlib.asynccontextmanager
async def watch(campaign_id: str, *, connection: Mapping[str, Any], interval_s: float) -> AsyncIterator[Seat]:
    """Take a seat at the poller of the running loop and connection for as long as the context lasts.

    :param connection: the hook's parameters; the whole of them is the connection's identity
    """
    key = (asyncio.get_running_loop(), json.dumps(connection, sort_keys=True, default=str))
    poller = _POLLERS.get(key)
    if poller is None:
        poller = _POLLERS[key] = CampaignStatePoller(HookReader(connection), on_empty=lambda: _POLLERS.pop(key, None))
    seat = poller.join(campaign_id, interval_s=interval_s)
    try:
        yield seat
    finally:
        poller.leave(seat)
