"""Clones: nothing of the template is lost, and nothing that the SDK can't see is dropped silently."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest

from connect_campaigns.aws.campaigns import Description
from connect_campaigns.aws.clone import clone_name, clone_request, our_tags
from connect_campaigns.aws.unseen import unseen_members
from connect_campaigns.core.errors import LaunchRefused
from connect_campaigns.core.schedule import Window

MODEL = boto3.client("connectcampaignsv2", region_name="us-east-1").meta.service_model
WINDOW = Window(datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 18, tzinfo=UTC))
CONFIG = {
    "id": "t-1",
    "arn": "arn:aws:connect-campaigns:us-east-1:123456789012:campaign/t-1",
    "name": "spring",
    "connectInstanceId": "i-1",
    "channelSubtypeConfig": {"telephony": {"capacity": 0.5}},
    "type": "MANAGED",
    "source": {"customerProfilesSegmentArn": "arn:old"},
    "connectCampaignFlowArn": "arn:flow:1",
    "schedule": {"startTime": WINDOW.start, "endTime": WINDOW.end, "refreshFrequency": "PT1H"},
    "entryLimitsConfig": {"maxEntryCount": 1, "minEntryInterval": "P1D"},
    "communicationTimeConfig": {"localTimeZoneConfig": {"defaultTimeZone": "UTC"}},
    "communicationLimitsOverride": {"instanceLimitsHandling": "OPT_IN"},
    "lastModifiedTime": WINDOW.start,
    "tags": {"team": "crm"},
}


def template(**changes) -> Description:
    config = {name: value for name, value in {**CONFIG, **changes}.items() if value is not None}
    return Description(id="t-1", arn=CONFIG["arn"], name="spring", config=config)


def request(of: Description, source: str | None = "arn:new"):
    return clone_request(of, name="clone", source_arn=source, window=WINDOW, tags={"ours": "1"})


def test_every_setting_of_the_model_is_copied_or_made_anew():
    """A member that the model gains later fails here, before it can be dropped from a clone."""
    settings = set(MODEL.shape_for("Campaign").members) - {"id", "arn", "lastModifiedTime"}
    assert settings == set(CONFIG) - {"id", "arn", "lastModifiedTime"}
    assert set(request(template())) == settings
    assert settings <= set(MODEL.operation_model("CreateCampaign").input_shape.members)


def test_a_clone_is_its_template_with_its_own_source_and_times():
    made = request(template())
    for name in (
        "channelSubtypeConfig",
        "type",
        "entryLimitsConfig",
        "communicationTimeConfig",
        "communicationLimitsOverride",
    ):
        assert made[name] == CONFIG[name]
    assert made["source"] == {"customerProfilesSegmentArn": "arn:new"}
    assert made["schedule"] == {"startTime": WINDOW.start, "endTime": WINDOW.end, "refreshFrequency": "PT1H"}
    assert made["tags"] == {"team": "crm", "ours": "1"}


def test_without_a_source_of_its_own_it_keeps_the_template_s():
    assert request(template(), source=None)["source"] == CONFIG["source"]
    assert "source" not in request(template(source=None), source=None)


@pytest.mark.parametrize("missing", ["entryLimitsConfig", "schedule", "tags", "communicationTimeConfig"])
def test_what_a_template_doesn_t_have_its_clone_doesn_t_get(missing):
    made = request(template(**{missing: None}))
    assert missing not in made or missing in {"schedule", "tags"}


def test_too_many_tags_are_refused_before_the_service_does():
    with pytest.raises(LaunchRefused) as caught:
        request(template(tags={f"t{number}": "" for number in range(50)}))
    assert "51 tags" in caught.value.found


def test_a_name_is_never_longer_than_the_service_takes_and_keeps_its_nonce():
    name = clone_name("x" * 127, day="2026-12-01", nonce="abcd1234")
    assert len(name) == 127
    assert name.endswith(" 2026-12-01 abcd1234")


def test_aws_s_own_tags_are_not_given():
    assert request(template(tags={"aws:cloudformation:stack-name": "s", "team": "crm"}))["tags"] == {
        "team": "crm",
        "ours": "1",
    }


def test_our_tags_fit_the_service():
    tags = our_tags(template(), ledger_id="l", key="k" * 1000, run="task[0]" * 1000)
    assert tags["connect-campaigns:run"].startswith("task-0-task-0-")
    assert tags["owner"] == "arn:aws:connect:us-east-1:123456789012:instance/i-1"
    assert all(len(value) <= 256 and len(name) <= 128 for name, value in tags.items())


UNSEEN = [
    ({"id": "x"}, ()),
    ({"someNewConfig": {"a": 1}}, ("campaign.someNewConfig",)),
    ({"someNewConfig": None}, ()),
    ({"__type": "x"}, ()),
    ({"schedule": {"startTime": "t", "cadence": "PT1H"}}, ("campaign.schedule.cadence",)),
    ({"channelSubtypeConfig": {"telephony": {"outboundMode": {"telepathic": {}}}}},
     ("campaign.channelSubtypeConfig.telephony.outboundMode.telepathic",)),
    ({"channelSubtypeConfig": {"fax": {}}}, ("campaign.channelSubtypeConfig.fax",)),
    ({"communicationLimitsOverride": {"allChannelSubtypes": {"communicationLimitsList": [{"unit": "DAY"}, {"grace": 1}]}}},
     ("campaign.communicationLimitsOverride.allChannelSubtypes.communicationLimitsList[1].grace",)),
    ({"tags": {"anything": "goes"}}, ()),
    ({"one": 1, "two": 2}, ("campaign.one", "campaign.two")),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "found"), UNSEEN)
def test_a_member_that_the_sdk_would_drop_is_named(raw, found):
    assert unseen_members(raw, MODEL.shape_for("Campaign")) == found
