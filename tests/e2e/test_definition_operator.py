"""`CreateSegmentDefinitionOperator` executed for real against the emulator."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from connect_campaigns.core.definitions import all_of, attribute, excluding, groups, members_of
from connect_campaigns.core.errors import GuardFailed, InvalidInput, NotSeen, ServiceRefused
from tests.log_kit import Lines
from tests.segment_kit import DOMAIN, Crm, defining, run

RICH = "Contact=cellular, Balance>1000"


@pytest.fixture
def crm(emulator, monkeypatch, tmp_path):
    return Crm(emulator, monkeypatch, tmp_path)


def test_a_definition_is_made_under_a_name_with_its_hash(crm):
    told = run(defining(groups=RICH, display_name="Spring", description="Those with money"))
    made = crm.profiles.get_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=told["name"])
    assert told["name"] == f"spring-{told['definition_hash']}"
    assert told["arn"] == made["SegmentDefinitionArn"]
    assert datetime.fromisoformat(told["created_at"]) == made["CreatedAt"]
    assert (made["DisplayName"], made["Description"]) == ("Spring", "Those with money")
    dimensions = (attribute("Contact", "INCLUSIVE", "cellular"), attribute("Balance", "GREATER_THAN", "1000"))
    assert made["SegmentGroups"] == groups(all_of(*dimensions))


def test_the_same_content_is_found_again_in_whatever_form_it_is_given(crm):
    first = run(defining(groups=RICH))
    built = groups(all_of(attribute("Contact", "INCLUSIVE", "cellular"), attribute("Balance", "GREATER_THAN", 1000)))
    assert run(defining(groups=built)) == run(defining(groups=json.dumps(built))) == first
    assert crm.effects("CreateSegmentDefinition") == 1


def test_other_content_is_another_definition(crm):
    names = {run(defining(groups=text))["name"] for text in (RICH, "Contact=telephone", "Contact=Cellular")}
    assert len(names) == crm.effects("CreateSegmentDefinition") == 3


def test_everybody_is_defined_on_purpose_only(crm):
    crm.profiles.create_profile(DomainName=DOMAIN, FirstName="Ann")
    told = run(defining(groups="", allow_all_profiles="true"))
    made = crm.profiles.get_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=told["name"])
    assert crm.count(made["SegmentGroups"]) == 1


def test_an_exclusion_is_a_group_of_its_own(crm):
    for profile in ({"x": "1"}, {"x": "1", "dnc": "yes"}):
        crm.profiles.create_profile(DomainName=DOMAIN, Attributes=profile)
    dnc = run(defining(name="do-not-call", groups="dnc=yes"))
    told = run(defining(groups=groups(all_of(attribute("x", "INCLUSIVE", "1")), excluding(dnc["name"]))))
    made = crm.profiles.get_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=told["name"])
    assert crm.count(made["SegmentGroups"]) == 1


def test_other_content_under_our_name_is_refused(crm):
    definition = defining(groups=RICH).validate()
    foreign = groups(all_of(attribute("Contact", "INCLUSIVE", "telephone")))
    crm.profiles.create_segment_definition(
        DomainName=DOMAIN, SegmentDefinitionName=definition.name, DisplayName="x", SegmentGroups=foreign
    )
    with pytest.raises(GuardFailed) as caught:
        run(defining(groups=RICH))
    assert "exists with other content" in caught.value.found
    assert definition.hash in caught.value.allowed
    assert caught.value.code == "definition"


@pytest.mark.parametrize("kind", ["lost_reply", "error_before", "error_after"])
@pytest.mark.parametrize("operation", ["GetSegmentDefinition", "CreateSegmentDefinition"])
def test_a_reply_that_is_lost_or_a_bad_moment_makes_one_definition(crm, operation, kind):
    crm.emulator.add_fault(operation=operation, kind=kind)
    run(defining(groups=RICH))
    assert crm.effects("CreateSegmentDefinition") == 1


def test_replies_lost_at_every_send_are_settled_by_a_read(crm):
    crm.emulator.add_fault(operation="CreateSegmentDefinition", kind="lost_reply", times=10)
    assert run(defining(groups=RICH))["name"].startswith("spring-")
    assert crm.effects("CreateSegmentDefinition") == 1


def test_a_service_that_does_not_answer_is_retryable_and_a_retry_makes_it(crm):
    crm.emulator.add_fault(operation="CreateSegmentDefinition", kind="error_before", times=3)
    with pytest.raises(NotSeen):
        run(defining(groups=RICH))
    run(defining(groups=RICH))
    assert crm.effects("CreateSegmentDefinition") == 1


def test_a_missing_right_is_told_with_action_and_resource(crm):
    crm.emulator.add_fault(
        operation="CreateSegmentDefinition", kind="error_before", code="AccessDeniedException", times=9
    )
    with pytest.raises(ServiceRefused) as caught:
        run(defining(groups=RICH))
    assert "profile:CreateSegmentDefinition" in caught.value.hint
    assert caught.value.code == "access_denied"


def test_a_source_that_isn_t_there_is_told_before_anything_is_made(crm):
    before = crm.changed
    with pytest.raises(InvalidInput, match="'nobody-made-this' isn't there"):
        run(defining(groups=groups(members_of("nobody-made-this"))))
    assert crm.changed == before


def test_what_changed_since_the_last_definition_is_in_the_log_once(crm):
    first, lines = run(defining(groups="Contact=cellular"))["name"], Lines()
    run(lines.of(defining(groups="Contact=telephone")))
    run(lines.of(defining(groups="Contact=telephone")))
    [shown] = [line for line in lines.lines if f"differs from {first}:" in line]
    changed = [line.split() for line in shown.splitlines() if line[:1] in "+-"]
    assert changed == [["-", '"cellular"'], ["+", '"telephone"']]
    assert crm.effects("CreateSegmentDefinition") == 2


def test_a_missing_right_to_list_costs_the_difference_and_nothing_else(crm):
    crm.emulator.add_fault(
        operation="ListSegmentDefinitions", kind="error_before", code="AccessDeniedException", status=403, times=9
    )
    lines = Lines()
    assert run(lines.of(defining(groups="Contact=cellular")))["name"].startswith("spring-")
    assert "can't be shown" in lines.text
    assert "profile:ListSegmentDefinitions" in lines.text
