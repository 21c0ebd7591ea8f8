"""Segment definitions: immutable, named once per domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.limits import check_groups
from connect_emulator.profiles.refusals import bad_request, not_found

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.settings import ProfileSettings

Structure = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SegmentDefinition:
    """A definition; `groups` is its SegmentGroups as given."""

    name: str
    arn: str
    display_name: str
    description: str | None
    groups: Structure
    sort: Structure | None
    created_at: datetime
    tags: dict[str, str] = field(default_factory=dict)


def groups_of(params: Structure, *, member: str) -> Structure:
    """Return the groups of a request that has either groups or a SQL query.

    :param member: the groups' name in the request: `SegmentGroups` or `SegmentQuery`.
    :raises ServiceError: BadRequestException for both, neither, and for SQL.
    """
    has_groups, has_sql = params.get(member) is not None, params.get("SegmentSqlQuery") is not None
    if has_groups == has_sql:
        raise bad_request(
            found=f"{'Both' if has_groups else 'Neither'} `{member}` and `SegmentSqlQuery`",
            allowed="exactly one of them",
            hint=f"give `{member}`",
        )
    if has_sql:
        raise bad_request(
            found="`SegmentSqlQuery`",
            allowed=f"`{member}`",
            hint="SQL segments aren't in this emulator; write the condition as groups of dimensions",
        )
    groups: Structure = params[member]
    return groups


def define(
    domain: Domain, params: Structure, *, arn: str, now: datetime, settings: ProfileSettings
) -> SegmentDefinition:
    """Add a definition to the domain.

    :raises ServiceError: BadRequestException for a name that exists and for groups that can't be a segment.
    """
    name = params["SegmentDefinitionName"]
    if name in domain.definitions:
        raise bad_request(
            found=f"Segment definition `{name}` already exists",
            allowed="a name that the domain doesn't have yet",
            hint="definitions are immutable: use the one that is there, or another name",
        )
    groups = groups_of(params, member="SegmentGroups")
    check_groups(groups, name=name, known=domain.groups_by_name(), calculated=domain.calculated, settings=settings)
    sort = params.get("SegmentSort")
    definition = SegmentDefinition(
        name=name,
        arn=arn,
        display_name=params["DisplayName"],
        description=params.get("Description"),
        groups=groups,
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
