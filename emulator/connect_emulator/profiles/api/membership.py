"""GetSegmentMembership: which of up to 100 profiles are in a segment; it can't list the members (documented)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_emulator.errors import ServiceError
from connect_emulator.profiles.segments import definition_of
from connect_emulator.profiles.snapshots import last_export

if TYPE_CHECKING:
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.export import Members
    from connect_emulator.profiles.segments import SegmentDefinition
    from connect_emulator.world import Handler, Request, World

Structure = dict[str, Any]


async def get_segment_membership(world: World, request: Request) -> Structure:
    """Say of each profile whether it is PRESENT or ABSENT; unknown ids are failures in a 200 (unknown)."""
    domain = world.profiles.domain(request.params["DomainName"])
    definition = definition_of(domain, request.params["SegmentDefinitionName"])
    ids = list(dict.fromkeys(request.params["ProfileIds"]))
    if isinstance(definition.content, str):
        return await _as_exported(world, request, domain, definition, ids)
    computed_at = request.now - timedelta(seconds=world.settings.profiles.membership_lag_seconds)

    def work(connection: DuckDBPyConnection, members: Members) -> list[tuple[Structure, dict[str, bool]]]:
        query = members.query()
        computed = f"p.updated_at <= {query.bind(computed_at.isoformat())}::timestamptz"
        member = {"present": f"({query.where}) and {computed}"}
        asked = f"p.profile_id in (select unnest({query.bind(ids)}::varchar[]))"
        alive = f"p.expires_at > {query.bind(request.now.isoformat())}::timestamptz"
        return domain.table.read(connection, query.instead(f"{asked} and {alive}"), beside=member)

    rows = await world.profiles.on_members(domain, definition.content, as_of=request.now, work=work)
    found = {profile["ProfileId"]: (profile, hits["present"]) for profile, hits in rows}
    return _reply(definition, ids, found, computed_at=computed_at)


async def _as_exported(
    world: World, request: Request, domain: Domain, definition: SegmentDefinition, ids: list[str]
) -> Structure:
    """Answer for an SQL segment: its last exported snapshot says who is in it (documented)."""
    settings = world.settings.profiles
    exported = last_export(domain, definition, now=request.now, days=settings.sql_snapshot_days)
    if exported is None:
        what = f"No exported snapshot of SQL segment `{definition.name}` in the last {settings.sql_snapshot_days} days"
        code = "ResourceNotFoundException" if settings.sql_membership_missing == "404" else "BadRequestException"
        raise ServiceError(code, f"{what}. Allowed: one that is COMPLETED. Hint: CreateSegmentSnapshot makes one")
    alive = domain.table.alive(as_of=request.now, ids=ids)
    rows = await world.profiles.on_table(domain, lambda connection: domain.table.read(connection, alive))
    found = {profile["ProfileId"]: (profile, profile["ProfileId"] in exported.members) for profile, _ in rows}
    return _reply(definition, ids, found, computed_at=exported.at)


def _reply(
    definition: SegmentDefinition, ids: list[str], found: dict[str, tuple[Structure, bool]], *, computed_at: datetime
) -> Structure:
    return {
        "SegmentDefinitionName": definition.name,
        "Profiles": [_result(*found[each]) for each in ids if each in found],
        "Failures": [
            {"ProfileId": each, "Message": f"Profile `{each}` not found", "Status": 404}
            for each in ids
            if each not in found
        ],
        "LastComputedAt": computed_at,
    }


def _result(profile: Structure, present: bool) -> Structure:  # noqa: FBT001 - a pair of a dictionary, unpacked
    return {
        "ProfileId": profile["ProfileId"],
        "QueryResult": "PRESENT" if present else "ABSENT",
        "Profile": profile,
    }


HANDLERS: dict[str, Handler] = {"GetSegmentMembership": get_segment_membership}
