"""What goes from trigger to task: plain JSON, there and back."""

from __future__ import annotations

import json

import pytest

from connect_campaigns.core import errors
from connect_campaigns.core.errors import ConnectCampaignsError, RetryableError
from connect_campaigns.core.told import Told

ERRORS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ConnectCampaignsError)]


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_of_ours_arrives_as_itself(kind):
    error = kind("found", allowed="allowed", hint="hint", code="code")
    event = json.loads(json.dumps(Told(campaign_id="c-1", state="Running", error=error).to_event()))
    told = Told.from_event(event)
    assert type(told.error) is kind
    assert str(told.error) == str(error)
    assert told.error.code == "code"
    assert (told.campaign_id, told.state) == ("c-1", "Running")


def test_a_state_arrives_without_error():
    told = Told(campaign_id="c-1", state="Completed")
    assert Told.from_event(told.to_event()) == told


@pytest.mark.parametrize("kind", ["", "Exception", "annotations", "LaunchSkipped", "FromTheFuture"])
def test_an_error_class_that_we_do_not_have_becomes_one_that_a_retry_may_heal(kind):
    told = Told.from_event({"campaign_id": "c-1", "error": {"kind": kind, "found": "f", "allowed": "a", "hint": "h"}})
    assert type(told.error) is RetryableError
    assert told.error.found == "f"


@pytest.mark.parametrize("event", [None, "done", [], {}, {"state": "Completed"}, {"campaign_id": 5}])
def test_what_is_no_event_of_ours_is_no_success(event):
    with pytest.raises(RetryableError) as caught:
        Told.from_event(event)
    assert caught.value.hint
