"""Whether SegmentGroups are what the API takes, told before any call, with the path of the member that isn't.

The forms are the service's model's, the limits its documentation's; the SDK itself lets most of them pass (measured).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NoReturn

from connect_campaigns.core.definition_text import NUMBER
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import (
    ADDRESSES,
    ATTRIBUTE_OPERATORS,
    DATE_OPERATORS,
    FILTERABLE,
    NUMERIC_OPERATORS,
    max_length,
)
from connect_campaigns.core.parameters import nearest

MAX_VALUES = 50
MAX_ATTRIBUTES = 60
MAX_CALCULATED = 10
MAX_SOURCES = 5

_ROOT = "SegmentGroups"
_DEFINITION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CALCULATED_NAME = re.compile(r"[a-zA-Z_][a-zA-Z_0-9-]{0,254}")
_REFERENCE = re.compile(r"\{\{_(profile|calculated_attribute)\.[^{}]+\}\}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def check_groups(given: object, *, allow_all_profiles: bool) -> None:
    """Check ``SegmentGroups`` whole.

    :param allow_all_profiles: lets no groups, or a group without dimensions and sources, stand: everybody
    :raises InvalidInput: naming the member's path
    """
    body = _members(given, _ROOT, known=("Groups", "Include"))
    if body.get("Include") == "NONE":
        _refuse(
            f"{_ROOT}.Include",
            "NONE",
            allowed="ALL or ANY: what NONE means to the service is not documented",
            hint="exclude by a group of its own with `SourceType: NONE` (or `Type: NONE`) under `Include: ALL`",
        )
    _one_of(body, "Include", _ROOT, known=("ALL", "ANY"))
    listed = _list(body, "Groups", _ROOT)
    if not listed and not allow_all_profiles:
        _everybody(_ROOT, "no groups")
    used: set[str] = set()
    for index, group in enumerate(listed):
        _check_group(group, f"{_ROOT}.Groups[{index}]", used=used, allow_all_profiles=allow_all_profiles)
    check_limits(used)


def _check_group(given: object, path: str, *, used: set[str], allow_all_profiles: bool) -> None:
    group = _members(given, path, known=("Dimensions", "SourceSegments", "SourceType", "Type"))
    _one_of(group, "Type", path, known=("ALL", "ANY", "NONE"))
    _one_of(group, "SourceType", path, known=("ALL", "ANY", "NONE"))
    dimensions, sources = _list(group, "Dimensions", path), _list(group, "SourceSegments", path)
    if not dimensions and not sources and not allow_all_profiles:
        _everybody(path, "a group without dimensions and sources")
    for member, inverted, other in (("Type", "Dimensions", "SourceType"), ("SourceType", "SourceSegments", "Type")):
        if group.get(member) == "NONE" and not group.get(inverted):
            _refuse(
                f"{path}.{member}",
                "NONE",
                allowed=f"NONE beside {inverted}, which it turns round; this group has none",
                hint=f"to leave people out by what this group has, write `{other}: NONE`",
            )
    if len(sources) > MAX_SOURCES:
        _refuse(
            f"{path}.SourceSegments",
            f"{len(sources)} sources",
            allowed=f"at most {MAX_SOURCES} a group",
            hint="put a segment between that joins some of them",
        )
    for index, source in enumerate(sources):
        _check_source(source, f"{path}.SourceSegments[{index}]")
    for index, dimension in enumerate(dimensions):
        _check_dimension(dimension, f"{path}.Dimensions[{index}]", used=used)


def _check_source(given: object, path: str) -> None:
    source = _members(given, path, known=("SegmentDefinitionName",))
    name = source.get("SegmentDefinitionName")
    if not isinstance(name, str) or not _DEFINITION_NAME.fullmatch(name):
        _refuse(
            f"{path}.SegmentDefinitionName",
            name,
            allowed="a definition's name: 1 to 64 letters, digits, _ and -",
            hint="give the name with its hash, as the Connect console or CreateSegmentDefinition shows it",
        )


def _check_dimension(given: object, path: str, *, used: set[str]) -> None:
    dimension = _members(given, path, known=("ProfileAttributes", "CalculatedAttributes"))
    if len(dimension) != 1:
        _refuse(
            path,
            f"{len(dimension)} members",
            allowed="exactly one of ProfileAttributes and CalculatedAttributes",
            hint="write one dimension for each",
        )
    (kind, content), *_ = dimension.items()
    inner = f"{path}.{kind}"
    fields = _mapping(content, inner)
    if not fields:
        _refuse(inner, "no field", allowed="one field or more", hint="leave the dimension out to select everybody")
    for name, member in fields.items():
        if kind == "CalculatedAttributes":
            _check_calculated(name, member, inner, used=used)
        elif name == "Attributes":
            _check_custom(member, f"{inner}.Attributes", used=used)
        elif name in ADDRESSES:
            _check_address(name, member, inner, used=used)
        else:
            _check_standard(name, member, inner, used=used)


def _check_calculated(name: str, member: object, path: str, *, used: set[str]) -> None:
    if not _CALCULATED_NAME.fullmatch(name):
        _refuse(path, name, allowed="letters, digits, _ and -, no digit first", hint="give the attribute's own name")
    used.add(f"calculated {name}")
    _check_condition(member, f"{path}.{name}", name, ATTRIBUTE_OPERATORS, more=("ConditionOverrides",))


def _check_custom(member: object, path: str, *, used: set[str]) -> None:
    attributes = _mapping(member, path)
    if not attributes:
        _refuse(path, "no attribute", allowed="one attribute or more", hint="name an attribute, or leave this out")
    for name, condition in attributes.items():
        if not 1 <= len(name) <= 255:
            _refuse(path, f"a name of {len(name)} characters", allowed="1 to 255", hint="give the attribute's name")
        used.add(f"Attributes.{name}")
        _check_condition(condition, f"{path}.{name}", f"Attributes.{name}", ATTRIBUTE_OPERATORS)


def _check_address(address: str, member: object, path: str, *, used: set[str]) -> None:
    parts = _mapping(member, f"{path}.{address}")
    if not parts:
        _refuse(f"{path}.{address}", "no part", allowed="one part or more", hint="name City, Country, PostalCode, …")
    for part, condition in parts.items():
        _check_standard(f"{address}.{part}", condition, path, used=used)


def _check_standard(name: str, member: object, path: str, *, used: set[str]) -> None:
    operators = FILTERABLE.get(name)
    if operators is None:
        _refuse(
            f"{path}.{name}",
            "no field that a segment can filter by",
            allowed="the fields of ProfileAttributes, and Attributes for custom ones",
            hint=f"{nearest(name, FILTERABLE)}; a custom attribute stands under `Attributes`",
        )
    used.add(name)
    _check_condition(member, f"{path}.{name}", name, operators)


def _check_condition(
    given: object, path: str, field: str, operators: tuple[str, ...], *, more: tuple[str, ...] = ()
) -> None:
    condition = _members(given, path, known=("DimensionType", "Values", *more))
    operator = condition.get("DimensionType")
    if operator not in operators:
        _refuse(
            f"{path}.DimensionType",
            operator,
            allowed=f"for {field}: {', '.join(operators)}",
            hint=nearest(str(operator), operators),
        )
    values = condition.get("Values")
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_VALUES:
        found = f"{len(values)} values" if isinstance(values, list) else values
        _refuse(
            f"{path}.Values",
            found,
            allowed=f"a list of 1 to {MAX_VALUES} texts",
            hint="a longer list needs several dimensions in a group of Type ANY, or an attribute on the profile",
        )
    for index, value in enumerate(values):
        _check_value(value, f"{path}.Values[{index}]", field=field, operator=operator)
    _check_number_of_values(values, f"{path}.Values", field=field, operator=operator)


def _check_value(value: object, path: str, *, field: str, operator: str) -> None:
    longest = max_length(field)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        found = f"{len(value)} characters" if isinstance(value, str) else value
        hint = f'all values are text: "{value}"' if isinstance(value, int | float) else "write out a text"
        _refuse(path, found, allowed=f"a text of 1 to {longest} characters", hint=hint)
    if "{{" in value or "}}" in value:
        if not _REFERENCE.fullmatch(value):
            _refuse(
                path,
                value,
                allowed="{{_profile.NAME}} or {{_calculated_attribute.NAME}}, whole",
                hint="Airflow renders double braces itself: write {% raw %}{{_profile.NAME}}{% endraw %} in a template",
            )
    elif operator in NUMERIC_OPERATORS and not NUMBER.fullmatch(value):
        _refuse(
            path,
            value,
            allowed=f"for {operator}: a number in digits, as 1000 or 0.5",
            hint="leave out separators and units; text is compared with INCLUSIVE",
        )
    elif operator in DATE_OPERATORS and not _is_instant(value):
        _refuse(
            path,
            value,
            allowed="an absolute time with its zone, as 2026-02-01T00:00:00Z",
            hint="write year-month-dayT00:00:00Z: 01/02/2026 is two dates, and relative dates have no documented form",
        )
    elif field == "ProfileType" and value not in {"PROFILE", "ACCOUNT_PROFILE"}:
        _refuse(path, value, allowed="PROFILE or ACCOUNT_PROFILE", hint=nearest(value, ("PROFILE", "ACCOUNT_PROFILE")))


def _check_number_of_values(values: list[str], path: str, *, field: str, operator: str) -> None:
    wanted = 2 if operator in {"BETWEEN", "NOT_BETWEEN"} else 1 if field == "ProfileType" else None
    if wanted is not None and len(values) != wanted:
        _refuse(path, f"{len(values)} values", allowed=f"exactly {wanted} for {operator}", hint="one dimension each")
    if wanted == 2 and all(_is_instant(value) for value in values):
        first, last = (datetime.fromisoformat(value) for value in values)
        if first > last:
            _refuse(path, "the first date after the last", allowed="first, then last", hint="swap the two")


def _is_instant(value: str) -> bool:
    try:
        return bool(_INSTANT.fullmatch(value)) and datetime.fromisoformat(value) is not None
    except ValueError:  # the form of a date, but no day of the calendar
        return False


def check_limits(used: set[str]) -> None:
    """Count unique attributes against the documented limits.

    :param used: paths of fields, ``Attributes.NAME`` and ``calculated NAME``
    :raises InvalidInput: too many
    """
    calculated = sum(name.startswith("calculated ") for name in used)
    for found, most, what in (
        (len(used), MAX_ATTRIBUTES, "unique attributes"),
        (calculated, MAX_CALCULATED, "unique calculated attributes"),
    ):
        if found > most:
            _refuse(_ROOT, f"{found} {what}", allowed=f"at most {most}, sources counted in", hint="split the segment")


def _members(given: object, path: str, *, known: tuple[str, ...]) -> dict[str, Any]:
    body = _mapping(given, path)
    for name in body:
        if name not in known:
            _refuse(
                f"{path}.{name}", "no member of this structure", allowed=", ".join(known), hint=nearest(name, known)
            )
    return body


def _mapping(given: object, path: str) -> dict[str, Any]:
    if not isinstance(given, dict) or not all(isinstance(key, str) for key in given):
        _refuse(
            path, given, allowed="a dict of the API's own members", hint="use the builders, or look at the API's page"
        )
    return given


def _list(body: dict[str, Any], name: str, path: str) -> list[Any]:
    given = body.get(name, [])
    if not isinstance(given, list):
        _refuse(f"{path}.{name}", given, allowed="a list", hint="put it in square brackets")
    return given


def _one_of(body: dict[str, Any], name: str, path: str, *, known: tuple[str, ...]) -> None:
    if name in body and body[name] not in known:
        _refuse(f"{path}.{name}", body[name], allowed=", ".join(known), hint=nearest(str(body[name]), known))


def _everybody(path: str, found: str) -> NoReturn:
    _refuse(
        path,
        f"{found}, which selects every profile of the domain",
        allowed="groups with at least one dimension or source each",
        hint="add a condition; if everybody is meant, say so with `allow_all_profiles=True`",
    )


def _refuse(path: str, found: object, *, allowed: str, hint: str) -> NoReturn:
    shown = found if isinstance(found, str) else repr(found)
    raise InvalidInput(f"{path}: {shown[:200]}", allowed=allowed, hint=hint, code="segment_groups")
