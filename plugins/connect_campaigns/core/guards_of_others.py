"""Guards that look beyond the one campaign: other launches, other campaigns, the freeze switch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connect_campaigns.core.keys import audience_name
from connect_campaigns.core.outcome import has_audience
from connect_campaigns.core.states import ACTIVE, CampaignState
from connect_campaigns.core.verdicts import Failed, NotEvaluated, OnFailure, Passed, span, told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connect_campaigns.core.verdicts import ActiveCampaign, Facts, GuardSettings, OtherLaunch, Verdict

USUAL_LEAD = timedelta(days=2)
"""How long before its start a launch may be claimed: launch records are looked up by their claim's time."""

FRESH = timedelta(minutes=1)
"""How long a claimed launch may be on its way to StartCampaign; it usually takes seconds."""


def launch_gap(facts: Facts, settings: GuardSettings) -> Verdict:
    """Another key must not have launched the same template on the same audience a short while ago."""
    gap, now = settings.min_launch_gap, facts.now
    if not gap or now is None:
        return NotEvaluated("min_launch_gap=None")
    if not facts.has_ledger:
        return NotEvaluated("no ledger")
    if facts.launches is None:
        return NotEvaluated("the campaign is no clone of a template")
    near = [each for each in facts.launches if each.state in {None, *ACTIVE} or each.contact > now - gap]
    found = [each for each in near if _counts(each, facts)]
    if not found:
        return Passed(f"no other key in the last {span(gap)}")
    return _too_near(next((each for each in found if each.state is not None), found[0]), now, gap)


def _too_near(found: OtherLaunch, now: datetime, gap: timedelta) -> Failed:
    allowed = f"{span(gap)} between launches of one template on one audience (`min_launch_gap`)"
    ahead = "" if found.contact == found.at else f" for {found.contact:%Y-%m-%d %H:%M} UTC"
    claimed = f"({found.audience}): claimed {span(now - found.at)} ago{ahead}, campaign {found.campaign}"
    if found.state is None:
        return Failed(
            f"whether launch key {found.key!r} launched the same template on the same audience can't be told"
            f" {claimed} was left out of the service's reply on states",
            allowed=allowed,
            hint="a retry asks again",
            then=OnFailure.HOLD,
        )
    waits = found.state == CampaignState.INITIALIZED
    return Failed(
        f"launch key {found.key!r} {'is about to launch' if waits else 'launched'} the same template on the same audience"
        f" {claimed} is {found.state}",
        allowed=allowed,
        hint=f"the same launch has the same launch_key ({found.key!r}); are these people to be contacted again, then"
        " min_launch_gap=None, or a shorter one",
    )


def _counts(other: OtherLaunch, facts: Facts) -> bool:
    """Whether another key's launch stands in the way of ours; of two that wait, only the earlier one's does.

    A later one does too as long as it is fresh: it may have looked before our record was there, and be starting now.
    """
    if other.key == facts.key:
        return False
    if other.state != CampaignState.INITIALIZED or facts.claimed_at is None or facts.now is None:
        return True
    return (other.at, other.key) < (facts.claimed_at, facts.key) or facts.now - other.at < FRESH


def overlap(facts: Facts, settings: GuardSettings) -> Verdict:
    """No other campaign runs on the same source: both could contact the same person (documented)."""
    if settings.if_overlap is None:
        return NotEvaluated("if_overlap=None")
    if not has_audience(facts.config or {}):
        return NotEvaluated("no segment campaign")
    if isinstance(facts.active, str):
        if settings.if_overlap == "warn":
            return NotEvaluated(facts.active)
        return Failed(
            f"which campaigns are active can't be told: {facts.active}",
            allowed='rights to list, read and describe campaigns, where if_overlap="fail"',
            hint='give the connection\'s role these rights; with if_overlap="warn" the launch goes on without',
            then=OnFailure.HOLD,
        )
    if not facts.active:
        return Passed("no active campaign has this source")
    active = [each for each in facts.active if each.state]
    return told(
        settings.if_overlap,
        found=f"active on the same source: {_named(active)}"
        if active
        else f"whether these are active on the same source can't be told: {_named(facts.active)}",
        allowed=f'no Running or Paused campaign on the source of this launch (if_overlap="{settings.if_overlap}")',
        hint="wait until it is over, or stop it: python -m connect_campaigns stop CAMPAIGN; a retry looks again",
        then=OnFailure.HOLD,
    )


def _named(campaigns: Sequence[ActiveCampaign]) -> str:
    shown = ", ".join(f"{each.name!r} ({each.id}, {each.state or 'not in the reply'})" for each in campaigns[:5])
    return shown + (f" and {len(campaigns) - 5} more" if len(campaigns) > 5 else "")


def recontact(facts: Facts, _: GuardSettings) -> Verdict:
    """A relaunch doesn't contact the same audience again, unless whoever asked for it, or for a later one, said so."""
    if not facts.relaunches:
        return NotEvaluated("no relaunch")
    audience = audience_name((facts.config or {}).get("source", {}).get("customerProfilesSegmentArn"))
    contacted = None
    for asked in facts.relaunches:
        if asked.recontact:
            contacted = None
        elif asked.attempted != 0 and (asked.source is None or audience_name(asked.source) == audience):
            contacted = asked
    if contacted is None:
        return Passed(f"{len(facts.relaunches)} relaunches: nobody is contacted again, or that is allowed")
    whom = "people, how many can't be told," if contacted.attempted is None else f"{contacted.attempted} people"
    return Failed(
        f"a former launch of this key (campaign {contacted.former}) attempted {whom} of "
        + ("an audience that can't be told any more" if contacted.source is None else "this same audience"),
        allowed="a relaunch on another audience, or one that says that the same people may be contacted again",
        hint=f"python -m connect_campaigns relaunch {facts.key!r} --reason '…' --recontact; or prepare another audience",
    )


def freeze(facts: Facts, _: GuardSettings) -> Verdict:
    """While the freeze switch is on nothing new begins; asked last, right before the start."""
    if not facts.has_ledger:
        return NotEvaluated("no ledger")
    if facts.freeze is None:
        return Passed("off")
    return Failed(
        f"launches are frozen since {facts.freeze.at} by {facts.freeze.by}: {facts.freeze.reason}",
        allowed="launches while the freeze is off",
        hint="whoever set it takes it off; a retry then goes on from here",
        then=OnFailure.HOLD,
    )
