"""What all our operators and sensors share: the Amazon provider's connection parameters, and the hook behind them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from connect_campaigns._compat import BaseOperator, BaseSensorOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_campaigns.hooks import ConnectCampaignsHook

CONNECTION_FIELDS = ("aws_conn_id", "region_name", "verify", "botocore_config")
"""Templated in every operator and sensor; handed to every trigger."""


class _UsesConnection:
    """The four parameters of the Amazon provider, with its meanings and defaults.

    :param aws_conn_id: the Airflow connection (templated); ``None`` = boto3's own credential chain
    :param region_name: AWS Region, over the connection's (templated)
    :param verify: TLS verification, or a CA bundle's path (templated)
    :param botocore_config: settings of botocore's ``Config`` (templated)
    """

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    @cached_property
    def hook(self) -> ConnectCampaignsHook:
        """The hook; imported here because it brings boto3 and the provider along."""
        from connect_campaigns.hooks import ConnectCampaignsHook

        return ConnectCampaignsHook(**self.connection_parameters)

    @property
    def connection_parameters(self) -> dict[str, Any]:
        """The four parameters by name: what a trigger serializes, and what makes one poller's identity."""
        return {name: getattr(self, name) for name in CONNECTION_FIELDS}


class ConnectOperator(_UsesConnection, BaseOperator):
    """Base of our operators: keyword-only, constructors only assign; see `_UsesConnection` for the parameters."""

    template_fields: Sequence[str] = CONNECTION_FIELDS

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config


class ConnectSensor(_UsesConnection, BaseSensorOperator):
    """Base of our sensors; see `_UsesConnection` for the parameters."""

    template_fields: Sequence[str] = CONNECTION_FIELDS

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
