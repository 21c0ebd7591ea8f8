"""Real boto3 clients whose sends go to the attempt that uses them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.retries.quota import RetryQuota

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.aws.ledger import Ledger
from tests.chaos.wire.service import BUCKET, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3

    from tests.chaos.wire.seam import Attempt


class _Body(io.BytesIO):
    """A body as urllib3 hands it to botocore."""

    def stream(self) -> Iterator[bytes]:
        yield self.getvalue()


class Slot:
    """The clients of one process, made once and used by one attempt after the other.

    They are made as the hook makes them: the SDK's own retries for reads and the ledger, none for what is sent once.
    What the SDK would wait between its re-sends isn't waited.
    """

    def __init__(self, session: boto3.Session) -> None:
        self.attempt: Attempt | None = None
        self._quotas: list[RetryQuota] = []
        reads = self._client(session, "connectcampaignsv2")
        self.sender = self._client(session, "connectcampaignsv2", Config(retries={"total_max_attempts": 1}))
        self.campaigns = Campaigns(reads, sender=self.sender)
        self.ledger = Ledger(self._client(session, "s3"), uri=f"s3://{BUCKET}/launches")

    def refresh(self) -> Slot:
        """Forget what a process that used these clients learned: the next one is another process."""
        self.campaigns._date = None
        for quota in self._quotas:
            quota.release(RetryQuota.INITIAL_CAPACITY)
        return self

    def _client(self, session: Any, service: str, config: Config | None = None) -> Any:
        plain = Config(
            s3={"addressing_style": "path"}, user_agent="chaos"
        )  # a quarter of the time went into the usual one
        if service == "s3":
            plain = plain.merge(Config(signature_version=UNSIGNED))  # nobody looks at it here
        client = session.client(service, endpoint_url="http://aws.invalid", config=plain.merge(config or Config()))
        client.meta.events.register(f"before-send.{service}", self._before_send)
        self._quotas.append(_without_waits(client, service))
        return client

    def _before_send(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        _, service, operation = event_name.split(".")
        assert self.attempt is not None, f"{operation} is sent by nobody's attempt"
        headers = {name: _text(value) for name, value in request.headers.items()}
        body = request.body
        whole = body.read() if hasattr(body, "read") else body.encode() if isinstance(body, str) else bytes(body or b"")
        reply = self.attempt.send(
            service=service,
            operation=operation,
            request=Request(request.method, request.url, headers, whole),
            call=headers["amz-sdk-invocation-id"],
        )
        return AWSResponse(request.url, reply.status, dict(reply.headers), _Body(reply.body))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _without_waits(client: Any, service: str) -> RetryQuota:
    """Put the SDK's retry handler behind one that waits for nothing; give the quota of its re-sends."""
    event, unique = f"needs-retry.{service}", f"retry-config-{service}"
    registered = client.meta.events._emitter._handlers.prefix_search(event)
    inner = next(each for each in registered if type(each.__self__).__name__ == "RetryHandler")
    client.meta.events.unregister(event, unique_id=unique)

    def handler(**given: Any) -> float | None:
        return None if inner(**given) is None else 0.0

    client.meta.events.register(event, handler, unique_id=unique)
    quota: RetryQuota = inner.__self__._retry_quota._quota
    return quota
