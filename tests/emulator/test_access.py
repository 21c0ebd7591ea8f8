"""Permissions: denied by action and resource, told as AWS tells it."""

from __future__ import annotations

import pytest

from connect_emulator.client import ControlError
from tests.emulator.campaign_kit import DOMAIN, DOMAIN_ARN, INSTANCE_ARN, refusal

CAMPAIGN = "arn:aws:connect-campaigns:us-east-1:123456789012:campaign"
CALLER = "arn:aws:iam::123456789012:user/emulator"


def deny(emulator, *rules):
    emulator.set_settings(access={"denied": [dict(zip(("action", "resource"), rule, strict=False)) for rule in rules]})


def test_a_denied_action_is_named_with_caller_and_resource(kit):
    campaign_id = kit.create()
    deny(kit.emulator, ("connect-campaigns:StartCampaign",))
    refused = refusal(kit.campaigns.start_campaign, id=campaign_id)
    assert (refused["code"], refused["status"]) == ("AccessDeniedException", 403)
    assert refused["text"] == (
        f"User: {CALLER} is not authorized to perform: connect-campaigns:StartCampaign on resource: "
        f"{CAMPAIGN}/{campaign_id} because no identity-based policy allows the connect-campaigns:StartCampaign action"
    )
    assert kit.state(campaign_id) == "Initialized"
    assert kit.emulator.effects("StartCampaign") == 0
    deny(kit.emulator)
    kit.campaigns.start_campaign(id=campaign_id)


def test_a_right_can_be_denied_on_one_campaign(kit):
    hit, spared = kit.create(), kit.create()
    deny(kit.emulator, ("connect-campaigns:*", f"{CAMPAIGN}/{hit}"))
    assert kit.state(spared) == "Initialized"
    assert refusal(kit.campaigns.get_campaign_state, id=hit)["status"] == 403
    assert refusal(kit.campaigns.get_campaign_state_batch, campaignIds=[spared, hit])["status"] == 403
    assert refusal(kit.campaigns.tag_resource, arn=f"{CAMPAIGN}/{hit}", tags={"a": "b"})["status"] == 403
    assert len(kit.campaigns.list_campaigns()["campaignSummaryList"]) == 2, "a listing's resource is `*`"


def test_actions_compare_without_regard_to_case(kit):
    deny(kit.emulator, ("CONNECT-campaigns:list?ampaigns",))
    assert refusal(kit.campaigns.list_campaigns)["text"].count("on resource: * because") == 1


def test_creating_with_tags_needs_the_right_to_tag(kit):
    deny(kit.emulator, ("connect-campaigns:TagResource",))
    assert "connect-campaigns:TagResource" in refusal(kit.create, tags={"a": "b"})["text"]
    kit.create()
    deny(kit.emulator, ("connect-campaigns:CreateCampaign",))
    assert refusal(kit.create)["status"] == 403


def test_rights_of_the_other_services(kit):
    arn = kit.audience(1)
    profiles, connect = kit.emulator.client("customer-profiles"), kit.emulator.client("connect")
    deny(kit.emulator, ("profile:GetSegmentDefinition", arn), ("connect:GetMetricDataV2", INSTANCE_ARN))
    segment = {"DomainName": DOMAIN, "SegmentDefinitionName": "everybody"}
    assert arn in refusal(profiles.get_segment_definition, **segment)["text"]
    profiles.list_segment_definitions(DomainName=DOMAIN)
    asked = {
        "ResourceArn": INSTANCE_ARN,
        "StartTime": kit.now(),
        "EndTime": kit.now(),
        "Filters": [{"FilterKey": "CAMPAIGN", "FilterValues": ["x"]}],
        "Metrics": [{"Name": "RECIPIENTS_TARGETED"}],
    }
    refused = refusal(connect.get_metric_data_v2, **asked)
    assert (refused["code"], refused["status"]) == ("AccessDeniedException", 403)
    deny(kit.emulator, ("profile:*", DOMAIN_ARN))
    assert refusal(profiles.list_segment_definitions, DomainName=DOMAIN)["status"] == 403
    profiles.get_segment_definition(**segment)
    deny(kit.emulator, ("secretsmanager:ListSecrets",), ("sts:*",))
    assert refusal(kit.emulator.client("secretsmanager").list_secrets)["code"] == "AccessDeniedException"
    assert refusal(kit.emulator.client("sts").get_caller_identity)["code"] == "AccessDenied"


