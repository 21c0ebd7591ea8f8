"""What an asset event says of a segment that was refreshed, and whether a run may publish one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from connect_campaigns.core.errors import InvalidInput, LaunchSkipped
from connect_campaigns.core.parameters import mapping, text
from connect_campaigns.core.prepared import PreparedSegment, read_time
from connect_campaigns.core.run import BACKFILL
from connect_campaigns.core.verdicts import span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from connect_campaigns.core.run import RunInfo

SEGMENTS = "x-connect-campaigns://segments/"
"""What the URI of every segment's asset begins with: any other scheme than ``x-`` has Airflow load all its providers."""

_OWN = ("snapshot_uri", "refreshed_at", "data_interval_end", "run_type")


def segment_uri(segment: str) -> str:
    """Give the asset's URI of a segment, by its name without hash.

    :raises InvalidInput: no segment has such a name
    """
    return SEGMENTS + text("segment", segment, longest=64, form=r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """A segment as it was when it was published; times are aware.

    :param segment: the asset's: the definition's name without hash, so that one asset stands for all its contents
    :param snapshot_uri: where its people were written to, or None
    :param refreshed_at: when it was published, by the worker's clock, which is Airflow's
    :param data_interval_end: of the run that published it; None where that has none
    :param run_type: of that run
    """

    segment: str
    prepared: PreparedSegment
    snapshot_uri: str | None
    refreshed_at: datetime
    data_interval_end: datetime | None
    run_type: str

    @classmethod
    def of_event(cls, uri: str, extra: object) -> Self:
        """Read what `extra` made.

        :raises InvalidInput: the event wasn't published by PublishSegmentOperator
        """
        segment = uri.removeprefix(SEGMENTS)
        name = f"the event of segment {segment!r}"
        members = mapping(name, extra)
        missing = [each for each in _OWN if each not in members]
        if missing:
            raise InvalidInput(
                f"{name} lacks {', '.join(missing)}",
                allowed="an event that PublishSegmentOperator published",
                hint="trigger the DAG that refreshes the segment: an event made by hand says nothing of an audience",
                code="refresh",
            )
        end, snapshot = members["data_interval_end"], members["snapshot_uri"]
        prepared = {each: value for each, value in members.items() if each not in _OWN}
        return cls(
            segment=segment,
            prepared=PreparedSegment.from_dict(prepared, name=name),
            snapshot_uri=None if snapshot is None else text(f"{name}: snapshot_uri", snapshot, longest=1024),
            refreshed_at=read_time(f"{name}: refreshed_at", members["refreshed_at"]),
            data_interval_end=None if end is None else read_time(f"{name}: data_interval_end", end),
            run_type=text(f"{name}: run_type", members["run_type"]),
        )

    def extra(self) -> dict[str, Any]:
        """Give what the asset event holds: plain JSON types, times in ISO 8601."""
        end = self.data_interval_end
        return {
            **self.prepared.to_dict(),
            "snapshot_uri": self.snapshot_uri,
            "refreshed_at": self.refreshed_at.isoformat(),
            "data_interval_end": end.isoformat() if end else None,
            "run_type": self.run_type,
        }

    @property
    def is_backfill(self) -> bool:
        """Whether a backfill's run published it: Airflow publishes such events as any other."""
        return self.run_type in BACKFILL

    @property
    def as_of(self) -> datetime:
        """The time that its age counts from: a scheduled run that came late, as in a catch-up, is as old as its interval.

        A manual run's interval says nothing: it is the schedule's last one, a week ago where that is weekly.
        """
        if self.run_type == "scheduled" and self.data_interval_end:
            return min(self.refreshed_at, self.data_interval_end)
        return self.refreshed_at


def asset_segment(prepared: PreparedSegment) -> str:
    """Name a segment as its asset does: without the hash that tells its contents apart."""
    return prepared.name.removesuffix(f"-{prepared.definition_hash}")


def newest(events: Iterable[Refreshed]) -> tuple[Refreshed, ...]:
    """Keep each segment's last event: several have piled up where the launching DAG was paused, or busy."""
    last: dict[str, Refreshed] = {}
    for event in sorted(events, key=lambda each: each.refreshed_at):
        last[event.segment] = event
    return tuple(last.values())


def chosen(events: Iterable[Refreshed], segment: str, *, newest_of_several: bool) -> Refreshed:
    """Find the one event of a segment among those that triggered a run.

    :raises InvalidInput: there is none, or there are several and nobody said that the newest counts
    """
    every = list(events)
    of_it = [each for each in every if each.segment == segment]
    if not of_it:
        others = ", ".join(sorted({each.segment for each in every}))
        raise InvalidInput(
            f"no refresh of segment {segment!r} triggered this run" + (f", but one of {others}" if others else ""),
            allowed=f'a run that an asset event triggered: schedule=[segment_asset("{segment}")]',
            hint="trigger the DAG that refreshes the segment, not this one; or look at the segment's name, without hash",
            code="refresh",
        )
    if len(of_it) > 1 and not newest_of_several:
        times = ", ".join(f"{each.refreshed_at:%Y-%m-%d %H:%M} UTC" for each in of_it)
        raise InvalidInput(
            f"{len(of_it)} refreshes of segment {segment!r} triggered this run: {times}",
            allowed="one",
            hint="they piled up while this DAG was paused or busy: refresh the segment once more, "
            'or take the last one with if_several="newest"',
            code="refresh",
        )
    return max(of_it, key=lambda each: each.refreshed_at)


def outdated(run: RunInfo, *, now: datetime, longest: timedelta | None) -> str | None:
    """Say why a run is none of today's: a backfill's, or due too long ago (a catch-up, an old run cleared); else None.

    :param now: by the worker's clock, which is Airflow's
    :param longest: the age from which a run is old; None = no bound
    """
    if run.is_backfill:
        return f"run {run.run_id} was made by a backfill"
    if longest is None or run.due is None or now - run.due <= longest:
        return None
    return f"run {run.run_id} was due {span(now - run.due)} ago ({run.due:%Y-%m-%d %H:%M} UTC)"


def demand_current(run: RunInfo, *, now: datetime, longest: timedelta | None, hint: str) -> None:
    """Skip a run that is none of today's.

    :raises LaunchSkipped: it is outdated
    """
    why = outdated(run, now=now, longest=longest)
    if why:
        allowed = "no backfill" + (f", and due at most {span(longest)} ago (`max_run_age`)" if longest else "")
        raise LaunchSkipped(why, allowed=f"a run of today: {allowed}", hint=hint, code="outdated")
