"""A block checked at once says the same as its rows checked one by one, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.columns import map_columns
from connect_campaigns.core.csv_text import BLOCK, Block, blocks
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.plain_rows import PlainRows
from connect_campaigns.core.row_checks import Checker
from connect_campaigns.core.rows import Findings, records

HEADER = ("id", "phone", "city", "note")
MAPPINGS = {
    "as in the file": {},
    "marked": {"audience_run": "r, 1"},
    "narrowed": {"columns": {"city": "Address.City"}},
    "the key alone": {"columns": {"id": "AccountNumber"}},
}
cell = st.one_of(
    st.sampled_from(["", " ", "1", "2", "+12025550101", "2025550101", "x" * 256, "é", '"a,b"', 'a"', "a\rb"]),
    st.text("ab1+", max_size=4),
)
row = st.lists(cell, min_size=3, max_size=5).map(",".join)


def by_rows(mapping, text):
    checker, findings = Checker(mapping, suspects=frozenset()), Findings()
    found, rest = records(Block(1, text), findings)
    seen = [(record, checker.row(record)) for record in found]
    good = not rest and not findings.blank_lines and not any(row.problems for _, row in seen)
    return good, [checker.sent(record, row) for record, row in seen if not row.problems]


@pytest.mark.parametrize("case", MAPPINGS)
@given(rows=st.lists(row, min_size=1, max_size=4), end=st.sampled_from(["\n", "\r\n"]))
def test_what_it_calls_good_is_good_row_by_row_and_sent_alike(case, rows, end):
    mapping = map_columns(HEADER, key_column="id", **MAPPINGS[case])
    text = "".join(f"{row}{end}" for row in rows)
    plain = PlainRows(mapping).read(text)
    good, sent = by_rows(mapping, text)
    if plain is not None:
        assert good
        assert list(plain.sent) == sent
        assert len(plain.keys) == len(rows)
    elif '"' not in text and "\r" not in text.replace("\r\n", ""):
        assert not good


@pytest.mark.parametrize("bad", ["", ",+12025550101,a,b", "3,2025550101,a,b", "3,,a", f"3,,{'x' * 256},b", '3,,"a",b'])
def test_one_row_that_it_cannot_judge_is_enough_to_leave_the_block(bad):
    plain = PlainRows(map_columns(HEADER, key_column="id"))
    good = "1,+12025550101,a,b\n2,,a,b\n"
    assert plain.read(good)
    assert plain.read(f"{good}{bad}\n") is None


def test_a_block_with_a_suspected_key_is_left():
    mapping = map_columns(HEADER, key_column="id")
    assert PlainRows(mapping, suspects=frozenset({hash("2")})).read("1,,a,b\n2,,a,b\n") is None
    assert PlainRows(mapping, suspects=frozenset({hash("3")})).read("1,,a,b\n2,,a,b\n")


def in_pieces(content, size):
    """Read as a file does that never gives more than so many bytes."""
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return lambda _: pieces.pop(0) if pieces else b""


@given(st.lists(st.sampled_from(["a", "é", "\n", "\r\n", "xyz"]), max_size=30), st.integers(1, 7))
def test_blocks_are_whole_lines_and_all_of_the_file(parts, size):
    text = "".join(parts)
    seen = list(blocks(in_pieces(text.encode(), size)))
    assert "".join(block.text for block in seen) == text
    assert all(block.text.endswith("\n") for block in seen[:-1])
    assert [block.line for block in seen] == [
        1 + "".join(each.text for each in seen[:at]).count("\n") for at in range(len(seen))
    ]


def test_places_are_told_in_later_blocks_as_in_the_first():
    content = b"id,name\n" + b"1,abcdefgh\n" * (BLOCK // 8) + b"2,M\xfcller\n"
    with pytest.raises(InvalidInput) as caught:
        list(blocks(in_pieces(content, BLOCK)))
    assert caught.value.found.startswith(f"line {BLOCK // 8 + 2}, byte 4: byte 0xfc")
