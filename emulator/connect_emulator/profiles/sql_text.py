"""An SQL segment's text, Spark's, checked and translated to DuckDB's: pure, no database.

Documented is Spark SQL, and no more: that it is one SELECT over the domain's own tables is this emulator's reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from connect_emulator.profiles.fields import ATTRIBUTES
from connect_emulator.profiles.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

_ALLOWED = "one SELECT in Spark SQL"
_CLOCK: dict[type[exp.Expression], str] = {
    exp.CurrentDate: "date",
    exp.CurrentTime: "time",
    exp.CurrentTimestamp: "timestamp",
    exp.CurrentDatetime: "timestamp",
    exp.Localtimestamp: "timestamp",
}
_REAL_CLOCKS = frozenset({"today", "get_current_time", "get_current_timestamp", "transaction_timestamp"})
"""DuckDB's own, which Spark doesn't have; they would tell another time than the emulator's."""
_FOREIGN = (exp.DDL, exp.DML, exp.Command, exp.Into, exp.Placeholder, exp.Parameter)


@dataclass(frozen=True, kw_only=True)
class Translated:
    """A query for DuckDB.

    :param tables: those of the domain's that it reads, by the domain's spelling.
    :param keys: the custom attributes that it looks up, as fields `k0`, `k1` of a struct; None where `Attributes` is
        used otherwise, as a map.
    """

    sql: str
    tables: tuple[str, ...]
    keys: tuple[str, ...] | None


def translate(text: str, *, tables: Collection[str], now: datetime) -> Translated:
    """Return the query for DuckDB.

    :param tables: what the query may read. :param now: what the query's `current_date()` and the like say.
    :raises ServiceError: BadRequestException for what is not one SELECT over these tables.
    """
    try:
        query = _one_select(text)
        read = _tables(query, known=tables)
        keys = _looked_up(query)
        return Translated(sql=_for_duckdb(query, now=now), tables=read, keys=keys)
    except SqlglotError as error:
        raise bad_request(
            found=f"SQL that is no Spark SQL: {_first_line(error)}",
            allowed=_ALLOWED,
            hint="try it in a Spark shell; what this emulator can't translate is refused as well",
        ) from error
    except RecursionError as error:
        raise bad_request(
            found="SQL that is nested too deeply", allowed=_ALLOWED, hint="write a list with IN, steps with WITH"
        ) from error


def _one_select(text: str) -> exp.Query:
    statements = [each for each in sqlglot.parse(text, read="spark") if each is not None]
    if len(statements) != 1:
        raise bad_request(
            found=f"SQL of {len(statements)} statements", allowed=_ALLOWED, hint="leave out what `;` ends"
        )
    (query,) = statements
    foreign = query.find(*_FOREIGN)
    if not isinstance(query, exp.Query) or foreign is not None:
        kind = (foreign or query).key.upper()
        raise bad_request(found=f"SQL with {kind}", allowed=_ALLOWED, hint="a segment reads, and takes no parameters")
    return query


def _tables(query: exp.Query, *, known: Collection[str]) -> tuple[str, ...]:
    """Return the domain's tables that a query reads; those of its own WITH may hide some of them."""
    own = {cte.alias.casefold() for cte in query.find_all(exp.CTE)}
    by_name = {name.casefold(): name for name in reversed(list(known))}
    read: dict[str, None] = {}
    for table in query.find_all(exp.Table):
        plain = isinstance(table.this, exp.Identifier) and not table.db and not table.catalog
        found = table.name if plain and table.name in known else by_name.get(table.name.casefold()) if plain else None
        if found is not None:
            read[found] = None
        elif not plain or table.name.casefold() not in own:
            raise bad_request(
                found=f"SQL that reads `{table.sql(dialect='spark')}`",
                allowed=f"the domain's tables: {', '.join(f'`{name}`' for name in known)}",
                hint="a table per object type, and `profile`; a name with other signs stands in backticks",
            )
    return tuple(read)


def _looked_up(query: exp.Query) -> tuple[str, ...] | None:
    """Make a struct's fields of the custom attributes that are looked up, if nothing else is done with them.

    A map is built anew for every row, however few of its keys are read: 200,000 rows of 17 attributes take a minute, as a
    struct of those that are read milliseconds (measured).
    """
    lookups: list[tuple[exp.Bracket, exp.Column, str]] = []
    for column in query.find_all(exp.Column):
        names = [part.name.casefold() for part in column.parts]
        if ATTRIBUTES.casefold() not in names:
            continue
        lookup = column.parent
        if names[-1] != ATTRIBUTES.casefold() or not isinstance(lookup, exp.Bracket) or len(lookup.expressions) != 1:
            return None
        (key,) = lookup.expressions
        if not isinstance(key, exp.Literal) or not key.is_string:
            return None
        lookups.append((lookup, column, key.name))
    keys = list(dict.fromkeys(key for _, _, key in lookups))
    for lookup, column, key in lookups:
        lookup.replace(exp.func("struct_extract", column.copy(), exp.Literal.string(f"k{keys.index(key)}")))
    return tuple(keys) or None


def _for_duckdb(query: exp.Query, *, now: datetime) -> str:
    for node in list(query.find_all(*_CLOCK, exp.Anonymous)):
        kind = _clock(node)
        if kind is not None:
            moment = exp.cast(exp.Literal.string(now.isoformat(sep=" ")), "timestamptz")
            node.replace(exp.cast(exp.cast(moment, "timestamp"), kind))
    # sqlglot writes some functions as sums, and `months_between(a, b) / 12` as `x + y / 12` (measured): a wrong number.
    for function in list(query.find_all(exp.Func)):
        if isinstance(function.parent, exp.Binary | exp.Unary) and not isinstance(function, exp.Connector):
            function.replace(exp.paren(function.copy(), copy=False))
    return query.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE)


def _clock(node: exp.Expression) -> str | None:
    """Return of which type a function that tells the time is; None for all other nodes."""
    if not isinstance(node, exp.Anonymous):
        return _CLOCK[type(node)]
    name = node.name.casefold()
    if name in _REAL_CLOCKS:
        raise bad_request(found=f"SQL with `{name}()`", allowed=_ALLOWED, hint="Spark has `current_date()` and `now()`")
    return "timestamp" if name == "now" else None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
