"""The control API: call log, settings, reset, and what it refuses."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connect_emulator.calls import KEPT_CALLS, CallLog
from connect_emulator.client import ControlError
from connect_emulator.model import SERVICES
from tests.emulator.campaign_kit import INSTANCE, refusal
from tests.emulator.raw import send


def test_the_index_lists_every_endpoint(emulator):
    listed = emulator.request("GET", "/")["endpoints"]
    for place in ("health", "clock", "faults", "calls", "counts", "settings", "reset"):
        assert any(f"/_emulator/{place}" in line for line in listed)


def test_every_request_is_logged_with_what_became_of_it(emulator):
    campaigns = emulator.client("connectcampaignsv2")
    made = campaigns.create_campaign(name="a", connectInstanceId=INSTANCE)
    refusal(campaigns.start_campaign, id=made["id"])
    emulator.client("customer-profiles").list_domains(MaxResults=5)
    logged = emulator.calls()
    assert [call["number"] for call in logged] == [1, 2, 3]
    assert [(c["service"], c["operation"], c["status"], c["error"], c["effect"]) for c in logged] == [
        ("connectcampaignsv2", "CreateCampaign", 200, None, True),
        ("connectcampaignsv2", "StartCampaign", 400, "ValidationException", False),
        ("customer-profiles", "ListDomains", 200, None, False),
    ]
    assert [call["params"] for call in logged] == [
        {"name": "a", "connectInstanceId": INSTANCE},
        {"id": made["id"]},
        {"max-results": "5"},
    ]
    moments = [datetime.fromisoformat(call["time"]) for call in logged]
    assert moments == sorted(moments)
    assert all(abs(moment - datetime.now(UTC)) < timedelta(minutes=1) for moment in moments)
    assert made["ResponseMetadata"]["RequestId"].endswith("-000000000001"), "its number in the call log"
    assert emulator.calls("StartCampaign") == [logged[1]]
    assert emulator.calls(service="customer-profiles") == [logged[2]]
    assert emulator.request("GET", "/calls?after=2")["calls"] == [logged[2]]
    assert emulator.counts()["connectcampaignsv2.StartCampaign"] == {"requests": 1, "effects": 0}
    assert emulator.effects("CreateCampaign") == 1


def test_a_large_body_is_not_kept_in_the_log(emulator):
    body = json.dumps({"name": "a", "connectInstanceId": INSTANCE, "someday": "x" * 20_000}).encode()
    send(emulator.url, "PUT", "/v2/campaigns", body)
    assert emulator.calls()[0]["params"] == {"bodyOmitted": f"{len(body)} bytes"}


def test_the_log_is_bounded_and_the_counts_go_on():
    log = CallLog()
    for _ in range(KEPT_CALLS + 10):
        log.begin(time=datetime.now(UTC), service="s", operation="GetX", params={})
    kept = log.listing(operation=None, service=None, after=0)
    assert (len(kept), kept[0]["number"]) == (KEPT_CALLS, 11)
    assert log.counts() == {"s.GetX": {"requests": KEPT_CALLS + 10, "effects": 0}}


def test_a_reset_forgets_everything(emulator):
    emulator.client("connectcampaignsv2").create_campaign(name="a", connectInstanceId=INSTANCE)
    emulator.client("customer-profiles").create_domain(DomainName="crm", DefaultExpirationDays=1)
    emulator.client("s3").create_bucket(Bucket="bucket")
    emulator.set_settings(campaigns={"attempts_per_minute": 1})
    emulator.add_fault(operation="StartCampaign", kind="lost_reply")
    emulator.set_clock(speed=60, step_seconds=86_400)
    emulator.reset()
    assert emulator.client("connectcampaignsv2").list_campaigns()["campaignSummaryList"] == []
    assert emulator.client("customer-profiles").list_domains()["Items"] == []
    assert emulator.client("s3").list_buckets()["Buckets"] == []
    assert emulator.settings()["campaigns"]["attempts_per_minute"] == 300
    assert emulator.faults() == []
    assert emulator.clock()["speed"] == 1
    assert [call["operation"] for call in emulator.calls()] == ["ListCampaigns", "ListDomains", "ListBuckets"]


def test_settings_change_all_or_none(emulator):
    changed = emulator.set_settings(campaigns={"attempts_per_minute": 60}, metrics={"metrics_delay_seconds": 5})
    assert (changed["campaigns"]["attempts_per_minute"], changed["metrics"]["metrics_delay_seconds"]) == (60, 5)
    with pytest.raises(ControlError):
        emulator.set_settings(campaigns={"attempts_per_minute": 70, "attempt_fraction": 2})
    assert emulator.settings() == changed


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PATCH", "/settings", {"campaign": {}}, ["`campaign`", "campaigns"]),
        ("PATCH", "/settings", {"campaigns": 5}, ["`campaigns.`", "object"]),
        ("PATCH", "/settings", {"campaigns": {"speed": 5}}, ["`campaigns.speed`", "attempts_per_minute"]),
        ("PATCH", "/settings", {"campaigns": {"attempts_per_minute": "5"}}, ["'5'", "a number"]),
        ("PATCH", "/settings", {"campaigns": {"attempts_per_minute": -1}}, ["-1", "0 or more"]),
        ("PATCH", "/settings", {"campaigns": {"attempt_fraction": 1.1}}, ["1.1", "0 to 1"]),
        ("PATCH", "/settings", {"campaigns": {"max_campaigns": True}}, ["True", "whole number"]),
        ("PATCH", "/settings", {"campaigns": {"resolve_arns": 1}}, ["true or false"]),
        ("PATCH", "/settings", {"campaigns": {"duplicate_names": "no"}}, ["allow", "conflict", "idempotent"]),
        ("PATCH", "/settings", {"campaigns": {"extra_describe_members": []}}, ["object"]),
        ("PATCH", "/settings", {"profiles": {"empty_groups": "some"}}, ["`all`", "`none`"]),
        ("POST", "/clock", {"speed": -1}, ["-1", "0 or more", "hint"]),
        ("POST", "/clock", {"speed": "fast"}, ["'fast'", "hint"]),
        ("POST", "/clock", {"step_seconds": -5}, ["-5", "hint"]),
        ("POST", "/clock", {"step_seconds": 1e300}, ["9000", "hint"]),
        ("POST", "/clock", {"now": "noon"}, ["noon", "ISO 8601", "hint"]),
        ("POST", "/clock", {"now": "2020-01-01T00:00:00Z"}, ["forward only", "hint"]),
        ("POST", "/clock", {"frozen": "yes"}, ["'yes'", "bool"]),
        ("POST", "/clock", {"pace": 5}, ["`pace`", "speed", "hint"]),
        ("POST", "/faults", {"kind": "hold"}, ["operation", "hint"]),
        ("POST", "/faults", {"operation": "StartCampaign", "kind": "explode"}, ["explode", "lost_reply", "hint"]),
        ("POST", "/faults", {"operation": "StartCampaign", "kind": "cut_reply"}, ["StartCampaign", "s3", "hint"]),
        ("POST", "/faults", {"operation": "*", "kind": "cut_reply"}, ["s3", "hint"]),
        ("POST", "/faults", {"operation": "StartCampain", "kind": "hold"}, ["StartCampain", "S3", "service"]),
        ("POST", "/faults", {"operation": "TagResource", "kind": "hold"}, ["connectcampaignsv2", "service"]),
        (
            "POST",
            "/faults",
            {"operation": "startcampaign", "service": "connectcampaignsv2", "kind": "hold"},
            ["startcampaign", "StartCampaign"],
        ),
        ("POST", "/faults", {"operation": "StartCampaign", "kind": "hold", "times": 0}, ["`times`", "1 to"]),
        ("POST", "/faults", {"operation": "StartCampaign", "kind": "hold", "times": 1.5}, ["`times`", "int"]),
        ("POST", "/faults", {"operation": "StartCampaign", "kind": "hold", "code": "X"}, ["code", "hold"]),
        ("POST", "/faults", {"operation": "StartCampaign", "kind": "lost_reply", "seconds": 1}, ["seconds"]),
        (
            "POST",
            "/faults",
            {"operation": "StartCampaign", "kind": "error_before", "code": "BadRequestException"},
            ["BadRequestException", "ConflictException", "ThrottlingException"],
        ),
        (
            "POST",
            "/faults",
            {"operation": "StartCampaign", "kind": "error_before", "code": "InvalidCampaignStateException"},
            ["state", "members"],
        ),
        ("POST", "/faults", {"operation": "StartCampaign", "kind": "error_after", "status": 200}, ["300 to 599"]),
    ],
)
def test_bad_control_input_is_refused_with_what_is_allowed(emulator, method, path, body, said):
    before = emulator.settings()
    with pytest.raises(ControlError) as caught:
        emulator.request(method, path, body)
    assert caught.value.status == 400
    text = json.loads(str(caught.value))["error"]
    assert all(each in text for each in said), text
    assert (emulator.settings(), emulator.faults()) == (before, [])


@pytest.mark.parametrize("body", [b"{", b"[1]", b"speed=60"])
def test_a_control_body_that_is_no_object_is_refused(emulator, body):
    reply = send(emulator.url, "POST", "/_emulator/clock", body, signing_name=None)
    assert (reply.status, "JSON object" in reply.json["error"]) == (400, True)


def test_a_place_that_is_not_there_is_404(emulator):
    for method, path in (
        ("GET", "/nothing"),
        ("PUT", "/reset"),
        ("POST", "/faults/f9/release"),
        ("DELETE", "/faults/f9"),
    ):
        with pytest.raises(ControlError, match="hint") as caught:
            emulator.request(method, path)
        assert caught.value.status == 404
    with pytest.raises(ControlError, match="after"):
        emulator.request("GET", "/calls?since=yesterday")


PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")


def test_the_page_names_every_setting_with_its_default(emulator):
    settings = emulator.settings()
    for name, default in {
        **settings["campaigns"],
        **settings["metrics"],
        **settings["rates"],
        **settings["s3"],
    }.items():
        assert name in PAGE, f"docs/emulator.md lacks `{name}`"
        if not isinstance(default, dict):
            shown = {True: "true", False: "false"}.get(default, default) if isinstance(default, bool) else default
            shown = f"{shown:g}" if isinstance(shown, float) and shown != 1 else shown
            assert re.search(rf"{name}` \(`?{shown}\b", PAGE), f"docs/emulator.md: `{name}` is by default {shown}"


def test_the_page_names_every_endpoint_and_operation(emulator):
    for line in emulator.request("GET", "/")["endpoints"]:
        part = line.split()[1].removesuffix(":").removeprefix("/_emulator").partition("{")[0].strip("/")
        assert part in PAGE
    for name in SERVICES["connectcampaignsv2"].spec.handlers | SERVICES["connect"].spec.handlers:
        assert name in PAGE


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl isn't installed")
def test_the_pages_curl_lines_work(emulator):
    lines = re.findall(r"^\$ curl (.*?)(?:  +#.*)?$", PAGE, re.MULTILINE)
    assert len(lines) >= 10
    whole = [line for line in lines if line.count("'") % 2 == 0]
    for line in whole:
        words = shlex.split(line.replace("$E", f"{emulator.url}/_emulator"))
        done = subprocess.run(["curl", "-sf", *words], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, line
