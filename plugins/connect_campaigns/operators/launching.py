"""What the operators that launch have in common: their parameters, checked, and the launcher with its clocks."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connect_campaigns.context import refreshes, run_info
from connect_campaigns.core import parameters
from connect_campaigns.core.errors import LaunchSkipped
from connect_campaigns.core.guard_settings import checked_guards, with_times
from connect_campaigns.core.keys import launch_key
from connect_campaigns.core.launch import Mode
from connect_campaigns.core.refreshed import newest
from connect_campaigns.core.schedule import checked
from connect_campaigns.core.verdict_text import table
from connect_campaigns.core.verdicts import Failed
from connect_campaigns.operators.audience import AudienceOperator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connect_campaigns._compat import Context
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.core.attempt import LaunchRequest
    from connect_campaigns.core.run import RunInfo
    from connect_campaigns.core.schedule import ScheduleSpec
    from connect_campaigns.core.settings import Settings
    from connect_campaigns.core.verdicts import GuardSettings
    from connect_campaigns.launcher import Launcher


class LaunchingOperator(AudienceOperator):
    """Base of the operators that create, check and start campaigns.

    :param launch_key: the name of this one launch (templated); default ``dag_id/run_id/task_id``. A mapped task has to
        give one per item. A key launches at most once, whoever retries, clears or runs again
    :param launch_ledger: ``s3://bucket/prefix``, over the connection's (templated)
    :param deployment: leads every key, over the connection's (templated)
    :param start_at: first contact, wall time ``"09:00"`` of the run's day (templated)
    :param latest_start: a launch that is ready later is late (templated)
    :param end_at: last contact, wall time (templated); default: as long after start_at as in the template
    :param timezone: IANA zone of the wall times (templated)
    :param if_late: ``"fail"`` or ``"skip"`` (templated)
    :param start_after: seconds or timedelta from service time on, in place of ``start_at`` (templated): demos, tests
    :param max_run_age: seconds or timedelta; a run due longer ago launches nobody, nor one on a segment that was refreshed
        longer ago (templated); ``None`` = no bound; where ``latest_start`` or ``end_at`` is given, of refreshes only
    :param if_manual: what a manual run of a scheduled DAG does: ``"launch"`` or ``"check"`` (templated)
    :param require_hours: demand communication hours of every channel, not of voice alone (templated)
    :param permitted_hours: channel (or ``default``) → weekdays → hours, over the connection's (templated): the campaign's
        communication hours must lie inside, by the recipients' clock
    :param closed_days: dates, or an iCalendar file, or these by country, over the connection's (templated): a campaign
        that would contact people on one is refused
    :param country: which countries of `closed_days` count (templated); default: all of them
    :param if_no_limits: ``"warn"`` or ``"fail"`` where the campaign has no communication limits, or opts out of the
        instance's (templated)
    :param ignore_instance_limits: the reason why this campaign may opt out of the instance's limits (templated)
    :param min_launch_gap: seconds or timedelta within which no other launch key may have launched the same template on
        the same audience (templated); of clones only; ``None`` = any
    :param if_overlap: ``"fail"`` or ``"warn"`` where another campaign is active on the same source (templated); costs a
        listing of all campaigns, and the right to; ``None`` = nobody looks
    :param check_only: evaluate every guard, write and start nothing, end skipped (templated)
    """

    template_fields: Sequence[str] = (
        *AudienceOperator.template_fields,
        "launch_key",
        "launch_ledger",
        "deployment",
        "start_at",
        "latest_start",
        "end_at",
        "timezone",
        "if_late",
        "start_after",
        "max_run_age",
        "if_manual",
        "require_hours",
        "permitted_hours",
        "closed_days",
        "country",
        "if_no_limits",
        "ignore_instance_limits",
        "min_launch_gap",
        "if_overlap",
        "check_only",
    )

    def __init__(
        self,
        *,
        launch_key: str | None = None,
        launch_ledger: str | None = None,
        deployment: str | None = None,
        start_at: str | None = None,
        latest_start: str | None = None,
        end_at: str | None = None,
        timezone: str | None = None,
        if_late: str = "fail",
        start_after: timedelta | float | str | None = None,
        max_run_age: timedelta | float | str | None = timedelta(hours=12),
        if_manual: str = "launch",
        require_hours: bool | str = False,
        permitted_hours: Mapping[str, Any] | str | None = None,
        closed_days: Mapping[str, Any] | list[str] | str | None = None,
        country: list[str] | str | None = None,
        if_no_limits: str = "warn",
        ignore_instance_limits: str | None = None,
        min_launch_gap: timedelta | float | str | None = timedelta(hours=12),
        if_overlap: str | None = None,
        check_only: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.launch_key = launch_key
        self.launch_ledger = launch_ledger
        self.deployment = deployment
        self.start_at = start_at
        self.latest_start = latest_start
        self.end_at = end_at
        self.timezone = timezone
        self.if_late = if_late
        self.start_after = start_after
        self.max_run_age = max_run_age
        self.if_manual = if_manual
        self.require_hours = require_hours
        self.permitted_hours = permitted_hours
        self.closed_days = closed_days
        self.country = country
        self.if_no_limits = if_no_limits
        self.ignore_instance_limits = ignore_instance_limits
        self.min_launch_gap = min_launch_gap
        self.if_overlap = if_overlap
        self.check_only = check_only

    def schedule_spec(self) -> ScheduleSpec:
        """Check the schedule's parameters.

        :raises InvalidInput: one is wrong, or two contradict each other
        """
        return checked(
            start_at=self.start_at,
            latest_start=self.latest_start,
            end_at=self.end_at,
            timezone=self.timezone,
            if_late=self.if_late,
            start_after=self.start_after,
        )

    def guard_settings(self) -> GuardSettings:
        """Check the guards' switches; what the connection adds is read by `launcher`.

        :raises InvalidInput: one is not what it must be
        """
        guards = checked_guards(
            max_run_age=self.max_run_age,
            lateness_bounded=self.schedule_spec().bounds_lateness,
            if_manual=self.if_manual,
            require_hours=self.require_hours,
            if_no_limits=self.if_no_limits,
            ignore_instance_limits=self.ignore_instance_limits,
            min_launch_gap=self.min_launch_gap,
            if_overlap=self.if_overlap,
        )
        return self._with_times(self.with_audience(guards), connection=None)

    def _with_times(self, guards: GuardSettings, *, connection: Settings | None) -> GuardSettings:
        return with_times(
            guards,
            permitted_hours=self.permitted_hours,
            closed_days=self.closed_days,
            country=self.country,
            connection=connection,
            read=lambda path: Path(path).read_text(encoding="utf-8"),
        )

    def key(self, run: RunInfo) -> str:
        """Settle the launch key; the deployment leads it.

        :raises InvalidInput: the key's form, or a mapped task without one
        """
        deployment = self.hook.settings.deployment if self.deployment is None else self.deployment
        return launch_key(self.launch_key, run=run, deployment=deployment)

    def ledger(self) -> Ledger | None:
        """The ledger of this task's parameter, else the connection's, else None."""
        return self.hook.ledger_at(self.launch_ledger)

    def demand_ledger(self, what: str) -> None:
        """Refuse where neither the parameter nor the connection names a ledger.

        :raises LaunchRefused: always then: there is no opt-out
        """
        from connect_campaigns.core.refusals import refuse_without_ledger

        if self.ledger() is None:
            raise refuse_without_ledger(what)

    def only_checks(self, run: RunInfo) -> bool:
        """Whether this run evaluates the guards and launches nothing."""
        manual = run.is_manual and run.scheduled and self.if_manual == "check"
        return manual or parameters.yes_or_no("check_only", self.check_only)

    def launcher(self, request: LaunchRequest) -> Launcher:
        """Make the launcher of a request, with real clocks.

        :raises InvalidInput: what the connection says to the guards is not what it must be
        """
        from connect_campaigns.aws.patience import Patience
        from connect_campaigns.launcher import Launcher

        guards = self._with_times(request.guards, connection=self.hook.settings)
        return Launcher(
            replace(request, guards=guards),
            campaigns=self.hook.campaigns,
            ledger=None if request.mode is Mode.BARE else self.ledger(),
            metrics=self.hook.metrics if request.run.relaunch else None,
            segments=self.hook.segments_of,
            log=self.log,
            wall_clock=lambda: datetime.now(UTC),
            patience=Patience(),
            nonce=lambda: uuid.uuid4().hex[:8],
        )

    def report_checks(self, request: LaunchRequest) -> None:
        """Evaluate every guard and log the verdicts as a table.

        :raises LaunchSkipped: always: a check launches nothing and is no success either
        """
        from connect_campaigns.preflight import preflight

        verdicts, _ = preflight(self.launcher(request))
        self.log.info("Checked, nothing written, nothing started:\n%s", table(verdicts))
        failed = [name for name, verdict in verdicts if isinstance(verdict, Failed) and name != "manual_run"]
        raise LaunchSkipped(
            f"checked only: {len(verdicts)} guards, "
            + (f"{', '.join(failed)} would refuse" if failed else "none would refuse"),
            allowed="a launch, by a run that is not told to check only",
            hint='the table is in the log above; to launch, trigger with "launch", or without check_only',
            code="check_only",
        )

    def run_info(self, context: Context) -> RunInfo:
        """The run of this attempt, and the segments whose refresh triggered it.

        :raises InvalidInput: one of these events says nothing of an audience
        """
        return replace(run_info(context), refreshes=newest(refreshes(context)))
