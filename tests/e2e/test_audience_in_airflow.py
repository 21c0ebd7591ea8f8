"""A wrong audience in a real Airflow: `prepare_segment` and `launch_campaign` on it, refused word for word, nobody called."""

from __future__ import annotations

from datetime import datetime

import pytest

from connect_campaigns.operators.campaigns import CreateCampaignOperator, StartCampaignOperator
from tests.airflow_kit import for_this_airflow, takes_minutes
from tests.launch_kit import Ran
from tests.segment_kit import defining

DAG = """
from airflow.sdk import dag

from connect_campaigns.operators.segments import ImportProfilesOperator
from connect_campaigns.task_groups import launch_campaign, prepare_segment

MARKETS = {
    "empty": {},
    "few": {"min_audience": 50},
    "grown": {"max_audience_change_percent": 20, "min_launch_gap": None},
    "called": {"require_exclusion": "do-not-call"},
}


@dag(schedule=None, default_args={"retries": 0})
def wrong_audiences():
    imported = ImportProfilesOperator(task_id="import_profiles", path="FILE", key_column="id")
    for market, guards in MARKETS.items():
        audience = prepare_segment(
            imported=imported, definition=(market, f"Market={market}"), group_id=f"prepare_{market}"
        )
        launch_campaign(
            template="spring", source=audience, launch_key=f"{market}/today", start_after=600,
            group_id=f"launch_{market}", **guards,
        )


wrong_audiences()
"""
SIZES = {"few": 49, "grown": 135, "called": 60}
BOUNDS = "look at the conditions' spelling and case, at the import and its expiry; or lower `min_audience`"
MESSAGES = {
    "prepare_empty.estimate": f"""\
segment {{name}} is empty (asked twice); 244 rows were imported until {{imported}}
allowed: 1 profiles or more
hint: {BOUNDS}""",
    "launch_few.create": f"""\
segment {{name}} has 49 profiles
allowed: 50 profiles or more
hint: {BOUNDS}""",
    "launch_grown.create": """\
segment {name} has 135 profiles, 35.0 % more than the 100 of the last launch (key 'grown/yesterday', {at})
allowed: a change of at most 20 % (`max_audience_change_percent`)
hint: look at the file and the segment's conditions; where the change is meant, raise it for this launch""",
    "launch_called.create": """\
segment {name} doesn't leave out 'do-not-call'
allowed: under Include ALL a group of SourceType NONE on that segment, or of Type NONE or with EXCLUSIVE on that attribute\
 (`require_exclusion`)
hint: add excluding("do-not-call") to the groups, with the segment's whole name; docs/segments.md shows it""",
}


def launched_yesterday(world):
    """Launch on an audience of 100, which is of the same name as today's, and give when that was recorded."""
    made = Ran(defining(name="grown", groups="Market=grown")).value["name"]
    given = {"source": world.prepared(made, count=100), "launch_key": "grown/yesterday", "start_after": 600}
    campaign = Ran(CreateCampaignOperator(task_id="create", template="spring", **given)).value
    began = Ran(StartCampaignOperator(task_id="start", campaign_id=campaign, renew_schedule=True, **given))
    assert began.error is None, began.error
    [record] = [name.rpartition("/")[2] for name in world.objects() if name.startswith("launches/")]
    day, clock = record[:8], record[9:15]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}+00:00"


@takes_minutes
@pytest.mark.timeout(600)  # one Airflow, sixteen tasks: half a minute on an idle machine
def test_four_wrong_audiences_are_refused_word_for_word_and_nothing_is_launched(world, home, tmp_path, capsys):
    world.emulator.set_clock(frozen=False)
    at = launched_yesterday(world)
    rows = [f"{market}{each},{market}" for market, size in SIZES.items() for each in range(size)]
    (tmp_path / "all.csv").write_text("\n".join(["id,Market", *rows, ""]))
    began, calls = world.starts, len(world.emulator.calls("StartCampaign"))
    campaigns = world.campaigns()

    assert home.run("wrong_audiences", for_this_airflow(DAG.replace("FILE", str(tmp_path / "all.csv")))) != 0
    states = home.states("wrong_audiences")
    assert {name for name, state in states.items() if state == "failed"} == set(MESSAGES), states
    for task in MESSAGES:
        assert states[f"launch_{task.partition('.')[0].partition('_')[2]}.start"] == "upstream_failed"
    made = home.xcoms("wrong_audiences")
    imported = f"{datetime.fromisoformat(made['import_profiles']['finished_at']):%Y-%m-%d %H:%M:%S} UTC"
    for task, message in MESSAGES.items():
        market = task.partition(".")[0].partition("_")[2]
        name = made[f"prepare_{market}.create_definition"]["name"]
        expected = message.format(name=name, at=at, imported=imported)
        assert expected in home.log, home.log[-3000:]
        with capsys.disabled():
            print(f"\n\n{task}:\n{expected}", end="")  # noqa: T201 - shows what a task log has

    assert (world.starts, len(world.emulator.calls("StartCampaign"))) == (began, calls) == (1, 1)
    assert world.campaigns() == campaigns
