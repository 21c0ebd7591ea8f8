"""What the pipeline refuses before any handler sees it: the service's own class, status and body."""

from __future__ import annotations

import asyncio
import json

import pytest

from connect_emulator import model, pipeline, shapes
from connect_emulator.clock import Clock
from connect_emulator.errors import ServiceError
from connect_emulator.exchange import Exchange
from connect_emulator.world import World
from tests.emulator.campaign_kit import DOMAIN_ARN, INSTANCE, refusal
from tests.emulator.raw import send

CREATE = {"name": "spring", "connectInstanceId": INSTANCE}
WINDOW = {"startTime": "2027-01-01T09:00:00Z", "endTime": "2027-01-01T10:00:00Z"}
SMS = {
    "outboundMode": {"agentless": {}},
    "defaultOutboundConfig": {
        "connectSourcePhoneNumberArn": "arn:aws:connect:us-east-1:123456789012:phone-number/1",
        "wisdomTemplateArn": "arn:aws:wisdom:us-east-1:123456789012:message-template/1",
    },
}


def telephony(**changes) -> dict:
    whole = {
        "outboundMode": {"agentless": {}},
        "defaultOutboundConfig": {"connectContactFlowId": "flow"},
        **changes,
    }
    return {"channelSubtypeConfig": {"telephony": whole}}


BAD_CREATES = [
    pytest.param({"name": None}, "name", id="required member missing"),
    pytest.param({"name": ""}, "name", id="text too short"),
    pytest.param({"name": "x" * 128}, "name", id="text too long"),
    pytest.param({"name": 5}, "name", id="number for text"),
    pytest.param({"name": {"a": 1}}, "name", id="structure for text"),
    pytest.param({"connectInstanceId": "a/b"}, "connectInstanceId", id="pattern"),
    pytest.param({"type": "SOMETHING"}, "type", id="enum"),
    pytest.param({"schedule": "tomorrow"}, "schedule", id="text for structure"),
    pytest.param({"schedule": {"startTime": "tomorrow", "endTime": "later"}}, "startTime", id="no timestamp"),
    pytest.param({"schedule": {"startTime": True, "endTime": True}}, "startTime", id="boolean for timestamp"),
    pytest.param({"schedule": {"startTime": WINDOW["startTime"]}}, "schedule.endTime", id="nested required"),
    pytest.param({"schedule": {**WINDOW, "refreshFrequency": "P1W"}}, "refreshFrequency", id="duration pattern"),
    pytest.param({"schedule": {**WINDOW, "startTime": 1e300}}, "startTime", id="timestamp out of range"),
    pytest.param({"schedule": {**WINDOW, "startTime": "2027-02-30T09:00:00Z"}}, "startTime", id="no such day"),
    pytest.param({"source": {}}, "source", id="empty union"),
    pytest.param(
        {
            "source": {
                "customerProfilesSegmentArn": DOMAIN_ARN,
                "eventTrigger": {"customerProfilesDomainArn": DOMAIN_ARN},
            }
        },
        "source",
        id="two members of a union",
    ),
    pytest.param({"source": {"customerProfilesSegmentArn": "everybody"}}, "customerProfilesSegmentArn", id="no ARN"),
    pytest.param(telephony(capacity=1.01), "capacity", id="number too large"),
    pytest.param(telephony(capacity=0.001), "capacity", id="number too small"),
    pytest.param(telephony(capacity="1"), "capacity", id="text for number"),
    pytest.param(telephony(capacity=True), "capacity", id="boolean for number"),
    pytest.param(
        telephony(defaultOutboundConfig={"connectContactFlowId": "f", "ringTimeout": 15.5}),
        "ringTimeout",
        id="fraction for whole number",
    ),
    pytest.param(
        telephony(
            defaultOutboundConfig={
                "connectContactFlowId": "f",
                "answerMachineDetectionConfig": {"enableAnswerMachineDetection": "yes"},
            }
        ),
        "enableAnswerMachineDetection",
        id="text for boolean",
    ),
    pytest.param({"channelSubtypeConfig": []}, "channelSubtypeConfig", id="list for structure"),
    pytest.param({"channelSubtypeConfig": {"sms": {**SMS, "outboundMode": {}}}}, "outboundMode", id="nested union"),
    pytest.param({"tags": ["a"]}, "tags", id="list for map"),
    pytest.param({"tags": {"aws:x": "1"}}, "tags", id="map key pattern"),
    pytest.param({"tags": {"a": 1}}, "tags.a", id="number for a map's text"),
    pytest.param({"tags": {"a": None}}, "tags.a", id="null in a map"),
    pytest.param({"tags": {"a": "x" * 257}}, "tags.a", id="map value too long"),
    pytest.param(
        {
            "communicationLimitsOverride": {
                "allChannelSubtypes": {
                    "communicationLimitsList": [{"maxCountPerRecipient": 1, "frequency": 1, "unit": "DAY"}] * 3
                }
            }
        },
        "communicationLimitsList",
        id="list too long",
    ),
    pytest.param(
        {
            "communicationTimeConfig": {
                "localTimeZoneConfig": {},
                "sms": {"openHours": {"dailyHours": {"Monday": []}}},
            }
        },
        "dailyHours",
        id="map key enum",
    ),
]


