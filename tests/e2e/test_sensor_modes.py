"""`CampaignStateSensor` executed for real, in each way of waiting: same states, exceptions and values."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from functools import partial

import pytest

from tests.waiting_kit import INSTANCE, Kit, TaskInstance, connection_json, fast_client, meanwhile, running_campaigns

# isort: split
from airflow.sdk.exceptions import (
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from connect_campaigns.core.errors import CampaignEnded, InvalidInput, NotSeen, ServiceRefused
from connect_campaigns.sensors.campaigns import CampaignStateSensor

WAYS = ("poke", "reschedule", "deferrable")


@pytest.fixture
def kit(emulator, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(emulator.url))
    return Kit(emulator)


def make(campaign_id, *, way="poke", **changes):
    how = {"deferrable": True} if way == "deferrable" else {"mode": way, "deferrable": False}
    given = {"poke_interval": 0.1, "timeout": 30, "botocore_config": fast_client, **how, **changes}
    return CampaignStateSensor(task_id="wait", campaign_id=campaign_id, **given)


class FirstPoke(TaskInstance):
    """A task instance of a sensor that has not been rescheduled yet."""

    def get_first_reschedule_date(self, _context):
        return None


def ended(sensor):
    """Run a sensor to its end, as Airflow does: rescheduled, deferred and resumed, each in another process."""
    context = FirstPoke().context
    go_on = partial(sensor.execute, context)
    while True:
        try:
            return go_on()
        except AirflowRescheduleException:
            time.sleep(0.1)
        except TaskDeferred as deferred:
            event = asyncio.run(anext(deferred.trigger.run()))
            go_on = partial(sensor.resume_execution, deferred.method_name, {"event": event.payload}, context)
        sensor._wait = sensor._id = None


def seen_waiting(kit, change):
    """Make a change once the sensor has looked."""
    return meanwhile(kit, ("GetCampaignState", "GetCampaignStateBatch"), change)


@pytest.mark.parametrize("way", WAYS)
def test_the_final_state_is_the_return_value(kit, way):
    [campaign_id] = running_campaigns(kit, 1)
    with seen_waiting(kit, lambda: kit.step(3700)):
        assert ended(make(campaign_id, way=way)) == "Completed"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", ["Completed", "Failed", "Stopped"])
def test_what_has_ended_before_ends_without_waiting(kit, way, state):
    campaign_id = kit.in_state(state)
    sensor = make(campaign_id, way=way, target_states=["Completed", "Failed", "Stopped"], failure_states=[])
    assert ended(sensor) == state
    assert not kit.emulator.calls("GetCampaignStateBatch")


@pytest.mark.parametrize("way", WAYS)
def test_a_stopped_campaign_fails_with_its_figures(kit, way):
    kit.emulator.set_settings(campaigns={"attempts_per_minute": 6})
    campaign_id = kit.create_for_segment(kit.audience(10))
    kit.campaigns.start_campaign(id=campaign_id)
    kit.step(90)

    with seen_waiting(kit, lambda: kit.campaigns.stop_campaign(id=campaign_id)), pytest.raises(CampaignEnded) as caught:
        ended(make(campaign_id, way=way))
    assert "Stopped (targeted 10, attempted 3 (30.0 %))" in caught.value.found
    assert caught.value.code == "campaign_stopped"
    assert "Completed" in caught.value.allowed
    assert caught.value.hint


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", ["DescribeCampaign", "GetMetricDataV2"])
def test_figures_that_cannot_be_read_change_nothing(kit, way, operation):
    campaign_id = kit.in_state("Stopped")
    kit.emulator.add_fault(operation=operation, kind="error_before", code="AccessDeniedException")
    with pytest.raises(CampaignEnded) as caught:
        ended(make(campaign_id, way=way))
    assert "targeted" not in caught.value.found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", ["Initialized", "Running", "Paused"])
def test_what_has_not_ended_when_its_schedule_has_fails_and_is_left_alone(kit, way, state):
    kit.emulator.set_settings(campaigns={"expiry_delay_seconds": 86_400})
    campaign_id = kit.in_state(state)
    with seen_waiting(kit, lambda: kit.step(2 * 3600 + 1)), pytest.raises(CampaignEnded) as caught:
        ended(make(campaign_id, way=way))
    assert (caught.value.code, f"is {state} at" in caught.value.found) == ("overdue", True)
    assert f"stop {campaign_id}" in caught.value.hint
    assert kit.state(campaign_id) == state


@pytest.mark.parametrize("way", WAYS)
def test_a_schedule_that_somebody_prolonged_is_waited_for(kit, way):
    campaign_id = kit.create(schedule=kit.schedule(start=7200, end=10_000))

    def late():
        kit.step(6000)
        longer = kit.schedule(start=60_000, end=70_000)
        kit.campaigns.update_campaign_schedule(id=campaign_id, schedule=longer)
        kit.step(9000)
        with meanwhile(kit, ("DescribeCampaign",), lambda: kit.campaigns.delete_campaign(id=campaign_id)):
            pass

    with seen_waiting(kit, late), pytest.raises(CampaignEnded) as caught:
        ended(make(campaign_id, way=way))
    assert caught.value.code == "campaign_gone"


@pytest.mark.parametrize("way", WAYS)
def test_without_the_right_to_read_the_schedule_there_is_no_such_bound(kit, way):
    kit.emulator.add_fault(operation="DescribeCampaign", kind="error_before", code="AccessDeniedException", times=1000)
    campaign_id = kit.in_state("Initialized")

    def late():
        kit.step(9000)
        with meanwhile(
            kit, ("GetCampaignState", "GetCampaignStateBatch"), lambda: kit.campaigns.delete_campaign(id=campaign_id)
        ):
            pass

    with seen_waiting(kit, late), pytest.raises(CampaignEnded) as caught:
        ended(make(campaign_id, way=way))
    assert caught.value.code == "campaign_gone"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.usefixtures("kit")
def test_a_campaign_that_is_not_there_is_told_at_once(way):
    with pytest.raises(CampaignEnded) as caught:
        ended(make("8f1c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f", way=way))
    assert caught.value.code == "campaign_gone"


@pytest.mark.parametrize("way", WAYS)
def test_a_campaign_that_is_deleted_meanwhile_is_told(kit, way):
    campaign_id = kit.in_state("Initialized")
    deleted = seen_waiting(kit, lambda: kit.campaigns.delete_campaign(id=campaign_id))
    with deleted, pytest.raises(CampaignEnded) as caught:
        ended(make(campaign_id, way=way))
    assert caught.value.code == "campaign_gone"


@pytest.mark.parametrize("way", WAYS)
def test_permission_denied_is_told_at_once_with_action_and_resource(kit, way):
    [campaign_id] = running_campaigns(kit, 1)
    for operation in ("GetCampaignState", "GetCampaignStateBatch"):
        kit.emulator.add_fault(operation=operation, kind="error_before", code="AccessDeniedException", skip=1)
    with pytest.raises(ServiceRefused) as caught:
        ended(make(campaign_id, way=way, poke_interval=1))
    assert caught.value.code == "access_denied"
    assert "connect-campaigns:GetCampaignState" in caught.value.found


@pytest.mark.parametrize("way", WAYS)
def test_a_broken_connection_for_a_while_is_ridden_out(kit, way):
    campaign_id = kit.in_state("Completed")
    for operation in ("GetCampaignState", "GetCampaignStateBatch"):
        kit.emulator.add_fault(operation=operation, kind="lost_reply", times=2)
    assert ended(make(campaign_id, way=way)) == "Completed"
    assert sum(fault["fired"] for fault in kit.emulator.faults()) >= 2


@pytest.mark.parametrize("way", ["poke", "deferrable"])
def test_an_outage_beyond_the_tolerance_fails_with_what_was_last_known(kit, way):
    [campaign_id] = running_campaigns(kit, 1)
    kit.emulator.add_fault(operation="GetCampaignState", kind="lost_reply", times=1000, skip=1)
    kit.emulator.add_fault(operation="GetCampaignStateBatch", kind="lost_reply", times=1000, skip=1)
    with pytest.raises(NotSeen) as caught:
        ended(make(campaign_id, way=way, outage_tolerance=timedelta(seconds=0.5)))
    assert caught.value.code == "outage"
    assert "last known: Running" in caught.value.found
    kit.emulator.clear_faults()
    assert kit.state(campaign_id) == "Running"  # waiting stopped nothing


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("switch", ["soft_fail", "never_fail"])
def test_soft_fail_and_never_fail_skip_as_everywhere_in_airflow(kit, way, switch):
    [campaign_id] = running_campaigns(kit, 1)
    stopped = seen_waiting(kit, lambda: kit.campaigns.stop_campaign(id=campaign_id))
    with stopped, pytest.raises(AirflowSkipException):
        ended(make(campaign_id, way=way, **{switch: True}))


@pytest.mark.parametrize("way", ["poke", "deferrable"])
def test_silent_fail_goes_on_after_an_outage(kit, way):
    [campaign_id] = running_campaigns(kit, 1)
    for operation in ("GetCampaignState", "GetCampaignStateBatch"):
        kit.emulator.add_fault(operation=operation, kind="lost_reply", times=2, skip=1)
    sensor = make(campaign_id, way=way, outage_tolerance=0, silent_fail=True, poke_interval=1)
    with seen_waiting(kit, lambda: kit.step(3700)):
        assert ended(sensor) == "Completed"


@pytest.mark.parametrize("way", WAYS)
def test_bad_parameters_fail_also_where_failures_are_soft(kit, way):
    with pytest.raises(InvalidInput):
        ended(make("", way=way, soft_fail=True))
    assert not kit.emulator.counts()


def test_airflows_timeout_bounds_a_wait_that_pokes(kit):
    [campaign_id] = running_campaigns(kit, 1)
    with pytest.raises(AirflowSensorTimeout):
        ended(make(campaign_id, timeout=0.5))


def test_a_deferral_carries_timeout_and_connection(kit):
    [campaign_id] = running_campaigns(kit, 1)
    sensor = make(campaign_id, way="deferrable", timeout=77, region_name="us-east-1", max_poll_interval="1")
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(FirstPoke().context)
    assert deferred.value.timeout == timedelta(seconds=77)
    _, kwargs = deferred.value.trigger.serialize()
    assert kwargs["campaign_id"] == campaign_id
    assert kwargs["max_poll_interval"] == 1.0
    assert {name: kwargs[name] for name in sensor.connection_parameters} == sensor.connection_parameters


def test_an_event_that_ends_nothing_any_more_is_waited_on(kit):
    [campaign_id] = running_campaigns(kit, 1)
    event = {"campaign_id": campaign_id, "state": "Running", "error": None}
    with pytest.raises(TaskDeferred):
        make(campaign_id, way="deferrable").execute_complete({}, event)


def test_a_state_that_this_release_does_not_know_is_never_success(kit):
    [campaign_id] = running_campaigns(kit, 1)
    event = {"campaign_id": campaign_id, "state": "Archived", "error": None}
    with pytest.raises(CampaignEnded, match="Archived") as caught:
        make(campaign_id, way="deferrable").execute_complete({}, event)
    assert caught.value.code == "unknown_state"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["arn", "url", "name", "spaces"])
def test_a_campaign_is_found_by_arn_url_and_name_too(kit, way, form):
    campaign_id = kit.in_state("Completed")
    given = {
        "arn": f"arn:aws:connect-campaigns:us-east-1:123456789012:campaign/{campaign_id}",
        "url": f"https://demo.my.connect.aws/campaigns/view/{campaign_id}",
        "name": "spring",
        "spaces": f"  {campaign_id} ",
    }[form]
    assert ended(make(given, way=way)) == "Completed"


@pytest.mark.parametrize("way", WAYS)
def test_an_unknown_name_is_told_at_once(kit, way):
    with pytest.raises(InvalidInput, match="no campaign is named"):
        ended(make("summer", way=way))
    [call] = kit.emulator.calls("ListCampaigns")
    assert call["params"]["filters"]["instanceIdFilter"]["value"] == INSTANCE


BAD = [
    {"campaign_id": ""},
    {"campaign_id": "   "},
    {"campaign_id": None},
    {"campaign_id": 5},
    {"target_states": ()},
    {"target_states": ("Complete",)},
    {"failure_states": ()},
    {"failure_states": ("Completed",)},
    {"failure_states": 7},
    {"outage_tolerance": -1},
    {"outage_tolerance": "soon"},
    {"max_poll_interval": 0},
    {"max_poll_interval": None},
]


@pytest.mark.parametrize("changes", BAD, ids=str)
def test_bad_input_is_refused_in_three_parts_before_any_call(kit, changes):
    with pytest.raises(InvalidInput) as caught:
        ended(make(**{"campaign_id": "8f1c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f", **changes}))
    assert caught.value.found
    assert caught.value.allowed
    assert caught.value.hint
    assert next(iter(changes)) in str(caught.value)
    assert not kit.emulator.counts()
