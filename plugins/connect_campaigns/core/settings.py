"""What an Airflow connection's ``extra`` may say to this package, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

S3_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")
INSTANCE_ID = re.compile(r"[a-zA-Z0-9_-]{1,256}")
DOMAIN = re.compile(r"[a-zA-Z0-9_-]{1,64}")
READ_LATER = ("permitted_hours", "closed_days", "snapshot_uri", "snapshot_role_arn")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a connection says once for all its launches; an operator's parameter of the same name overrides.

    :param connect_instance_id: the Connect instance's id (not its ARN)
    :param customer_profiles_domain: name of the Customer Profiles domain
    :param launch_ledger: ``s3://bucket/prefix`` of the ledger
    :param deployment: tells deployments apart that share a ledger and DAG names; leads every launch key
    :param permitted_hours: when people may be contacted at all, as `core.permitted` reads it
    :param closed_days: when nobody may be contacted, as `core.closed_days` reads it
    :param snapshot_uri: ``s3://bucket/prefix`` under which segments' people are written
    :param snapshot_role_arn: the role by which Customer Profiles writes there. These last four are kept as they are, and read
        by the tasks that need them: what stops a campaign must not fail over them
    """

    connect_instance_id: str | None = None
    customer_profiles_domain: str | None = None
    launch_ledger: str | None = None
    deployment: str | None = None
    permitted_hours: object = None
    closed_days: object = None
    snapshot_uri: object = None
    snapshot_role_arn: object = None
    where: str = "the connection"

    @classmethod
    def from_extra(cls, extra: Mapping[str, Any], *, where: str) -> Self:
        """Take our members out of an ``extra``; those of the Amazon provider are not ours to judge.

        :raises InvalidInput: a member is no text, is empty, or has the wrong form
        """
        found: dict[str, Any] = {name: extra.get(name) for name in READ_LATER}
        for field in fields(cls):
            value = extra.get(field.name)
            if field.name in {"where", *READ_LATER} or value is None:
                continue
            if not isinstance(value, str) or not value.strip():
                raise InvalidInput.of(
                    f"{where}: extra.{field.name}",
                    value,
                    allowed="a text that isn't empty",
                    hint=f"edit `{field.name}` in the extra of {where}",
                )
            found[field.name] = value.strip()
        settings = cls(**found, where=where)
        settings.check()
        return settings

    def check(self) -> None:
        """Check the form of each member.

        :raises InvalidInput: a member has the wrong form
        """
        forms = (
            ("connect_instance_id", INSTANCE_ID, "an instance id, as aaaabbbb-1111-2222-3333-ccccddddeeee (no ARN)"),
            ("customer_profiles_domain", DOMAIN, "a domain's name: letters, digits, _ and -, at most 64"),
            ("launch_ledger", S3_URI, "s3://bucket/prefix"),
        )
        for name, form, allowed in forms:
            value = getattr(self, name)
            if value is not None and not form.fullmatch(value):
                raise InvalidInput.of(
                    f"{self.where}: extra.{name}",
                    value,
                    allowed=allowed,
                    hint=f"edit `{name}` in the extra of {self.where}",
                )

    def required(self, name: str) -> str:
        """Give a member that the caller can't do without.

        :raises InvalidInput: the connection doesn't have it
        """
        value: str | None = getattr(self, name)
        if value is None:
            raise InvalidInput(
                f"{self.where} has no `{name}` in its extra",
                allowed=f"an extra with `{name}`",
                hint=f'add "{name}": "…" to the extra of {self.where}',
                code="setting_missing",
            )
        return value
