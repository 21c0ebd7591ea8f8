"""Whether a condition's values are what its operator takes; and how a refusal of SegmentGroups is worded.

All values are text to the service, whatever they are compared as; what can't be compared so matches nobody, silently.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import NoReturn

from connect_campaigns.core.definition_text import NUMBER
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import DATE_OPERATORS, NUMERIC_OPERATORS, max_length
from connect_campaigns.core.parameters import is_storable, nearest

MAX_VALUES = 50

_PROFILE_TYPES = ("PROFILE", "ACCOUNT_PROFILE")
_REFERENCE = re.compile(r"\{\{_(profile|calculated_attribute)\.[^{}]+\}\}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def check_values(values: object, path: str, *, field: str, operator: str) -> None:
    """Check the ``Values`` of a condition.

    :param path: where they stand in the SegmentGroups
    :param field: what is compared: a field's path, ``Attributes.NAME`` or a calculated attribute's name
    :raises InvalidInput: naming the value's path
    """
    if not isinstance(values, list) or not values:
        refuse(
            path,
            "no values" if values == [] else values,
            allowed=f"a list of 1 to {MAX_VALUES} texts",
            hint='give one at least, in square brackets: ["yes"]',
        )
    if len(values) > MAX_VALUES:
        refuse(
            path,
            f"{len(values)} values",
            allowed=f"a list of 1 to {MAX_VALUES} texts",
            hint="a longer list needs several dimensions in a group of Type ANY, or an attribute on the profile",
        )
    for index, value in enumerate(values):
        _check_value(value, f"{path}[{index}]", field=field, operator=operator)
    if operator in {"BETWEEN", "NOT_BETWEEN"}:
        _check_range(values, path, operator=operator)
    if field == "ProfileType" and len(values) != 1:
        refuse(path, f"{len(values)} values", allowed="exactly 1", hint="leave the condition out to select both types")


def _check_value(value: object, path: str, *, field: str, operator: str) -> None:
    _check_text(value, path, longest=max_length(field))
    value = str(value)
    if "{{" in value or "}}" in value:
        if not _REFERENCE.fullmatch(value):
            refuse(
                path,
                value,
                allowed="{{_profile.NAME}} or {{_calculated_attribute.NAME}}, whole",
                hint="Airflow renders double braces itself: write {% raw %}{{_profile.NAME}}{% endraw %} in a template",
            )
    elif operator in NUMERIC_OPERATORS and not (NUMBER.fullmatch(value) and math.isfinite(float(value))):
        refuse(
            path,
            value,
            allowed=f"for {operator}: a number in digits, as 1000 or 0.5",
            hint="leave out separators and units; text is compared with INCLUSIVE",
        )
    elif operator in DATE_OPERATORS and not _is_instant(value):
        refuse(
            path,
            value,
            allowed="an absolute time with its zone, as 2026-02-01T00:00:00Z",
            hint="write year-month-dayT00:00:00Z: 01/02/2026 is two dates, and relative dates have no documented form",
        )
    elif field == "ProfileType" and value not in _PROFILE_TYPES:
        refuse(path, value, allowed=" or ".join(_PROFILE_TYPES), hint=nearest(value, _PROFILE_TYPES))


def _check_text(value: object, path: str, *, longest: int) -> None:
    allowed = f"a text of 1 to {longest} characters"
    if not isinstance(value, str):
        shown = str(value).lower() if isinstance(value, bool) else value
        known = isinstance(value, int | float)
        refuse(path, value, allowed=allowed, hint=f'all values are text: "{shown}"' if known else "write out a text")
    if not value:
        refuse(path, "0 characters", allowed=allowed, hint="a missing value is found by a group of Type NONE")
    if len(value) > longest:
        refuse(path, f"{len(value)} characters", allowed=allowed, hint=f"shorten it by {len(value) - longest}")
    if not is_storable(value):
        refuse(path, f"half a surrogate pair in {value[:50]!a}", allowed="well-formed Unicode", hint="read it as UTF-8")


def _check_range(values: list[str], path: str, *, operator: str) -> None:
    if len(values) != 2:
        refuse(
            path,
            f"{len(values)} value{'s' * (len(values) != 1)}",
            allowed=f"exactly 2 for {operator}: the first and the last date",
            hint="give each range a dimension of its own; an open end is AFTER or BEFORE",
        )
    if all(map(_is_instant, values)):
        first, last = map(datetime.fromisoformat, values)
        if first > last:
            refuse(path, "the first date after the last", allowed="first, then last", hint="swap the two")


def _is_instant(value: str) -> bool:
    try:
        return bool(_INSTANT.fullmatch(value)) and datetime.fromisoformat(value) is not None
    except ValueError:  # the form of a date, but no day of the calendar
        return False


def refuse(path: str, found: object, *, allowed: str, hint: str) -> NoReturn:
    """Refuse a member of SegmentGroups.

    :raises InvalidInput: always
    """
    shown = found if isinstance(found, str) else repr(found)
    raise InvalidInput(f"{path}: {shown[:200]}", allowed=allowed, hint=hint, code="segment_groups")
