"""Groups of tasks that data teams put into their DAGs: prepare a segment, launch a campaign on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from connect_campaigns._compat import TaskGroup
from connect_campaigns.connection import CONNECTION_FIELDS
from connect_campaigns.core.afterwards import check_afterwards, constants, of_the_run
from connect_campaigns.core.columns import AUDIENCE_RUN
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.keys import per_day, run_day
from connect_campaigns.launch_group import LaunchGroup
from connect_campaigns.operators.backfilled import CountBackfilledRowsOperator
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator, StartCampaignOperator
from connect_campaigns.operators.outcome import CheckCampaignOutcomeOperator
from connect_campaigns.operators.publishing import PublishSegmentOperator, ReadRefreshedSegmentOperator, segment_asset
from connect_campaigns.operators.segments import (
    CreateSegmentDefinitionOperator,
    EstimateSegmentOperator,
    ImportProfilesOperator,
)
from connect_campaigns.sensors.campaigns import CampaignStateSensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connect_campaigns._compat import XComArg

__all__ = ["launch_campaign", "per_day", "prepare_segment", "refreshed_segment", "run_day", "segment_asset"]

AUDIENCE_UNKNOWN: dict[str, Any] = dict.fromkeys(
    (
        "min_launch_gap",
        "if_overlap",
        "max_data_age",
        "max_suppression_age",
        "min_audience",
        "max_audience",
        "max_audience_change_percent",
        "require_exclusion",
    )
)
"""What a check that runs before the segment is prepared can't ask: whom is it for? Create and start do."""


def prepare_segment(
    *,
    definition: tuple[str, Any] | str,
    csv: str | None = None,
    imported: ImportProfilesOperator | None = None,
    key_column: str | None = None,
    columns: dict[str, str] | str | None = None,
    rename_columns: str | None = None,
    default_country: str | None = None,
    data_expiry_days: int | str = 14,
    max_file_age: timedelta | float | str | None = None,
    max_failed_rows: int | str = 0,
    audience_run: str | None = None,
    allow_all_profiles: bool | str = False,
    min_audience: int | str = 1,
    max_audience: int | str | None = None,
    suppression: XComArg | None = None,
    allow_sql_segment: bool | str = False,
    deferrable: bool | None = None,
    max_run_age: timedelta | float | str | None = timedelta(hours=12),
    keep_rows: Mapping[str, Any] | str | None = None,
    publish: bool = False,
    group_id: str = "prepare_segment",
    after: Any = None,
    **common: Any,
) -> XComArg:
    """Prepare an audience: import a file, make sure of the segment's definition, count it.

    A run that is none of today's (a backfill's, a catch-up's, an old one cleared) imports nothing, since profiles have no
    history: it counts the rows of its file, XCom ``count`` of ``count_backfilled``, and skips the rest.

    Every parameter but `group_id` and `publish` may be a template; `ImportProfilesOperator`,
    `CreateSegmentDefinitionOperator` and `EstimateSegmentOperator` say what each one takes.

    :param definition: the definition's name (without hash) and its groups; or a YAML file that says both
    :param csv: the file to import, which then needs `key_column`; None = the profiles are there already
    :param imported: in place of `csv`, the task that imports a file for several segments; its ``audience_run`` is theirs
    :param audience_run: mark the people of this file, by the launch's name as ``per_day`` makes it and a hash of the file,
        so that the segment is them, narrowed by the definition's groups: a corrected file makes a segment of its own
    :param suppression: output of the import of who must not be contacted; without `after`, in runs of today only
    :param deferrable: wait for the import in the triggerer; default: Airflow's own setting
    :param max_run_age: seconds or timedelta; a run due longer ago is none of today's; ``None`` = no bound, but for backfills
    :param keep_rows: in such a run keep the file's rows, too, in S3 and for so long: see `CountBackfilledRowsOperator`
    :param publish: publish an asset event of the segment: see `PublishSegmentOperator`
    :param after: a task, or several, that this waits for: ``task >> prepare_segment(…)`` would order its last task alone
    :param common: for all its tasks: the connection's parameters and Airflow's own, as ``retries``
    :returns: the last task's output, a `PreparedSegment` as a dict: what ``source=`` of a launch takes
    :raises InvalidInput: `imported` stands beside what says how to import, or `keep_rows` without a file
    """
    _demand_one_import(imported, csv, audience_run, key_column, columns, rename_columns, default_country)
    _demand_file(csv, keep_rows)
    with TaskGroup(group_id):
        first: Any = None
        if csv is not None:
            reading: dict[str, Any] = {"path": csv, "key_column": key_column, "columns": columns, **common}
            reading |= {"rename_columns": rename_columns, "max_failed_rows": max_failed_rows}
            reading |= {"max_run_age": max_run_age, "default_country": default_country}
            first = _counting(reading, keep_rows=keep_rows, is_first=after is None)
            given = {"audience_run": audience_run, "data_expiry_days": data_expiry_days, "max_file_age": max_file_age}
            first >> (imported := _importing(reading, deferrable=deferrable, **given))
        run = audience_run if imported is None else _mark(imported)
        defined = _defining(definition, imported, allow_all_profiles=allow_all_profiles, audience_run=run, **common)
        bounds = {"min_audience": min_audience, "max_audience": max_audience, "allow_sql_segment": allow_sql_segment}
        gate = first if after is None else None
        estimate = _estimating(defined, imported, suppression=suppression, gate=gate, **bounds, **common)
        if publish:
            _publishing(estimate, max_run_age=max_run_age, **common)
    if after is not None:
        after >> (first or defined)
    return estimate.output


