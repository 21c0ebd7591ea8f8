"""From a warehouse to a segment: the shipped DAG in a real Airflow, its query in a real Postgres; `make test-warehouse`."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from demo.customers import fictional_phone
from tests.airflow_kit import DAGS
from tests.kills.servers import Postgres

pytestmark = [
    pytest.mark.skipif(os.environ.get("WAREHOUSE") != "1", reason="needs Postgres and pandas: make test-warehouse"),
    pytest.mark.timeout(1800),
]
DAG = "warehouse_segment"
TEXT = (DAGS / f"{DAG}.py").read_text()
WHO = "Country=FR, balance>1000"
SQL_OF_WHO = "SELECT count(*) FROM customers WHERE NOT do_not_contact AND country = 'FR' AND balance > 1000"
CUSTOMERS = 5_000
FIRST_KEY = 2**53 + 1  # the first whole number that a float can't hold
NAMES = [
    "Zoé",
    "Søren",
    'Anna "Nan" Lee',
    "Lee, Jr.",
    "O'Brien",
    "two\nlines",
    "lone\rreturn",
    "NULL",
    "nan",
    " ",
    None,
]


def customers():
    """Make customers, always the same: keys beyond 2^53, telephone numbers as numbers, nulls in all that may be."""
    chance = random.Random(20261201)  # noqa: S311 - repeatable on purpose
    for number in range(CUSTOMERS):
        yield {
            "customer_id": FIRST_KEY + number,
            "first_name": chance.choice(NAMES),
            "phone": chance.choice([None, *[int(fictional_phone(number))] * 4]),
            "country": chance.choice(["FR", "FR", "FR", "CA", "US", None]),
            "plan": chance.choice(["plus", "pro", None]),
            "balance": chance.choice([None, 0, 1000, f"{chance.lognormvariate(6.5, 1.2):.2f}"]),
            "visits": chance.choice([None, 0, 7]),
            "do_not_contact": chance.random() < 0.1,
        }


TABLE = """CREATE TABLE customers (
  customer_id bigint PRIMARY KEY, first_name text, phone bigint, country text, plan text, balance numeric(12,2),
  visits integer, do_not_contact boolean NOT NULL)"""
FILL = "INSERT INTO customers SELECT * FROM json_populate_recordset(NULL::customers, %s) ORDER BY random()"


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    with Postgres(tmp_path_factory.mktemp("postgres")) as server:
        server.query(TABLE)
        server.query(FILL, [json.dumps(list(customers()))])
        yield server


class Site:
    """The DAG in an Airflow that knows the warehouse and the emulator."""

    def __init__(self, home, world, postgres):
        self.home = home
        self.world = world
        self.postgres = postgres
        self.s3 = world.emulator.client("s3")
        self.s3.create_bucket(Bucket="crm")
        world.emulator.set_clock(frozen=False)
        warehouse = {"conn_type": "postgres", "host": "127.0.0.1", "port": postgres.port, "login": postgres.owner}
        home.patience = 600
        home.more = {"AIRFLOW_CONN_WAREHOUSE": json.dumps({**warehouse, "schema": "postgres"})}

    def run(self, text=TEXT, *, at=None, **conf):
        """Run the DAG to a green end."""
        status = self.home.run(DAG, text, {"segment": WHO, **conf} if at is None else None, at=at)
        assert status == 0, self.home.log[-6000:]

    def published(self):
        """Give what the last run's event says, once the service counted as many people without our package."""
        extra = self.home.xcoms(DAG)["prepare_segment.publish"]
        profiles = self.world.emulator.client("customer-profiles")
        name = extra["arn"].rpartition("/")[2]
        groups = profiles.get_segment_definition(DomainName="crm", SegmentDefinitionName=name)["SegmentGroups"]
        query = profiles.create_segment_estimate(DomainName="crm", SegmentQuery=groups)["EstimateId"]
        while (reply := profiles.get_segment_estimate(DomainName="crm", EstimateId=query))["Status"] == "RUNNING":
            time.sleep(0.05)
        assert int(reply["Estimate"]) == extra["count"]
        return extra

    def counted(self, sql=SQL_OF_WHO):
        """Count in Postgres."""
        ((number,),) = self.postgres.query(sql)
        return number

    def made(self):
        """How many imports and segment definitions were made so far."""
        return [self.world.emulator.effects(each) for each in ("StartUploadJob", "CreateSegmentDefinition")]

    def file(self, day=None):
        """Give a day's file as it is in S3, and its rows."""
        key = f"warehouse-fr/{day or datetime.now(ZoneInfo('Europe/Paris')):%Y-%m-%d}.csv"
        content = self.s3.get_object(Bucket="crm", Key=key)["Body"].read().decode()
        return content, list(csv.DictReader(io.StringIO(content, newline="")))

    def keys(self):
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket="crm").get("Contents", [])]


