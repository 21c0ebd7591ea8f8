"""Operations on profile object types and objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.object_types import put_type, type_of
from connect_emulator.profiles.objects import key_value, put_object, read_object
from connect_emulator.profiles.paging import page
from connect_emulator.profiles.refusals import bad_request, check_text

if TYPE_CHECKING:
    from connect_emulator.profiles.object_types import ObjectType
    from connect_emulator.world import Handler, Request, World

Structure = dict[str, Any]


async def put_profile_object_type(world: World, request: Request) -> Structure:
    """Make or replace an object type."""
    check_text(request.params)
    if request.params.get("TemplateId"):
        raise bad_request(found="`TemplateId`", allowed="`Fields` and `Keys`", hint="templates aren't in this emulator")
    domain = world.profiles.domain(request.params["DomainName"])
    return _type_reply(put_type(domain, request.params, now=request.now))


async def get_profile_object_type(world: World, request: Request) -> Structure:
    """Describe an object type."""
    domain = world.profiles.domain(request.params["DomainName"])
    return _type_reply(type_of(domain, request.params["ObjectTypeName"]))


async def put_profile_object(world: World, request: Request) -> Structure:
    """Bring an object in; one that finds no profile is answered alike, and gone (documented: a dead-letter queue)."""
    check_text(request.params)
    domain = world.profiles.domain(request.params["DomainName"])
    kind, text = type_of(domain, request.params["ObjectTypeName"]), request.params["Object"]
    values = read_object(kind, text)
    await world.profiles.on_table(
        domain,
        lambda connection: put_object(connection, domain, kind, text=text, values=values, now=request.now),
    )
    return {"ProfileObjectUniqueKey": key_value(kind.unique, values)}


async def list_profile_objects(world: World, request: Request) -> Structure:
    """List a profile's objects of one type."""
    params = request.params
    if params.get("ObjectFilter"):
        raise bad_request(found="`ObjectFilter`", allowed="no filter", hint="filters aren't in this emulator")
    domain = world.profiles.domain(params["DomainName"])
    kind = type_of(domain, params["ObjectTypeName"])
    own = {
        key: each for key, each in domain.objects.get(kind.name, {}).items() if each.profile_id == params["ProfileId"]
    }
    objects, token = page(own, params, largest=100)
    items = [
        {"ObjectTypeName": kind.name, "ProfileObjectUniqueKey": each.unique, "Object": each.content} for each in objects
    ]
    return {"Items": items, **token}


def _type_reply(kind: ObjectType) -> Structure:
    return {**kind.given, "CreatedAt": kind.created_at, "LastUpdatedAt": kind.updated_at}


HANDLERS: dict[str, Handler] = {
    "PutProfileObjectType": put_profile_object_type,
    "GetProfileObjectType": get_profile_object_type,
    "PutProfileObject": put_profile_object,
    "ListProfileObjects": list_profile_objects,
}
