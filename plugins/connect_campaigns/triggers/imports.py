"""The trigger that a deferred import leaves with the triggerer."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from connect_campaigns._compat import BaseTrigger, TriggerEvent
from connect_campaigns.core.errors import FinalError, RetryableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from connect_campaigns.aws.uploads import Uploads

_FIRST_PAUSE_S = 0.2


class UploadJobsTrigger(BaseTrigger):
    """Waits until upload jobs have ended, however, and fires once: ``{"job_ids": […], "told": …, "over": …}``.

    It only says when it is worth looking: the task that it resumes reads and judges the jobs as it would without
    deferring, and meets an error that ended this wait itself. ``over``: patience is, and the jobs had not ended.

    :param job_ids: the jobs
    :param poll_interval: longest pause between two looks, in seconds
    :param patience: seconds to wait; a triggerer that takes the trigger over begins anew
    :param told: goes through to the event: ``airflow dags test`` loses what is deferred as the method's own arguments
    :param connection: the parameters of the Airflow connection, as for the Amazon provider
    :param _old: parameters that an older release serialized and this one has no use for
    """

    def __init__(
        self,
        *,
        job_ids: Sequence[str],
        poll_interval: float,
        patience: float,
        told: dict[str, Any],
        connection: dict[str, Any],
        **_old: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Airflow's own has no types
        self.job_ids = list(job_ids)
        self.poll_interval = poll_interval
        self.patience = patience
        self.told = told
        self.connection = connection

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and the parameters, JSON types only."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "job_ids": self.job_ids,
                "poll_interval": self.poll_interval,
                "patience": self.patience,
                "told": self.told,
                "connection": self.connection,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then fire once.

        :raises Exception: what no look can expect, as a connection that doesn't exist: Airflow fails the task with it
        """
        over = not await self._wait()
        event = {"job_ids": self.job_ids, "told": self.told, "over": over}
        yield TriggerEvent(event)  # type: ignore[no-untyped-call] # as above

    async def _wait(self) -> bool:
        """Look until it is worth resuming the task; False when patience is over."""
        deadline = time.monotonic() + self.patience
        pause, last = min(_FIRST_PAUSE_S, self.poll_interval), ""
        uploads: Uploads | None = None
        while True:
            try:
                if uploads is None:
                    uploads = await asyncio.to_thread(self._uploads)
                ended, progress = await asyncio.to_thread(uploads.look, self.job_ids)
            except FinalError as error:
                self.log.info("the task is resumed to tell: %s", error.found)
                return True
            except RetryableError as error:
                uploads = None  # the next look finds the connection anew: its credentials may have been renewed
                ended, progress = False, f"not seen: {error.found}"
            if progress != last:
                self.log.info("%s", progress)
                last = progress
            if ended:
                return True
            if time.monotonic() + pause > deadline:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self.poll_interval)

    def _uploads(self) -> Uploads:
        from connect_campaigns.hooks import ConnectCampaignsHook

        return ConnectCampaignsHook(**self.connection).segments.uploads
