"""What a segment holds through the segments that it is built on: limits are counted through them, and a circle has no end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_campaigns.core.definition_checks import check_limits
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.exclusion import source_names
from connect_campaigns.core.fields import ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Groups = Mapping[str, Any]
    Sources = Mapping[str, Groups | str | None]

MAX_DEPTH = 5
"""Levels of segments on which one is built (documented; that it counts so is inferred)."""


def check_sources(name: str, groups: Groups, *, sources: Sources) -> None:
    """Check a definition together with all that it is built on, before it is made.

    :param sources: contents by name; None = there is no such definition
    :raises InvalidInput: a source that isn't there or is defined by SQL, a circle, too deep, too many attributes
    """
    _check_depth((name,), groups, sources)  # first: what leads back to the definition isn't there either
    used = set(_attributes(groups))
    for source, content in sources.items():
        if content is None:
            raise _refused(
                f"source segment {source!r} isn't there",
                allowed="names of definitions that exist, whole: with the hash",
                hint="make it first; in a DAG hand on its name: `create_definition.output['name']`",
            )
        if isinstance(content, str):
            raise _refused(
                f"source segment {source!r} is defined by SQL",
                allowed="source segments defined by groups (whether SQL may be one isn't documented)",
                hint="write its condition as groups",
            )
        used |= set(_attributes(content))
    check_limits(used)


def _check_depth(path: tuple[str, ...], content: Groups | str | None, sources: Sources) -> None:
    for source in source_names(content):
        way = " > ".join((*path, source))
        if source in path:
            raise _refused(
                f"source segments in a circle: {way}",
                allowed="sources that don't lead back to the definition",
                hint="write the groups of one of them into the definition itself",
            )
        if len(path) > MAX_DEPTH:
            raise _refused(
                f"source segments nested {len(path)} levels deep: {way}",
                allowed=f"at most {MAX_DEPTH}",
                hint="write the innermost groups into the definition that is built on them",
            )
        _check_depth((*path, source), sources.get(source), sources)


def _attributes(groups: Groups) -> Iterator[str]:
    """Name the attributes that groups filter by, as `check_limits` counts them."""
    for group in groups.get("Groups") or []:
        for dimension in group.get("Dimensions") or []:
            for name in dimension.get("CalculatedAttributes") or {}:
                yield f"calculated {name}"
            for name, member in (dimension.get("ProfileAttributes") or {}).items():
                if name == "Attributes" or name in ADDRESSES:
                    yield from (f"{name}.{part}" for part in member)
                else:
                    yield name


def _refused(found: str, *, allowed: str, hint: str) -> InvalidInput:
    return InvalidInput(found, allowed=allowed, hint=hint, code="segment_groups")
