"""Handlers of `connectcampaignsv2`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from connect_emulator.campaigns import checks, start
from connect_emulator.campaigns.progress import Source
from connect_emulator.campaigns.rules import ACTIVE, ALLOWED_IN, ENDED
from connect_emulator.campaigns.store import Campaign
from connect_emulator.errors import CONFLICT, INVALID_STATE, NOT_FOUND, QUOTA, VALIDATION, ServiceError
from connect_emulator.services import campaign_tags
from connect_emulator.services.paging import page
from connect_emulator.world import Reply

if TYPE_CHECKING:
    from connect_emulator.campaigns.progress import Facts
    from connect_emulator.settings import CampaignSettings
    from connect_emulator.world import Handler, Request, World

CHANNEL_SUBTYPES = {"telephony": "TELEPHONY", "sms": "SMS", "email": "EMAIL", "whatsApp": "WHATSAPP"}
SUMMARY_MEMBERS = ("name", "connectInstanceId", "type", "schedule", "entryLimitsConfig", "connectCampaignFlowArn")
LARGEST_PAGE = 50


def find(world: World, request: Request, campaign_id: str) -> Campaign:
    """Find a campaign by what a client calls its id.

    :raises ServiceError: when there is none in this region.
    """
    bare = campaign_id.rpartition("/")[2] if world.settings.campaigns.resolve_arns else campaign_id
    campaign = world.campaigns.get(bare)
    if campaign is None or campaign.region != request.region:
        raise _not_found(campaign_id)
    return campaign


def _not_found(campaign_id: str) -> ServiceError:
    return ServiceError(NOT_FOUND, f"Campaign not found: {campaign_id}")


def demand(campaign: Campaign, operation: str, *, request: Request, settings: CampaignSettings) -> None:
    """Refuse an operation that the campaign's state doesn't allow, with the class that the service models."""
    state = campaign.state(request.now)
    if state in ALLOWED_IN[operation] or (operation == "StartCampaign" and settings.starts_again):
        return
    allowed = " or ".join(sorted(ALLOWED_IN[operation]))
    message = f"Campaign {campaign.id} is in state {state}; {operation} is allowed in {allowed} only"
    if operation == "DeleteCampaign":
        code = VALIDATION if settings.delete_active == "validation" else "AccessDeniedException"
        raise ServiceError(code, message)
    conflicting = (operation == "StartCampaign" and settings.already_started == "conflict") or (
        operation == "StopCampaign" and state in ENDED and settings.stop_ended == "conflict"
    )
    if conflicting:
        raise ServiceError(CONFLICT, message)
    raise ServiceError(INVALID_STATE, message, state=state)


async def create_campaign(world: World, request: Request) -> dict[str, Any]:
    """CreateCampaign: little is checked here, the rest at the start."""
    settings = world.settings.campaigns
    config = {name: value for name, value in request.params.items() if name != "tags"}
    if "schedule" in config:
        config["schedule"] = checks.whole_schedule(config["schedule"], settings)
    checks.check_communication_time(config.get("communicationTimeConfig"), settings)
    siblings = [other for other in world.campaigns if other.instance_id == config["connectInstanceId"]]
    namesake = next((other for other in siblings if other.name == config["name"]), None)
    if namesake is not None and settings.duplicate_names == "conflict":
        message = f"A campaign named `{namesake.name}` exists already: {namesake.id}"
        raise ServiceError(CONFLICT, message)
    if namesake is not None and settings.duplicate_names == "idempotent":
        return created(namesake)
    if len(siblings) >= settings.max_campaigns:
        message = (
            f"The instance has {len(siblings)} campaigns, allowed are {settings.max_campaigns}; "
            "delete finished campaigns or have the quota raised"
        )
        raise ServiceError(QUOTA, message)
    campaign_id = str(uuid4())
    campaign = Campaign(
        id=campaign_id,
        arn=f"arn:aws:connect-campaigns:{request.region}:{request.account_id}:campaign/{campaign_id}",
        region=request.region,
        config=config,
        tags=dict(request.params.get("tags", {})),
        modified_at=request.now.replace(microsecond=0),
    )
    world.campaigns.add(campaign)
    return created(campaign)


def created(campaign: Campaign) -> dict[str, Any]:
    """Give CreateCampaign's reply."""
    return {"id": campaign.id, "arn": campaign.arn, "tags": campaign.tags}


async def describe_campaign(world: World, request: Request) -> dict[str, Any]:
    """DescribeCampaign: what was given, unchanged; the state is no part of it."""
    campaign = find(world, request, request.params["id"])
    whole = {
        **campaign.config,
        "id": campaign.id,
        "arn": campaign.arn,
        "tags": campaign.tags,
        "lastModifiedTime": campaign.modified_at,
    }
    extra = world.settings.campaigns.extra_describe_members
    return Reply({"campaign": whole}, raw={"campaign": extra}) if extra else {"campaign": whole}


async def list_campaigns(world: World, request: Request) -> dict[str, Any]:
    """ListCampaigns, in the order of creation; `instanceIdFilter` is the only filter."""
    wanted = request.params.get("filters", {}).get("instanceIdFilter", {}).get("value")
    found = [
        campaign
        for campaign in world.campaigns
        if campaign.region == request.region and wanted in {None, campaign.instance_id}
    ]
    size = request.params.get("maxResults", LARGEST_PAGE)
    try:
        campaigns, token = page(found, token=request.params.get("nextToken"), size=size)
    except ValueError as error:
        raise ServiceError(VALIDATION, str(error)) from None
    return {"campaignSummaryList": [summary(campaign) for campaign in campaigns], "nextToken": token}


