"""GetMetricDataV2: three figures of campaigns, or a clear refusal; never a made-up value."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.emulator.campaign_kit import INSTANCE_ARN, refusal

if TYPE_CHECKING:
    from tests.emulator.campaign_kit import Kit

TARGETED, ATTEMPTED, RATE = "RECIPIENTS_TARGETED", "RECIPIENTS_ATTEMPTED", "CAMPAIGN_PROGRESS_RATE"


def query(kit: Kit, *arns: str, **changes) -> dict:
    now = kit.now()
    whole = {
        "ResourceArn": INSTANCE_ARN,
        "StartTime": now - timedelta(days=1),
        "EndTime": now,
        "Filters": [{"FilterKey": "CAMPAIGN", "FilterValues": list(arns) or ["arn:none"]}],
        "Groupings": ["CAMPAIGN"],
        "Metrics": [{"Name": name} for name in (TARGETED, ATTEMPTED, RATE)],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def figures(kit: Kit, arn: str, **changes) -> dict[str, float] | None:
    rows = kit.emulator.client("connect").get_metric_data_v2(**query(kit, arn, **changes))["MetricResults"]
    assert all(row["Dimensions"] == {"CAMPAIGN": arn} for row in rows)
    return {each["Metric"]["Name"]: each["Value"] for each in rows[0]["Collections"]} if rows else None


def arn_of(kit: Kit, campaign_id: str) -> str:
    return kit.campaigns.describe_campaign(id=campaign_id)["campaign"]["arn"]


@pytest.fixture
def arn(kit) -> str:
    """A started campaign for ten people, one attempt a second from a minute from now on."""
    kit.emulator.set_settings(campaigns={"attempts_per_minute": 60})
    campaign_id = kit.create_for_segment(kit.audience(10))
    kit.campaigns.start_campaign(id=campaign_id)
    return arn_of(kit, campaign_id)


def test_figures_follow_the_campaigns_course(kit, arn):
    assert figures(kit, arn) is None, "before the start time there is no row"
    kit.step(60 + 4)
    assert figures(kit, arn) == {TARGETED: 10, ATTEMPTED: 4, RATE: 40}
    kit.step(60)
    assert figures(kit, arn) == {TARGETED: 10, ATTEMPTED: 10, RATE: 100}


def test_figures_are_late_by_the_setting(kit, arn):
    kit.emulator.set_settings(metrics={"metrics_delay_seconds": 30})
    kit.step(60 + 29)
    assert figures(kit, arn) is None
    kit.step(5)
    assert figures(kit, arn) == {TARGETED: 10, ATTEMPTED: 4, RATE: 40}


def test_figures_are_as_of_the_end_of_the_range(kit, arn):
    kit.step(60 + 9)
    earlier = {"EndTime": kit.now() - timedelta(seconds=5)}
    assert figures(kit, arn, **earlier) == {TARGETED: 10, ATTEMPTED: 4, RATE: 40}
    later = {"StartTime": kit.now() - timedelta(seconds=1)}
    assert figures(kit, arn, **later) is None, "the execution began before the range"


def test_only_what_was_asked_for_is_given(kit, arn):
    kit.step(60 + 4)
    assert figures(kit, arn, Metrics=[{"Name": ATTEMPTED}]) == {ATTEMPTED: 4}


def test_part_of_the_audience_is_dropped_silently(kit):
    kit.emulator.set_settings(campaigns={"attempts_per_minute": 6000, "attempt_fraction": 0.7})
    campaign_id = kit.create_for_segment(kit.audience(10))
    kit.campaigns.start_campaign(id=campaign_id)
    kit.step(120)
    assert kit.state(campaign_id) == "Completed"
    assert figures(kit, arn_of(kit, campaign_id)) == {TARGETED: 10, ATTEMPTED: 7, RATE: 70}


def test_nobody_targeted_means_no_rate(kit):
    campaign_id = kit.create_for_segment(kit.audience(0))
    kit.campaigns.start_campaign(id=campaign_id)
    kit.step(60)
    assert figures(kit, arn_of(kit, campaign_id)) == {TARGETED: 0, ATTEMPTED: 0}


def test_an_event_campaign_and_one_never_started_have_no_row(kit):
    assert figures(kit, arn_of(kit, kit.in_state("Completed"))) is None
    assert figures(kit, arn_of(kit, kit.in_state("Initialized"))) is None
    assert figures(kit, arn_of(kit, kit.in_state("Failed"))) is None


def test_another_instance_has_no_row(kit, arn):
    kit.step(120)
    assert figures(kit, arn, ResourceArn=INSTANCE_ARN.replace("1111", "9999")) is None


def test_rows_come_in_pages(kit):
    segment = kit.audience(1)
    arns = []
    for number in range(3):
        campaign_id = kit.create_for_segment(segment, name=f"c{number}")
        kit.campaigns.start_campaign(id=campaign_id)
        arns.append(arn_of(kit, campaign_id))
    kit.step(120)
    connect = kit.emulator.client("connect")
    first = connect.get_metric_data_v2(**query(kit, *arns), MaxResults=2)
    rest = connect.get_metric_data_v2(**query(kit, *arns), MaxResults=2, NextToken=first["NextToken"])
    assert [row["Dimensions"]["CAMPAIGN"] for row in first["MetricResults"] + rest["MetricResults"]] == arns
    assert "NextToken" not in rest


DAY = timedelta(days=1)
CAMPAIGN_FILTER = {"FilterKey": "CAMPAIGN", "FilterValues": ["a"]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ResourceArn": "arn:aws:connect:us-east-1:123456789012:queue/1"}, "ResourceArn"),
        ({"EndTime": DAY}, "later than the current time"),
        ({"StartTime": DAY * 0}, "must be before"),
        ({"StartTime": DAY * -36}, "35 days"),
        ({"StartTime": DAY * -3, "Interval": {"IntervalPeriod": "HOUR"}}, "3 days"),
        ({"StartTime": DAY * -120, "EndTime": DAY * -110}, "3 months"),
        ({"Interval": {"IntervalPeriod": "DAY"}}, "isn't in this emulator"),
        ({"Interval": {"IntervalPeriod": "MONTH"}}, "enum"),
        ({"Filters": [{"FilterKey": "QUEUE", "FilterValues": ["q"]}]}, "`CAMPAIGN`"),
        ({"Filters": [CAMPAIGN_FILTER, {"FilterKey": "CHANNEL", "FilterValues": ["VOICE"]}]}, "`CAMPAIGN`"),
        ({"Filters": [{"FilterKey": "CAMPAIGN", "FilterValues": ["a"] * 101}]}, "less than or equal to 100"),
        ({"Filters": [CAMPAIGN_FILTER] * 6}, "less than or equal to 5"),
        ({"Groupings": None}, "Groupings"),
        ({"Groupings": ["CAMPAIGN", "CHANNEL"]}, "Groupings"),
        ({"Groupings": ["CAMPAIGN"] * 5}, "less than or equal to 4"),
        ({"Metrics": [{"Name": "DELIVERY_ATTEMPTS"}]}, "RECIPIENTS_TARGETED, RECIPIENTS_ATTEMPTED"),
        ({"Metrics": [{"Name": TARGETED, "MetricFilters": [{"MetricFilterKey": "x"}]}]}, "without filters"),
        ({"Metrics": []}, "No metric"),
        ({"NextToken": "nonsense"}, "next token"),
    ],
)
def test_what_is_refused(kit, changes, said):
    given = {name: kit.now() + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    refused = refusal(kit.emulator.client("connect").get_metric_data_v2, **query(kit, **given))
    assert (refused["code"], refused["status"]) == ("InvalidParameterException", 400)
    assert said in refused["text"]
