"""A campaign's figures, from Amazon Connect's `GetMetricDataV2`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.outcomes import explain, send
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.outcome import LONGEST_RANGE, CampaignFigures, question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from connect_campaigns.aws.campaigns import Description

ACTION = "connect:GetMetricDataV2"
TARGETED = "RECIPIENTS_TARGETED"  # segment campaigns only (documented)
ATTEMPTED = "RECIPIENTS_ATTEMPTED"  # approximate (documented)
PROGRESS = "CAMPAIGN_PROGRESS_RATE"  # percent, attempted of targeted; segment campaigns only (documented)


@dataclass(frozen=True)
class Metrics:
    """The metrics of the campaigns of one account and Region.

    :param client: a boto3 client of the service ``connect``
    """

    client: Any

    def of(self, described: Description, *, now: datetime) -> CampaignFigures:
        """Read a described campaign's figures, of the 35 days up to now; see `campaign`.

        :param now: service time
        """
        return self.campaign(**question(campaign_arn=described.arn, config=described.config, now=now))

    def campaign(self, *, instance_arn: str, campaign_arn: str, start: datetime, end: datetime) -> CampaignFigures:
        """Read one campaign's figures over a time range.

        A figure is None while the service has no row of it: how long rows take to appear is not published.

        :param start: aware; at most 35 days before `end` (documented)
        :param end: aware; not later than the service's now, which refuses it otherwise (documented)
        :raises InvalidInput: the range is empty or longer than 35 days
        :raises ConnectCampaignsError: the call failed
        """
        if not start < end <= start + LONGEST_RANGE:
            raise InvalidInput(
                f"the metrics' range goes from {start.isoformat()} to {end.isoformat()}",
                allowed=f"a start before the end, at most {LONGEST_RANGE.days} days apart",
                hint="ask for the campaign's own schedule, up to now",
            )
        outcome = send(
            self.client.get_metric_data_v2,
            ResourceArn=instance_arn,
            StartTime=start,
            EndTime=end,
            Filters=[{"FilterKey": "CAMPAIGN", "FilterValues": [campaign_arn]}],
            Groupings=["CAMPAIGN"],
            Metrics=[{"Name": name} for name in (TARGETED, ATTEMPTED, PROGRESS)],
        )
        if outcome.reply is None:
            raise explain(outcome, action=ACTION, resource=f"campaign `{campaign_arn}` of instance `{instance_arn}`")
        values = dict(_values(outcome.reply))
        return CampaignFigures(
            targeted=_count(values.get(TARGETED)),
            attempted=_count(values.get(ATTEMPTED)),
            progress_percent=values.get(PROGRESS),
        )


def _values(reply: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Give name and value of each figure that has one; filtered to one campaign and TOTAL, there is one row."""
    for row in reply.get("MetricResults", []):
        for collected in row.get("Collections", []):
            if "Value" in collected:
                yield collected["Metric"]["Name"], float(collected["Value"])


def _count(value: float | None) -> int | None:
    """Counts arrive as doubles."""
    return None if value is None else round(value)
