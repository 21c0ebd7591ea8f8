"""`EstimateSegmentOperator` executed for real against the emulator."""

from __future__ import annotations

import csv
import json

import pytest

from connect_campaigns.core.errors import GuardFailed, InvalidInput, NotSeen, ServiceUnavailable
from connect_campaigns.core.prepared import PreparedSegment
from tests.segment_kit import DOMAIN, Crm, bank_file, defining, estimating, importing, run, with_key
from tests.waiting_kit import meanwhile


@pytest.fixture
def crm(emulator, monkeypatch, tmp_path):
    return Crm(emulator, monkeypatch, tmp_path)


@pytest.fixture
def rich(crm):
    """A segment of 3 among 5 people."""
    for balance in ("500", "1000", "1500", "2e3", "9999"):
        crm.profiles.create_profile(DomainName=DOMAIN, Attributes={"Balance": balance})
    return run(defining(name="rich", groups="Balance>1000"))


def refusal(operator, kind):
    with pytest.raises(kind) as caught:
        run(operator)
    return caught.value


def test_a_segment_is_counted_and_handed_on_whole(rich):
    told = run(estimating(segment=rich))
    prepared = PreparedSegment.from_dict(told)
    assert prepared.count == 3
    assert {**rich, "count": 3, "imported_at": None, "rows": None}.items() <= told.items()
    assert prepared.estimated_at >= prepared.created_at.replace(microsecond=0)


def test_a_segment_can_be_given_as_dict_json_name_or_either_arn(rich):
    forms = [rich, json.dumps(rich), rich["name"], rich["arn"], rich["arn"].replace("segment-definitions", "segments")]
    told = [run(estimating(segment=form)) for form in forms]
    assert {(each["arn"], each["count"], each["definition_hash"]) for each in told} == {
        (rich["arn"], 3, rich["definition_hash"])
    }


def test_what_the_import_said_is_handed_on(crm):
    imported = run(importing(path=crm.people(4)))
    segment = run(defining(groups="", allow_all_profiles=True))
    told = run(estimating(segment=segment, imported=json.dumps(imported)))
    assert (told["count"], told["rows"], told["imported_at"]) == (4, 4, imported["finished_at"])


def test_bounds_are_counted_in(rich):
    for bounds in ({"min_audience": 3}, {"max_audience": "3"}, {"min_audience": "0"}):
        assert run(estimating(segment=rich, **bounds))["count"] == 3


@pytest.mark.parametrize(
    ("bounds", "allowed", "hint"),
    [
        ({"min_audience": 4}, "4 profiles or more", "min_audience"),
        ({"min_audience": "0", "max_audience": "2"}, "at most 2", "max_audience"),
    ],
)
def test_an_audience_out_of_bounds_is_refused_with_the_numbers(rich, bounds, allowed, hint):
    error = refusal(estimating(segment=rich, **bounds), GuardFailed)
    assert error.code == "audience"
    assert f"{rich['name']} has 3 profiles" in error.found
    assert allowed in error.allowed
    assert hint in error.hint


def test_an_empty_audience_is_asked_again_once_and_told_with_the_import(crm):
    imported = run(importing(path=crm.people(4)))
    segment = run(defining(groups="Contact=pigeon"))
    error = refusal(estimating(segment=segment, imported=imported), GuardFailed)
    assert "is empty (asked twice)" in error.found
    assert f"4 rows were imported until {imported['finished_at'][:10]}" in error.found
    assert crm.effects("CreateSegmentEstimate") == 2


def test_an_audience_that_is_there_at_the_second_look_is_not_empty(crm):
    segment = run(defining(groups="Contact=pigeon"))
    crm.emulator.add_fault(operation="GetSegmentEstimate", kind="hold", seconds=0.5)

    def arrive():
        crm.profiles.create_profile(DomainName=DOMAIN, Attributes={"Contact": "pigeon"})

    with meanwhile(crm, ("GetSegmentEstimate",), arrive):
        assert run(estimating(segment=segment))["count"] == 1
    assert crm.effects("CreateSegmentEstimate") == 2


