"""Operations on upload jobs, and the PUT to the URL that they give out."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.api.replies import go_on, without_none
from connect_emulator.profiles.background import run_upload
from connect_emulator.profiles.paging import page
from connect_emulator.profiles.refusals import check_text
from connect_emulator.profiles.upload_path import PREFIX, Ticket, UploadRefusedError, check_size
from connect_emulator.profiles.uploads import create_job, job_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from connect_emulator.profiles.uploads import UploadJob
    from connect_emulator.world import Handler, Request, World

Structure = dict[str, Any]
_LONGEST_URL = timedelta(days=7)  # S3's own limit for presigned URLs


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
    seconds = world.settings.profiles.upload_url_seconds * max(1.0, world.clock.speed)
    life = timedelta(seconds=min(seconds, _LONGEST_URL.total_seconds()))
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
    world.profiles.replace_file(ticket.job, kept)
    return 200, b""


async def start_upload_job(world: World, request: Request) -> Structure:
    """Begin with the import; it goes on in the background."""
    domain, job = world.profiles.domain(request.params["DomainName"]), _job(world, request)
    job.start()
    go_on(world, run_upload(world.profiles, domain, job, settled_now=world.settled_now))
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
    return without_none(item)


HANDLERS: dict[str, Handler] = {
    "CreateUploadJob": create_upload_job,
    "GetUploadJob": get_upload_job,
    "GetUploadJobPath": get_upload_job_path,
    "StartUploadJob": start_upload_job,
    "StopUploadJob": stop_upload_job,
    "ListUploadJobs": list_upload_jobs,
}
