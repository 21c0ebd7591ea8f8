"""Bad input of the three operators that prepare a segment: told in three parts, and nothing is changed anywhere."""

from __future__ import annotations

import gzip
import json

import pytest

from connect_campaigns.core.definitions import all_of, any_of, attribute, excluding, groups, members_of
from connect_campaigns.core.errors import InvalidInput
from tests.segment_kit import WRITES, Crm, defining, estimating, importing, run
from tests.waiting_kit import connection_json

A = attribute("Contact", "INCLUSIVE", "cellular")
ARN = "arn:aws:profile:us-east-1:123456789012:domains/crm/segment-definitions/spring-0a1b2c3d"
SEGMENT = {"arn": ARN, "definition_hash": "0a1b2c3d", "created_at": "2026-12-01T09:00:00+00:00"}
WIDE = ",".join(["id", *(f"c{number}" for number in range(25))])

# content of the file, parameters; what is found, what to do
FILES = {
    "empty file": (b"", {}, "the file is empty", "job that writes the file"),
    "blank lines only": (b"\n \n\r\n", {}, "the file is empty", "job that writes the file"),
    "header only": (b"id,phone\n", {}, "a header and no row", "an empty export is no audience"),
    "mark and header only": (b"\xef\xbb\xbfid,phone\r\n", {}, "a header and no row", "an empty export"),
    "UTF-16": ("id\n1\n".encode("utf-16"), {}, "UTF-16", "as CSV in UTF-8"),
    "UTF-16 without a mark": ("id\n1\n".encode("utf-16-le"), {}, "line 1, byte 2: a NUL byte", "UTF-16 is full of NUL"),
    "Latin-1": ("id,name\n1,Ann\n2,Jörg\n".encode("latin-1"), {}, "line 3, byte 4: byte 0xf6", "iconv"),
    "NUL": (b"id,name\n1,a\0b\n", {}, "line 2, byte 4: a NUL byte", "UTF-8"),
    "gzip called .csv, cut": (gzip.compress(b"id,name\n1,a\n")[:20], {}, "gzip data is cut or broken", "copy the file anew"),
    "gzip called .csv, Latin-1": (gzip.compress("id,name\n1,Jörg\n".encode("latin-1")), {}, "line 2, byte 4: byte 0xf6", "iconv"),
    "spreadsheet called .csv": (b"PK\x03\x04\x14\0", {}, "a spreadsheet", "save"),
    "old Mac line ends": (b"id,name\r1,a\r2,b\r", {}, "lone carriage returns", "save the file anew"),
    "short row": (b"id,name\n1,a\n2\n", {}, "row 2 (line 3): wrong number of cells: 1, the header has 2", "mend"),
    "long row": (b"id,name\n1,a,b\n", {}, "wrong number of cells: 3", "max_failed_rows"),
    "stray quote": (b'id,size\n1,5" pipe\n', {}, "row 1 (line 2): bad quotes", "mend"),
    "open quote": (b'id,note\n1,x\n2,"open\n3,y\n', {}, "line 3: a quoted value opens here", "last opening quote"),
    "bad quotes in the header": (b'id,"na"me\n1,x\n', {}, "line 1, the header: bad quotes", "save the file anew"),
    "repeated header": (b"id,a,a\n1,x,y\n", {}, "header 3, 'a', stands more than once", 'rename_columns="safe"'),
    "dotted header": (b"id,a.b\n1,x\n", {}, "header 2, 'a.b', has a dot", 'rename_columns="safe"'),
    "spaced header": (b"id,a b\n1,x\n", {}, "header 2, 'a b', can't be", 'rename_columns="safe"'),
    "empty header": (b"id,,x\n1,2,3\n", {}, "header 2 is empty", 'rename_columns="safe"'),
    "26 columns": (f"{WIDE}\n1{',x' * 25}\n", {}, "26 columns would be sent", "columns={header: field}"),
    "26 columns with the added one": (
        f"{WIDE.rpartition(',')[0]}\n1{',x' * 24}\n", {"audience_run": "r"}, "26 columns", "columns={header: field}"),
    "unknown key": (b"id,name\n1,x\n", {"key_column": "ids"}, "`key_column` names the column 'ids'", "perhaps `id`"),
    "ambiguous key": (b"id,id\n1,x\n", {}, "the file has it 2 times", 'rename_columns="safe"'),
    "semicolons": (b"id;name\n1;x\n", {}, "which the file doesn't have", "separated by ';': write the file with commas"),
    "tabs": (b"id\tname\n1\tx\n", {}, "which the file doesn't have", "separated by '\\t'"),
    "no header": (b"c1,+12025550101\nc2,+12025550102\n", {}, "`key_column` names the column 'id'", "looks like a customer"),
    "quotes across lines, cut": (b'id,note\n1,"two\nlines"\n2,"cut\n', {}, "line 4: a quoted value opens here", "opening quote"),
    "quotes across lines, ragged": (
        b'id,note\n1,"two\nlines",x\n', {}, "row 1 (line 2): wrong number of cells: 3", "mend"),
    "unknown column": (
        b"id,name\n1,x\n", {"columns": {"nam": "FirstName"}}, "`columns` names the column 'nam'", "perhaps `name`"),
    "unknown field": (
        b"id,name\n1,x\n", {"columns": {"name": "Firstname"}}, "'Firstname', which is no field", "perhaps `FirstName`"),
    "one field twice": (b"id,phone,tel\n1,,\n", {"columns": {"phone": "PhoneNumber", "tel": "PhoneNumber"}},
                        "both go to PhoneNumber", "Attributes.tel"),
    "audience_run twice": (b"id,audience_run\n1,x\n", {"audience_run": "r"}, "would add another", "leave `audience_run`"),
    "empty key": (b"id,name\n1,a\n,b\n", {}, "row 2 (line 3), column 'id': empty key", "mend"),
    "repeated key": (b"id,name\n1,a\n1,b\n", {}, "row 2 (line 3), column 'id': repeated key", "mend"),
    "long value": (f"id,name\n1,{'x' * 256}\n", {}, "column 'name': value too long: 256 characters, at most 255", "mend"),
    "phone without country": (b"id,phone\n1,2025550101\n", {}, "column 'phone': phone number not E.164", "default_country"),
    "phone from a spreadsheet": (b"id,tel\n1,1.2E+10\n", {"columns": {"tel": "PhoneNumber"}}, "digits are lost", "mend"),
    "phone from a spreadsheet, country": (
        b"id,phone\n1,1.5551E+10\n", {"default_country": "US"}, "column 'phone': phone number not E.164: a spreadsheet", "mend"),
    "phone too short for its country": (
        b"id,phone\n1,(202) 555-010\n", {"default_country": "US"}, "column 'phone': phone number not E.164: no valid", "mend"),
    "phone with an extension": (
        b"id,phone\n1,202-555-0101 x5\n", {"default_country": "US"}, "row 1 (line 2), column 'phone': phone", "mend"),
    "phone of another country, without +": (
        b"id,phone\n1,(202) 555-0101\n", {"default_country": "FR"}, "no valid number there", "mend"),
    "more bad rows than allowed": (b"id,name\n,a\n,b\n3,c\n", {"max_failed_rows": 1}, "2 of 3 rows are bad", "max_failed_rows"),
    "bad rows only": (b"id,name\n,a\n", {"max_failed_rows": 5}, "a header and no row to import", "empty export"),
}  # fmt: skip

