"""Imports of a Customer Profiles domain: an upload job from its creation to its results.

Everything here is harmless to repeat: the same rows under the same keys make the same profiles. A job's display name
carries a hash of content and mapping, so a retry finds its job, and a corrected file makes a new one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.outcomes import explain, send
from connect_campaigns.aws.replies import service_time
from connect_campaigns.aws.transfer import put_file
from connect_campaigns.core.errors import ServiceRefused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connect_campaigns.aws.csv_copy import Copy
    from connect_campaigns.aws.csv_file import CheckedFile
    from connect_campaigns.aws.outcomes import Outcome
    from connect_campaigns.core.log import Log

REUSE_AGE = timedelta(hours=1)
"""A finished import counts as this one only so long: profiles expire, and others write them."""

_ENDED = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "STOPPED"})


@dataclass(frozen=True, kw_only=True)
class Imported:
    """How an import ended.

    :param failed: FailedRecords, whatever the status says
    :param finished_at: the service's CompletedAt, the last one's
    """

    job_ids: tuple[str, ...]
    created: int
    updated: int
    failed: int
    finished_at: datetime


class Uploads:
    """The upload jobs of one domain.

    :param client: a boto3 ``customer-profiles`` client
    :param verify: TLS verification of the upload URL, or a CA bundle's path
    """

    def __init__(self, client: Any, *, domain: str, verify: bool | str | None = None) -> None:
        self._client = client
        self._domain = domain
        self._verify = verify

    def begin(self, file: CheckedFile, *, data_expiry_days: int, log: Log) -> tuple[str, ...]:
        """Send a file and start its import, or take up the jobs that an earlier attempt left; give the jobs' ids.

        :param data_expiry_days: days after which a profile that isn't updated is forgotten
        :raises ServiceRefused: the service refused a step
        :raises RetryableError: the service could not be reached
        """
        prefixes = [f"{file.name[:200]}-{_fingerprint(file, copy, data_expiry_days)}" for copy in file.copies]
        return tuple(
            self._begin(file, copy, prefix=prefix, prefixes=prefixes, data_expiry_days=data_expiry_days, log=log)
            for copy, prefix in zip(file.copies, prefixes, strict=True)
        )

    def _begin(
        self, file: CheckedFile, copy: Copy, *, prefix: str, prefixes: list[str], data_expiry_days: int, log: Log
    ) -> str:
        jobs, now = self._jobs()
        found = _to_take_up(jobs, prefix=prefix, prefixes=prefixes, now=now)
        if found and found["Status"] != "CREATED":
            log.info("upload job %s has the same content and mapping, and is %s", found["JobId"], found["Status"])
            return str(found["JobId"])
        number = 1 + sum(_is_named(job, prefix) for job in jobs)
        job_id = str(found["JobId"]) if found else self._create(file, f"{prefix}-{number}", data_expiry_days)
        log.info("upload job %s: sending %d rows, %d bytes", job_id, copy.rows, copy.size)
        self._send(job_id, copy)
        self._start(job_id)
        return job_id

    def look(self, job_ids: Sequence[str]) -> tuple[bool, str]:
        """Read jobs once: whether all have ended, and how far each one is, in words.

        :raises ServiceRefused: the service refused
        :raises RetryableError: it could not be reached
        """
        jobs = [self._job(job_id) for job_id in job_ids]
        words = [_progress(job, job_id) for job, job_id in zip(jobs, job_ids, strict=True)]
        return all(job.get("Status") in _ENDED for job in jobs), "; ".join(words)

    def results(self, job_ids: Sequence[str]) -> Imported:
        """Judge jobs that have ended, together.

        :raises ServiceRefused: one of them failed
        """
        return _together([_results(self._job(job_id), job_id) for job_id in job_ids])

    def _jobs(self) -> tuple[list[dict[str, Any]], datetime]:
        """Give the domain's jobs, oldest first, and the service's time."""
        jobs: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            outcome = send(self._client.list_upload_jobs, DomainName=self._domain, MaxResults=500, **more)
            reply = self._reply(outcome, "ListUploadJobs")
            jobs.extend(reply.get("Items", ()))
            if not reply.get("NextToken"):
                return sorted(jobs, key=lambda job: job["CreatedAt"]), service_time(reply)
            more = {"NextToken": reply["NextToken"]}

    def _create(self, file: CheckedFile, display_name: str, data_expiry_days: int) -> str:
        outcome = send(
            self._client.create_upload_job,
            DomainName=self._domain,
            DisplayName=display_name,
            Fields=file.mapping.fields,
            UniqueKey=file.mapping.key.sent,
            DataExpiry=data_expiry_days,
        )
        if not outcome.accepted and "already exists" in outcome.message:
            # An earlier send of ours whose reply was lost, where the service holds display names unique (unknown).
            jobs, _ = self._jobs()
            for job in jobs:
                if job["DisplayName"] == display_name:
                    return str(job["JobId"])
        return str(self._reply(outcome, "CreateUploadJob")["JobId"])

    def _send(self, job_id: str, copy: Copy) -> None:
        outcome = send(self._client.get_upload_job_path, DomainName=self._domain, JobId=job_id)
        reply = self._reply(outcome, "GetUploadJobPath")
        if "ClientToken" not in reply:
            raise ServiceRefused(
                f"GetUploadJobPath of job {job_id} gave no ClientToken",
                allowed="a URL and the key to encrypt the file with",
                hint="retry; if it stays so, the service has changed: report it",
                code="no_client_token",
            )
        put_file(reply["Url"], token=reply["ClientToken"], content=copy.content, verify=self._verify)

    def _start(self, job_id: str) -> None:
        outcome = send(self._client.start_upload_job, DomainName=self._domain, JobId=job_id)
        if not outcome.accepted and self._job(job_id).get("Status") == "CREATED":
            self._reply(outcome, "StartUploadJob")

    def _job(self, job_id: str) -> dict[str, Any]:
        return self._reply(send(self._client.get_upload_job, DomainName=self._domain, JobId=job_id), "GetUploadJob")

    def _reply(self, outcome: Outcome, operation: str) -> dict[str, Any]:
        if not outcome.accepted:
            raise explain(outcome, action=f"profile:{operation}", resource=f"domain {self._domain}")
        return outcome.reply or {}


def _fingerprint(file: CheckedFile, copy: Copy, data_expiry_days: int) -> str:
    place = [file.copies.index(copy), copy.size]
    mapping = file.mapping
    what = [
        file.sha256,
        place,
        mapping.fields,
        mapping.constants,
        mapping.key.sent,
        data_expiry_days,
        file.default_country,
    ]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def _is_named(job: dict[str, Any], prefix: str) -> bool:
    name, _, number = str(job["DisplayName"]).rpartition("-")
    return name == prefix and number.isdecimal()


def _to_take_up(
    jobs: list[dict[str, Any]], *, prefix: str, prefixes: list[str], now: datetime
) -> dict[str, Any] | None:
    """Find the job of an earlier attempt: under way, not started yet, or just done with nothing else at work meanwhile.

    :param prefixes: of this file's other jobs, too
    """
    ours = [job for job in jobs if _is_named(job, prefix)]
    if running := [job for job in ours if job["Status"] == "IN_PROGRESS"]:
        return running[-1]  # however long it has run: another one beside it would send the same rows twice
    recent = [job for job in ours if now - job.get("CompletedAt", job["CreatedAt"]) <= REUSE_AGE]
    if not recent or recent[-1]["Status"] == "CREATED":
        return recent[-1] if recent else None
    job = recent[-1]
    # A file that was corrected and put back meanwhile: some profiles may have the other file's values.
    others = [
        each for each in jobs if each["Status"] != "CREATED" and not any(_is_named(each, one) for one in prefixes)
    ]
    undisturbed = all(each.get("CompletedAt", now) < job["CreatedAt"] for each in others)
    return job if job["Status"] == "SUCCEEDED" and undisturbed else None


def _progress(job: dict[str, Any], job_id: str) -> str:
    summary = job.get("ResultsSummary") or {}
    counts = ", ".join(
        f"{summary[f'{kind}Records']} {kind.lower()}"
        for kind in ("Created", "Updated", "Failed")
        if f"{kind}Records" in summary
    )
    return f"upload job {job_id} is {job.get('Status')}" + (f" ({counts})" if counts else "")


def _together(results: list[Imported]) -> Imported:
    return Imported(
        job_ids=tuple(job_id for each in results for job_id in each.job_ids),
        created=sum(each.created for each in results),
        updated=sum(each.updated for each in results),
        failed=sum(each.failed for each in results),
        finished_at=max(each.finished_at for each in results),
    )


def _results(job: dict[str, Any], job_id: str) -> Imported:
    summary = job.get("ResultsSummary") or {}
    status = job["Status"]
    if status in {"FAILED", "STOPPED"} or (status == "PARTIALLY_SUCCEEDED" and "FailedRecords" not in summary):
        reason = f" ({job['StatusReason']})" if job.get("StatusReason") else ""
        raise ServiceRefused(
            f"upload job {job_id} is {status}{reason}; FailedRecords: {summary.get('FailedRecords', 'not told')}",
            allowed="an import that ends SUCCEEDED, or PARTIALLY_SUCCEEDED within `max_failed_rows`",
            hint="retry for a new job; VALIDATION_FAILURE is about file or mapping, and the service tells no row",
            code="import_failed",
        )
    return Imported(
        job_ids=(job_id,),
        created=int(summary.get("CreatedRecords") or 0),
        updated=int(summary.get("UpdatedRecords") or 0),
        failed=int(summary.get("FailedRecords") or 0),
        finished_at=(job.get("CompletedAt") or job["CreatedAt"]).astimezone(UTC),
    )
