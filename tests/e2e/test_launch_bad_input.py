"""Every parameter of the launching operators, wrong in each way: a clear error, and nothing was changed anywhere."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connect_campaigns.core.errors import ConnectCampaignsError
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator, StartCampaignOperator
from tests.conftest import Emulator
from tests.launch_kit import SEGMENT_ARN, Ran, World

UNKNOWN = "00000000-0000-0000-0000-000000000000"
ARN = "arn:aws:connect-campaigns:us-east-1:123456789012:campaign/"
AT_NINE = {"start_at": "09:00", "end_at": "19:00", "timezone": "Europe/Paris"}
FOREVER = {"start_after": 60}


@pytest.fixture(scope="module")
def shared(emulator_process):
    """One world for all: none of these tests changes it, which each of them asserts."""
    emulator = Emulator(emulator_process.url)
    emulator.reset()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("time.sleep", lambda _: None)
        yield World(emulator, monkeypatch)


@pytest.fixture
def world(shared):
    shared.connect()
    before = shared.writes()
    yield shared
    assert shared.writes() == before


# What every launching operator refuses: parameters, and a word that the message must contain.
COMMON = [
    ({"launch_key": ""}, "launch_key"),
    ({"launch_key": "  "}, "launch_key"),
    ({"launch_key": "tab\there"}, "launch_key"),
    ({"launch_key": "x" * 10_000}, "10000 characters"),
    ({"launch_key": 7}, "launch_key"),
    ({"start_at": "9:00", "timezone": "UTC"}, "start_at"),
    ({"start_at": "noon", "timezone": "UTC"}, "start_at"),
    ({"start_at": 9, "timezone": "UTC"}, "start_at"),
    ({"start_at": "09:00"}, "timezone"),
    ({"start_at": "09:00", "timezone": "CEST"}, "CEST"),
    ({"start_at": "09:00", "timezone": 3}, "timezone"),
    ({**AT_NINE, "end_at": "08:00"}, "end_at"),
    ({**AT_NINE, "latest_start": "08:00"}, "latest_start"),
    ({"latest_start": "08:00", "timezone": "UTC"}, "latest_start"),
    ({**AT_NINE, "start_after": 60}, "start_after"),
    ({"start_after": "soon"}, "start_after"),
    ({"start_after": -5}, "start_after"),
    ({**AT_NINE, "if_late": "hope"}, "if_late"),
    ({**FOREVER, "max_run_age": "old"}, "max_run_age"),
    ({**FOREVER, "max_run_age": -1}, "max_run_age"),
    ({**FOREVER, "if_manual": "maybe"}, "if_manual"),
    ({**FOREVER, "if_manual": None}, "if_manual"),
    ({**FOREVER, "if_manual": []}, "if_manual"),
    ({**AT_NINE, "if_late": {}}, "if_late"),
    ({"start_after": True}, "start_after"),
    ({**FOREVER, "source": {"arn": SEGMENT_ARN, "junk": 1}}, "junk"),
    ({**FOREVER, "require_hours": "perhaps"}, "require_hours"),
    ({**FOREVER, "permitted_hours": {"fax": {}}}, "permitted_hours"),
    ({**FOREVER, "permitted_hours": {}}, "permitted_hours"),
    ({**FOREVER, "closed_days": ["Christmas"]}, "closed_days"),
    ({**FOREVER, "closed_days": "/nowhere/fr.ics"}, "/nowhere/fr.ics"),
    ({**FOREVER, "closed_days": {"FR": []}, "country": "ES"}, "country"),
    ({**FOREVER, "country": "FR"}, "closed_days"),
    ({**FOREVER, "if_no_limits": "hope"}, "if_no_limits"),
    ({**FOREVER, "ignore_instance_limits": True}, "ignore_instance_limits"),
    ({**FOREVER, "min_launch_gap": "a day"}, "min_launch_gap"),
    ({**FOREVER, "if_overlap": "wait"}, "if_overlap"),
    ({**FOREVER, "check_only": "perhaps"}, "check_only"),
    ({**FOREVER, "deployment": ""}, "deployment"),
    *(({**FOREVER, "launch_ledger": wrong}, "launch_ledger") for wrong in ("ledger", "", "None", 7)),
    ({**FOREVER, "launch_ledger": "s3://No_Bucket!/x"}, "launch_ledger"),
    ({**FOREVER, "launch_ledger": "s3://nowhere/x"}, "nowhere"),
    ({**FOREVER, "launch_ledger": "s3://ledger/mistyped"}, "no ledger"),
    *(({**FOREVER, "source": gone}, "gave no audience") for gone in (None, "", " ", "None")),
    ({**FOREVER, "source": "not an arn"}, "source"),
    ({**FOREVER, "source": "arn:aws:s3:::bucket"}, "source"),
    ({**FOREVER, "source": {"count": 3}}, "source"),
    ({**FOREVER, "source": 7}, "source"),
    ({**FOREVER, "template": ""}, "template"),
    ({**FOREVER, "template": "None"}, "template"),
    ({**FOREVER, "template": 7}, "template"),
    ({**FOREVER, "template": "no such name"}, "no such name"),
    ({**FOREVER, "template": UNKNOWN}, UNKNOWN),
    ({**FOREVER, "template": ARN + UNKNOWN}, UNKNOWN),
    ({**FOREVER, "template": "https://example.com/campaigns"}, "console URL"),
]
# What only a start can get wrong.
START = [
    ({"campaign_id": "{template}", "template": "{template}"}, "both"),
    ({"campaign_id": "{template}", "template": ""}, "both given, `template` as ''"),
    ({"campaign_id": "None", "template": "{template}"}, "both given, `campaign_id` as 'None'"),
    ({}, "neither"),
    ({"campaign_id": ""}, "campaign_id"),
    ({"campaign_id": 7}, "campaign_id"),
    ({"campaign_id": "no such name"}, "no such name"),
    ({"campaign_id": UNKNOWN}, UNKNOWN),
    ({"campaign_id": ARN + UNKNOWN}, UNKNOWN),
    ({"campaign_id": "{template}", "if_active": "join"}, "if_active"),
    ({"campaign_id": "{template}", "if_active": []}, "if_active"),
    ({"campaign_id": "{template}", "renew_schedule": "perhaps"}, "renew_schedule"),
    ({"campaign_id": "{template}", "source": "not an arn"}, "source"),
    ({"campaign_id": "{template}", "source": SEGMENT_ARN + "-of-others"}, "-of-others"),
    ({"campaign_id": "{template}", **AT_NINE}, "renew_schedule=True"),
    ({"campaign_id": "{template}", "start_after": timedelta(minutes=1)}, "renew_schedule=True"),
]


def refused(operator, word: str) -> None:
    """Run it: the error has three parts and the word, and nothing was handed on."""
    ran = Ran(operator)
    assert isinstance(ran.error, ConnectCampaignsError), ran.error
    assert word in str(ran.error)
    assert all((ran.error.found, ran.error.allowed, ran.error.hint))
    assert ran.ti.xcoms == {}


@pytest.mark.parametrize(("parameters", "word"), COMMON)
@pytest.mark.parametrize("kind", [CreateCampaignOperator, StartCampaignOperator])
def test_refused_with_nothing_written(world, kind, parameters, word):
    refused(kind(**{"task_id": "t", "template": world.template, **parameters}), word)


@pytest.mark.parametrize(("parameters", "word"), START)
def test_a_start_refused_with_nothing_written(world, parameters, word):
    named = {name: world.template if value == "{template}" else value for name, value in parameters.items()}
    refused(StartCampaignOperator(task_id="t", **named), word)


def test_a_mapped_task_without_a_key_is_refused(world):
    ran = Ran(StartCampaignOperator(task_id="t", template=world.template, **FOREVER), map_index=3)
    assert ran.error.code == "mapped_without_key"
    assert world.starts == 0


@pytest.mark.parametrize("kind", [CreateCampaignOperator, PreflightOperator])
def test_without_a_ledger_nothing_is_created_and_it_says_how(world, kind):
    world.connect(ledger=False)
    ran = Ran(kind(task_id="t", template=world.template, **FOREVER))
    assert ran.error.code == "no_ledger"
    assert "ledger init" in ran.error.hint
    assert len(world.campaigns()) == 1


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"on_shortfall": "warning"}, "on_shortfall"),
        ({"min_attempted": ""}, "min_attempted"),
        ({"max_poll_interval": 0}, "max_poll"),
    ],
)
def test_what_would_be_refused_after_people_were_called_is_refused_by_the_check(world, told, word):
    refused(PreflightOperator(task_id="t", template=world.template, launch_key="k", afterwards=told, **FOREVER), word)


CONNECTIONS = [
    ({"launch_ledger": "ledger"}, "launch_ledger"),
    ({"launch_ledger": ""}, "launch_ledger"),
    ({"launch_ledger": 7}, "launch_ledger"),
    ({"connect_instance_id": "arn:aws:connect:us-east-1:1:instance/i"}, "connect_instance_id"),
    ({"deployment": ["a"]}, "deployment"),
]


@pytest.mark.parametrize(("extra", "word"), CONNECTIONS)
def test_a_wrong_connection_names_its_member(world, extra, word):
    world.connect(**extra)
    refused(StartCampaignOperator(task_id="t", campaign_id=world.template), word)


def test_a_connection_that_isn_t_there_is_told_from_one_that_is(world):
    assert world
    refused(StartCampaignOperator(task_id="t", campaign_id=UNKNOWN, aws_conn_id="no_such_connection"), "no AWS Region")


def test_the_forms_of_a_campaign_s_name_all_mean_it(world):
    arn = ARN + world.template
    url = f"https://x.my.connect.aws/outbound-campaigns/v2/11111111-2222-3333-4444-555555555555/{world.template}/edit"
    for name in (world.template, arn, url, "spring", f" {world.template} "):
        assert world.hook().campaigns.resolve(name) == world.template


@pytest.fixture
def own(emulator, monkeypatch) -> World:
    """A world that a test may change."""
    return World(emulator, monkeypatch)


def test_an_ambiguous_name_lists_the_candidates(own):
    other = own.campaign(name="spring")
    ran = Ran(StartCampaignOperator(task_id="t", campaign_id="spring"))
    assert ran.error.code == "ambiguous_campaign"
    assert own.template in ran.error.found
    assert other in ran.error.found


@pytest.mark.parametrize("body", [b"not json", b'{"kind": "ledger", "schema": 9, "at": "", "by": "", "id": ""}'])
def test_a_ledger_object_that_can_t_be_read_stops_the_launch(own, body):
    own.emulator.client("s3").put_object(Bucket="ledger", Key="launches/ledger.json", Body=body)
    refused(StartCampaignOperator(task_id="t", template=own.template, **FOREVER), "ledger.json")
