"""Housekeeping as a program of the graph: a listing, then one campaign a pass, deleted by the real code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.deleting import Deleting
from connect_campaigns.core.errors import FinalError, RetryableError
from connect_campaigns.core.states import ENDED, CampaignState
from tests.chaos.graph.fakes import BY, FakeCampaigns, FakeLedger, Port, Wanted
from tests.chaos.graph.programs import End, Step
from tests.waiting_kit import AT_ONCE

if TYPE_CHECKING:
    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.aws.ledger import Ledger

DUE = ENDED | {CampaignState.INITIALIZED}


@dataclass(frozen=True, kw_only=True)
class Housekeeping:
    """One sweep over all campaigns of ours, for which every one is old enough."""

    key: str = "housekeeping"
    launches = False
    first = None

    def step(self, memory: Any, replies: tuple[Any, ...]) -> Step:
        port = Port(replies)
        campaigns, ledger = FakeCampaigns(port, who=self.key), FakeLedger(port)
        try:
            if memory is None:
                listed = tuple(each["id"] for each in campaigns.summaries() if each["maker"])
                return Step(memory=listed) if listed else Step(end=End("green", "SWEPT"))
            self._sweep(memory[0], campaigns, ledger)  # type: ignore[arg-type] # the same methods
        except Wanted as wanted:
            return Step(call=wanted.call)
        except RetryableError as error:
            return Step(end=End("retry", error.code))
        except FinalError:
            pass  # this one stays: claimed, or active; the sweep goes on
        return Step(memory=memory[1:]) if memory[1:] else Step(end=End("green", "SWEPT"))

    def _sweep(self, name: str, campaigns: Campaigns, ledger: Ledger) -> None:
        state = campaigns.state(name)
        if state in DUE:
            deleting = Deleting(campaigns=campaigns, ledger=ledger, by=BY, patience=AT_ONCE)
            deleting.delete(name, state=state, reason="old")
