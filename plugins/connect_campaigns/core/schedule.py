"""When a campaign starts and ends: wall clock to UTC, on service time.

A wall time means the run's own day in its zone; `+1` behind it means the day after (`09:00+1` for a run at 22:00).
Arithmetic is in UTC. Where a clock change makes a wall time ambiguous, its first occurrence is meant; where it skips the
wall time, a start moves later and an end moves earlier, so that a change never lengthens the time of contact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.amounts import seconds
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.keys import checked_zone
from connect_campaigns.core.parameters import choice

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

WALL_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(\+1)?")

LONGEST_DELAY = timedelta(days=30)

LONG_LEAD = timedelta(minutes=6)
"""The same once the service has refused our schedule: its lead time isn't published, and users report minutes."""

LEAD = timedelta(minutes=1)
"""How far ahead a start "right away" is put: the service refuses a start time that has passed when it looks."""


@dataclass(frozen=True)
class Window:
    """A campaign's start and end, aware, in UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """From start to end."""
        return self.end - self.start


@dataclass(frozen=True)
class Late:
    """There is no window any more, and why; ``skip`` is what the author wants to happen then.

    :param hint: what to do, where a later bound isn't all
    """

    reason: str
    skip: bool
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class ScheduleSpec:
    """What an operator was told about the schedule; `checked` makes one of its parameters.

    :param start_at: wall time ``HH:MM`` (or ``HH:MM+1``) of the first contact
    :param latest_start: a launch that is ready later than this is late; default: any time before the end
    :param end_at: wall time after which nobody is contacted; default: as long after ``start_at`` as in the template
    :param timezone: the IANA zone of the wall times
    :param if_late: ``fail``, or ``skip`` (then late means skipped, and stays so)
    :param start_after: from service time on, in place of ``start_at``: for demos and tests
    """

    start_at: str | None = None
    latest_start: str | None = None
    end_at: str | None = None
    timezone: str | None = None
    if_late: str = "fail"
    start_after: timedelta | None = None

    @property
    def given(self) -> bool:
        """Whether anything says when to start or end; if not, the template's or campaign's own schedule holds."""
        return bool(self.start_at or self.end_at or self.start_after is not None)

    @property
    def bounds_lateness(self) -> bool:
        """Whether a wall time decides when the run is too old to launch."""
        return bool(self.latest_start or self.end_at)


def checked(
    *,
    start_at: object = None,
    latest_start: object = None,
    end_at: object = None,
    timezone: object = None,
    if_late: object = "fail",
    start_after: object = None,
) -> ScheduleSpec:
    """Check an operator's parameters and make the spec of them.

    :raises InvalidInput: a wrong form, or parameters that contradict each other
    """
    times = {"start_at": start_at, "latest_start": latest_start, "end_at": end_at}
    wall = {name: _wall_text(name, value) for name, value in times.items()}
    if any(wall.values()) and not timezone:
        raise InvalidInput(
            f"`{next(name for name, value in wall.items() if value)}` is given and `timezone` isn't",
            allowed="an IANA zone beside every wall time: a server's own zone is nobody's intention",
            hint='timezone="Europe/Paris"',
            code="timezone_missing",
        )
    if timezone is not None:
        checked_zone(timezone)
    if wall["start_at"] and start_after is not None:
        raise InvalidInput(
            "`start_at` and `start_after` are both given",
            allowed="one of them",
            hint="start_at names a wall time, start_after a delay from now",
            code="contradiction",
        )
    if wall["latest_start"] and not wall["start_at"]:
        raise InvalidInput(
            "`latest_start` is given and `start_at` isn't",
            allowed="latest_start together with start_at",
            hint="add start_at, or use end_at alone",
            code="contradiction",
        )
    for earlier, later in (("start_at", "latest_start"), ("start_at", "end_at"), ("latest_start", "end_at")):
        _in_order(earlier, wall[earlier], later, wall[later])
    return ScheduleSpec(
        **wall,
        timezone=str(timezone) if timezone else None,
        if_late=choice("if_late", if_late, ("fail", "skip")),
        start_after=_delay(start_after),
    )


def plan(
    spec: ScheduleSpec,
    *,
    now: datetime,
    day: date,
    own: Window | None,
    lead: timedelta = LEAD,
    renews: bool = False,
) -> Window | Late:
    """Turn a spec into the window of one launch; a late launch is a shorter one, its end doesn't move.

    :param now: service time
    :param day: the run's day in the spec's zone (`run_day`)
    :param own: the template's or campaign's own window: gives the length where ``end_at`` doesn't, and all where the
        spec gives nothing
    :param lead: how far ahead of `now` a start lies at least
    :param renews: `own` is the campaign's, which may have been made late already, and not the template's
    :raises InvalidInput: neither the spec nor the template says when to end
    """
    skip = spec.if_late == "skip"
    if not spec.given:
        if own is None:
            raise _no_schedule("when to start and end")
        return own
    zone = checked_zone(spec.timezone) if spec.timezone else None
    soonest = now + lead
    start = planned = soonest if spec.start_after is None else max(now + spec.start_after, soonest)
    if spec.start_at and zone:
        if late := _past_latest(spec, now=now, day=day):
            return late
        planned = to_utc(spec.start_at, day=day, zone=zone)
        start = max(planned, soonest if now >= planned or lead > LEAD else planned)
    if spec.end_at and zone:
        end = to_utc(spec.end_at, day=day, zone=zone, is_end=True)
    elif own is None:
        raise _no_schedule("when to end")
    elif renews and planned <= own.start <= start:
        end = own.end  # an earlier renewal has moved its start, and so shortened it
    else:
        end = planned + own.length
    if start >= end:
        shown = zone or UTC
        return Late(f"it is {_clock(now, shown)} and the schedule ends at {_clock(end, shown)}", skip)
    return Window(start, end)


def bounded(own: Window, spec: ScheduleSpec, *, now: datetime, day: date) -> Window | Late:
    """Hold a window that a campaign has already to the spec's bounds, where that one isn't planned anew.

    :param now: service time; `day`: as for `plan`
    """
    if late := _past_latest(spec, now=now, day=day):
        return late
    if spec.end_at and spec.timezone:
        zone = checked_zone(spec.timezone)
        end = to_utc(spec.end_at, day=day, zone=zone, is_end=True)
        if now >= end:
            return Late(f"it is {_clock(now, zone)} and `end_at` was {_clock(end, zone)}", spec.if_late == "skip")
        if own.end > end:
            return Late(
                f"the campaign's own schedule ends at {_clock(own.end, zone)} and `end_at` is {_clock(end, zone)}",
                skip=False,
                hint="let the campaign's schedule end by `end_at`, or give a later one",
            )
    return own


def _past_latest(spec: ScheduleSpec, *, now: datetime, day: date) -> Late | None:
    if not (spec.latest_start and spec.timezone):
        return None
    zone = checked_zone(spec.timezone)
    latest = to_utc(spec.latest_start, day=day, zone=zone)
    if now <= latest:
        return None
    return Late(f"it is {_clock(now, zone)} and `latest_start` was {_clock(latest, zone)}", spec.if_late == "skip")


def run_day(due: datetime, timezone: str | None) -> date:
    """Give the calendar day that a run belongs to, in a zone; a retry or clear after midnight keeps it."""
    return due.astimezone(checked_zone(timezone) if timezone else UTC).date()


def to_utc(wall: str, *, day: date, zone: ZoneInfo, is_end: bool = False) -> datetime:
    """Turn a wall time of a day into UTC, by the module's rules for clock changes.

    :param is_end: in a skipped hour take the earlier reading, not the later
    """
    hour, minute, next_day = WALL_TIME.fullmatch(wall).groups()  # type: ignore[union-attr] # checked by `checked`
    local = datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone)
    if next_day:
        following = day + timedelta(days=1)
        local = local.replace(year=following.year, month=following.month, day=following.day)
    skipped = local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None)
    return local.replace(fold=1 if skipped and is_end else 0).astimezone(UTC)


def window_of(config: dict[str, Any]) -> Window | None:
    """Take the window out of a DescribeCampaign reply (times made aware by `aws.campaigns`); None where it has none."""
    schedule = config.get("schedule")
    return Window(schedule["startTime"], schedule["endTime"]) if schedule else None


def _wall_text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not WALL_TIME.fullmatch(value):
        raise InvalidInput.of(
            name, value, allowed="HH:MM between 00:00 and 23:59, with +1 behind it for the day after", hint='as "09:00"'
        )
    return value


def _in_order(earlier: str, first: str | None, later: str, second: str | None) -> None:
    if first and second and _minutes(first) >= _minutes(second) and not (later == "latest_start" and first == second):
        raise InvalidInput(
            f"`{earlier}` is {first} and `{later}` is {second}",
            allowed=f"{earlier} before {later}",
            hint=f'an end after midnight is written with +1, as {later}="{second[:5]}+1"',
            code="contradiction",
        )


def _minutes(wall: str) -> int:
    return int(wall[:2]) * 60 + int(wall[3:5]) + (24 * 60 if wall.endswith("+1") else 0)


def _delay(value: object) -> timedelta | None:
    if value is None:
        return None
    delay = timedelta(seconds=min(seconds("start_after", value), LONGEST_DELAY.total_seconds() + 1))
    if not LEAD <= delay <= LONGEST_DELAY:
        raise InvalidInput.of(
            "start_after",
            value,
            allowed="a timedelta or seconds, from 1 minute to 30 days",
            hint="timedelta(minutes=10)",
        )
    return delay


def _no_schedule(what: str) -> InvalidInput:
    return InvalidInput(
        f"nothing says {what}: the campaign or template has no schedule",
        allowed="a template with a schedule, or start_at, end_at and timezone",
        hint='start_at="09:00", end_at="19:30", timezone="Europe/Paris"',
        code="no_schedule",
    )


def _clock(moment: datetime, zone: Any) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {getattr(zone, 'key', 'UTC')}"
