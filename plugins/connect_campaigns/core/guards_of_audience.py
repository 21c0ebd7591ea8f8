"""Guards that look at whom a launch is for: which definition, how fresh, how many, and who is left out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connect_campaigns.core.exclusion import doubts, excludes
from connect_campaigns.core.keys import same_source
from connect_campaigns.core.outcome import has_audience
from connect_campaigns.core.refusals import A_KEY_EACH
from connect_campaigns.core.schedule import Window
from connect_campaigns.core.verdicts import Failed, NotEvaluated, OnFailure, Passed, span, told

if TYPE_CHECKING:
    from datetime import datetime

    from connect_campaigns.core.verdicts import Facts, GuardSettings, SegmentRead, Verdict

EXPIRY_MARGIN = timedelta(days=1)
"""From a campaign's end until its people may be forgotten: their file took hours to import, and the first row counts."""


def prepared_segment(facts: Facts, _: GuardSettings) -> Verdict:
    """The campaign's source is the segment that was prepared, content included: an ARN proves none."""
    prepared, read = facts.prepared, facts.segment
    source = (facts.config or {}).get("source", {}).get("customerProfilesSegmentArn")
    if facts.asked_source and not same_source(source, facts.asked_source):
        return Failed(
            f"the campaign's source is {source}, and this launch is for {facts.asked_source}",
            allowed="a campaign whose source is the one that `source` names",
            hint=f"{A_KEY_EACH}; is it the same launch on a corrected audience: python -m connect_campaigns relaunch"
            f" {facts.key!r} --reason '…', then clear the create task, or this one where it clones",
            then=OnFailure.HOLD,
        )
    if prepared is None:
        return NotEvaluated("`source` carries no hash and no time")
    if isinstance(read, str):
        return NotEvaluated(read)
    if read is None:
        return _gone(prepared.name)
    if (read.hash, read.created_at) == (prepared.definition_hash, prepared.created_at):
        return Passed(f"hash {read.hash}, made {read.created_at:%Y-%m-%d %H:%M:%S} UTC")
    return Failed(
        f"segment definition {read.name} has hash {read.hash}, made {read.created_at.isoformat()}",
        allowed=f"the one that was prepared: hash {prepared.definition_hash}, made {prepared.created_at.isoformat()}",
        hint="it was deleted and made again meanwhile: clear the tasks that prepare the segment, then this one",
    )


def sql_segment(facts: Facts, settings: GuardSettings) -> Verdict:
    """The source isn't defined by SQL: campaigns can't use such a segment unless AWS Support says so (documented)."""
    read = facts.segment
    if read is None or isinstance(read, str):
        return NotEvaluated(read or "the segment definition isn't there")
    return sql_refused(read.name) if isinstance(read.content, str) and not settings.allow_sql_segment else Passed()


def sql_refused(name: str) -> Failed:
    """Make the refusal of a segment that is defined by SQL."""
    return Failed(
        f"segment {name} is defined by SQL (SegmentSqlQuery)",
        allowed="segments defined by groups (SegmentGroups): campaigns can't use SQL segments unless AWS Support enables"
        " that for the account, and membership is that of the last exported snapshot (documented)",
        hint="write the condition as groups; where AWS Support enabled it: allow_sql_segment=True",
    )


def data_age(facts: Facts, settings: GuardSettings) -> Verdict:
    """The profiles were imported a short while ago: judged by the import, since a definition is never older than it says."""
    imported_at = facts.prepared.imported_at if facts.prepared else None
    return _age("max_data_age", settings.max_data_age, "the audience's profiles", imported_at, facts)


def suppression_age(facts: Facts, settings: GuardSettings) -> Verdict:
    """The list of people who must not be contacted was imported a short while ago."""
    imported_at = facts.prepared.suppression_imported_at if facts.prepared else None
    return _age("max_suppression_age", settings.max_suppression_age, "the suppression list", imported_at, facts)


def _age(setting: str, bound: timedelta | None, what: str, imported_at: datetime | None, facts: Facts) -> Verdict:
    if bound is None:
        return NotEvaluated(f"{setting}=None")
    if facts.prepared is None:
        return _unprepared(setting)
    if imported_at is None or facts.now is None:
        return Failed(
            f"when {what} was imported can't be told: `source` carries no import of it",
            allowed=f"an import at most {span(bound)} ago (`{setting}`)",
            hint="import it in prepare_segment(...) or ImportProfilesOperator, and hand on what that returned",
        )
    age = facts.now - imported_at
    if age <= bound:
        return Passed(f"imported {span(age)} ago")
    return Failed(
        f"{what} was imported {span(age)} ago ({imported_at:%Y-%m-%d %H:%M} UTC)",
        allowed=f"an import at most {span(bound)} ago (`{setting}`)",
        hint="clear the task that imports it, then this one",
    )


def data_expiry(facts: Facts, settings: GuardSettings) -> Verdict:
    """The imported people outlive the campaign, and so do those who must not be contacted: expired profiles are in no segment."""
    prepared, window = facts.prepared, facts.window
    if settings.if_expiring is None:
        return NotEvaluated("if_expiring=None")
    expiries = {
        "the audience's profiles": prepared.expires_at if prepared else None,
        "the suppression list's profiles": prepared.suppression_expires_at if prepared else None,
    }
    known = {what: at for what, at in expiries.items() if at is not None}
    if not known:
        return NotEvaluated("`source` carries no import's expiry")
    if not isinstance(window, Window):
        return NotEvaluated("the campaign has no schedule that could be looked at")
    what = min(known, key=known.__getitem__)
    missing = window.end + EXPIRY_MARGIN - known[what]
    if missing <= timedelta():
        return Passed(f"until {known[what]:%Y-%m-%d %H:%M} UTC")
    return told(
        settings.if_expiring,
        found=f"{what} are forgotten from {known[what]:%Y-%m-%d %H:%M} UTC on, and the campaign ends at"
        f" {window.end:%Y-%m-%d %H:%M} UTC",
        allowed="profiles that are kept until a day after the campaign's end, or longer",
        hint=f"raise `data_expiry_days` of their import by {-(-missing // timedelta(days=1))} or more, and clear that import",
    )


