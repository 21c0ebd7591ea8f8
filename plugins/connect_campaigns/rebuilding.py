"""A lost ledger, rebuilt from the tags of the campaigns it made. No Airflow here.

Every write is a first write, so an interrupted rebuild can be run again, and what is there stays as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from connect_campaigns.aws.campaigns import NOT_SEEN
from connect_campaigns.aws.clone import KEY_HASH_TAG, KEY_TAG, LEDGER_TAG, TEMPLATE_TAG
from connect_campaigns.core.errors import InvalidInput, NotSeen
from connect_campaigns.core.keys import key_hash
from connect_campaigns.core.records import ClaimRecord, Freeze, KeyRecord, RelaunchRecord
from connect_campaigns.core.states import NOT_FOUND, CampaignState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connect_campaigns.aws.campaigns import Campaigns, Description
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.patience import Patience
    from connect_campaigns.core.log import Log

T = TypeVar("T")

REASON = "the ledger is being rebuilt"


@dataclass(kw_only=True)
class Rebuilt:
    """What a rebuild did, by campaign id.

    :param launched: noted as launched by the key of its tag
    :param void: had not begun: given up
    :param given: not cloned under this ledger: listed only
    """

    ledger_id: str
    launched: dict[str, str] = field(default_factory=dict)
    void: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Give what programs read."""
        return asdict(self)


class Rebuilding:
    """Rebuilds one ledger.

    :param by: who asks
    """

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        ledger: Ledger,
        by: str,
        log: Log,
        patience: Patience,
    ) -> None:
        self._campaigns = campaigns
        self._patience = patience
        self._ledger = ledger
        self._by = by
        self._log = log
        self._at = ""

    def run(self, *, ledger_id: str | None, instance_id: str | None, now: datetime) -> Rebuilt:
        """Freeze, then note what the campaigns' tags tell.

        :param ledger_id: the lost ledger's; None = the one that the tags name
        :param instance_id: the Connect instance whose campaigns are read; None = all that the listing shows
        :raises InvalidInput: the tags name no ledger, or several
        :raises ConnectCampaignsError: campaigns could not be read, or objects not written; run it again
        """
        self._at = now.isoformat()
        described = self._described(instance_id)
        marker_id = self._marker_id(described, ledger_id)
        self._ledger.freeze(Freeze(at=self._at, by=self._by, reason=REASON))
        self._ledger.init(at=now, by=self._by, ledger_id=marker_id, region=self._campaigns.region)
        rebuilt = Rebuilt(ledger_id=marker_id)
        ours = [each for each in described if _is_of(each, marker_id)]
        rebuilt.given = [each.id for each in described if not _is_of(each, marker_id)]
        states = self._read(lambda: self._campaigns.states([each.id for each in ours])) if ours else {}
        unseen = [name for name, state in states.items() if state == NOT_SEEN]
        if unseen:
            raise NotSeen(
                f"the state of {len(unseen)} campaigns could not be read, such as {unseen[0]}",
                allowed="a state for each campaign of the lost ledger",
                hint="run it again: what is noted stays, and launches stay frozen",
            )
        begun: dict[str, list[Description]] = defaultdict(list)
        for each in ours:
            tags = each.config["tags"]
            if states[each.id] in {CampaignState.INITIALIZED, NOT_FOUND}:
                self._ledger.write_claim(
                    ClaimRecord(at=self._at, by=self._by, campaign=each.id, key=None, reason=REASON)
                )
                claim = self._ledger.claim(each.id)
                if claim and claim.void:
                    rebuilt.void.append(each.id)
                else:  # this ledger knew it: it stays what it was
                    rebuilt.launched[each.id] = claim.key or "" if claim else ""
            else:
                begun[tags.get(KEY_HASH_TAG) or key_hash(tags[KEY_TAG])].append(each)
        for hash_, campaigns in begun.items():
            self._note(hash_, sorted(campaigns, key=_start), rebuilt)
        return rebuilt

    def _described(self, instance_id: str | None) -> list[Description]:
        found = []
        for number, summary in enumerate(self._campaigns.summaries(instance_id), start=1):
            described = self._read(partial(self._campaigns.describe, summary["id"]))
            if described:
                found.append(described)
            if number % 50 == 0:
                self._log.info("%d campaigns read", number)
        return found

    def _read(self, read: Callable[[], T]) -> T:
        return self._patience.read(read)

    def _marker_id(self, described: list[Description], wanted: str | None) -> str:
        there = self._ledger.found_marker()
        named = Counter(each.config.get("tags", {}).get(LEDGER_TAG) for each in described)
        del named[None]
        known = {there.id} if there else set(named)
        if wanted and known and wanted not in {*known, *named}:
            known = set()
        choice = {wanted} if wanted and not there else known
        if len(choice) == 1 and (not wanted or choice == {wanted}):
            return str(choice.pop())
        listed = ", ".join(f"{each} ({count} campaigns)" for each, count in named.most_common()) or "none"
        raise InvalidInput(
            f"which ledger was lost can't be told: the campaigns' tags name {listed}"
            + (f"; {self._ledger.uri} is ledger {there.id}" if there else ""),
            allowed="one ledger's campaigns",
            hint="name it: --ledger-id ID; where nothing was ever cloned, make a new one: ledger init",
            code="rebuild_which",
        )

    def _note(self, hash_: str, campaigns: list[Description], rebuilt: Rebuilt) -> None:
        """Write K and C of one key's campaigns, the earliest first; each later one was a relaunch.

        What K names already stays; the others follow in the next free generations.
        """
        there: list[str | None] = []
        while known := self._ledger.key(campaigns[0].config["tags"][KEY_TAG], len(there), under=hash_):
            there.append(known.campaign)
        missing = [each for each in campaigns if each.id not in there]
        rebuilt.launched |= {each.id: each.config["tags"][KEY_TAG] for each in campaigns}
        for generation, each in enumerate(missing, start=len(there)):
            tags = each.config["tags"]
            key = tags[KEY_TAG]
            if generation:
                self._ledger.write_relaunch(
                    RelaunchRecord(
                        at=self._at, by=self._by, key=key, generation=generation, reason=REASON, asker=REASON
                    ),
                    under=hash_,
                )
            self._ledger.write_key(
                KeyRecord(
                    at=self._at,
                    by=self._by,
                    key=key,
                    generation=generation,
                    campaign=each.id,
                    template=tags.get(TEMPLATE_TAG),
                    reason=REASON,
                ),
                under=hash_,
            )
            self._ledger.write_claim(
                ClaimRecord(
                    at=self._at,
                    by=self._by,
                    campaign=each.id,
                    key=key,
                    key_hash=tags.get(KEY_HASH_TAG),
                    generation=generation,
                    reason=REASON,
                )
            )


def _is_of(description: Description, ledger_id: str) -> bool:
    tags = description.config.get("tags", {})
    return tags.get(LEDGER_TAG) == ledger_id and KEY_TAG in tags


def _start(description: Description) -> tuple[str, str]:
    """In the order in which they were launched, as far as their schedules tell."""
    start = description.config.get("schedule", {}).get("startTime")
    return (start.isoformat() if start else "", description.id)
