"""Effects that come later than their reply, and replies that never come."""

from __future__ import annotations

import threading
import time

import pytest
from botocore import xform_name
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from connect_emulator.client import ControlError
from connect_emulator.model import SERVICES
from tests.emulator.campaign_kit import INSTANCE, SEGMENT_ARN, refusal


def until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def fault(kit):
    return kit.emulator.faults()[0]


def test_a_lost_request_lands_when_released(kit):
    campaign_id = kit.create()
    fault_id = kit.emulator.add_fault(operation="StartCampaign", kind="late")
    with pytest.raises(ConnectionClosedError):
        kit.campaigns.start_campaign(id=campaign_id)
    assert kit.state(campaign_id) == "Initialized"
    [call] = kit.emulator.calls("StartCampaign")
    assert (call["status"], call["effect"], call["fault"]) == (None, False, "late")
    assert (fault(kit)["fired"], fault(kit)["waiting"]) == (1, 1)
    kit.step(5)
    kit.emulator.release(fault_id)
    assert kit.state(campaign_id) == "Running"
    [call] = kit.emulator.calls("StartCampaign")
    assert (call["status"], call["effect"]) == (None, True)
    assert call["effect_at"] > call["time"]
    assert fault(kit)["waiting"] == 0


def test_a_late_effect_lands_after_further_requests(kit):
    campaign_id = kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind="late", requests=2)
    with pytest.raises(ConnectionClosedError):
        kit.campaigns.start_campaign(id=campaign_id)
    s3 = kit.emulator.client("s3")
    s3.list_buckets()
    assert [kit.state(campaign_id) for _ in range(2)] == ["Initialized", "Running"], "requests to any service count"


def test_a_late_effect_lands_after_seconds_of_its_own(kit):
    campaign_id = kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind="late", reply="error", seconds=0.2, status=503)
    refused = refusal(kit.campaigns.start_campaign, id=campaign_id)
    assert (refused["code"], refused["status"]) == ("InternalServerException", 503)
    assert kit.emulator.effects("StartCampaign") == 0
    until(lambda: kit.emulator.effects("StartCampaign") == 1)
    assert kit.state(campaign_id) == "Running"


def test_a_start_is_accepted_and_takes_effect_later(kit):
    campaign_id = kit.create()
    fault_id = kit.emulator.add_fault(operation="StartCampaign", kind="late", reply="accepted")
    kit.campaigns.start_campaign(id=campaign_id)
    assert kit.state(campaign_id) == "Initialized"
    assert kit.emulator.calls("StartCampaign")[0]["status"] == 200
    kit.emulator.release(fault_id)
    assert kit.state(campaign_id) == "Running"
    assert kit.emulator.effects("StartCampaign") == 1


def test_a_start_that_the_service_refuses_is_refused_at_once(kit):
    campaign_id = kit.in_state("Running")
    kit.emulator.add_fault(operation="StartCampaign", kind="late", reply="accepted")
    assert refusal(kit.campaigns.start_campaign, id=campaign_id)["state"] == "Running"
    assert (fault(kit)["fired"], fault(kit)["waiting"]) == (1, 0)


def test_two_starts_of_which_one_lands_late_take_effect_once(kit):
    campaign_id = kit.create()
    fault_id = kit.emulator.add_fault(operation="StartCampaign", kind="late", reply="accepted")
    kit.campaigns.start_campaign(id=campaign_id)
    kit.campaigns.start_campaign(id=campaign_id)
    kit.emulator.release(fault_id)
    assert kit.emulator.counts()["connectcampaignsv2.StartCampaign"] == {"requests": 2, "effects": 1}


def test_a_creation_lands_late_and_nobody_knows_its_id(kit):
    kit.emulator.add_fault(operation="CreateCampaign", kind="late", where={"name": "spr*"})
    other = kit.create(name="autumn")
    with pytest.raises(ConnectionClosedError):
        kit.create(name="spring")
    listed = kit.campaigns.list_campaigns()["campaignSummaryList"]
    assert [each["id"] for each in listed] == [other]
    kit.emulator.clear_faults()
    listed = kit.campaigns.list_campaigns()["campaignSummaryList"]
    assert [each["name"] for each in listed] == ["autumn", "spring"]


def test_a_deletion_that_lands_late_finds_the_campaign_started_and_does_nothing(kit):
    campaign_id = kit.create()
    fault_id = kit.emulator.add_fault(operation="DeleteCampaign", kind="late")
    with pytest.raises(ConnectionClosedError):
        kit.campaigns.delete_campaign(id=campaign_id)
    kit.campaigns.start_campaign(id=campaign_id)
    kit.emulator.release(fault_id)
    assert kit.state(campaign_id) == "Running"
    assert kit.emulator.effects("DeleteCampaign") == 0


