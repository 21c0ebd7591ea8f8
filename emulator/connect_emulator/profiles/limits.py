"""What a segment's groups may hold: limits counted through the source segments, cycles, unusable filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.calculated_use import attribute_of
from connect_emulator.profiles.compile import compile_groups, fields_of
from connect_emulator.profiles.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.settings import ProfileSettings

Structure = dict[str, Any]


def check_groups(groups: Structure, *, name: str | None, domain: Domain, settings: ProfileSettings) -> None:
    """Refuse groups that can't be a segment.

    :param name: the definition that is being made; None for an estimate's query.
    :raises ServiceError: BadRequestException.
    """
    known = domain.groups_by_name()
    for group in groups.get("Groups") or []:
        _check_sources(group, domain=domain, settings=settings)
    fields: set[str] = set()
    depths = _walk(groups, path=(name,) if name else (), known=known, attributes=fields, seen={})
    attributes = {attribute_of(field) or field for field in fields}
    _check_calculated({name for field in fields if (name := attribute_of(field))}, domain.calculated, settings=settings)
    if depths > settings.max_source_depth:
        raise bad_request(
            found=f"Source segments nested {depths} levels deep",
            allowed=f"up to {settings.max_source_depth}",
            hint="write the innermost groups into the definition itself",
        )
    if len(attributes) > settings.max_segment_attributes:
        raise bad_request(
            found=f"{len(attributes)} unique attributes, source segments included",
            allowed=f"up to {settings.max_segment_attributes}",
            hint="filter on fewer attributes, or mark the profiles with one attribute when importing them",
        )
    sources = closure(groups, known=known)
    # A source of a source may be gone: that fails when the segment is evaluated, not when it is defined.
    gone: dict[str, Structure] = {
        name: {} for content in sources.values() for name in source_names(content) if name not in known
    }
    compile_groups(groups, column_of=lambda _name: None, sources=sources | gone, settings=settings)


def closure(groups: Structure, *, known: Mapping[str, Structure]) -> dict[str, Structure]:
    """Return the groups of all source segments, direct or not; those that don't exist are left out."""
    found: dict[str, Structure] = {}
    waiting = [groups]
    while waiting:
        for source in source_names(waiting.pop()):
            if source in known and source not in found:
                found[source] = known[source]
                waiting.append(known[source])
    return found


def source_names(groups: Structure) -> Iterator[str]:
    """Yield the names of the direct source segments."""
    for group in groups.get("Groups") or []:
        for source in group.get("SourceSegments") or []:
            yield source["SegmentDefinitionName"]


def _check_sources(group: Structure, *, domain: Domain, settings: ProfileSettings) -> None:
    sources = group.get("SourceSegments") or []
    if len(sources) > settings.max_source_segments:
        raise bad_request(
            found=f"A group with {len(sources)} source segments",
            allowed=f"up to {settings.max_source_segments}",
            hint="spread them over several groups, or nest definitions",
        )
    for source in sources:
        source_name = source.get("SegmentDefinitionName")
        definition = domain.definitions.get(source_name) if source_name else None
        if definition is None:
            raise bad_request(
                found=f"Source segment `{source_name}` doesn't exist in this domain",
                allowed="names of existing segment definitions",
                hint="create the source's definition first",
            )
        if isinstance(definition.content, str):
            raise bad_request(
                found=f"Source segment `{source_name}` is defined by SQL",
                allowed="source segments that are defined by groups",
                hint="write its condition as groups",
            )


def check_calculated(names: Iterable[str], calculated: Container[str]) -> None:
    """Refuse calculated attributes that the domain doesn't have.

    :raises ServiceError: BadRequestException.
    """
    if unknown := sorted(name for name in names if name not in calculated):
        raise bad_request(
            found=f"Unknown calculated attribute `{unknown[0]}`",
            allowed="calculated attributes of this domain",
            hint="CreateCalculatedAttributeDefinition makes one",
        )


def _check_calculated(used: set[str], calculated: Container[str], *, settings: ProfileSettings) -> None:
    if len(used) > settings.max_calculated_attributes:
        raise bad_request(
            found=f"{len(used)} unique calculated attributes, source segments included",
            allowed=f"up to {settings.max_calculated_attributes}",
            hint="filter on fewer of them",
        )
    check_calculated(used, calculated)


def _walk(
    groups: Structure,
    *,
    path: tuple[str, ...],
    known: Mapping[str, Structure],
    attributes: set[str],
    seen: dict[str, int],
) -> int:
    """Collect the attributes and return how many levels of sources there are."""
    attributes.update(fields_of(groups))
    depth = 0
    for source in source_names(groups):
        if source in path:
            raise bad_request(
                found=f"Source segments in a circle: {' > '.join((*path, source))}",
                allowed="source segments that don't lead back to the definition",
                hint="write the groups of one of them into the definition itself",
            )
        if source not in seen and source in known:
            seen[source] = _walk(known[source], path=(*path, source), known=known, attributes=attributes, seen=seen)
        depth = max(depth, 1 + seen.get(source, 0))
    return depth