def summary(campaign: Campaign) -> dict[str, Any]:
    """Give a listing's entry: no source, no state."""
    config = campaign.config
    return {
        **{name: config[name] for name in SUMMARY_MEMBERS if name in config},
        "id": campaign.id,
        "arn": campaign.arn,
        "channelSubtypes": [CHANNEL_SUBTYPES[name] for name in config.get("channelSubtypeConfig", {})],
        "lastModifiedTime": campaign.modified_at,
    }


async def get_campaign_state(world: World, request: Request) -> dict[str, Any]:
    """GetCampaignState: the state, and nothing else."""
    return {"state": find(world, request, request.params["id"]).state(request.now)}


async def get_campaign_state_batch(world: World, request: Request) -> dict[str, Any]:
    """GetCampaignStateBatch: unknown ids fail each on its own, with HTTP 200."""
    successful, failed = [], []
    for campaign_id in request.params["campaignIds"]:
        try:
            state = find(world, request, campaign_id).state(request.now)
            successful.append({"campaignId": campaign_id, "state": state})
        except ServiceError:
            failed.append({"campaignId": campaign_id, "failureCode": "ResourceNotFound"})
    return {"successfulRequests": successful, "failedRequests": failed}


async def start_campaign(world: World, request: Request) -> dict[str, Any]:
    """StartCampaign: Running from now on, also before the start time."""
    settings = world.settings.campaigns
    campaign = find(world, request, request.params["id"])
    demand(campaign, "StartCampaign", request=request, settings=settings)
    exists = bool(campaign.segment_arn) and world.profiles.has_segment(campaign.segment_arn)
    start.check(campaign, now=request.now, settings=settings, segment_exists=exists)
    active = sum(
        other.state(request.now) in ACTIVE
        for other in world.campaigns
        if other.instance_id == campaign.instance_id and other is not campaign
    )
    if active >= settings.max_active_campaigns:
        message = (
            f"The instance has {active} active campaigns, allowed are {settings.max_active_campaigns}; "
            "stop one, wait for one to end, or have the quota raised"
        )
        raise ServiceError(CONFLICT, message)
    campaign.facts = start.begin(campaign, now=request.now, settings=settings)
    if campaign.source is Source.SEGMENT:
        world.campaigns.watch(campaign)
    return {}


def started(world: World, request: Request, operation: str) -> tuple[Campaign, Facts]:
    """Find a campaign whose state allows an operation that needs a started one."""
    campaign = find(world, request, request.params["id"])
    demand(campaign, operation, request=request, settings=world.settings.campaigns)
    assert campaign.facts is not None  # noqa: S101 - the table allows these in Running and Paused only
    return campaign, campaign.facts


async def pause_campaign(world: World, request: Request) -> dict[str, Any]:
    """PauseCampaign: attempts cease; the schedule goes on."""
    campaign, facts = started(world, request, "PauseCampaign")
    campaign.facts = replace(facts, pauses=(*facts.pauses, (request.now, None)))
    return {}


async def resume_campaign(world: World, request: Request) -> dict[str, Any]:
    """ResumeCampaign: attempts go on where they ceased."""
    campaign, facts = started(world, request, "ResumeCampaign")
    *earlier, (since, _) = facts.pauses
    campaign.facts = replace(facts, pauses=(*earlier, (since, request.now)))
    return {}


async def stop_campaign(world: World, request: Request) -> dict[str, Any]:
    """StopCampaign: for good."""
    campaign, facts = started(world, request, "StopCampaign")
    campaign.facts = replace(facts, stopped_at=request.now)
    return {}


async def delete_campaign(world: World, request: Request) -> dict[str, Any]:
    """DeleteCampaign: not while Running or Paused (documented)."""
    campaign = find(world, request, request.params["id"])
    demand(campaign, "DeleteCampaign", request=request, settings=world.settings.campaigns)
    if world.settings.campaigns.delete_missing:
        raise _not_found(campaign.id)
    world.campaigns.remove(campaign)
    return {}


async def update_schedule(world: World, request: Request) -> dict[str, Any]:
    """UpdateCampaignSchedule: while Initialized only (documented)."""
    campaign = find(world, request, request.params["id"])
    demand(campaign, "UpdateCampaignSchedule", request=request, settings=world.settings.campaigns)
    schedule = checks.whole_schedule(request.params["schedule"], world.settings.campaigns)
    campaign.config["schedule"] = schedule
    campaign.modified_at = request.now.replace(microsecond=0)
    return {}


async def update_source(world: World, request: Request) -> dict[str, Any]:
    """UpdateCampaignSource: while Initialized only; replaces a source, never adds one (documented)."""
    campaign = find(world, request, request.params["id"])
    demand(campaign, "UpdateCampaignSource", request=request, settings=world.settings.campaigns)
    if campaign.source is Source.NONE:
        message = "The campaign was created without a source; a source can be replaced, not added"
        raise ServiceError(VALIDATION, message)
    campaign.config["source"] = request.params["source"]
    campaign.modified_at = request.now.replace(microsecond=0)
    return {}


HANDLERS: dict[str, Handler] = {
    "CreateCampaign": create_campaign,
    "DescribeCampaign": describe_campaign,
    "ListCampaigns": list_campaigns,
    "GetCampaignState": get_campaign_state,
    "GetCampaignStateBatch": get_campaign_state_batch,
    "StartCampaign": start_campaign,
    "PauseCampaign": pause_campaign,
    "ResumeCampaign": resume_campaign,
    "StopCampaign": stop_campaign,
    "DeleteCampaign": delete_campaign,
    "UpdateCampaignSchedule": update_schedule,
    "UpdateCampaignSource": update_source,
    **campaign_tags.HANDLERS,
}
