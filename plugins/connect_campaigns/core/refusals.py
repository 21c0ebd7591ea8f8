"""The words of the launch protocol: every reason not to launch, with what was found, what is allowed and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_campaigns.core.errors import (
    GuardFailed,
    LaunchHeld,
    LaunchRefused,
    LaunchSkipped,
    LaunchUncertain,
)
from connect_campaigns.core.verdicts import OnFailure

if TYPE_CHECKING:
    from connect_campaigns.core.attempt import Seen
    from connect_campaigns.core.errors import (
        ConnectCampaignsError,
        ThreeParts,
    )
    from connect_campaigns.core.records import ClaimRecord
    from connect_campaigns.core.verdicts import Failed


@dataclass(frozen=True, kw_only=True)
class _Words:
    error: type[ConnectCampaignsError]
    found: str
    allowed: str
    hint: str


SINGLE_USE = "a campaign that is Initialized: a campaign is single-use, nothing leads back from {reading}"
CLONE_SNIPPET = 'CreateCampaignOperator(task_id="create", template="{campaign}", start_at=…, end_at=…, timezone=…)'

A_KEY_EACH = "give each audience a `launch_key` of its own (in a mapped task put the audience's name into it)"

WORDS: dict[str, _Words] = {
    "unknown_state": _Words(
        error=LaunchRefused,
        found="campaign {campaign} is in a state that this release doesn't know: {reading!r}",
        allowed="Initialized, Running, Paused, Stopped, Failed, Completed",
        hint="look at the campaign in the Connect console; upgrade this package, which neither starts nor attaches it now",
    ),
    "unknown_state_ours": _Words(
        error=LaunchUncertain,
        found="campaign {campaign} of this launch is in a state that this release doesn't know: {reading!r};"
        " whether it was started can't be told from that",
        allowed="Initialized, Running, Paused, Stopped, Failed, Completed",
        hint="retry: it attaches where the campaign runs by then; look at it in the Connect console; upgrade this package",
    ),
    "still_initialized": _Words(
        error=LaunchUncertain,
        found="the service accepted StartCampaign for campaign {campaign}, which is still Initialized",
        allowed="Running soon after the service's yes; this attempt sends no second start",
        hint="retry: it looks first, attaches where the campaign runs by then, and else starts it",
    ),
    "launched_ended": _Words(
        error=LaunchRefused,
        found="campaign {campaign} was launched by this launch key ({key}) and has ended: {reading}",
        allowed="one launch per key",
        hint="look at the campaign's figures for whom it attempted; to launch again:"
        " python -m connect_campaigns relaunch {key!r} --reason '…', then clear this task",
    ),
    "active_bare": _Words(
        error=LaunchRefused,
        found="campaign {campaign} is {reading} already, and without a ledger nobody can tell who started it",
        allowed="a campaign that is Initialized",
        hint='if an earlier attempt of this task may have started it (a reply was lost, a worker died), if_active="attach" '
        "takes it as this run's; with a ledger that happens by itself",
    ),
    "over_bare": _Words(
        error=LaunchRefused,
        found="campaign {campaign} is {reading} already, and without a ledger nobody can tell who started it",
        allowed=SINGLE_USE,
        hint="its figures say whom it called; to launch again clone it: " + CLONE_SNIPPET,
    ),
    "active_outside": _Words(
        error=LaunchRefused,
        found="campaign {campaign} was ALREADY LAUNCHED outside of this ledger: it is {reading}; this run called nobody",
        allowed="a campaign that is Initialized",
        hint='if_active="attach" takes it as this run\'s; wrong people being called? '
        "python -m connect_campaigns pause {campaign}",
    ),
    "stale": _Words(
        error=LaunchRefused,
        found="campaign {campaign} is {reading}, and not by this launch; this run called nobody",
        allowed=SINGLE_USE,
        hint="clone it: " + CLONE_SNIPPET,
    ),
    "given_gone": _Words(
        error=LaunchUncertain,
        found="campaign {campaign} is not there",
        allowed="a campaign of this account, Region and instance",
        hint="look at id, connection and Region; if a Create task made it, clear that task: it makes a new one",
    ),
    "given_void": _Words(
        error=LaunchUncertain,
        found="campaign {campaign} was given up for good: its claim is void",
        allowed="a campaign that nobody gave up",
        hint="clear the Create task: it gives the one that launches instead, and makes it if nobody has",
    ),
    "given_former": _Words(
        error=LaunchUncertain,
        found="campaign {campaign} is that of an earlier launch of key {key!r}, which a person's relaunch gave up",
        allowed="the campaign of the relaunch",
        hint="clear the Create task: it gives the campaign of the relaunch, and makes it if nobody has; where it has a"
        " `launch_key` of its own, relaunch that key too",
    ),
    "template_gone": _Words(
        error=LaunchRefused,
        found="template {campaign} is not there",
        allowed="a campaign of this account, Region and instance",
        hint="look at `template`, connection and Region",
    ),
    "key_taken": _Words(
        error=LaunchRefused,
        found="launch key {key!r} already launches campaign {campaign}, and another one was given",
        allowed="one campaign per launch key",
        hint="give the launch of the other campaign a `launch_key` of its own",
    ),
    "key_of_another_template": _Words(
        error=LaunchRefused,
        found="launch key {key!r} already launches campaign {campaign}, which was not cloned from this template",
        allowed="one template per launch key",
        hint="give the launch from the other template a `launch_key` of its own",
    ),
    "other_ledger": _Words(
        error=LaunchRefused,
        found="campaign {campaign} was cloned under another ledger ({reading}), which alone knows whether it was launched",
        allowed="campaigns of this connection's ledger, or made by hand",
        hint="use the connection whose `launch_ledger` made it, in the create and in the start task",
    ),
    "other_instance": _Words(
        error=LaunchRefused,
        found="campaign {campaign} belongs to another Connect instance than the connection's: {reading}",
        allowed="campaigns of the connection's `connect_instance_id`",
        hint="look at the campaign's id, and at `connect_instance_id` in the extra of the connection",
    ),
    "other_source": _Words(
        error=LaunchHeld,
        found="campaign {campaign} of launch key {key!r} is not for the audience that this run prepared: {reading}",
        allowed="one audience per launch key",
        hint=A_KEY_EACH + "; is it the same launch on a corrected audience: it has not started; to give it up:"
        " python -m connect_campaigns relaunch {key!r} --reason '…', then clear the create task, which makes a new one",
    ),
    "other_audience": _Words(
        error=LaunchRefused,
        found="campaign {campaign} of launch key {key!r} has begun on another audience; this task's audience was not"
        " called: {reading}",
        allowed="one audience per launch key",
        hint=A_KEY_EACH + "; is it the same launch on a corrected audience: stop the campaign,"
        " python -m connect_campaigns relaunch {key!r} --reason '…', then clear the create and start tasks",
    ),
    "other_audience_bare": _Words(
        error=LaunchRefused,
        found="campaign {campaign} has begun on another audience; this task's audience was not called: {reading}",
        allowed="a campaign whose source is the one that `source` names",
        hint="look at `campaign_id` and `source`; a campaign made from a template gets the source that is given",
    ),
    "claimed": _Words(
        error=LaunchRefused,
        found="campaign {campaign} ({reading}) belongs to launch key {owner_key!r}, claimed by {owner_by} at {owner_at}",
        allowed="one launch key per campaign; nobody takes one over",
        hint="to go on with that launch pass launch_key={owner_key!r}; else clone the campaign",
    ),
    "gone": _Words(
        error=LaunchUncertain,
        found="campaign {campaign} of launch key {key!r} was claimed and is gone; whether it ran is unknown",
        allowed="a campaign that is there, or whose end housekeeping noted",
        hint="look for it in the Connect console's reports; to launch again:"
        " python -m connect_campaigns relaunch {key!r} --reason '…', then clear this task",
    ),
    "nothing_launched": _Words(
        error=LaunchRefused,
        found="nothing was launched with launch key {key!r} in this ledger",
        allowed="a key that names a campaign",
        hint="look at the key's spelling: the log of the start task has it; case counts, and a `deployment` leads it",
    ),
    "relaunch_runs": _Words(
        error=LaunchHeld,
        found="the launch of key {key!r} can't be given up: its campaign {campaign} is {reading}",
        allowed="a relaunch when the former launch has ended",
        hint="to end it for good: python -m connect_campaigns stop {campaign}; then ask again",
    ),
    "relaunch_given": _Words(
        error=LaunchRefused,
        found="campaign {campaign} of launch key {key!r} has not started, and was not made by this package",
        allowed="a relaunch of what was launched, or of a clone that was not",
        hint="clear the start task, which starts it; or delete the campaign in the console, then ask again",
    ),
    "unrecorded": _Words(
        error=LaunchHeld,
        found="the launch record of campaign {campaign} can't be written: the ledger's store doesn't answer",
        allowed="a record of every launch, before it starts",
        hint="retry when the ledger answers again; nothing was started",
    ),
    "inconsistent": _Words(
        error=LaunchUncertain,
        found="launch {key!r}: ledger and service show what can't be together (campaign {campaign}, {reading})",
        allowed="a ledger that only this package writes",
        hint="retry; if it comes again, look at the ledger's objects of this key",
    ),
}
"""By reason code: those of `core.launch`, and those that checks, start and relaunch find."""

TRUE_ENDS = frozenset(
    {"launched_ended", "other_ledger", "other_instance", "other_audience", "key_taken", "key_of_another_template"}
)
"""Codes of final errors that hold although this key has claimed the campaign: none says that nothing was started."""


def refusal(
    code: str, *, key: str, campaign: str, reading: str, owner: ClaimRecord | None = None
) -> ConnectCampaignsError:
    """Make the error of a reason code."""
    words = WORDS[code]
    values = {
        "key": key,
        "campaign": campaign,
        "reading": reading,
        "owner_key": owner.key if owner else "",
        "owner_by": owner.by if owner else "",
        "owner_at": owner.at if owner else "",
    }
    return words.error(
        words.found.format(**values),
        allowed=words.allowed.format(**values),
        hint=words.hint.format(**values),
        code=code,
    )


def of_pass(reason: str, seen: Seen, *, key: str, reading: str | None = None) -> ConnectCampaignsError:
    """Make the error of a reason code for what a pass saw.

    :param reading: what else than the state the text is to tell
    """
    return refusal(reason, key=key, campaign=seen.campaign or "", reading=reading or seen.reading, owner=seen.claim)


def not_final(error: ConnectCampaignsError, *, campaign: str) -> LaunchUncertain:
    """Make a final error one that a retry may heal: this launch has claimed the campaign, and may have started it."""
    return LaunchUncertain(
        f"{error.found}; campaign {campaign} is this launch's, and may have been started",
        allowed=error.allowed,
        hint=f"{error.hint}; then retry: it looks first. To stop the calls: python -m connect_campaigns stop {campaign}",
        code=error.code,
    )


def guard_failed(name: str, failed: Failed, *, held: bool) -> ThreeParts:
    """Make what a failed guard does to the task: a skip, a final refusal, or one that a retry may heal.

    :param held: the campaign is claimed by this launch: red and retryable then, whatever the guard says, since a late
        effect of an earlier attempt may still start it
    """
    if held or failed.then is OnFailure.HOLD:
        kind: type[ThreeParts] = LaunchHeld
    elif failed.then is OnFailure.FAIL:
        kind = GuardFailed
    else:
        kind = LaunchSkipped
    return kind(failed.found, allowed=failed.allowed, hint=failed.hint, code=name)


def refuse_without_ledger(what: str) -> LaunchRefused:
    """Make the error of an operator that needs the ledger and has none."""
    return LaunchRefused(
        f"{what} needs a ledger and the connection names none: without one a crash between the service's yes and our"
        " note of it leaves a second campaign that a retry would start",
        allowed="a connection whose extra has `launch_ledger`",
        hint='python -m connect_campaigns ledger init s3://BUCKET/PREFIX, then add "launch_ledger" to the connection\'s extra',
        code="no_ledger",
    )
