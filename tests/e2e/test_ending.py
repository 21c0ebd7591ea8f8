"""Ending a task that runs: every false alarm and every kill that can be imitated in one process.

What Airflow does in each case was measured on real processes; here the moment is exact, since the emulator holds the
reply of the call in flight. Whatever happens, nobody is paused or stopped, and one start takes effect.
"""

from __future__ import annotations

import signal
import threading
from datetime import timedelta

import pytest
from airflow.sdk.execution_time import task_runner

from connect_campaigns.operators.campaigns import CreateCampaignOperator
from connect_campaigns.operators.outcome import CheckCampaignOutcomeOperator
from connect_campaigns.sensors.campaigns import CampaignStateSensor
from tests.ending_kit import STOP_COMMAND, Ending, Terminated
from tests.launch_kit import Ran, RunningTask, World
from tests.log_kit import Lines


@pytest.fixture
def ending(emulator, monkeypatch) -> Ending:
    return Ending(World(emulator, monkeypatch))


CALLS_OF_A_LAUNCH = ("CreateCampaign", "PutObject", "DescribeCampaign", "StartCampaign", "GetCampaignState")


def test_the_stop_command_is_in_the_log_before_the_start_is_sent(ending):
    lines = ending.lines()
    with ending.held("StartCampaign", lambda: named.append(lines.text)):
        named: list[str] = []
        ran = ending.launch(lines=lines)
    assert f"{STOP_COMMAND}{ran.value}" in named[0], "not yet there while StartCampaign was in flight"
    assert "does NOT stop the calls" in named[0]
    ending.settle(ran.value)


@pytest.mark.parametrize("given", ["template", "campaign with a ledger", "campaign without"])
def test_each_way_of_starting_names_it_before(ending, given):
    campaign = ending.world.campaign() if given.startswith("campaign") else None
    ending.world.connect(ledger=given != "campaign without")
    ran = ending.launch(**({"campaign_id": campaign} if campaign else {}))
    assert ran.error is None
    ending.settle(ran.value)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("operation", CALLS_OF_A_LAUNCH)
def test_sigterm_while_a_call_is_in_flight(ending, operation, times):
    """A worker's or pod's SIGTERM, a deploy, a heartbeat refused: `on_kill` runs, and `execute` goes on."""
    operator = ending.start()
    with Terminated(operator) as process, ending.held(operation, lambda: process.send(times)):
        ran = Ran(operator)
    assert process.kills == times
    assert ran.error is None
    ending.settle(ran.value)
    assert ending.launch().launch["how"] == "attach"
    ending.settle(ran.value)


def test_sigterm_says_how_to_stop_the_calls(ending):
    campaign, lines = ending.world.campaign(), ending.lines()
    operator = ending.start(campaign_id=campaign, lines=lines)
    with Terminated(operator) as process, ending.held("StartCampaign", process.send):
        assert Ran(operator).value == campaign
    [said] = [line for line in lines.lines if line.startswith("This task was ended")]
    assert f"{STOP_COMMAND}{campaign}" in said
    ending.settle(campaign)


def test_an_on_kill_that_raises_breaks_the_call_and_nothing_else(ending):
    """Its error comes up in the middle of StartCampaign, whose effect is there: one more lost reply, ridden out."""

    def break_on_kill(line: str) -> None:
        if line.startswith("This task was ended"):
            raise RuntimeError(line)

    campaign, lines = ending.world.campaign(), ending.lines(also=break_on_kill)
    operator = ending.start(campaign_id=campaign, lines=lines)
    with Terminated(operator) as process, ending.held("StartCampaign", process.send):
        ran = Ran(operator)
    assert process.kills == 1
    assert "StartCampaign ended unknown" in lines.text
    assert (ran.error, ran.launch["how"]) == (None, "attach")
    ending.settle(campaign)


@pytest.mark.timeout(120, method="thread")  # Airflow's time-out takes the alarm that pytest's would use
@pytest.mark.parametrize("operation", ["StartCampaign", "CreateCampaign"])
def test_execution_timeout_in_the_middle_of_a_call(ending, operation):
    """Airflow's own wrapper: it raises in the middle of the call, then calls `on_kill`."""
    operator, over = ending.start(), threading.Event()
    operator.execution_timeout = timedelta(minutes=10)

    def time_is_over() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        over.wait(20)

    with ending.held(operation, time_is_over):
        with pytest.raises(task_runner.AirflowTaskTimeout):
            task_runner._run_execute_callable(RunningTask("start").context, operator.execute, operator)
        over.set()
    ending.untouched()
    again = ending.launch()
    assert again.error is None
    assert again.launch["how"] == ("attach" if operation == "StartCampaign" else "started")
    ending.settle(again.value)


