"""An import that waits in the triggerer: the same end as one that waits on the worker."""

from __future__ import annotations

import asyncio

import pytest
from airflow.sdk.exceptions import TaskDeferred

from connect_campaigns.core.errors import ServiceRefused, ServiceUnavailable
from tests.airflow_kit import takes_minutes
from tests.launch_kit import RunningTask
from tests.segment_kit import Crm, importing, run
from tests.waiting_kit import connection_json, meanwhile


@pytest.fixture
def crm(emulator, monkeypatch, tmp_path):
    return Crm(emulator, monkeypatch, tmp_path)


def left(operator):
    """Execute until it defers; give what it left."""
    with pytest.raises(TaskDeferred) as caught:
        operator.execute(RunningTask("import_profiles").context)
    return caught.value


def resumed(operator, deferral):
    """Run the trigger as stored, and resume the task with its event."""
    _, given = deferral.trigger.serialize()
    trigger = type(deferral.trigger)(**given)

    async def events():
        return [event.payload async for event in trigger.run()]

    [event] = asyncio.run(events())
    return getattr(operator, deferral.method_name)(RunningTask("import_profiles").context, event)


def test_it_ends_as_the_import_that_waits_on_the_worker(crm):
    crm.emulator.set_settings(profiles={"upload_delay_seconds": 1})
    path = crm.people(3)
    operator = importing(path=path, deferrable=True)
    told = resumed(operator, left(operator))
    assert (told["rows"], told["created"]) == (3, 3)
    assert told == run(importing(path=path))
    assert crm.effects("StartUploadJob") == 1


def test_failed_records_are_judged_alike(crm):
    path = crm.file("id,kind\n1,INDIVIDUAL\n2,PERSON\n")
    operator = importing(path=path, columns={"kind": "PartyType"}, deferrable=True)
    with pytest.raises(ServiceRefused) as deferred:
        resumed(operator, left(operator))
    assert "1 records failed at the service" in deferred.value.found
    assert deferred.value.code == "failed_records"


def test_patience_that_is_over_is_told_alike(crm):
    crm.emulator.set_settings(profiles={"upload_delay_seconds": 30})
    path = crm.people(3)
    operator = importing(path=path, patience=0.3, deferrable=True)
    with pytest.raises(ServiceUnavailable) as deferred:
        resumed(operator, left(operator))
    with pytest.raises(ServiceUnavailable) as waited:
        run(importing(path=path, patience=0.3))
    assert str(deferred.value) == str(waited.value)


def test_a_bad_moment_is_ridden_out_and_a_refusal_told_by_the_task(crm):
    operator = importing(path=crm.people(3), deferrable=True)
    deferral = left(operator)
    fault = crm.emulator.add_fault(operation="GetUploadJob", kind="lost_reply", times=4)
    assert resumed(operator, deferral)["created"] == 3
    assert [each["fired"] for each in crm.emulator.faults() if each["id"] == fault] == [4]
    crm.emulator.add_fault(operation="GetUploadJob", kind="error_before", code="AccessDeniedException", times=2)
    with pytest.raises(ServiceRefused) as caught:
        resumed(operator, deferral)
    assert "profile:GetUploadJob" in caught.value.hint


def test_a_job_that_is_stopped_meanwhile_fails_the_task(crm):
    crm.emulator.set_settings(profiles={"upload_delay_seconds": 30})
    operator = importing(path=crm.people(3), deferrable=True)
    deferral = left(operator)

    def stop():
        crm.profiles.stop_upload_job(DomainName="crm", JobId=crm.jobs()[0]["JobId"])

    with meanwhile(crm, ("GetUploadJob",), stop), pytest.raises(ServiceRefused) as caught:
        resumed(operator, deferral)
    assert "is STOPPED" in caught.value.found


DAG = """
from airflow.sdk import DAG
from connect_campaigns.operators.imports import ImportProfilesOperator

with DAG("deferred_import", schedule=None):
    ImportProfilesOperator(task_id="bring_in", path={path!r}, key_column="id", deferrable=True, poll_interval=1)
"""


@takes_minutes
def test_a_deferred_import_runs_in_airflow_dags_test(crm, home):
    crm.emulator.set_settings(profiles={"upload_delay_seconds": 8})
    home.connection = connection_json(crm.emulator.url, customer_profiles_domain="crm")
    assert home.run("deferred_import", DAG.format(path=crm.people(3))) == 0, home.log[-3000:]
    assert home.xcoms("deferred_import")["bring_in"]["created"] == 3
    assert "IN_PROGRESS" in home.log
    assert "+1202555" not in home.log
