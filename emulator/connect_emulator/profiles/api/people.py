"""Operations on single profiles."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.records import new_profile, split, values_of
from connect_emulator.profiles.refusals import bad_request, check_text, not_found
from connect_emulator.profiles.search import search_conditions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from connect_emulator.world import Handler, Request, World

Structure = dict[str, Any]
_PAGE = 100  # profiles, when MaxResults isn't given: the largest page (documented)


async def create_profile(world: World, request: Request) -> Structure:
    """Make a profile; another one with the same values makes no difference."""
    check_text(request.params)
    domain = world.profiles.domain(request.params["DomainName"])
    profile_id, row = new_profile(
        request.params,
        now=request.now,
        expiration_days=domain.expiration_days,
        copy_enums=world.settings.profiles.copy_enum_to_string,
    )
    domain.waiting.append(row)
    return {"ProfileId": profile_id}


async def update_profile(world: World, request: Request) -> Structure:
    """Change a profile: what is absent stays, an empty text removes (documented), attributes merge (inferred)."""
    check_text(request.params)
    domain, profile_id = world.profiles.domain(request.params["DomainName"]), request.params["ProfileId"]
    settings = world.settings.profiles
    changes = split(values_of(request.params, copy_enums=settings.copy_enum_to_string))
    days = domain.expiration_days if settings.update_extends_expiry else 0

    def work(connection: DuckDBPyConnection) -> None:
        alive = domain.table.alive(as_of=request.now, ids=[profile_id])
        if not domain.table.count_where(connection, alive):
            raise _no_profile(profile_id)
        expires_at = request.now + timedelta(days=days)
        domain.table.change(connection, profile_id, changes, now=request.now, expires_at=expires_at)

    await world.profiles.on_table(domain, work)
    return {"ProfileId": profile_id}


async def delete_profile(world: World, request: Request) -> Structure:
    """Remove a profile with its keys and objects."""
    domain, profile_id = world.profiles.domain(request.params["DomainName"]), request.params["ProfileId"]

    def work(connection: DuckDBPyConnection) -> None:
        alive = domain.table.alive(as_of=request.now, ids=[profile_id])
        if not domain.table.count_where(connection, alive):
            raise _no_profile(profile_id)
        domain.table.delete(connection, profile_id)
        for values in domain.keys.values():
            for ids in values.values():
                ids.discard(profile_id)
        for kind, objects in domain.objects.items():
            domain.objects[kind] = {key: each for key, each in objects.items() if each.profile_id != profile_id}

    await world.profiles.on_table(domain, work)
    return {"Message": f"Profile {profile_id} was deleted"}


async def batch_get_profile(world: World, request: Request) -> Structure:
    """Give profiles by id; those that aren't there are errors in a 200 (documented)."""
    domain, ids = world.profiles.domain(request.params["DomainName"]), list(dict.fromkeys(request.params["ProfileIds"]))
    alive = domain.table.alive(as_of=request.now, ids=ids)
    rows = await world.profiles.on_table(domain, lambda connection: domain.table.read(connection, alive))
    found = {profile["ProfileId"]: profile for profile, _ in rows}
    errors = [
        {"Code": "ResourceNotFoundException", "Message": _no_profile(each).message, "ProfileId": each}
        for each in ids
        if each not in found
    ]
    return {"Profiles": [found[each] for each in ids if each in found], "Errors": errors}


async def search_profiles(world: World, request: Request) -> Structure:
    """Find profiles by one to five keys, joined by OR unless told otherwise (documented)."""
    check_text(request.params)
    params = request.params
    domain = world.profiles.domain(params["DomainName"])
    start, size = _position(params.get("NextToken")), int(params.get("MaxResults") or _PAGE)
    values = {key["KeyName"]: key["Values"] for key in (params, *(params.get("AdditionalSearchKeys") or []))}
    joiner = " and " if params.get("LogicalOperator") == "AND" else " or "

    def work(connection: DuckDBPyConnection) -> list[Structure]:
        alive = domain.table.alive(as_of=request.now)
        conditions = search_conditions(params, index=domain.keys, bind=alive.bind)
        query = alive.narrowed(f"({joiner.join(conditions.values())})")
        page = f" limit {size + 1} offset {start}"
        rows = domain.table.read(connection, query, beside=conditions, page=page)
        return [profile | {"FoundByItems": _found_by(values, hits)} for profile, hits in rows]

    found = await world.profiles.on_table(domain, work)
    token = {"NextToken": base64.urlsafe_b64encode(str(start + size).encode()).decode()} if len(found) > size else {}
    return {"Items": found[:size], **token}


def _found_by(values: dict[str, list[str]], hits: dict[str, bool]) -> list[Structure]:
    return [{"KeyName": name, "Values": values[name]} for name, hit in hits.items() if hit]


def _position(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode())
    except (ValueError, binascii.Error) as error:
        raise bad_request(
            found="`NextToken` is unknown",
            allowed="the token of the page before",
            hint="begin the search again without a token",
        ) from error


def _no_profile(profile_id: str) -> Any:
    return not_found(what="Profile", name=profile_id, hint="it was never made, has expired, or was deleted or merged")


HANDLERS: dict[str, Handler] = {
    "CreateProfile": create_profile,
    "UpdateProfile": update_profile,
    "DeleteProfile": delete_profile,
    "BatchGetProfile": batch_get_profile,
    "SearchProfiles": search_profiles,
}
