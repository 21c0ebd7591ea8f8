"""Operations on calculated attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.calculated import calculated_of, define_calculated
from connect_emulator.profiles.refusals import check_text

if TYPE_CHECKING:
    from connect_emulator.profiles.calculated import CalculatedAttribute
    from connect_emulator.world import Handler, Request, World

Structure = dict[str, Any]


async def create_calculated_attribute_definition(world: World, request: Request) -> Structure:
    """Make a calculated attribute; it is ready at once."""
    check_text(request.params)
    return _reply(
        define_calculated(world.profiles.domain(request.params["DomainName"]), request.params, now=request.now)
    )


async def get_calculated_attribute_definition(world: World, request: Request) -> Structure:
    """Describe a calculated attribute."""
    domain = world.profiles.domain(request.params["DomainName"])
    return _reply(calculated_of(domain, request.params["CalculatedAttributeName"]))


async def delete_calculated_attribute_definition(world: World, request: Request) -> Structure:
    """Remove a calculated attribute, in use or not (unknown)."""
    domain = world.profiles.domain(request.params["DomainName"])
    del domain.calculated[calculated_of(domain, request.params["CalculatedAttributeName"]).name]
    return {}


async def get_calculated_attribute_for_profile(world: World, request: Request) -> Structure:
    """Give a profile's value, a string; without one the member is absent."""
    domain = world.profiles.domain(request.params["DomainName"])
    attribute = calculated_of(domain, request.params["CalculatedAttributeName"])
    profile_id = request.params["ProfileId"]
    zero_for = [profile_id] if world.settings.profiles.calculated_missing == "zero" else []
    value = attribute.values(domain, now=request.now, zero_for=zero_for).get(profile_id)
    found = {} if value is None else {"Value": value}
    return {"CalculatedAttributeName": attribute.name, "IsDataPartial": "false", **found}


def _reply(attribute: CalculatedAttribute) -> Structure:
    return {
        **attribute.given,
        "Status": "COMPLETED",
        "CreatedAt": attribute.created_at,
        "LastUpdatedAt": attribute.created_at,
    }


HANDLERS: dict[str, Handler] = {
    "CreateCalculatedAttributeDefinition": create_calculated_attribute_definition,
    "GetCalculatedAttributeDefinition": get_calculated_attribute_definition,
    "DeleteCalculatedAttributeDefinition": delete_calculated_attribute_definition,
    "GetCalculatedAttributeForProfile": get_calculated_attribute_for_profile,
}
