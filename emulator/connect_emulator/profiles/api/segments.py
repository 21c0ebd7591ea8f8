"""Operations on segment definitions and estimates."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.api.replies import go_on, without_none
from connect_emulator.profiles.background import run_estimate
from connect_emulator.profiles.estimates import Estimate
from connect_emulator.profiles.limits import check_groups
from connect_emulator.profiles.paging import page
from connect_emulator.profiles.refusals import check_text, not_found
from connect_emulator.profiles.segments import content_of, define, definition_of

if TYPE_CHECKING:
    from connect_emulator.profiles.segments import SegmentDefinition
    from connect_emulator.world import Handler, Request, World

Structure = dict[str, Any]


async def create_segment_definition(world: World, request: Request) -> Structure:
    """Make a segment definition."""
    check_text(request.params)
    params = request.params
    domain = world.profiles.domain(params["DomainName"])
    owner = f"arn:aws:profile:{request.region}:{request.account_id}:domains/{domain.name}"
    arn = f"{owner}/segment-definitions/{params['SegmentDefinitionName']}"
    content = content_of(params, member="SegmentGroups")
    if isinstance(content, str):
        await world.profiles.check_sql(domain, content, as_of=request.now)
    definition = define(domain, params, arn=arn, now=request.now, settings=world.settings.profiles)
    return _definition_item(definition)


async def get_segment_definition(world: World, request: Request) -> Structure:
    """Describe a segment definition, with its groups or its SQL as they were given."""
    definition = _definition(world, request)
    sort = {"SegmentSort": definition.sort} if definition.sort else {}
    member = "SegmentSqlQuery" if isinstance(definition.content, str) else "SegmentGroups"
    return {**_listed(definition), member: definition.content, **sort}


async def list_segment_definitions(world: World, request: Request) -> Structure:
    """List a domain's segment definitions."""
    domain = world.profiles.domain(request.params["DomainName"])
    definitions, token = page(domain.definitions, request.params, largest=500)
    return {"Items": [_listed(definition) for definition in definitions], **token}


async def delete_segment_definition(world: World, request: Request) -> Structure:
    """Remove a segment definition, in use or not (unknown)."""
    definition = _definition(world, request)
    del world.profiles.domain(request.params["DomainName"]).definitions[definition.name]
    return {"Message": f"Segment definition {definition.name} was deleted"}


async def create_segment_estimate(world: World, request: Request) -> Structure:
    """Begin to count a segment; the counting goes on in the background."""
    check_text(request.params)
    store, domain = world.profiles, world.profiles.domain(request.params["DomainName"])
    content = content_of(request.params, member="SegmentQuery")
    if isinstance(content, str):
        await store.check_sql(domain, content, as_of=request.now)
    else:
        check_groups(content, name=None, domain=domain, settings=store.settings)
    estimate = Estimate(estimate_id=uuid.uuid4().hex)
    domain.estimates[estimate.estimate_id] = estimate
    go_on(world, run_estimate(store, domain, estimate, content, as_of=request.now))
    return {"DomainName": domain.name, "EstimateId": estimate.estimate_id, "StatusCode": 200}


async def get_segment_estimate(world: World, request: Request) -> Structure:
    """Give the count, a string, once it is there."""
    domain = world.profiles.domain(request.params["DomainName"])
    estimate = domain.estimates.get(request.params["EstimateId"])
    if estimate is None:
        raise not_found(
            what="Segment estimate", name=request.params["EstimateId"], hint="CreateSegmentEstimate makes one"
        )
    reply = {
        "DomainName": domain.name,
        "EstimateId": estimate.estimate_id,
        "Status": estimate.status,
        "Estimate": None if estimate.count is None else str(estimate.count),
        "Message": estimate.message,
        "StatusCode": 200,
    }
    return without_none(reply)


def _definition(world: World, request: Request) -> SegmentDefinition:
    domain = world.profiles.domain(request.params["DomainName"])
    return definition_of(domain, request.params["SegmentDefinitionName"])


def _definition_item(definition: SegmentDefinition) -> Structure:
    item = {
        "SegmentDefinitionName": definition.name,
        "DisplayName": definition.display_name,
        "Description": definition.description,
        "SegmentDefinitionArn": definition.arn,
        "CreatedAt": definition.created_at,
        "Tags": definition.tags,
    }
    return without_none(item)


def _listed(definition: SegmentDefinition) -> Structure:
    kind = "ENHANCED" if isinstance(definition.content, str) else "CLASSIC"
    return {**_definition_item(definition), "SegmentType": kind}


HANDLERS: dict[str, Handler] = {
    "CreateSegmentDefinition": create_segment_definition,
    "GetSegmentDefinition": get_segment_definition,
    "ListSegmentDefinitions": list_segment_definitions,
    "DeleteSegmentDefinition": delete_segment_definition,
    "CreateSegmentEstimate": create_segment_estimate,
    "GetSegmentEstimate": get_segment_estimate,
}
