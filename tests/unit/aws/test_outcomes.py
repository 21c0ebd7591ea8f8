"""How a call ends: only what may have had an effect is unknown."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from botocore.exceptions import ClientError

from connect_campaigns.aws.outcomes import Kind, Outcome, classify, explain, send
from connect_campaigns.core.errors import FinalError, NotSeen, ServiceRefused, ServiceUnavailable


def client_error(code: str, status: int, **members) -> ClientError:
    reply = {"Error": {"Code": code, "Message": "text"}, "ResponseMetadata": {"HTTPStatusCode": status}, **members}
    return ClientError(reply, "StartCampaign")


ENDS = [
    (client_error("ThrottlingException", 429), Kind.THROTTLED),
    (client_error("SlowDown", 503), Kind.THROTTLED),
    (client_error("429", 429), Kind.THROTTLED),
    (client_error("InternalServerException", 500), Kind.UNKNOWN),
    (client_error("503", 503), Kind.UNKNOWN),
    (client_error("ConflictException", 409), Kind.REFUSED),
    (client_error("AccessDeniedException", 403), Kind.REFUSED),
    (client_error("ServiceQuotaExceededException", 402), Kind.REFUSED),
    (client_error("ExpiredTokenException", 400), Kind.REFUSED),
    (boto.NoCredentialsError(), Kind.REFUSED),
    (boto.EndpointConnectionError(endpoint_url="http://x"), Kind.UNKNOWN),
    (boto.ConnectionClosedError(endpoint_url="http://x"), Kind.UNKNOWN),
    (boto.ConnectTimeoutError(endpoint_url="http://x"), Kind.UNKNOWN),
    (boto.ReadTimeoutError(endpoint_url="http://x"), Kind.UNKNOWN),
    (boto.SSLError(endpoint_url="http://x", error="e"), Kind.UNKNOWN),
    (boto.ResponseStreamingError(error="e"), Kind.UNKNOWN),
]


@pytest.mark.parametrize(("error", "kind"), ENDS)
def test_how_a_failed_call_ends(error, kind):
    outcome = classify(error)
    assert outcome.kind is kind
    assert outcome.code


def test_the_state_of_a_409_is_kept():
    assert classify(client_error("InvalidCampaignStateException", 409, state="Running")).state == "Running"


@pytest.mark.parametrize(
    "bug",
    [
        KeyError("x"),
        boto.ParamValidationError(report="r"),
        boto.UnknownServiceError(service_name="x", known_service_names="y"),
    ],
)
def test_a_bug_is_no_outcome(bug):
    def call() -> None:
        raise bug

    with pytest.raises(type(bug)):
        send(call)


def test_a_process_s_end_is_not_caught():
    def call() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(call)


WORDS = [
    (Outcome(Kind.THROTTLED, code="ThrottlingException"), ServiceUnavailable, "throttled"),
    (Outcome(Kind.UNKNOWN, code="500"), NotSeen, "not_seen"),
    (Outcome(Kind.REFUSED, code="ExpiredTokenException"), NotSeen, "expired_credentials"),
    (Outcome(Kind.REFUSED, code="AccessDeniedException"), ServiceRefused, "access_denied"),
    (Outcome(Kind.REFUSED, code="ValidationException"), ServiceRefused, "ValidationException"),
]


@pytest.mark.parametrize(("outcome", "kind", "code"), WORDS)
def test_an_outcome_in_words_names_action_and_resource(outcome, kind, code):
    error = explain(outcome, action="connect-campaigns:StartCampaign", resource="campaign c-1")
    assert (type(error), error.code) == (kind, code)
    assert "connect-campaigns:StartCampaign" in error.found
    assert "campaign c-1" in error.found
    assert isinstance(error, FinalError) == (kind is ServiceRefused)
