"""The verdict sees: launches that went wrong, made by hand, are told as such."""

from __future__ import annotations

import pytest


@pytest.fixture
def lane(lanes):
    """A lane on which one campaign was started without any ledger."""
    lane = lanes[0]
    lane.begin()
    lane.started = lane.kit.create()
    lane.kit.campaigns.start_campaign(id=lane.started)
    return lane


def test_a_start_that_the_ledger_does_not_know(lane):
    assert any("named by the key set()" in problem for problem in lane.problems(starts=1))
    assert any("launch records of []" in problem for problem in lane.problems(starts=1))


def test_a_second_start(lane):
    lane.kit.campaigns.start_campaign(id=lane.kit.create(name="twin"))
    assert "2 StartCampaign took effect, and not 1" in lane.problems(starts=1)


def test_a_campaign_that_runs_and_no_key_names(lane):
    assert f"orphan {lane.started} is Running" in lane.problems(starts=1)


def test_a_campaign_that_was_stopped(lane):
    lane.kit.campaigns.stop_campaign(id=lane.started)
    assert "StopCampaign was sent" in lane.problems(starts=1)


def test_a_start_that_the_service_refused_is_none(lane):
    with pytest.raises(lane.kit.campaigns.exceptions.InvalidCampaignStateException):
        lane.kit.campaigns.start_campaign(id=lane.started)
    assert lane.starts == 1
