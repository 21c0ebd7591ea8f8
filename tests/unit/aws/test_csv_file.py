"""A file of customers, checked and copied: from where, in how many copies, with which repeated keys."""

from __future__ import annotations

import gzip
import logging
import os
from datetime import UTC, datetime, timedelta

import pytest

from connect_campaigns.aws import csv_copy, repeats
from connect_campaigns.aws.csv_check import CsvRules
from connect_campaigns.aws.csv_file import checked_copy
from connect_campaigns.aws.repeats import Repeats
from connect_campaigns.core.errors import InvalidInput, NotSeen, RetryableError

LOG = logging.getLogger("import")
HEADER = "id,city\n"


def checked(path, **rules):
    """Give what is sent, and what was found."""
    with checked_copy(str(path), rules=CsvRules(key_column="id", **rules), log=LOG) as file:
        for copy in file.copies:
            copy.content.rewind()
        return [b"".join(iter(copy.content.read, b"")).decode() for copy in file.copies], file


def written(folder, **parts):
    for name, content in parts.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def people(first, end):
    return "".join(f"c{number},Paris\n" for number in range(first, end))


def test_gzip_is_known_by_its_bytes_whatever_the_name(tmp_path):
    folder = written(tmp_path, plain=HEADER + people(0, 5), packed=gzip.compress((HEADER + people(0, 5)).encode()))
    plain, packed = checked(folder / "plain"), checked(folder / "packed")
    assert plain[0] == packed[0] == [HEADER + people(0, 5)]


def test_the_same_content_marks_the_same_people_plain_or_packed(tmp_path):
    folder = written(tmp_path, plain=HEADER + people(0, 5), packed=gzip.compress((HEADER + people(0, 5)).encode()))
    runs = {checked(folder / name, audience_run="r")[1].audience_run for name in ("plain", "packed")}
    assert len(runs) == 1


def test_parts_of_a_folder_or_with_a_common_beginning_are_one_file(tmp_path):
    folder = written(
        tmp_path,
        a_0=HEADER + people(0, 3),
        a_1=gzip.compress((HEADER + people(3, 5)).encode()),
        b_0=HEADER + people(5, 6),
        _SUCCESS="",
        a_manifest="{}",
    )
    assert checked(f"{folder}/a_*")[0] == [HEADER + people(0, 5)]
    assert checked(f"{folder}/")[0] == [HEADER + people(0, 6)]


def test_a_bad_row_of_a_part_is_told_with_the_part(tmp_path):
    folder = written(tmp_path, a_0=HEADER + people(0, 3), a_1=HEADER + "c9,Paris\nc1,Paris\n,Paris\n")
    _, file = checked(f"{folder}/", max_failed_rows=2)
    assert [str(problem) for problem in file.findings.first] == [
        "a_1, row 2 (line 3), column 'id': repeated key: an earlier row has it",
        "a_1, row 3 (line 4), column 'id': empty key: the profile can't be told from others",
    ]


@pytest.mark.parametrize("content", [b"city,id\nParis,c9\n", b"c9,Paris\n"])
def test_parts_with_different_headers_are_refused(tmp_path, content):
    folder = written(tmp_path, a_0=HEADER + people(0, 3), a_1=content)
    with pytest.raises(InvalidInput) as caught:
        checked(f"{folder}/")
    assert "a_1: the header is not that of a_0" in caught.value.found
    assert "c9" not in str(caught.value)


def test_a_file_too_large_for_one_import_becomes_several_each_with_the_header(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_copy, "MAX_BYTES", 700_000)
    folder = written(tmp_path, large=HEADER + people(0, 150_000))
    copies, file = checked(folder / "large")
    assert len(copies) == 4  # a block of rows stays together
    assert [copy.size for copy in file.copies] == [len(text) for text in copies]
    assert all(len(text) < 700_000 and text.startswith(HEADER) and text.endswith("\n") for text in copies)
    assert HEADER + "".join(text.removeprefix(HEADER) for text in copies) == HEADER + people(0, 150_000)
    assert sum(copy.rows for copy in file.copies) == file.findings.good == 150_000


def test_a_key_that_stands_again_far_away_is_found(tmp_path):
    folder = written(tmp_path, large=HEADER + people(0, 70_000) + people(7, 9))
    with pytest.raises(InvalidInput) as caught:
        checked(folder / "large")
    assert "2 of 70002 rows are bad (repeated key: 2)" in caught.value.found
    copies, file = checked(folder / "large", max_failed_rows=2)
    assert copies == [HEADER + people(0, 70_000)]
    assert [problem.line for problem in file.findings.first] == [70_002, 70_003]


def test_two_keys_with_one_hash_are_two_keys(tmp_path, monkeypatch):
    """A collision costs a second pass, and never a good file."""
    add = Repeats.add
    monkeypatch.setattr(Repeats, "add", lambda self, keys: add(self, ["c1" if key == "c2" else key for key in keys]))
    folder = written(tmp_path, file=HEADER + people(0, 5))
    assert checked(folder / "file")[0] == [HEADER + people(0, 5)]


def test_more_repeated_keys_than_can_be_compared_are_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr("connect_campaigns.aws.csv_file.MOST_SUSPECTS", 3)
    folder = written(tmp_path, file=HEADER + people(0, 5) * 3)
    with pytest.raises(InvalidInput) as caught:
        checked(folder / "file", max_failed_rows=100)
    assert "about 10 rows have the key of an earlier row" in caught.value.found


def test_repeats_finds_what_counting_finds_over_many_spills(monkeypatch):
    monkeypatch.setattr(repeats, "_BUFFERED", 100)
    keys = [f"c{number}" for number in [*range(2000), *range(0, 2000, 7), 5, 5]]
    with Repeats() as found:
        for start in range(0, len(keys), 37):
            found.add(keys[start : start + 37])
        suspects, beyond = found.suspects()
    assert suspects == {hash(key) for key in keys if keys.count(key) > 1}
    assert beyond == len(keys) - 2000


def test_a_file_that_is_written_to_meanwhile_is_not_sent(tmp_path, monkeypatch):
    path = written(tmp_path, file=HEADER + people(0, 5)) / "file"

    def suspects(_):
        path.write_text(HEADER + people(0, 6))
        return frozenset(), 0

    monkeypatch.setattr(Repeats, "suspects", suspects)
    with pytest.raises(RetryableError) as caught:
        checked(path)
    assert caught.value.code == "changed"


def test_a_part_that_comes_meanwhile_is_a_change_too(tmp_path, monkeypatch):
    written(tmp_path, a_0=HEADER + people(0, 5))

    def suspects(_):
        written(tmp_path, a_1=HEADER + people(5, 6))
        return frozenset(), 0

    monkeypatch.setattr(Repeats, "suspects", suspects)
    with pytest.raises(RetryableError) as caught:
        checked(f"{tmp_path}/a_*")
    assert caught.value.code == "changed"


def test_a_file_that_nobody_wrote_anew_is_refused(tmp_path):
    folder = written(tmp_path, a_0=HEADER + people(0, 5), a_1=HEADER + people(5, 6))
    day_old = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
    os.utime(folder / "a_1", (day_old, day_old))
    with pytest.raises(NotSeen, match=r"was written 25 hours ago .* at most 20 hours ago \(`max_file_age`\)"):
        checked(f"{folder}/", max_age=timedelta(hours=20))
    assert checked(folder / "a_0", max_age=timedelta(hours=20))[1].findings.good == 5
    assert checked(f"{folder}/")[1].findings.good == 6
