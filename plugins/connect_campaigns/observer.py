"""What one pass of a launch sees: K, then the state, then C, in the generation that counts."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from connect_campaigns.core.attempt import Seen
from connect_campaigns.core.launch import Act, Claim, Key, Mine, Observation, State, decide, may_be_given_up
from connect_campaigns.core.states import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.patience import Patience
    from connect_campaigns.core.attempt import LaunchRequest, Memory
    from connect_campaigns.core.records import ClaimRecord, KeyRecord


MAX_WAITS = 40
"""For a read of the state: five minutes of a busy account."""


class Observer:
    """The reads of one request; the order of the reads is part of the protocol."""

    def __init__(
        self,
        request: LaunchRequest,
        *,
        campaigns: Campaigns,
        ledger: Ledger | None,
        patience: Patience,
    ) -> None:
        self._request = request
        self._patience = patience
        self._campaigns = campaigns
        self._ledger = ledger

    def observe(self, memory: Memory) -> Seen:
        """Walk past what was given up, to the generation that counts."""
        if self._ledger is None:
            return self._look_at(memory, key=Key.ABSENT, campaign=self._request.campaign, generation=0)
        ledger = self._ledger
        walk = self._generations(ledger, memory)
        return next(seen for seen in walk if not self._passes_by(seen, ledger))

    def _passes_by(self, seen: Seen, ledger: Ledger) -> bool:
        """Whether this generation was given up: void, or by a person's relaunch, which is read only where it decides."""
        if decide(seen.observation).act is Act.NEXT:
            return True
        return (
            may_be_given_up(seen.observation)
            and seen.observation.key is not Key.ABSENT
            and ledger.relaunch(self._request.key, seen.generation + 1) is not None
        )

    def _generations(self, ledger: Ledger, memory: Memory) -> Iterator[Seen]:
        given = self._request.campaign
        for generation in count():
            record = ledger.key(self._request.key, generation)
            if record and record.campaign == memory.candidate:
                memory.candidate = None  # named, whatever became of that generation: never a candidate again
            if record is None:
                key, campaign = Key.ABSENT, given
            elif record.void:
                key, campaign = Key.VOID, None
            else:
                key = Key.OTHER if self._is_other(record) else Key.KNOWN
                campaign = record.campaign
            made = record is not None and record.template is not None
            seen = self._look_at(memory, key=key, campaign=campaign, generation=generation)
            yield replace(seen, of_our_making=made)
            if given and record and record.campaign == given:  # given up: no later generation launches it
                yield self._look_at(memory, key=Key.ABSENT, campaign=given, generation=generation + 1)

    def _is_other(self, record: KeyRecord) -> bool:
        """Whether K means something else than what is asked: a key names one launch, of one campaign or template."""
        if self._request.campaign:
            return record.campaign != self._request.campaign
        return record.template != self._request.template

    def _look_at(self, memory: Memory, *, key: Key, campaign: str | None, generation: int) -> Seen:
        reading = NOT_FOUND
        state, claim = State.NO_CAMPAIGN, None
        if campaign and key is not Key.OTHER:  # of a campaign that isn't ours to start only the claim counts
            reading = self._state(campaign)
            state = State.of(reading)
        if campaign and self._ledger:
            claim = self._ledger.claim(campaign)
        observation = Observation(
            mode=self._request.mode,
            key=key,
            state=state,
            claim=self._whose(claim, generation),
            mine=_mine(memory, campaign),
            attach=self._request.attach,
        )
        return Seen(observation=observation, generation=generation, campaign=campaign, reading=reading, claim=claim)

    def _state(self, campaign: str) -> str:
        """Read the state; its rate is the whole account's, so many launches at once have to wait for each other."""
        return self._patience.read(lambda: self._campaigns.state(campaign), waits=MAX_WAITS)

    def _whose(self, claim: ClaimRecord | None, generation: int) -> Claim:
        if claim is None:
            return Claim.NONE
        if claim.void:
            return Claim.VOID
        if not claim.is_of(self._request.key):
            return Claim.ANOTHERS
        return Claim.FORMER if (claim.generation or 0) < generation else Claim.OURS


def _mine(memory: Memory, campaign: str | None) -> Mine:
    if memory.accepted and memory.accepted == campaign:
        return Mine.ACCEPTED
    return Mine.CANDIDATE if memory.candidate and memory.candidate != campaign else Mine.NOTHING
