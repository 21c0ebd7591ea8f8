"""Whom a launch attempted that a relaunch gives up."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from connect_campaigns.aws.clone import TEMPLATE_TAG
from connect_campaigns.core.errors import ConnectCampaignsError
from connect_campaigns.core.keys import audience_name

if TYPE_CHECKING:
    from connect_campaigns.aws.campaigns import Campaigns, Description
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.metrics import Metrics
    from connect_campaigns.core.log import Log
    from connect_campaigns.core.records import ClaimRecord


def whom_it_attempted(
    claim: ClaimRecord,
    *,
    ended: bool,
    deleted: Description | None,
    campaigns: Campaigns,
    ledger: Ledger,
    metrics: Metrics | None,
    log: Log,
) -> tuple[int | None, str | None]:
    """Tell how many people a claimed campaign attempted, and of which segment; None where it can't be told.

    :param ended: it has ended, so somebody started it
    :param deleted: the campaign as it was before it was deleted
    """
    try:
        described = deleted or campaigns.describe(claim.campaign)
        if described is None:
            return None, None
        source = described.config.get("source", {}).get("customerProfilesSegmentArn")
        # The record stands before every start: without one nothing was sent. An accepted DeleteCampaign proves less,
        # since it takes a campaign that has run and ended, too.
        if not ended and not ledger.launch(
            template=described.config.get("tags", {}).get(TEMPLATE_TAG),
            audience=audience_name(source),
            at=datetime.fromisoformat(claim.at),
            key=claim.key or "",
            generation=claim.generation or 0,
        ):
            return 0, source
        if deleted or metrics is None:
            return None, source
        return metrics.of(described, now=campaigns.service_now()).attempted, source
    except ConnectCampaignsError as error:
        log.warning("Whom campaign %s attempted can't be told: %s", claim.campaign, error.found)
        return None, None
