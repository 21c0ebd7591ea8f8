"""What the tests of relaunching share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_campaigns.operators.campaigns import StartCampaignOperator
from tests.chaos import people
from tests.launch_kit import Ran

if TYPE_CHECKING:
    from connect_campaigns.core.records import RelaunchRecord
    from tests.launch_kit import World

SOON = {"start_after": 60}


def relaunch(world: World, key: str = "k", **asks: Any) -> RelaunchRecord:
    """Ask for a relaunch, as one person's command does."""
    return people.relaunch(world.hook(), key, **{"asker": "anna/1", "recontact": True, **asks})


def launch(world: World, key: str = "k", **run: Any) -> Ran:
    """Launch a clone of the template in a run."""
    start = StartCampaignOperator(task_id="t", template=world.template, launch_key=key, min_launch_gap=None, **SOON)
    return Ran(start, **run)


def launched_and_stopped(world: World) -> str:
    """Launch, and stop the campaign."""
    campaign = launch(world).value
    world.kit.campaigns.stop_campaign(id=campaign)
    return str(campaign)