def audience(facts: Facts, settings: GuardSettings) -> Verdict:
    """As many people as the DAG's author expects: nobody, or everybody, is a mistake in the file or its conditions."""
    least, most, prepared = settings.min_audience, settings.max_audience, facts.prepared
    if prepared is None:
        given = "max_audience" if least is None else "min_audience"
        return NotEvaluated("`source` carries no count") if least is most is None else _unprepared(given)
    failed = out_of_bounds(prepared.name, prepared.count, least=1 if least is None else least, most=most)
    return failed or Passed(f"{prepared.count:,} profiles")


def out_of_bounds(name: str, count: int, *, least: int, most: int | None) -> Failed | None:
    """Make the refusal of an audience that is too small or too large; None = it is neither.

    :param count: profiles
    """
    if count >= least and (most is None or count <= most):
        return None
    too_few = "look at the conditions' spelling and case, at the import and its expiry; or lower `min_audience`"
    return Failed(
        f"segment {name} " + (f"has {count:,} profiles" if count else "is empty"),
        allowed=f"{least:,} profiles or more" + (f", at most {most:,}" if most is not None else ""),
        hint=too_few if count < least else "look for a condition that is missing; or raise `max_audience`",
    )


def audience_change(facts: Facts, settings: GuardSettings) -> Verdict:
    """About as many people as the last launch of this template on this audience had."""
    bound, last, prepared = settings.max_audience_change_percent, facts.last_launch, facts.prepared
    if bound is None:
        return NotEvaluated("max_audience_change_percent=None")
    if not facts.has_ledger:
        return Failed(
            "`max_audience_change_percent` is given, and there is no ledger that knows the last launch",
            allowed="a connection whose extra has `launch_ledger`",
            hint="add one, or leave `max_audience_change_percent` out",
        )
    if prepared is None:
        return _unprepared("max_audience_change_percent")
    if last is None or last.count is None:
        return NotEvaluated("no earlier launch of this template on this audience was counted")
    if last.count == prepared.count:
        return Passed(f"{prepared.count:,} profiles, as many as at {last.at}")
    change = (prepared.count - last.count) / last.count * 100 if last.count else float("inf")
    words = f"{abs(change):.1f} % {'more' if change > 0 else 'less'} than the {last.count:,} of the last launch"
    if abs(change) <= bound:
        return Passed(f"{prepared.count:,} profiles, {words}")
    return Failed(
        f"segment {prepared.name} has {prepared.count:,} profiles, {words} (key {last.key!r}, {last.at})",
        allowed=f"a change of at most {bound:g} % (`max_audience_change_percent`)",
        hint="look at the file and the segment's conditions; where the change is meant, raise it for this launch",
    )


def exclusion(facts: Facts, settings: GuardSettings) -> Verdict:
    """People who asked not to be contacted are left out by the segment itself, for certain."""
    wanted, read = settings.require_exclusion, facts.segment
    if not wanted:
        return NotEvaluated("require_exclusion=None")
    if not has_audience(facts.config or {}):
        return NotEvaluated("no segment campaign")
    if read is None:
        return _gone((facts.config or {})["source"]["customerProfilesSegmentArn"])
    if isinstance(read, str):
        return Failed(
            f"whether the segment leaves out {wanted[0].text!r} can't be told: {read}",
            allowed="a right to read the segment definition, where `require_exclusion` is given",
            hint="give the connection's role profile:GetSegmentDefinition; a retry asks again",
            then=OnFailure.HOLD,
        )
    missing = [
        each.text for each in wanted if not excludes(read.content, each, sources=read.sources, path=(read.name,))
    ]
    if not missing:
        return Passed(f"leaves out {', '.join(each.text for each in wanted)}")
    return _not_excluded(missing, read)


def _not_excluded(missing: list[str], read: SegmentRead) -> Failed:
    unsure = doubts(read.name, read.content, sources=read.sources)
    return Failed(
        f"segment {read.name} doesn't leave out {' and '.join(map(repr, missing))}"
        + (f", as far as can be told: {'; '.join(unsure)}" if unsure else ""),
        allowed="under Include ALL a group of SourceType NONE on that segment, or of Type NONE or with EXCLUSIVE on that"
        " attribute (`require_exclusion`)",
        hint=f'add excluding("{missing[0]}") to the groups, with the segment\'s whole name; docs/segments.md shows it',
    )


def _gone(name: str) -> Failed:
    return Failed(
        f"segment definition {name} is not there",
        allowed="a definition that exists",
        hint="it was deleted: clear the tasks that prepare the segment, then this one",
    )


def _unprepared(setting: str) -> Failed:
    return Failed(
        f"`{setting}` is given, and `source` doesn't carry what it judges",
        allowed="with it, `source` as prepare_segment(...) or EstimateSegmentOperator returned it, no bare ARN",
        hint=f"hand that over as `source`, or leave `{setting}` out",
    )
