"""The README's DAGs, run by a real Airflow against the emulator, as they stand there."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from tests.airflow_kit import ROOT, takes_minutes
from tests.waiting_kit import connection_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.launch_kit import World

PLACEHOLDER = "11111111-2222-3333-4444-555555555555"
MAPPED = """
from airflow.sdk import dag

from connect_campaigns.operators.campaigns import StartCampaignOperator

MARKETS = ["at", "be", "ch", "de", "dk", "es", "fr", "it", "nl", "pl", "pt", "se"]
SEGMENT = "arn:aws:profile:us-east-1:123456789012:domains/crm/segment-definitions/"


@dag(schedule=None)
def markets():
    StartCampaignOperator.partial(task_id="start", template="spring", start_after=600).expand_kwargs(
        [{"launch_key": f"spring/{market}", "source": f"{SEGMENT}{market}"} for market in MARKETS]
    )


markets()
"""


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_readme_has_the_one_off_and_the_daily_dag():
    names = [re.findall(r"^def (\w+)\(\):", block, re.MULTILINE) for block in blocks()]
    assert names == [["one_off"], ["spring_fr"]]


@takes_minutes
def test_the_one_off_dag(world, home):
    """Without a ledger, and with no other calls than the policy beside it allows."""
    given = world.campaign(name="by hand", schedule=world.kit.schedule(6 * 3600, 12 * 3600))
    home.connection = connection_json(world.emulator.url)
    before = world.emulator.counts()
    text = blocks()[0].replace(PLACEHOLDER, given).replace('task_id="done"', 'task_id="done", poke_interval=1')
    with hurried_once_started(world):
        code = home.run("one_off", text)
    assert code == 0, home.log[-3000:]
    assert home.states("one_off") == {"start": "success", "done": "success"}
    assert home.xcoms("one_off")["done"] == "Completed"
    assert world.starts == 1
    used = {
        name
        for name, count in world.emulator.counts().items()
        if count["requests"] > before.get(name, {"requests": 0})["requests"]
    }
    allowed = re.findall(r'"connect-campaigns:(\w+)"', (ROOT / "README.md").read_text().split("## Daily")[0])
    assert len(allowed) == 4
    # When a wait ends badly the figures are read too, where the rights allow it; here it ended well.
    assert used <= {f"connectcampaignsv2.{action}" for action in allowed}


@takes_minutes
def test_the_daily_dag(world, home, tmp_path):
    """As it stands there, at its hour: emulator's clock and run are of a night after its start date, 09:00 is ahead."""
    night = max(datetime.now(UTC) + timedelta(days=1), datetime(2026, 12, 2, tzinfo=UTC))
    night = night.replace(hour=1, minute=30, second=0, microsecond=0)
    customers(tmp_path / f"{night:%Y-%m-%d}.csv", people=600)
    world.campaign(name="spring-fr")
    world.emulator.set_clock(now=night.isoformat())
    world.emulator.set_clock(frozen=False, speed=20)  # imports and estimates take their minutes
    text = (
        blocks()[1]
        .replace("/data/spring-fr", str(tmp_path))
        .replace("launch_campaign(", "launch_campaign(poke_interval=1,")
    )
    assert home.run("spring_fr", text, at=night) == 0, home.log[-3000:]
    states = home.states("spring_fr")
    assert states.pop("prepare_segment.count_backfilled") == "success"  # nothing to count: not a backfill
    assert set(states.values()) == {"skipped"}, "a manual run only checks"
    assert world.starts == 0
    with hurried_once_started(world):
        code = home.run("spring_fr", text.replace('if_manual="check"', 'if_manual="launch"'), at=night)
    assert code == 0, home.log[-3000:]
    assert set(home.states("spring_fr").values()) == {"success"}
    outcome = home.xcoms("spring_fr", "outcome")["launch_campaign.outcome"]
    assert (outcome["targeted"], outcome["attempted"]) == (550, 550)
    launch = home.xcoms("spring_fr", "launch")["launch_campaign.start"]
    assert launch["key"] == f"spring/fr/{night:%Y-%m-%d}"
    assert world.starts == 1


@takes_minutes
def test_twelve_markets_mapped_from_one_template_all_launch(world, home):
    """Each has an audience of its own, so no launch stands in another's way (`min_launch_gap`)."""
    profiles = world.emulator.client("customer-profiles")
    everybody = {"Groups": [{"Dimensions": []}], "Include": "ALL"}
    for market in re.findall(r'"(\w\w)"', MAPPED.partition("MARKETS = ")[2].splitlines()[0]):
        profiles.create_segment_definition(
            DomainName="crm", SegmentDefinitionName=market, DisplayName=market, SegmentGroups=everybody
        )
    code = home.run("markets", MAPPED)
    assert code == 0, home.log[-3000:]
    assert home.states("markets") == {f"start[{index}]": "success" for index in range(12)}
    assert world.starts == 12
    assert len(set(home.xcoms("markets").values())) == 12


@contextmanager
def hurried_once_started(world: World) -> Iterator[None]:
    """A quarter of an hour a second, from the start on: before it, a slow machine would be late for the schedule."""
    ended = Event()

    def hurry() -> None:
        while not ended.wait(0.2):
            if world.starts:
                world.emulator.set_clock(frozen=False, speed=900)
                return

    with ThreadPoolExecutor(1) as pool:
        hurrying = pool.submit(hurry)
        try:
            yield
        finally:
            ended.set()
    hurrying.result()


def customers(path: Path, *, people: int) -> None:
    """550 of them are premium with a balance over 1,000; numbers are from the range kept for fiction."""
    rows = (
        f"c{number:05d},+1201555{100 + number % 100:04d},{'premium' if number < 550 else 'basic'},{1001 + number}"
        for number in range(people)
    )
    path.write_text("customer_id,phone,Plan,Balance\n" + "\n".join(rows) + "\n")
