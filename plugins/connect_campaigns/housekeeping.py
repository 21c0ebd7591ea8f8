"""Housekeeping: look at every campaign of an instance, delete those that may go, leave the rest, say why.

What goes is decided in `core.housekeeping`, how it goes safely in `aws.deleting`. Nothing is remembered between runs:
cut off anywhere, the next run finds the same work. No Airflow here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from connect_campaigns.aws.campaigns import BATCH
from connect_campaigns.aws.clone import LEDGER_TAG, TEMPLATE_TAG
from connect_campaigns.aws.deleting import Deleting
from connect_campaigns.core.errors import (
    ConnectCampaignsError,
    FinalError,
    LaunchRefused,
    RetryableError,
    ServiceRefused,
    ServiceUnavailable,
)
from connect_campaigns.core.housekeeping import Fate, Found, judge_all, to_delete, worth_a_look
from connect_campaigns.core.states import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Callable

    from connect_campaigns.aws.campaigns import Campaigns
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.patience import Patience
    from connect_campaigns.core.housekeeping import Rules
    from connect_campaigns.core.log import Log

T = TypeVar("T")

DELETE_EVERY_S = 1.0
"""DeleteCampaign: 1 a second for the whole account and Region, burst 2 (documented)."""

DESCRIBE_EVERY_S = 0.05
"""DescribeCampaign: 25 a second, burst 35 (documented); launches need some of them."""

STATES_EVERY_S = 0.3
"""GetCampaignStateBatch: 5 a second, burst 10 (documented), shared with all that waits for campaigns."""

MAX_IN_A_ROW = 5
"""Failures one after the other that end a run, of those that a retry may heal: service or ledger is down.

A final one (a damaged object, a right that is missing on some) is that campaign's own, and would be met by each run first.
"""

CLAIMED = "claimed by a launch key, never started"


@dataclass(kw_only=True)
class Tidied:
    """What one run found and did; filled as it goes, so that it is true wherever a run ends.

    :param seen: campaigns listed
    :param due: campaigns that may go, by id, the oldest first
    :param deleted: those that this run deleted
    :param gone: those that somebody else deleted meanwhile
    :param kept: how many stayed, by reason
    :param failed: those that could not be deleted, with the error
    """

    seen: int = 0
    due: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    failed: dict[str, ConnectCampaignsError] = field(default_factory=dict)

    @property
    def remain(self) -> int:
        """Campaigns that are left."""
        return self.seen - len(self.deleted) - len(self.gone)

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain JSON types."""
        failed = {name: error.found for name, error in self.failed.items()}
        lists = {"due": self.due, "deleted": self.deleted, "gone": self.gone}
        return {"seen": self.seen, "remain": self.remain, **lists, "kept": dict(self.kept), "failed": failed}


