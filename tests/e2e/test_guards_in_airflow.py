"""Each guard's message as a real ``airflow dags test`` prints it: one DAG, a task per guard, all refused, nobody called."""

from __future__ import annotations

from datetime import timedelta

from connect_campaigns.operators.campaigns import StartCampaignOperator
from tests.launch_kit import FLOW, HOURS, VOICE, Ran

DAG = """
from datetime import timedelta

from airflow.sdk import dag

from connect_campaigns.operators.campaigns import StartCampaignOperator

SOON = {"start_after": 600}
TASKS = {
    "schedule": {"start_at": "00:00", "latest_start": "00:01", "end_at": "00:02", "timezone": "UTC"},
    "communication_hours": {"template": "no hours", **SOON},
    "permitted_hours": {"permitted_hours": {"default": {"MONDAY-FRIDAY": "09:00-20:00"}}, **SOON},
    "closed_days": {"closed_days": CLOSED, **SOON},
    "campaign_flow": {"template": "no flow", **SOON},
    "communication_limits": {"if_no_limits": "fail", **SOON},
    "launch_gap": {"template": "spring", **SOON},
    "overlap": {"if_overlap": "fail", **SOON},
}


@dag(schedule=None, default_args={"retries": 0})
def refused():
    for name, given in TASKS.items():
        StartCampaignOperator(task_id=name, **{"template": "summer", "launch_key": f"guards/{name}", **given})


refused()
"""
FOUND = {
    "schedule": "too late: it is",
    "communication_hours": "no communication hours are configured for telephony: contact would begin at any hour",
    "permitted_hours": "the campaign's communication hours go beyond the permitted ones: telephony MONDAY 00:00-23:59",
    "closed_days": "people would be contacted on a closed day",
    "campaign_flow": "the campaign has no campaign flow",
    "communication_limits": "the campaign has no communication limits of its own",
    "launch_gap": "launch key 'before' launched the same template on the same audience (everybody)",
    "overlap": "active on the same source: 'spring",
}


def test_each_message_is_printed_whole_and_the_task_is_red(world, home):
    for name, changes in {
        "summer": {},
        "no hours": {"communicationTimeConfig": None},
        "no flow": {"connectCampaignFlowArn": None},
    }.items():
        world.kit.create(source={"customerProfilesSegmentArn": world.arn}, **config(name=name, **changes))
    before = StartCampaignOperator(task_id="t", template=world.template, launch_key="before", start_after=600)
    assert Ran(before).error is None
    days = {"FR": [f"{world.kit.now() + timedelta(days=ahead):%Y-%m-%d}" for ahead in (0, 1)]}
    assert home.run("refused", DAG.replace("CLOSED", repr(days))) != 0
    assert home.states("refused") == dict.fromkeys(FOUND, "failed"), home.log[-3000:]
    for name, found in FOUND.items():
        message = transcript(home.log, found)
        assert "allowed: " in message, name
        assert "hint: " in message, name
    assert world.starts == 1
    assert [each for each in world.campaigns() if each["name"].startswith(("summer ", "no "))] == [
        each for each in world.campaigns() if each["name"] in {"no hours", "no flow"}
    ]


def config(**changes) -> dict:
    given = {"channelSubtypeConfig": VOICE, "communicationTimeConfig": HOURS, "connectCampaignFlowArn": FLOW, **changes}
    return {name: value for name, value in given.items() if value is not None}


def transcript(log: str, found: str) -> str:
    """The first three lines of a message in Airflow's own output."""
    lines = log.splitlines()
    at = next((number for number, line in enumerate(lines) if found in line), None)
    assert at is not None, f"{found!r} was not printed:\n{log[-3000:]}"
    return "\n".join(lines[at : at + 3])
