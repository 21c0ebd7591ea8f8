"""Segment snapshots: IN_PROGRESS, then COMPLETED or FAILED; what is asked for, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.refusals import bad_request, not_found

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.segments import SegmentDefinition
    from connect_emulator.profiles.settings import ProfileSettings

Structure = dict[str, Any]
_S3_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Exported:
    """Who was in an SQL segment when it was exported: its members until it is exported again (documented)."""

    definition: SegmentDefinition
    at: datetime
    members: frozenset[str]


@dataclass(kw_only=True)
class Snapshot:
    """A snapshot of one segment; `message` is there once it has FAILED."""

    snapshot_id: str
    segment: str
    data_format: str
    destination: str
    role_arn: str | None
    encryption_key: str | None
    status: str = "IN_PROGRESS"
    message: str | None = None
    exported: Exported | None = None

    @property
    def bucket_and_prefix(self) -> tuple[str, str]:
        """Where the objects go; the prefix ends in a slash unless it is empty."""
        bucket, prefix = split_uri(self.destination)
        return bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""

    def complete(self, *, settings: ProfileSettings, exported: Exported | None) -> None:
        """Record that all objects are there."""
        self.status, self.exported = "COMPLETED", exported
        if settings.snapshot_uri_slash == "cut":
            self.destination = self.destination.rstrip("/")

    def fail(self, message: str) -> None:
        """Record why it can't be had; the model allows 1,000 characters."""
        self.status, self.message = "FAILED", message[:1000]


def create_snapshot(domain: Domain, params: Structure, *, snapshot_id: str) -> Snapshot:
    """Add a snapshot to the domain.

    :raises ServiceError: BadRequestException for a destination outside S3, and for ORC without pyarrow.
    """
    destination = params.get("DestinationUri") or ""
    split_uri(destination)
    if params["DataFormat"] == "ORC" and find_spec("pyarrow") is None:
        raise bad_request(
            found="DataFormat `ORC` in an emulator without pyarrow",
            allowed="`CSV`, `JSONL`",
            hint="`pip install 'connect-emulator[orc]'` brings pyarrow",
        )
    snapshot = Snapshot(
        snapshot_id=snapshot_id,
        segment=params["SegmentDefinitionName"],
        data_format=params["DataFormat"],
        destination=destination,
        role_arn=params.get("RoleArn"),
        encryption_key=params.get("EncryptionKey"),
    )
    domain.snapshots[snapshot_id] = snapshot
    return snapshot


def snapshot_of(domain: Domain, params: Structure) -> Snapshot:
    """Return a snapshot of the segment that the request names; the segment itself may be gone (unknown).

    :raises ServiceError: ResourceNotFoundException.
    """
    snapshot = domain.snapshots.get(params["SnapshotId"])
    if snapshot is None or snapshot.segment != params["SegmentDefinitionName"]:
        raise not_found(what="Segment snapshot", name=params["SnapshotId"], hint="CreateSegmentSnapshot makes one")
    return snapshot


def last_export(domain: Domain, definition: SegmentDefinition, *, now: datetime, days: int) -> Exported | None:
    """Return the last export of an SQL segment that is at most so many days old.

    That of a definition which was deleted and made again under the same name doesn't count (inferred).
    """
    exports = [snapshot.exported for snapshot in domain.snapshots.values() if snapshot.exported is not None]
    valid = [each for each in exports if each.definition is definition and now - each.at <= timedelta(days=days)]
    return max(reversed(valid), key=lambda each: each.at, default=None)


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of an S3 URI.

    :raises ServiceError: BadRequestException when it is none.
    """
    match = _S3_URI.fullmatch(uri)
    if match is None:
        raise bad_request(
            found=f"DestinationUri `{uri}`" if uri else "No DestinationUri",
            allowed="`s3://BUCKET/PREFIX`",
            hint="give a prefix of its own to each snapshot",
        )
    return match[1], match[2] or ""