class Housekeeping:
    """One run over the campaigns of one ledger.

    :param instance_id: the Connect instance; None = every instance that the account's listing shows
    :param max_deletions: how many campaigns this run deletes at most
    :param report_only: look, write and delete nothing
    :param by: names the attempt
    """

    def __init__(
        self,
        rules: Rules,
        *,
        campaigns: Campaigns,
        ledger: Ledger,
        instance_id: str | None,
        max_deletions: int,
        by: str,
        log: Log,
        patience: Patience,
        report_only: bool = False,
    ) -> None:
        self.rules = rules
        self.tidied = Tidied()
        self._campaigns = campaigns
        self._ledger = ledger
        self._instance_id = instance_id
        self._max_deletions = max_deletions
        self._report_only = report_only
        self._log = log
        self._patience = patience
        self._deleting = Deleting(campaigns=campaigns, ledger=ledger, by=by, patience=patience)

    def run(self) -> Tidied:
        """Judge every campaign, then delete what is due, one after the other.

        :raises ServiceRefused: the prefix is no ledger; or some could not be deleted, and a retry can't either
        :raises RetryableError: ledger or service could not be read; or some could not be deleted, and a retry may
        """
        marker = self._ledger.marker()
        campaigns = self._with_tags(self._with_states(self._listed()))
        now = self._campaigns.service_now() if campaigns else None
        judged = judge_all(campaigns, self.rules, ledger_id=marker.id, now=now) if now else []
        due = to_delete(judged)
        self.tidied.seen = len(judged)
        self.tidied.due = [each.id for each in due]
        self.tidied.kept.update(fate.value for _, fate in judged if fate not in {Fate.DELETE, Fate.GONE})
        self.tidied.gone += [each.id for each, fate in judged if fate is Fate.GONE]
        if self._report_only:
            for each in due:
                self._log.info("Would delete %s", _shown(each))
        else:
            self._delete_all(due)
        return self.tidied

    # -- looking ------------------------------------------------------------------------------------------------------

    def _listed(self) -> list[Found]:
        summaries = self._read(lambda: list(self._campaigns.summaries(self._instance_id)))
        return [
            Found(
                id=each["id"],
                name=each["name"],
                state=NOT_FOUND,
                modified=each.get("lastModifiedTime"),
                start=each.get("schedule", {}).get("startTime"),
                end=each.get("schedule", {}).get("endTime"),
            )
            for each in summaries
        ]

    def _with_states(self, listed: list[Found]) -> list[Found]:
        states: dict[str, str] = {}
        for at in range(0, len(listed), BATCH):
            if at:
                self._patience.sleep(STATES_EVERY_S)
            ids = [each.id for each in listed[at : at + BATCH]]
            states |= self._read(partial(self._campaigns.states, ids))
        return [replace(each, state=states[each.id]) for each in listed]

    def _with_tags(self, campaigns: list[Found]) -> list[Found]:
        """Read whose they are, of those where it matters: a listing doesn't say."""
        looked: list[Found] = []
        for each in campaigns:
            if not worth_a_look(each, self.rules, now=self._campaigns.service_now()):
                looked.append(each)
                continue
            self._patience.sleep(DESCRIBE_EVERY_S)
            description = self._read(partial(self._campaigns.describe, each.id))
            if description is None:
                looked.append(replace(each, state=NOT_FOUND))
                continue
            tags = description.config.get("tags", {})
            looked.append(replace(each, ledger=tags.get(LEDGER_TAG), template=tags.get(TEMPLATE_TAG)))
        return looked

    def _read(self, read: Callable[[], T]) -> T:
        return self._patience.read(read)

    # -- deleting -----------------------------------------------------------------------------------------------------

    def _delete_all(self, due: list[Found]) -> None:
        in_a_row = 0
        for each in due:
            if len(self.tidied.deleted) >= self._max_deletions:
                self._log.info("%d deleted, which is `max_deletions`: the next run goes on", self._max_deletions)
                break
            if each is not due[0]:
                self._patience.sleep(DELETE_EVERY_S)
            in_a_row = 0 if self._delete(each) else in_a_row + 1
            if in_a_row >= MAX_IN_A_ROW:
                break
        if self.tidied.failed:
            raise self._could_not()

    def _delete(self, found: Found) -> bool:
        """Delete one; False = it failed in a way that the next ones would meet too."""
        reason = f"housekeeping: never started, planned for {found.start}"
        try:
            deleted = self._deleting.delete(found.id, state=found.state, reason=reason)
        except ConnectCampaignsError as error:
            if isinstance(error, LaunchRefused) and error.code == "claimed":
                self.tidied.kept[CLAIMED] += 1
                self._log.info("Kept %s: %s", _shown(found), error.found)
                return True
            if isinstance(error, ServiceRefused) and error.code == "state":
                self.tidied.kept[Fate.ACTIVE.value] += 1
                self._log.info("Kept %s: %s", _shown(found), error.found)
                return True
            self.tidied.failed[found.id] = error
            self._log.warning("Not deleted: %s: %s", _shown(found), error.found)
            return not isinstance(error, RetryableError)
        (self.tidied.deleted if deleted else self.tidied.gone).append(found.id)
        self._log.info("Deleted %s" if deleted else "Gone already: %s", _shown(found))
        return True

    def _could_not(self) -> ConnectCampaignsError:
        failed = self.tidied.failed
        some = "; ".join(f"{name}: {error.found}" for name, error in list(failed.items())[:3])
        first = next(iter(failed.values()))
        kind = ServiceRefused if all(isinstance(error, FinalError) for error in failed.values()) else ServiceUnavailable
        return kind(
            f"{len(failed)} of {len(self.tidied.due)} campaigns could not be deleted: {some}",
            allowed=first.allowed,
            hint=f"{first.hint}; what was done stays done, and the next run goes on",
            code="housekeeping",
        )


def _shown(found: Found) -> str:
    return f"campaign {found.id} ({found.name!r}, {found.state}, since {found.since})"
