"""The trigger that a deferred wait for a segment snapshot leaves with the triggerer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from connect_campaigns._compat import BaseTrigger, TriggerEvent
from connect_campaigns.core.errors import FinalError, RetryableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class SegmentSnapshotTrigger(BaseTrigger):
    """Waits until a snapshot has ended, well or badly, and fires once with what tells it; the task then looks itself.

    What a retry may heal is ridden out: Airflow ends the wait when the task's `patience` is over.

    :param domain: Customer Profiles domain
    :param segment: the definition's name
    :param snapshot: the snapshot's id
    :param uri: where it goes
    :param poll_interval: seconds between two looks
    :param connection: the connection's parameters by name
    :param _old: parameters that an older release serialized and this one has no use for
    """

    def __init__(
        self,
        *,
        domain: str,
        segment: str,
        snapshot: str,
        uri: str,
        poll_interval: float,
        connection: dict[str, Any],
        **_old: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Airflow's own has no types
        self.domain = domain
        self.segment = segment
        self.snapshot = snapshot
        self.uri = uri
        self.poll_interval = poll_interval
        self.connection = connection

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and the parameters, JSON types only."""
        names = ("domain", "segment", "snapshot", "uri", "poll_interval", "connection")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then fire once."""
        while not await asyncio.to_thread(self._look):  # noqa: ASYNC110 - the service tells nobody: it is asked
            await asyncio.sleep(self.poll_interval)
        event = {"segment": self.segment, "snapshot": self.snapshot, "uri": self.uri}
        yield TriggerEvent(event)  # type: ignore[no-untyped-call] # Airflow's own has no types

    def _look(self) -> bool:
        from connect_campaigns.hooks import ConnectCampaignsHook

        try:
            # A hook of each look's own: credentials that expired meanwhile are fetched anew.
            snapshots = ConnectCampaignsHook(**self.connection).snapshots_of(self.domain)
            return snapshots.ended(segment=self.segment, snapshot=self.snapshot, uri=self.uri)
        except RetryableError as error:
            self.log.info("snapshot %s can't be looked at now: %s", self.snapshot, error.found)
            return False
        except FinalError:
            return True  # the task looks once more, and fails with the whole message
