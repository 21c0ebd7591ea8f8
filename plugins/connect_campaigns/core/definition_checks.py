"""Whether SegmentGroups are what the API takes, told before any call, with the path of the member that isn't.

The forms are the service's model's, the limits its documentation's; the SDK itself lets most of them pass (measured).
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from connect_campaigns.core.definition_values import check_values, refuse
from connect_campaigns.core.fields import ADDRESSES, ATTRIBUTE_OPERATORS, FILTERABLE
from connect_campaigns.core.parameters import is_storable, nearest

MAX_ATTRIBUTES = 60
MAX_CALCULATED = 10
MAX_SOURCES = 5

_ROOT = "SegmentGroups"
_DEFINITION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SIGNS = {
    "=": "INCLUSIVE",
    "==": "INCLUSIVE",
    "!=": "EXCLUSIVE",
    "<>": "EXCLUSIVE",
    ">": "GREATER_THAN",
    "<": "LESS_THAN",
    ">=": "GREATER_THAN_OR_EQUAL",
    "<=": "LESS_THAN_OR_EQUAL",
    "IN": "INCLUSIVE",
    "NOT IN": "EXCLUSIVE",
    "LIKE": "CONTAINS",
}
_CALCULATED_NAME = re.compile(r"[a-zA-Z_][a-zA-Z_0-9-]{0,254}")


def check_groups(given: object, *, allow_all_profiles: bool) -> None:
    """Check ``SegmentGroups`` whole.

    :param allow_all_profiles: lets no groups, or a group without dimensions and sources, stand: everybody
    :raises InvalidInput: naming the member's path
    """
    body = _members(given, _ROOT, known=("Groups", "Include"))
    if body.get("Include") == "NONE":
        refuse(
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
            refuse(
                f"{path}.{member}",
                "NONE",
                allowed=f"NONE beside {inverted}, which it turns round; this group has none",
                hint=f"to leave people out by what this group has, write `{other}: NONE`",
            )
    if len(sources) > MAX_SOURCES:
        refuse(
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
        refuse(
            f"{path}.SegmentDefinitionName",
            name,
            allowed="a definition's name: 1 to 64 letters, digits, _ and -",
            hint="give the name with its hash, as the Connect console or CreateSegmentDefinition shows it",
        )


def _check_dimension(given: object, path: str, *, used: set[str]) -> None:
    dimension = _members(given, path, known=("ProfileAttributes", "CalculatedAttributes"))
    if len(dimension) != 1:
        refuse(
            path,
            f"{len(dimension)} members",
            allowed="exactly one of ProfileAttributes and CalculatedAttributes",
            hint="write one dimension for each",
        )
    (kind, content), *_ = dimension.items()
    inner = f"{path}.{kind}"
    fields = _mapping(content, inner)
    if not fields:
        refuse(inner, "no field", allowed="one field or more", hint="leave the dimension out to select everybody")
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
        refuse(path, name, allowed="letters, digits, _ and -, no digit first", hint="give the attribute's own name")
    used.add(f"calculated {name}")
    _check_condition(member, f"{path}.{name}", name, ATTRIBUTE_OPERATORS, more=("ConditionOverrides",))
    if isinstance(member, dict) and "ConditionOverrides" in member:
        _check_overrides(member["ConditionOverrides"], f"{path}.{name}.ConditionOverrides")


def _check_custom(member: object, path: str, *, used: set[str]) -> None:
    attributes = _mapping(member, path)
    if not attributes:
        refuse(path, "no attribute", allowed="one attribute or more", hint="name an attribute, or leave this out")
    for name, condition in attributes.items():
        if not 1 <= len(name) <= 255 or not is_storable(name):
            refuse(
                path,
                f"a name of {len(name)} characters, {name[:50]!a}",
                allowed="1 to 255 characters of well-formed Unicode",
                hint="give the attribute's name",
            )
        used.add(f"Attributes.{name}")
        _check_condition(condition, f"{path}.{name}", f"Attributes.{name}", ATTRIBUTE_OPERATORS)


def _check_address(address: str, member: object, path: str, *, used: set[str]) -> None:
    parts = _mapping(member, f"{path}.{address}")
    if not parts:
        refuse(f"{path}.{address}", "no part", allowed="one part or more", hint="name City, Country, PostalCode, …")
    for part, condition in parts.items():
        _check_standard(f"{address}.{part}", condition, path, used=used)


def _check_standard(name: str, member: object, path: str, *, used: set[str]) -> None:
    operators = FILTERABLE.get(name)
    if operators is None:
        refuse(
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
        refuse(
            f"{path}.DimensionType",
            operator,
            allowed=f"for {field}: {', '.join(operators)}",
            hint=_meant(operator, operators),
        )
    check_values(condition.get("Values"), f"{path}.Values", field=field, operator=operator)


def _meant(operator: object, operators: tuple[str, ...]) -> str:
    """Name the operator that was perhaps meant, of another spelling or of another language."""
    known = str(operator).strip().upper().replace(" ", "_")
    if known not in operators:
        known = _SIGNS.get(str(operator).strip(), "")
    if known in operators:
        return f"write `{known}`"
    if operator in ATTRIBUTE_OPERATORS:
        return "compare so by a custom attribute: a standard field has operators of its own"
    close = nearest(str(operator), operators)
    return (
        close
        if close.startswith("perhaps ")
        else "take one of these: text is compared with INCLUSIVE, numbers with EQUAL"
    )


def _check_overrides(given: object, path: str) -> None:
    overrides = _members(given, path, known=("Range",))
    if "Range" not in overrides:
        return
    days = _members(overrides["Range"], f"{path}.Range", known=("Start", "End", "Unit"))
    for name in ("Start", "End"):
        value = days.get(name)
        if (name == "Start" or name in days) and (not isinstance(value, int) or isinstance(value, bool)):
            refuse(
                f"{path}.Range.{name}",
                value,
                allowed="a whole number of days, without quotes: past ones are positive",
                hint='the last 30 days are {"Start": 30, "Unit": "DAYS"}',
            )
    if days.get("Unit") != "DAYS":
        refuse(f"{path}.Range.Unit", days.get("Unit"), allowed="DAYS", hint='write `"Unit": "DAYS"`')


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
            refuse(_ROOT, f"{found} {what}", allowed=f"at most {most}, sources counted in", hint="split the segment")


def _members(given: object, path: str, *, known: tuple[str, ...]) -> dict[str, Any]:
    body = _mapping(given, path)
    for name in body:
        if name not in known:
            refuse(f"{path}.{name}", "no member of this structure", allowed=", ".join(known), hint=nearest(name, known))
    return body


def _mapping(given: object, path: str) -> dict[str, Any]:
    if not isinstance(given, dict) or not all(isinstance(key, str) for key in given):
        refuse(
            path, given, allowed="a dict of the API's own members", hint="use the builders, or look at the API's page"
        )
    return given


def _list(body: dict[str, Any], name: str, path: str) -> list[Any]:
    given = body.get(name, [])
    if not isinstance(given, list):
        refuse(f"{path}.{name}", given, allowed="a list", hint="put it in square brackets")
    return given


def _one_of(body: dict[str, Any], name: str, path: str, *, known: tuple[str, ...]) -> None:
    if name in body and body[name] not in known:
        refuse(f"{path}.{name}", body[name], allowed=", ".join(known), hint=nearest(str(body[name]), known))


def _everybody(path: str, found: str) -> NoReturn:
    refuse(
        path,
        f"{found}, which selects every profile of the domain",
        allowed="groups with at least one dimension or source each",
        hint="add a condition; if everybody is meant, say so with `allow_all_profiles=True`",
    )
