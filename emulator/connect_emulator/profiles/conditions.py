"""A small tree of conditions and its rendering as SQL, with a list of values of one field kept in one place.

3,000 values as 60 OR-ed IN lists take seconds to evaluate, as one list 30 ms (measured): so the lists of one
column are merged wherever they are alternatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_IN_LIST = 50  # longer lists go as one parameter that is unnested


@dataclass(frozen=True)
class Sql:
    """A finished predicate that is true or false."""

    text: str


@dataclass(frozen=True)
class Among:
    """The column's text is one of the values."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class AllOf:
    """Every child holds; without children: true."""

    children: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one child holds; without children: false."""

    children: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The child doesn't hold."""

    child: Condition


Condition = Sql | Among | AllOf | AnyOf | Not
TRUE: Condition = AllOf(())
FALSE: Condition = AnyOf(())


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Return the conjunction, flattened."""
    children: list[Condition] = []
    for condition in conditions:
        children.extend(condition.children if isinstance(condition, AllOf) else [condition])
    return children[0] if len(children) == 1 else AllOf(tuple(children))


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return the disjunction, flattened, with the lists of one column merged."""
    lists: dict[str, dict[str, None]] = {}
    others: list[Condition] = []
    for condition in conditions:
        for child in condition.children if isinstance(condition, AnyOf) else (condition,):
            if isinstance(child, Among):
                lists.setdefault(child.column, {}).update(dict.fromkeys(child.values))
            else:
                others.append(child)
    children = [*(Among(column, tuple(values)) for column, values in lists.items()), *others]
    return children[0] if len(children) == 1 else AnyOf(tuple(children))


def render(condition: Condition, *, bind: Callable[[Any], str]) -> str:
    """Return the SQL; `bind` takes a parameter's value and returns its placeholder."""
    match condition:
        case Sql(text):
            return f"({text})"
        case Among(column, values) if len(values) > _IN_LIST:
            return f"coalesce({column} in (select unnest({bind(list(values))})), false)"
        case Among(column, values):
            return f"coalesce({column} in ({', '.join(bind(value) for value in values)}), false)"
        case AllOf(children):
            return _joined(children, " and ", "true", bind)
        case AnyOf(children):
            return _joined(children, " or ", "false", bind)
        case Not(child):
            return f"(not {render(child, bind=bind)})"


def _joined(children: tuple[Condition, ...], word: str, empty: str, bind: Callable[[Any], str]) -> str:
    return f"({word.join(render(child, bind=bind) for child in children)})" if children else empty
