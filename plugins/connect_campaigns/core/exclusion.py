"""Whether a segment leaves certain people out, read from its definition and from those that it is built on.

The question is safe in one direction only: what can't be told counts as not excluded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.columns import AUDIENCE_RUN
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import ATTRIBUTE_PREFIX
from connect_campaigns.core.keys import audience_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Groups = Mapping[str, Any]
    Sources = Mapping[str, Groups | str | None]
    """Definitions by name: their SegmentGroups, their SQL text, or None where there is no such definition."""

_SEGMENT_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_STRICT = "ANY"
"""How absent Type, SourceType and Include are read here: the documentation is silent, and this is the stricter one."""


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """People who must not be in an audience: the members of a segment, or the bearers of an attribute.

    :param text: as it was given
    :param segment: name of a segment definition, with or without its content's hash
    :param attribute: in its place, name of a custom attribute
    :param value: what the attribute says of these people
    """

    text: str
    segment: str | None = None
    attribute: str | None = None
    value: str | None = None

    def is_segment(self, name: str, content: Groups) -> bool:
        """Whether a definition is the segment: by its whole name; or without hash, where it isn't one import's people.

        A list of one import's people is another definition after each import: its bare name would let an old list pass.
        """
        if self.segment is None:
            return False
        return name == self.segment or (audience_name(name) == self.segment and not of_one_import(content))


def read_exclusions(name: str, value: object) -> tuple[Exclusion, ...]:
    """Read whom an audience must leave out: a text, several with commas between, or a list of texts.

    :raises InvalidInput: neither segment names nor ``Attributes.NAME=VALUE``
    """
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not texts or not all(isinstance(each, str) for each in texts):
        raise _refused(name, value)
    return tuple(_read_one(name, each.strip()) for each in texts)


def _read_one(name: str, given: str) -> Exclusion:
    if given.startswith(ATTRIBUTE_PREFIX):
        attribute, _, wanted = given.removeprefix(ATTRIBUTE_PREFIX).partition("=")
        if attribute and wanted:
            return Exclusion(text=given, attribute=attribute, value=wanted)
    elif _SEGMENT_NAME.fullmatch(given) and given != "None":  # what a template makes of a missing value
        return Exclusion(text=given, segment=given)
    raise _refused(name, given)


def _refused(name: str, value: object) -> InvalidInput:
    return InvalidInput.of(
        name,
        value,
        allowed="a segment definition's name, or Attributes.NAME=VALUE; or several of these",
        hint=f'{name}="do-not-call", or {name}="Attributes.DoNotCall=yes"',
    )


def source_names(content: Groups | str | None) -> Iterator[str]:
    """Name the segments that a definition is directly built on."""
    for group in content.get("Groups") or [] if content and not isinstance(content, str) else []:
        for source in group.get("SourceSegments") or []:
            yield source["SegmentDefinitionName"]


def of_one_import(content: Groups) -> bool:
    """Whether a definition asks for the people of one import (``audience_run``)."""
    return any(
        AUDIENCE_RUN in ((dimension.get("ProfileAttributes") or {}).get("Attributes") or {})
        for group in content.get("Groups") or []
        for dimension in group.get("Dimensions") or []
    )


def excludes(content: Groups | str | None, wanted: Exclusion, *, sources: Sources, path: tuple[str, ...] = ()) -> bool:
    """Whether nobody who is to be left out can be in a segment, for certain.

    :param sources: every definition that it is built on, directly or not
    :param path: names of the definitions that led here
    """
    if content is None or isinstance(content, str):
        return False
    found = (_group_excludes(group, wanted, sources=sources, path=path) for group in content.get("Groups") or [])
    return _joined(content.get("Include"), found)


def _joined(how: str | None, found: Iterator[bool]) -> bool:
    """Join what the parts exclude: of parts that must all hold one is enough, of alternatives each one has to."""
    each = list(found)
    if how == "NONE":
        return False
    return any(each) if how == "ALL" else bool(each) and all(each)


def _group_excludes(group: Mapping[str, Any], wanted: Exclusion, *, sources: Sources, path: tuple[str, ...]) -> bool:
    names = list(source_names({"Groups": [group]}))
    if group.get("SourceType") == "NONE":
        by_sources = any(_covers(name, wanted, sources=sources, path=path) for name in names)
    else:
        inside = (
            name not in path and excludes(sources.get(name), wanted, sources=sources, path=(*path, name))
            for name in names
        )
        by_sources = _joined(group.get("SourceType") or _STRICT, inside)
    return by_sources or _dimensions_exclude(group, wanted)


def _dimensions_exclude(group: Mapping[str, Any], wanted: Exclusion) -> bool:
    dimensions = group.get("Dimensions") or []
    if group.get("Type") == "NONE":
        return any(_selects(dimension, wanted) for dimension in dimensions)
    found = (_says(_condition(dimension, wanted), "EXCLUSIVE", wanted) for dimension in dimensions)
    return _joined(group.get("Type") or _STRICT, found)


def _covers(name: str, wanted: Exclusion, *, sources: Sources, path: tuple[str, ...]) -> bool:
    """Whether a segment has everybody who is to be left out: it is that segment, or one that joins it with others."""
    content = sources.get(name)
    if name in path or content is None or isinstance(content, str):
        return False
    if wanted.is_segment(name, content):
        return True
    groups = content.get("Groups") or []
    if len(groups) > 1 and content.get("Include") != "ANY":
        return False
    return content.get("Include") != "NONE" and any(
        _group_covers(group, wanted, sources=sources, path=(*path, name)) for group in groups
    )


def _group_covers(group: Mapping[str, Any], wanted: Exclusion, *, sources: Sources, path: tuple[str, ...]) -> bool:
    names, dimensions = list(source_names({"Groups": [group]})), group.get("Dimensions") or []
    if names and not dimensions:
        alternatives = group.get("SourceType") == "ANY" or (len(names) == 1 and group.get("SourceType") != "NONE")
        return alternatives and any(_covers(name, wanted, sources=sources, path=path) for name in names)
    if dimensions and not names:
        alternatives = group.get("Type") == "ANY" or (len(dimensions) == 1 and group.get("Type") != "NONE")
        return alternatives and any(_selects(dimension, wanted) for dimension in dimensions)
    return False


def _selects(dimension: Mapping[str, Any], wanted: Exclusion) -> bool:
    """Whether a dimension selects everybody with the attribute's value, and asks for nothing besides."""
    fields = dimension.get("ProfileAttributes") or {}
    alone = set(fields) == {"Attributes"} and len(fields["Attributes"]) == 1
    return alone and _says(_condition(dimension, wanted), "INCLUSIVE", wanted)


def _condition(dimension: Mapping[str, Any], wanted: Exclusion) -> Mapping[str, Any]:
    attributes = (dimension.get("ProfileAttributes") or {}).get("Attributes") or {}
    found: Mapping[str, Any] = attributes.get(wanted.attribute) or {}
    return found


def _says(condition: Mapping[str, Any], operator: str, wanted: Exclusion) -> bool:
    values = condition.get("Values") or []
    return condition.get("DimensionType") == operator and wanted.value in values


def doubts(name: str, content: Groups | str | None, *, sources: Sources) -> list[str]:
    """Say what in a definition, or in one that it is built on, can't be told."""
    found = []
    for each, groups in ((name, content), *sources.items()):
        if groups is None:
            found.append(f"segment {each} isn't there")
        elif isinstance(groups, str):
            found.append(f"segment {each} is defined by SQL")
        elif groups.get("Include") == "NONE":
            found.append(f"segment {each} has Include NONE, whose meaning isn't documented")
        elif each != name and of_one_import(groups):
            found.append(f"segment {each} is the people of one import, which only its whole name stands for")
    return found
