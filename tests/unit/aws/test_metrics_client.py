"""`Metrics` against the emulator's GetMetricDataV2."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.aws.metrics import Metrics
from connect_campaigns.core.errors import InvalidInput, ServiceRefused, ServiceUnavailable
from connect_campaigns.core.outcome import CampaignFigures
from tests.emulator.campaign_kit import INSTANCE_ARN, Kit


@pytest.fixture
def kit(emulator):
    return Kit(emulator)


@pytest.fixture
def metrics(emulator):
    return Metrics(emulator.client("connect"))


def figures(kit, metrics, campaign_id):
    campaigns = Campaigns(kit.campaigns)
    described = campaigns.describe(campaign_id)
    return metrics.of(described, now=campaigns.service_now())


def started(kit, people=10):
    kit.emulator.set_settings(campaigns={"attempts_per_minute": 6})
    campaign_id = kit.create_for_segment(kit.audience(people))
    kit.campaigns.start_campaign(id=campaign_id)
    return campaign_id


def test_figures_are_none_until_the_service_has_a_row(kit, metrics):
    campaign_id = started(kit)
    assert figures(kit, metrics, campaign_id) == CampaignFigures()


def test_figures_follow_the_campaign(kit, metrics):
    campaign_id = started(kit)
    kit.step(60 + 30)  # start time, then half a minute at 6 a minute
    assert figures(kit, metrics, campaign_id) == CampaignFigures(targeted=10, attempted=3, progress_percent=30.0)
    kit.step(3600)
    assert figures(kit, metrics, campaign_id) == CampaignFigures(targeted=10, attempted=10, progress_percent=100.0)


def test_nobody_targeted_has_no_progress(kit, metrics):
    campaign_id = started(kit, people=0)
    kit.step(120)
    assert figures(kit, metrics, campaign_id) == CampaignFigures(targeted=0, attempted=0)


def test_the_question_is_filtered_and_grouped_by_campaign_and_ends_at_service_time(kit, metrics):
    campaign_id = started(kit)
    kit.step(120)
    figures(kit, metrics, campaign_id)
    call = kit.emulator.calls("GetMetricDataV2")[-1]
    assert (call["status"], call["effect"]) == (200, False)
    assert call["params"]["Groupings"] == ["CAMPAIGN"]
    assert call["params"]["Filters"][0]["FilterKey"] == "CAMPAIGN"


@pytest.mark.parametrize("days", [-1, 0, 35.1])
def test_a_range_that_the_service_refuses_is_refused_before_the_call(kit, metrics, days):
    with pytest.raises(InvalidInput, match="at most 35 days"):
        metrics.campaign(
            instance_arn=INSTANCE_ARN,
            campaign_arn="arn:aws:connect-campaigns:us-east-1:123456789012:campaign/c",
            start=kit.now() - timedelta(days=days),
            end=kit.now(),
        )
    assert not kit.emulator.calls("GetMetricDataV2")


@pytest.mark.parametrize(
    ("code", "error"),
    [("InvalidParameterException", ServiceRefused), ("ThrottlingException", ServiceUnavailable)],
)
def test_a_failed_call_is_explained_with_action_and_resource(kit, metrics, code, error):
    campaign_id = started(kit)
    kit.emulator.add_fault(operation="GetMetricDataV2", kind="error_before", code=code)
    with pytest.raises(error) as caught:
        figures(kit, metrics, campaign_id)
    assert "connect:GetMetricDataV2" in caught.value.found
    assert campaign_id in caught.value.found
