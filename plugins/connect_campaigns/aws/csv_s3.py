"""Files of customers in S3, brought to the worker's disk as a stream: they are read twice, and S3 only once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from connect_campaigns.aws.outcomes import NOT_FOUND_CODES, Kind, Outcome, classify, explain, send
from connect_campaigns.core.csv_parts import changed, is_part, no_parts
from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from connect_campaigns.core.log import Log

ATTEMPTS = 4
"""Downloads of one object: what is there of a broken one is thrown away."""

_CHUNK = 1 << 20


def download(client: Any, uri: str, *, folder: Path, log: Log) -> Iterator[tuple[str, Path, datetime]]:
    """Download the objects of an URI, and give the name, the place and the LastModified of each.

    :param client: a boto3 ``s3`` client
    :param uri: ``s3://bucket/key``, or ``s3://bucket/prefix`` followed by ``/`` or ``*``
    :raises InvalidInput: there is no such object
    :raises ServiceRefused: the role may not read it
    :raises RetryableError: S3 could not be reached, or an object came, went or changed meanwhile
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise InvalidInput(
            f"`path` is {uri!r}",
            allowed="s3://BUCKET/KEY, or s3://BUCKET/PREFIX followed by / or *",
            hint="name the object, or the prefix that its parts share",
            code="no_file",
        )
    prefix = key.removesuffix("*") if key.endswith(("/", "*")) else None
    found = {key: None} if prefix is None else _listed(client, bucket, prefix, uri=uri)
    for number, (each, etag) in enumerate(found.items()):
        target = folder / f"{number:06}"
        written_at = _fetch(client, bucket, each, etag, target)
        log.info("s3://%s/%s: %d bytes", bucket, each, target.stat().st_size)
        yield each.rpartition("/")[2], target, written_at
    if prefix is not None and _listed(client, bucket, prefix, uri=uri) != found:
        raise changed(uri)


def _listed(client: Any, bucket: str, prefix: str, *, uri: str) -> dict[str, str | None]:
    """Give the parts' keys in order, each with its ETag: so they belong together, and stay what they are."""
    found: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        outcome = send(client.list_objects_v2, Bucket=bucket, Prefix=prefix, **more)
        if not outcome.accepted:
            raise _explained(outcome, action="s3:ListBucket", uri=uri)
        reply = outcome.reply or {}
        found.extend(reply.get("Contents", ()))
        if not reply.get("NextContinuationToken"):
            break
        more = {"ContinuationToken": reply["NextContinuationToken"]}
    parts = {each["Key"]: each["ETag"] for each in found if is_part(each["Key"].rpartition("/")[2], each["Size"])}
    if not parts:
        raise no_parts(uri, len(found))
    return dict(sorted(parts.items()))


def _fetch(client: Any, bucket: str, key: str, etag: str | None, target: Path) -> datetime:
    """Download one object, again where the connection breaks; give its LastModified."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(0.5 * 2 ** (attempt - 1))
        outcome = _stream(client, bucket, key, etag, target)
        if outcome.kind in {Kind.ACCEPTED, Kind.REFUSED}:
            break
    if not outcome.accepted:
        raise _explained(outcome, action="s3:GetObject", uri=f"s3://{bucket}/{key}")
    written_at: datetime = (outcome.reply or {})["LastModified"]
    return written_at


def _stream(client: Any, bucket: str, key: str, etag: str | None, target: Path) -> Outcome:
    same = {} if etag is None else {"IfMatch": etag}
    try:
        reply = client.get_object(Bucket=bucket, Key=key, **same)
        body = reply["Body"]  # its own context gives the raw stream, which has no chunks
        with body, target.open("wb") as file:
            for chunk in body.iter_chunks(_CHUNK):
                file.write(chunk)
    except (ClientError, BotoCoreError) as error:
        return classify(error)
    return Outcome(Kind.ACCEPTED, reply=reply)


def _explained(outcome: Outcome, *, action: str, uri: str) -> Exception:
    if outcome.code == "PreconditionFailed":
        return changed(uri)
    if outcome.code in NOT_FOUND_CODES or outcome.code == "NoSuchBucket":
        return InvalidInput(
            f"{uri}: {outcome.code}",
            allowed="an object that is there",
            hint="look at bucket and key; for all parts of a prefix end it with / or *",
            code="no_file",
        )
    return explain(outcome, action=action, resource=uri)
