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
from connect_campaigns.aws.polling import poll
from connect_campaigns.aws.replies import service_time
from connect_campaigns.aws.transfer import put_file
from connect_campaigns.core.errors import ServiceRefused

if TYPE_CHECKING:
    from datetime import datetime

    from connect_campaigns.aws.csv_file import CheckedFile
    from connect_campaigns.aws.outcomes import Outcome
    from connect_campaigns.aws.polling import Pace
    from connect_campaigns.core.log import Log

REUSE_AGE = timedelta(hours=1)
"""A finished import counts as this one only so long: profiles expire, and others write them."""

_ENDED = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "STOPPED"})


@dataclass(frozen=True, kw_only=True)
class Imported:
    """How an import ended.

    :param failed: FailedRecords, whatever the status says
    :param finished_at: the service's CompletedAt
    """

    job_id: str
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

    def bring_in(self, file: CheckedFile, *, data_expiry_days: int, pace: Pace, log: Log) -> Imported:
        """Import a file and wait for its end, or take up the job that an earlier attempt left.

        :param data_expiry_days: days after which a profile that isn't updated is forgotten
        :raises ServiceRefused: the import failed, or the service refused a step
        :raises RetryableError: the service could not be reached, or patience is over
        """
        jobs, now = self._jobs()
        prefix = f"{file.name[:200]}-{_fingerprint(file, data_expiry_days)}"
        found = _to_take_up(jobs, prefix=prefix, now=now)
        if found and found["Status"] != "CREATED":
            log.info("upload job %s has the same content and mapping, and is %s", found["JobId"], found["Status"])
            job_id = str(found["JobId"])
        else:
            number = 1 + sum(_is_named(job, prefix) for job in jobs)
            job_id = str(found["JobId"]) if found else self._create(file, f"{prefix}-{number}", data_expiry_days)
            log.info("upload job %s: sending %d rows, %d bytes", job_id, file.findings.good, file.size)
            self._send(job_id, file)
            self._start(job_id)
        job = poll(lambda: self._ended(job_id), pace=pace, what=f"upload job {job_id} has not ended")
        return _results(job, job_id)

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

    def _send(self, job_id: str, file: CheckedFile) -> None:
        outcome = send(self._client.get_upload_job_path, DomainName=self._domain, JobId=job_id)
        reply = self._reply(outcome, "GetUploadJobPath")
        if "ClientToken" not in reply:
            raise ServiceRefused(
                f"GetUploadJobPath of job {job_id} gave no ClientToken",
                allowed="a URL and the key to encrypt the file with",
                hint="retry; if it stays so, the service has changed: report it",
                code="no_client_token",
            )
        put_file(reply["Url"], token=reply["ClientToken"], content=file.content, size=file.size, verify=self._verify)

    def _start(self, job_id: str) -> None:
        outcome = send(self._client.start_upload_job, DomainName=self._domain, JobId=job_id)
        if not outcome.accepted and self._job(job_id).get("Status") == "CREATED":
            self._reply(outcome, "StartUploadJob")

    def _ended(self, job_id: str) -> dict[str, Any] | None:
        job = self._job(job_id)
        return job if job.get("Status") in _ENDED else None

    def _job(self, job_id: str) -> dict[str, Any]:
        return self._reply(send(self._client.get_upload_job, DomainName=self._domain, JobId=job_id), "GetUploadJob")

    def _reply(self, outcome: Outcome, operation: str) -> dict[str, Any]:
        if not outcome.accepted:
            raise explain(outcome, action=f"profile:{operation}", resource=f"domain {self._domain}")
        return outcome.reply or {}


def _fingerprint(file: CheckedFile, data_expiry_days: int) -> str:
    what = [file.sha256, file.mapping.fields, file.mapping.key.sent, data_expiry_days]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def _is_named(job: dict[str, Any], prefix: str) -> bool:
    name, _, number = str(job["DisplayName"]).rpartition("-")
    return name == prefix and number.isdecimal()


def _to_take_up(jobs: list[dict[str, Any]], *, prefix: str, now: datetime) -> dict[str, Any] | None:
    """Find the job of an earlier attempt: under way, not started yet, or just done and nothing started since."""
    recent = [job for job in jobs if now - job.get("CompletedAt", job["CreatedAt"]) <= REUSE_AGE]
    ours = [job for job in recent if _is_named(job, prefix)]
    if not ours:
        return None
    job = ours[-1]
    started = [each for each in jobs if each["Status"] != "CREATED"]
    if job["Status"] in {"CREATED", "IN_PROGRESS"}:
        return job
    # A file that was corrected and put back since: its profiles have the other file's values.
    return job if job["Status"] == "SUCCEEDED" and started[-1]["JobId"] == job["JobId"] else None


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
        job_id=job_id,
        created=int(summary.get("CreatedRecords") or 0),
        updated=int(summary.get("UpdatedRecords") or 0),
        failed=int(summary.get("FailedRecords") or 0),
        finished_at=(job.get("CompletedAt") or job["CreatedAt"]).astimezone(UTC),
    )