# parameters; what is found, what to do
IMPORTS = {
    "path None": ({"path": None}, "`path` is None", "give `path`"),
    "path empty": ({"path": " "}, "`path` is ' '", "what it rendered to"),
    "path of nothing": ({"path": "no/such.csv"}, "no/such.csv: does not exist", "container that the task runs on"),
    "path of a folder": ({"path": "."}, ".: is a folder", "for all files of the folder write ./"),
    "path of another store": (
        {"path": "gs://crm/spring.csv"},
        "`path` is 'gs://crm/spring.csv'",
        "copy the file to S3",
    ),
    "path of a bucket": ({"path": "s3://crm"}, "`path` is 's3://crm'", "name the object"),
    "path of no bucket": (
        {"path": "s3://nowhere/spring.csv"},
        "s3://nowhere/spring.csv: NoSuchBucket",
        "bucket and key",
    ),
    "prefix of no bucket": ({"path": "s3://nowhere/spring/"}, "s3://nowhere/spring/: NoSuchBucket", "bucket and key"),
    "prefix without parts": ({"path": "no/such/"}, "no/such/: no part", "what the job that writes the parts wrote"),
    "key None": ({"key_column": None}, "`key_column` is None", "give `key_column`"),
    "key empty": ({"key_column": ""}, "`key_column` is ''", "give `key_column`"),
    "key a number": ({"key_column": 1}, "`key_column` is 1", "in quotes"),
    "columns a list": ({"columns": ["id"]}, "`columns` is ['id']", "task.output"),
    "columns no JSON": ({"columns": "id,name"}, "`columns` is 'id,name'", "not JSON"),
    "columns empty": ({"columns": {}}, "`columns` is {}", "leave `columns` out"),
    "rename unknown": ({"rename_columns": "yes"}, "`rename_columns` is 'yes'", 'rename_columns="safe"'),
    "audience_run empty": ({"audience_run": ""}, "`audience_run` is ''", "what it rendered to"),
    "audience_run long": ({"audience_run": "x" * 256}, "`audience_run` is 'xxx", "shorten it by 1"),
    "country in words": (
        {"default_country": "Atlantis"},
        "`default_country` is 'Atlantis'",
        "leave it out if all numbers",
    ),
    "country of three letters": ({"default_country": "USA"}, "`default_country` is 'USA'", "perhaps `US`"),
    "country as people say": ({"default_country": "UK"}, "`default_country` is 'UK'", "perhaps `GB`"),
    "country as a number": ({"default_country": 33}, "`default_country` is 33", "in quotes"),
    "country empty": ({"default_country": ""}, "`default_country` is ''", "what it rendered to"),
    "expiry 0": ({"data_expiry_days": 0}, "`data_expiry_days` is 0", "past the campaign's end"),
    "expiry 1099": ({"data_expiry_days": "1099"}, "`data_expiry_days` is '1099'", "past the campaign's end"),
    "expiry in words": ({"data_expiry_days": "two weeks"}, "`data_expiry_days` is 'two weeks'", "data_expiry_days"),
    "max_failed_rows negative": ({"max_failed_rows": -1}, "`max_failed_rows` is -1", "max_failed_rows"),
    "max_failed_rows in words": ({"max_failed_rows": "few"}, "`max_failed_rows` is 'few'", "max_failed_rows"),
    "poll_interval 0": ({"poll_interval": 0}, "`poll_interval` is 0", "poll_interval=600"),
    "patience negative": ({"patience": "-1"}, "`patience` is '-1'", "patience=600"),
    "patience in words": ({"patience": "long"}, "`patience` is 'long'", "patience=600"),
}

