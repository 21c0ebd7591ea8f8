"""Create, check and start campaigns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connect_campaigns.core import parameters
from connect_campaigns.core.afterwards import check_afterwards
from connect_campaigns.core.attempt import LaunchRequest
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.launch import Claim, Mode
from connect_campaigns.core.refusals import guard_failed
from connect_campaigns.core.verdict_text import lines, table
from connect_campaigns.core.verdicts import Failed, OnFailure
from connect_campaigns.operators.audience import OWN
from connect_campaigns.operators.launching import LaunchingOperator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connect_campaigns._compat import Context
    from connect_campaigns.core.attempt import Launched
    from connect_campaigns.core.prepared import PreparedSegment
    from connect_campaigns.core.run import RunInfo
    from connect_campaigns.core.schedule import ScheduleSpec
    from connect_campaigns.core.verdicts import GuardSettings

LAUNCH = "launch"
"""The XCom key of the launch record."""


class CreateCampaignOperator(LaunchingOperator):
    """Makes the campaign of a launch key from a template, once; returns its id. Starts nothing.

    Needs a ledger: without one a crash between the service's yes and our note of it leaves a campaign that nobody knows.
    Cleared, retried or run twice at once, the same key gives the same campaign.

    :param template: id, ARN, console URL or name of the campaign to clone (templated); it is never started
    :param source: what `prepare_segment` returns, or a segment definition's ARN (templated); default: ``"own"``, the
        template's. None is refused: it is what a task that gave no audience leaves
    :raises InvalidInput: a parameter is not what it must be; nothing was created
    :raises GuardFailed: a check that must hold before a launch doesn't; nothing was created
    :raises LaunchSkipped: this run launches nobody, and may
    :raises LaunchRefused: no ledger, or settings of the template that the SDK can't copy
    :raises RetryableError: a retry goes on from here
    """

    template_fields: Sequence[str] = (*LaunchingOperator.template_fields, "template", "source")

    def __init__(self, *, template: str, source: Mapping[str, Any] | str = OWN, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.template = template
        self.source = source

    def validate(self) -> tuple[str, tuple[str | None, PreparedSegment | None], ScheduleSpec, GuardSettings]:
        """Check every parameter, before any call.

        :raises InvalidInput: one is not what it must be
        """
        return (
            parameters.text("template", self.template, longest=500),
            self.read_source(self.source),
            self.schedule_spec(),
            self.guard_settings(),
        )

    def request(self, context: Context) -> LaunchRequest:
        """Check the parameters, then say what is wanted; a run that only checks ends here.

        :raises InvalidInput: a parameter is not what it must be
        :raises LaunchRefused: no ledger
        :raises LaunchSkipped: this run only checks
        """
        template, (source, prepared), schedule, guards = self.validate()
        run = self.run_info(context)
        self.demand_ledger("creating a campaign per run")
        request = LaunchRequest(
            mode=Mode.CREATE,
            run=run,
            instance_id=self.hook.settings.connect_instance_id,
            key=self.key(run),
            template=self.hook.resolve(template),
            source_arn=source,
            prepared=prepared,
            schedule=schedule,
            guards=guards,
        )
        if self.only_checks(run):
            self.report_checks(request)
        return request

    def execute(self, context: Context) -> str:
        """Make the campaign, or find the one that this key made before."""
        request = self.request(context)
        made = self.launcher(request).run()
        self.log.info(
            "Campaign %s is the one of launch key %r (generation %d).", made.campaign_id, request.key, made.generation
        )
        return made.campaign_id


class StartCampaignOperator(LaunchingOperator):
    """Launches one campaign, once, and returns its id. It doesn't wait: `CampaignStateSensor` does.

    Give a campaign that exists, or a template to clone. With a ledger a retry, a clear or a second run with the same
    key finds the launch and attaches; without one (only for a campaign that exists) it is refused, and says how to go on.

    Ending this task, however it ends, does not stop the calls: python -m connect_campaigns stop CAMPAIGN does.

    XCom ``launch``: ``campaign_id, key, generation, how, start, end, template, source, run``.

    :param campaign_id: id, ARN, console URL or name of the campaign to start (templated)
    :param template: in its place, the campaign to clone; needs a ledger (templated)
    :param source: what `prepare_segment` returns, or a segment definition's ARN (templated): a clone gets it, a campaign
        given has to have it; default: ``"own"``, the template's or the campaign's. None is refused, as for a create
    :param if_active: ``"refuse"``, or ``"attach"``: a campaign that somebody else started counts as started (templated)
    :param renew_schedule: give a campaign made by hand a new schedule where its start has passed (templated)
    :raises InvalidInput: a parameter is not what it must be; nothing was started
    :raises GuardFailed: a check that must hold before a launch doesn't; nothing was started
    :raises LaunchSkipped: this run launches nobody, and may
    :raises LaunchRefused: this launch must not happen
    :raises ServiceRefused: rights, quota, or a setting that the service doesn't take
    :raises RetryableError: a retry goes on from here
    """

    template_fields: Sequence[str] = (
        *LaunchingOperator.template_fields,
        "campaign_id",
        "template",
        "source",
        "if_active",
        "renew_schedule",
    )

    def __init__(
        self,
        *,
        campaign_id: str | None = None,
        template: str | None = None,
        source: Mapping[str, Any] | str = OWN,
        if_active: str = "refuse",
        renew_schedule: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_id = campaign_id
        self.template = template
        self.source = source
        self.if_active = if_active
        self.renew_schedule = renew_schedule
        self._campaign: str | None = None

    def validate(self) -> tuple[ScheduleSpec, GuardSettings]:
        """Check every parameter, before any call.

        :raises InvalidInput: one is not what it must be, or two contradict each other
        """
        if (self.campaign_id is None) == (self.template is None):
            empty = [name for name in ("campaign_id", "template") if getattr(self, name) in ("", "None")]
            raise InvalidInput(
                "neither `campaign_id` nor `template` is given"
                if self.template is None
                else "`campaign_id` and `template` are both given"
                + (f", `{empty[0]}` as {getattr(self, empty[0])!r}" if empty else ""),
                allowed="exactly one: a campaign that exists, or a template to clone",
                hint="campaign_id= for a campaign made in the console, template= for one campaign per run",
                code="contradiction",
            )
        name = "campaign_id" if self.template is None else "template"
        parameters.text(name, getattr(self, name), longest=500)
        parameters.choice("if_active", self.if_active, ("refuse", "attach"))
        self.read_source(self.source)
        schedule = self.schedule_spec()
        renews = parameters.yes_or_no("renew_schedule", self.renew_schedule)
        if self.campaign_id and schedule.given and not renews:
            raise InvalidInput(
                "start_at, end_at or start_after is given for a campaign that has its own schedule",
                allowed="them with template=, or with campaign_id= and renew_schedule=True",
                hint="renew_schedule=True lets this task change the campaign's schedule where its start has passed",
                code="contradiction",
            )
        return schedule, self.guard_settings()

    def execute(self, context: Context) -> str:
        """Launch, push the launch record, return the campaign's id."""
        schedule, guards = self.validate()
        run = self.run_info(context)
        request = self._request(run, schedule, guards)
        if self.only_checks(run):
            self.report_checks(request)
        self._campaign = request.campaign
        launched = self.launcher(request).run()
        self._campaign = launched.campaign_id
        self.log.info("Campaign %s: %s.", launched.campaign_id, launched.how)
        context["ti"].xcom_push(key=LAUNCH, value=self._record(launched, request))
        return launched.campaign_id

    def on_kill(self) -> None:
        """Say how to stop the calls, and leave the campaign alone.

        Airflow calls this for a worker's SIGTERM, a time-out and a deploy too: it is no sign of anybody's will.
        """
        if self._campaign:
            self.log.warning(
                "This task was ended; campaign %s was left alone. To stop the calls: python -m connect_campaigns stop %s",
                self._campaign,
                self._campaign,
            )

    def _request(self, run: RunInfo, schedule: ScheduleSpec, guards: GuardSettings) -> LaunchRequest:
        if self.template:
            self.demand_ledger("creating a campaign per run")
        source, prepared = self.read_source(self.source)
        mode = Mode.CLONE if self.template else Mode.GIVEN if self.ledger() else Mode.BARE
        return LaunchRequest(
            mode=mode,
            run=run,
            instance_id=self.hook.settings.connect_instance_id,
            key="" if mode is Mode.BARE else self.key(run),
            template=self.hook.resolve(self.template) if self.template else None,
            campaign=self.hook.resolve(self.campaign_id) if self.campaign_id else None,
            source_arn=source,
            prepared=prepared,
            schedule=schedule,
            guards=guards,
            attach=self.if_active == "attach",
            renew_schedule=parameters.yes_or_no("renew_schedule", self.renew_schedule),
        )

    @staticmethod
    def _record(launched: Launched, request: LaunchRequest) -> dict[str, Any]:
        window = launched.window
        return {
            "campaign_id": launched.campaign_id,
            "key": request.key,
            "generation": launched.generation,
            "how": launched.how.name.lower(),
            "start": window.start.isoformat() if window else None,
            "end": window.end.isoformat() if window else None,
            "template": request.template,
            "source": request.source_arn,
            "run": request.run.name,
        }


