"""The demo's CSV: a user's own file made usable in a copy, or refused before anything starts."""

from __future__ import annotations

import csv
import logging
import os
import re
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.aws.csv_check import CsvRules
from connect_campaigns.aws.csv_file import checked_copy
from connect_campaigns.core.columns import safe_names
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import standard_field
from demo import customers, environment, own_csv, run
from demo.own_csv import usable
from demo.segment import check_columns, fields_of

FICTION = re.compile(r"\+1[2-9]\d\d55501\d\d")


def made(tmp_path, content, **options):
    """Make a file usable; give what was done, and the copy's rows as Python's csv reads them."""
    source = tmp_path / "own.csv"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = source.read_bytes()
    file = usable(source, copy=tmp_path / "copy.csv", **options)
    assert source.read_bytes() == before
    with file.path.open(encoding="utf-8", newline="") as copy:
        return file, list(csv.DictReader(copy))


def test_a_file_that_is_usable_is_copied_as_it_stands(tmp_path):
    content = 'customer_id,phone,note\n1,+12025550100,"a, ""b"""\n2,,\n'
    file, _ = made(tmp_path, content)
    assert file.path.read_text() == content
    assert [column.original for column in file.columns] == ["customer_id", "phone", "note"]


def test_missing_key_and_phone_are_made(tmp_path):
    file, rows = made(tmp_path, "Age,Job\n30,cook\n31,clerk\n")
    assert file.key_column == "customer_id"
    assert [row["customer_id"] for row in rows] == ["000000001", "000000002"]
    assert all(FICTION.fullmatch(row["phone"]) for row in rows)
    assert [row["Job"] for row in rows] == ["cook", "clerk"]


@pytest.mark.parametrize("header", ["Customer ID", "client-id", "ID", "customer_id", "account_id"])
def test_a_key_that_is_there_is_the_key(tmp_path, header):
    file, rows = made(tmp_path, f"{header},phone\nk1,+12025550100\n")
    assert rows[0][file.key_column] == "k1"
    assert len(file.columns) == 2


def test_of_two_keys_the_one_that_says_more_is_taken(tmp_path):
    file, _ = made(tmp_path, "id,customer_id,phone\n1,c1,\n1,c2,\n")
    assert file.key_column == "customer_id"


@pytest.mark.parametrize("header", ["phone", "Mobile", "PhoneNumber", "home phone", "business_phone"])
def test_a_phone_that_is_there_is_kept(tmp_path, header):
    file, rows = made(tmp_path, f"id,{header}\n1,+33155501234\n")
    assert len(file.columns) == 2
    assert rows[0][file.columns[1].name] == "+33155501234"


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("id,phone,Marital (Status)", ["id", "phone", "Marital_Status"]),
        ("id,phone,a.b", ["id", "phone", "a_b"]),
        ("id,phone,first  word", ["id", "phone", "first_word"]),
        ("id,phone,[x]", ["id", "phone", "x"]),
        ("id,phone,", ["id", "phone", "column_3"]),
        ("id,phone,a,a", ["id", "phone", "a", "a_2"]),
        ("id,phone,audience_run", ["id", "phone", "audience_run_2"]),
        ("id,phone,telephone", ["id", "phone", "telephone_2"]),
        ("id,phone,city,Address.City", ["id", "phone", "city", "Address_City_2"]),
    ],
)
def test_unusable_headers_are_renamed(tmp_path, header, names):
    columns = header.count(",") + 1
    file, _ = made(tmp_path, header + "\n" + ",".join(["k", "+12025550100", *"vvvvv"][:columns]) + "\n")
    assert [column.name for column in file.columns] == names
    assert [column.original for column in file.columns] == header.split(",")


