"""Rows of a past day's file written to S3, to a bucket that is sure to delete them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.outcomes import explain, send
from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from connect_campaigns.aws.csv_file import CheckedFile
    from connect_campaigns.core.kept_rows import KeepRows


def demand_expiry(client: Any, place: KeepRows) -> None:
    """Look whether the bucket deletes what is kept there in time.

    :param client: a boto3 ``s3`` client
    :raises InvalidInput: it doesn't, or there is no such bucket
    :raises ConnectCampaignsError: the bucket's lifecycle rules could not be read
    """
    outcome = send(client.get_bucket_lifecycle_configuration, Bucket=place.bucket)
    if outcome.code == "NoSuchBucket":
        raise InvalidInput(
            f"there is no bucket {place.bucket}",
            allowed="a bucket that is there (`keep_rows`)",
            hint="make it, with a lifecycle rule that expires what lies under the prefix",
            code="no_bucket",
        )
    if not outcome.accepted and outcome.code != "NoSuchLifecycleConfiguration":
        raise explain(outcome, action="s3:GetLifecycleConfiguration", resource=f"bucket {place.bucket}")
    place.demand_expiry((outcome.reply or {}).get("Rules", ()))


def keep(client: Any, file: CheckedFile, *, place: KeepRows, due: datetime | None) -> list[str]:
    """Write the good rows of a file, with the header, and give the objects' URIs.

    :param client: a boto3 ``s3`` client
    :param due: of the run, aware
    :raises ConnectCampaignsError: S3 refused, or could not be reached
    """
    keys = place.keys(due=due, sha256=file.sha256, number=len(file.copies))
    for key, copy in zip(keys, file.copies, strict=True):
        copy.content.rewind()
        outcome = send(client.upload_fileobj, Fileobj=copy.content, Bucket=place.bucket, Key=key)
        if not outcome.accepted:
            raise explain(outcome, action="s3:PutObject", resource=f"s3://{place.bucket}/{key}")
    return [f"s3://{place.bucket}/{key}" for key in keys]
