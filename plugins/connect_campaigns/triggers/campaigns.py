"""The trigger that a deferred wait for a campaign's state leaves with the triggerer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from connect_campaigns._compat import BaseTrigger, TriggerEvent
from connect_campaigns.core.states import Expectation, Verdict
from connect_campaigns.core.told import Told
from connect_campaigns.core.waiting import MAX_POLL_INTERVAL_S, OUTAGE_TOLERANCE_S, Wait, take
from connect_campaigns.poller import watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


class CampaignStateTrigger(BaseTrigger):
    """Waits until a campaign's state ends a wait, and fires once with what it saw; see `Told` for the event.

    It has no ``on_kill``, on purpose: Airflow calls that for a trigger whose triggerer missed a heartbeat while the
    task is still deferred elsewhere (measured), so it is no sign of anybody's will, and a stopped campaign can't be
    resumed. It may run twice at once for the same reason; reading is all that it does.

    :param campaign_id: the campaign's bare id
    :param success: states that end the wait well
    :param failure: states that end it badly
    :param poke_interval: seconds between two polls; the shortest one of all waits at this connection counts
    :param max_poll_interval: seconds that a pause has at most
    :param outage_tolerance: seconds of failing polls that are ridden out
    :param deadline: by when the campaign should have ended, aware, in ISO 8601; None = nobody knows
    :param aws_conn_id: with the three below as for the Amazon provider; the four together choose the poller
    :param region_name: AWS Region, over the connection's
    :param verify: TLS verification, or a CA bundle's path
    :param botocore_config: settings of botocore's ``Config``
    :param _old: parameters that an older release serialized and this one has no use for
    """

    def __init__(
        self,
        *,
        campaign_id: str,
        success: Sequence[str],
        failure: Sequence[str],
        poke_interval: float = 60.0,
        max_poll_interval: float = MAX_POLL_INTERVAL_S,
        outage_tolerance: float = OUTAGE_TOLERANCE_S,
        deadline: str | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **_old: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Airflow's own has no types
        self.campaign_id = campaign_id
        self.success = success
        self.failure = failure
        self.poke_interval = poke_interval
        self.max_poll_interval = max_poll_interval
        self.outage_tolerance = outage_tolerance
        self.deadline = deadline
        self.connection = {
            "aws_conn_id": aws_conn_id,
            "region_name": region_name,
            "verify": verify,
            "botocore_config": botocore_config,
        }

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class path and the parameters, JSON types only."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "campaign_id": self.campaign_id,
                "success": sorted(self.success),
                "failure": sorted(self.failure),
                "poke_interval": self.poke_interval,
                "max_poll_interval": self.max_poll_interval,
                "outage_tolerance": self.outage_tolerance,
                "deadline": self.deadline,
                **self.connection,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then fire once.

        :raises Exception: what no poll can expect, as a connection that doesn't exist: Airflow fails the task with it
        """
        # The seat is given up before the event goes out: Airflow stops here, and may never come back to close it.
        told = await self._wait()
        yield TriggerEvent(told.to_event())  # type: ignore[no-untyped-call] # Airflow's own has no types

    async def _wait(self) -> Told:
        wait = Wait(
            campaign_id=self.campaign_id,
            expectation=Expectation(success=frozenset(self.success), failure=frozenset(self.failure)),
            outage_tolerance_s=self.outage_tolerance,
            deadline=datetime.fromisoformat(self.deadline) if self.deadline else None,
        )
        interval_s = min(self.poke_interval, self.max_poll_interval)
        async with watch(self.campaign_id, connection=self.connection, interval_s=interval_s) as seat:
            while True:
                step = take(wait, await seat.next())
                wait = step.wait
                if step.news:
                    self.log.info("%s", step.news)
                if step.verdict is not Verdict.WAIT:
                    return Told(campaign_id=self.campaign_id, state=wait.last_state, error=step.error)
