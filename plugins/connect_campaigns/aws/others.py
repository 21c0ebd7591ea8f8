"""What else was launched, or runs: the facts of the guards that look beyond the one campaign."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from connect_campaigns.aws.campaigns import NOT_SEEN
from connect_campaigns.core.errors import ServiceRefused
from connect_campaigns.core.keys import audience_name, same_source
from connect_campaigns.core.states import ACTIVE
from connect_campaigns.core.verdicts import ActiveCampaign, OtherLaunch

if TYPE_CHECKING:
    from collections.abc import Collection

    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.aws.ledger import Ledger


def other_launches(
    ledger: Ledger, campaigns: Campaigns, *, key: str, template: str, source: str | None, since: datetime
) -> tuple[OtherLaunch, ...]:
    """Read what other keys launched of one template on one audience, and how that is now.

    One listing of the ledger; a state call and a read per launch only where there are some.

    :param key: this launch's own, which doesn't count
    :param source: segment definition ARN; its name without the content's hash is the audience
    """
    audience = audience_name(source)
    records = ledger.launches_since(template=template, audience=audience, since=since)
    others = [record for record in records if record.key != key]
    states = campaigns.states([record.campaign for record in others]) if others else {}
    return tuple(
        OtherLaunch(
            key=record.key,
            campaign=record.campaign,
            audience=audience,
            at=record.written_at,
            start=datetime.fromisoformat(record.start) if record.start else None,
            state=_told(states[record.campaign]),
        )
        for record in others
    )


def active_on(
    campaigns: Campaigns, *, source: str, instance_id: str, but: Collection[str]
) -> tuple[ActiveCampaign, ...] | str:
    """Find the campaigns that run on a source, or may: one whose state or source can't be told counts.

    A listing, a state call for 25 of them, a description of each active one.

    :param but: ids of campaigns that don't count
    :returns: or, where rights are missing, which
    """
    try:
        names = {each["id"]: each["name"] for each in campaigns.summaries(instance_id) if each["id"] not in but}
        states = campaigns.states(list(names))
        described = {
            campaign: campaigns.describe(campaign) for campaign, state in states.items() if state in {NOT_SEEN, *ACTIVE}
        }
    except ServiceRefused as error:
        return error.found
    return tuple(
        ActiveCampaign(id=campaign, name=names[campaign], state=_told(states[campaign]) if description else None)
        for campaign, description in described.items()
        if not description
        or same_source(description.config.get("source", {}).get("customerProfilesSegmentArn"), source)
    )


def _told(state: str) -> str | None:
    return None if state == NOT_SEEN else state
