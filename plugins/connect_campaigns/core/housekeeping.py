"""Which campaigns housekeeping deletes: one decision for each, and why the others stay."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from connect_campaigns.core.states import ACTIVE, ENDED, NOT_FOUND, CampaignState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

OLDER_THAN = timedelta(days=14)
ORPHANS_OLDER_THAN = timedelta(days=7)

SHORTEST_AGE = timedelta(hours=1)
"""Younger ones may still be waited for, be counted, or stand between their Create and their Start."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a DAG author decides.

    :param older_than: age from which a campaign that has ended goes
    :param orphans_older_than: the same for one of ours that was never started; longer than any gap between a Create
        and its Start: a shorter one makes that Start red until its Create is cleared
    :param keep_last: how many ended campaigns of each template stay, whatever their age
    :param only_ours: False = ended campaigns that were made by hand go too
    """

    older_than: timedelta = OLDER_THAN
    orphans_older_than: timedelta = ORPHANS_OLDER_THAN
    keep_last: int = 3
    only_ours: bool = True


@dataclass(frozen=True, kw_only=True)
class Found:
    """A campaign as the service shows it; times are aware.

    :param modified: ``lastModifiedTime``; what the service counts as a modification is unknown
    :param start: ``schedule.startTime``
    :param end: ``schedule.endTime``
    :param ledger: id of the ledger under which it was cloned, from its tags; None = made by hand, or not yet read
    :param template: id of the campaign it was cloned from, from its tags
    """

    id: str
    name: str
    state: str
    modified: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    ledger: str | None = None
    template: str | None = None

    @property
    def since(self) -> datetime | None:
        """From when its age counts: the API has neither a time of creation nor one of the end.

        One that has ended may have done so any time up to its schedule's end; one that was never started may be started
        until its schedule's start. None = the service gives no time at all.
        """
        planned = self.start if self.state == CampaignState.INITIALIZED else self.end
        return max(filter(None, (self.modified, planned)), default=None)


class Fate(StrEnum):
    """What becomes of a campaign, and why."""

    DELETE = "delete"
    ACTIVE = "running or paused"
    GONE = "gone meanwhile"
    UNKNOWN_STATE = "in a state that could not be read or isn't known"
    UNKNOWN_AGE = "without any time that tells its age"
    YOUNG = "too young"
    LAST = "among the last of its template"
    BY_HAND = "made by hand"
    OTHER_LEDGER = "another ledger's"


def worth_a_look(found: Found, rules: Rules, *, now: datetime) -> bool:
    """Whether its tags have to be read (a call) to judge it: the young ones that ended are counted for `keep_last`."""
    if found.state == CampaignState.INITIALIZED:
        return _too_young(found, rules.orphans_older_than, now) is None
    return found.state in ENDED and (rules.keep_last > 0 or _too_young(found, rules.older_than, now) is None)


def judge_all(campaigns: Iterable[Found], rules: Rules, *, ledger_id: str, now: datetime) -> list[tuple[Found, Fate]]:
    """Judge every campaign, the oldest first; the same campaigns give the same answer in any order.

    :param ledger_id: whose campaigns are ours
    :param now: service time
    """
    newest_first = sorted(campaigns, key=lambda each: (_sortable(each, now), each.id), reverse=True)
    of_template: Counter[str] = Counter()
    judged: list[tuple[Found, Fate]] = []
    for each in newest_first:
        fate = _judge(each, rules, ledger_id=ledger_id, now=now)
        if each.state in ENDED and each.ledger == ledger_id and each.template:
            of_template[each.template] += 1
            if fate is Fate.DELETE and of_template[each.template] <= rules.keep_last:
                fate = Fate.LAST
        judged.append((each, fate))
    return judged[::-1]


def _judge(found: Found, rules: Rules, *, ledger_id: str, now: datetime) -> Fate:
    if found.state in ACTIVE:
        return Fate.ACTIVE
    if found.state == NOT_FOUND:
        return Fate.GONE
    started = found.state in ENDED
    if not started and found.state != CampaignState.INITIALIZED:
        return Fate.UNKNOWN_STATE
    young = _too_young(found, rules.older_than if started else rules.orphans_older_than, now)
    if young:
        return young
    if found.ledger is None:  # never one that was not started: it may be a template
        return Fate.DELETE if started and not rules.only_ours else Fate.BY_HAND
    return Fate.DELETE if found.ledger == ledger_id else Fate.OTHER_LEDGER


def _too_young(found: Found, bound: timedelta, now: datetime) -> Fate | None:
    if found.since is None:
        return Fate.UNKNOWN_AGE
    return Fate.YOUNG if now - found.since < bound else None


def _sortable(found: Found, now: datetime) -> datetime:
    return found.since or now


def to_delete(judged: Sequence[tuple[Found, Fate]]) -> list[Found]:
    """Those that go, in their order."""
    return [found for found, fate in judged if fate is Fate.DELETE]