DEFINITIONS = {
    "name None": ({"name": None}, "`name` is None", "give `name`"),
    "name empty": ({"name": ""}, "`name` is ''", "give `name`"),
    "name with a blank": ({"name": "spring fr"}, "`name` is 'spring fr'", "characters allowed"),
    "name long": ({"name": "x" * 56}, "`name` is 'xxx", "shorten it by 1"),
    "display_name empty": ({"display_name": ""}, "`display_name` is ''", "give `display_name`"),
    "display_name long": ({"display_name": "x" * 256}, "`display_name` is 'xxx", "shorten it by 1"),
    "description long": ({"description": "x" * 4001}, "(4001 characters)", "shorten it by 1"),
    "allow_all_profiles in words": ({"allow_all_profiles": "maybe"}, "`allow_all_profiles` is 'maybe'", "=True"),
    "everybody unasked": ({"groups": ""}, "selects every profile of the domain", "allow_all_profiles=True"),
    "empty group": ({"groups": groups(all_of(A), all_of())}, "Groups[1]: a group without", "allow_all_profiles=True"),
    "shorthand without operator": ({"groups": "Contact"}, "an operator is missing, at position 8", "= != >"),
    "shorthand number in words": ({"groups": "Balance>lots"}, "needs one number, at position 9", "digits"),
    "broken JSON": ({"groups": '{"Groups": '}, "`groups` is '{\"Groups\"", "tojson"),
    "groups a number": ({"groups": 5}, "SegmentGroups: 5", "builders"),
    "Include NONE": ({"groups": groups(all_of(A), include="NONE")}, "SegmentGroups.Include: NONE", "SourceType: NONE"),
    "unknown operator": ({"groups": groups(all_of(attribute("x", "IS", "y")))}, "x.DimensionType: IS", "one of"),
    "number no text": (
        {"groups": [{"Dimensions": [{"ProfileAttributes": {"Attributes": {
            "x": {"DimensionType": "EQUAL", "Values": [1000]}}}}]}]}, "Values[0]: 1000", 'all values are text: "1000"'),
    "no number": ({"groups": groups(all_of(attribute("x", "EQUAL", "1,000")))}, "Values[0]: 1,000", "separators"),
    "ambiguous date": ({"groups": groups(all_of(attribute("x", "ON", "01/02/2026")))}, "01/02/2026", "two dates"),
    "51 values": ({"groups": groups(all_of(attribute("x", "INCLUSIVE", *map(str, range(51)))))}, "51 values", "ANY"),
    "6 sources": ({"groups": groups(excluding(*"abcdef"))}, "6 sources", "a segment between"),
    "61 attributes": (
        {"groups": groups(all_of(*(attribute(f"a{i}", "INCLUSIVE", "x") for i in range(61))))}, "61 unique", "split"),
    "alternatives in one run": (
        {"groups": groups(any_of(A), all_of(A), include="ANY"), "audience_run": "r"}, "Include is 'ANY'", "each group"),
}  # fmt: skip

