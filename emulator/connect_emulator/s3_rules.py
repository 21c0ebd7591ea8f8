"""What S3 does beyond moto: permissions, buckets in another Region; and the settings that break its promises."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from connect_emulator import access, moto_mount
from connect_emulator.errors import S3
from connect_emulator.wire import credential_scope, header
from connect_emulator.world import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connect_emulator.wire import Scope
    from connect_emulator.world import World

OBJECT_READS = {"GetObject", "HeadObject"}
FROM_ANY_REGION = {"CreateBucket", "ListBuckets", "GetBucketLocation"}
CONDITIONS = {b"if-none-match", b"if-match"}

ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "DeleteObjects": "DeleteObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
}
"""The permission that an operation needs, where it isn't named like it (documented)."""


class S3Refusal(Exception):
    """An error of S3."""

    def __init__(self, code: str, text: str = "", **members: str) -> None:
        status, usual = S3[code]
        super().__init__(text or usual)
        self.code = code
        self.status = status
        self.text = text or usual
        self.members = members


def check(world: World, scope: Scope, operation: str, params: dict[str, Any], body: bytes) -> None:
    """Refuse a request before moto sees it.

    :param body: of DeleteObjects, which names its objects there
    :raises S3Refusal: the bucket is in another Region, or a permission is denied
    """
    bucket = params["Bucket"]
    signed, there = credential_scope(scope["headers"]), moto_mount.bucket_region(bucket)
    if signed and there not in {None, signed[0]} and operation not in FROM_ANY_REGION:
        raise S3Refusal(
            "PermanentRedirect", Endpoint=f"{bucket}.s3.{there}.amazonaws.com", Bucket=bucket, Region=str(there)
        )
    if not world.settings.access.denied:
        return
    for action, resource in _needed(scope, operation, params, body):
        _demand(world, action, resource)


def _demand(world: World, action: str, resource: str) -> None:
    if access.denied(world.settings.access, action=action, resource=resource):
        raise S3Refusal("AccessDenied", access.message(action=action, resource=f'"{resource}"', account=ACCOUNT_ID))


def _needed(scope: Scope, operation: str, params: dict[str, Any], body: bytes) -> Iterator[tuple[str, str]]:
    """Give the permissions that a request needs, each with its resource."""
    action = f"s3:{ACTIONS.get(operation, operation)}"
    bucket, key = params["Bucket"], params.get("Key", "")
    if operation == "DeleteObjects":
        for found in re.findall(rb"<Key>(.*?)</Key>", body, re.DOTALL):
            yield action, f"arn:aws:s3:::{bucket}/{unescape(found.decode())}"
        return
    yield action, f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}" if bucket else "*"
    copied = unquote(header(scope["headers"], b"x-amz-copy-source")).lstrip("/")
    if copied:
        yield "s3:GetObject", f"arn:aws:s3:::{copied.partition('?')[0]}"


def check_seen(world: World, operation: str, params: dict[str, Any], status: int) -> None:
    """Refuse a read of one object after moto answered it.

    :raises S3Refusal: NoSuchKey for an object that isn't to be seen yet; AccessDenied for one that isn't there, when
        its bucket may not be listed (documented)
    """
    if operation not in OBJECT_READS:
        return
    bucket, key = params["Bucket"], params["Key"]
    unseen = (bucket, key) in world.unseen_objects
    missing = status == 404 and moto_mount.bucket_region(bucket) is not None
    if unseen or missing:
        _demand(world, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    if unseen:
        raise S3Refusal("NoSuchKey", Key=key)


def without_conditions(world: World, scope: Scope) -> None:
    """Take the conditions off a write, where the store is set not to heed them."""
    if world.settings.s3.conditional_writes == "ignored":
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in CONDITIONS]


def note_write(world: World, params: dict[str, Any], *, new: bool) -> None:
    """Count a write for the objects that aren't seen yet, and begin with one that is new."""
    left = {name: writes - 1 for name, writes in world.unseen_objects.items() if writes > 1}
    hidden = world.settings.s3.unseen_for_writes
    if new and hidden:
        left[params["Bucket"], params["Key"]] = hidden
    world.unseen_objects = left
