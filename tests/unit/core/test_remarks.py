"""What is told of a good file: counts that decide whom a segment finds and whom a campaign calls, and nobody's data."""

from __future__ import annotations

import pytest

from connect_campaigns.core import remarks
from connect_campaigns.core.columns import map_columns
from connect_campaigns.core.remarks import Remarks


def told(*columns, shared_numbers=0, **options):
    """Give what is told of a file with these columns (header, cells), as (warning, text)."""
    header = [name for name, _ in columns]
    seen = Remarks(map_columns(header, key_column="id", **options))
    rows = len(columns[0][1])
    for start in range(0, rows, 10):
        seen.take(len(columns[0][1][start : start + 10]), lambda place, at=start: columns[place][1][at : at + 10])
    return [tuple(remark) for remark in seen.tell(shared_numbers=shared_numbers)]


def ids(number):
    return ("id", [f"c{each}" for each in range(number)])


def one(*columns, **options):
    [(warning, text)] = told(*columns, **options)
    return warning, text


PHONES = ("phone", ["+12025550101"] * 40)


def test_a_good_file_leaves_nothing_to_say():
    assert told(ids(40), PHONES, ("Balance", [str(each) for each in range(40)])) == []


def test_values_of_a_column_with_few_are_shown_with_their_counts():
    warning, text = one(ids(40), PHONES, ("Country", ["US"] * 20 + ["USA"] * 16 + ["France"] * 4))
    assert (warning, text) == (False, "column 'Country': US 20 · USA 16 · France 4")


def test_values_that_differ_by_case_or_blanks_alone_are_a_warning():
    warning, text = one(ids(40), PHONES, ("Loan", ["yes"] * 30 + ["Yes"] * 6 + ["yes "] * 4))
    assert warning
    assert text.startswith("column 'Loan': yes 30 · Yes 6 · 'yes ' 4; some differ only by case or blanks")


def test_rare_values_and_empty_ones_are_counted_and_long_lists_are_cut():
    _, text = one(
        ids(200), ("phone", PHONES[1] * 5), ("x", [""] * 50 + [f"v{each:02}" for each in range(12)] * 12 + ["rare"] * 6)
    )
    assert text.endswith("v09 12 · (empty) 50 · 3 more values")
    _, text = one(ids(40), PHONES, ("x", ["a"] * 38 + ["b"] * 2))
    assert text == "column 'x': a 38 · 1 more values"


@pytest.mark.parametrize(
    "header",
    [
        "first_name",
        "LastName",
        "email",
        "city",
        "zip",
        "Address1",
        "AccountNumber",
        "BusinessName",
        "id2",
        "contact_email",
    ],
)
def test_personal_columns_are_never_shown(header):
    options = {"columns": {"phone": "PhoneNumber", header: "Attributes.email"}} if header == "contact_email" else {}
    columns = {"id2": ("key_column", "id2")}.get(header)
    secret = ["Ann"] * 20 + ["ann"] * 20
    mapping = map_columns(["id", "phone", header], key_column=columns[1] if columns else "id", **options)
    seen = Remarks(mapping)
    seen.take(40, lambda place: [ids(40)[1], PHONES[1], secret][place])
    assert [remark for remark in seen.tell(shared_numbers=0) if "nn" in remark.text.split(":")[-1]] == []


def test_a_column_of_names_or_notes_is_no_choice_among_a_few_words():
    assert told(ids(40), PHONES, ("note", [""] * 30 + [f"note {each}" for each in range(10)])) == []


def test_cells_that_numeric_comparisons_find_nothing_in_are_counted():
    warning, text = one(ids(40), PHONES, ("Balance", [str(each) for each in range(36)] + ["1,000", "5 €", "n/a", ""]))
    assert warning
    assert text.startswith("column 'Balance': 3 of 40 values are no numbers to the service: EQUAL, GREATER_THAN")


def test_a_column_of_words_is_no_column_of_numbers():
    assert told(ids(40), PHONES, ("note", [str(each) for each in range(20)] + [f"x{each}" for each in range(20)])) == []


@pytest.mark.parametrize("header", ["signup", "BirthDate"])
def test_dates_that_read_two_ways_or_to_people_only_are_counted(header):
    dates = ["2026-02-01T00:00:00Z"] * 30 + ["01/02/2026"] * 7 + ["31/12/2026"] * 3
    texts = [text for warning, text in told(ids(40), PHONES, (header, dates)) if warning]
    assert texts[0].startswith(f"column {header!r}: 7 of 40 values are dates that read two ways")
    assert texts[1].startswith(f"column {header!r}: 3 of 40 values are dates to people only")


def test_rows_of_which_the_service_cannot_tell_the_time_zone_are_counted():
    phones = ["+12025550101"] * 20 + [""] * 20
    places = [("Country", ["US"] * 30 + [""] * 10), ("zip", ["20001"] * 25 + [""] * 15)]
    texts = [text for warning, text in told(ids(40), ("phone", phones), *places) if warning]
    assert texts[0].startswith("15 of 40 rows have neither a phone number nor Country and PostalCode")
    alone = [text for warning, text in told(ids(40), ("phone", phones)) if warning]
    assert alone[0].startswith("20 of 40 rows have neither")
    two = [text for warning, text in told(ids(40), ("phone", phones), ("mobile", phones[::-1])) if warning]
    assert two == []


def test_a_file_that_says_nothing_of_where_people_live_is_no_warning():
    warning, text = one(ids(40), ("note", ids(40)[1]))
    assert not warning
    assert text.startswith("no column goes to a phone number")


def test_rows_that_share_a_phone_number_are_counted():
    warning, text = one(ids(40), PHONES, shared_numbers=39)
    assert warning
    assert text.startswith("39 of 40 rows have a phone number that an earlier row has: these are several profiles")


def test_a_number_that_stands_twice_in_one_row_is_one():
    seen = Remarks(map_columns(["id", "phone", "mobile"], key_column="id"))
    cells = [["a", "b"], ["+12025550101", "+12025550102"], ["+12025550101", ""]]
    assert sorted(seen.numbers(cells.__getitem__)) == ["+12025550101", "+12025550102"]


def test_of_a_long_file_a_part_is_looked_at_and_that_is_said(monkeypatch):
    monkeypatch.setattr(remarks, "LOOKED_AT_WHOLE", 20)
    _, text = one(ids(400), ("phone", PHONES[1] * 10), ("Country", ["US"] * 400))
    assert text == "column 'Country', 40 of 400 rows looked at: US 40"