def test_more_columns_than_the_service_takes_are_left_out_but_not_those_of_the_segment(tmp_path):
    names = [f"c{each}" for each in range(40)]
    file, rows = made(tmp_path, ",".join(names) + "\n" + ",".join(names) + "\n", wanted=("c39",))
    assert len(file.columns) == 24  # the import adds audience_run
    assert [column.name for column in file.columns[:3]] == ["customer_id", "phone", "c0"]
    assert rows[0]["c39"] == "c39"
    assert len(file.left_out) == 18
    assert set(file.left_out) | set(rows[0]) == {*names, "customer_id", "phone"}


def test_values_over_several_lines_and_blank_lines_stay_apart(tmp_path):
    file, rows = made(tmp_path, b'\xef\xbb\xbfid,phone,note\r\n\r\n1,+12025550100,"two\r\nlines"\r\n2,,x\r\n')
    assert file.rows == 2
    assert [row["id"] for row in rows] == ["1", "2"]
    assert rows[0]["note"].splitlines() == ["two", "lines"]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)


def is_other(word: str) -> bool:
    """Whether a header is neither a key's, whose values here repeat, nor a standard field's, which might be a phone."""
    name = safe_names([word])[0].lower().replace("_", "").replace("-", "")
    return name not in own_csv._KEYS and not standard_field(word)


headers = texts.filter(is_other) | st.sampled_from(
    ["city", "Address.City", "zip", "First Name", "FirstName", "audience_run", "a.b", "a b", "A", "a"]
)


@given(
    header=st.lists(headers, min_size=2, max_size=30),
    rows=st.lists(st.lists(texts, min_size=30, max_size=30), min_size=1, max_size=4),
)
def test_what_is_made_usable_is_what_the_import_takes(tmp_path_factory, header, rows):
    folder = tmp_path_factory.mktemp("usable")
    source = folder / "own.csv"
    with source.open("w", encoding="utf-8", newline="") as content:
        writer = csv.writer(content, lineterminator="\n")
        writer.writerows([header, *(["x", *row[1 : len(header)]] for row in rows)])
    file = usable(source, copy=folder / "copy.csv")
    assert file.rows == len(rows)
    rules = CsvRules(key_column=file.key_column, audience_run="demo")
    with checked_copy(str(file.path), rules=rules, log=logging.getLogger()) as checked:
        assert checked.findings.good == file.rows
        assert not checked.findings.bad


# -- customers who don't exist ----------------------------------------------------------------------------------------


def test_made_up_customers_are_always_the_same(tmp_path):
    for name in ("a", "b"):
        customers.write_customers(tmp_path / name, number=300)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_made_up_customers_need_nothing_done_and_their_segment_fits(tmp_path):
    customers.write_customers(tmp_path / "made.csv")
    file = usable(tmp_path / "made.csv", copy=tmp_path / "copy.csv")
    assert file.rows == customers.CUSTOMERS
    assert file.path.read_bytes() == (tmp_path / "made.csv").read_bytes()
    check_columns(fields_of(customers.SEGMENT), file.columns)


@given(st.integers(min_value=0, max_value=10**9))
def test_numbers_are_from_the_range_kept_for_fiction(number):
    phone = customers.fictional_phone(number)
    assert FICTION.fullmatch(phone)
    assert phone[3:5] != "11"  # N11 is no area code
    assert phone[2:5] not in {"800", "888", "877", "900", "555"}


def test_numbers_come_again_only_after_all_of_them():
    assert len({customers.fictional_phone(each) for each in range(customers.NUMBERS)}) == customers.NUMBERS


# -- bad input: told in three parts, before anything starts -----------------------------------------------------------


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Give a function that runs the demo's command and returns its status and stderr; nothing may start."""

    def show(*_):
        pytest.fail("the demo went on with this file")

    monkeypatch.setattr(run, "show", show)
    variables, handlers = dict(os.environ), [(each, signal.getsignal(each)) for each in (signal.SIGINT, signal.SIGTERM)]

    def call(*arguments):
        status = run.main(["--home", str(tmp_path / "home"), *map(str, arguments)])
        return status, capsys.readouterr().err

    yield call
    os.environ.clear()
    os.environ.update(variables)
    for number, handler in handlers:
        signal.signal(number, handler)


