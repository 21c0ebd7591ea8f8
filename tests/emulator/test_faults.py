"""Faults on the wire: what a real client sees, and what took effect."""

from __future__ import annotations

import threading
import time

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from connect_emulator.client import ControlError
from tests.emulator.campaign_kit import DOMAIN, refusal
from tests.emulator.raw import send


def test_a_lost_reply_is_a_closed_connection_and_the_effect_stays(kit):
    campaign_id = kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind="lost_reply")
    with pytest.raises(ConnectionClosedError):
        kit.campaigns.start_campaign(id=campaign_id)
    assert kit.state(campaign_id) == "Running"
    assert kit.emulator.effects("StartCampaign") == 1
    assert kit.emulator.faults()[0]["fired"] == 1
    assert kit.emulator.calls("StartCampaign")[0]["fault"] == "lost_reply"


def test_an_sdk_that_sends_again_after_a_lost_reply_meets_a_409(kit):
    campaign_id = kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind="lost_reply")
    retrying = kit.emulator.client("connectcampaignsv2", attempts=3)
    refused = refusal(retrying.start_campaign, id=campaign_id)
    assert (refused["code"], refused["state"]) == ("InvalidCampaignStateException", "Running")
    assert [call["effect"] for call in kit.emulator.calls("StartCampaign")] == [True, False]


def test_every_reply_of_a_start_can_be_lost_and_one_start_took_effect(kit):
    campaign_id = kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind="lost_reply", times=3)
    with pytest.raises(ConnectionClosedError):
        kit.emulator.client("connectcampaignsv2", attempts=3).start_campaign(id=campaign_id)
    assert kit.emulator.counts()["connectcampaignsv2.StartCampaign"] == {"requests": 3, "effects": 1}
    assert [call["status"] for call in kit.emulator.calls("StartCampaign")] == [200, 409, 409]
    assert kit.emulator.faults()[0]["fired"] == 3


def test_the_reply_of_a_refusal_is_spoiled_like_any_other(kit):
    kit.emulator.add_fault(operation="StartCampaign", kind="lost_reply")
    with pytest.raises(ConnectionClosedError):
        kit.campaigns.start_campaign(id="nobody")
    kit.emulator.add_fault(operation="StartCampaign", kind="error_after")
    assert refusal(kit.campaigns.start_campaign, id="nobody")["status"] == 500
    assert kit.emulator.effects("StartCampaign") == 0


def test_a_held_reply_runs_into_the_clients_patience(kit):
    campaign_id = kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind="hold", seconds=5)
    impatient = kit.emulator.client("connectcampaignsv2", read_timeout=0.3)
    with pytest.raises(ReadTimeoutError):
        impatient.start_campaign(id=campaign_id)
    assert kit.state(campaign_id) == "Running", "the effect is there already, and others are answered"


def test_a_held_reply_goes_out_when_released(kit):
    campaign_id = kit.create()
    fault_id = kit.emulator.add_fault(operation="StartCampaign", kind="hold")
    answered = []
    starter = threading.Thread(target=lambda: answered.append(kit.campaigns.start_campaign(id=campaign_id)))
    starter.start()
    deadline = time.monotonic() + 10
    while kit.emulator.effects("StartCampaign") == 0:
        assert time.monotonic() < deadline
    assert kit.emulator.calls("StartCampaign")[0]["status"] is None
    assert answered == []
    kit.emulator.release(fault_id)
    starter.join(10)
    assert answered[0]["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert kit.emulator.calls("StartCampaign")[0]["status"] == 200


@pytest.mark.parametrize("end", ["clear_faults", "reset"])
def test_a_held_reply_goes_out_when_the_faults_are_gone(kit, end):
    kit.emulator.add_fault(operation="ListCampaigns", kind="hold")
    lister = threading.Thread(target=kit.campaigns.list_campaigns)
    lister.start()
    deadline = time.monotonic() + 10
    while kit.emulator.faults()[0]["fired"] == 0:
        assert time.monotonic() < deadline
    getattr(kit.emulator, end)()
    lister.join(10)
    assert not lister.is_alive()


@pytest.mark.parametrize(
    ("kind", "state", "effects"), [("error_before", "Initialized", 0), ("error_after", "Running", 1)]
)
def test_an_error_before_or_after_the_effect(kit, kind, state, effects):
    campaign_id = kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind=kind)
    refused = refusal(kit.campaigns.start_campaign, id=campaign_id)
    assert (refused["code"], refused["status"]) == ("InternalServerException", 500)
    assert kit.state(campaign_id) == state
    assert kit.emulator.effects("StartCampaign") == effects
    assert kit.emulator.calls("StartCampaign")[0]["error"] == "InternalServerException"


