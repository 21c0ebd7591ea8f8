"""What a trigger tells the task that it resumes: plain JSON, since it is stored between two processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from connect_campaigns.core import errors
from connect_campaigns.core.errors import ConnectCampaignsError, RetryableError


@dataclass(frozen=True, kw_only=True)
class Told:
    """The end of a trigger's wait.

    :param campaign_id: the bare id
    :param state: the state that ended the wait, or the last one that was read before the error
    :param error: what ended the wait where no state did
    """

    campaign_id: str
    state: str | None = None
    error: ConnectCampaignsError | None = None

    def to_event(self) -> dict[str, Any]:
        """Give the event's payload."""
        error = self.error
        parts = error and {
            "kind": type(error).__name__,
            "found": error.found,
            "allowed": error.allowed,
            "hint": error.hint,
            "code": error.code,
        }
        return {"campaign_id": self.campaign_id, "state": self.state, "error": parts}

    @classmethod
    def from_event(cls, event: object) -> Self:
        """Read a payload, of an older release too.

        An error class that this release doesn't have becomes one that a retry may heal: the retry looks anew.

        :raises RetryableError: it is no payload of ours
        """
        if not isinstance(event, dict) or not isinstance(event.get("campaign_id"), str):
            raise RetryableError(
                f"the trigger told {event!r}",
                allowed="the event of a CampaignStateTrigger",
                hint="clear this task to wait again; it starts and stops nothing",
                code="bad_event",
            )
        return cls(campaign_id=event["campaign_id"], state=event.get("state"), error=_error(event.get("error")))


def _error(parts: dict[str, str] | None) -> ConnectCampaignsError | None:
    if not parts:
        return None
    kind = getattr(errors, parts.get("kind", ""), None)
    if not (isinstance(kind, type) and issubclass(kind, ConnectCampaignsError)):
        kind = RetryableError
    return kind(
        parts.get("found", "the trigger told an error without words"),
        allowed=parts.get("allowed", ""),
        hint=parts.get("hint", ""),
        code=parts.get("code", ""),
    )
