"""Housekeeping with nothing patched: at the documented rates, and as the shipped DAG in a real Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connect_campaigns.aws.clone import LEDGER_TAG, TEMPLATE_TAG
from connect_campaigns.operators.housekeeping import DeleteFinishedCampaignsOperator
from tests.airflow_kit import DAGS
from tests.launch_kit import Ran
from tests.log_kit import Lines

if TYPE_CHECKING:
    from tests.launch_kit import World


def old_ones(world: World, number: int) -> set[str]:
    """Make campaigns of ours that ended three weeks ago."""
    tags = {LEDGER_TAG: world.hook().ledger_at(None).marker().id, TEMPLATE_TAG: "t-1"}
    made = [world.kit.create(name=f"spring {each}", tags=tags) for each in range(number)]
    for campaign in made:
        world.kit.campaigns.start_campaign(id=campaign)
    world.kit.step(21 * 24 * 3600)
    return set(made)


def test_at_the_documented_rates_nothing_is_throttled(world):
    campaigns = old_ones(world, 8)
    world.emulator.set_settings(rates={"enforced": True})
    ran = Ran(Lines().of(DeleteFinishedCampaignsOperator(task_id="tidy", keep_last=0)))
    assert ran.error is None
    assert set(ran.value["deleted"]) == campaigns
    assert [call for call in world.emulator.calls() if call["status"] == 429] == []
    assert world.emulator.counts()["connectcampaignsv2.DeleteCampaign"] == {"requests": 8, "effects": 8}


@pytest.mark.timeout(300)
def test_the_shipped_dag_in_a_real_airflow(world, home):
    campaigns = old_ones(world, 5)
    assert home.run("housekeeping", (DAGS / "housekeeping.py").read_text(), {"keep_last": 2}) == 0, home.log[-3000:]
    told = home.xcoms("housekeeping", "housekeeping")["delete_finished"]
    assert told == home.xcoms("housekeeping")["delete_finished"]
    assert (len(told["deleted"]), told["kept"]["among the last of its template"]) == (3, 2)
    assert {each["id"] for each in world.campaigns()} == {world.template, *campaigns} - set(told["deleted"])
