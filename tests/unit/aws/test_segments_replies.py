"""Replies that the emulator never gives, from a server of the test: what the service might say is judged, not trusted."""

from __future__ import annotations

import io
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest

from connect_campaigns.aws.csv_copy import Content, Copy
from connect_campaigns.aws.csv_file import CheckedFile
from connect_campaigns.aws.polling import Pace, poll
from connect_campaigns.aws.segments import Segments
from connect_campaigns.aws.transfer import put_file
from connect_campaigns.aws.waiting_for_uploads import wait
from connect_campaigns.core.columns import map_columns
from connect_campaigns.core.errors import NotSeen, ServiceRefused, ServiceUnavailable
from connect_campaigns.core.rows import Findings

PACE = Pace(interval_s=0.01, patience_s=5)
JOB = "0" * 32
TOKEN = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


class Server(ThreadingHTTPServer):
    """Answers each request with what was set for the end of its path: a status and a body, or a list of them."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = {}
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        self.server.asked.append((self.command, path, dict(self.headers), body))
        name = max((each for each in self.server.answers if f"{self.command} {path}".endswith(each)), key=len)
        status, content = self.server.answers[name]
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = answer  # noqa: N815 - the base class calls them so

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def segments(server):
    client = boto3.client(
        "customer-profiles",
        region_name="us-east-1",
        endpoint_url=server.url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-secret",
    )
    return Segments(client, domain="crm")


def sent(content):
    return Content(io.BytesIO(content), row_end=b"\n", size=len(content))


def importing(server, segments, **job):
    server.answers |= {
        "GET /domains/crm/upload-jobs": (200, {"Items": []}),
        "POST /domains/crm/upload-jobs": (200, {"JobId": JOB}),
        "/path": (200, {"Url": f"{server.url}/store", "ClientToken": TOKEN}),
        "PUT /store": (200, b""),
        f"PUT /domains/crm/upload-jobs/{JOB}": (200, {}),
        f"GET /domains/crm/upload-jobs/{JOB}": (200, {"JobId": JOB, "CreatedAt": 1.8e9, **job}),
    }
    file = CheckedFile(
        name="a.csv",
        copies=(Copy(content=sent(b"id\n1\0"), rows=1),),
        sha256="00",
        mapping=map_columns(["id"], key_column="id"),
        findings=Findings(good=1),
    )
    uploads, log = segments.uploads, logging.getLogger()
    jobs = uploads.begin(file, data_expiry_days=14, log=log)
    wait(uploads, jobs, pace=PACE, log=log)
    return uploads.results(jobs)


def test_the_file_goes_out_with_its_length_and_key_and_not_in_chunks(server, segments):
    done = importing(server, segments, Status="SUCCEEDED", ResultsSummary={"CreatedRecords": 1})
    assert (done.created, done.updated, done.failed) == (1, 0, 0)
    [(_, _, headers, body)] = [each for each in server.asked if each[1] == "/store"]
    sent = {name.lower(): value for name, value in headers.items()}
    assert body == b"id\n1\n"
    assert sent["content-length"] == "5"
    assert "transfer-encoding" not in sent
    assert "authorization" not in sent
    prefix = "x-amz-server-side-encryption-customer-"
    assert sent[f"{prefix}algorithm"] == "AES256"
    assert sent[f"{prefix}key"] == TOKEN
    assert sent[f"{prefix}key-md5"] == "KYvwGXoFFJ42a2u2GDWhwQ=="


@pytest.mark.parametrize(
    ("job", "found"),
    [
        ({"Status": "FAILED", "StatusReason": "VALIDATION_FAILURE"}, "is FAILED (VALIDATION_FAILURE)"),
        ({"Status": "STOPPED", "ResultsSummary": {"FailedRecords": 0}}, "is STOPPED"),
        ({"Status": "PARTIALLY_SUCCEEDED"}, "FailedRecords: not told"),
    ],
)
def test_an_import_that_did_not_bring_all_in_is_no_success(server, segments, job, found):
    with pytest.raises(ServiceRefused) as caught:
        importing(server, segments, **job)
    assert found in caught.value.found
    assert caught.value.code == "import_failed"


def test_failed_records_count_under_any_status(server, segments):
    assert importing(server, segments, Status="SUCCEEDED", ResultsSummary={"FailedRecords": 3}).failed == 3


def test_an_upload_url_without_its_key_is_not_used(server, segments):
    server.answers["GET /domains/crm/upload-jobs/" + JOB + "/path"] = (200, {"Url": f"{server.url}/store"})
    with pytest.raises(ServiceRefused) as caught:
        importing(server, segments, Status="CREATED")
    assert caught.value.code == "no_client_token"
    assert not [each for each in server.asked if each[1] == "/store"]


@pytest.mark.parametrize(
    ("answer", "kind", "found", "sends"),
    [
        ((403, b"<Error><Code>AccessDenied</Code></Error>"), ServiceRefused, "HTTP 403 AccessDenied", 1),
        ((400, b"no XML"), ServiceRefused, "HTTP 400", 1),
        ((503, b"<Error><Code>SlowDown</Code></Error>"), NotSeen, "HTTP 503 SlowDown, 4 times", 4),
    ],
)
def test_what_the_store_says_is_told_without_the_url(server, answer, kind, found, sends):
    server.answers["PUT /store"] = answer
    with pytest.raises(kind) as caught:
        put_file(f"{server.url}/store?X-Amz-Signature=secret", token=TOKEN, content=sent(b"x"))
    assert found in caught.value.found
    assert "secret" not in str(caught.value)
    assert len(server.asked) == sends


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ({"Status": "FAILED", "Message": "no such column"}, "is FAILED: no such column"),
        ({"Status": "SUCCEEDED", "Estimate": "about 1000"}, "its count is 'about 1000'"),
        ({"Status": "SUCCEEDED"}, "its count is ''"),
    ],
)
def test_an_estimate_without_a_whole_number_is_no_count(server, segments, reply, found):
    server.answers |= {
        "POST /domains/crm/segment-estimates": (200, {"EstimateId": "e1"}),
        "/segment-estimates/e1": (200, reply),
    }
    with pytest.raises(ServiceUnavailable) as caught:
        segments.estimate({"Groups": []}, pace=PACE)
    assert found in caught.value.found
    assert caught.value.code == "estimate_failed"


def test_an_sql_definition_is_counted_by_its_query(server, segments):
    server.answers |= {
        "GET /domains/crm/segment-definitions/sql": (
            200,
            {"SegmentDefinitionArn": "arn:x", "CreatedAt": 1.8e9, "SegmentSqlQuery": "select 1"},
        ),
        "POST /domains/crm/segment-estimates": (200, {"EstimateId": "e1"}),
        "/segment-estimates/e1": (200, {"Status": "SUCCEEDED", "Estimate": "7"}),
    }
    found = segments.find("sql")
    assert segments.estimate(found.content, pace=PACE)[0] == 7
    [body] = [each[3] for each in server.asked if each[0] == "POST"]
    assert json.loads(body) == {"SegmentSqlQuery": "select 1"}


def test_polling_ends_with_patience_and_says_what_was_last_seen():
    def unseen():
        raise NotSeen("no answer", allowed="one", hint="wait")

    with pytest.raises(ServiceUnavailable) as caught:
        poll(unseen, pace=Pace(interval_s=0.01, patience_s=0.05), what="it is not there")
    assert caught.value.found == "it is not there after 0.05 seconds; the last answer was no answer"


def test_polling_stops_at_once_where_no_retry_can_heal():
    asked = []

    def refused():
        asked.append(1)
        raise ServiceRefused("no right", allowed="one", hint="ask")

    with pytest.raises(ServiceRefused):
        poll(refused, pace=PACE, what="it is not there")
    assert asked == [1]