@pytest.mark.parametrize(("changes", "named"), BAD_CREATES)
def test_a_create_that_the_model_rules_out(emulator, changes, named):
    body = {name: value for name, value in {**CREATE, **changes}.items() if value is not None}
    reply = send(emulator.url, "PUT", "/v2/campaigns", json.dumps(body).encode())
    assert reply.status == 400
    assert reply.header("x-amzn-errortype") == ["ValidationException"]
    assert named in reply.json["message"]
    assert emulator.effects("CreateCampaign") == 0


@pytest.mark.parametrize(
    "body",
    [b"{", b"nonsense", b"\xff\xfe", b'{"name": NaN}', b"[1]", b'"text"', b"null", b"5", b"[" * 100_000],
)  # fmt: skip
def test_a_body_that_is_no_json_object(emulator, body):
    reply = send(emulator.url, "PUT", "/v2/campaigns", body)
    assert (reply.status, reply.json["__type"]) == (400, "ValidationException")
    assert emulator.counts()["connectcampaignsv2.CreateCampaign"] == {"requests": 1, "effects": 0}


def test_null_and_unknown_members_are_as_if_absent(emulator):
    body = json.dumps({**CREATE, "schedule": None, "someday": {"x": 1}}).encode()
    assert send(emulator.url, "PUT", "/v2/campaigns", body).status == 200


def test_timestamps_are_read_in_every_form_that_clients_send(emulator):
    for start in ("2027-01-01T09:00:00", "2027-01-01T10:00:00+01:00", "2027-01-01T09:00:00.250Z"):
        body = json.dumps({**CREATE, "schedule": {**WINDOW, "startTime": start}}).encode()
        made = send(emulator.url, "PUT", "/v2/campaigns", body).json
        described = send(emulator.url, "GET", f"/v2/campaigns/{made['id']}").json["campaign"]
        assert described["schedule"]["startTime"] == "2027-01-01T09:00:00Z"


def test_what_the_sdk_lets_through_gets_the_services_error(emulator):
    campaigns = emulator.client("connectcampaignsv2")
    too_many = refusal(campaigns.get_campaign_state_batch, campaignIds=["a"] * 26)
    assert (too_many["code"], too_many["status"]) == ("ValidationException", 400)
    assert "less than or equal to 25" in too_many["text"]
    assert "pattern" in refusal(campaigns.get_campaign_state, id="a_b")["text"]
    assert "enum" in refusal(campaigns.create_campaign, **CREATE, type="OTHER")["text"]
    page = refusal(campaigns.list_campaigns, maxResults=51)
    assert "less than or equal to 50" in page["text"]


def test_customer_profiles_answers_bad_requests_with_its_own_class(emulator):
    profiles = emulator.client("customer-profiles")
    refused = refusal(profiles.create_domain, DomainName="no spaces", DefaultExpirationDays=10)
    assert (refused["code"], refused["status"]) == ("BadRequestException", 400)
    path = "/domains/crm/segment-definitions?max-results=many"
    reply = send(emulator.url, "GET", path, signing_name="profile")
    assert (reply.status, reply.json["__type"]) == (400, "BadRequestException")
    assert "max-results" in reply.json["Message"]


