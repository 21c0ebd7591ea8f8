"""Calculated attributes in segments: which a segment needs, under which names the table has their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.calculated import Window
from connect_emulator.profiles.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from connect_emulator.profiles.domains import Domain

Structure = dict[str, Any]
PREFIX = "_calculated_attribute."


def calculated_field(name: str, filter_: Structure) -> str:
    """Return the field that a filter is about: the attribute, and the days that override its own."""
    days = (filter_.get("ConditionOverrides") or {}).get("Range")
    return f"{PREFIX}{name}" + (f"[{days['Start']},{days.get('End', 0)}]" if days else "")


def attribute_of(field: str) -> str | None:
    """Return the calculated attribute's name; None for a field of the profile."""
    return field.removeprefix(PREFIX).partition("[")[0] if field.startswith(PREFIX) else None


def rows_for(
    domain: Domain, fields: Iterable[str], *, now: datetime, zero_for: Sequence[str] = ()
) -> Iterator[Structure]:
    """Yield the values of these fields as rows of the table; fields of the profile are passed over.

    :raises ServiceError: BadRequestException for a calculated attribute that was deleted.
    """
    for field in sorted(set(fields)):
        name = attribute_of(field)
        if name is not None:
            if name not in domain.calculated:
                raise bad_request(
                    found=f"Calculated attribute `{name}` doesn't exist",
                    allowed="calculated attributes of the same domain",
                    hint="it was deleted: create it again, or another segment",
                )
            _, bracket, days = field.partition("[")
            start, _, end = days.removesuffix("]").partition(",")
            window = Window(start=int(start), end=int(end)) if bracket else None
            values = domain.calculated[name].values(domain, now=now, window=window, zero_for=zero_for)
            for profile_id, value in values.items():
                yield {"profile_id": profile_id, "name": field, "value": value}
