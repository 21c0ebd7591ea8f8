"""What one attempt writes into the ledger; whether it was the first to, the next pass reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.core.records import ClaimRecord, Event, KeyRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.core.attempt import LaunchRequest, Seen


class Writes:
    """The writes of one request, stamped with service time and the attempt's name.

    :param nonce: a short text that no other attempt makes
    """

    def __init__(
        self, request: LaunchRequest, *, campaigns: Campaigns, ledger: Ledger, nonce: Callable[[], str]
    ) -> None:
        self._request = request
        self._campaigns = campaigns
        self._ledger = ledger
        self._nonce = nonce

    def key(self, seen: Seen, *, campaign: str | None, reason: str | None = None) -> None:
        """Write K: the campaign, or void."""
        self._ledger.write_key(
            KeyRecord(
                at=self._campaigns.service_now().isoformat(),
                by=self._request.run.name,
                key=self._request.key,
                generation=seen.generation,
                campaign=campaign,
                template=self._request.template,
                reason=reason,
            )
        )

    def claim(self, seen: Seen, *, key: str | None, reason: str | None = None) -> None:
        """Write C: the key, or void."""
        self._ledger.write_claim(
            ClaimRecord(
                at=self._campaigns.service_now().isoformat(),
                by=self._request.run.name,
                campaign=seen.campaign or "",
                key=key,
                generation=seen.generation if key else None,
                reason=reason,
            )
        )

    def event(self, what: str, *, template: str) -> None:
        """Write an event; its refusal is raised, so it also proves the right to write."""
        now = self._campaigns.service_now()
        event = Event(
            at=now.isoformat(), by=self._request.run.name, what=what, key=self._request.key, template=template
        )
        self._ledger.write_event(event, at=now, nonce=self._nonce())
