"""The words of sends that ended without a yes: CreateCampaign's and StartCampaign's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.core.errors import LaunchHeld, LaunchUncertain, ServiceRefused

if TYPE_CHECKING:
    from connect_campaigns.core.errors import ConnectCampaignsError


def too_many_creates(key: str, created: int, unknown: int) -> LaunchUncertain:
    """Make the error of an attempt that created enough."""
    return LaunchUncertain(
        f"launch {key!r}: this attempt created {created} campaigns, and {unknown} more may or may not be there",
        allowed="a campaign that stays, once it was created",
        hint="retry; campaigns that no key names are never started, and can be deleted in the console",
        code="too_many_creates",
    )


def create_refused(code: str, message: str, template: str) -> ConnectCampaignsError | None:
    """Make the error of a CreateCampaign refusal that is worth words of its own; None for all others."""
    if code == "ServiceQuotaExceededException":
        return ServiceRefused(
            f"no campaign can be created: the instance holds as many campaigns as its quota allows ({message})",
            allowed="campaigns per instance: 500 by default, adjustable; finished ones count until they are deleted."
            " It is not the quota of 50 active campaigns, which a start meets",
            hint="delete finished ones: `dags/housekeeping.py` (DeleteFinishedCampaignsOperator), or the console; or have the"
            " quota raised; nothing was started, so clear this task afterwards",
            code="quota",
        )
    if code == "ConflictException":
        return LaunchUncertain(
            f"the clone of template {template!r} conflicts with another change: {message}",
            allowed="one change at a time",
            hint="retry: the clone gets another name",
            code="create_conflict",
        )
    return None


def start_ended(code: str, message: str, campaign: str, *, final: bool) -> ConnectCampaignsError:
    """Make the error of an attempt whose StartCampaign sends all ended without a yes; by the error that came last.

    :param final: nothing that was sent can take effect later, and no claim is held: the same again can't end otherwise
    """
    text = f"StartCampaign for campaign {campaign}: {code}: {message}"
    words = START_ENDS.get(code)
    if words is None:
        return LaunchUncertain(
            f"{text}; whether a start took effect is unknown",
            allowed="an answer from the service",
            hint="retry: it reads the state first, and attaches where the campaign runs",
            code="start_unknown",
        )
    reason, found, allowed, hint = words
    kind = ServiceRefused if final and code in FOR_GOOD else LaunchHeld
    return kind(text + found, allowed=allowed, hint=hint.format(campaign=campaign), code=reason)


START_ENDS = {
    "ValidationException": (
        "start_validation",
        "",
        "a campaign that the service will start: schedule ahead, a versioned campaign flow, a segment that exists",
        (
            "the service's own text names the setting: mend it in campaign {campaign} itself, which has not started, then"
            " clear this task; mend the template for later runs"
        ),
    ),
    "AccessDeniedException": (
        "access_denied",
        "",
        "a role that may `connect-campaigns:StartCampaign` on this campaign",
        "add `connect-campaigns:StartCampaign` to the policy of the connection's role, then clear this task",
    ),
    "ConflictException": (
        "start_conflict",
        "; the campaign reads Initialized",
        "one change of a campaign at a time",
        "retry when the other change of this campaign is done: it reads the state first, and attaches where the campaign runs",
    ),
    "InvalidCampaignStateException": (
        "start_state",
        "; its state reads Initialized all the same",
        "a service whose state and refusal agree",
        "retry: it reads the state first, and attaches where the campaign runs",
    ),
    "ResourceNotFoundException": (
        "start_not_found",
        "",
        "a campaign, segment and flow that are there",
        "look whether the campaign's segment definition or flow was deleted; then clear this task",
    ),
}
"""By the service's error: our code, what is added to its text, what is allowed, what to do."""

FOR_GOOD = frozenset({"ValidationException", "AccessDeniedException"})
"""Those that the same request meets again, as long as nobody changes something."""
