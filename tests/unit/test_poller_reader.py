"""The poller's reader: one client of an Airflow connection, kept, renewed and closed when it should be."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from tests.standalone_kit import free_ports, until
from tests.waiting_kit import Kit, connection_json, fast_client, running_campaigns

# isort: split
from connect_campaigns.core.errors import NotSeen, ServiceRefused
from connect_campaigns.poller import HookReader

CONNECTION = {"aws_conn_id": "aws_default", "region_name": None, "verify": None, "botocore_config": fast_client}


@pytest.fixture
def kit(emulator, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(emulator.url))
    return Kit(emulator)


def test_one_client_serves_all_reads_until_it_is_closed(kit):
    ids = running_campaigns(kit, 2)
    reader = HookReader(CONNECTION)
    assert reader.states(ids) == dict.fromkeys(ids, "Running")
    client = reader._client
    assert reader.states(ids[:1]) == {ids[0]: "Running"}
    assert reader._client is client
    reader.close()
    assert reader._client is None
    assert reader.states(ids) == {}  # a read that comes late opens nothing again
    assert reader._client is None


def test_what_the_service_does_not_find_or_see_has_an_answer_too(kit):
    [known] = running_campaigns(kit, 1)
    reader = HookReader(CONNECTION)
    assert reader.states([known, "gone"]) == {known: "Running", "gone": "NotFound"}
    reader.close()


def test_closing_waits_for_the_read_in_flight(kit):
    [campaign_id] = running_campaigns(kit, 1)
    fault = kit.emulator.add_fault(operation="GetCampaignStateBatch", kind="hold")
    reader = HookReader(CONNECTION)
    answers = []
    reading = threading.Thread(target=lambda: answers.append(reader.states([campaign_id])))
    reading.start()
    until(lambda: kit.emulator.calls("GetCampaignStateBatch"), seconds=10, why=lambda: "the read is held")
    closing = threading.Thread(target=reader.close)
    closing.start()
    time.sleep(0.2)
    assert closing.is_alive()
    assert reader._client is not None
    kit.emulator.release(fault)
    reading.join(10)
    closing.join(10)
    assert answers == [{campaign_id: "Running"}]
    assert reader._client is None


class Expired(BaseHTTPRequestHandler):
    """A service whose first answer is one that no service models: the credentials have expired."""

    answers: ClassVar[list[tuple[int, dict]]] = []

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.answers.pop(0)
        self.send_response(status)
        if status == 403:
            self.send_header("x-amzn-ErrorType", "ExpiredTokenException")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        """Say nothing."""


def test_expired_credentials_are_ridden_out_with_a_new_client(monkeypatch):
    running = {"successfulRequests": [{"campaignId": "c-1", "state": "Running"}], "failedRequests": []}
    Expired.answers[:] = [(403, {"message": "The security token included in the request is expired"}), (200, running)]
    with HTTPServer(("127.0.0.1", 0), Expired) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(url))
        reader = HookReader(CONNECTION)
        with pytest.raises(NotSeen) as caught:
            reader.states(["c-1"])
        assert caught.value.code == "expired_credentials"
        assert reader._client is None
        assert reader.states(["c-1"]) == {"c-1": "Running"}
        reader.close()
        server.shutdown()


def test_a_role_that_cannot_be_assumed_now_is_an_outage_like_any_other(monkeypatch):
    [port] = free_ports(1)
    role = {"role_arn": "arn:aws:iam::123456789012:role/airflow", "config_kwargs": {"retries": {"max_attempts": 0}}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(f"http://127.0.0.1:{port}", **role))
    with pytest.raises(NotSeen, match="sts:AssumeRole"):
        HookReader(CONNECTION).states(["c-1"])


def test_a_refused_call_is_told_with_its_action(kit):
    [campaign_id] = running_campaigns(kit, 1)
    kit.emulator.add_fault(operation="GetCampaignStateBatch", kind="error_before", code="ValidationException")
    reader = HookReader(CONNECTION)
    with pytest.raises(ServiceRefused, match="connect-campaigns:GetCampaignStateBatch"):
        reader.states([campaign_id])
    reader.close()