ESTIMATES = {
    "segment None": ({"segment": None}, "`segment` is None", "task.output"),
    "segment empty": ({"segment": ""}, "`segment` is ''", "give `segment`"),
    "segment no name": ({"segment": "spring fr"}, "`segment` is 'spring fr'", "CreateSegmentDefinitionOperator"),
    "segment of another domain": (
        {"segment": ARN.replace("/crm/", "/other/")}, "domains/other/", "the connection whose extra names that domain"),
    "segment broken JSON": ({"segment": "{'arn': 'x'}"}, "`segment` is", "tojson"),
    "segment lacks its hash": ({"segment": {"arn": ARN}}, "lacks definition_hash, created_at", "create_definition.output"),
    "segment's time": ({"segment": {**SEGMENT, "created_at": "today"}}, "`segment.created_at` is 'today'", "unchanged"),
    "min_audience negative": ({"min_audience": "-1"}, "`min_audience` is '-1'", "min_audience=500"),
    "min_audience None": ({"min_audience": None}, "`min_audience` is None", "min_audience=500"),
    "max_audience in words": ({"max_audience": "many"}, "`max_audience` is 'many'", "max_audience=500"),
    "bounds swapped": ({"min_audience": 5, "max_audience": 4}, "`max_audience` is 4 and `min_audience` is 5", "swap"),
    "imported no dict": ({"imported": 5}, "`imported` is 5", "task.output"),
    "imported lacks rows": ({"imported": {"finished_at": "x"}}, "`imported` lacks rows", "import_profiles.output"),
    "poll_interval in words": ({"poll_interval": "soon"}, "`poll_interval` is 'soon'", "poll_interval=600"),
    "patience 0": ({"patience": 0}, "`patience` is 0", "patience=600"),
}  # fmt: skip


