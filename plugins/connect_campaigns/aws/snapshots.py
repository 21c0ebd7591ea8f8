"""Snapshots of segments in S3: asked for, looked at, and counted from their files."""

from __future__ import annotations

import gzip
import importlib
import io
import tempfile
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from connect_campaigns.aws.outcomes import classify, explain, send
from connect_campaigns.aws.repeats import Repeats
from connect_campaigns.core.errors import NotSeen, ServiceRefused
from connect_campaigns.core.snapshot_rows import id_column, ids_in_csv, ids_in_json_lines, same_place

if TYPE_CHECKING:
    from collections.abc import Iterator

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class Snapshots:
    """The snapshots of one Customer Profiles domain.

    :param client: a boto3 ``customer-profiles`` client
    :param s3: a boto3 ``s3`` client
    :param domain: the domain's name
    """

    client: Any
    s3: Any
    domain: str

    def check_place(self, uri: str) -> None:
        """Look whether the bucket is there and may be listed, as counting will need; whether the role may write, nobody sees.

        :raises ServiceRefused: it isn't, or may not
        :raises ConnectCampaignsError: it could not be looked at
        """
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        outcome = send(self.s3.list_objects_v2, Bucket=bucket, Prefix=prefix, MaxKeys=1)
        if outcome.code in {"NoSuchBucket", "404"}:
            raise ServiceRefused(
                f"bucket {bucket}, where the snapshot is to go, isn't there",
                allowed="a bucket that is there, in the connection's Region",
                hint=f"look at the spelling of {uri}; a new one is made with: aws s3 mb s3://{bucket}",
                code="no_bucket",
            )
        if not outcome.accepted:
            raise explain(outcome, action="s3:ListBucket", resource=f"bucket {bucket}")

    def begin(self, *, segment: str, data_format: str, uri: str, role_arn: str | None, key: str | None) -> str:
        """Ask for a snapshot, and give its id; asked for again it is another one (200 a day, documented).

        :raises ConnectCampaignsError: the service refused, or could not be reached
        """
        given = {"RoleArn": role_arn, "EncryptionKey": key}
        outcome = send(
            self.client.create_segment_snapshot,
            DomainName=self.domain,
            SegmentDefinitionName=segment,
            DataFormat=data_format,
            DestinationUri=uri,
            **{name: value for name, value in given.items() if value},
        )
        if not outcome.accepted:
            raise explain(outcome, action="profile:CreateSegmentSnapshot", resource=f"segment definition {segment}")
        return str((outcome.reply or {})["SnapshotId"])

    def ended(self, *, segment: str, snapshot: str, uri: str) -> bool:
        """Look whether a snapshot is there, whole.

        :raises ServiceRefused: it failed, or lies elsewhere
        :raises ConnectCampaignsError: it could not be looked at
        """
        outcome = send(
            self.client.get_segment_snapshot,
            DomainName=self.domain,
            SegmentDefinitionName=segment,
            SnapshotId=snapshot,
        )
        if not outcome.accepted:
            raise explain(outcome, action="profile:GetSegmentSnapshot", resource=f"snapshot {snapshot}")
        reply = outcome.reply or {}
        if reply["Status"] == "FAILED":
            raise ServiceRefused(
                f"snapshot {snapshot} of segment {segment} failed: {reply.get('StatusMessage') or 'no reason given'}",
                allowed="a bucket that is there, and a role of the service's that may write to it",
                hint=f"look at {uri} and at `role_arn`: Customer Profiles assumes it, and it needs s3:PutObject there",
                code="snapshot_failed",
            )
        if reply["Status"] == "COMPLETED" and not same_place(reply.get("DestinationUri", uri), uri):
            raise ServiceRefused(
                f"snapshot {snapshot} lies at {reply['DestinationUri']}",
                allowed=f"the place that was asked for: {uri}",
                hint="look whose snapshot it is: the id is not this task's",
                code="snapshot_elsewhere",
            )
        return bool(reply["Status"] == "COMPLETED")

    def count(self, *, uri: str, data_format: str) -> int:
        """Count the profiles in a snapshot's files, each once; other objects beside them don't count.

        :raises NotSeen: there is no object at all
        :raises ConnectCampaignsError: an object could not be read
        """
        read = 0
        with Repeats() as seen:
            for ids in self._ids_in_thousands(uri, data_format):
                seen.add(ids)
                read += len(ids)
            return read - seen.suspects()[1]

    def _ids_in_thousands(self, uri: str, data_format: str) -> Iterator[list[str]]:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        objects = 0
        try:
            pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for each in (each for page in pages for each in page.get("Contents", [])):
                objects += 1
                with tempfile.TemporaryFile() as file:
                    self.s3.download_fileobj(bucket, each["Key"], file)
                    ids = _ids(file, data_format)
                    while some := list(islice(ids, 10_000)):
                        yield some
        except (ClientError, BotoCoreError) as error:
            raise explain(classify(error), action="s3:ListBucket, s3:GetObject", resource=uri) from error
        if not objects:
            raise NotSeen(
                f"the snapshot is complete, and nothing lies under {uri}",
                allowed="its objects, which an empty segment has too",
                hint="retry; look whether something deletes objects there",
                code="snapshot_unseen",
            )


def _ids(file: IO[bytes], data_format: str) -> Iterator[str]:
    """Give the profiles of an object; of one that is no part of a snapshot, none."""
    file.seek(0)
    head = file.read(3)
    file.seek(0)
    if data_format == "ORC":
        if head == b"ORC":
            yield from _ids_in_orc(file)
        return
    plain: Any = gzip.GzipFile(fileobj=file) if head.startswith(_GZIP) else file
    with io.TextIOWrapper(plain, encoding="utf-8", errors="replace", newline="") as lines:
        yield from (ids_in_csv if data_format == "CSV" else ids_in_json_lines)(lines)


def _ids_in_orc(file: IO[bytes]) -> Iterator[str]:
    table = importlib.import_module("pyarrow.orc").ORCFile(file)
    column = id_column(table.schema.names)
    if column is not None:
        name = table.schema.names[column]
        for stripe in range(table.nstripes):
            yield from (str(each) for each in table.read_stripe(stripe, columns=[name])[name].to_pylist() if each)
