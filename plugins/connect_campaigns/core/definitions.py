"""What a segment selects: groups of conditions in the API's own form, builders for them, or SQL; and its content's hash.

A segment definition can't be changed and its ARN proves no content, so a definition's name carries a hash of it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connect_campaigns.core.columns import AUDIENCE_RUN
from connect_campaigns.core.definition_checks import check_groups
from connect_campaigns.core.definition_text import parse_text
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import ATTRIBUTE_PREFIX
from connect_campaigns.core.parameters import text

Groups = dict[str, Any]
"""The API's ``SegmentGroups``."""
Group = dict[str, Any]
Dimension = dict[str, Any]
Value = str | int | float | Decimal | date

EVERYBODY: Groups = {"Groups": [{"Dimensions": [], "Type": "ALL"}], "Include": "ALL"}
"""Every profile of the domain, as a group without dimensions (from production use; undocumented)."""

LONGEST_SQL = 50_000
"""Characters of ``SegmentSqlQuery`` (documented in the API's model)."""
_HASH_LENGTH = 8
_NAME = "[a-zA-Z0-9_-]+"
_LONGEST_DIFFERENCE = 60
_LONGEST_NAME = 64 - _HASH_LENGTH - 1


@dataclass(frozen=True, kw_only=True)
class SegmentDefinition:
    """A definition to be made, checked.

    :param base_name: the name without the hash
    :param groups: ``SegmentGroups``, normalised; empty where it is defined by SQL
    :param display_name: what the Connect console shows
    :param description: more words for the console, or None
    :param sql: ``SegmentSqlQuery`` in place of groups, or None
    """

    base_name: str
    groups: Groups
    display_name: str
    description: str | None = None
    sql: str | None = None

    @property
    def content(self) -> Groups | str:
        """What it selects: its groups, or its SQL text."""
        return self.groups if self.sql is None else self.sql

    @property
    def hash(self) -> str:
        """See `content_hash`."""
        return content_hash(self.content)

    @property
    def name(self) -> str:
        """``base_name-hash``: another content is another definition; the same content is found again."""
        return f"{self.base_name}-{self.hash}"


def define(
    *,
    name: object,
    groups: object = None,
    sql: object = None,
    display_name: object = None,
    description: object = None,
    allow_all_profiles: bool = False,
    audience_run: object = None,
) -> SegmentDefinition:
    """Check and normalise all that makes a definition; nothing is asked of the service.

    :param name: base of the name, 1 to 55 characters of letters, digits, ``_`` and ``-``
    :param groups: ``SegmentGroups``, the list of its groups, JSON text of either, or shorthand as
        ``"Contact=cellular, Balance>1000"``, which may stand in the list, too
    :param sql: in place of `groups`, one SELECT in Spark SQL, up to 50,000 characters, which the service alone checks
    :param display_name: default: `name`
    :param allow_all_profiles: lets a group stand that selects everybody
    :param audience_run: keep to the profiles that the import with this ``audience_run`` brought in
    :raises InvalidInput: something the API would refuse, or a group that selects everybody unasked
    """
    base_name = text("name", name, longest=_LONGEST_NAME, form=_NAME)
    if sql is None:
        read = read_groups(groups)
        if audience_run is not None:
            check_groups(read, allow_all_profiles=True)  # as given: narrowing must not hide what is wrong
            read = within_run(read, text("audience_run", audience_run))
        check_groups(read, allow_all_profiles=allow_all_profiles)
        content: dict[str, Any] = {"groups": normalised(read)}
    else:
        content = {"groups": {}, "sql": _read_sql(sql, groups=groups, audience_run=audience_run)}
    return SegmentDefinition(
        base_name=base_name,
        display_name=base_name if display_name is None else text("display_name", display_name),
        description=None if description is None else text("description", description, longest=4000),
        **content,
    )


def _read_sql(sql: object, *, groups: object, audience_run: object) -> str:
    if groups is not None:
        raise InvalidInput(
            "`sql` is given together with `groups`",
            allowed="one of the two",
            hint="leave one out: a segment is defined by groups or by SQL",
            code="contradiction",
        )
    if audience_run is not None:
        raise InvalidInput(
            "`sql` is given together with `audience_run`",
            allowed="`audience_run` with groups, which can be narrowed to one import; text can't",
            hint=f"leave `audience_run` out here, and write the condition on the attribute {AUDIENCE_RUN} into the SQL",
            code="contradiction",
        )
    return text("sql", sql, longest=LONGEST_SQL)


def read_groups(given: object) -> Any:
    """Turn what a user may give as groups into ``SegmentGroups``, unchecked.

    :raises InvalidInput: text that is neither JSON nor shorthand
    """
    if given is None:
        return {}
    if isinstance(given, str):
        stripped = given.strip()
        if not stripped:
            return {}
        if not stripped.startswith(("{", "[")):
            return parse_text(given)
        try:
            given = json.loads(stripped)
        except ValueError as error:
            raise InvalidInput.of(
                "groups",
                given,
                allowed="SegmentGroups as a dict or JSON text, or shorthand as `Contact=cellular, Balance>1000`",
                hint=f"it begins like JSON, but: {error}; in a template end with `| tojson`",
            ) from None
    return {"Groups": [group for each in given for group in _listed(each)]} if isinstance(given, list) else given


def _listed(given: object) -> list[Any]:
    """Give the groups of a list's member: itself, or those that its shorthand says; none for an empty text."""
    if isinstance(given, str):
        return list(parse_text(given)["Groups"]) if given.strip() else []
    return [given]