def refreshed_segment(segment: str, *, if_several: str = "fail", **common: Any) -> XComArg:
    """Read which segment's refresh triggered this run: a DAG with ``schedule=[segment_asset(segment)]``.

    :param segment: the definition's name without hash (templated)
    :param if_several: ``"fail"``, or ``"newest"``: take the last of the events that piled up (templated)
    :param common: Airflow's own parameters of the task, as ``retries``
    :returns: a `PreparedSegment` as a dict: what ``source=`` of a launch takes
    """
    return ReadRefreshedSegmentOperator(
        **{"task_id": "refreshed_segment", **common}, segment=segment, if_several=if_several
    ).output


def launch_campaign(
    *,
    template: str,
    launch_key: str,
    source: XComArg | Mapping[str, Any] | str | None = None,
    group_id: str = "launch_campaign",
    min_attempted: int | str | None = 1,
    min_attempted_percent: float | str | None = None,
    on_shortfall: str = "fail",
    patience: float | str | timedelta = timedelta(minutes=15),
    poke_interval: float = 60,
    max_poll_interval: float | str | timedelta = timedelta(minutes=15),
    wait_timeout: timedelta | float = timedelta(days=2),
    deferrable: bool | None = None,
    **launching: Any,
) -> TaskGroup:
    """Launch one campaign, once: check, create, start, wait, and judge the outcome.

    `check` runs before everything that `source` comes from and that no other launch needs: a frozen ledger, one that can't
    be read, or a schedule that can't work fail in seconds, and not after a long import. `create` and `start` share the
    launch key, so clearing or retrying any task, or running the DAG again, launches nothing a second time.

    What `wait` and `outcome` are told is looked at when the DAG is parsed, templates by `check`; only what another task
    gives is looked at by them alone.

    :param template: id, ARN, console URL or name of the campaign to clone (templated)
    :param launch_key: the name of this launch (templated), as `per_day` makes one
    :param source: what `prepare_segment` returns, or a segment definition's ARN; default: the template's own source
    :param min_attempted: at least so many people must have been attempted (templated)
    :param min_attempted_percent: of those targeted (templated)
    :param on_shortfall: ``"fail"`` or ``"warn"`` (templated)
    :param patience: how long the figures may be late (templated)
    :param poke_interval: seconds between two looks at the state
    :param wait_timeout: how long the campaign may take
    :param deferrable: wait in the triggerer; default: Airflow's own setting
    :param launching: the parameters of `LaunchingOperator`: schedule and guards; and the connection's
    :returns: the group: ``task >> launch_campaign(…)`` makes all of it wait, and what `check` is in front of; its task
        ``outcome`` pushes the outcome
    """
    connection = {name: launching[name] for name in CONNECTION_FIELDS if name in launching}
    waiting: dict[str, Any] = {} if deferrable is None else {"deferrable": deferrable}
    asked: dict[str, Any] = {"min_attempted": min_attempted, "min_attempted_percent": min_attempted_percent}
    asked |= {"on_shortfall": on_shortfall, "patience": patience}
    told = {**asked, "max_poll_interval": max_poll_interval}
    check_afterwards(constants(told))
    group = LaunchGroup(group_id)
    with group:
        check, create, start = _checked_start(template, launch_key, source, launching, afterwards=of_the_run(told))
        campaign = cast("str", start.output)
        wait = CampaignStateSensor(
            task_id="wait",
            campaign_id=campaign,
            poke_interval=poke_interval,
            max_poll_interval=max_poll_interval,
            timeout=wait_timeout,
            **waiting,
            **connection,
        )
        outcome = CheckCampaignOutcomeOperator(task_id="outcome", campaign_id=campaign, **asked, **connection)
        check >> create >> start >> wait >> outcome
    group.check_first()
    return group


