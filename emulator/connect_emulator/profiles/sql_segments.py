"""Who is in a segment that is defined by SQL (ENHANCED): its query evaluated over the domain's tables."""

# ruff: noqa: S608 - names in the SQL are made here, the segment's own text was checked and translated

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import duckdb

from connect_emulator.profiles.columns import PROFILE_ID
from connect_emulator.profiles.compile import Query
from connect_emulator.profiles.refusals import bad_request
from connect_emulator.profiles.sql_text import translate
from connect_emulator.profiles.sql_views import tables_of, view

if TYPE_CHECKING:
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from connect_emulator.profiles.domains import Domain


def check_data_store(domain: Domain) -> None:
    """Refuse SQL in a domain without data store (documented: `DataStore.Enabled` is needed).

    :raises ServiceError: BadRequestException.
    """
    if not (domain.config.get("DataStore") or {}).get("Enabled"):
        raise bad_request(
            found=f"`SegmentSqlQuery` in domain `{domain.name}`, whose data store isn't enabled",
            allowed="`DataStore: {Enabled: true}` of the domain",
            hint="UpdateDomain enables it",
        )


def check_query(connection: DuckDBPyConnection, domain: Domain, text: str, *, as_of: datetime) -> None:
    """Refuse a query that could not be evaluated, without evaluating it.

    :raises ServiceError: BadRequestException.
    """
    _bound(connection, domain, text, as_of=as_of)


def members_of(
    connection: DuckDBPyConnection, domain: Domain, text: str, *, as_of: datetime, patience: float
) -> list[str]:
    """Return the ProfileIds that a query gives at that emulator time, each once; some may be no profile's.

    :param patience: seconds after which the query is broken off.
    :raises ServiceError: BadRequestException when it can't be evaluated.
    """
    query = _bound(connection, domain, text, as_of=as_of)
    timer = threading.Timer(patience, connection.interrupt)
    timer.start()
    try:
        rows = connection.execute(query.where, query.params).fetchall()
    except duckdb.InterruptException as error:
        raise bad_request(
            found=f"SQL that took longer than {patience:g} seconds",
            allowed="less",
            hint="look for a join without ON; the emulator's setting `sql_timeout_seconds` is the bound",
        ) from error
    except duckdb.Error as error:
        raise _unusable(error) from error
    finally:
        timer.cancel()
    return [str(profile_id) for (profile_id,) in rows if profile_id is not None]


def _bound(connection: DuckDBPyConnection, domain: Domain, text: str, *, as_of: datetime) -> Query:
    """Return the query for DuckDB, once it is known that its names and types fit."""
    translated = translate(text, tables=tables_of(domain), now=as_of)
    query = Query(where="", params=[])
    views = [view(domain, name, as_of=as_of, query=query, keys=translated.keys) for name in translated.tables]
    head = f"with {', '.join(views)} " if views else ""
    try:
        described = connection.execute(f"describe {head}select * from ({translated.sql}) q", query.params).fetchall()
    except duckdb.Error as error:
        raise _unusable(error) from error
    columns = [str(column) for column, *_ in described]
    if [column.casefold() for column in columns] != [PROFILE_ID.casefold()]:
        raise bad_request(
            found=f"SQL that gives {len(columns)} column(s): {', '.join(f'`{column}`' for column in columns)}",
            allowed=f"one column, `{PROFILE_ID}`",
            hint=f"SELECT {PROFILE_ID} FROM …",
        )
    return query.instead(f"{head}select distinct * from ({translated.sql}) q")


def _unusable(error: duckdb.Error) -> Exception:
    return bad_request(
        found=f"SQL that can't be evaluated: {str(error).partition(chr(10))[0]}",
        allowed="names of the domain's tables and columns, operators that fit their types",
        hint="text is compared with numbers and dates by CAST; the emulator evaluates by DuckDB",
    )
