"""What an operator and its connection say to the guards, checked.

None alone means that nobody gave a setting; a template says `ANY`. One that rendered to nothing, or to ``None``, is refused:
it would switch its guard off without a word. Where that asks for more (`ignore_instance_limits`, `country`), it may stand.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connect_campaigns.core import parameters
from connect_campaigns.core.amounts import check_bounds, count, percent, seconds
from connect_campaigns.core.closed_days import read_closed_days
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.exclusion import read_exclusions
from connect_campaigns.core.permitted import read_permitted_hours
from connect_campaigns.core.verdicts import GuardSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from connect_campaigns.core.settings import Settings

ANY = "any"
"""What a template renders to where an age, a number or a change has no bound."""

UNBOUND = (None, ANY)

MOST_CHANGE = 100_000
"""Percent: an audience may grow to more than twice its size, and its author may allow that."""


def checked_guards(
    *,
    max_run_age: object,
    lateness_bounded: bool,
    if_manual: object,
    require_hours: object,
    if_no_limits: object,
    ignore_instance_limits: object,
    min_launch_gap: object,
    if_overlap: object,
) -> GuardSettings:
    """Check the switches of the guards but for those that the connection may set too.

    :raises InvalidInput: one is not what it must be
    """
    reason = ignore_instance_limits
    return GuardSettings(
        max_run_age=age("max_run_age", max_run_age),
        lateness_bounded=lateness_bounded,
        if_manual=parameters.choice("if_manual", if_manual, ("launch", "check")),
        require_hours=parameters.yes_or_no("require_hours", require_hours),
        if_no_limits=parameters.choice("if_no_limits", if_no_limits, ("warn", "fail")),
        ignore_instance_limits=None if reason in (None, "") else parameters.text("ignore_instance_limits", reason),
        min_launch_gap=age("min_launch_gap", min_launch_gap),
        if_overlap=None if if_overlap is None else parameters.choice("if_overlap", if_overlap, ("fail", "warn")),
    )


def with_audience(
    guards: GuardSettings,
    *,
    max_data_age: object,
    max_suppression_age: object,
    if_expiring: object,
    min_audience: object,
    max_audience: object,
    max_audience_change_percent: object,
    require_exclusion: object,
    allow_sql_segment: object,
) -> GuardSettings:
    """Add what a launch asks of its audience.

    :raises InvalidInput: a setting is not what it must be
    """
    least = None if min_audience is None else count("min_audience", min_audience)
    most = None if max_audience in UNBOUND else count("max_audience", max_audience)
    check_bounds(1 if least is None else least, most)
    change = max_audience_change_percent
    return replace(
        guards,
        max_data_age=age("max_data_age", max_data_age),
        max_suppression_age=age("max_suppression_age", max_suppression_age),
        if_expiring=None if if_expiring is None else parameters.choice("if_expiring", if_expiring, ("fail", "warn")),
        min_audience=least,
        max_audience=most,
        max_audience_change_percent=None
        if change in UNBOUND
        else percent("max_audience_change_percent", change, most=MOST_CHANGE),
        require_exclusion=() if require_exclusion is None else read_exclusions("require_exclusion", require_exclusion),
        allow_sql_segment=parameters.yes_or_no("allow_sql_segment", allow_sql_segment),
    )


def with_times(
    guards: GuardSettings,
    *,
    permitted_hours: object,
    closed_days: object,
    country: object,
    connection: Settings | None,
    read: Callable[[str], str],
) -> GuardSettings:
    """Add when people may be contacted: what the parameters say, else what the connection says.

    :param connection: None = look at the parameters only, before anything is asked of anybody
    :param read: gives the text of a file
    :raises InvalidInput: a setting is not what it must be, or `country` isn't in `closed_days`
    """
    where, hours = _either("permitted_hours", permitted_hours, connection)
    if hours is not None:
        guards = replace(guards, permitted_hours=read_permitted_hours(where, hours))
    where, days = _either("closed_days", closed_days, connection)
    if days is not None:
        guards = replace(guards, closed_days=read_closed_days(where, days, read=read))
    countries = _countries(country)
    if countries and guards.closed_days:
        guards = replace(guards, closed_days=guards.closed_days.of(where, countries))
    elif countries and connection:
        raise InvalidInput(
            f"`country` is {', '.join(countries)}, and there are no `closed_days` to look it up in",
            allowed="country together with closed_days by country: a parameter, or in the connection's extra",
            hint=f'add "closed_days": {{"{countries[0]}": "/path/to/holidays.ics"}} to the extra of {connection.where}',
            code="no_closed_days",
        )
    return guards


def _either(name: str, given: object, connection: Settings | None) -> tuple[str, object]:
    """Give a setting and where it stands: the parameter's value, else the connection's."""
    if given is not None:
        return name, given
    if connection is None:
        return name, None
    return f"{connection.where}: extra.{name}", getattr(connection, name)


def _countries(value: object) -> tuple[str, ...]:
    """Read one or several countries: a text, several with commas between, or a list of texts."""
    if value is None or value == "":
        return ()
    texts = value.split(",") if isinstance(value, str) else value
    if isinstance(texts, list | tuple) and texts and all(isinstance(each, str) and each.strip() for each in texts):
        return tuple(each.strip() for each in texts)
    raise InvalidInput.of(
        "country", value, allowed='names out of `closed_days`: "FR", "FR, DE" or ["FR", "DE"]', hint='country="FR"'
    )


def age(name: str, value: object) -> timedelta | None:
    """Read a bound of an age; None or `ANY` = no bound.

    :raises InvalidInput: no length of time
    """
    return None if value in UNBOUND else timedelta(seconds=seconds(name, value))
