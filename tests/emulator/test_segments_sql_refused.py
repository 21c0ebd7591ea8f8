"""SQL that can't be a segment, over HTTP; and the walls around the database, whatever a query says."""

# ruff: noqa: S608 - the SQL is what is tested

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import duckdb
import pytest
from botocore.exceptions import ClientError

from connect_emulator.profiles.database import Database
from tests.emulator.campaign_kit import refusal
from tests.emulator.sql_kit import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Emulator


@pytest.fixture
def shop(emulator: Emulator) -> Shop:
    return Shop(emulator)


IDS = "SELECT profileid FROM profile"
BAD: list[tuple[str, str]] = [
    (" ", "0 statements"),
    ("-- nothing", "0 statements"),
    (f"{IDS}; DROP TABLE profile", "2 statements"),
    ("SELEC profileid FROM profile", "SQL"),
    ("SELECT FROM WHERE", "SQL"),
    ("DROP TABLE profile", "DROP"),
    ("DELETE FROM profile", "DELETE"),
    ("UPDATE profile SET FirstName = 'x'", "UPDATE"),
    (f"INSERT INTO profile {IDS}", "INSERT"),
    (f"CREATE TABLE mine AS {IDS}", "CREATE"),
    (f"COPY ({IDS}) TO '/tmp/x'", "SQL"),
    ("ATTACH '/tmp/x.db' AS x", "SQL"),
    ("PRAGMA database_list", "SQL"),
    ("INSTALL httpfs", "SQL"),
    ("SET threads = 1", "SQL"),
    ("SELECT * FROM read_csv('/etc/passwd')", "SQL that reads"),
    (f"{IDS} WHERE profileid IN (SELECT * FROM read_text('/etc/passwd'))", "SQL that reads"),
    (f"{IDS}, LATERAL read_text('/etc/passwd')", "SQL"),
    ("SELECT profileid FROM `/etc/passwd`", "SQL that reads"),
    ("SELECT profileid FROM csv.`/etc/passwd`", "SQL that reads"),
    ("SELECT profile_id AS profileid FROM domain_0.profile", "SQL that reads"),
    ("SELECT table_name AS profileid FROM information_schema.tables", "SQL that reads"),
    ("SELECT profileid FROM orders", "`profile`, `web-orders`"),
    (f"{IDS} WHERE FirstName = ?", "SQL with PLACEHOLDER"),
    (f"{IDS} WHERE FirstName = :name", "SQL with PLACEHOLDER"),
    (f"{IDS} WHERE Nickname = 'x'", "Nickname"),
    (f"{IDS} WHERE nothing_like_it(FirstName)", "nothing_like_it"),
    (f"{IDS} WHERE to_date(BirthDate) < today()", "SQL with `today()`"),
    (f"{IDS} WHERE Attributes['score'] > 5", "SQL that can't be evaluated"),
    ("SELECT FirstName FROM profile", "1 column(s): `FirstName`"),
    ("SELECT profileid, FirstName FROM profile", "2 column(s)"),
    ("SELECT * FROM profile", "column(s)"),
    ("SELECT 1", "1 column(s)"),
    (f"{IDS} WHERE {'(' * 3000}1 = 1{')' * 3000}", "nested too deeply"),
]


def test_bad_sql_fails_what_evaluates_it(shop: Shop) -> None:
    """The definition is made all the same: whether it is looked at then is unknown."""
    told = {}
    for number, (sql, said) in enumerate(BAD):
        shop.define(sql, f"s{number}")
        failed = shop.estimate(sql)
        if failed["Status"] != "FAILED" or said not in failed["Message"]:
            told[sql] = failed
    assert told == {}


def test_bad_sql_is_refused_at_once_with_a_setting(shop: Shop) -> None:
    shop.emulator.set_settings(profiles={"invalid_sql": "400"})
    told = {}
    for sql, said in BAD:
        named = {"DomainName": "shop", "SegmentSqlQuery": sql}
        for refused in (
            refusal(shop.client.create_segment_estimate, **named),
            refusal(shop.client.create_segment_definition, **named, SegmentDefinitionName="t", DisplayName="t"),
        ):
            parts = (said, "Allowed: ", "Hint: ")
            if refused["code"] != "BadRequestException" or not all(part in refused["text"] for part in parts):
                told[sql] = refused
    assert told == {}
    assert shop.emulator.effects("CreateSegmentDefinition") == shop.emulator.effects("CreateSegmentEstimate") == 0