@pytest.mark.parametrize("end", ["clear_faults", "remove"])
def test_a_late_effect_lands_with_the_removal_of_its_fault(kit, end):
    campaign_id = kit.create()
    fault_id = kit.emulator.add_fault(operation="StartCampaign", kind="late")
    with pytest.raises(ConnectionClosedError):
        kit.campaigns.start_campaign(id=campaign_id)
    if end == "remove":
        kit.emulator.request("DELETE", f"/faults/{fault_id}")
    else:
        kit.emulator.clear_faults()
    assert kit.state(campaign_id) == "Running"


def test_no_effect_lands_in_another_world_than_it_was_sent_to(kit):
    kit.emulator.add_fault(operation="CreateCampaign", kind="late", seconds=0.2, times=2)
    for _ in range(2):
        with pytest.raises(ConnectionClosedError):
            kit.create()
    held = threading.Thread(target=refused_or_lost, args=(kit.create,))
    kit.emulator.add_fault(operation="CreateCampaign", kind="hold", when="before")
    held.start()
    until(lambda: any(each["kind"] == "hold" and each["waiting"] for each in kit.emulator.faults()))
    kit.emulator.reset()
    held.join(10)
    time.sleep(0.3)
    assert kit.emulator.counts() == {}
    assert kit.campaigns.list_campaigns()["campaignSummaryList"] == []


def refused_or_lost(call):
    with pytest.raises(ConnectionClosedError):
        call()


def test_a_request_can_be_held_before_its_effect(kit):
    campaign_id = kit.create()
    fault_id = kit.emulator.add_fault(operation="StartCampaign", kind="hold", when="before")
    impatient = kit.emulator.client("connectcampaignsv2", read_timeout=0.3)
    with pytest.raises(ReadTimeoutError):
        impatient.start_campaign(id=campaign_id)
    assert kit.state(campaign_id) == "Initialized"
    kit.emulator.release(fault_id)
    until(lambda: kit.state(campaign_id) == "Running")
    assert kit.emulator.effects("StartCampaign") == 1


@pytest.mark.parametrize(("when", "state", "effects"), [("before", "Initialized", 0), ("after", "Running", 1)])
def test_a_time_out_never_has_a_reply(kit, when, state, effects):
    campaign_id = kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind="timeout", when=when, seconds=0.6)
    impatient = kit.emulator.client("connectcampaignsv2", read_timeout=0.2)
    with pytest.raises(ReadTimeoutError):
        impatient.start_campaign(id=campaign_id)
    assert kit.state(campaign_id) == state
    until(lambda: fault(kit)["waiting"] == 0)
    assert kit.state(campaign_id) == state
    assert kit.emulator.effects("StartCampaign") == effects
    kit.emulator.add_fault(operation="GetCampaignState", kind="timeout", seconds=0.1)
    with pytest.raises(ConnectionClosedError):
        kit.state(campaign_id)


def test_a_fault_hits_the_campaign_that_it_names(kit):
    hit, spared = kit.create(), kit.create()
    kit.emulator.add_fault(operation="StartCampaign", kind="error_before", where={"id": hit}, times=9)
    kit.campaigns.start_campaign(id=spared)
    assert refusal(kit.campaigns.start_campaign, id=hit)["status"] == 500
    kit.emulator.add_fault(operation="GetCampaignStateBatch", kind="error_before", where={"id": hit})
    kit.campaigns.get_campaign_state_batch(campaignIds=[spared])
    assert refusal(kit.campaigns.get_campaign_state_batch, campaignIds=[spared, hit])["status"] == 500
    arn = kit.campaigns.describe_campaign(id=hit)["campaign"]["arn"]
    kit.emulator.add_fault(operation="TagResource", service="connectcampaignsv2", kind="late", where={"id": hit})
    refused_or_lost(lambda: kit.campaigns.tag_resource(arn=arn, tags={"a": "b"}))
    assert [each["fired"] for each in kit.emulator.faults()] == [1, 1, 1]


def test_expired_credentials_are_those_of_every_service(kit):
    kit.emulator.add_fault(operation="*", kind="expired_credentials", times=5)
    expired = {
        "connectcampaignsv2": ("list_campaigns", {}),
        "customer-profiles": ("list_domains", {}),
        "s3": ("list_buckets", {}),
        "sts": ("get_caller_identity", {}),
        "secretsmanager": ("list_secrets", {}),
    }
    seen = {}
    for service, (method, given) in expired.items():
        refused = refusal(getattr(kit.emulator.client(service), method), **given)
        seen[service] = (refused["code"], refused["status"])
    assert seen == {
        "connectcampaignsv2": ("ExpiredTokenException", 403),
        "customer-profiles": ("ExpiredTokenException", 403),
        "s3": ("ExpiredToken", 400),
        "sts": ("ExpiredToken", 403),
        "secretsmanager": ("ExpiredTokenException", 403),
    }
    kit.campaigns.list_campaigns()
    assert fault(kit)["fired"] == 5


