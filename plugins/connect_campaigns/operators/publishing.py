"""The two ends of an asset event: the operator that publishes a refreshed segment, and the one that reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connect_campaigns._compat import Asset, AssetAlias, BaseOperator
from connect_campaigns.context import interval_end, refreshes, run_info
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.guard_settings import age
from connect_campaigns.core.parameters import choice, text
from connect_campaigns.core.prepared import PreparedSegment
from connect_campaigns.core.refreshed import Refreshed, asset_segment, chosen, demand_current, segment_uri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connect_campaigns._compat import Context, XComArg

PUBLISHED = "connect-campaigns-segments"
"""The alias by which every event is published: Airflow publishes a declared asset's event for whatever task ends green,
an alias's only for what the task itself added."""


def segment_asset(segment: str) -> Asset:
    """Give the asset of a segment, for ``schedule=[segment_asset("spring-fr")]``.

    :param segment: the definition's name without hash
    :raises InvalidInput: no segment has such a name
    """
    return Asset(segment_uri(segment))


class PublishSegmentOperator(BaseOperator):
    """Publishes that a segment was refreshed: an event of its asset, which starts the DAGs that wait for it.

    A run that is none of today's publishes nothing and ends skipped: a backfill's (a reprocessed one too), a catch-up's, an
    old run that was cleared. Airflow itself would publish there as anywhere, and the launch that follows would look fresh.

    The event's extra: what a `PreparedSegment` has (ARN, definition hash, CreatedAt, count, times), and ``snapshot_uri``,
    ``refreshed_at`` (by the worker's clock), ``data_interval_end``, ``run_type``.

    :param segment: what `prepare_segment` or EstimateSegmentOperator returned (templated)
    :param snapshot_uri: where the segment's people were written to (templated); None = nowhere
    :param max_run_age: seconds or timedelta; a run due longer ago publishes nothing (templated); ``None`` = no bound
    :returns: the event's extra
    :raises InvalidInput: a parameter is not what it must be; nothing was published
    :raises LaunchSkipped: this run is none of today's
    """

    template_fields: Sequence[str] = ("segment", "snapshot_uri", "max_run_age")
    template_fields_renderers = {"segment": "json"}  # noqa: RUF012 - Airflow declares it so

    def __init__(
        self,
        *,
        segment: Mapping[str, Any] | str | XComArg,
        snapshot_uri: str | XComArg | None = None,
        max_run_age: timedelta | float | str | None = timedelta(hours=12),
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"outlets": [AssetAlias(PUBLISHED)], **kwargs})
        self.segment = segment
        self.snapshot_uri = snapshot_uri
        self.max_run_age = max_run_age

    def validate(self) -> tuple[PreparedSegment, str | None, timedelta | None]:
        """Check the parameters.

        :raises InvalidInput: one is not what it must be
        """
        return (
            PreparedSegment.from_dict(self.segment, name="segment"),
            None if self.snapshot_uri in {None, ""} else text("snapshot_uri", self.snapshot_uri, longest=1024),
            age("max_run_age", self.max_run_age),
        )

    def execute(self, context: Context) -> dict[str, Any]:
        """Publish, unless the run is none of today's."""
        prepared, snapshot_uri, longest = self.validate()
        _demand_outlet(context)
        run, now = run_info(context), datetime.now(UTC)
        demand_current(
            run,
            now=now,
            longest=longest,
            hint="nothing was published, so nothing launches; to refresh today, trigger the DAG by hand",
        )
        refreshed = Refreshed(
            segment=asset_segment(prepared),
            prepared=prepared,
            snapshot_uri=snapshot_uri,
            refreshed_at=now,
            data_interval_end=interval_end(context),
            run_type=run.run_type,
        )
        asset = segment_asset(refreshed.segment)
        context["outlet_events"][AssetAlias(PUBLISHED)].add(asset, extra=refreshed.extra())
        self.log.info("published %s: segment %s, %d profiles", asset.uri, prepared.name, prepared.count)
        return refreshed.extra()


class ReadRefreshedSegmentOperator(BaseOperator):
    """Reads the asset event that triggered this run: which segment was refreshed, for ``source=`` of a launch.

    :param segment: the definition's name without hash, as in ``segment_asset(…)`` (templated)
    :param if_several: ``"fail"``, or ``"newest"``: take the last of the events that piled up while the DAG was paused or
        busy (templated)
    :returns: a `PreparedSegment` as a dict
    :raises InvalidInput: no event of this segment triggered the run, or several did
    """

    template_fields: Sequence[str] = ("segment", "if_several")

    def __init__(self, *, segment: str, if_several: str = "fail", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.segment = segment
        self.if_several = if_several

    def validate(self) -> str:
        """Check the parameters, and give the segment's name.

        :raises InvalidInput: one is not what it must be
        """
        choice("if_several", self.if_several, ("fail", "newest"))
        segment_uri(self.segment)
        return self.segment.strip()

    def execute(self, context: Context) -> dict[str, Any]:
        """Find the event, and hand on what it says."""
        segment = self.validate()
        event = chosen(refreshes(context), segment, newest_of_several=self.if_several == "newest")
        self.log.info("segment %s: refreshed at %s, %d profiles", segment, event.refreshed_at, event.prepared.count)
        return event.prepared.to_dict()


def _demand_outlet(context: Context) -> None:
    """Refuse a task whose events Airflow would drop without a word: `expand` keeps outlets that `partial` was given only.

    :raises InvalidInput: the alias is none of the task's outlets
    """
    if AssetAlias(PUBLISHED) not in context["outlets"]:
        raise InvalidInput(
            "this task has not the outlet that its event is published by",
            allowed=f'outlets=[AssetAlias("{PUBLISHED}")], which a task that isn\'t mapped has by itself',
            hint="map a task group around it, as the DAG nightly_segments does, or give outlets= to partial(...)",
            code="outlet",
        )
