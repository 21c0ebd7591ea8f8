"""Segments of one Customer Profiles domain: definitions, which can't be changed once made, and estimates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.outcomes import NOT_FOUND_CODES, explain, send
from connect_campaigns.aws.polling import poll
from connect_campaigns.aws.reading import contents_behind
from connect_campaigns.aws.replies import service_time
from connect_campaigns.aws.uploads import Uploads
from connect_campaigns.core.definition_sources import check_sources
from connect_campaigns.core.definitions import content_hash
from connect_campaigns.core.errors import GuardFailed, InvalidInput, NotSeen, ServiceUnavailable
from connect_campaigns.core.keys import CONTENT_HASH

if TYPE_CHECKING:
    from datetime import datetime

    from connect_campaigns.aws.outcomes import Outcome
    from connect_campaigns.aws.polling import Pace
    from connect_campaigns.core.definitions import Groups, SegmentDefinition

_LARGEST_PAGE = 500
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ARN = re.compile(r"arn:[^:]+:profile:[^:]*:[^:]*:domains/([^/]+)/(?:segment-definitions|segments)/([^/]+)")


@dataclass(frozen=True, kw_only=True)
class FoundDefinition:
    """A definition as the service has it.

    :param content: its SegmentGroups, or its SQL text
    :param created_at: aware, in UTC: tells it from another one that had the same name before
    """

    name: str
    arn: str
    created_at: datetime
    content: Groups | str

    @property
    def hash(self) -> str:
        """Hash of what it selects."""
        return content_hash(self.content)


class Segments:
    """The segments of one Customer Profiles domain.

    :param client: a boto3 ``customer-profiles`` client
    :param domain: the domain's name
    :param verify: TLS verification of upload URLs, or a CA bundle's path; None = as the environment says
    """

    def __init__(self, client: Any, *, domain: str, verify: bool | str | None = None) -> None:
        self._client = client
        self._verify = verify
        self.domain = domain

    @cached_property
    def uploads(self) -> Uploads:
        """The imports of the same domain."""
        return Uploads(self._client, domain=self.domain, verify=self._verify)

    def name_of(self, segment: str) -> str:
        """Give the definition's name from a name or an ARN (both spellings that the documentation has).

        :raises InvalidInput: neither, or an ARN of another domain
        """
        if match := _ARN.fullmatch(segment):
            domain, name = match.groups()
            if domain == self.domain:
                return name
            raise InvalidInput.of(
                "segment",
                segment,
                allowed=f"a segment of the connection's domain {self.domain!r}",
                hint="use the connection whose extra names that domain, or give a segment of this one",
            )
        if _NAME.fullmatch(segment):
            return segment
        raise InvalidInput.of(
            "segment",
            segment,
            allowed="a definition's name (1 to 64 letters, digits, _ and -) or its ARN",
            hint="hand over what CreateSegmentDefinitionOperator returned",
        )

    def find(self, name: str) -> FoundDefinition | None:
        """Read a definition; None = there is none of this name.

        :raises ConnectCampaignsError: it could not be read
        """
        outcome = send(self._client.get_segment_definition, DomainName=self.domain, SegmentDefinitionName=name)
        if outcome.code in NOT_FOUND_CODES:
            return None
        reply = self._reply(outcome, "GetSegmentDefinition", f"segment definition {name}")
        return FoundDefinition(
            name=name,
            arn=reply["SegmentDefinitionArn"],
            created_at=reply["CreatedAt"].astimezone(UTC),
            content=reply["SegmentSqlQuery"] if reply.get("SegmentSqlQuery") else reply.get("SegmentGroups") or {},
        )

    def ensure(self, definition: SegmentDefinition) -> tuple[FoundDefinition, bool]:
        """Make sure that a definition exists, and say whether it was made now.

        What answers the question is always a read: a lost reply and an "already exists" of our own look the same.

        :raises GuardFailed: there is one of this name with other content
        :raises InvalidInput: a source that isn't there, a circle, or more than a segment may hold through its sources
        :raises ConnectCampaignsError: the service refused, or could not be reached
        """
        found = self.find(definition.name)
        if found is not None:
            return _same(found, definition), False
        if definition.sql is None:
            check_sources(definition.name, definition.groups, sources=contents_behind(self, definition.groups))
        selects = (
            {"SegmentGroups": definition.groups} if definition.sql is None else {"SegmentSqlQuery": definition.sql}
        )
        texts = {"Description": definition.description} if definition.description else {}
        outcome = send(
            self._client.create_segment_definition,
            DomainName=self.domain,
            SegmentDefinitionName=definition.name,
            DisplayName=definition.display_name,
            **selects,
            **texts,
        )
        found = self.find(definition.name)
        if found is not None:
            return _same(found, definition), True
        self._reply(outcome, "CreateSegmentDefinition", f"domain {self.domain}")
        raise NotSeen(
            f"segment definition {definition.name} was accepted and can't be read",
            allowed="a definition that can be read once it was made",
            hint="retry: it is looked for first",
            code="not_seen",
        )

    def former(self, definition: SegmentDefinition) -> FoundDefinition | None:
        """Read the newest other definition of the same name but for its hash; a listing of all, 500 a call.

        :raises ConnectCampaignsError: it could not be read
        """
        newest: Any = None
        token: dict[str, str] = {}
        while True:
            outcome = send(
                self._client.list_segment_definitions, DomainName=self.domain, MaxResults=_LARGEST_PAGE, **token
            )
            reply = self._reply(outcome, "ListSegmentDefinitions", f"domain {self.domain}")
            for each in reply.get("Items") or []:
                name = each["SegmentDefinitionName"]
                if name == definition.name or CONTENT_HASH.sub("", name) != definition.base_name:
                    continue
                if newest is None or each["CreatedAt"] > newest["CreatedAt"]:
                    newest = each
            if not reply.get("NextToken"):
                return self.find(newest["SegmentDefinitionName"]) if newest else None
            token = {"NextToken": reply["NextToken"]}

    def estimate(self, content: Groups | str, *, pace: Pace) -> tuple[int, datetime]:
        """Count the profiles that a definition's content selects now, and give the service's time with it.

        :raises ServiceUnavailable: the estimate failed, or patience is over
        :raises ConnectCampaignsError: the service refused, or could not be reached
        """
        query = {"SegmentSqlQuery": content} if isinstance(content, str) else {"SegmentQuery": content}
        outcome = send(self._client.create_segment_estimate, DomainName=self.domain, **query)
        estimate_id = self._reply(outcome, "CreateSegmentEstimate", f"domain {self.domain}")["EstimateId"]
        reply = poll(lambda: self._counted(estimate_id), pace=pace, what=f"estimate {estimate_id} is not counted yet")
        count = reply.get("Estimate", "")  # the service counts in text
        if reply["Status"] == "SUCCEEDED" and count.isdecimal():
            return int(count), service_time(reply)
        raise ServiceUnavailable(
            f"estimate {estimate_id} is {reply['Status']}: {reply.get('Message') or f'its count is {count!r}'}",
            allowed="an estimate that succeeds with a whole number",
            hint="retry; if it fails again, estimate the segment in the Connect console",
            code="estimate_failed",
        )

    def _counted(self, estimate_id: str) -> dict[str, Any] | None:
        outcome = send(self._client.get_segment_estimate, DomainName=self.domain, EstimateId=estimate_id)
        reply = self._reply(outcome, "GetSegmentEstimate", f"estimate {estimate_id}")
        return reply if reply.get("Status") in {"SUCCEEDED", "FAILED"} else None

    def _reply(self, outcome: Outcome, operation: str, resource: str) -> dict[str, Any]:
        if not outcome.accepted:
            raise explain(outcome, action=f"profile:{operation}", resource=resource)
        return outcome.reply or {}


def _same(found: FoundDefinition, definition: SegmentDefinition) -> FoundDefinition:
    if found.hash == definition.hash:
        return found
    raise GuardFailed(
        f"segment definition {found.name} exists with other content: its hash is {found.hash}",
        allowed=f"the content that its name says, hash {definition.hash}",
        hint="somebody made it under this name by hand: choose another `name`, and leave that one alone",
        code="definition",
    )