@pytest.mark.parametrize(
    ("code", "status"), [("UnrecognizedClientException", 403), ("ServiceUnavailable", 503), ("InternalFailure", 500)]
)
def test_errors_that_every_service_has_need_no_model(kit, code, status):
    kit.emulator.add_fault(operation="StartCampaign", kind="error_before", code=code)
    refused = refusal(kit.campaigns.start_campaign, id=kit.create())
    assert (refused["code"], refused["status"]) == (code, status)


BAD = [
    ({"kind": "late", "operation": "GetCampaignState"}, ["changes something"]),
    ({"kind": "late", "operation": "*"}, ["changes something"]),
    ({"kind": "late", "operation": "CreateCampaign", "reply": "accepted"}, ["reply is empty", "StartCampaign"]),
    ({"kind": "late", "operation": "PutObject", "reply": "accepted"}, ["connectcampaignsv2"]),
    ({"kind": "late", "operation": "StartCampaign", "reply": "maybe"}, ["maybe", "accepted"]),
    ({"kind": "late", "operation": "StartCampaign", "code": "ThrottlingException"}, ["code", "late"]),
    ({"kind": "hold", "operation": "StartCampaign", "when": "now"}, ["now", "before, after"]),
    ({"kind": "lost_reply", "operation": "StartCampaign", "seconds": 1}, ["seconds", "lost_reply"]),
    ({"kind": "stale", "operation": "GetObject"}, ["S3 reads are never stale", "s3.unseen_for_writes"]),
    ({"kind": "stale", "operation": "StartCampaign"}, ["DescribeCampaign", "ListCampaigns"]),
    ({"kind": "stale", "operation": "ListCampaigns", "writes": 0}, ["1 to 50"]),
    ({"kind": "unknown_state", "operation": "ListCampaigns"}, ["GetCampaignStateBatch"]),
    ({"kind": "unknown_state", "operation": "GetCampaignState", "writes": 1}, ["writes", "state"]),
    ({"kind": "hold", "operation": "StartCampaign", "where": {"campaign": "x"}}, ["campaign", "id"]),
    ({"kind": "hold", "operation": "StartCampaign", "where": {"id": 5}}, ["pattern"]),
    ({"kind": "hold", "operation": "PutObject", "where": {"key": "x"}}, ["Bucket", "Key"]),
]


@pytest.mark.parametrize(("body", "said"), BAD)
def test_a_fault_that_could_never_be_is_refused(emulator, body, said):
    with pytest.raises(ControlError) as caught:
        emulator.request("POST", "/faults", body)
    assert caught.value.status == 400
    for each in [*said, "hint"]:
        assert each in str(caught.value)
    assert emulator.faults() == []


def test_a_fault_without_a_wait_holds_nothing(kit):
    fault_id = kit.emulator.add_fault(operation="StartCampaign", kind="lost_reply")
    with pytest.raises(ControlError, match="holds no reply"):
        kit.emulator.release(fault_id)


SCHEDULE = {"startTime": "2030-01-01T00:00:00Z", "endTime": "2030-01-02T00:00:00Z"}
NOBODY = "arn:aws:connect-campaigns:us-east-1:123456789012:campaign/nobody"
EVERY = {
    "CreateCampaign": {"name": "a", "connectInstanceId": INSTANCE},
    "ListCampaigns": {},
    "GetCampaignStateBatch": {"campaignIds": ["nobody"]},
    "UpdateCampaignSchedule": {"id": "nobody", "schedule": SCHEDULE},
    "UpdateCampaignSource": {"id": "nobody", "source": {"customerProfilesSegmentArn": SEGMENT_ARN}},
    "TagResource": {"arn": NOBODY, "tags": {"a": "b"}},
    "UntagResource": {"arn": NOBODY, "tagKeys": ["a"]},
    "ListTagsForResource": {"arn": NOBODY},
}


@pytest.mark.parametrize("operation", sorted(SERVICES["connectcampaignsv2"].spec.handlers))
def test_every_operation_of_campaigns_can_fail(kit, operation):
    call = getattr(kit.campaigns, xform_name(operation))
    given = EVERY.get(operation, {"id": "nobody"})
    for kind in ("error_before", "error_after"):
        kit.emulator.add_fault(operation=operation, service="connectcampaignsv2", kind=kind)
        assert refusal(call, **given)["code"] == "InternalServerException"
    kit.emulator.add_fault(operation="*", service="connectcampaignsv2", kind="lost_reply")
    refused_or_lost(lambda: call(**given))
    assert [each["fired"] for each in kit.emulator.faults()] == [1, 1, 1]
