"""Wrong audiences, from the import's operators to the launch's: the whole message, nothing launched, nothing written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connect_campaigns.core.definitions import excluding, groups, members_of
from connect_campaigns.core.errors import GuardFailed, LaunchHeld
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator, StartCampaignOperator
from tests.emulator.campaign_kit import DOMAIN
from tests.launch_kit import Ran, World
from tests.segment_kit import defining, estimating

SOON = {"start_after": timedelta(minutes=10)}


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    return World(emulator, monkeypatch, people=49)


def create(world: World, **given) -> CreateCampaignOperator:
    return CreateCampaignOperator(task_id="t", **{"template": world.template, "launch_key": "k", **SOON, **given})


def start(campaign: str, **given) -> StartCampaignOperator:
    more = {"launch_key": "k", **SOON, **given}
    return StartCampaignOperator(task_id="t", campaign_id=campaign, renew_schedule=True, **more)


def segment(name: str, content: dict) -> dict:
    made = Ran(defining(name=name, groups=content, allow_all_profiles=True)).value
    return Ran(estimating(segment=made, min_audience=0)).value


EMPTY = """\
segment everybody is empty
allowed: 1 profiles or more
hint: look at the conditions' spelling and case, at the import and its expiry; or lower `min_audience`"""
FEW = """\
segment everybody has 49 profiles
allowed: 50 profiles or more
hint: look at the conditions' spelling and case, at the import and its expiry; or lower `min_audience`"""
GROWN = """\
segment everybody has 135 profiles, 35.0 % more than the 100 of the last launch (key 'yesterday', {at})
allowed: a change of at most 20 % (`max_audience_change_percent`)
hint: look at the file and the segment's conditions; where the change is meant, raise it for this launch"""
CALLED = """\
segment everybody doesn't leave out 'do-not-call'
allowed: under Include ALL a group of SourceType NONE on that segment, or of Type NONE or with EXCLUSIVE on that attribute\
 (`require_exclusion`)
hint: add excluding("do-not-call") to the groups, with the segment's whole name; docs/segments.md shows it"""
MESSAGES = [
    ({"count": 0}, {}, EMPTY),
    ({"count": 49}, {"min_audience": 50}, FEW),
    ({"count": 135}, {"max_audience_change_percent": 20}, GROWN),
    ({}, {"require_exclusion": "do-not-call"}, CALLED),
]


@pytest.mark.parametrize(("changed", "given", "message"), MESSAGES, ids=["empty", "few", "grown", "called"])
def test_the_message_as_printed_and_nothing_launched(world, changed, given, message):
    yesterday = Ran(create(world, launch_key="yesterday", source=world.prepared(count=100)))
    began = Ran(start(yesterday.value, launch_key="yesterday", source=world.prepared(count=100)))
    assert began.error is None, began.error
    (record,) = [name for name in world.objects() if name.startswith("launches/")]
    before, effects = set(world.objects()), world.writes()
    ran = Ran(create(world, source=world.prepared(**changed), min_launch_gap=None, **given))
    assert type(ran.error) is GuardFailed
    at = record.rsplit("/", 1)[-1]
    at = f"{at[:4]}-{at[4:6]}-{at[6:8]}T{at[9:11]}:{at[11:13]}:{at[13:15]}+00:00"
    assert str(ran.error) == message.format(at=at)
    assert {name for name in set(world.objects()) - before if not name.startswith("events/")} == set()
    assert (world.writes(), world.starts, ran.ti.xcoms) == (effects, 1, {})


def test_the_estimate_itself_says_it_first(world):
    few = Ran(estimating(segment=world.arn, min_audience=50)).error
    assert (type(few), few.code) == (GuardFailed, "audience")
    assert "has 49 profiles" in few.found


def test_a_segment_that_leaves_them_out_is_launched_on(world):
    listed = segment("do-not-call", groups(members_of("everybody")))
    called = segment("called", groups(members_of("everybody"), excluding(listed["name"])))
    assert called["count"] == 0
    built_on = segment("spring", groups(members_of(called["name"])))
    given = {"source": built_on, "require_exclusion": "do-not-call", "min_audience": 0}
    made = Ran(create(world, **given))
    assert made.error is None, made.error
    began = Ran(start(made.value, **given))
    assert began.error is None, began.error
    assert world.starts == 1


def test_a_definition_made_again_meanwhile_is_another_one(world):
    made = segment("spring", groups(members_of("everybody")))
    campaign = Ran(create(world, source=made)).value
    profiles = world.emulator.client("customer-profiles")
    again = {
        "Groups": [{"SourceSegments": [{"SegmentDefinitionName": "everybody"}], "SourceType": "ANY"}],
        "Include": "ALL",
    }
    profiles.delete_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=made["name"])
    world.kit.step(5)
    profiles.create_segment_definition(
        DomainName=DOMAIN, SegmentDefinitionName=made["name"], DisplayName="again", SegmentGroups=again
    )
    refused = Ran(start(campaign, source=made)).error
    assert (refused.code, world.starts) == ("prepared_segment", 0)
    assert "was deleted and made again" in refused.hint


def test_a_definition_that_is_gone_is_refused_before_anything_is_made(world):
    made = segment("spring", groups(members_of("everybody")))
    world.emulator.client("customer-profiles").delete_segment_definition(
        DomainName=DOMAIN, SegmentDefinitionName=made["name"]
    )
    effects = world.writes()
    refused = Ran(create(world, source=made)).error
    assert (type(refused), refused.code, world.writes()) == (GuardFailed, "prepared_segment", effects)


def test_a_campaign_given_with_another_source_is_refused_before_it_is_claimed(world):
    other = segment("spring", groups(members_of("everybody")))
    given = world.campaign(name="by hand")
    objects = world.objects()
    refused = Ran(start(given, source=other)).error
    assert (type(refused), refused.code, world.starts) == (LaunchHeld, "prepared_segment", 0)
    assert [name for name in world.objects() if not name.startswith("events/")] == objects


def test_without_the_right_to_read_the_definition_an_exclusion_is_not_taken_for_granted(world):
    world.emulator.add_fault(
        operation="GetSegmentDefinition", kind="error_before", code="AccessDeniedException", status=403, times=99
    )
    handed = {"arn": world.arn, "definition_hash": "0a1b2c3d", "created_at": world.kit.now().isoformat()}
    source = {**handed, "name": "everybody", "count": 5, "imported_at": None, "rows": None}
    held = Ran(create(world, source=source, require_exclusion="do-not-call")).error
    assert (type(held), held.code) == (LaunchHeld, "exclusion")
    assert "profile:GetSegmentDefinition" in held.found
    said = Ran(PreflightOperator(task_id="t", template=world.template, launch_key="k", source=source, **SOON)).value
    assert said["prepared_segment"].startswith("not evaluated: ")
