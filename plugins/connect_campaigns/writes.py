"""What one attempt writes into the ledger; whether it was the first to, the next pass reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.aws.clone import TEMPLATE_TAG
from connect_campaigns.core.errors import ConnectCampaignsError, GuardFailed, LaunchHeld, LaunchSkipped
from connect_campaigns.core.keys import audience_name
from connect_campaigns.core.records import ClaimRecord, Event, KeyRecord, LaunchRecord
from connect_campaigns.core.schedule import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connect_campaigns.aws.campaigns import Campaigns, Description
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.core.attempt import LaunchRequest, Seen
    from connect_campaigns.core.errors import ThreeParts
    from connect_campaigns.core.log import Log
    from connect_campaigns.core.schedule import Late


NOT_LAUNCHED = {GuardFailed: "refused", LaunchHeld: "held", LaunchSkipped: "skipped"}
"""Ends that the ledger's events tell of: a launch that may have been meant, and was not. A wrong parameter writes nothing."""


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

    def launch(
        self, seen: Seen, description: Description, window: Window | Late | None, said: Iterable[tuple[str, str]]
    ) -> bool:
        """Write the launch record, named by the claim's time; see `Ledger.write_launch`."""
        config = description.config
        source = config.get("source", {}).get("customerProfilesSegmentArn")
        planned = window if isinstance(window, Window) else None
        prepared = self._request.prepared
        return self._ledger.write_launch(
            LaunchRecord(
                at=seen.claim.at if seen.claim else "",
                by=self._request.run.name,
                triggered_by=self._request.run.triggered_by,
                key=self._request.key,
                generation=seen.generation,
                campaign=description.id,
                campaign_name=description.name,
                template=config.get("tags", {}).get(TEMPLATE_TAG),
                audience=audience_name(source),
                source=source,
                start=planned.start.isoformat() if planned else None,
                end=planned.end.isoformat() if planned else None,
                channels=sorted(config.get("channelSubtypeConfig", {})),
                hours=config.get("communicationTimeConfig", {}),
                limits=config.get("communicationLimitsOverride", {}),
                guards=dict(said),
                count=prepared.count if prepared else None,
                definition_hash=prepared.definition_hash if prepared else None,
            )
        )

    def event(self, what: str, *, text: str) -> None:
        """Write an event; its refusal is raised, so it also proves the right to write."""
        now = self._campaigns.service_now()
        event = Event(at=now.isoformat(), by=self._request.run.name, what=what, key=self._request.key, text=text)
        self._ledger.write_event(event, at=now, nonce=self._nonce())

    def note(self, error: ThreeParts, *, log: Log) -> None:
        """Leave word of a launch that was not: best effort, since the error itself is what counts."""
        try:
            self.event(NOT_LAUNCHED[type(error)], text=error.found)
        except (ConnectCampaignsError, LookupError) as trouble:
            log.debug("no event was written: %s", trouble)