def _checked_start(
    template: str,
    launch_key: str,
    source: XComArg | Mapping[str, Any] | str | None,
    launching: dict[str, Any],
    *,
    afterwards: dict[str, Any],
) -> tuple[PreflightOperator, CreateCampaignOperator, StartCampaignOperator]:
    """Make the three tasks that share a launch key."""
    same: dict[str, Any] = {"launch_key": launch_key, **launching}
    first = same if source is None else {**same, **AUDIENCE_UNKNOWN}
    same = same if source is None else {**same, "source": source}
    check = PreflightOperator(task_id="check", template=template, afterwards=afterwards, **first)
    create = CreateCampaignOperator(task_id="create", template=template, **same)
    start = StartCampaignOperator(task_id="start", campaign_id=cast("str", create.output), renew_schedule=True, **same)
    return check, create, start


def _demand_one_import(imported: ImportProfilesOperator | None, *how: Any) -> None:
    """Refuse a task that imports together with what says how to import.

    :raises InvalidInput: both are given
    """
    if imported is not None and any(each is not None for each in how):
        raise InvalidInput(
            "`imported` is given together with `csv`, or with how to read it",
            allowed="either of the two: a file to import, or a task that imports one",
            hint="give these parameters to the ImportProfilesOperator that you hand over",
            code="contradiction",
        )


def _demand_file(csv: str | None, keep_rows: object) -> None:
    """Refuse to keep rows of no file.

    :raises InvalidInput: there is none
    """
    if keep_rows is not None and csv is None:
        raise InvalidInput(
            "`keep_rows` is given, and there is no file whose rows could be kept",
            allowed="`keep_rows` together with `csv`",
            hint="where `imported` imports the file, give `keep_rows` to the CountBackfilledRowsOperator in front of it",
            code="contradiction",
        )


def _counting(reading: dict[str, Any], *, is_first: bool, **given: Any) -> CountBackfilledRowsOperator:
    # A launch's check, which skips a backfill, is upstream of it: the rows are counted all the same.
    rule = {"trigger_rule": "none_failed"} if is_first else {}
    return CountBackfilledRowsOperator(task_id="count_backfilled", **given, **{**reading, **rule})


def _importing(reading: dict[str, Any], *, deferrable: bool | None, **given: Any) -> ImportProfilesOperator:
    waiting: dict[str, Any] = {} if deferrable is None else {"deferrable": deferrable}
    return ImportProfilesOperator(task_id="import_profiles", **given, **reading, **waiting)


def _mark(imported: ImportProfilesOperator) -> Any:
    """Give what marks the people of an import's file, which the import itself settles; None = nothing does."""
    return None if imported.audience_run is None else cast("Any", imported.output)[AUDIENCE_RUN]


def _defining(
    definition: tuple[str, Any] | str, imported: ImportProfilesOperator | None, **given: Any
) -> CreateSegmentDefinitionOperator:
    said = (
        {"definition": definition} if isinstance(definition, str) else {"name": definition[0], "groups": definition[1]}
    )
    defined = CreateSegmentDefinitionOperator(task_id="create_definition", **said, **given)
    if imported is not None:
        imported >> defined
    return defined


def _estimating(
    defined: CreateSegmentDefinitionOperator,
    imported: ImportProfilesOperator | None,
    *,
    suppression: XComArg | None,
    gate: CountBackfilledRowsOperator | None,
    **given: Any,
) -> EstimateSegmentOperator:
    rule: dict[str, Any] = {}
    if suppression is not None and gate is not None:
        gate >> suppression  # the list of a past day is none of today's either
        rule["trigger_rule"] = "none_failed_min_one_success"  # an optional list that nobody gave ends skipped
    output = None if imported is None else imported.output
    return EstimateSegmentOperator(
        task_id="estimate", segment=defined.output, imported=output, suppression=suppression, **{**given, **rule}
    )


def _publishing(estimate: EstimateSegmentOperator, **given: Any) -> PublishSegmentOperator:
    segment = cast("Any", estimate.output)
    return PublishSegmentOperator(task_id="publish", segment=segment, **_besides_connection(given))


def _besides_connection(common: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in common.items() if name not in CONNECTION_FIELDS}