def test_not_counted_yet_is_not_empty(crm, rich):
    crm.emulator.set_settings(profiles={"estimate_delay_seconds": 5})
    error = refusal(estimating(segment=rich, patience=0.3), ServiceUnavailable)
    assert "is not counted yet after 0.3 seconds" in error.found
    assert error.code == "patience_over"


def test_an_estimate_takes_its_time(crm, rich):
    crm.emulator.set_settings(profiles={"estimate_delay_seconds": 1})
    assert run(estimating(segment=rich))["count"] == 3


def test_an_outage_while_polling_is_ridden_out_within_patience(crm, rich):
    crm.emulator.add_fault(operation="GetSegmentEstimate", kind="error_before", times=4)
    assert run(estimating(segment=rich))["count"] == 3
    crm.emulator.add_fault(operation="GetSegmentEstimate", kind="error_before", times=99)
    error = refusal(estimating(segment=rich, patience=2), ServiceUnavailable)
    assert "the last answer was `profile:GetSegmentEstimate`" in error.found


@pytest.mark.parametrize("operation", ["GetSegmentDefinition", "CreateSegmentEstimate", "GetSegmentEstimate"])
def test_a_lost_reply_does_no_harm(crm, rich, operation):
    crm.emulator.add_fault(operation=operation, kind="lost_reply")
    assert run(estimating(segment=rich))["count"] == 3


def test_no_answer_at_all_is_retryable(crm, rich):
    crm.emulator.add_fault(operation="CreateSegmentEstimate", kind="error_before", times=9)
    assert refusal(estimating(segment=rich), NotSeen).code == "not_seen"


def test_a_definition_that_was_made_anew_under_its_name_is_another_one(crm, rich):
    made = crm.profiles.get_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=rich["name"])
    crm.profiles.delete_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=rich["name"])
    crm.emulator.set_clock(step_seconds=5)
    crm.profiles.create_segment_definition(
        DomainName=DOMAIN,
        SegmentDefinitionName=rich["name"],
        DisplayName="x",
        SegmentGroups=made["SegmentGroups"],
    )
    error = refusal(estimating(segment=rich), GuardFailed)
    assert error.code == "definition"
    assert rich["created_at"] in error.allowed


@pytest.mark.parametrize(
    "segment",
    ["nobody-00000000", "arn:aws:profile:us-east-1:123456789012:domains/crm/segment-definitions/nobody-00000000"],
)
@pytest.mark.usefixtures("crm")
def test_a_definition_that_is_not_there_is_told_with_its_domain(segment):
    error = refusal(estimating(segment=segment), InvalidInput)
    assert error.found == "there is no segment definition 'nobody-00000000' in domain 'crm'"


SEGMENTS = {
    "Contact=cellular, Balance>1000, Loan=no": lambda row: (
        row["Contact"] == "cellular" and float(row["Balance"]) > 1000 and row["Loan"] == "no"
    ),
    "Job=admin.|technician, Age>=30, Age<60": lambda row: (
        row["Job"] in {"admin.", "technician"} and 30 <= int(row["Age"]) < 60
    ),
    "Marital_Status!=married, Balance<=0": lambda row: (
        row["Marital (Status)"] != "married" and int(row["Balance"]) <= 0
    ),
}


@pytest.mark.usefixtures("crm")
def test_the_bank_files_segments_are_as_large_as_counted_by_the_csv_module(tmp_path):
    path = with_key(bank_file(), tmp_path / "bank.csv")
    run(importing(path=str(path), key_column="client_id", rename_columns="safe"))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for text, holds in SEGMENTS.items():
        counted = run(estimating(segment=run(defining(name="bank", groups=text))))["count"]
        assert counted == sum(map(holds, rows)), text
        assert 0 < counted < len(rows)
