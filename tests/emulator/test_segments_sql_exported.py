"""What answers from the last exported snapshot of an SQL segment: membership always, a campaign's audience by setting."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.campaign_kit import DOMAIN, Kit
from tests.emulator.sql_kit import ENABLED, ROLE, Shop
from tests.emulator.test_segments_audience import targeted

if TYPE_CHECKING:
    from tests.conftest import Emulator

ANNS = "SELECT profileid FROM profile WHERE FirstName = 'Ann'"


@pytest.fixture
def shop(emulator: Emulator) -> Shop:
    emulator.client("s3").create_bucket(Bucket="exports")
    return Shop(emulator)


def results(reply: dict[str, Any]) -> list[str]:
    return [each["QueryResult"] for each in reply["Profiles"]]


def test_members_are_those_of_the_last_export(shop: Shop) -> None:
    shop.define(ANNS)
    shop.export()
    assert results(shop.membership(0, 1, 7)) == ["PRESENT", "ABSENT", "PRESENT"]
    shop.client.update_profile(DomainName="shop", ProfileId=shop.ids[1], FirstName="Ann")
    shop.client.update_profile(DomainName="shop", ProfileId=shop.ids[0], FirstName="Anna")
    assert results(shop.membership(0, 1, 7)) == ["PRESENT", "ABSENT", "PRESENT"]
    shop.emulator.set_clock(step_seconds=60)
    shop.export()
    again = shop.membership(0, 1, 7)
    assert results(again) == ["ABSENT", "PRESENT", "PRESENT"]
    assert again["LastComputedAt"] == (shop.now + timedelta(seconds=60)).replace(
        microsecond=again["LastComputedAt"].microsecond
    )
    assert again["Profiles"][0]["Profile"]["FirstName"] == "Anna"


def test_an_unknown_id_is_a_failure_in_a_200(shop: Shop) -> None:
    shop.define(ANNS)
    shop.export()
    reply = shop.client.get_segment_membership(
        DomainName="shop", SegmentDefinitionName="s", ProfileIds=[shop.ids[0], "0" * 32]
    )
    assert results(reply) == ["PRESENT"]
    assert [each["ProfileId"] for each in reply["Failures"]] == ["0" * 32]


def test_an_export_counts_for_a_year_and_for_its_own_definition(shop: Shop) -> None:
    shop.define(ANNS)
    shop.export()
    shop.emulator.set_clock(step_seconds=timedelta(days=365).total_seconds())
    assert results(shop.membership(0)) == ["PRESENT"]
    shop.emulator.set_clock(step_seconds=1)
    with pytest.raises(ClientError, match="No exported snapshot"):
        shop.membership(0)
    shop.export()
    assert results(shop.membership(0)) == ["PRESENT"]
    shop.client.delete_segment_definition(DomainName="shop", SegmentDefinitionName="s")
    shop.define(ANNS)
    with pytest.raises(ClientError, match="No exported snapshot"):
        shop.membership(0)


def test_an_export_that_failed_does_not_count(shop: Shop) -> None:
    shop.define(ANNS)
    shop.emulator.set_settings(access={"denied": [{"action": "s3:PutObject", "resource": "arn:aws:s3:::exports/*"}]})
    assert shop.export()["Status"] == "FAILED"
    with pytest.raises(ClientError, match="No exported snapshot"):
        shop.membership(0)


@pytest.mark.parametrize(
    ("setting", "exported", "reached"),
    [("evaluated", False, 3), ("snapshot", True, 2), ("snapshot", False, None), ("failed", True, None)],
)
def test_a_campaign_on_a_sql_segment_reaches_whom_the_setting_says(
    emulator: Emulator, *, setting: str, exported: bool, reached: int | None
) -> None:
    kit = Kit(emulator)
    emulator.set_settings(profiles={"sql_campaigns": setting})
    client = emulator.client("customer-profiles")
    client.create_domain(DomainName=DOMAIN, DefaultExpirationDays=30, **ENABLED)
    for name in ("Ann", "Ann", "Ben"):
        client.create_profile(DomainName=DOMAIN, FirstName=name)
    named = {"DomainName": DOMAIN, "SegmentDefinitionName": "by-sql"}
    arn = client.create_segment_definition(**named, DisplayName="x", SegmentSqlQuery=ANNS)["SegmentDefinitionArn"]
    if exported:
        emulator.client("s3").create_bucket(Bucket="exports")
        export = {"DataFormat": "JSONL", "DestinationUri": "s3://exports/x", "RoleArn": ROLE}
        snapshot = client.create_segment_snapshot(**named, **export)["SnapshotId"]
        while client.get_segment_snapshot(**named, SnapshotId=snapshot)["Status"] == "IN_PROGRESS":
            pass
    client.create_profile(DomainName=DOMAIN, FirstName="Ann")
    campaign = kit.create_for_segment(arn)
    kit.campaigns.start_campaign(id=campaign)
    kit.step(61)
    if reached is None:
        assert kit.state(campaign) == "Failed"
    else:
        assert targeted(emulator, campaign) == reached
