"""A campaign made from a template: the CreateCampaign request, and what must not be lost on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.errors import LaunchRefused
from connect_campaigns.core.keys import key_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connect_campaigns.aws.campaigns import Description
    from connect_campaigns.core.schedule import Window

OWN_OF_A_CAMPAIGN = frozenset({"id", "arn", "name", "lastModifiedTime", "tags", "source", "schedule"})
"""Members that a clone gets anew, and doesn't take from its template."""

LEDGER_TAG = "connect-campaigns:ledger"
"""Whose clone a campaign is: another ledger's is refused."""

KEY_TAG = "connect-campaigns:key"
TEMPLATE_TAG = "connect-campaigns:template"
KEY_HASH_TAG = "connect-campaigns:key-hash"
"""Only where the key itself doesn't fit into a tag: what its ledger objects go by."""

RUN_TAG = "connect-campaigns:run"

MAX_NAME = 127
MAX_TAGS = 50


def clone_request(
    template: Description,
    *,
    name: str,
    source_arn: str | None,
    window: Window,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """Build the CreateCampaign request for a clone: the template's configuration, its own name, source and times.

    :param source_arn: segment definition ARN; None = the template's own source
    :raises LaunchRefused: the template has members that the SDK can't see, or more tags than the service takes
    """
    if template.unseen:
        raise LaunchRefused(
            f"template {template.name!r} has settings that the installed boto3 doesn't know: {', '.join(template.unseen)}",
            allowed="a template whose every setting the SDK can copy; a clone without them would behave otherwise",
            hint="upgrade boto3, or take these settings off the template",
            code="unseen_members",
        )
    source = {"customerProfilesSegmentArn": source_arn} if source_arn else template.config.get("source")
    schedule: dict[str, Any] = {"startTime": window.start, "endTime": window.end}
    if refresh := template.config.get("schedule", {}).get("refreshFrequency"):
        schedule["refreshFrequency"] = refresh
    # AWS's own tags, as CloudFormation's, can be read and not be given; ours, of a template that is itself a clone, are not its.
    its_own = {
        name: value
        for name, value in template.config.get("tags", {}).items()
        if not name.startswith(("aws:", "connect-campaigns:"))
    }
    all_tags = {**its_own, **tags}
    if len(all_tags) > MAX_TAGS:
        raise LaunchRefused(
            f"the clone of template {template.name!r} would carry {len(all_tags)} tags",
            allowed=f"{MAX_TAGS} tags on a resource, {len(tags)} of which are this package's",
            hint="take tags off the template",
            code="too_many_tags",
        )
    copied = {key: value for key, value in template.config.items() if key not in OWN_OF_A_CAMPAIGN}
    if source:
        copied["source"] = source
    return {**copied, "name": name, "schedule": schedule, "tags": all_tags}


def clone_name(template_name: str, *, day: str, nonce: str) -> str:
    """Name a clone: the template's name, the day, and a nonce, so that no two attempts can make the same name.

    Without it a service that refuses duplicate names, or answers them with the first campaign, leaves a key stuck.
    """
    suffix = f" {day} {nonce}"
    return template_name[: MAX_NAME - len(suffix)] + suffix


def our_tags(template: Description, *, ledger_id: str, key: str, run: str) -> dict[str, str]:
    """Tag a clone with where it comes from; `owner` is what lets the Connect console show it (documented).

    AWS takes 256 characters, letters, digits, spaces and ``_.:/=+-@``: others are replaced; the ledger has all as it is.
    """
    _, partition, _, region, account, _ = template.arn.split(":", 5)
    instance = template.config["connectInstanceId"]
    return {
        "owner": f"arn:{partition}:connect:{region}:{account}:instance/{instance}",
        LEDGER_TAG: ledger_id,
        KEY_TAG: tag_value(key),
        TEMPLATE_TAG: template.id,
        RUN_TAG: tag_value(run),
        **({} if tag_value(key) == key else {KEY_HASH_TAG: key_hash(key)}),
    }


def tag_value(text: str) -> str:
    """Give a text as a tag can hold it."""
    return re.sub(r"[^\w .:/=+@-]", "-", text)[:256]