def within_run(groups: Any, audience_run: str) -> Any:
    """Narrow groups to the profiles of one import; without any groups: exactly those profiles.

    :raises InvalidInput: alternatives (``Include: ANY``), which one more group would widen
    """
    this_run = all_of(attribute(AUDIENCE_RUN, "INCLUSIVE", audience_run))
    listed = groups.get("Groups") if isinstance(groups, dict) else None
    if groups == {} or listed == []:
        return {"Groups": [this_run], "Include": "ALL"}
    if not isinstance(listed, list):
        return groups
    if len(listed) > 1 and groups.get("Include", "ALL") != "ALL":
        raise InvalidInput(
            f"SegmentGroups.Include is {groups.get('Include')!r} beside `audience_run`",
            allowed="Include ALL where groups are narrowed to one import",
            hint=f'put `attribute("{AUDIENCE_RUN}", "INCLUSIVE", …)` into each group and leave `audience_run` out here',
        )
    return {"Groups": [*(group for group in listed if group != {}), this_run], "Include": "ALL"}


def normalised(groups: Groups) -> Groups:
    """Write out what the API lets be left out, so that one meaning has one form.

    Absent ``Type`` and ``Include`` mean ALL, absent ``SourceType`` means ANY (inferred; hence never left out by us).
    """
    listed = [_normalised_group(group) for group in groups.get("Groups") or [{}]]
    return {"Groups": listed, "Include": groups.get("Include") or "ALL"}


def _normalised_group(group: Group) -> Group:
    dimensions, sources = group.get("Dimensions") or [], group.get("SourceSegments") or []
    normal: Group = {}
    if dimensions or not sources:
        normal["Dimensions"] = dimensions
        normal["Type"] = (group.get("Type") or "ALL") if dimensions else "ALL"
    if sources:
        normal["SourceSegments"] = sources
        normal["SourceType"] = group.get("SourceType") or "ANY"
    return normal


def content_hash(content: Groups | str) -> str:
    """Hash what a segment selects: its groups (normalised first), or its SQL text.

    :returns: the first 8 hexadecimal digits of its SHA-256; of 8 decimal ones the first becomes a letter, so that a name's
        hash can be told from a date or a number (`keys.audience_name`)
    """
    canonical = json.dumps(
        normalised(content) if isinstance(content, dict) else content,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    digits = hashlib.sha256(canonical.encode()).hexdigest()[:_HASH_LENGTH]
    return "abcdef"[int(digits[0]) % 6] + digits[1:] if digits.isdigit() else digits


def difference(former: Groups | str, content: Groups | str) -> str:
    """Show what a definition selects otherwise than a former one, line by line."""
    one, other = (
        each if isinstance(each, str) else json.dumps(normalised(each), indent=1, sort_keys=True, ensure_ascii=False)
        for each in (former, content)
    )
    lines = list(difflib.unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=2))[2:]
    more = [f"and {len(lines) - _LONGEST_DIFFERENCE} lines more"] if len(lines) > _LONGEST_DIFFERENCE else []
    return "\n".join([*lines[:_LONGEST_DIFFERENCE], *more])


def attribute(name: str, operator: str, *values: Value) -> Dimension:
    """A condition on a custom attribute: ``attribute("Balance", "GREATER_THAN", 1000)``; several values are OR-ed.

    :raises InvalidInput: a value that has no text form
    """
    condition = {"DimensionType": operator, "Values": [value_text(value) for value in values]}
    return {"ProfileAttributes": {"Attributes": {name: condition}}}


def field(path: str, operator: str, *values: Value) -> Dimension:
    """A condition on a standard field: ``field("Address.City", "INCLUSIVE", "Paris")``.

    :raises InvalidInput: a value that has no text form
    """
    if path.startswith(ATTRIBUTE_PREFIX):
        return attribute(path.removeprefix(ATTRIBUTE_PREFIX), operator, *values)
    condition: Any = {"DimensionType": operator, "Values": [value_text(value) for value in values]}
    for part in reversed(path.split(".")):
        condition = {part: condition}
    return {"ProfileAttributes": condition}


def all_of(*dimensions: Dimension) -> Group:
    """A group of those for whom every condition holds."""
    return {"Dimensions": list(dimensions), "Type": "ALL"}


def any_of(*dimensions: Dimension) -> Group:
    """A group of those for whom at least one condition holds."""
    return {"Dimensions": list(dimensions), "Type": "ANY"}


def none_of(*dimensions: Dimension) -> Group:
    """A group of those for whom no condition holds; profiles without the value are in."""
    return {"Dimensions": list(dimensions), "Type": "NONE"}


def members_of(*segments: str) -> Group:
    """A group of those who are in at least one of these segment definitions."""
    return {"SourceSegments": [{"SegmentDefinitionName": name} for name in segments], "SourceType": "ANY"}


def excluding(*segments: str) -> Group:
    """A group of those who are in none of these segment definitions: the form of an exclusion list."""
    return {"SourceSegments": [{"SegmentDefinitionName": name} for name in segments], "SourceType": "NONE"}


def groups(*members: Group, include: str = "ALL") -> Groups:
    """Join groups: in all of them (``ALL``) or in at least one (``ANY``)."""
    return {"Groups": list(members), "Include": include}


def value_text(value: Value) -> str:
    """Write a value as the API wants it: all values are text, dates are absolute and in UTC.

    :raises InvalidInput: a truth value, a time without zone, or anything else without one obvious text
    """
    if isinstance(value, str):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"{value.isoformat()}T00:00:00Z"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    raise InvalidInput.of(
        "value",
        value,
        allowed="text, a number, a date, or a datetime with a time zone",
        hint='write the text that stands in the profile: "yes", "true", "2026-02-01T00:00:00Z"',
    )
