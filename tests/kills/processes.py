"""Processes that the kills start, find and end, each by its own id."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PR_SET_CHILD_SUBREAPER = 36
TERM_S = 3.0
"""A scheduler waits for its tasks when it is asked to end, and none of ours needs to be waited for."""


def adopt_orphans() -> None:
    """Become the parent of every process whose own one died, so that none is left behind."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


@dataclass(frozen=True)
class Seen:
    """A process, as the kernel has it; `state` Z is dead, T is stopped."""

    pid: int
    state: str
    parent: int
    session: int


def look(pid: int) -> Seen | None:
    """Look at one process; None = there is none, or it is dead and only its parent doesn't know."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, parent, _, session, *_ = text.rpartition(")")[2].split()
    return None if state in "ZX" else Seen(pid, state, int(parent), int(session))


def alive(pid: int) -> bool:
    """Whether a process runs, or is stopped."""
    return look(pid) is not None


def parent(pid: int) -> int:
    """Give the parent of a process that runs."""
    seen = look(pid)
    if seen is None:
        message = f"process {pid} ended before it could be killed: the moment was missed"
        raise AssertionError(message)
    return seen.parent


def of_session(session: int) -> list[int]:
    """Give the processes of a session: a killpg misses Airflow's tasks, which have groups of their own."""
    every = (look(int(each.name)) for each in Path("/proc").iterdir() if each.name.isdecimal())
    return [each.pid for each in every if each and each.session == session]


def children(pid: int) -> list[int]:
    """Give the processes that a process started, but those that only serve logs."""
    found = []
    for each in of_session(pid):
        seen = look(each)
        command = Path(f"/proc/{each}/cmdline").read_bytes()
        if seen and seen.parent == pid and b"serve-logs" not in command and b"serve_logs" not in command:
            found.append(each)
    return found


class Component:
    """A process in a session of its own; ending it ends what it left behind, too.

    :param words: what kind of component it is, so that another of it can be started
    :param user: whose process it is to be; None = ours
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str] = (),
        *,
        command: Sequence[str],
        environment: Mapping[str, str],
        logs: Path,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.words = words
        self._command = command
        self._environment = environment
        self._user = user
        self.log = logs / f"{name.replace(' ', '-')}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it; what it prints goes to its log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
            )
        return self

    @property
    def pid(self) -> int:
        """The process's id."""
        if self._process is None:
            message = f"{self.name} was not started"
            raise RuntimeError(message)
        return self._process.pid

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    def kill(self, number: signal.Signals) -> None:
        """Send a signal to this one process."""
        if self.running():
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; say whether it came."""
        with suppress(subprocess.TimeoutExpired):
            if self._process is not None:
                self._process.wait(seconds)
        return not self.running()

    def tail(self) -> str:
        """Give the end of its log."""
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def end(self) -> None:
        """End it, and what is left of its session: workers without a scheduler live for ever."""
        if self._process is None:
            return
        self.kill(signal.SIGTERM)
        self.wait(TERM_S)
        deadline = time.monotonic() + 10
        while (left := of_session(self.pid)) and time.monotonic() < deadline:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        self.wait(TERM_S)
        self._reap()

    def _reap(self) -> None:
        """Take the exit statuses of the orphans that became ours."""
        for each in Path("/proc").iterdir():
            if each.name.isdecimal():
                with suppress(OSError, ValueError):
                    state, ppid, _, session, *_ = (each / "stat").read_text().rpartition(")")[2].split()
                    if state == "Z" and int(session) == self.pid and int(ppid) == os.getpid():
                        os.waitpid(int(each.name), os.WNOHANG)
