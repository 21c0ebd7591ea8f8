"""Clients without Airflow: from options as the AWS CLI has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3})
"""The SDK's own 60 seconds are too long for an emergency; all that is sent through these may be sent twice."""


@dataclass(frozen=True, kw_only=True)
class Aws:
    """Which account, Region and endpoint to talk to; what is not given is found as boto3 finds it."""

    region: str | None
    profile: str | None
    endpoint_url: str | None

    @cached_property
    def session(self) -> boto3.Session:
        """The session; it has a Region and credentials.

        :raises InvalidInput: there is no such profile, no Region or no credentials
        """
        try:
            session = boto3.Session(profile_name=self.profile, region_name=self.region)
        except BotoCoreError as error:
            raise _unusable(error) from error
        if not session.region_name:
            raise InvalidInput(
                "no AWS Region: none was given, and neither environment nor profile has one",
                allowed="the Region of the Connect instance, as us-east-1",
                hint="add --region, or set AWS_DEFAULT_REGION",
                code="no_region",
            )
        if session.get_credentials() is None:
            raise InvalidInput(
                "no AWS credentials: neither environment nor profile nor this machine's role has any",
                allowed="credentials where boto3 looks for them",
                hint="add --profile, log in (aws sso login), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                code="no_credentials",
            )
        return session

    def client(self, service: str) -> Any:
        """Make a client.

        :raises InvalidInput: profile, Region or endpoint can't be used
        """
        make: Callable[..., Any] = self.session.client  # its stub has an overload per service
        try:
            return make(service, endpoint_url=self.endpoint_url, config=QUICK)
        except (BotoCoreError, ValueError) as error:
            raise _unusable(error) from error

    @cached_property
    def campaigns(self) -> Campaigns:
        """The campaigns of this account and Region, to read, pause and stop; not to create or start."""
        client = self.client("connectcampaignsv2")
        return Campaigns(client)


def _unusable(error: Exception) -> InvalidInput:
    return InvalidInput(
        str(error),
        allowed="a profile of your AWS configuration, a Region's name, an endpoint as http://127.0.0.1:4599",
        hint="look at --profile, --region and --endpoint-url, and at the AWS_… variables",
        code="aws_settings",
    )