BAD = {
    "an empty file": (b"", "the file is empty"),
    "nothing but blank lines": (b"\n\n", "the file is empty"),
    "a header alone": (b"id,phone\n", "no row of data"),
    "a row that is short": (b"id,phone,city\n1,+12025550100,x\n2,+12025550101\n", "row 2 (line 3)"),
    "a row that is long": (b"id,phone\n1,+12025550100,x\n", "3, the header has 2"),
    "a quote in a value": (b'id,phone,size\n1,,5" pipe\n', "row 1 (line 2)"),
    "a quote left open": (b'id,phone\n1,"+12025550100\n', "line 2"),
    "Latin-1": ("id,phone,name\n1,,Zoé\n".encode("latin-1"), "line 2, byte 6"),
    "UTF-16": ("id,phone\n1,\n".encode("utf-16"), "UTF-16"),
    "a spreadsheet": (b"PK\x03\x04....", "a spreadsheet"),
    "a NUL": (b"id,phone\n1\0,\n", "line 2, byte 2"),
    "a key twice": (b"id,phone\n1,\n2,\n\n1,\n", "row 3 (line 5), column 'id': repeated key"),
    "a key that is empty": (b"id,phone\n,+12025550100\n", "empty key"),
    "a phone that isn't E.164": (b"id,phone\n1,(202) 555-0100\n", "column 'phone': phone number not E.164"),
    "a value that is too long": (b"id,phone,note\n1,," + b"x" * 300 + b"\n", "300 characters, at most 255"),
    "semicolons": (b"id;phone;city\n1;;Paris\n", "one column"),
    "bad quotes in the header": (b'id,"phone" x\n1,\n', "the header"),
    "old Mac line ends": (b"id,phone\r1,\r2,\r", "the header"),
}


@pytest.mark.parametrize(("content", "found"), BAD.values(), ids=BAD)
def test_a_bad_file_is_told_in_three_parts_and_nothing_starts(command, tmp_path, content, found):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    status, said = command("--csv", path)
    assert status == 1
    assert found in said
    assert str(path) in said
    assert "\nallowed: " in said
    assert "\nhint: " in said
    assert path.read_bytes() == content
    assert not [left.name for left in (tmp_path / "home").iterdir() if left.name != "lock"]


