"""Segments defined by SQL over HTTP: whom usual queries select, counted in plain Python beside them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.emulator.sql_kit import PEOPLE, Shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Emulator
    from tests.emulator.sql_kit import Order, Person


@pytest.fixture
def shop(emulator: Emulator) -> Shop:
    return Shop(emulator)


def number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def total(orders: tuple[Order, ...]) -> float:
    return sum(order.amount or 0 for order in orders)


def age(person: Person, today: date) -> int | None:
    """Give the full years of somebody, None where the date of birth is none."""
    try:
        born = date.fromisoformat(person.born or "")
    except ValueError:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


QUERIES: dict[str, tuple[str, Callable[[Person, date], bool]]] = {
    "a standard field": (
        "SELECT ProfileId FROM profile WHERE FirstName LIKE 'A%' OR lower(firstname) = 'gus'",
        lambda who, _: who.name in {"Ann", "Gus"},
    ),
    "an address and a custom attribute": (
        "SELECT p.profileid FROM profile p WHERE p.Address.Country = 'FR' AND p.Attributes['plan'] = 'gold'",
        lambda who, _: (who.country, who.attributes.get("plan")) == ("FR", "gold"),
    ),
    "a number in a custom attribute": (
        "SELECT profileid FROM profile WHERE CAST(Attributes['score'] AS INT) BETWEEN 50 AND 70",
        lambda who, _: (score := number(who.attributes.get("score"))) is not None and 50 <= score <= 70,
    ),
    "no value": (
        "select profileid from profile where address.country is null or not (attributes['plan'] <=> 'gold')",
        lambda who, _: who.country is None or who.attributes.get("plan") != "gold",
    ),
    "a join with an object type": (
        (
            "SELECT p.ProfileId AS PROFILEID FROM profile p JOIN `web-orders` o ON o.profileid = p.profileid"
            " WHERE o.kind = 'bike'"
        ),
        lambda who, _: any(order.kind == "bike" for order in who.orders),
    ),
    "an aggregate with HAVING": (
        "SELECT profileid FROM `web-orders` GROUP BY profileid HAVING SUM(amount) > 110 AND COUNT(*) >= 2",
        lambda who, _: total(who.orders) > 110 and len(who.orders) >= 2,
    ),
    "a share of an aggregate": (
        "SELECT profileid FROM `web-orders` GROUP BY 1 HAVING SUM(CASE WHEN kind = 'book' THEN 1 ELSE 0 END) / count(1) = 0.5",
        lambda who, _: len(who.orders) == 2 * len([order for order in who.orders if order.kind == "book"]) > 0,
    ),
    "dates back from today": (
        "SELECT profileid FROM `web-orders` WHERE to_date(day) >= date_sub(current_date(), 30) AND amount IS NOT NULL",
        lambda who, _: any(order.ago <= 30 and order.amount is not None for order in who.orders),
    ),
    "days between dates": (
        "SELECT DISTINCT profileid FROM `web-orders` WHERE datediff(current_date(), to_date(day)) BETWEEN 31 AND 90",
        lambda who, _: any(31 <= order.ago <= 90 for order in who.orders),
    ),
    "an age in years": (
        "SELECT profileid FROM profile WHERE months_between(current_date(), to_date(BirthDate)) / 12 >= 30",
        lambda who, today: (years := age(who, today)) is not None and years >= 30,
    ),
    "a CTE": (
        (
            "WITH spent AS (SELECT profileid, SUM(amount) AS total FROM `web-orders` GROUP BY profileid)"
            " SELECT p.profileid FROM profile p JOIN spent s ON s.profileid = p.profileid"
            " WHERE s.total > 100 AND p.Address.Country <> 'US'"
        ),
        lambda who, _: total(who.orders) > 100 and who.country not in {None, "US"},
    ),
    "a subquery that excludes": (
        "SELECT profileid FROM profile WHERE profileid NOT IN (SELECT profileid FROM `web-orders` WHERE kind = 'book')",
        lambda who, _: not any(order.kind == "book" for order in who.orders),
    ),
    "a correlated subquery": (
        (
            "SELECT p.profileid FROM profile p WHERE EXISTS (SELECT 1 FROM `web-orders` o WHERE o.profileid = p.profileid"
            " AND o.amount > 100)"
        ),
        lambda who, _: any((order.amount or 0) > 100 for order in who.orders),
    ),
    "an outer join": (
        "SELECT p.profileid FROM profile p LEFT JOIN `web-orders` o ON o.profileid = p.profileid WHERE o.id IS NULL",
        lambda who, _: not who.orders,
    ),
    "a union": (
        (
            "SELECT profileid FROM profile WHERE Address.Country = 'US'"
            " UNION SELECT profileid FROM `web-orders` WHERE kind = 'toy'"
        ),
        lambda who, _: who.country == "US" or any(order.kind == "toy" for order in who.orders),
    ),
    "a window": (
        (
            "SELECT profileid FROM (SELECT profileid, kind, row_number() OVER (PARTITION BY profileid ORDER BY to_date(day)"
            " DESC) AS nth FROM `web-orders`) WHERE nth = 1 AND kind = 'book'"
        ),
        lambda who, _: bool(who.orders) and min(who.orders, key=lambda order: order.ago).kind == "book",
    ),
    "custom attributes through a CTE": (
        (
            "WITH c AS (SELECT * FROM profile) SELECT profileid FROM c"
            " WHERE c.attributes['plan'] = 'gold' OR Attributes['PLAN'] = 'gold'"
        ),
        lambda who, _: "gold" in {who.attributes.get("plan"), who.attributes.get("PLAN")},
    ),
    "the map under another name": (
        "SELECT profileid FROM (SELECT profileid, Attributes AS a FROM profile) WHERE a['plan'] = 'Gold'",
        lambda who, _: who.attributes.get("plan") == "Gold",
    ),
    "the map's keys": (
        "SELECT profileid FROM profile WHERE array_contains(map_keys(Attributes), 'tags')",
        lambda who, _: "tags" in who.attributes,
    ),
    "a list in a custom attribute": (
        "SELECT profileid FROM profile LATERAL VIEW explode(split(Attributes['tags'], ',')) t AS tag WHERE tag = 'vip'",
        lambda who, _: "vip" in who.attributes.get("tags", "").split(","),
    ),
}


def test_usual_queries_select_whom_plain_python_does(shop: Shop) -> None:
    expected = {
        name: [number_ for number_, person in enumerate(PEOPLE) if chosen(person, shop.today)]
        for name, (_, chosen) in QUERIES.items()
    }
    assert all(0 < len(members) < len(PEOPLE) for members in expected.values())
    assert {name: shop.exported(sql, f"s{at}") for at, (name, (sql, _)) in enumerate(QUERIES.items())} == expected
    counted = {name: shop.estimate(sql).get("Estimate") for name, (sql, _) in QUERIES.items()}
    assert counted == {name: str(len(members)) for name, members in expected.items()}


def test_attributes_that_share_a_column_are_read_alike(emulator: Emulator) -> None:
    emulator.set_settings(profiles={"max_attribute_columns": 1})
    shop = Shop(emulator)
    chosen = {name: query for name, query in QUERIES.items() if "attribute" in name or "map" in name}
    expected = {
        name: str(sum(selects(person, shop.today) for person in PEOPLE)) for name, (_, selects) in chosen.items()
    }
    assert {name: shop.estimate(sql).get("Estimate") for name, (sql, _) in chosen.items()} == expected


def test_the_definition_comes_back_as_it_was_given_and_is_enhanced(shop: Shop) -> None:
    sql = "SELECT profileid\nFROM profile -- ü"
    made = shop.define(sql)
    read = shop.client.get_segment_definition(DomainName="shop", SegmentDefinitionName="s")
    assert (read["SegmentSqlQuery"], read["SegmentType"]) == (sql, "ENHANCED")
    assert "SegmentGroups" not in read
    assert read["SegmentDefinitionArn"] == made["SegmentDefinitionArn"]
    (listed,) = shop.client.list_segment_definitions(DomainName="shop")["Items"]
    assert listed["SegmentType"] == "ENHANCED"


def test_a_query_sees_the_emulator_s_clock_and_whoever_has_not_expired_by_it(shop: Shop) -> None:
    recent = "SELECT profileid FROM `web-orders` WHERE to_date(day) > date_sub(current_date(), 5)"
    assert shop.estimate(recent)["Estimate"] == "3"
    shop.emulator.set_clock(step_seconds=timedelta(days=3).total_seconds())
    assert shop.estimate(recent)["Estimate"] == "1"
    by_now = "SELECT profileid FROM `web-orders` WHERE to_timestamp(day) > date_sub(to_date(now()), 5)"
    assert shop.estimate(by_now)["Estimate"] == "1"
    shop.emulator.set_clock(step_seconds=timedelta(days=1095).total_seconds())
    assert shop.estimate("SELECT profileid FROM `web-orders`")["Estimate"] == "0"


def test_an_object_that_comes_later_does_not_count(shop: Shop) -> None:
    toys = "SELECT profileid FROM `web-orders` WHERE kind = 'toy'"
    shop.emulator.set_settings(profiles={"estimate_delay_seconds": 0.2})
    late = shop.client.create_segment_estimate(DomainName="shop", SegmentSqlQuery=toys)["EstimateId"]
    shop.emulator.set_clock(step_seconds=1)
    shop.client.put_profile_object(
        DomainName="shop", ObjectTypeName="web-orders", Object='{"id": "late", "account": "a0", "kind": "toy"}'
    )
    while (reply := shop.client.get_segment_estimate(DomainName="shop", EstimateId=late))["Status"] == "RUNNING":
        pass
    assert reply["Estimate"] == "2"
    assert shop.estimate(toys)["Estimate"] == "3"
