"""Handlers of `connect`: GetMetricDataV2, three metrics of campaigns."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from connect_emulator.campaigns import progress
from connect_emulator.errors import INVALID_PARAMETER, ServiceError
from connect_emulator.services.paging import page

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.campaigns.store import Campaign
    from connect_emulator.world import Handler, Request, World

METRICS = ("RECIPIENTS_TARGETED", "RECIPIENTS_ATTEMPTED", "CAMPAIGN_PROGRESS_RATE")
INSTANCE_ARN = re.compile(r"arn:aws[a-z-]*:connect:[a-z0-9-]+:\d{12}:instance/([-_.a-zA-Z0-9]+)")
LONGEST_RANGE = timedelta(days=35)
LONGEST_SHORT_RANGE = timedelta(days=3)
HISTORY = timedelta(days=92)  # "3 months"
SHORT_PERIODS = {"FIFTEEN_MIN", "THIRTY_MIN", "HOUR"}
LARGEST_PAGE = 100


async def get_metric_data(world: World, request: Request) -> dict[str, Any]:
    """GetMetricDataV2: a row per campaign whose execution (its start time) lies in the range, as of its end."""
    params = request.params
    instance = INSTANCE_ARN.fullmatch(params["ResourceArn"])
    if instance is None:
        refuse(f"ResourceArn `{params['ResourceArn']}` is not an instance's ARN, arn:aws:connect:...:instance/ID")
    check_range(params, request.now)
    check_scope(params)
    check_metrics(params["Metrics"])
    as_of = min(params["EndTime"], request.now - timedelta(seconds=world.settings.metrics.metrics_delay_seconds))
    wanted = params["Filters"][0]["FilterValues"]
    campaigns = [
        campaign
        for campaign in world.campaigns
        if campaign.arn in wanted
        and campaign.instance_id == instance.group(1)
        and progress.targeted(campaign.facts, as_of) is not None
        and campaign.start_time >= params["StartTime"]
    ]
    try:
        rows, token = page(campaigns, token=params.get("NextToken"), size=params.get("MaxResults", LARGEST_PAGE))
    except ValueError as error:
        raise ServiceError(INVALID_PARAMETER, str(error)) from None
    return {"MetricResults": [result(campaign, params, as_of) for campaign in rows], "NextToken": token}


def result(campaign: Campaign, params: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    """Give one campaign's row."""
    figures = values(campaign, as_of)
    return {
        "Dimensions": {"CAMPAIGN": campaign.arn},
        "MetricInterval": {
            "Interval": "TOTAL",
            "StartTime": params["StartTime"],
            "EndTime": params["EndTime"],
        },
        "Collections": [
            {"Metric": metric, "Value": figures[metric["Name"]]}
            for metric in params["Metrics"]
            if metric["Name"] in figures
        ],
    }


def values(campaign: Campaign, as_of: datetime) -> dict[str, float]:
    """Give a campaign's figures; without recipients there is no rate."""
    facts = campaign.facts
    targeted = progress.targeted(facts, as_of)
    if facts is None or targeted is None:
        return {}
    attempted = progress.attempted(facts, as_of)
    figures = {"RECIPIENTS_TARGETED": float(targeted), "RECIPIENTS_ATTEMPTED": float(attempted)}
    if targeted:
        figures["CAMPAIGN_PROGRESS_RATE"] = attempted / targeted * 100
    return figures


def check_range(params: dict[str, Any], now: datetime) -> None:
    """Refuse a range that the documentation rules out."""
    start, end = params["StartTime"], params["EndTime"]
    period = params.get("Interval", {}).get("IntervalPeriod", "TOTAL")
    if start >= end:
        refuse(f"StartTime `{start.isoformat()}` must be before EndTime `{end.isoformat()}`")
    if end > now:
        refuse(f"EndTime `{end.isoformat()}` is later than the current time `{now.isoformat()}`")
    if start < now - HISTORY:
        refuse(f"StartTime `{start.isoformat()}` is more than 3 months ago; metrics are available for 3 months")
    longest = LONGEST_SHORT_RANGE if period in SHORT_PERIODS else LONGEST_RANGE
    within = end - start < longest if period in SHORT_PERIODS else end - start <= longest
    if not within:
        refuse(f"StartTime to EndTime is {end - start}; for {period} at most {longest.days} days are allowed")
    if period != "TOTAL":
        refuse(f"IntervalPeriod `{period}` isn't in this emulator; allowed: `TOTAL`")


def check_scope(params: dict[str, Any]) -> None:
    """Refuse what this emulator can't group or filter by."""
    filters = [(entry.get("FilterKey"), bool(entry.get("FilterValues"))) for entry in params["Filters"]]
    if filters != [("CAMPAIGN", True)] or "StringCondition" in params["Filters"][0]:
        found = ", ".join(f"`{key}`" for key, _ in filters)
        refuse(
            f"Filters found: {found}; a resource filter is needed, and in this emulator exactly one is allowed: "
            "`CAMPAIGN`, with campaign ARNs as FilterValues"
        )
    if params.get("Groupings") != ["CAMPAIGN"]:
        refuse(f"Groupings found: {params.get('Groupings', [])}; in this emulator allowed: ['CAMPAIGN']")


def check_metrics(metrics: list[dict[str, Any]]) -> None:
    """Refuse metrics that aren't here: never a made-up value."""
    if not metrics:
        refuse(f"No metric asked for; in this emulator there are: {', '.join(METRICS)}")
    for metric in metrics:
        if metric.get("Name") not in METRICS or set(metric) - {"Name", "MetricId"}:
            refuse(
                f"Metric `{metric}` isn't in this emulator; allowed, without filters and thresholds: "
                f"{', '.join(METRICS)}"
            )


def refuse(message: str) -> NoReturn:
    """Refuse a parameter.

    :raises ServiceError: always.
    """
    raise ServiceError(INVALID_PARAMETER, message)


HANDLERS: dict[str, Handler] = {"GetMetricDataV2": get_metric_data}
