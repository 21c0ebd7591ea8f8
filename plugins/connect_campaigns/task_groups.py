"""Groups of tasks that data teams put into their DAGs: prepare a segment, launch a campaign on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from connect_campaigns._compat import TaskGroup
from connect_campaigns.connection import CONNECTION_FIELDS
from connect_campaigns.core.columns import AUDIENCE_RUN
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.keys import per_day
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

    from connect_campaigns._compat import BaseOperator, XComArg

__all__ = ["launch_campaign", "per_day", "prepare_segment", "refreshed_segment", "segment_asset"]

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
    max_failed_rows: int | str = 0,
    audience_run: str | None = None,
    allow_all_profiles: bool | str = False,
    min_audience: int | str = 1,
    max_audience: int | str | None = None,
    suppression: XComArg | None = None,
    allow_sql_segment: bool | str = False,
    deferrable: bool | None = None,
    max_run_age: timedelta | float | str | None = timedelta(hours=12),
    publish: bool = False,
    group_id: str = "prepare_segment",
    after: Any = None,
    **common: Any,
) -> XComArg:
    """Prepare an audience: import a file, make sure of the segment's definition, count it.

    Profiles have no history, so a run that is none of today's (a backfill's, a catch-up's, an old one cleared) imports
    nothing: it counts the rows of its file, XCom ``count`` of ``count_backfilled``, and skips the rest.

    Every parameter but `group_id` and `publish` may be a template; `ImportProfilesOperator`,
    `CreateSegmentDefinitionOperator` and `EstimateSegmentOperator` say what each one takes.

    :param definition: the definition's name (without hash) and its groups; or a YAML file that says both
    :param csv: the file to import, which then needs `key_column`; None = the profiles are there already
    :param imported: in place of `csv`, the task that imports a file for several segments; its ``audience_run`` is theirs
    :param audience_run: mark the people of this file, so that the segment is them, narrowed by the definition's groups:
        the launch's name, as ``per_day`` makes it. The import adds a hash of the file: the same file again leaves a
        launched segment as it is, a corrected one makes a segment of its own
    :param suppression: the output of the ImportProfilesOperator that brings in who must not be contacted: the launch's
        ``max_suppression_age`` judges its time
    :param deferrable: wait for the import in the triggerer; default: Airflow's own setting
    :param max_run_age: seconds or timedelta; a run due longer ago is none of today's; ``None`` = no bound, but for backfills
    :param publish: publish an asset event of the segment: see `PublishSegmentOperator`
    :param after: a task, or several, that this waits for: the job that writes the file. (``task >> prepare_segment(…)``
        would order its last task alone: what is returned is that task's output)
    :param common: for all its tasks: the connection's parameters and Airflow's own, as ``retries``
    :returns: the last task's output, a `PreparedSegment` as a dict: what ``source=`` of a launch takes
    :raises InvalidInput: `imported` stands beside what says how to import
    """
    if (
        imported is not None
        and (csv, audience_run, key_column, columns, rename_columns, default_country) != (None,) * 6
    ):
        raise InvalidInput(
            "`imported` is given together with `csv`, or with how to read it",
            allowed="either of the two: a file to import, or a task that imports one",
            hint="give these parameters to the ImportProfilesOperator that you hand over",
            code="contradiction",
        )
    defined: dict[str, Any] = (
        {"definition": definition} if isinstance(definition, str) else {"name": definition[0], "groups": definition[1]}
    )
    waiting: dict[str, Any] = {} if deferrable is None else {"deferrable": deferrable}
    with TaskGroup(group_id):
        counted = None
        if csv is not None:
            reading: dict[str, Any] = {
                "path": csv,
                "key_column": key_column,
                "columns": columns,
                "rename_columns": rename_columns,
                "default_country": default_country,
                "max_failed_rows": max_failed_rows,
                **common,
            }
            # A launch's check, which skips a backfill, is upstream of it: the rows are counted all the same.
            rule = {} if after is not None else {"trigger_rule": "none_failed"}
            counted = CountBackfilledRowsOperator(
                task_id="count_backfilled", max_run_age=max_run_age, **{**reading, **rule}
            )
            imported = ImportProfilesOperator(
                task_id="import_profiles",
                audience_run=audience_run,
                data_expiry_days=data_expiry_days,
                **reading,
                **waiting,
            )
            counted >> imported
        marked: Any = audience_run
        if imported is not None and imported.audience_run is not None:
            marked = cast("Any", imported.output)[AUDIENCE_RUN]
        create_definition = CreateSegmentDefinitionOperator(
            task_id="create_definition",
            **defined,
            allow_all_profiles=allow_all_profiles,
            audience_run=marked,
            **common,
        )
        estimate = EstimateSegmentOperator(
            task_id="estimate",
            segment=create_definition.output,
            min_audience=min_audience,
            max_audience=max_audience,
            imported=None if imported is None else imported.output,
            suppression=suppression,
            allow_sql_segment=allow_sql_segment,
            **common,
        )
        if imported is not None:
            imported >> create_definition
        if publish:
            PublishSegmentOperator(
                task_id="publish",
                segment=cast("Any", estimate.output),
                max_run_age=max_run_age,
                **_besides_connection(common),
            )
    if after is not None:
        after >> (create_definition if counted is None else counted)
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

    `check` runs before everything that `source` comes from: a frozen ledger, one that can't be read, or a schedule that
    can't work fail in seconds, and not after a long import. `create` and `start` share the launch key, so clearing or
    retrying any task, or running the DAG again, launches nothing a second time.

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
    :returns: the group: ``task >> launch_campaign(…)`` makes all of it wait, and its task ``outcome`` pushes the outcome
    """
    connection = {name: launching[name] for name in CONNECTION_FIELDS if name in launching}
    waiting: dict[str, Any] = {} if deferrable is None else {"deferrable": deferrable}
    with TaskGroup(group_id) as group:
        first = launching if source is None else {**launching, **AUDIENCE_UNKNOWN}
        check = PreflightOperator(task_id="check", template=template, launch_key=launch_key, **first)
        create = CreateCampaignOperator(
            task_id="create", template=template, source=cast("str | None", source), launch_key=launch_key, **launching
        )
        start = StartCampaignOperator(
            task_id="start",
            campaign_id=cast("str", create.output),
            source=cast("str | None", source),
            launch_key=launch_key,
            renew_schedule=True,
            **launching,
        )
        wait = CampaignStateSensor(
            task_id="wait",
            campaign_id=cast("str", start.output),
            poke_interval=poke_interval,
            max_poll_interval=max_poll_interval,
            timeout=wait_timeout,
            **waiting,
            **connection,
        )
        outcome = CheckCampaignOutcomeOperator(
            task_id="outcome",
            campaign_id=cast("str", start.output),
            min_attempted=min_attempted,
            min_attempted_percent=min_attempted_percent,
            on_shortfall=on_shortfall,
            patience=patience,
            **connection,
        )
        check >> create >> start >> wait >> outcome
    for each in _first_tasks(create, besides=check):
        check >> each
        if each.trigger_rule != "all_success":  # it runs where check skipped, so what follows it must see that itself
            check >> each.downstream_list
    return group


def _besides_connection(common: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in common.items() if name not in CONNECTION_FIELDS}


def _first_tasks(task: BaseOperator, *, besides: BaseOperator) -> list[Any]:
    """Find the tasks that everything upstream of a task begins with."""
    upstream = task.get_flat_relatives(upstream=True)
    return [each for each in upstream if each is not besides and not each.upstream_task_ids]