MODELLED = {
    "AccessDeniedException": 403,
    "ConflictException": 409,
    "InternalServerException": 500,
    "InvalidCampaignStateException": 409,
    "ResourceNotFoundException": 404,
    "ThrottlingException": 429,
    "ValidationException": 400,
}


@pytest.mark.parametrize(("code", "status"), MODELLED.items())
def test_every_error_that_a_start_models_can_be_had(kit, code, status):
    members = {"state": "Paused"} if code == "InvalidCampaignStateException" else {}
    kit.emulator.add_fault(operation="StartCampaign", kind="error_before", code=code, message="why", members=members)
    with pytest.raises(ClientError) as caught:
        kit.campaigns.start_campaign(id=kit.create())
    assert isinstance(caught.value, getattr(kit.campaigns.exceptions, code))
    reply = caught.value.response
    assert (reply["Error"]["Code"], reply["Error"]["Message"]) == (code, "why")
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == status
    assert reply.get("state") == members.get("state")


def test_the_status_of_an_injected_error_can_differ(kit):
    kit.emulator.add_fault(operation="ListCampaigns", kind="error_before", status=503)
    assert refusal(kit.campaigns.list_campaigns)["status"] == 503


def test_faults_count_what_they_skip_and_how_often_they_fire(kit):
    kit.emulator.add_fault(operation="ListCampaigns", kind="error_before", code="ValidationException", skip=1, times=2)

    def outcome() -> int:
        return send(kit.emulator.url, "POST", "/v2/campaigns-summary", b"{}").status

    assert [outcome() for _ in range(5)] == [200, 400, 400, 200, 200]
    described = kit.emulator.faults()[0]
    assert (described["fired"], described["times"], described["skip"]) == (2, 2, 1)


def test_a_fault_can_be_removed_alone(kit):
    first = kit.emulator.add_fault(operation="ListCampaigns", kind="error_before")
    second = kit.emulator.add_fault(operation="StartCampaign", kind="error_before")
    kit.emulator.request("DELETE", f"/faults/{first}")
    assert [fault["id"] for fault in kit.emulator.faults()] == [second]
    kit.campaigns.list_campaigns()
    with pytest.raises(ControlError, match="holds no reply"):
        kit.emulator.release(second)


def test_a_connection_that_was_dropped_is_the_only_one(kit):
    """What `drop_connection` reaches for is private to uvicorn: should it go, this fails first."""
    kit.emulator.add_fault(operation="GetCampaignState", kind="lost_reply")
    with pytest.raises(ConnectionError):
        send(kit.emulator.url, "GET", f"/v2/campaigns/{kit.create()}/state")
    assert kit.emulator.health()["status"] == "ok"


def test_an_upload_can_be_lost_too(kit):
    profiles = kit.emulator.client("customer-profiles")
    kit.audience(0)
    fields = {"Phone": {"Source": "_source.Phone", "Target": "_profile.PhoneNumber", "ContentType": "PHONE_NUMBER"}}
    made = profiles.create_upload_job(DomainName=DOMAIN, DisplayName="j", Fields=fields, UniqueKey="Phone")
    url = profiles.get_upload_job_path(DomainName=DOMAIN, JobId=made["JobId"])["Url"]
    path = url.removeprefix(kit.emulator.url)
    kit.emulator.add_fault(operation="PutUploadFile", kind="error_before", code="SlowDown", status=503)
    refused = send(kit.emulator.url, "PUT", path, b"Phone\n", signing_name=None)
    assert (refused.status, b"SlowDown" in refused.body) == (503, True)
    kit.emulator.add_fault(operation="PutUploadFile", kind="lost_reply")
    with pytest.raises(ConnectionError):
        send(kit.emulator.url, "PUT", path, b"Phone\n", signing_name=None)
    logged = kit.emulator.calls(service="uploads")
    assert [(call["fault"], call["effect"]) for call in logged] == [("error_before", False), ("lost_reply", False)]
