"""Every cell of operation and state, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from connect_emulator.campaigns.progress import State
from connect_emulator.campaigns.rules import ALLOWED_IN
from tests.emulator.campaign_kit import DOMAIN_ARN, STATES, refusal

if TYPE_CHECKING:
    from tests.emulator.campaign_kit import Kit

IS_409 = ("InvalidCampaignStateException", 409)
# The table of the emulator's page, written out: an allowed cell names the state that follows.
TABLE = {
    "start_campaign": ("Running", IS_409, IS_409, IS_409, IS_409, IS_409),
    "pause_campaign": (IS_409, "Paused", IS_409, IS_409, IS_409, IS_409),
    "resume_campaign": (IS_409, IS_409, "Running", IS_409, IS_409, IS_409),
    "stop_campaign": (IS_409, "Stopped", "Stopped", *[("ConflictException", 409)] * 3),
    "delete_campaign": (
        None, ("ValidationException", 400), ("ValidationException", 400), None, None, None,
    ),
    "update_campaign_schedule": ("Initialized", *[IS_409] * 5),
    "update_campaign_source": ("Initialized", *[IS_409] * 5),
    "describe_campaign": STATES,
    "tag_resource": STATES,
    "untag_resource": STATES,
    "list_tags_for_resource": STATES,
}  # fmt: skip
CELLS = [(operation, state, cell) for operation, row in TABLE.items() for state, cell in zip(STATES, row, strict=True)]


def arguments(kit: Kit, operation: str, campaign_id: str) -> dict:
    arn = f"arn:aws:connect-campaigns:us-east-1:123456789012:campaign/{campaign_id}"
    return {
        "update_campaign_schedule": {
            "id": campaign_id,
            "schedule": {"startTime": kit.now() + timedelta(hours=2), "endTime": kit.now() + timedelta(hours=3)},
        },
        "update_campaign_source": {
            "id": campaign_id,
            "source": {"eventTrigger": {"customerProfilesDomainArn": f"{DOMAIN_ARN}2"}},
        },
        "tag_resource": {"arn": arn, "tags": {"a": "b"}},
        "untag_resource": {"arn": arn, "tagKeys": ["a"]},
        "list_tags_for_resource": {"arn": arn},
    }.get(operation, {"id": campaign_id})


@pytest.mark.parametrize(("operation", "state", "cell"), CELLS)
def test_an_operation_in_a_state(kit, operation, state, cell):
    campaign_id = kit.in_state(state)
    call, given = getattr(kit.campaigns, operation), arguments(kit, operation, campaign_id)
    if isinstance(cell, tuple):
        refused = refusal(call, **given)
        assert (refused["code"], refused["status"]) == cell
        assert state in refused["text"], "the message names the state: the AWS CLI shows nothing else"
        assert refused.get("state") == (state if cell == IS_409 else None)
        assert kit.state(campaign_id) == state
    elif cell is None:
        assert call(**given)["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert refusal(kit.campaigns.get_campaign_state, id=campaign_id)["status"] == 404
    else:
        assert call(**given)["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert kit.state(campaign_id) == cell


def test_the_table_in_the_code_has_every_operation_that_depends_on_the_state():
    refusing = {operation for operation, row in TABLE.items() if any(isinstance(cell, tuple) for cell in row)}
    assert {"".join(word.title() for word in operation.split("_")) for operation in refusing} == set(ALLOWED_IN)
    assert {str(state) for state in State} == set(STATES)


@pytest.mark.parametrize(
    ("setting", "value", "operation", "state", "code"),
    [
        ("already_started", "conflict", "start_campaign", "Running", "ConflictException"),
        ("already_started", "conflict", "start_campaign", "Completed", "ConflictException"),
        ("stop_ended", "invalid_state", "stop_campaign", "Stopped", "InvalidCampaignStateException"),
        ("delete_active", "access_denied", "delete_campaign", "Running", "AccessDeniedException"),
    ],
)
def test_the_class_of_a_refusal_that_nobody_knows_is_a_setting(kit, setting, value, operation, state, code):
    kit.emulator.set_settings(campaigns={setting: value})
    campaign_id = kit.in_state(state)
    refused = refusal(getattr(kit.campaigns, operation), id=campaign_id)
    assert refused["code"] == code
    assert state in refused["text"]


def test_running_begins_with_the_start_and_not_with_the_start_time(kit):
    campaign_id = kit.create(schedule=kit.schedule(start=3600, end=7200))
    kit.campaigns.start_campaign(id=campaign_id)
    assert kit.state(campaign_id) == "Running"
