"""Handlers of `connectcampaignsv2` for tags; allowed in any state (inferred: no state error is declared)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_emulator.errors import NOT_FOUND, ServiceError

if TYPE_CHECKING:
    from connect_emulator.campaigns.store import Campaign
    from connect_emulator.world import Handler, Request, World


def tagged(world: World, request: Request) -> Campaign:
    """Find the campaign that an ARN names; only campaigns carry tags here."""
    arn = request.params["arn"]
    campaign = world.campaigns.get(arn.rpartition("/")[2])
    if campaign is None or campaign.arn != arn:
        message = f"Resource not found: {arn}"
        raise ServiceError(NOT_FOUND, message)
    return campaign


async def tag_resource(world: World, request: Request) -> dict[str, Any]:
    """TagResource: in any state."""
    tagged(world, request).tags.update(request.params["tags"])
    return {}


async def untag_resource(world: World, request: Request) -> dict[str, Any]:
    """UntagResource: in any state; absent keys are no error."""
    campaign = tagged(world, request)
    for key in request.params["tagKeys"]:
        campaign.tags.pop(key, None)
    return {}


async def list_tags(world: World, request: Request) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"tags": tagged(world, request).tags}


HANDLERS: dict[str, Handler] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags,
}
