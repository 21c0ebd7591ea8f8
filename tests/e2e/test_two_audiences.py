"""One launch key for two audiences: the second one's task is red, whatever became of the first one's campaign."""

from __future__ import annotations

import pytest

from connect_campaigns.core.errors import LaunchHeld, LaunchRefused
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator, StartCampaignOperator
from tests.launch_kit import SEGMENT_ARN, Ran, World

OTHER = SEGMENT_ARN.replace("everybody", "corrected")
KINDS = (CreateCampaignOperator, StartCampaignOperator, PreflightOperator)


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    world = World(emulator, monkeypatch)
    emulator.set_clock(frozen=True)
    return world


def of(kind, world, source, **options):
    return Ran(kind(task_id="t", template=world.template, launch_key="k", source=source, start_after=60, **options))


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_audience_of_a_key_that_has_launched_is_red(world, kind):
    launched = of(StartCampaignOperator, world, SEGMENT_ARN).value
    before = world.writes()
    assert of(kind, world, SEGMENT_ARN).error is None
    for ended in (False, True):
        if ended:
            world.kit.step(24 * 3600)
            assert world.state(launched) == "Completed"
        refused = of(kind, world, OTHER).error
        assert OTHER in refused.found
        assert "was not called" in refused.found
        assert refused.hint.startswith("give each audience a `launch_key` of its own")
        if kind is not PreflightOperator:
            assert (type(refused), refused.code) == (LaunchRefused, "other_audience")
    assert (world.writes(), world.starts) == (before, 1)


@pytest.mark.parametrize(
    ("kind", "code"), [(CreateCampaignOperator, "other_source"), (StartCampaignOperator, "prepared_segment")]
)
def test_a_campaign_that_waits_for_another_audience_is_not_launched(world, kind, code):
    """The file was corrected after the campaign had been created: the old audience must not be called."""
    made = of(CreateCampaignOperator, world, world.prepared()).value
    before = [name for name in world.objects() if not name.startswith("events/")]
    corrected = {**world.prepared(), "arn": OTHER, "name": "corrected", "definition_hash": "0a0a0a0a"}
    for source in (OTHER, corrected):
        held = of(kind, world, source).error
        assert (type(held), held.code, OTHER in held.found) == (LaunchHeld, code, True)
        assert held.hint.startswith("give each audience a `launch_key` of its own")
    assert (world.starts, world.state(made)) == (0, "Initialized")
    assert [name for name in world.objects() if not name.startswith("events/")] == before


def test_without_a_ledger_a_campaign_taken_from_outside_has_the_audience_that_is_asked_for(world):
    given = world.campaign(name="by hand")
    world.connect(ledger=False)
    world.kit.campaigns.start_campaign(id=given)
    take = {"task_id": "t", "campaign_id": given, "if_active": "attach"}
    assert Ran(StartCampaignOperator(source=SEGMENT_ARN, **take)).value == given
    assert Ran(StartCampaignOperator(source=OTHER, **take)).error.code == "other_audience_bare"
