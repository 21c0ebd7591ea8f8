"""`assess`: figures against thresholds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.outcome import (
    CampaignFigures,
    OutcomeVerdict,
    Thresholds,
    assess,
    has_audience,
    question,
)

MET, SHORT, UNKNOWN, NOT_APPLICABLE = (
    OutcomeVerdict.MET,
    OutcomeVerdict.SHORT,
    OutcomeVerdict.UNKNOWN,
    OutcomeVerdict.NOT_APPLICABLE,
)

CASES = [
    # targeted, attempted, thresholds, audience, verdict, words that the reason has
    (500, 500, {}, True, MET, "no threshold"),
    (None, None, {}, True, UNKNOWN, "no threshold"),
    (500, 500, {"min_targeted": 500}, True, MET, "targeted 500 (at least 500 asked)"),
    (499, 499, {"min_targeted": 500}, True, SHORT, "targeted 499 (at least 500 asked)"),
    (500, 399, {"min_attempted": 400}, True, SHORT, "attempted 399 (at least 400 asked)"),
    (500, 400, {"min_attempted": 400}, True, MET, "attempted 400"),
    (500, 399, {"min_attempted_percent": 80}, True, SHORT, "attempted percent 79.8 (at least 80 asked)"),
    (500, 400, {"min_attempted_percent": 80}, True, MET, "attempted percent 80.0"),
    (0, 0, {"min_attempted_percent": 1}, True, SHORT, "attempted percent 0.0"),
    (0, 0, {"min_attempted_percent": 0}, True, MET, "0.0"),
    (0, 0, {"min_targeted": 1}, True, SHORT, "targeted 0"),
    (None, None, {"min_attempted": 0}, True, UNKNOWN, "attempted unknown"),
    (500, None, {"min_targeted": 1, "min_attempted": 1}, True, UNKNOWN, "targeted 500"),
    (1, None, {"min_targeted": 2, "min_attempted": 1}, True, SHORT, "attempted unknown"),
    (None, 50, {"min_targeted": 1}, False, NOT_APPLICABLE, "not applicable"),
    (None, 50, {"min_attempted_percent": 80}, False, NOT_APPLICABLE, "not applicable"),
    (None, 50, {"min_targeted": 1, "min_attempted": 50}, False, MET, "attempted 50"),
    (None, 49, {"min_targeted": 1, "min_attempted": 50}, False, SHORT, "not applicable"),
    (None, None, {"min_attempted": 50}, False, UNKNOWN, "attempted unknown"),
]


@pytest.mark.parametrize(("targeted", "attempted", "thresholds", "audience", "verdict", "words"), CASES)
def test_verdict_and_words(targeted, attempted, thresholds, audience, verdict, words):
    figures = CampaignFigures(targeted=targeted, attempted=attempted)
    assessment = assess(figures, Thresholds(**thresholds), audience=audience)
    assert assessment.verdict is verdict
    assert words in assessment.reason


counts = st.one_of(st.none(), st.integers(0, 10_000))


@given(counts, counts, counts, counts, st.one_of(st.none(), st.floats(0, 100)))
def test_met_means_that_every_threshold_holds(targeted, attempted, min_targeted, min_attempted, percent):
    figures = CampaignFigures(targeted=targeted, attempted=attempted)
    thresholds = Thresholds(min_targeted=min_targeted, min_attempted=min_attempted, min_attempted_percent=percent)
    if assess(figures, thresholds, audience=True).verdict is MET:
        assert min_targeted is None or (targeted is not None and targeted >= min_targeted)
        assert min_attempted is None or (attempted is not None and attempted >= min_attempted)
        assert percent is None or (figures.attempted_percent() is not None and figures.attempted_percent() >= percent)


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_more_attempts_never_worsen_a_verdict(targeted, attempted, least):
    thresholds = Thresholds(min_attempted=least, min_attempted_percent=50)
    low = assess(CampaignFigures(targeted=targeted, attempted=attempted), thresholds, audience=True)
    high = assess(CampaignFigures(targeted=targeted, attempted=attempted + 1), thresholds, audience=True)
    assert not (low.verdict is MET and high.verdict is not MET)


def test_figures_in_words_say_what_is_unknown():
    assert CampaignFigures().text() == "targeted unknown, attempted unknown"
    assert CampaignFigures(targeted=3, attempted=1).text() == "targeted 3, attempted 1 (33.3 %)"


def test_question_names_the_instance_of_the_campaigns_own_partition_and_ends_now():
    now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    arn = "arn:aws-iso:connect-campaigns:eu-west-2:123456789012:campaign/c-1"
    asked = question(campaign_arn=arn, config={"connectInstanceId": "i-1"}, now=now)
    assert asked["instance_arn"] == "arn:aws-iso:connect:eu-west-2:123456789012:instance/i-1"
    assert (asked["campaign_arn"], asked["end"]) == (arn, now)
    assert asked["end"] - asked["start"] == timedelta(days=35)


def test_only_segment_campaigns_have_an_audience_to_count():
    assert has_audience({"source": {"customerProfilesSegmentArn": "arn:…"}})
    assert not has_audience({"source": {"eventTrigger": {"customerProfilesDomainArn": "arn:…"}}})
    assert not has_audience({})
