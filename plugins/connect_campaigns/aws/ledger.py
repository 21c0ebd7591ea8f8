"""The ledger: small JSON objects under one S3 prefix, each written once.

``If-None-Match: *`` makes a write atomic, and S3's reads are strongly consistent (documented): with both, two attempts
can't both be the first. A refused write is read by the caller's next pass, since it may be one's own whose reply was lost.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from connect_campaigns.aws.outcomes import NOT_FOUND_CODES, Kind, explain, send
from connect_campaigns.core.errors import LaunchHeld, LaunchRefused, ServiceRefused
from connect_campaigns.core.keys import (
    LAUNCH_TIME,
    claim_object,
    ended_object,
    event_object,
    key_object,
    launch_object,
    launches_prefix,
    relaunch_object,
)
from connect_campaigns.core.records import (
    ClaimRecord,
    EndRecord,
    Freeze,
    KeyRecord,
    LaunchRecord,
    Marker,
    Record,
    RelaunchRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from mypy_boto3_s3 import S3Client

    from connect_campaigns.aws.outcomes import Outcome
    from connect_campaigns.core.errors import ConnectCampaignsError
    from connect_campaigns.core.records import Event

R = TypeVar("R", bound=Record)

MARKER = "ledger.json"
FREEZE = "control/freeze.json"
ALREADY_THERE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class Ledger:
    """One ledger.

    :param client: an ``s3`` client with the SDK's usual retries: a conditional write may be re-sent
    :param uri: ``s3://bucket/prefix``
    """

    def __init__(self, client: S3Client, *, uri: str) -> None:
        self._client = client
        parts = urlsplit(uri)
        self.bucket = parts.netloc
        self.prefix = parts.path.strip("/")
        self.uri = f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    # -- the facts of the launch protocol -----------------------------------------------------------------------------

    def key(self, key: str, generation: int, *, under: str | None = None) -> KeyRecord | None:
        """Read K. `under`: as for `write_key`."""
        return self._read(key_object(key, generation, under=under), KeyRecord)

    def write_key(self, record: KeyRecord, *, under: str | None = None) -> None:
        """Write K once; whether it is ours or another's is for the next read to say.

        :param under: the key's hash, where the record's text is not the key itself
        """
        self._write_once(key_object(record.key, record.generation, under=under), record)

    def claim(self, campaign_id: str) -> ClaimRecord | None:
        """Read C."""
        return self._read(claim_object(campaign_id), ClaimRecord)

    def write_claim(self, record: ClaimRecord) -> None:
        """Write C once; whether it is ours or another's is for the next read to say."""
        self._write_once(claim_object(record.campaign), record)

    def ended(self, campaign_id: str) -> EndRecord | None:
        """Read E."""
        return self._read(ended_object(campaign_id), EndRecord)

    def write_ended(self, record: EndRecord) -> None:
        """Write E once."""
        self._write_once(ended_object(record.campaign), record)

    def relaunch(self, key: str, generation: int) -> RelaunchRecord | None:
        """Read R: a person's request that gives up every generation before this one."""
        return self._read(relaunch_object(key, generation), RelaunchRecord)

    def write_relaunch(self, record: RelaunchRecord, *, under: str | None = None) -> None:
        """Write R once; whether it is ours or another's is for the next read to say. `under`: as for `write_key`."""
        self._write_once(relaunch_object(record.key, record.generation, under=under), record)

    # -- what people look up --------------------------------------------------------------------------------------

    def write_launch(self, record: LaunchRecord) -> bool:
        """Write a launch record once, whichever attempt comes first.

        :returns: whether it is certainly there
        """
        at = datetime.fromisoformat(record.at)
        name = launch_object(record.template, record.audience, at=at, key=record.key, generation=record.generation)
        return self._write_once(name, record)

    def launch(
        self, *, template: str | None, audience: str, at: datetime, key: str, generation: int
    ) -> LaunchRecord | None:
        """Read the record of one launch, claimed `at`; None = it was never about to start."""
        return self._read(launch_object(template, audience, at=at, key=key, generation=generation), LaunchRecord)

    def launches_since(self, *, template: str | None, audience: str, since: datetime) -> list[LaunchRecord]:
        """Read the launches of one template on one audience from a time on, in their order; one listing."""
        prefix = launches_prefix(template, audience)
        after = f"{prefix}{since.astimezone(UTC):{LAUNCH_TIME}}"
        return [record for name in self._list(prefix, after=after) if (record := self._read(name, LaunchRecord))]

    def launches_back(self, *, template: str | None, audience: str) -> Iterator[LaunchRecord]:
        """Read the launches of one template on one audience, the last first; a listing of all of them, 1,000 a call."""
        names = list(self._list(launches_prefix(template, audience)))
        yield from (record for name in reversed(names) if (record := self._read(name, LaunchRecord)))

    def launches_of(self, day: date) -> list[LaunchRecord]:
        """Read the launches of a day (UTC), in their order; a listing of all launches, 1,000 a call."""
        names = [name for name in self._list("launches/") if name.rsplit("/", 1)[-1].startswith(f"{day:%Y%m%d}T")]
        records = (self._read(name, LaunchRecord) for name in names)
        return sorted((record for record in records if record), key=lambda record: (record.at, record.key))

    def write_event(self, event: Event, *, at: datetime, nonce: str) -> None:
        """Write an event; its refusal (rights, bucket) is raised, so it also proves the right to write."""
        self._write_once(event_object(at, what=event.what, nonce=nonce), event)

    # -- marker, freeze -------------------------------------------------------------------------------------------

    def marker(self, *, region: str | None = None) -> Marker:
        """Read the marker.

        :param region: where campaigns are about to be launched or given up; None = nothing of that kind
        :raises ServiceRefused: it isn't there: an emptied bucket or a mistyped prefix is not a fresh start
        :raises LaunchRefused: it is another Region's: there no campaign would be found, which must not count as gone
        """
        marker = self.found_marker()
        if marker is None:
            raise ServiceRefused(
                f"{self.uri} is no ledger: {MARKER} is not there",
                allowed="a prefix that `ledger init` prepared; an emptied bucket or a mistyped prefix is not a fresh start",
                hint=f"look at `launch_ledger`; for a new ledger: python -m connect_campaigns ledger init {self.uri}",
                code="ledger_marker",
            )
        if region and marker.region not in {None, region}:
            raise LaunchRefused(
                f"{self.uri} is the ledger of Region {marker.region}, and this connection's is {region}",
                allowed="one ledger for one Connect instance, in its Region",
                hint="look at the Region of the connection or command, and at `launch_ledger`",
                code="ledger_region",
            )
        return marker

    def found_marker(self) -> Marker | None:
        """Read the marker, where there is one."""
        return self._read(MARKER, Marker)

    def freeze(self, record: Freeze) -> None:
        """Let no new launch begin; a freeze that is there stays as it is.

        :raises LaunchHeld: whether it is on can't be told
        """
        if not self._write_once(FREEZE, record) and self.frozen() is None:
            raise LaunchHeld(
                f"the freeze switch {self.uri}/{FREEZE} could not be written",
                allowed="a store that answers",
                hint="try again",
                code="freeze",
            )

    def frozen(self) -> Freeze | None:
        """Read the freeze switch; only its certain absence means that launches may begin.

        :raises LaunchHeld: it could not be read, or can't be understood: that counts as frozen, and a retry asks again
        """
        try:
            return self._read(FREEZE, Freeze)
        except Exception as error:
            raise LaunchHeld(
                f"the freeze switch {self.uri}/{FREEZE} can't be read, which counts as on: {error}",
                allowed="a switch that is certainly off (no such object) or a readable one",
                hint="retry when the ledger answers again",
                code="freeze",
            ) from error

    def init(
        self, *, at: datetime, by: str, ledger_id: str | None = None, region: str | None = None
    ) -> tuple[Marker, bool]:
        """Prepare the prefix: prove that the store honours conditional writes, then write the marker.

        :param region: of the Connect instance; a launch from another one is refused
        :param ledger_id: that of a lost ledger whose place this one takes; None = a new one
        :returns: the marker, and whether this call made it
        :raises ServiceRefused: the store took one object twice, or a right is missing; no marker was written
        """
        probe = f"probe/{uuid.uuid4()}.json"
        record = Marker(at=at.isoformat(), by=by, id="probe")
        first, second = (self._put(probe, record) for _ in range(2))
        if not first.accepted:
            raise self._explain(first, "s3:PutObject", probe)
        if second.kind in {Kind.UNKNOWN, Kind.THROTTLED}:
            raise self._explain(second, "s3:PutObject", probe)
        if second.code not in ALREADY_THERE:
            raise ServiceRefused(
                f"{self.uri}: the store took one object twice under `If-None-Match: *` ({second.kind} {second.code})",
                allowed="a store that refuses the second write with 412 (Amazon S3 does)",
                hint="without this two attempts can both be the first: use an S3 bucket",
                code="ledger_store",
            )
        there = self.found_marker()
        if there:
            return there, False
        self._write_once(MARKER, Marker(at=at.isoformat(), by=by, id=ledger_id or str(uuid.uuid4()), region=region))
        return self.marker(), True

    # -- objects --------------------------------------------------------------------------------------------------

    def _put(self, name: str, record: Record) -> Outcome:
        return send(
            self._client.put_object,
            Bucket=self.bucket,
            Key=self._name(name),
            Body=record.to_json(),
            ContentType="application/json",
            IfNoneMatch="*",
        )

    def _write_once(self, name: str, record: Record) -> bool:
        outcome = self._put(name, record)
        if outcome.accepted or outcome.code in ALREADY_THERE or outcome.kind in {Kind.UNKNOWN, Kind.THROTTLED}:
            # The next pass reads what is there, whatever this reply said; a 409 means that another write is under way.
            return outcome.accepted or outcome.code in {"PreconditionFailed", "412"}
        raise self._explain(outcome, "s3:PutObject", name)

    def _list(self, prefix: str, *, after: str = "") -> Iterator[str]:
        more: dict[str, Any] = {"StartAfter": self._name(after)} if after else {}
        while True:
            outcome = send(self._client.list_objects_v2, Bucket=self.bucket, Prefix=self._name(prefix), **more)
            if not outcome.accepted:
                raise self._explain(outcome, "s3:ListBucket", prefix)
            reply = outcome.reply or {}
            for each in reply.get("Contents", ()):
                yield each["Key"].removeprefix(f"{self.prefix}/") if self.prefix else each["Key"]
            if not reply.get("IsTruncated"):
                return
            more = {"ContinuationToken": reply["NextContinuationToken"]}

    def _read(self, name: str, kind: type[R]) -> R | None:
        outcome = send(self._get, name=name)
        if outcome.accepted:
            return kind.from_json((outcome.reply or {})["body"], where=f"{self.uri}/{name}")
        if outcome.code in NOT_FOUND_CODES:
            return None
        # Without s3:ListBucket a missing object answers 403, which therefore never means "absent".
        raise self._explain(outcome, "s3:GetObject (and s3:ListBucket)", name)

    def _get(self, *, name: str) -> dict[str, bytes]:
        reply = self._client.get_object(Bucket=self.bucket, Key=self._name(name))
        return {"body": reply["Body"].read()}  # read inside the send: the connection can break here too

    def _explain(self, outcome: Outcome, action: str, name: str) -> ConnectCampaignsError:
        if outcome.code == "NoSuchBucket":
            return ServiceRefused(
                f"the ledger's bucket {self.bucket!r} isn't there",
                allowed="a bucket that exists, in the connection's account",
                hint=f"look at `launch_ledger` ({self.uri}); a new one is made with: aws s3 mb s3://{self.bucket}",
                code="ledger_bucket",
            )
        if outcome.code == "PermanentRedirect":
            return ServiceRefused(
                f"`{action}` on arn:aws:s3:::{self.bucket}/{self._name(name)}: the bucket is in another Region:"
                f" {outcome.message}",
                allowed="a bucket that the connection's Region and endpoint lead to",
                hint=f"look at `region_name` and `endpoint_url` of the connection, and at `launch_ledger` ({self.uri})",
                code="PermanentRedirect",
            )
        return explain(outcome, action=action, resource=f"arn:aws:s3:::{self.bucket}/{self._name(name)}")

    def _name(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name
