"""Permissions: everything is allowed but what the setting `access.denied` names; messages as IAM words them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_emulator.errors import ACCESS_DENIED, ServiceError
from connect_emulator.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connect_emulator.model import Service
    from connect_emulator.settings import AccessSettings

PREFIXES = {"connectcampaignsv2": "connect-campaigns", "customer-profiles": "profile", "connect": "connect"}
CALLER = "arn:aws:iam::{account}:user/emulator"


def denied(settings: AccessSettings, *, action: str, resource: str) -> bool:
    """Say whether an action on a resource is denied; actions compare without regard to case, as in IAM."""
    return any(
        matches(rule["action"].lower(), action.lower()) and matches(rule.get("resource", "*"), resource)
        for rule in settings.denied
    )


def message(*, action: str, resource: str, account: str) -> str:
    """Word a refusal as AWS does."""
    return (
        f"User: {CALLER.format(account=account)} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def check(
    settings: AccessSettings,
    service: Service,
    operation: str,
    params: Mapping[str, Any],
    *,
    region: str,
    account: str,
) -> None:
    """Refuse a request to one of our services, if any action that it needs is denied on any of its resources.

    :raises ServiceError: AccessDeniedException, naming action and resource.
    """
    if not settings.denied:
        return
    prefix = PREFIXES[service.name]
    where = f"{region}:{account}"
    actions = [operation, *(["TagResource"] if operation == "CreateCampaign" and params.get("tags") else [])]
    for resource in _resources(service.name, params, where):
        for name in actions:
            action = f"{prefix}:{name}"
            if denied(settings, action=action, resource=resource):
                raise ServiceError(ACCESS_DENIED, message(action=action, resource=resource, account=account))


def _resources(service: str, params: Mapping[str, Any], where: str) -> Iterable[str]:
    """Name what a request is about, by ARN (documented: service authorization reference)."""
    if service == "connectcampaignsv2":
        if "arn" in params:
            return [str(params["arn"])]
        ids = params.get("campaignIds", [params["id"]] if "id" in params else ["*"] if "name" in params else [])
        return [f"arn:aws:connect-campaigns:{where}:campaign/{each.rpartition('/')[2]}" for each in ids] or ["*"]
    if service == "customer-profiles":
        if "resourceArn" in params:
            return [str(params["resourceArn"])]
        if "DomainName" not in params:
            return ["*"]
        domain = f"arn:aws:profile:{where}:domains/{params['DomainName']}"
        definition = params.get("SegmentDefinitionName")
        return [f"{domain}/segment-definitions/{definition}" if definition else domain]
    return [str(params.get("ResourceArn", "*"))]
