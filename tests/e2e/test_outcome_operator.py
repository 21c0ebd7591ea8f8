"""`CheckCampaignOutcomeOperator` executed for real against the emulator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.waiting_kit import Kit, TaskInstance, connection_json, fast_client, meanwhile


@pytest.fixture
def kit(emulator, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(emulator.url))
    return Kit(emulator)


@pytest.fixture
def ended(kit):
    """A campaign that attempted 8 of 10 people and is Completed."""
    kit.emulator.set_settings(campaigns={"attempt_fraction": 0.8})
    campaign_id = kit.create_for_segment(kit.audience(10))
    kit.campaigns.start_campaign(id=campaign_id)
    kit.step(3700)
    return campaign_id


def make(campaign_id, **changes):
    from connect_campaigns.operators.outcome import CheckCampaignOutcomeOperator

    given = {"patience": 0, "poll_interval": 0.1, "botocore_config": fast_client, **changes}
    return CheckCampaignOutcomeOperator(task_id="outcome", campaign_id=campaign_id, **given)


def failed(operator, ti):
    from connect_campaigns.core.errors import CampaignEnded

    with pytest.raises(CampaignEnded) as caught:
        operator.execute(ti.context)
    return caught.value


def test_met_thresholds_give_the_outcome_as_return_value_and_xcom(ended):
    ti = TaskInstance()
    given = {"min_targeted": "10", "min_attempted": 8, "min_attempted_percent": "80"}
    found = make(ended, **given).execute(ti.context)
    assert found == {
        "campaign_id": ended,
        "state": "Completed",
        "targeted": 10,
        "attempted": 8,
        "progress_percent": 80.0,
        "verdict": "met",
        "reason": "targeted 10 (at least 10 asked); attempted 8 (at least 8 asked); "
        "attempted percent 80.0 (at least 80 asked)",
    }
    assert ti.xcoms == {"outcome": found}


@pytest.mark.parametrize(
    ("thresholds", "words"),
    [
        ({"min_targeted": 11}, "targeted 10 (at least 11 asked)"),
        ({"min_attempted": 9}, "attempted 8 (at least 9 asked)"),
        ({"min_attempted_percent": 80.5}, "attempted percent 80.0 (at least 80.5 asked)"),
    ],
)
def test_a_shortfall_fails_with_the_numbers_and_the_xcom_is_there(ended, thresholds, words):
    ti = TaskInstance()
    error = failed(make(ended, **thresholds), ti)
    assert words in error.found
    assert "Completed" in error.found
    assert "targeted 10, attempted 8 (80.0 %)" in error.found
    assert error.code == "shortfall"
    assert error.hint
    assert ti.xcoms["outcome"]["verdict"] == "short"


def test_a_shortfall_that_only_warns_ends_green_and_says_so(ended):
    ti = TaskInstance()
    found = make(ended, min_attempted=9, on_shortfall="warn").execute(ti.context)
    assert found["verdict"] == "short"


def test_no_threshold_only_reports(ended):
    assert make(ended).execute(TaskInstance().context)["verdict"] == "met"


def test_a_stale_campaign_that_called_nobody_is_no_success(kit):
    campaign_id = kit.create_for_segment(kit.audience(0))
    kit.campaigns.start_campaign(id=campaign_id)
    kit.step(3700)
    error = failed(make(campaign_id, min_attempted=1), TaskInstance())
    assert "targeted 0, attempted 0 (0.0 %)" in error.found


def test_it_waits_for_figures_that_come_late(kit, ended):
    kit.emulator.set_settings(metrics={"metrics_delay_seconds": 7200})
    with meanwhile(kit, ("GetMetricDataV2",), lambda: kit.step(7200)):
        found = make(ended, min_attempted=8, patience=timedelta(seconds=20)).execute(TaskInstance().context)
    assert found["attempted"] == 8
    assert len(kit.emulator.calls("GetMetricDataV2")) > 1


def test_figures_that_never_come_fail_when_patience_is_over(kit, ended):
    kit.emulator.set_settings(metrics={"metrics_delay_seconds": 7200})
    ti = TaskInstance()
    error = failed(make(ended, min_attempted=1, patience="0.5"), ti)
    assert "attempted unknown" in error.found
    assert "patience" in error.hint
    assert ti.xcoms["outcome"] | {"reason": ""} == {
        "campaign_id": ended,
        "state": "Completed",
        "targeted": None,
        "attempted": None,
        "progress_percent": None,
        "verdict": "unknown",
        "reason": "",
    }


def test_event_trigger_campaigns_have_no_audience_to_judge(kit):
    campaign_id = kit.in_state("Completed")
    found = make(campaign_id, min_targeted=10, min_attempted_percent=50).execute(TaskInstance().context)
    assert found["verdict"] == "not_applicable"
    assert "not applicable" in found["reason"]


def test_a_failed_campaign_says_its_state(kit):
    campaign_id = kit.in_state("Failed")
    error = failed(make(campaign_id, min_attempted=1), TaskInstance())
    assert "(Failed)" in error.found


def test_a_campaign_that_is_not_there_is_told_at_once(kit):
    error = failed(make("8f1c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f", patience=60), TaskInstance())
    assert error.code == "campaign_gone"
    assert not kit.emulator.calls("GetMetricDataV2")


@pytest.mark.parametrize("operation", ["DescribeCampaign", "GetCampaignState", "GetMetricDataV2"])
@pytest.mark.parametrize("code", ["ThrottlingException", "Internal"])
def test_what_may_heal_is_asked_again(kit, ended, operation, code):
    internal = "InternalServiceException" if operation == "GetMetricDataV2" else "InternalServerException"
    code = internal if code == "Internal" else code
    kit.emulator.add_fault(operation=operation, kind="error_before", code=code, times=2)
    found = make(ended, min_attempted=8, patience=20).execute(TaskInstance().context)
    assert found["verdict"] == "met"


def test_an_outage_beyond_patience_is_retryable_and_judges_nothing(kit, ended):
    from connect_campaigns.core.errors import RetryableError

    kit.emulator.add_fault(operation="GetMetricDataV2", kind="lost_reply", times=1000)
    ti = TaskInstance()
    with pytest.raises(RetryableError):
        make(ended, min_attempted=8, patience=0.5).execute(ti.context)
    assert not ti.xcoms


def test_permission_denied_is_told_at_once(kit, ended):
    from connect_campaigns.core.errors import ServiceRefused

    kit.emulator.add_fault(operation="GetMetricDataV2", kind="error_before", code="AccessDeniedException", times=9)
    with pytest.raises(ServiceRefused) as caught:
        make(ended, min_attempted=8, patience=60).execute(TaskInstance().context)
    assert "connect:GetMetricDataV2" in caught.value.hint


BAD = [
    {"campaign_id": ""},
    {"campaign_id": None},
    {"min_targeted": -1},
    {"min_targeted": "many"},
    {"min_attempted": 1.5},
    {"min_attempted": True},
    {"min_attempted": ""},
    {"min_attempted_percent": 101},
    {"min_attempted_percent": "80 %"},
    {"on_shortfall": "ignore"},
    {"on_shortfall": None},
    {"patience": -1},
    {"patience": "a while"},
    {"poll_interval": 0},
]


@pytest.mark.parametrize("changes", BAD, ids=str)
def test_bad_input_is_refused_in_three_parts_before_any_call(kit, changes):
    from connect_campaigns.core.errors import InvalidInput

    with pytest.raises(InvalidInput) as caught:
        make(**{"campaign_id": "8f1c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f", **changes}).execute(TaskInstance().context)
    assert caught.value.found
    assert caught.value.allowed
    assert caught.value.hint
    assert next(iter(changes)) in str(caught.value)
    assert not kit.emulator.counts()


@pytest.mark.parametrize("name", ["CheckCampaignOutcomeOperator", "CampaignStateSensor"])
def test_every_parameter_of_ours_is_templated(name):
    import inspect

    from connect_campaigns.operators.outcome import CheckCampaignOutcomeOperator
    from connect_campaigns.sensors.campaigns import CampaignStateSensor

    cls = {each.__name__: each for each in (CheckCampaignOutcomeOperator, CampaignStateSensor)}[name]
    given = set(inspect.signature(cls.__init__.__wrapped__).parameters) - {"self", "kwargs", "deferrable"}
    assert given <= set(cls.template_fields)
