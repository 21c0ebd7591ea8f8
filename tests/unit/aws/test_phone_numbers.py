"""Phone numbers as people write them: which become E.164, which are refused, which countries there are."""

from __future__ import annotations

import sys

import pytest

from connect_campaigns.aws.phone_numbers import region, rewriter
from connect_campaigns.core.errors import InvalidInput


@pytest.mark.parametrize(
    "number",
    [
        "(202) 555-0101",
        "202.555.0101",
        "2025550101",
        "1 202 555 0101",
        "12025550101",
        "+1 202 555 0101",
        "+1 (202) 555-0101",
        "011 1 202 555 0101",
        " 202\u00a0555\u00a00101 ",
    ],
)
def test_a_number_of_the_country_becomes_e164(number):
    assert rewriter("US")(number) == "+12025550101"


@pytest.mark.parametrize("number", ["+1 202 555 0101", "00 1 202 555 0101"])
def test_a_number_with_its_own_country_is_the_same_from_anywhere(number):
    assert rewriter("FR")(number) == "+12025550101"


@pytest.mark.parametrize(
    "number",
    [
        "555-0101",
        "1 555 0101",
        "(202) 555-010",
        "(202) 555-01011",
        "(102) 555-0101",
        "202-555-0101 x5",
        "202-555-CALL",
        "2025550101 / 2025550102",
        "+999 202 555 0101",
        "unknown",
        "-",
        "0",
        "2" * 60,
        "٢٠٢٥٥٥٠١٠١",
    ],
)
def test_what_is_no_one_number_to_call_is_none(number):
    assert rewriter("US")(number) is None


def test_a_country_is_read_in_either_case():
    assert (region("us"), region(" FR ")) == ("US", "FR")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("UK", "perhaps `GB`"),
        ("USA", "perhaps `US`"),
        ("Atlantis", "one of `AC`"),
        ("", "what it rendered to"),
        (33, "quotes"),
    ],
)
def test_what_is_no_country_is_told(value, hint):
    with pytest.raises(InvalidInput) as caught:
        region(value)
    assert f"`default_country` is {value!r}" in caught.value.found
    assert caught.value.allowed
    assert hint in caught.value.hint


def test_a_worker_without_the_library_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(InvalidInput) as caught:
        region("FR")
    assert "pip install phonenumbers" in caught.value.hint
