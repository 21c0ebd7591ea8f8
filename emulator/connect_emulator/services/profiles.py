"""Customer Profiles: a handler per operation; what they do is in `connect_emulator.profiles`."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.background import run_estimate, run_upload
from connect_emulator.profiles.estimates import Estimate
from connect_emulator.profiles.limits import check_groups
from connect_emulator.profiles.paging import page
from connect_emulator.profiles.records import new_profile
from connect_emulator.profiles.refusals import bad_request, check_text, not_found
from connect_emulator.profiles.segments import define, definition_of, groups_of
from connect_emulator.profiles.upload_path import PREFIX, Ticket, UploadRefusedError, check_size
from connect_emulator.profiles.uploads import create_job, job_of

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from typing import BinaryIO

    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.segments import SegmentDefinition
    from connect_emulator.profiles.uploads import UploadJob
    from connect_emulator.world import Handler, Request, World

Structure = dict[str, Any]
_LOG = logging.getLogger(__name__)
_DOMAIN_CONFIG = ("DefaultEncryptionKey", "DeadLetterQueueUrl", "Matching", "RuleBasedMatching", "DataStore")


async def create_domain(world: World, request: Request) -> Structure:
    """Make a domain."""
    params = request.params
    domain = await world.profiles.create_domain(
        params["DomainName"],
        expiration_days=params["DefaultExpirationDays"],
        config=_domain_config(params),
        tags=params.get("Tags") or {},
        now=request.now,
    )
    return _domain_reply(domain)


async def get_domain(world: World, request: Request) -> Structure:
    """Describe a domain, with the number of its profiles that haven't expired."""
    domain = world.profiles.domain(request.params["DomainName"])
    count = await world.profiles.count(domain, {}, as_of=request.now)
    return {**_domain_reply(domain), "Stats": {"ProfileCount": count, "ObjectCount": 0}}


async def update_domain(world: World, request: Request) -> Structure:
    """Change a domain's configuration; profiles that are there keep their expiry (inferred)."""
    params = request.params
    domain = world.profiles.domain(params["DomainName"])
    domain.config |= _domain_config(params)
    domain.expiration_days = params.get("DefaultExpirationDays") or domain.expiration_days
    domain.tags = params.get("Tags", domain.tags)
    domain.updated_at = request.now
    return _domain_reply(domain)


async def list_domains(world: World, request: Request) -> Structure:
    """List the domains."""
    domains, token = page(world.profiles.domains, request.params, largest=100)
    members = ("DomainName", "CreatedAt", "LastUpdatedAt", "Tags")
    items = [{name: value for name, value in _domain_reply(d).items() if name in members} for d in domains]
    return {"Items": items, **token}


async def delete_domain(world: World, request: Request) -> Structure:
    """Remove a domain with its profiles, definitions and jobs."""
    name = request.params["DomainName"]
    await world.profiles.delete_domain(name, now=request.now)
    return {"Message": f"Domain {name} was deleted"}


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


async def create_upload_job(world: World, request: Request) -> Structure:
    """Make an upload job."""
    check_text(request.params)
    domain = world.profiles.domain(request.params["DomainName"])
    job = create_job(
        domain,
        request.params,
        job_id=uuid.uuid4().hex,
        number=next(world.profiles.numbers),
        now=request.now,
        settings=world.settings.profiles,
    )
    return {"JobId": job.job_id}


async def get_upload_job(world: World, request: Request) -> Structure:
    """Describe an upload job."""
    job = _job(world, request)
    reply = {**_job_item(job), "Fields": job.fields, "UniqueKey": job.unique_key}
    if job.results is not None:
        reply["ResultsSummary"] = {
            "UpdatedRecords": job.results.updated,
            "CreatedRecords": job.results.created,
            "FailedRecords": job.results.failed,
        }
    return reply


async def get_upload_job_path(world: World, request: Request) -> Structure:
    """Give out a URL and the key for its PUT."""
    job = _job(world, request)
    job.require("CREATED", doing="GetUploadJobPath")
    # The transfer takes real time, so the URL lives as long on a fast clock.
    life = timedelta(seconds=world.settings.profiles.upload_url_seconds) * max(1.0, world.clock.speed)
    domain = world.profiles.domain(request.params["DomainName"])
    ticket = Ticket.issue(domain=domain, job=job, valid_until=request.now + life)
    world.profiles.tickets[ticket.token] = ticket
    return {
        "Url": request.base_url + ticket.path,
        "ClientToken": ticket.client_token,
        "ValidUntil": ticket.valid_until,
    }


async def receive_upload(
    world: World, path: str, headers: Mapping[str, str], body: BinaryIO, length: int
) -> tuple[int, bytes]:
    """Answer the PUT to an upload URL: status and body; a later PUT replaces an earlier one.

    :param path: the request's path. :param headers: by lower-case name. :param length: of the body in bytes.
    """
    try:
        ticket = world.profiles.ticket(path.removeprefix(PREFIX))
        ticket.check(headers, now=world.clock.now())
        check_size(length, limit=world.settings.profiles.upload_max_bytes)
    except UploadRefusedError as error:
        return error.status, error.body()
    kept = await world.profiles.keep_file(ticket.token, body)
    if ticket.job.status == "CREATED":
        ticket.job.file = kept
    return 200, b""