def test_a_bad_value_is_never_printed(command, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("id,phone\n1,0033 6 secret number\n")
    _, said = command("--csv", path)
    assert "secret" not in said


def test_many_bad_rows_are_counted_and_the_first_are_told(command, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("id,phone\n" + "1\n" * 200)
    _, said = command("--csv", path)
    assert "200 of 200 rows are bad" in said
    assert said.count("wrong number of cells: 1") == 5


TYPED_WRONG = {
    "no such file": (["--csv", "nowhere.csv"], "doesn't exist"),
    "a folder": (["--csv", "."], "is no file"),
    "another machine's file": (["--csv", "s3://bucket/customers.csv"], "doesn't exist"),
    "a segment without operator": (["--segment", "country"], "an operator is missing"),
    "a segment that compares words": (["--segment", "balance>much"], "a comparison needs one number"),
    "a segment with a stray comma": (["--segment", "country=US,"], "a name is missing"),
    "a segment on a column that isn't there": (["--segment", "Plan=pro"], "perhaps `plan`"),
    "a segment on a date": (["--segment", "BirthDate>1"], "can't be compared"),
}


@pytest.mark.parametrize(("arguments", "found"), TYPED_WRONG.values(), ids=TYPED_WRONG)
def test_what_is_typed_wrong_is_told_and_ends_with_the_status_of_usage(command, arguments, found):
    status, said = command(*arguments)
    assert status == 2
    assert found in said
    assert "\nallowed: " in said
    assert "\nhint: " in said


def test_a_segment_names_columns_as_the_copy_does(command, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("Marital (Status)\nsingle\n")
    status, said = command("--csv", path, "--segment", "Marital (Status)=single")
    assert status == 2
    assert "write `Marital_Status`" in said


def test_an_unknown_option_is_usage(command):
    with pytest.raises(SystemExit) as ended:
        command("--speed", "9")
    assert ended.value.code == 2


def test_one_demo_at_a_time_in_a_folder(command, tmp_path):
    with run.only_one_demo(tmp_path / "home"):
        status, said = command()
    assert status == 1
    assert "another demo is running" in said


def test_nothing_of_the_users_own_aws_settings_is_used(command, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", "elsewhere")
    command("--segment", "x")
    assert "AWS_PROFILE" not in os.environ
    assert "AIRFLOW__CORE__DAGS_FOLDER" not in os.environ
    assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_the_default_segment_is_for_the_made_up_customers_only():
    assert run.read_options([]).segment == customers.SEGMENT
    assert run.read_options(["--csv", "x.csv"]).segment == ""
    assert run.read_options([]).dags == Path(run.__file__).resolve().parents[1] / "dags"


# -- the environment --------------------------------------------------------------------------------------------------

REFUSED = [
    ("https://connect-campaigns.us-east-1.amazonaws.com", None),
    ("http://127.0.0.1.nip.io:4599", None),
    ("http://127.0.0.1@example.com", None),
    ("http://0.0.0.0:4599", None),
    ("http://10.0.0.7:4599", None),
    ("http://emulator:4599", None),
    ("http://emulator:4599", "other"),
    ("http://s3.amazonaws.com", "s3.amazonaws.com"),
    ("http://10.0.0.7:4599", "10.0.0.7"),
    ("ftp://127.0.0.1", None),
    ("127.0.0.1:4599", None),
    ("", None),
]


@pytest.mark.parametrize(("endpoint", "host"), REFUSED)
def test_other_endpoints_than_this_machines_are_refused(endpoint, host):
    with pytest.raises(InvalidInput) as caught:
        environment.check_endpoint(endpoint, allow_host=host)
    assert caught.value.allowed
    assert caught.value.hint


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("http://127.0.0.1:4599", None),
        ("http://localhost:1", None),
        ("http://[::1]:1", None),
        ("http://emulator:4599", "emulator"),
    ],
)
def test_an_emulator_here_or_by_its_service_name_is_allowed(endpoint, host):
    environment.check_endpoint(endpoint, allow_host=host)


def test_preparing_twice_changes_nothing_and_starts_nothing(emulator):
    said: list[str] = []
    first = environment.prepare(emulator.url, log=said.append)
    made = {name: count["effects"] for name, count in emulator.counts().items() if name != "s3.PutObject"}
    again = environment.prepare(emulator.url, log=said.append)
    assert again == first
    assert {name: count["effects"] for name, count in emulator.counts().items() if name != "s3.PutObject"} == made
    assert emulator.effects("StartCampaign") == 0
    assert [line.rpartition(": ")[2] for line in said[3:]] == ["is there"] * 3
    state = emulator.client("connectcampaignsv2").get_campaign_state(id=first.template_id)["state"]
    assert state == "Initialized"


def test_the_template_can_not_be_started_as_it_is(emulator):
    prepared = environment.prepare(emulator.url, log=lambda _: None)
    client = emulator.client("connectcampaignsv2")
    with pytest.raises(client.exceptions.ValidationException, match="Segment definition not found"):
        client.start_campaign(id=prepared.template_id)


@pytest.mark.usefixtures("command")  # which puts the process's environment back
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 0),
        (["--endpoint-url", "http://127.0.0.1:1"], 1),
        (["--endpoint-url", "https://s3.amazonaws.com"], 2),
        (["--allow-host", "s3.amazonaws.com"], 2),
    ],
)
def test_the_environments_command_ends_with_a_status(emulator, capsys, arguments, status):
    assert environment.main(["--endpoint-url", emulator.url, *arguments]) == status
    assert bool(capsys.readouterr().err) is (status != 0)
    assert bool(emulator.counts()) is (status == 0)
