"""The errors of this package: what was found, what is allowed, what to do.

ConnectCampaignsError
├── FinalError            no retry can heal it (Airflow fails the task at once)
│   ├── InvalidInput      a parameter, a file, a connection's extra
│   ├── GuardFailed       a check that must hold before a launch doesn't
│   ├── LaunchRefused     the protocol says that this launch must not happen
│   ├── CampaignEnded     a wait or an outcome says: it did not do what was asked
│   └── ServiceRefused    the service said no for good (rights, quota, validation)
└── RetryableError        a retry, or clearing another task, may heal it
    ├── LaunchHeld        ours, not started yet: a retry goes on from here
    ├── LaunchUncertain   what happened can't be told now; nothing was repeated
    ├── NotSeen           the service or the ledger could not be read for too long
    └── ServiceUnavailable  throttled or failing for longer than the task may wait

LaunchSkipped stands apart: an Airflow skip, not a failure.
"""

from __future__ import annotations

from typing import Any, Self

from connect_campaigns._compat import AirflowException, AirflowFailException, AirflowSkipException


class ThreeParts(Exception):
    """A text in three parts: ``found``, ``allowed`` and ``hint``, and a ``code`` that programs can compare."""

    code: str

    def __init__(self, found: str, *, allowed: str, hint: str, code: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.allowed = allowed
        self.hint = hint
        self.code = code or type(self).__name__

    def __str__(self) -> str:
        return f"{self.found}\nallowed: {self.allowed}\nhint: {self.hint}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions cross process borders in Airflow; the default would rebuild from args alone.
        return (_rebuild, (type(self), self.found, self.allowed, self.hint, self.code))


def _rebuild(cls: type[ThreeParts], found: str, allowed: str, hint: str, code: str) -> ThreeParts:
    return cls(found, allowed=allowed, hint=hint, code=code)


class ConnectCampaignsError(ThreeParts):
    """Base of every error that this package raises on purpose."""


class FinalError(ConnectCampaignsError, AirflowFailException):
    """No retry can heal it: Airflow fails the task without asking ``retries``."""


class RetryableError(ConnectCampaignsError, AirflowException):
    """A retry, or clearing the task that the hint names, may heal it."""


class InvalidInput(FinalError):
    """A parameter, a file or a connection's extra is not what it must be; nothing was changed."""

    @classmethod
    def of(cls, name: str, value: object, *, allowed: str, hint: str) -> Self:
        """Name the parameter and the value found in the usual form, the value cut after 200 characters."""
        shown = repr(value)
        if len(shown) > 200:
            length = len(value) if isinstance(value, str) else len(shown)
            shown = f"{shown[:200]}… ({length} characters)"
        return cls(f"`{name}` is {shown}", allowed=allowed, hint=hint)


class GuardFailed(FinalError):
    """A check that must hold before a launch doesn't; nothing was started. ``code`` is the guard's name."""


class LaunchRefused(FinalError):
    """The launch protocol says that this launch must not happen; this run started nothing."""


class CampaignEnded(FinalError):
    """The campaign ended, or ended up, otherwise than the DAG asked for."""


class ServiceRefused(FinalError):
    """The service refused for a reason that a retry doesn't change: rights, quota, validation."""


class LaunchHeld(RetryableError):
    """The campaign is claimed by this launch and not started yet; a retry goes on from here."""


class LaunchUncertain(RetryableError):
    """What happened can't be told now; nothing was repeated, and a retry looks first."""


class NotSeen(RetryableError):
    """The service could not be read for longer than ``outage_tolerance``; nothing was stopped or started."""


class ServiceUnavailable(RetryableError):
    """The service throttled or failed for longer than the task may wait."""


class LaunchSkipped(ThreeParts, AirflowSkipException):
    """This run launches nobody, and its author said that this is all right."""