class PreflightOperator(CreateCampaignOperator):
    """Says what the launch of this key would do, and evaluates every guard that this leaves open; starts nothing.

    Upstream of a long import: a frozen ledger, a ledger or template that can't be read, a schedule that can't work fail
    in seconds and not after hours. Green when a launch may go on, or went on already; the same parameters as
    `CreateCampaignOperator`. It writes only where it skips for lateness (``if_late="skip"``): the key's void.

    :param afterwards: what the tasks after the launch are told, checked here since they would tell it when people were
        called: parameters of `CheckCampaignOutcomeOperator` by name, and the sensor's ``max_poll_interval`` (templated)
    :returns: what the key and each guard said, by name, as ``{"freeze": "passed: off"}``
    :raises GuardFailed: a guard refuses, or the key's launch does
    :raises LaunchSkipped: this run launches nobody: it is a backfill's, too late and may be, or only checks
    :raises LaunchHeld: a retry may find it otherwise
    """

    template_fields: Sequence[str] = (*CreateCampaignOperator.template_fields, "afterwards")

    def __init__(self, *, afterwards: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.afterwards = afterwards

    def validate(self) -> tuple[str, tuple[str | None, PreparedSegment | None], ScheduleSpec, GuardSettings]:
        """Check every parameter, before any call.

        :raises InvalidInput: one is not what it must be
        """
        if self.afterwards is not None:
            check_afterwards(self.afterwards)
        return super().validate()

    def execute(self, context: Context) -> dict[str, str]:  # type: ignore[override] # it makes no campaign: no id
        """Evaluate, log the table, and pass or raise what the first failed guard says."""
        from connect_campaigns.preflight import preflight

        request = replace(self.request(context), mode=Mode.CLONE)
        launcher = self.launcher(request)
        verdicts, seen = preflight(launcher)
        self.log.info("Checked, nothing started:\n%s", table(verdicts))
        for name, verdict in verdicts:
            if isinstance(verdict, Failed):
                # A relaunch that is only asked for has given up nothing yet: no void for what comes after it.
                held = seen.observation.claim is Claim.OURS or request.run.relaunch is not None
                if verdict.then is OnFailure.SKIP_FOR_GOOD and not held:
                    launcher.checks.hold(seen)  # writes void and skips; where it comes back, the ledger moved meanwhile
                    held = True
                raise guard_failed(name, verdict, held=held)
        return lines(dict(verdicts))