@pytest.fixture
def untouched(emulator, monkeypatch):
    """Fails the test when anything was changed."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(emulator.url, customer_profiles_domain="crm"))
    yield
    changed = [name for name, count in emulator.counts().items() if count["effects"]]
    asked = [name for name in emulator.counts() if name.partition(".")[2].startswith(WRITES)]
    assert (changed, asked) == ([], [])


def refused(operator, found, hint):
    with pytest.raises(InvalidInput) as caught:
        run(operator)
    error = caught.value
    assert found in error.found
    assert hint in error.hint
    assert error.hint
    assert error.allowed
    assert error.allowed != error.found


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_told_and_not_sent(case, tmp_path):
    content, given, found, hint = FILES[case]
    path = tmp_path / "customers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(importing(path=str(path), **given), found, hint)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", IMPORTS)
def test_a_bad_parameter_of_the_import_is_told(case, tmp_path):
    given, found, hint = IMPORTS[case]
    path = tmp_path / "customers.csv"
    path.write_text("id,name\n1,a\n")
    refused(importing(**{"path": str(path), **given}), found, hint)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", DEFINITIONS)
def test_a_bad_definition_is_told(case):
    given, found, hint = DEFINITIONS[case]
    refused(defining(**{"groups": "Contact=cellular", **given}), found, hint)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", ESTIMATES)
def test_a_bad_parameter_of_the_estimate_is_told(case):
    given, found, hint = ESTIMATES[case]
    refused(estimating(**{"segment": SEGMENT, **given}), found, hint)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("second", "found", "hint"),
    [
        (b"name,id\nb,2\n", "b.csv: the header is not that of a.csv: column 1 is not 'id'", "an old file left"),
        (b"2,b\n", "b.csv: the header is not that of a.csv: column 1 is not 'id'", "an old file left"),
        ("id,name\n2,J\u00f6rg\n".encode("latin-1"), "b.csv: line 2, byte 4: byte 0xf6", "iconv"),
        (b"id,name\n1,b\n", "b.csv, row 1 (line 2), column 'id': repeated key", "mend"),
        (gzip.compress(b"id,name\n2,b\n", mtime=0)[:-9], "b.csv: the gzip data is cut or broken", "copy the file anew"),
    ],
)
def test_one_bad_part_is_told_and_none_is_sent(second, found, hint, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"id,name\n1,a\n")
    (tmp_path / "b.csv").write_bytes(second)
    refused(importing(path=f"{tmp_path}/"), found, hint)


def six_deep(crm):
    define(crm, "s0", groups(all_of(A)))
    for level in range(1, 6):
        define(crm, f"s{level}", groups(members_of(f"s{level - 1}")))
    return members_of("s5")


def of_61_attributes(crm):
    for name, numbers in (("x", range(40)), ("y", range(30, 61))):
        define(crm, name, groups(all_of(*(attribute(f"a{number}", "INCLUSIVE", "x") for number in numbers))))
    return members_of("x", "y")


def define(crm, name, content):
    given = {"SegmentDefinitionName": name, "DisplayName": name, "SegmentGroups": content}
    crm.profiles.create_segment_definition(DomainName="crm", **given)


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (lambda _: members_of("gone"), "source segment 'gone' isn't there"),
        (six_deep, "nested 6 levels deep"),
        (of_61_attributes, "61 unique attributes"),
    ],
)
def test_sources_that_a_definition_cannot_have_are_told(made, found, emulator, monkeypatch, tmp_path):
    crm = Crm(emulator, monkeypatch, tmp_path)
    group = made(crm)
    before = crm.changed
    refused(defining(groups=groups(group)), found, "")
    assert crm.changed == before


@pytest.mark.usefixtures("untouched")
def test_a_connection_without_a_domain_is_told(tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(emulator.url))
    path = tmp_path / "customers.csv"
    path.write_text("id,name\n1,a\n")
    for operator in (importing(path=str(path)), defining(groups="a=b"), estimating(segment=json.dumps(SEGMENT))):
        refused(operator, "connection `aws_default` has no `customer_profiles_domain`", "customer_profiles_domain")


def test_there_are_enough_cases():
    assert len(FILES) + len(DEFINITIONS) >= 60
    assert sum(map(len, (FILES, IMPORTS, DEFINITIONS, ESTIMATES))) >= 110
