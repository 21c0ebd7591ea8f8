"""The segment that a user typed, checked against the columns of the file before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_campaigns.core.columns import AUDIENCE_RUN
from connect_campaigns.core.definitions import define
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import ATTRIBUTE_PREFIX, standard_field
from connect_campaigns.core.parameters import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.own_csv import SentColumn


def fields_of(segment: str) -> tuple[str, ...]:
    """Name the fields of a profile that a segment compares, as ``Address.Country`` or ``Balance``.

    :raises InvalidInput: it can't be read, or Customer Profiles would refuse it
    """
    try:
        groups = define(name="demo", groups=segment, audience_run="demo").groups
    except InvalidInput as error:
        found = error.found.replace("`groups`", "the segment")
        raise InvalidInput(found, allowed=error.allowed, hint=error.hint, code="segment") from None
    return tuple(name for name in dict.fromkeys(_compared(groups)) if name != AUDIENCE_RUN)


def check_columns(fields: Sequence[str], columns: Sequence[SentColumn]) -> None:
    """Refuse a segment that compares what the file doesn't have: it would select nobody, or everybody.

    :raises InvalidInput: naming the field, and the column that was perhaps meant
    """
    names = {column.name for column in columns}
    there = {standard_field(name) or name for name in names}
    for field in fields:
        if field in there:
            continue
        renamed = next((column.name for column in columns if column.original == field), None)
        raise InvalidInput(
            f"the segment compares {field!r}, "
            + ("which is renamed in the copy" if renamed else "which the file lacks"),
            allowed="the columns of the file, as the copy names them; case counts",
            hint=f"write `{renamed}`" if renamed else nearest(field, names),
            code="segment_column",
        )


def _compared(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _compared(each)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _paths(member) if name == "ProfileAttributes" else _compared(member)


def _paths(member: dict[str, Any], path: str = "") -> Iterator[str]:
    if "DimensionType" in member:
        yield path.removeprefix(".").removeprefix(ATTRIBUTE_PREFIX)
        return
    for name, each in member.items():
        yield from _paths(each, f"{path}.{name}")
