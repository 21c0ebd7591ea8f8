"""An Airflow connection turned into settings and the `aws` objects."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.aws.ledger import Ledger
from connect_campaigns.aws.metrics import Metrics
from connect_campaigns.aws.outcomes import classify, explain
from connect_campaigns.aws.segments import Segments
from connect_campaigns.aws.snapshots import Snapshots
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.settings import S3_URI, Settings

SENT_ONCE = Config(retries={"total_max_attempts": 1})
"""For StartCampaign and CreateCampaign: the SDK re-sends when a reply is lost, and neither has a client token."""


class ConnectCampaignsHook(AwsBaseHook):
    """Amazon Connect outbound campaigns, Customer Profiles segments and the ledger, from one Airflow connection.

    The connection is the Amazon provider's; `Settings` says which members its ``extra`` may have besides.
    """

    def __init__(
        self,
        aws_conn_id: str | None = AwsBaseHook.default_conn_name,
        *,
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            aws_conn_id,
            client_type="connectcampaignsv2",
            region_name=region_name,
            verify=verify,
            config=botocore_config,
        )

    @cached_property
    def settings(self) -> Settings:
        """What the connection's ``extra`` says of instance, domain and ledger.

        :raises InvalidInput: a member is not what it must be
        """
        return Settings.from_extra(self.conn_config.extra_config, where=f"connection `{self.aws_conn_id}`")

    @cached_property
    def campaigns(self) -> Campaigns:
        """The campaigns of the connection's account and Region."""
        return Campaigns(self.client("connectcampaignsv2"), sender=self.client("connectcampaignsv2", SENT_ONCE))

    @cached_property
    def segments(self) -> Segments:
        """Segment definitions, estimates and imports of the connection's Customer Profiles domain."""
        return self.segments_of(self.settings.required("customer_profiles_domain"))

    def segments_of(self, domain: str) -> Segments:
        """Give the same of a domain of this name, as a source's ARN has it."""
        return Segments(self.client("customer-profiles"), domain=domain, verify=self.verify)

    def snapshots_of(self, domain: str) -> Snapshots:
        """Segment snapshots of a Customer Profiles domain, and their files."""
        return Snapshots(client=self.client("customer-profiles"), s3=self.client("s3"), domain=domain)

    def resolve(self, campaign: str) -> str:
        """Give the bare id of a campaign named by id, ARN, console URL or name, of the connection's instance.

        :raises InvalidInput: no campaign has this name, or several have it
        """
        return self.campaigns.resolve(campaign, instance_id=self.settings.connect_instance_id)

    @cached_property
    def metrics(self) -> Metrics:
        """Campaign figures of the connection's Connect instance."""
        return Metrics(self.client("connect"))

    def ledger_at(self, uri: str | None) -> Ledger | None:
        """The ledger at a URI, else the one that the connection names, else None.

        :raises InvalidInput: the URI has the wrong form, or is empty: a template that rendered to nothing
        """
        if uri is None:
            uri = self.settings.launch_ledger
        elif not (isinstance(uri, str) and S3_URI.fullmatch(uri)):
            raise InvalidInput.of(
                "launch_ledger",
                uri,
                allowed="s3://bucket/prefix; None = the connection's",
                hint="look at what the template rendered to, or leave it out",
            )
        return None if uri is None else Ledger(self.client("s3"), uri=uri)

    def client(self, service: str, config: Config | None = None) -> Any:
        """Make a client of the connection; all of one hook share a session.

        :param config: over the connection's own
        :raises InvalidInput: no Region
        :raises ConnectCampaignsError: the connection's role or credentials could not be had: an outage of STS is an
            outage like any other
        """
        where = f"connection `{self.aws_conn_id}`"
        merged = self._get_config(self.config.merge(config) if config else None)
        try:
            return self._shared_session.client(
                service,
                endpoint_url=self.conn_config.get_service_endpoint_url(service_name=service),
                config=merged,
                verify=self.verify,
            )
        except NoRegionError as error:
            raise InvalidInput(
                f"{where} names no AWS Region",
                allowed="a Region: in the connection's extra, as `region_name`, or in the environment",
                hint=f'add "region_name": "eu-central-1" to the extra of {where}; a connection that does not exist has none',
                code="no_region",
            ) from error
        except (ClientError, BotoCoreError) as error:
            raise explain(classify(error), action="sts:AssumeRole", resource=where) from error

    @cached_property
    def _shared_session(self) -> Any:
        # A client of its own session costs 20 times the memory and time.
        return self.get_session(region_name=self.region_name)