@pytest.fixture
def s3(emulator):
    client = emulator.client("s3")
    client.create_bucket(Bucket="ledger")
    client.put_object(Bucket="ledger", Key="keys/a", Body=b"{}")
    return client


def test_s3_denies_by_object(emulator, s3):
    deny(emulator, ("s3:PutObject", "arn:aws:s3:::ledger/keys/*"))
    refused = refusal(s3.put_object, Bucket="ledger", Key="keys/b", Body=b"{}")
    assert (refused["code"], refused["status"]) == ("AccessDenied", 403)
    assert refused["text"] == (
        f'User: {CALLER} is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::ledger/keys/b" '
        "because no identity-based policy allows the s3:PutObject action"
    )
    s3.put_object(Bucket="ledger", Key="campaigns/b", Body=b"{}")
    source = {"Bucket": "ledger", "Key": "campaigns/b"}
    assert refusal(s3.copy_object, Bucket="ledger", Key="keys/b", CopySource=source)["status"] == 403
    assert refusal(s3.create_multipart_upload, Bucket="ledger", Key="keys/b")["status"] == 403
    listed = s3.list_objects_v2(Bucket="ledger")["Contents"]
    assert [each["Key"] for each in listed] == ["campaigns/b", "keys/a"]


def test_s3_denies_reads_deletions_and_listings(emulator, s3):
    deny(emulator, ("s3:DeleteObject", "arn:aws:s3:::ledger/*"))
    assert refusal(s3.delete_object, Bucket="ledger", Key="keys/a")["status"] == 403
    several = {"Objects": [{"Key": "keys/a"}, {"Key": "keys/b"}]}
    assert refusal(s3.delete_objects, Bucket="ledger", Delete=several)["status"] == 403
    deny(emulator, ("s3:GetObject", "arn:aws:s3:::ledger/keys/*"))
    assert refusal(s3.get_object, Bucket="ledger", Key="keys/a")["status"] == 403
    assert refusal(s3.head_object, Bucket="ledger", Key="keys/a")["status"] == 403
    s3.put_object(Bucket="ledger", Key="free", Body=b"1")
    source = {"Bucket": "ledger", "Key": "keys/a"}
    assert "s3:GetObject" in refusal(s3.copy_object, Bucket="ledger", Key="copy", CopySource=source)["text"]
    deny(emulator, ("s3:ListBucket", "arn:aws:s3:::ledger"))
    assert refusal(s3.list_objects_v2, Bucket="ledger")["status"] == 403
    assert refusal(s3.head_bucket, Bucket="ledger")["status"] == 403


def test_without_the_right_to_list_an_absent_object_is_403_and_not_404(emulator, s3):
    assert refusal(s3.get_object, Bucket="ledger", Key="nothing")["status"] == 404
    deny(emulator, ("s3:ListBucket", "arn:aws:s3:::ledger"))
    refused = refusal(s3.get_object, Bucket="ledger", Key="nothing")
    assert (refused["code"], refused["status"]) == ("AccessDenied", 403)
    assert 's3:ListBucket on resource: "arn:aws:s3:::ledger"' in refused["text"]
    assert refusal(s3.head_object, Bucket="ledger", Key="nothing")["status"] == 403
    assert s3.get_object(Bucket="ledger", Key="keys/a")["Body"].read() == b"{}"
    assert refusal(s3.get_object, Bucket="nowhere", Key="k")["code"] == "NoSuchBucket"


@pytest.mark.parametrize(
    "rules",
    ["StartCampaign", [{"action": "StartCampaign"}], [{"resource": "*"}], [{"action": "s3:*", "when": "x"}], [5]],
)
def test_bad_rules_are_refused(emulator, rules):
    with pytest.raises(ControlError, match=r"access\.denied"):
        emulator.set_settings(access={"denied": rules})
    assert emulator.settings()["access"]["denied"] == []