def test_good_sql_is_accepted_under_either_setting(shop: Shop) -> None:
    shop.emulator.set_settings(profiles={"invalid_sql": "400"})
    shop.define(f"{IDS};")
    assert shop.estimate(f"{IDS};")["Status"] == "SUCCEEDED"


def test_fifty_thousand_characters_at_most(shop: Shop) -> None:
    padded = f"{IDS} -- ".ljust(50_000, "x")
    assert shop.estimate(padded)["Status"] == "SUCCEEDED"
    refused = refusal(shop.client.create_segment_estimate, DomainName="shop", SegmentSqlQuery=padded + "x")
    assert (refused["status"], refused["code"]) == (400, "BadRequestException")


def test_a_domain_without_data_store_has_no_sql_segments(shop: Shop) -> None:
    shop.define(IDS)
    shop.client.update_domain(DomainName="shop", DataStore={"Enabled": False})
    for call, more in (
        (shop.client.create_segment_estimate, {}),
        (shop.client.create_segment_definition, {"SegmentDefinitionName": "t", "DisplayName": "t"}),
    ):
        refused = refusal(call, DomainName="shop", SegmentSqlQuery=IDS, **more)
        assert (refused["status"], "data store isn't enabled" in refused["text"]) == (400, True)
    shop.emulator.client("s3").create_bucket(Bucket="exports")
    assert "data store isn't enabled" in shop.export()["StatusMessage"]


def test_a_sql_segment_is_no_source_segment(shop: Shop) -> None:
    shop.define(IDS, "by-sql")
    groups = {"Groups": [{"SourceSegments": [{"SegmentDefinitionName": "by-sql"}]}]}
    refused = refusal(shop.client.create_segment_estimate, DomainName="shop", SegmentQuery=groups)
    assert (refused["status"], "`by-sql` is defined by SQL" in refused["text"]) == (400, True)


def test_a_query_that_takes_too_long_is_broken_off(shop: Shop) -> None:
    shop.emulator.set_settings(profiles={"sql_timeout_seconds": 0.2})
    crossed = ", ".join(f"profile p{each}" for each in range(12))
    conditions = " AND ".join(f"p{each}.FirstName <> p{each + 1}.FirstName" for each in range(11))
    failed = shop.estimate(f"SELECT max(p0.profileid) AS profileid FROM {crossed} WHERE {conditions}")
    assert (failed["Status"], "longer than 0.2 seconds" in failed["Message"]) == ("FAILED", True)
    assert shop.estimate(IDS)["Status"] == "SUCCEEDED"


def test_fields_of_an_object_type_that_differ_in_case_only_are_refused(shop: Shop) -> None:
    fields = {name: {"Source": "_source.x"} for name in ("kind", "KIND", "ProfileId")}
    keys = {"k": [{"StandardIdentifiers": ["UNIQUE"], "FieldNames": ["kind"]}]}
    shop.client.put_profile_object_type(
        DomainName="shop", ObjectTypeName="visits", Description="x", Fields=fields, Keys=keys
    )
    assert "`kind` in case only" in shop.estimate("SELECT profileid FROM visits")["Message"]


OUTSIDE = [
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from glob('/etc/*')",
    "select * from '/etc/passwd'",
    "copy (select 1) to '/tmp/never-written.csv'",
    "attach '/tmp/never-made.db' as other",
    "export database '/tmp/never-made'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "pragma threads = 1",
    "reset lock_configuration",
]


def test_the_database_reads_and_writes_nothing_outside_its_folder(tmp_path: Path) -> None:
    def tried(connection: duckdb.DuckDBPyConnection) -> list[str]:
        inside = tmp_path / "inside.csv"
        connection.execute(f"copy (select 1 as a) to '{inside}'")
        assert connection.execute(f"from read_csv('{inside}')").fetchall() == [(1,)]
        return [sql for sql in OUTSIDE if _went_through(connection, sql)]

    async def run() -> list[str]:
        database = Database(folder=tmp_path)
        try:
            return await database.run(tried)
        finally:
            await database.close()

    assert asyncio.run(run()) == []


def _went_through(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    try:
        connection.execute(sql).fetchall()
    except duckdb.Error:
        return False
    return True


def test_the_membership_of_an_unexported_segment_is_a_400_or_a_404(shop: Shop) -> None:
    shop.define(IDS)
    for setting, code in (("400", "BadRequestException"), ("404", "ResourceNotFoundException")):
        shop.emulator.set_settings(profiles={"sql_membership_missing": setting})
        with pytest.raises(ClientError) as caught:
            shop.membership(0)
        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == int(setting)
        assert "CreateSegmentSnapshot makes one" in caught.value.response["Error"]["Message"]
