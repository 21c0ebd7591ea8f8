"""The emulator's control API for Python, and its process; standard library only."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from typing import IO, TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

    Json = dict[str, Any]


# A proxy from the environment has no business between a test and its own machine.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ControlError(Exception):
    """The control API refused a request; the text is its own: found, allowed, hint."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """The control API under `/_emulator/` of a running emulator.

    :param url: the emulator's base URL, `http://127.0.0.1:PORT`.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def request(self, method: str, path: str, body: Json | None = None) -> Json:
        """Send one control request.

        :raises ControlError: when it is refused.
        """
        request = urllib.request.Request(  # noqa: S310 - the URL is the caller's own emulator
            f"{self.url}/_emulator{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with DIRECTLY.open(request, timeout=60) as reply:
                answer: Json = json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(error.read().decode(), status=error.code) from None
        return answer

    def health(self) -> Json:
        """Give status, version, emulator time and `unexpected_errors`."""
        return self.request("GET", "/health")

    def clock(self) -> Json:
        """Give emulator time (`now`, ISO 8601), `speed` and `frozen`."""
        return self.request("GET", "/clock")

    def set_clock(self, **changes: Any) -> Json:
        """Change `speed`, `now`, `step_seconds` or `frozen`; all that is due afterwards has been settled."""
        return self.request("POST", "/clock", changes)

    def calls(self, operation: str | None = None, service: str | None = None) -> list[Json]:
        """Give the logged requests, oldest first."""
        wanted = {"operation": operation, "service": service}
        query = urllib.parse.urlencode({key: value for key, value in wanted.items() if value is not None})
        calls: list[Json] = self.request("GET", f"/calls?{query}")["calls"]
        return calls

    def counts(self) -> dict[str, dict[str, int]]:
        """Give `{"requests": n, "effects": n}` per `service.Operation`."""
        return self.request("GET", "/counts")

    def effects(self, operation: str, service: str | None = None) -> int:
        """Count the requests for an operation that took effect (in any service, if none is named)."""
        return sum(
            count["effects"]
            for name, count in self.counts().items()
            if name.partition(".")[2] == operation and service in {None, name.partition(".")[0]}
        )

    def add_fault(self, *, operation: str, kind: str, **more: Any) -> str:
        """Add a fault (`times`, `skip`, `service`, `code`, ... as in the API's page) and give its id."""
        fault = self.request("POST", "/faults", {"operation": operation, "kind": kind, **more})
        return str(fault["id"])

    def faults(self) -> list[Json]:
        """Give all faults, and how often each has fired."""
        faults: list[Json] = self.request("GET", "/faults")["faults"]
        return faults

    def clear_faults(self) -> None:
        """Remove all faults; held replies go out, late effects have landed afterwards."""
        self.request("DELETE", "/faults")

    def release(self, fault_id: str) -> None:
        """Let go what a fault holds back: replies (`hold`, `timeout`), effects (`late`), which have landed afterwards."""
        self.request("POST", f"/faults/{fault_id}/release")

    def settings(self) -> Json:
        """Give all settings, as they are now."""
        return self.request("GET", "/settings")

    def set_settings(self, **nested: Any) -> Json:
        """Change settings: `set_settings(campaigns={"attempts_per_minute": 60})`."""
        return self.request("PATCH", "/settings", nested)

    def reset(self) -> None:
        """Forget everything: data (moto's too), settings, faults, calls; the clock is at real time again."""
        self.request("POST", "/reset")


class EmulatorProcess:
    """An emulator of one's own, on a free loopback port; ended on leaving the context.

    :param speed: emulator seconds per real second.
    :param options: further command line options.
    :param stderr: takes the tracebacks of what goes wrong in it; None = this process's own.
    """

    def __init__(
        self, *, speed: float | None = None, options: tuple[str, ...] = (), stderr: IO[Any] | None = None
    ) -> None:
        at_speed = () if speed is None else ("--speed", str(speed))
        self._command = [sys.executable, "-m", "connect_emulator", "--port", "0", *at_speed, *options]
        self._stderr = stderr
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=self._stderr, text=True)
        self._process = process
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        line = process.stdout.readline().strip()
        if not line.startswith("listening on "):
            status = process.wait(timeout=10)
            message = f"The emulator printed `{line}` and ended with status {status}; its reason is on stderr"
            raise RuntimeError(message)
        self.url = line.removeprefix("listening on ")
        # What moto prints must not fill the pipe, or the emulator stands still.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        return self

    @property
    def pid(self) -> int:
        """The process's id."""
        if self._process is None:
            message = "The emulator isn't running\n\nhint: use it as a context manager"
            raise RuntimeError(message)
        return self._process.pid

    @property
    def control(self) -> Control:
        """Its control API."""
        return Control(self.url)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()
