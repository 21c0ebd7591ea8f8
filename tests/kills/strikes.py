"""What is done to one task in the midst of a call; each strike returns when the launch may go on to its end."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from tests.kills.launches import send, supervisor_of
from tests.kills.processes import alive

if TYPE_CHECKING:
    from tests.kills.launches import Launch
    from tests.kills.site import Attempt


def child_killed(launch: Launch) -> None:
    """SIGKILL the process that the user code runs in."""
    old = launch.old
    send(old.pid, signal.SIGKILL)
    launch.until_next(old)
    launch.happened("retried")
    launch.release()
    launch.until_run_ends()
    launch.judge()


def asked_to_end(launch: Launch, pid: int, old: Attempt) -> None:
    """SIGTERM: on_kill runs and execute goes on."""
    send(pid, signal.SIGTERM)
    time.sleep(1.5)  # the signal is handled while the call is held
    launch.happened(f"the call went on, child {'alive' if alive(old.pid) else 'DEAD'}")
    launch.release()
    launch.until_run_ends()
    launch.happened(f"attempts {launch.attempt().number}")
    launch.judge()


def child_asked_to_end(launch: Launch) -> None:
    """SIGTERM the child."""
    old = launch.old
    asked_to_end(launch, old.pid, old)


def supervisor_asked_to_end(launch: Launch) -> None:
    """SIGTERM the supervisor."""
    old = launch.old
    asked_to_end(launch, supervisor_of(old), old)


def orphaned(launch: Launch) -> Attempt:
    """SIGKILL the supervisor; the child lives on beside its retry."""
    old = launch.old
    send(supervisor_of(old), signal.SIGKILL)
    launch.until_next(old)
    overlap(launch, old)
    return old


def overlap(launch: Launch, old: Attempt) -> None:
    """Note whether the old attempt still is where it was, now that the next one is there."""
    if alive(old.pid):
        launch.happened("old attempt alive beside the next")
    else:
        launch.happened("old attempt dead before the next")


def orphan_last(launch: Launch) -> None:
    """The orphan gets its reply when its retry has launched."""
    old = orphaned(launch)
    launch.until_state("success")
    finish_old(launch, old, "its reply came after the retry's end")


def orphan_first(launch: Launch) -> None:
    """The orphan gets its reply at once, while its retry works."""
    old = orphaned(launch)
    finish_old(launch, old, "its reply came while the retry worked")


def both_held(launch: Launch) -> None:
    """Old attempt and retry wait for the reply of the same operation; both get theirs at once."""
    old = orphaned(launch)
    launch.until_held(2)
    finish_old(launch, old, "both got their replies at once")


def finish_old(launch: Launch, old: Attempt, text: str) -> None:
    """Let the old attempt have its reply, and go on to the end of both."""
    launch.release()
    launch.until_dead(old.pid)
    launch.happened(text)
    launch.until_run_ends()
    launch.judge()


def frozen(launch: Launch) -> None:
    """SIGSTOP supervisor and child, as a paused VM does; thaw them when their retry is there."""
    old = launch.old
    stopped = (supervisor_of(old), old.pid)
    for pid in stopped:
        send(pid, signal.SIGSTOP)
    launch.until_next(old)
    overlap(launch, old)
    launch.release()
    for pid in stopped:
        send(pid, signal.SIGCONT)
    launch.until_dead(old.pid)
    launch.happened("thawed with its reply")
    launch.until_run_ends()
    launch.judge()


def cleared(launch: Launch) -> None:
    """A person clears the running task; the call gets no reply before the process is dead."""
    old = launch.old
    launch.clear()
    launch.until_dead(old.pid)
    launch.happened("old attempt ended without its reply")
    launch.release()
    launch.until_next(old)
    launch.until_run_ends()
    launch.judge()


def cleared_in_grace(launch: Launch) -> None:
    """The same; the call gets its reply in the seconds between SIGTERM and SIGKILL."""
    old = launch.old
    launch.clear()
    launch.until_log("This task was ended")
    launch.happened("on_kill ran, then the reply came")
    launch.release()
    launch.until_dead(old.pid)
    launch.until_next(old)
    launch.until_run_ends()
    launch.judge()


def marked(launch: Launch, state: str, *, starts: int) -> None:
    """A person marks the running task; then clears it, since the launch isn't done."""
    old = launch.old
    launch.mark(state)
    launch.until_dead(old.pid)
    launch.release()
    launch.happened(f"{launch.lane.starts} started when dead")
    if launch.lane.starts != starts:
        launch.result.problems.append(f"{launch.lane.starts} starts before the clear, and not {starts}")
    if launch.attempt().state != state:
        launch.result.problems.append(f"marked {state}, it is {launch.attempt().state}")
    launch.clear()
    launch.until_next(old)
    launch.happened("then cleared")
    launch.until_run_ends()
    launch.judge()


def deferred_cleared(launch: Launch) -> None:
    """A person clears the deferred wait."""
    old = launch.old
    launch.clear()
    launch.until(lambda: launch.attempt().id != old.id)
    launch.until_deferred()
    launch.happened("deferred anew")
    launch.until_run_ends()
    launch.judge()


def deferred_marked(launch: Launch, state: str) -> None:
    """A person marks the deferred wait: the campaign goes on; clearing waits for it again."""
    old = launch.old
    launch.mark(state)
    launch.until_state(state)
    time.sleep(3)  # the trigger is cancelled within 2
    if set(launch.lane.states().values()) != {"Running"}:
        launch.result.problems.append(f"the campaign is {launch.lane.states()}")
    launch.clear()
    launch.until(lambda: launch.attempt().id != old.id)
    launch.happened("the campaign ran on; cleared, it waited again")
    launch.until_run_ends()
    launch.judge()


def superseded(launch: Launch) -> None:
    """Something that all share was struck: the old attempt gets its reply when the next one is there."""
    launch.until_next(launch.old)
    overlap(launch, launch.old)
    launch.release()
    launch.until_dead(launch.old.pid)
    launch.until_run_ends()
    launch.judge()


def superseded_or_red(launch: Launch) -> None:
    """The same, where Airflow may use up all tries without running any code of the task; a person then clears it."""
    launch.until(lambda: launch.failed() or launch.attempt().id != launch.old.id)
    overlap(launch, launch.old)
    launch.release()
    launch.until_dead(launch.old.pid)
    launch.until(lambda: launch.failed() or launch.attempt().state == "success")
    if launch.failed():
        launch.happened(f"all tries used up: red, {launch.lane.starts} started; then cleared")
        launch.clear()
    launch.until_run_ends()
    launch.judge()


def unharmed(launch: Launch) -> None:
    """Something that all share was struck: whatever was held gets its reply, and the run comes to its end."""
    if launch.moment:
        launch.release()
        launch.until_state("success")
        launch.happened("same attempt" if launch.attempt().number == launch.old.number else "another attempt")
    elif launch.task == "wait":
        launch.until_polled()
        launch.happened("the wait went on")
    launch.until_run_ends()
    launch.judge()
