"""Objects that the emulator's own services write to S3, under the rules for everybody's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from connect_emulator import access, moto_mount
from connect_emulator.s3_rules import S3Refusal, note_write
from connect_emulator.world import ACCOUNT_ID

if TYPE_CHECKING:
    from pathlib import Path

    from connect_emulator.world import World


async def put_file(world: World, bucket: str, key: str, path: Path) -> None:
    """Store a file as an object.

    :raises S3Refusal: NoSuchBucket, or AccessDenied where the settings deny `s3:PutObject`.
    """
    resource = f"arn:aws:s3:::{bucket}/{key}"
    if access.denied(world.settings.access, action="s3:PutObject", resource=resource):
        raise S3Refusal(
            "AccessDenied", access.message(action="s3:PutObject", resource=f'"{resource}"', account=ACCOUNT_ID)
        )
    content = await asyncio.to_thread(path.read_bytes)
    async with world.s3_turn:
        if moto_mount.bucket_region(bucket) is None:
            raise S3Refusal("NoSuchBucket")
        new = not moto_mount.has_object(bucket, key)
        writing = asyncio.ensure_future(asyncio.to_thread(moto_mount.store_object, bucket, key, content))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing  # else it would land after the reset that cancels us
            raise
    note_write(world, {"Bucket": bucket, "Key": key}, new=new)
