"""The operator that writes a segment's people to S3."""

from __future__ import annotations

import uuid
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from connect_campaigns._compat import conf
from connect_campaigns.connection import ConnectOperator
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.parameters import choice, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_campaigns._compat import Context, XComArg
    from connect_campaigns.aws.polling import Pace

FORMATS = ("CSV", "JSONL", "ORC")
ARN = "arn:.*"
S3_FOLDER = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?"


class ExportSegmentSnapshotOperator(ConnectOperator):
    """Write a segment's people to S3, wait for it, and count them from the files; the service gives no count.

    Each request writes under a prefix of its own, and a retry is another request (200 a day, documented).

    :param segment: what CreateSegmentDefinitionOperator or EstimateSegmentOperator returned, or a definition's name or
        ARN (templated)
    :param destination: ``s3://bucket/prefix``, under which the request's own prefix comes (templated); default: the
        connection's ``snapshot_uri``
    :param role_arn: the role by which the service writes there (templated); default: the connection's
        ``snapshot_role_arn``. Optional for the API, needed in practice
    :param data_format: ``"CSV"``, ``"JSONL"`` or ``"ORC"``, whose rows are counted with pyarrow (templated)
    :param encryption_key: ARN of a KMS key for the objects (templated)
    :param poll_interval: longest pause between two looks, in seconds or as a timedelta (templated)
    :param patience: how long to wait for its end, in seconds or as a timedelta (templated)
    :param deferrable: wait in the triggerer; default: Airflow's own setting
    :returns: ``{uri, count, snapshot_id, segment}``
    :raises InvalidInput: a parameter, or no destination; nothing was sent
    :raises ServiceRefused: the bucket isn't there, a right is missing, or the snapshot failed
    :raises RetryableError: the service could not be reached, or `patience` is over
    """

    template_fields: Sequence[str] = (
        *ConnectOperator.template_fields,
        "segment",
        "destination",
        "role_arn",
        "data_format",
        "encryption_key",
        "poll_interval",
        "patience",
    )
    template_fields_renderers = {"segment": "json"}  # noqa: RUF012 - Airflow declares it so

    def __init__(
        self,
        *,
        segment: dict[str, Any] | str | XComArg,
        destination: str | None = None,
        role_arn: str | None = None,
        data_format: str = "CSV",
        encryption_key: str | None = None,
        poll_interval: float | str | timedelta = 10,
        patience: float | str | timedelta = 3600,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.segment = segment
        self.destination = destination
        self.role_arn = role_arn
        self.data_format = data_format
        self.encryption_key = encryption_key
        self.poll_interval = poll_interval
        self.patience = patience
        self.deferrable = deferrable

    def validate(self) -> tuple[str, Pace]:
        """Check the parameters; nothing is asked yet.

        :returns: the segment's name or ARN, how long to wait
        :raises InvalidInput: a parameter is not what it must be
        """
        from connect_campaigns.aws.polling import pace
        from connect_campaigns.core.audience import named_segment

        choice("data_format", self.data_format, FORMATS)
        if self.data_format == "ORC" and find_spec("pyarrow") is None:
            raise InvalidInput(
                '`data_format` is "ORC", and pyarrow is not installed, without which its rows can\'t be counted',
                allowed='"CSV" or "JSONL", or an environment with pyarrow',
                hint="pip install pyarrow on the workers",
            )
        for name, form in (("role_arn", ARN), ("encryption_key", ARN), ("destination", S3_FOLDER)):
            if getattr(self, name) is not None:
                text(name, getattr(self, name), form=form, longest=900)
        return named_segment(self.segment), pace(self.poll_interval, self.patience)

    def _place(self) -> tuple[str, str | None]:
        """Give destination and role: the parameters, else what the connection says.

        :raises InvalidInput: neither names a destination, or the connection's isn't what it must be
        """
        settings = self.hook.settings
        where = f"{settings.where}: extra."
        destination, role_arn = self.destination, self.role_arn
        if destination is None and settings.snapshot_uri is not None:
            destination = text(f"{where}snapshot_uri", settings.snapshot_uri, form=S3_FOLDER, longest=900)
        if role_arn is None and settings.snapshot_role_arn is not None:
            role_arn = text(f"{where}snapshot_role_arn", settings.snapshot_role_arn, form=ARN, longest=900)
        if destination is None:
            raise InvalidInput(
                f"`destination` isn't given, and {settings.where} has no `snapshot_uri` in its extra",
                allowed="either of the two, s3://bucket/prefix",
                hint='give `destination`, or add "snapshot_uri" and "snapshot_role_arn" to the extra',
                code="setting_missing",
            )
        return destination.strip().rstrip("/"), role_arn

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - Airflow calls it so
        """Ask for the snapshot, wait for it here or in the triggerer, count its people."""
        named, pace = self.validate()
        destination, role_arn = self._place()
        segments = self.hook.segments
        segment = segments.name_of(named)
        uri = f"{destination}/{segment}/{uuid.uuid4().hex}/"
        snapshots = self.hook.snapshots_of(segments.domain)
        snapshots.check_place(uri)
        snapshot = snapshots.begin(
            segment=segment, data_format=self.data_format, uri=uri, role_arn=role_arn, key=self.encryption_key
        )
        self.log.info("snapshot %s of segment %s goes to %s", snapshot, segment, uri)
        if self.deferrable:
            from connect_campaigns.triggers.snapshots import SegmentSnapshotTrigger

            trigger = SegmentSnapshotTrigger(
                domain=segments.domain,
                segment=segment,
                snapshot=snapshot,
                uri=uri,
                poll_interval=pace.interval_s,
                connection=self.connection_parameters,
            )
            self.defer(trigger=trigger, method_name="execute_complete", timeout=timedelta(seconds=pace.patience_s))
        return self._counted(pace, segment=segment, snapshot=snapshot, uri=uri)

    def execute_complete(self, context: Context, event: dict[str, str]) -> dict[str, Any]:  # noqa: ARG002 - Airflow calls it so
        """Count the people of the snapshot that the trigger saw end; or failed to look at, so that it may be unfinished."""
        return self._counted(self.validate()[1], **event)

    def _counted(self, pace: Pace, *, segment: str, snapshot: str, uri: str) -> dict[str, Any]:
        from connect_campaigns.aws.polling import poll

        snapshots = self.hook.snapshots_of(self.hook.segments.domain)
        poll(
            lambda: snapshots.ended(segment=segment, snapshot=snapshot, uri=uri) or None,
            pace=pace,
            what=f"snapshot {snapshot} is not written yet",
        )
        count = snapshots.count(uri=uri, data_format=self.data_format)
        self.log.info("snapshot %s: %d profiles at %s", snapshot, count, uri)
        return {"uri": uri.rstrip("/"), "count": count, "snapshot_id": snapshot, "segment": segment}
