"""The poller with a reader that the test holds in its hand: who is asked, who is told, who may leave when."""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress

import pytest

from connect_campaigns.core.errors import NotSeen, ServiceRefused, ServiceUnavailable
from connect_campaigns.poller import CampaignStatePoller

DENIED = ServiceRefused("denied", allowed="rights", hint="add them", code="access_denied")
THROTTLED = ServiceUnavailable("slow down", allowed="the rate", hint="later", code="throttled")
BROKEN = NotSeen("connection reset", allowed="an answer", hint="retry", code="not_seen")


class HeldReader:
    """Says what it is asked, and holds its worker thread until the test gives the answer."""

    read_at = None

    def __init__(self):
        self.asked: queue.Queue[list[str]] = queue.Queue()
        self.answers: queue.Queue[object] = queue.Queue()
        self.closed = threading.Event()
        self.reading = threading.Lock()

    def states(self, campaign_ids):
        with self.reading:
            self.asked.put(list(campaign_ids))
            answer = self.answers.get(timeout=10)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        with self.reading:
            self.closed.set()

    async def next_question(self):
        return await asyncio.to_thread(self.asked.get, timeout=10)


def scenario(test):
    """Run a coroutine function with a reader and its poller; nothing may hang, nothing may be left running."""

    def run():
        async def main():
            reader = HeldReader()
            poller = CampaignStatePoller(reader, shortest_interval_s=0.01)
            async with asyncio.timeout(10):
                await test(reader, poller)
                for seat in list(poller._seats):
                    poller.leave(seat)
            reader.answers.put({})
            if poller._task:
                await asyncio.wait_for(poller._task, 10)
            assert await asyncio.to_thread(reader.closed.wait, 10)

        asyncio.run(main())

    run.__name__ = test.__name__
    return run


@scenario
async def test_a_burst_of_joiners_shares_the_first_read(reader, poller):
    seats = [poller.join(f"c-{number:02}", interval_s=60) for number in range(60)]
    assert await reader.next_question() == [seat.campaign_id for seat in seats]
    reader.answers.put({seat.campaign_id: "Running" for seat in seats})
    polls = [await seat.next() for seat in seats]
    assert {poll.state for poll in polls} == {"Running"}
    assert reader.asked.empty()


@scenario
async def test_two_waiters_on_one_campaign_are_one_question_and_both_are_told(reader, poller):
    one, two = poller.join("c-1", interval_s=60), poller.join("c-1", interval_s=60)
    assert await reader.next_question() == ["c-1"]
    reader.answers.put({"c-1": "Paused"})
    assert [(await each.next()).state for each in (one, two)] == ["Paused", "Paused"]


@scenario
async def test_a_newcomer_is_read_at_once_and_alone(reader, poller):
    first = poller.join("c-1", interval_s=60)
    await reader.next_question()
    reader.answers.put({"c-1": "Running"})
    await first.next()
    second = poller.join("c-2", interval_s=60)
    assert await reader.next_question() == ["c-2"]
    reader.answers.put({"c-2": "Running"})
    assert (await second.next()).state == "Running"


@scenario
async def test_a_newcomer_during_a_read_waits_for_the_next_one(reader, poller):
    first = poller.join("c-1", interval_s=60)
    await reader.next_question()
    second = poller.join("c-2", interval_s=60)
    await asyncio.sleep(0)
    assert reader.asked.empty()  # one read in flight
    reader.answers.put({"c-1": "Running"})
    await first.next()
    assert await reader.next_question() == ["c-2"]
    reader.answers.put({"c-2": "Completed"})
    assert (await second.next()).state == "Completed"


@scenario
async def test_the_shortest_interval_of_all_waiters_counts(reader, poller):
    slow = poller.join("c-1", interval_s=600)
    assert poller.interval_s == 600
    quick = poller.join("c-2", interval_s=0.05)
    assert poller.interval_s == 0.05
    for _ in range(3):
        assert await reader.next_question() == ["c-1", "c-2"]
        reader.answers.put({"c-1": "Running", "c-2": "Running"})
        await quick.next()
        await slow.next()
    poller.leave(quick)
    assert poller.interval_s == 600