@pytest.fixture
def site(home, world, postgres):
    yield Site(home, world, postgres)
    home.more = {}


def test_a_segment_is_as_large_as_sql_counts_it_the_same_rows_change_nothing_and_a_corrected_row_does(site):
    before = site.made()
    site.run()
    first = site.published()
    assert first["count"] == site.counted() > 100
    assert first["rows"] == site.counted("SELECT count(*) FROM customers WHERE NOT do_not_contact")
    once = [number + 1 for number in before]
    assert site.made() == once
    content, rows = site.file()

    # An UPDATE moves a row to the heap's end: without the query's order the file, and so the audience, would be another.
    site.postgres.query("UPDATE customers SET plan = plan WHERE mod(customer_id, 7) = 0")
    site.run()
    assert site.file()[0] == content
    assert site.published()["arn"] == first["arn"]
    assert site.made() == once

    among = "SELECT {} FROM customers WHERE NOT do_not_contact AND country = 'FR' AND balance {}"
    poor, rich, richest = (site.counted(among.format(*each)) for each in (
        ("min(customer_id)", "= 0"), ("min(customer_id)", "> 1000"), ("max(customer_id)", "> 1000"),
    ))  # fmt: skip
    site.postgres.query("UPDATE customers SET balance = 1000.01 WHERE customer_id = %s", [poor])
    site.postgres.query("UPDATE customers SET do_not_contact = true WHERE customer_id IN (%s, %s)", [rich, richest])
    site.run()
    corrected = site.published()
    assert corrected["count"] == site.counted() == first["count"] + 1 - 2
    assert corrected["arn"] != first["arn"]
    assert site.made() == [number + 2 for number in before]
    assert len(site.file()[1]) == len(rows) - 2
    assert len(site.keys()) == 1  # the former file was replaced


def test_a_run_of_the_day_before_yesterday_counts_its_rows_and_brings_nobody_in(site):
    day = datetime.now(UTC) - timedelta(days=2)
    before = site.world.writes()
    site.run(at=day)
    states = site.home.states(DAG)
    assert states.pop("query") == "success"
    assert set(states.values()) == {"skipped"}, states
    rows = len(site.file(day)[1])
    assert site.home.xcoms(DAG, "count")["prepare_segment.count_backfilled"] == rows > 4000
    assert site.world.writes() == before + 1  # the file


TYPES = """SELECT * FROM (VALUES
  (1, 9007199254740993, 12025550100::bigint, 42::numeric, 10.50::numeric, 1.5::float8, true, DATE '2026-01-31',
   TIMESTAMPTZ '2026-01-31 00:00:00+00', 'a' || chr(13) || 'b', 'Zoé, \"x\"', 'NULL'),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
) AS t(customer_id, big, digits, whole, cents, ratio, yes, day, instant, words, name, word) ORDER BY customer_id"""


def with_query(query, **changes):
    """Give the DAG's text with another query, and with other text replaced."""
    head, _, rest = TEXT.partition('QUERY = """')
    text = f'{head}QUERY = """{query}{rest[rest.index(chr(34) * 3) :]}'
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_every_kind_of_value_arrives_as_the_database_has_it(site):
    site.run(with_query(TYPES), segment="")
    [row, empty] = site.file()[1]
    assert row == {
        "customer_id": "1", "big": "9007199254740993", "digits": "12025550100", "whole": "42", "cents": "10.50",
        "ratio": "1.5", "yes": "True", "day": "2026-01-31", "instant": "2026-01-31 00:00:00+00:00",
        "words": "a\rb", "name": 'Zoé, "x"', "word": "NULL",
    }  # fmt: skip
    assert empty == {"customer_id": "2", **dict.fromkeys(list(row)[1:], "")}
    assert site.published()["count"] == 2


def test_without_the_dags_options_a_null_makes_another_number_of_a_key(site):
    """Why they stand there: with the operator's own the same row is another one, silently."""
    text = with_query(TYPES, **{"        read_kwargs=EXACT,\n": ""})
    site.run(text, segment="")
    [row, _] = site.file()[1]
    assert row["big"] == "9007199254740992"
    assert row["cents"] == "10.5"