def test_a_dead_supervisor_before_the_start_and_no_start_is_sent(ending):
    """The old attempt lives on, and its next word to the log breaks: it ends there, in place of starting."""
    dead: list[bool] = []

    def speak(_: str) -> None:
        if dead:
            raise BrokenPipeError

    with ending.held("DescribeCampaign", lambda: dead.append(True)):
        old = Ran(ending.start(lines=ending.lines(also=speak)))
    assert isinstance(old.error, BrokenPipeError)
    assert ending.emulator.calls("StartCampaign") == []
    retry = ending.launch()
    assert retry.launch["how"] == "started"
    ending.settle(retry.value)


def test_a_dead_supervisor_during_the_start_and_its_retry_beside_it(ending):
    """The supervisor is killed, the retry runs while the old attempt still waits for its reply, which then comes."""
    dead: list[bool] = []
    retries: list[Ran] = []

    def speak(_: str) -> None:
        if dead:
            raise BrokenPipeError

    def kill_and_retry() -> None:
        dead.append(True)
        retries.append(ending.launch())

    with ending.held("StartCampaign", kill_and_retry):
        old = Ran(ending.start(lines=ending.lines(also=speak)))
    [retry] = retries
    assert isinstance(old.error, BrokenPipeError)
    assert retry.launch["how"] == "attach"
    ending.settle(retry.value)


@pytest.mark.parametrize("operation", CALLS_OF_A_LAUNCH)
def test_frozen_while_its_retry_runs_then_thawed_and_ended(ending, operation):
    """A virtual machine that pauses, a scheduler's reset: both attempts live, and the old one is told to end."""
    retries: list[Ran] = []
    operator = ending.start()
    with ending.held(operation, lambda: retries.append(ending.launch())):
        old = Ran(operator)
    operator.on_kill()
    [retry] = retries
    assert {old.error, retry.error} == {None}
    assert old.value == retry.value
    assert sorted((old.launch["how"], retry.launch["how"])) == ["attach", "started"]
    ending.settle(old.value)


def test_cleared_or_marked_while_it_runs_and_killed_in_the_grace(ending):
    """SIGTERM, five seconds in which the call may complete, SIGKILL: the reply is never read."""

    class Killed(BaseException):
        pass

    def kill(**_: object) -> None:
        raise Killed

    operator = ending.start()
    operator.hook._shared_session._session.register("response-received.connectcampaignsv2.StartCampaign", kill)
    with Terminated(operator) as process, ending.held("StartCampaign", process.send), pytest.raises(Killed):
        Ran(operator)
    again = ending.launch()
    assert again.launch["how"] == "attach"
    ending.settle(again.value)


def test_a_create_that_is_ended_leaves_its_campaign_to_the_retry(ending):
    def create() -> CreateCampaignOperator:
        given = {"template": ending.world.template, "launch_key": "today", "start_after": 600}
        return Lines().of(CreateCampaignOperator(task_id="create", **given))

    operator = create()
    with Terminated(operator) as process, ending.held("CreateCampaign", lambda: process.send(2)):
        ran = Ran(operator)
    assert ran.error is None
    ending.untouched(ran.value, state="Initialized")
    assert Ran(create()).value == ran.value
    assert ending.emulator.effects("CreateCampaign") == 2, "the template and one clone"


WATCHERS = {  # a reply that is held for four hours says Running when all is over
    "sensor": (CampaignStateSensor, "GetCampaignState", {"poke_interval": 0.2, "end_grace": 4 * 3600}),
    "outcome": (CheckCampaignOutcomeOperator, "GetMetricDataV2", {"patience": 1, "poll_interval": 0.2}),
}


@pytest.mark.parametrize("name", WATCHERS)
def test_a_task_that_only_watches_is_ended_while_it_looks(ending, name):
    campaign = ending.launch().value
    kind, operation, given = WATCHERS[name]
    operator = Lines().of(kind(task_id="watch", campaign_id=campaign, **given))

    def end() -> None:
        process.send(2)
        ending.untouched(campaign)
        ending.world.kit.step(4 * 3600)  # it completes: the wait ends

    with Terminated(operator) as process, ending.held(operation, end):
        ran = Ran(operator)
    assert process.kills == 2
    assert ran.error is None
    ending.untouched(campaign, state="Completed")


def test_a_wait_that_times_out_leaves_the_campaign_alone(ending):
    campaign = ending.launch().value
    sensor = Lines().of(CampaignStateSensor(task_id="wait", campaign_id=campaign, timeout=1, poke_interval=0.3))
    assert type(Ran(sensor).error).__name__ == "AirflowSensorTimeout"
    sensor.on_kill()
    ending.untouched(campaign)
