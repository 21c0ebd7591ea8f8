"""Our errors: three parts, and whole again after a journey between processes."""

from __future__ import annotations

import copy
import pickle

import pytest

from connect_campaigns._compat import AirflowFailException, AirflowSkipException
from connect_campaigns.core import errors
from connect_campaigns.core.errors import FinalError, InvalidInput, LaunchSkipped, RetryableError, ThreeParts
from connect_campaigns.core.launch import Act, table
from connect_campaigns.core.refusals import WORDS, refusal
from connect_campaigns.core.send_refusals import start_ended

ALL = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ThreeParts)]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("travel", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])  # noqa: S301
def test_an_error_travels_whole(kind, travel):
    there = travel(kind("found", allowed="allowed", hint="hint", code="code"))
    assert type(there) is kind
    assert (there.found, there.allowed, there.hint, there.code) == ("found", "allowed", "hint", "code")
    assert str(there) == "found\nallowed: allowed\nhint: hint"


@pytest.mark.parametrize("kind", [each for each in ALL if issubclass(each, FinalError)])
def test_a_final_error_is_one_that_airflow_never_retries(kind):
    assert issubclass(kind, AirflowFailException)


@pytest.mark.parametrize("kind", [each for each in ALL if issubclass(each, RetryableError)])
def test_a_retryable_error_is_retried(kind):
    assert not issubclass(kind, AirflowFailException)


def test_a_skip_is_airflow_s_own():
    assert issubclass(LaunchSkipped, AirflowSkipException)


def test_a_long_value_is_cut():
    assert len(InvalidInput.of("csv", "x" * 9999, allowed="a", hint="h").found) < 300


def test_every_reason_of_the_table_has_words():
    reasons = {action.reason for action in table().values() if action.act in {Act.REFUSE, Act.RETRY}}
    assert reasons <= set(WORDS)


@pytest.mark.parametrize("code", WORDS)
def test_every_refusal_says_all_three_parts(code):
    error = refusal(code, key="k", campaign="c-1", reading="Running")
    assert "{" not in str(error).replace("…", "")
    assert all((error.found, error.allowed, error.hint))
    assert error.code == code


@pytest.mark.parametrize(
    "code",
    [
        "ValidationException",
        "ConflictException",
        "InvalidCampaignStateException",
        "ResourceNotFoundException",
        "InternalServerException",
        "ConnectionClosedError",
    ],
)
def test_the_end_of_a_start_has_words_of_its_own(code):
    error = start_ended(code, "the service's text", "c-1", final=True)
    assert "the service's text" in error.found
    assert all((error.allowed, error.hint))


def test_the_words_of_starts_differ():
    ends = [
        start_ended(code, "", "c", final=False).code
        for code in (
            "ValidationException",
            "ConflictException",
            "InvalidCampaignStateException",
            "ResourceNotFoundException",
            "InternalServerException",
        )
    ]
    assert len(set(ends)) == len(ends)
