"""SegmentSort: the order of the rows of a segment's snapshot (documented); how values are compared is inferred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.calculated_use import PREFIX
from connect_emulator.profiles.fields import ATTRIBUTES, is_field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Structure = dict[str, Any]
_COMPARED = {"NUMBER": "as_number({0})", "DATE": "as_instant({0})", "STRING": "{0}"}


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """One attribute to sort by; `data_type` is None where it is to be inferred from the values."""

    field: str
    descending: bool
    data_type: str | None


def sort_keys(sort: Structure | None) -> tuple[SortKey, ...]:
    """Return the keys of a SegmentSort, the first counting most; a name that is no field is a custom attribute's."""
    return tuple(
        SortKey(
            field=_field(attribute["Name"], attribute.get("Type", "PROFILE")),
            descending=attribute["Order"] == "DESC",
            data_type=attribute.get("DataType"),
        )
        for attribute in (sort or {}).get("Attributes") or []
    )


def calculated_names(sort: Structure | None) -> list[str]:
    """Return the calculated attributes that a SegmentSort names."""
    return [key.field.removeprefix(PREFIX) for key in sort_keys(sort) if key.field.startswith(PREFIX)]


def counts(expression: str) -> str:
    """Return the columns that tell a type: how many values there are, how many are numbers, how many are dates."""
    return f"count({expression}), count(as_number({expression})), count(as_instant({expression}))"


def data_type(key: SortKey, *, values: int, numbers: int, dates: int) -> str:
    """Return what a key compares: what it says, else what all of its values are."""
    if key.data_type is not None:
        return key.data_type
    return "NUMBER" if 0 < values == numbers else "DATE" if 0 < values == dates else "STRING"


def order_by(keys: Sequence[SortKey], types: Sequence[str], *, column: Callable[[str], str]) -> str:
    """Return the ORDER BY clause over a row `p`; those without a value come last, equal ones as they were made.

    :param column: gives the expression of a field.
    """
    if not keys:
        return ""
    parts = [
        f"{_COMPARED[kind].format(column(key.field))} {'desc' if key.descending else 'asc'} nulls last"
        for key, kind in zip(keys, types, strict=True)
    ]
    return f" order by {', '.join(parts)}, p.rowid"


def _field(name: str, kind: str) -> str:
    if kind == "CALCULATED":
        return f"{PREFIX}{name}"
    return name if is_field(name) else f"{ATTRIBUTES}.{name}"
