"""Segment definitions: immutable, named once per domain, by groups (CLASSIC) or by SQL (ENHANCED)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.limits import check_calculated, check_groups
from connect_emulator.profiles.refusals import bad_request, not_found
from connect_emulator.profiles.sorting import calculated_names

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.settings import ProfileSettings

Structure = dict[str, Any]
Content = Structure | str
"""What a segment selects: its SegmentGroups as given, or the text of its SegmentSqlQuery."""


@dataclass(frozen=True, kw_only=True)
class SegmentDefinition:
    """A definition."""

    name: str
    arn: str
    display_name: str
    description: str | None
    content: Content
    sort: Structure | None
    created_at: datetime
    tags: dict[str, str] = field(default_factory=dict)


def content_of(params: Structure, *, member: str) -> Content:
    """Return what a request selects, which has either groups or an SQL query.

    :param member: the groups' name in the request: `SegmentGroups` or `SegmentQuery`.
    :raises ServiceError: BadRequestException for both and for neither.
    """
    groups: Structure | None = params.get(member)
    sql: str | None = params.get("SegmentSqlQuery")
    if groups is not None and sql is None:
        return groups
    if sql is not None and groups is None:
        return sql
    raise bad_request(
        found=f"{'Neither' if groups is None else 'Both'} `{member}` and `SegmentSqlQuery`",
        allowed="exactly one of them",
        hint=f"give `{member}`",
    )


def define(
    domain: Domain, params: Structure, *, arn: str, now: datetime, settings: ProfileSettings
) -> SegmentDefinition:
    """Add a definition to the domain; its SQL was looked at before, where that is wanted.

    :raises ServiceError: BadRequestException for a name that exists and for groups that can't be a segment.
    """
    name = params["SegmentDefinitionName"]
    if name in domain.definitions:
        raise bad_request(
            found=f"Segment definition `{name}` already exists",
            allowed="a name that the domain doesn't have yet",
            hint="definitions are immutable: use the one that is there, or another name",
        )
    content = content_of(params, member="SegmentGroups")
    if not isinstance(content, str):
        check_groups(content, name=name, domain=domain, settings=settings)
    sort = params.get("SegmentSort")
    check_calculated(calculated_names(sort), domain.calculated)
    definition = SegmentDefinition(
        name=name,
        arn=arn,
        display_name=params["DisplayName"],
        description=params.get("Description"),
        content=content,
        sort=sort,
        created_at=now,
        tags=params.get("Tags") or {},
    )
    domain.definitions[name] = definition
    return definition


def definition_of(domain: Domain, name: str) -> SegmentDefinition:
    """Return a definition.

    :raises ServiceError: ResourceNotFoundException.
    """
    if name not in domain.definitions:
        raise not_found(what="Segment definition", name=name, hint="ListSegmentDefinitions lists those of the domain")
    return domain.definitions[name]
