"""A file's rows: bytes to text, text to records, records to cells, cells to problems told without the values."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.columns import map_columns
from connect_campaigns.core.csv_text import LONGEST_LINE
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.row_checks import Checker
from connect_campaigns.core.rows import (
    LONGEST_RECORD,
    TOLD,
    Findings,
    Kind,
    Record,
    all_records,
    join,
    split,
)


def read(content):
    findings = Findings()
    return list(all_records(io.BytesIO(content).read, findings)), findings


def check(*rows, header=("id", "phone", "city", "note"), **options):
    checker = Checker(map_columns(header, key_column="id", **options))
    return [checker.row(Record(number, row)).problems for number, row in enumerate(rows, start=2)]


def kinds(*rows, **options):
    return [[problem.kind for problem in problems] for problems in check(*rows, **options)]


def test_a_byte_order_mark_is_taken_off_and_said():
    rows, findings = read(b"\xef\xbb\xbfid\n1\n")
    assert rows == [Record(1, "id"), Record(2, "1")]
    assert findings.byte_order_mark


def test_line_ends_of_both_kinds_and_a_missing_last_one_are_the_same():
    assert read(b"id\r\n1\r\n2")[0] == read(b"id\n1\n2\n")[0] == [Record(1, "id"), Record(2, "1"), Record(3, "2")]


def test_blank_lines_are_passed_over_and_counted_and_lines_keep_their_numbers():
    rows, findings = read(b"\nid\n\n1\n  \n")
    assert rows == [Record(2, "id"), Record(4, "1")]
    assert findings.blank_lines == 3


def test_a_quoted_value_may_hold_line_ends():
    rows, _ = read(b'id,note\n1,"two\nlines, ""quoted"""\n2,x\n')
    assert rows == [Record(1, "id,note"), Record(2, '1,"two\nlines, ""quoted"""'), Record(4, "2,x")]
    assert split(rows[1].text) == ["1", 'two\nlines, "quoted"']


def test_a_stray_quote_spoils_its_own_line_only():
    rows, _ = read(b'id,note\n1,5" pipe\n2,x\n3,6" pipe\n')
    assert [split(row.text) for row in rows] == [["id", "note"], None, ["2", "x"], None]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\xff\xfei\x00d\x00\n\x00", "UTF-16"),
        (b"\xfe\xff\x00i\x00d", "UTF-16"),
        (b"i\x00d\x00\n\x001\x00", "line 1, byte 2: a NUL byte"),
        (b"id\n1\nM\x00x\n", "line 3, byte 2: a NUL byte"),
        (b"id,name\n1,M\xfcller\n", "line 2, byte 4: byte 0xfc, which is no UTF-8"),
        (b"PK\x03\x04", "zip archive or a spreadsheet"),
        (b'id,note\n1,x\n2,"never closed\n3,x\n', "line 3: a quoted value opens here"),
        (b'id\n"' + b"x\n" * LONGEST_RECORD, "line 2: a quoted value opens here"),
        (b"id\r" * LONGEST_LINE, "line 1, byte"),
    ],
)
def test_what_is_no_csv_in_utf8_is_refused_with_its_place(content, found):
    with pytest.raises(InvalidInput) as caught:
        read(content)
    assert found in caught.value.found
    assert caught.value.allowed
    assert caught.value.hint


@pytest.mark.parametrize("text", ['a"b', '"a"b,c', '"a""', 'a,"b" ,c', ' "a"', "a\rb", '"a"\r,b'])
def test_quotes_and_line_ends_that_rfc_4180_does_not_have_are_no_record(text):
    assert split(text) is None


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_what_is_joined_is_split_again_as_the_csv_module_does_it(cells):
    line = join(cells)
    if line:  # one empty cell is an empty line, which is no record
        assert split(line) == cells
        assert next(csv.reader(io.StringIO(line, newline=""), strict=True)) == cells


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_as_invalid_input(content):
    try:
        rows, _ = read(content)
    except InvalidInput:
        return
    for row in rows:
        cells = split(row.text)
        assert cells is None or len(cells) >= 1


