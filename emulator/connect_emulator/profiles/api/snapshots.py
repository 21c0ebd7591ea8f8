"""Operations on segment snapshots."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.api.replies import go_on, without_none
from connect_emulator.profiles.background import run_snapshot
from connect_emulator.profiles.refusals import check_text
from connect_emulator.profiles.segments import definition_of
from connect_emulator.profiles.snapshots import create_snapshot, snapshot_of
from connect_emulator.s3_writes import put_file

if TYPE_CHECKING:
    from connect_emulator.world import Handler, Request, World

Structure = dict[str, Any]


async def create_segment_snapshot(world: World, request: Request) -> Structure:
    """Begin to write a segment's profiles to S3; the writing goes on in the background."""
    check_text(request.params)
    store, domain = world.profiles, world.profiles.domain(request.params["DomainName"])
    definition = definition_of(domain, request.params["SegmentDefinitionName"])
    snapshot = create_snapshot(domain, request.params, snapshot_id=uuid.uuid4().hex)
    put = partial(put_file, world)
    go_on(world, run_snapshot(store, domain, snapshot, definition, as_of=request.now, put=put))
    return {"SnapshotId": snapshot.snapshot_id}


async def get_segment_snapshot(world: World, request: Request) -> Structure:
    """Describe a snapshot; the objects and the number of rows aren't said (documented)."""
    settings = world.settings.profiles
    snapshot = snapshot_of(world.profiles.domain(request.params["DomainName"]), request.params)
    reply = {
        "SnapshotId": snapshot.snapshot_id,
        "Status": snapshot.status,
        "StatusMessage": snapshot.message if settings.snapshot_status_message == "reason" else None,
        "DataFormat": snapshot.data_format,
        "EncryptionKey": snapshot.encryption_key,
        "RoleArn": snapshot.role_arn,
        "DestinationUri": snapshot.destination,
    }
    return without_none(reply)


HANDLERS: dict[str, Handler] = {
    "CreateSegmentSnapshot": create_segment_snapshot,
    "GetSegmentSnapshot": get_segment_snapshot,
}