def test_connect_tells_malformed_from_invalid(emulator):
    malformed = send(emulator.url, "POST", "/metrics/data", b"{", signing_name="connect")
    assert (malformed.status, malformed.json["__type"]) == (400, "InvalidRequestException")
    invalid = send(emulator.url, "POST", "/metrics/data", b"{}", signing_name="connect")
    assert (invalid.status, invalid.json["__type"]) == (400, "InvalidParameterException")


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("connectcampaignsv2", "get_connect_instance_config", {"connectInstanceId": INSTANCE}),
        ("connectcampaignsv2", "update_campaign_name", {"id": "a", "name": "b"}),
        ("customer-profiles", "list_workflows", {"DomainName": "crm"}),
        ("connect", "list_queues", {"InstanceId": INSTANCE}),
    ],
)
def test_an_operation_that_is_not_here_answers_501_with_its_name(emulator, service, operation, arguments):
    client = emulator.client(service)
    name = client.meta.method_to_api_mapping[operation]
    refused = refusal(getattr(client, operation), **arguments)
    assert refused["status"] == 501
    assert name in refused["text"]
    assert emulator.calls(name)[0]["status"] == 501


def test_a_path_that_no_operation_has_answers_404(emulator):
    for method, path in (("GET", "/v2/nothing"), ("PATCH", "/v2/campaigns"), ("GET", "/v2/campaigns//state")):
        reply = send(emulator.url, method, path)
        assert (reply.status, reply.json["__type"]) == (404, "UnknownOperationException")


@pytest.mark.parametrize("service", sorted(model.SERVICES))
def test_every_operation_has_a_route_of_its_own(service):
    for operation in model.SERVICES[service].operations.values():
        parts = [b"x" if label else word for word, label in operation._path]
        found = model.SERVICES[service].route(operation.method, b"/" + b"/".join(parts))
        assert found is not None
        assert found[0] is operation


def test_an_arn_with_slashes_is_one_part_of_a_path():
    route = model.SERVICES["connectcampaignsv2"].route("GET", b"/v2/tags/arn%3Aaws%3Aa%2Fb")
    assert route is not None
    assert (route[0].name, route[1]) == ("ListTagsForResource", {"arn": "arn:aws:a/b"})


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("[a-z]+", "abc", True),
        ("[a-z]+", "abc1", False),
        ("^arn:[a-z0-9]{1,10}:profile", "arn:aws:profile:us-east-1:1:domains/x", True),
        ("^arn:[a-z0-9]{1,10}:profile", "xarn:aws:profile", False),
        ("^[0-9]{2}$", "12", True),
        ("^[0-9]{2}$", "12\n", False),
    ],
)
def test_a_pattern_describes_the_whole_value_unless_it_names_only_a_beginning(pattern, value, matches):
    assert shapes._pattern(pattern)(value) is matches


def test_an_unexpected_error_in_a_handler_is_500_said_and_counted(capsys):
    """In this process: an emulator that can be made to fail at will would be no emulator."""

    async def fails(_world, _request):
        raise ZeroDivisionError

    async def errs(_world, _request):
        raise ServiceError("NoSuchShape", "text")

    operation = model.SERVICES["connectcampaignsv2"].operations["GetCampaignState"]
    for number, handler in enumerate((fails, errs), 1):
        exchange = asyncio.run(answered(operation, handler, errors_before=number - 1))
        assert exchange.status == 500
        assert json.loads(exchange.reply)["__type"] == "InternalServerException"
        assert exchange.world.unexpected_errors == number
        assert "Traceback" in capsys.readouterr().err


async def answered(operation, handler, *, errors_before: int) -> Exchange:
    world = World(clock=Clock())
    world.unexpected_errors = errors_before
    exchange = Exchange(
        world=world,
        service=operation.service,
        region="us-east-1",
        method="GET",
        raw_path=b"/v2/campaigns/a/state",
        query="",
        headers=[],
        body=b"",
        base_url="http://localhost",
    )
    before, operation.handler = operation.handler, handler
    try:
        await pipeline.answer(exchange)
    finally:
        operation.handler = before
        await world.profiles.close()
    return exchange