@scenario
async def test_a_cancelled_waiter_leaves_the_batch_and_the_others_alone(reader, poller):
    seats = [poller.join(f"c-{number}", interval_s=60) for number in range(3)]
    waits = [asyncio.create_task(seat.next()) for seat in seats]
    await reader.next_question()
    waits[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits[0]
    # Not even its seat is given up yet when the answer arrives: a cancelled future must not stop the hand-out.
    reader.answers.put({seat.campaign_id: "Running" for seat in seats})
    assert [(await wait).state for wait in waits[1:]] == ["Running", "Running"]


@scenario
async def test_an_id_that_was_left_out_is_not_seen_and_never_dropped(reader, poller):
    seen, unseen = poller.join("c-1", interval_s=60), poller.join("c-2", interval_s=60)
    await reader.next_question()
    reader.answers.put({"c-1": "Running"})
    assert (await seen.next()).state == "Running"
    poll = await unseen.next()
    assert (poll.state, poll.error) == (None, None)


@pytest.mark.parametrize("error", [DENIED, BROKEN, THROTTLED])
def test_an_error_reaches_every_waiter_as_a_value(error):
    @scenario
    async def run(reader, poller):
        seats = [poller.join(f"c-{number}", interval_s=60) for number in range(3)]
        await reader.next_question()
        reader.answers.put(error)
        assert [(await seat.next()).error for seat in seats] == [error] * 3

    run()


@scenario
async def test_what_nobody_expected_reaches_every_waiter_too_and_the_poller_goes_on(reader, poller):
    seats = [poller.join(f"c-{number}", interval_s=0.05) for number in range(2)]
    await reader.next_question()
    reader.answers.put(KeyError("state"))
    for seat in seats:
        with pytest.raises(KeyError):
            await seat.next()
    # A waiter that it ended leaves; one that comes later is served.
    for seat in seats:
        await asyncio.sleep(0)
        seat._poll = asyncio.get_running_loop().create_future()
    await reader.next_question()
    reader.answers.put({"c-0": "Running", "c-1": "Running"})
    assert (await seats[0].next()).state == "Running"


@scenario
async def test_throttling_widens_the_interval_for_all_and_narrows_it_again(reader, poller):
    seat = poller.join("c-1", interval_s=0.02)
    widths = []
    for answer in (THROTTLED, THROTTLED, THROTTLED, {"c-1": "Running"}, BROKEN, {"c-1": "Running"}):
        await reader.next_question()
        reader.answers.put(answer)
        await seat.next()
        widths.append(round(poller.interval_s / 0.02))
    assert widths == [2, 4, 8, 4, 2, 1]


@scenario
async def test_a_poll_says_how_long_it_took_and_how_long_was_slept_before(reader, poller):
    seat = poller.join("c-1", interval_s=0.02)
    for _ in range(2):
        await reader.next_question()
        reader.answers.put({"c-1": "Running"})
        poll = await seat.next()
    assert poll.ended_s >= poll.started_s
    assert poll.pause_s == 0.02


@scenario
async def test_a_slow_waiter_misses_polls_and_starves_nobody(reader, poller):
    slow, quick = poller.join("c-1", interval_s=0.02), poller.join("c-2", interval_s=0.02)
    for _ in range(3):
        await reader.next_question()
        reader.answers.put({"c-1": "Running", "c-2": "Running"})
        await quick.next()
    assert (await slow.next()).state == "Running"


def test_the_last_waiter_ends_the_poller_after_the_read_in_flight():
    async def main():
        left = []
        reader = HeldReader()
        poller = CampaignStatePoller(reader, on_empty=lambda: left.append(True))
        seat = poller.join("c-1", interval_s=60)
        await reader.next_question()
        poller.leave(seat)
        assert left == [True]
        assert not reader.closed.is_set()  # the read is still out
        reader.answers.put({"c-1": "Running"})
        await asyncio.wait_for(poller._task, 10)
        assert await asyncio.to_thread(reader.closed.wait, 10)

    asyncio.run(main())


def test_a_loop_that_ends_closes_the_client_after_the_read_in_flight():
    reader = HeldReader()

    async def main():
        poller = CampaignStatePoller(reader)
        poller.join("c-1", interval_s=60)
        await reader.next_question()
        # The loop ends here: it cancels the poller's task while its thread is held.
        threading.Timer(0.2, reader.answers.put, [{"c-1": "Running"}]).start()

    asyncio.run(main())
    assert reader.closed.is_set()


def test_the_event_loop_is_never_blocked_by_a_read():
    @scenario
    async def run(reader, poller):
        seat = poller.join("c-1", interval_s=60)
        await reader.next_question()  # the worker thread is held from here on
        beats = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                while True:
                    await asyncio.sleep(0.01)
                    beats += 1
        assert beats >= 15
        reader.answers.put({"c-1": "Running"})
        await seat.next()

    run()


def test_log_lines_of_the_poller_do_not_carry_the_first_waiters_context():
    import contextvars

    trigger_id = contextvars.ContextVar("trigger_id", default=None)
    seen = []

    class NotingReader(HeldReader):
        def states(self, campaign_ids):
            seen.append(trigger_id.get())
            return dict.fromkeys(campaign_ids, "Running")

    async def main():
        trigger_id.set(7)
        poller = CampaignStatePoller(NotingReader())
        seat = poller.join("c-1", interval_s=60)
        await seat.next()
        poller.leave(seat)
        await poller._task

    asyncio.run(main())
    assert seen == [None]
