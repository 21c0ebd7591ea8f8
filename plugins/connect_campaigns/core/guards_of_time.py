"""Guards that look at when people would be contacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_campaigns.core.hours import channels, contact_days, contacting, open_hours, overlaps, week, zones
from connect_campaigns.core.permitted import NEVER, clock, outside
from connect_campaigns.core.schedule import Late, Window
from connect_campaigns.core.states import CampaignState
from connect_campaigns.core.verdicts import Failed, NotEvaluated, OnFailure, Passed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connect_campaigns.core.verdicts import Facts, GuardSettings, Verdict

SHOWN = 3
"""So many examples tell what is wrong; the template shows the rest."""


def schedule(facts: Facts, _: GuardSettings) -> Verdict:
    """The campaign can still start as planned, and has time in which it may contact people."""
    window, now, config = facts.window, facts.now, facts.config
    if facts.state not in {None, CampaignState.INITIALIZED}:
        return NotEvaluated(f"the campaign is {facts.state}: its schedule is frozen")
    if isinstance(window, Late):
        return Failed(
            f"too late: {window.reason}",
            allowed="a launch that is ready before latest_start and end_at",
            hint=window.hint
            or "a later latest_start or end_at allows it" + ('; if_late="skip" makes this a skip' * (not window.skip)),
            then=OnFailure.SKIP_FOR_GOOD if window.skip else OnFailure.FAIL,
        )
    if window is None or now is None or config is None:
        return Failed(
            "the campaign has no schedule",
            allowed="a start and an end: the service refuses to start a campaign without",
            hint="give start_at, end_at and timezone, or a schedule to the campaign",
        )
    return _impossible(window, now) or _shut(window, config) or Passed(_shown(window))


def _impossible(window: Window, now: datetime) -> Failed | None:
    if window.end <= window.start:
        return Failed(
            f"the schedule ends at {window.end:%Y-%m-%d %H:%M} UTC, before it starts at {window.start:%Y-%m-%d %H:%M} UTC",
            allowed="an end after the start",
            hint='an end after midnight is written end_at="01:00+1"',
        )
    if window.start <= now:
        which = "over" if window.end <= now else "past its start"
        return Failed(
            f"the schedule is {which}: {_shown(window)}, and service time is {now:%Y-%m-%d %H:%M} UTC",
            allowed="a start in the future: the service refuses others",
            hint="give start_at, end_at and timezone; for a campaign made by hand also renew_schedule=True",
        )
    return None


def _shut(window: Window, config: Mapping[str, Any]) -> Failed | None:
    shut = [channel for channel in contacting(config) if overlaps(config, channel, window) is False]
    if not shut:
        return None
    return Failed(
        f"from {_shown(window)} no communication hours of"
        f" {', '.join(shut)} are open ({zones(config).get('defaultTimeZone')})",
        allowed="a schedule in which every channel has open hours",
        hint="move start_at and end_at, or change the template's communication hours",
    )


def communication_hours(facts: Facts, settings: GuardSettings) -> Verdict:
    """Voice never without communication hours: without them the service dials at any hour (documented)."""
    config = facts.config or {}
    zone = zones(config)
    if zone.get("defaultTimeZone") and zone.get("localTimeZoneDetection"):
        return Failed(
            "the campaign has a default time zone and time zone detection",
            allowed="one kind of time zone: the fixed one is no fallback for recipients without their own",
            hint="keep either `defaultTimeZone` or `localTimeZoneDetection` in the template",
        )
    judged = contacting(config)
    with_hours = [channel for channel in judged if open_hours(config, channel)]
    if with_hours and not (zone.get("defaultTimeZone") or zone.get("localTimeZoneDetection")):
        return Failed(
            f"the campaign has communication hours for {', '.join(with_hours)}, and no time zone: by whose clock isn't said",
            allowed="hours with a default time zone, or with time zone detection",
            hint="set the time zone in the template, in the console under Communication time",
        )
    demanded = judged if settings.require_hours else tuple(c for c in judged if c == "telephony")
    without = [channel for channel in demanded if not open_hours(config, channel)]
    if without:
        return Failed(
            f"no communication hours are configured for {', '.join(without)}: contact would begin at any hour"
            + " (the campaign's flow alone decides the channels, so it may be any)" * (not channels(config)),
            allowed="open hours for every voice campaign"
            + (", and for every channel (require_hours=True)" * settings.require_hours),
            hint="add communication hours to the template, in the console under Communication time",
        )
    if not demanded:
        return NotEvaluated("no voice, and require_hours isn't set")
    return Passed(f"{', '.join(demanded)} in {_zone(config)}")


def permitted_hours(facts: Facts, settings: GuardSettings) -> Verdict:
    """Every channel's communication hours lie inside those that are permitted: a template may only be narrower."""
    permitted, config = settings.permitted_hours, facts.config or {}
    if permitted is None:
        return NotEvaluated("permitted_hours isn't given")
    judged = contacting(config)
    unnamed = [channel for channel in judged if permitted.of(channel) is None]
    if unnamed:
        return Failed(
            f"`permitted_hours` names no hours for {', '.join(unnamed)}",
            allowed="channels that it names, or any where it has a `default`",
            hint=f"add {unnamed[0]} or default to `permitted_hours`, or take the channel out of the template",
        )
    wrong = [
        f"{channel} {day} {clock(stretch)} (permitted: {', '.join(map(clock, allowed)) or 'none'})"
        for channel in judged
        for day, stretch, allowed in outside(week(config, channel), permitted.of(channel) or NEVER)
    ]
    if not wrong:
        return Passed(f"{', '.join(judged)} inside, in {_zone(config)}")
    any_hour = [channel for channel in judged if not open_hours(config, channel)]
    return Failed(
        "the campaign's communication hours go beyond the permitted ones: "
        + _some(wrong)
        + (f"; {', '.join(any_hour)} without hours means any hour" if any_hour else ""),
        allowed="hours inside `permitted_hours`, by the recipients' clock; a template may only be narrower",
        hint="narrow the template's communication hours, in the console under Communication time",
    )


def closed_days(facts: Facts, settings: GuardSettings) -> Verdict:
    """On a closed day nobody is contacted: the campaign's hours, or its restricted periods, leave it out."""
    closed, window, config = settings.closed_days, facts.window, facts.config or {}
    if closed is None:
        return NotEvaluated("closed_days isn't given")
    if not isinstance(window, Window):
        return NotEvaluated("the campaign has no schedule that could be looked at")
    hits = {
        day: f"{day} ({why}) by {channel}"
        for channel in reversed(contacting(config))
        for day in contact_days(config, channel, window)
        if (why := closed.why(day))
    }
    if not hits:
        return Passed(f"none from {_shown(window)}")
    first = min(hits)
    return Failed(
        f"from {_shown(window)} people would be contacted on a closed day: {_some([hits[day] for day in sorted(hits)])}",
        allowed="a campaign that contacts nobody on `closed_days`, in " + _zone(config),
        hint=f"launch it on another day, or give the template restricted periods for these days: startDate {first},"
        " and endDate the day after (it is exclusive)",
    )


def _shown(window: Window) -> str:
    return f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC"


def _some(texts: list[str]) -> str:
    return ", ".join(texts[:SHOWN]) + (f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else "")


def _zone(config: Mapping[str, Any]) -> str:
    zone = zones(config)
    detected = "the zone of each recipient" if zone.get("localTimeZoneDetection") else "no zone, as none is configured"
    return str(zone.get("defaultTimeZone") or detected)