async def start_upload_job(world: World, request: Request) -> Structure:
    """Begin with the import; it goes on in the background."""
    domain, job = world.profiles.domain(request.params["DomainName"]), _job(world, request)
    job.start()
    _in_background(world, run_upload(world.profiles, domain, job, settle=world.settle))
    return {}


async def stop_upload_job(world: World, request: Request) -> Structure:
    """End the import."""
    _job(world, request).stop(now=request.now)
    return {}


async def list_upload_jobs(world: World, request: Request) -> Structure:
    """List a domain's upload jobs; fields, key and results aren't in the list (documented)."""
    domain = world.profiles.domain(request.params["DomainName"])
    jobs, token = page(domain.jobs, request.params, largest=500)
    return {"Items": [_job_item(job) for job in jobs], **token}


async def create_segment_definition(world: World, request: Request) -> Structure:
    """Make a segment definition."""
    check_text(request.params)
    params = request.params
    domain = world.profiles.domain(params["DomainName"])
    owner = f"arn:aws:profile:{request.region}:{request.account_id}:domains/{domain.name}"
    arn = f"{owner}/segment-definitions/{params['SegmentDefinitionName']}"
    definition = define(domain, params, arn=arn, now=request.now, settings=world.settings.profiles)
    return _definition_item(definition)


async def get_segment_definition(world: World, request: Request) -> Structure:
    """Describe a segment definition, with its groups as they were given."""
    definition = _definition(world, request)
    sort = {"SegmentSort": definition.sort} if definition.sort else {}
    return {**_definition_item(definition), "SegmentGroups": definition.groups, "SegmentType": "CLASSIC", **sort}


async def list_segment_definitions(world: World, request: Request) -> Structure:
    """List a domain's segment definitions."""
    domain = world.profiles.domain(request.params["DomainName"])
    definitions, token = page(domain.definitions, request.params, largest=500)
    return {"Items": [{**_definition_item(d), "SegmentType": "CLASSIC"} for d in definitions], **token}


async def delete_segment_definition(world: World, request: Request) -> Structure:
    """Remove a segment definition, in use or not (unknown)."""
    definition = _definition(world, request)
    del world.profiles.domain(request.params["DomainName"]).definitions[definition.name]
    return {"Message": f"Segment definition {definition.name} was deleted"}


async def create_segment_estimate(world: World, request: Request) -> Structure:
    """Begin to count a segment; the counting goes on in the background."""
    check_text(request.params)
    store, domain = world.profiles, world.profiles.domain(request.params["DomainName"])
    groups = groups_of(request.params, member="SegmentQuery")
    check_groups(groups, name=None, known=domain.groups_by_name(), settings=store.settings)
    estimate = Estimate(estimate_id=uuid.uuid4().hex)
    domain.estimates[estimate.estimate_id] = estimate
    _in_background(world, run_estimate(store, domain, estimate, groups, as_of=request.now))
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
    return _without_none(reply)


def _in_background(world: World, work: Coroutine[Any, Any, None]) -> None:
    async def guarded() -> None:
        try:
            await work
        except Exception:  # noqa: BLE001 - the last resort: said, counted, fails the test
            _LOG.exception("A bug of the emulator, in the background")
            world.unexpected_errors += 1

    world.profiles.in_background(guarded())


def _domain_config(params: Structure) -> Structure:
    for name in ("Matching", "RuleBasedMatching"):
        if (params.get(name) or {}).get("Enabled"):
            raise bad_request(
                found=f"`{name}` enabled",
                allowed="`Enabled: false`",
                hint="this emulator merges no profiles; leave it out",
            )
    return {name: params[name] for name in _DOMAIN_CONFIG if name in params}


def _domain_reply(domain: Domain) -> Structure:
    return {
        "DomainName": domain.name,
        "DefaultExpirationDays": domain.expiration_days,
        "CreatedAt": domain.created_at,
        "LastUpdatedAt": domain.updated_at,
        "Tags": domain.tags,
        **domain.config,
    }


def _job(world: World, request: Request) -> UploadJob:
    return job_of(world.profiles.domain(request.params["DomainName"]), request.params["JobId"])


def _job_item(job: UploadJob) -> Structure:
    item = {
        "JobId": job.job_id,
        "DisplayName": job.display_name,
        "Status": job.status,
        "StatusReason": job.reason,
        "CreatedAt": job.created_at,
        "CompletedAt": job.completed_at,
        "DataExpiry": job.expiry_days,
    }
    return _without_none(item)


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
    return _without_none(item)


def _without_none(members: Structure) -> Structure:
    return {name: value for name, value in members.items() if value is not None}


HANDLERS: dict[str, Handler] = {
    "CreateDomain": create_domain,
    "GetDomain": get_domain,
    "UpdateDomain": update_domain,
    "ListDomains": list_domains,
    "DeleteDomain": delete_domain,
    "CreateProfile": create_profile,
    "CreateUploadJob": create_upload_job,
    "GetUploadJob": get_upload_job,
    "GetUploadJobPath": get_upload_job_path,
    "StartUploadJob": start_upload_job,
    "StopUploadJob": stop_upload_job,
    "ListUploadJobs": list_upload_jobs,
    "CreateSegmentDefinition": create_segment_definition,
    "GetSegmentDefinition": get_segment_definition,
    "ListSegmentDefinitions": list_segment_definitions,
    "DeleteSegmentDefinition": delete_segment_definition,
    "CreateSegmentEstimate": create_segment_estimate,
    "GetSegmentEstimate": get_segment_estimate,
}