def test_good_rows_have_no_problem():
    assert kinds("1,+12025550101,Paris,", '2,,"Bad, Vöslau",x') == [[], []]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("1,+12025550101", Kind.RAGGED),
        ("1,+12025550101,Paris,x,y", Kind.RAGGED),
        ('1,+12025550101,"Paris,x', Kind.QUOTES),
        (",+12025550101,Paris,x", Kind.EMPTY_KEY),
        ("  ,+12025550101,Paris,x", Kind.EMPTY_KEY),
        ("1,(202) 555-0101,Paris,x", Kind.PHONE),
        ("1,12025550101,Paris,x", Kind.PHONE),
        ("1,1.2E+10,Paris,x", Kind.PHONE),
        ("1,+0202555010,Paris,x", Kind.PHONE),
        ("1,+1202555010100000,Paris,x", Kind.PHONE),
        ("1,+١٢٠٢٥٥٥٠١٠١,Paris,x", Kind.PHONE),
        (f"1,+12025550101,Paris,{'x' * 256}", Kind.TOO_LONG),
    ],
)
def test_each_kind_of_bad_row_is_found(row, kind):
    assert kinds(row) == [[kind]]


def test_a_repeated_key_is_the_later_rows_problem():
    assert kinds("1,,a,", "2,,a,", "1,,b,") == [[], [], [Kind.REPEATED_KEY]]


def test_lengths_are_counted_in_characters_and_only_where_a_column_is_sent():
    assert kinds(f"1,,{'ü' * 255},") == [[]]
    assert kinds(f"1,,x,{'y' * 300}", columns={"city": "Address.City"}) == [[]]


def test_a_row_may_have_several_problems():
    assert kinds(f",123,x,{'x' * 300}") == [[Kind.EMPTY_KEY, Kind.PHONE, Kind.TOO_LONG]]


def test_problems_name_row_line_and_column_and_never_the_value():
    secret = "(202) 555-0142"
    [[problem]] = check(f"1,{secret},Paris,x")
    assert str(problem).startswith("row 1 (line 2), column 'phone': phone number not E.164")
    assert "555" not in str(problem)


def test_all_bad_rows_are_counted_and_the_first_are_kept():
    findings = Findings()
    for problems in check(*(f"{number},123,x,y" for number in range(TOLD + 5))):
        findings.add(problems)
    assert (findings.bad, len(findings.first)) == (TOLD + 5, TOLD)
    assert findings.summary == f"phone number not E.164: {TOLD + 5}"


def sent(row, header=("id", "Marital (Status)", "note"), rewrite=None, **options):
    checker = Checker(map_columns(header, key_column="id", **options), rewrite=rewrite)
    record = Record(2, row)
    return checker.sent(record, checker.row(record))


def test_a_row_is_sent_as_it_stands_unless_columns_differ():
    assert sent('1,"x"', ("id", "note")) == '1,"x"'
    assert sent("1", ("id",), audience_run="r, 1") == "1"
    assert sent('1,a,"b"""', rename=True, audience_run="r, 1") == '1,a,"b"""'
    assert sent("1,a,b", columns={"note": "Attributes.n"}) == "1,b"


def digits(number):
    """Stand in for the library: what has ten digits is a number."""
    found = "".join(filter(str.isdigit, number))
    return f"+1{found}" if len(found) == 10 else None


PHONES = ("id", "phone", "mobile", "note")


@pytest.mark.parametrize(
    ("row", "out"),
    [
        ("1,(202) 555-0101,,x", "1,+12025550101,,x"),
        ("1,+12025550101,202 555 0102,x", "1,+12025550101,+12025550102,x"),
        ('1,202.555.0101,,"a ""b"", c"', '1,+12025550101,,"a ""b"", c"'),
        ('"1","+12025550101",,x', '"1","+12025550101",,x'),
    ],
)
def test_numbers_as_people_write_them_are_rewritten_and_the_rest_of_the_row_stays(row, out):
    assert sent(row, PHONES, digits) == out


def test_numbers_and_those_rewritten_are_counted():
    checker = Checker(map_columns(PHONES, key_column="id"), rewrite=digits)
    rows = [checker.row(Record(2, row)) for row in ("1,202 555 0101,+12025550102,", "2,,,", "3,2025550103,2025550104,")]
    assert [(row.phones, row.rewritten) for row in rows] == [(2, 1), (0, 0), (2, 2)]


@pytest.mark.parametrize("number", ["1.5551E+10", "1.5551e+10", "1,5551E+10", "15551E6"])
@pytest.mark.parametrize("rewrite", [None, lambda _: "+12025550101"])
def test_what_a_spreadsheet_rounded_is_refused_whoever_would_rewrite_it(number, rewrite):
    checker = Checker(map_columns(PHONES, key_column="id"), rewrite=rewrite)
    [problem] = checker.row(Record(2, f'1,"{number}",,x')).problems
    assert (problem.kind, problem.column) == (Kind.PHONE, "phone")
    assert "digits are lost" in problem.detail
    assert number not in str(problem)
