"""Guards that look at how the campaign is configured, its times aside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connect_campaigns.core.outcome import has_audience
from connect_campaigns.core.verdicts import Failed, NotEvaluated, Passed, told

if TYPE_CHECKING:
    from connect_campaigns.core.verdicts import Facts, GuardSettings, Verdict

VERSIONED_FLOW = re.compile(r"arn:[^:]+:connect:[^:]*:[^:]*:instance/[^/]+/contact-flow/[^/:]+:\d+")


def campaign_flow(facts: Facts, _: GuardSettings) -> Verdict:
    """A segment campaign has a campaign flow, named with its version: the service refuses the start otherwise."""
    config = facts.config or {}
    if not has_audience(config):
        return NotEvaluated("no segment campaign")
    flow = config.get("connectCampaignFlowArn")
    if flow and VERSIONED_FLOW.fullmatch(flow):
        return Passed(f"version {flow.rsplit(':', 1)[1]}")
    return Failed(
        f"the campaign flow is {flow!r}" if flow else "the campaign has no campaign flow",
        allowed="a versioned flow ARN: arn:aws:connect:REGION:ACCOUNT:instance/ID/contact-flow/ID:VERSION",
        hint="publish a version of the campaign flow and name it in the template",
    )


def communication_limits(facts: Facts, settings: GuardSettings) -> Verdict:
    """Something limits how often one person is contacted; opting out of the instance's limits needs a reason.

    A campaign that opts out isn't held to the instance's limits, and its contacts don't count towards them (documented).
    """
    override = (facts.config or {}).get("communicationLimitsOverride", {})
    handling = override.get("instanceLimitsHandling")
    own = override.get("allChannelSubtypes", {}).get("communicationLimitsList", [])
    in_words = ", ".join(f"{each['maxCountPerRecipient']} in {each['frequency']} {each['unit']}" for each in own)
    if handling == "OPT_OUT":
        if settings.ignore_instance_limits:
            return Passed(f"opted out of the instance's limits: {settings.ignore_instance_limits}")
        return told(
            settings.if_no_limits,
            found="the campaign opts out of the instance's communication limits: they don't hold for it, and its contacts"
            " don't count for other campaigns" + (f" (its own: {in_words})" if own else ""),
            allowed='instanceLimitsHandling "OPT_IN", or a reason given by the DAG\'s author',
            hint='ignore_instance_limits="why these people may be contacted all the same", or opt the template in',
        )
    if own:
        return Passed(f"{in_words} per person")
    if handling == "OPT_IN":
        return Passed("those of the instance")
    return told(
        settings.if_no_limits,
        found="the campaign has no communication limits of its own, and doesn't say that the instance's hold",
        allowed='limits in `communicationLimitsOverride`, or its instanceLimitsHandling "OPT_IN"',
        hint="set communication limits in the template, in the console under Communication limits",
    )
