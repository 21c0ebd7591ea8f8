"""An account at its quota of campaigns: the launch says exactly that, housekeeping makes room, the launch works."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connect_campaigns.aws.clone import LEDGER_TAG, TEMPLATE_TAG
from connect_campaigns.core.errors import ServiceRefused
from connect_campaigns.operators.campaigns import StartCampaignOperator
from connect_campaigns.operators.housekeeping import DeleteFinishedCampaignsOperator
from tests.launch_kit import Ran, World
from tests.log_kit import Lines

QUOTA = 500
ENDED = 60


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    monkeypatch.setattr("time.sleep", lambda _: None)
    return World(emulator, monkeypatch)


def fill(world: World) -> None:
    """Bring the instance to its quota: campaigns of ours, some ended, most never started, all of three weeks ago."""
    world.emulator.set_settings(campaigns={"max_campaigns": QUOTA, "max_active_campaigns": ENDED})
    tags = {LEDGER_TAG: world.hook().ledger_at(None).marker().id, TEMPLATE_TAG: world.template}
    made = [world.kit.create(name=f"spring {number}", tags=tags) for number in range(QUOTA - 1)]
    for campaign in made[:ENDED]:
        world.kit.campaigns.start_campaign(id=campaign)
    world.kit.step(21 * 24 * 3600)


def launch(world: World) -> Ran:
    given = {"template": world.template, "start_after": timedelta(minutes=10), "launch_key": "today"}
    return Ran(Lines().of(StartCampaignOperator(task_id="start", **given)))


def test_a_full_account_is_told_tidied_and_launched_in(world):
    fill(world)
    refused = launch(world)
    assert isinstance(refused.error, ServiceRefused)
    assert refused.error.code == "quota"
    assert "campaigns per instance" in str(refused.error), "and not the quota of active campaigns"
    assert world.emulator.calls("CreateCampaign")[-1]["status"] == 402
    assert world.emulator.calls("StartCampaign")[ENDED:] == []

    tidied = Ran(Lines().of(DeleteFinishedCampaignsOperator(task_id="tidy", max_deletions=70)))
    assert tidied.error is None
    assert len(tidied.value["deleted"]) == 70
    assert (tidied.value["seen"], tidied.value["remain"]) == (QUOTA, QUOTA - 70)
    assert len(tidied.value["due"]) == QUOTA - 1 - 3, "all but the template and the last three that ran"

    again = launch(world)
    assert again.error is None
    assert again.launch["how"] == "started"
    assert world.emulator.effects("StartCampaign") == ENDED + 1
