"""Upload jobs: CREATED, then IN_PROGRESS once started, then SUCCEEDED, PARTIALLY_SUCCEEDED, FAILED or STOPPED."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.mapping import read_mapping
from connect_emulator.profiles.refusals import bad_request, not_found

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from connect_emulator.profiles.csv_import import Results
    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.mapping import Mapping
    from connect_emulator.profiles.settings import ProfileSettings

Structure = dict[str, Any]
VALIDATION_FAILURE = "VALIDATION_FAILURE"
INTERNAL_FAILURE = "INTERNAL_FAILURE"


@dataclass(kw_only=True)
class UploadJob:
    """A job; `file` is what was put last to one of its URLs."""

    job_id: str
    number: int
    display_name: str
    fields: Structure
    unique_key: str
    mapping: Mapping
    expiry_days: int
    created_at: datetime
    status: str = "CREATED"
    reason: str | None = None
    completed_at: datetime | None = None
    results: Results | None = None
    file: Path | None = None

    def start(self) -> None:
        """Go from CREATED to IN_PROGRESS.

        :raises ServiceError: BadRequestException from any other status (unknown: the service may differ).
        """
        self.require("CREATED", doing="StartUploadJob")
        self.status = "IN_PROGRESS"

    def stop(self, *, now: datetime) -> None:
        """End the job; rows that were applied already stay.

        :raises ServiceError: BadRequestException when it has ended (unknown: the service may differ).
        """
        self.require("CREATED", "IN_PROGRESS", doing="StopUploadJob")
        self.status, self.completed_at = "STOPPED", now

    def finish(self, results: Results, *, now: datetime) -> None:
        """Record what became of the rows; a job that was stopped meanwhile stays STOPPED."""
        self.results = results
        if self.status == "IN_PROGRESS":
            self.status = "PARTIALLY_SUCCEEDED" if results.failed else "SUCCEEDED"
            self.completed_at = now

    def fail(self, reason: str, *, now: datetime) -> None:
        """Record that no row was applied."""
        if self.status == "IN_PROGRESS":
            self.status, self.reason, self.completed_at = "FAILED", reason, now

    def require(self, *statuses: str, doing: str) -> None:
        """Refuse an operation that the status doesn't allow."""
        if self.status not in statuses:
            raise bad_request(
                found=f"{doing} on upload job `{self.job_id}`, which is {self.status}",
                allowed=" or ".join(statuses),
                hint="create another job",
            )


def create_job(
    domain: Domain, params: Structure, *, job_id: str, number: int, now: datetime, settings: ProfileSettings
) -> UploadJob:
    """Add a job to the domain.

    :raises ServiceError: BadRequestException for fields, key or expiry that can't be used.
    """
    days = params.get("DataExpiry") or settings.upload_expiry_default
    if days > settings.upload_expiry_max:
        raise bad_request(
            found=f"DataExpiry of {days} days",
            allowed=f"1 to {settings.upload_expiry_max}",
            hint="import again before the profiles expire",
        )
    name = params["DisplayName"]
    if settings.upload_name_unique and any(job.display_name == name for job in domain.jobs.values()):
        raise bad_request(
            found=f"Upload job with the display name `{name}` already exists",
            allowed="a display name that the domain doesn't have yet",
            hint="put a date or a hash of the content into the name",
        )
    job = UploadJob(
        job_id=job_id,
        number=number,
        display_name=name,
        fields=params["Fields"],
        unique_key=params["UniqueKey"],
        mapping=read_mapping(params["Fields"], params["UniqueKey"], settings=settings),
        expiry_days=days,
        created_at=now,
    )
    domain.jobs[job_id] = job
    return job


def job_of(domain: Domain, job_id: str) -> UploadJob:
    """Return a job.

    :raises ServiceError: ResourceNotFoundException.
    """
    if job_id not in domain.jobs:
        raise not_found(what="Upload job", name=job_id, hint="ListUploadJobs lists those of the domain")
    return domain.jobs[job_id]
