"""One filter of a segment as SQL: the 17 operators over the text that a profile has in a column.

Every predicate is true or false, never NULL, so that groups can negate it. Values come as parameters or as
columns of the same profile, never as literals; `%` and `_` mean nothing, because LIKE is never used.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from connect_emulator.profiles.settings import ProfileSettings

# DuckDB casts `nan`, `inf`, `1_000` and ` 5 ` to numbers and `epoch`, `infinity` to timestamps; people wouldn't.
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"
_INSTANT = (
    r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"
    r"([T ]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)
_LIST = """case when json_valid(x) and json_type(x) = 'ARRAY'
    then from_json(x, '["VARCHAR"]') else {otherwise} end"""
_SPLIT = "list_transform(string_split(x, ','), lambda item: trim(item))"

_MACROS = {
    "as_number": f"""case when regexp_full_match(x, '{_NUMBER}') and isfinite(try_cast(x as double))
        then try_cast(x as double) end""",
    "as_instant": f"case when regexp_full_match(x, '{_INSTANT}') then try_cast(x as timestamptz) end",
    "items_json_or_comma": _LIST.format(otherwise=_SPLIT),
    "items_json": _LIST.format(otherwise="null"),
    "items_comma": _SPLIT,
}
MACROS = tuple(f"create macro {name}(x) as {body}" for name, body in _MACROS.items())
"""What a connection needs before it evaluates predicates; its time zone has to be UTC."""

NUMERIC_OPERATORS = {
    "EQUAL": "=",
    "GREATER_THAN": ">",
    "LESS_THAN": "<",
    "GREATER_THAN_OR_EQUAL": ">=",
    "LESS_THAN_OR_EQUAL": "<=",
}
DATE_OPERATORS = frozenset({"BEFORE", "AFTER", "ON", "BETWEEN", "NOT_BETWEEN"})
RANGE_OPERATORS = frozenset({"BETWEEN", "NOT_BETWEEN"})


@dataclass(frozen=True, kw_only=True)
class Filter:
    """An operator on a column; `references` are those of `values` that are columns too (dynamic values)."""

    operator: str
    column: str
    values: tuple[str, ...]
    references: tuple[str, ...] = ()


def is_number(text: str) -> bool:
    """Return whether the numeric operators can use this text: a finite decimal number."""
    return re.fullmatch(_NUMBER, text, re.ASCII) is not None and math.isfinite(float(text))


def is_instant(text: str) -> bool:
    """Return whether the date operators can use this text: an ISO 8601 date or time, UTC where it has no offset."""
    if re.fullmatch(_INSTANT, text, re.ASCII) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def predicate(filter_: Filter, *, settings: ProfileSettings) -> str:
    """Return the SQL of one filter."""
    return _PREDICATES[filter_.operator](filter_, settings)


def _any(parts: list[str]) -> str:
    return f"coalesce({' or '.join(parts)}, false)"


def _inclusive(filter_: Filter, _settings: ProfileSettings) -> str:
    return f"coalesce({filter_.column} in ({', '.join(filter_.values)}), false)"


def _exclusive(filter_: Filter, settings: ProfileSettings) -> str:
    missing = f"{filter_.column} is null" if settings.missing_matches_exclusive else "false"
    differs = f"coalesce({filter_.column} not in ({', '.join(filter_.values)}), {missing})"
    # Inferred: a reference to a value that the profile hasn't got matches nothing, here too.
    return " and ".join([differs, *(f"{reference} is not null" for reference in filter_.references)])


def _text(function: str) -> Callable[[Filter, ProfileSettings], str]:
    def render(filter_: Filter, _settings: ProfileSettings) -> str:
        return _any([f"{function}({filter_.column}, {value})" for value in filter_.values])

    return render


def _numeric(symbol: str) -> Callable[[Filter, ProfileSettings], str]:
    def render(filter_: Filter, _settings: ProfileSettings) -> str:
        left = f"as_number({filter_.column})"
        return _any([f"{left} {symbol} as_number({value})" for value in filter_.values])

    return render


def _date(symbol: str) -> Callable[[Filter, ProfileSettings], str]:
    def render(filter_: Filter, _settings: ProfileSettings) -> str:
        left = f"as_instant({filter_.column})"
        return _any([f"{left} {symbol} as_instant({value})" for value in filter_.values])

    return render


def _on(filter_: Filter, settings: ProfileSettings) -> str:
    if settings.date_on == "instant":
        return _date("=")(filter_, settings)
    left = f"date_trunc('day', as_instant({filter_.column}))"
    return _any([f"{left} = date_trunc('day', as_instant({value}))" for value in filter_.values])


def _inside(filter_: Filter, settings: ProfileSettings) -> str:
    low, high = filter_.values
    at = f"as_instant({filter_.column})"
    after, before = (">=", "<=") if settings.between == "inclusive" else (">", "<")
    return f"({at} {after} as_instant({low}) and {at} {before} as_instant({high}))"


def _between(filter_: Filter, settings: ProfileSettings) -> str:
    return f"coalesce({_inside(filter_, settings)}, false)"


def _not_between(filter_: Filter, settings: ProfileSettings) -> str:
    # Both ends have to be there: SQL calls `x >= NULL and false` false, which negates to true.
    ends = " and ".join(f"as_instant({value}) is not null" for value in filter_.values)
    outside = f"coalesce(not {_inside(filter_, settings)} and {ends}, false)"
    return f"({outside} or {filter_.column} is null)" if settings.missing_matches_not_between else outside


def _list_any(filter_: Filter, settings: ProfileSettings) -> str:
    items = f"items_{settings.list_encoding}({filter_.column})"
    return f"coalesce(list_has_any({items}, [{', '.join(filter_.values)}]), false)"


def _list_all(filter_: Filter, settings: ProfileSettings) -> str:
    items = f"items_{settings.list_encoding}({filter_.column})"
    has_all = f"coalesce(list_has_all({items}, [{', '.join(filter_.values)}]), false)"
    return " and ".join([has_all, *(f"{reference} is not null" for reference in filter_.references)])


_PREDICATES: dict[str, Callable[[Filter, ProfileSettings], str]] = {
    "INCLUSIVE": _inclusive,
    "EXCLUSIVE": _exclusive,
    "CONTAINS": _text("contains"),
    "BEGINS_WITH": _text("starts_with"),
    "ENDS_WITH": _text("ends_with"),
    "BEFORE": _date("<"),
    "AFTER": _date(">"),
    "ON": _on,
    "BETWEEN": _between,
    "NOT_BETWEEN": _not_between,
    "LIST_CONTAINS": _list_any,
    "LIST_CONTAINS_ALL": _list_all,
    **{operator: _numeric(symbol) for operator, symbol in NUMERIC_OPERATORS.items()},
}
