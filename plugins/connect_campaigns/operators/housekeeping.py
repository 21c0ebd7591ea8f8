"""The operator that keeps a campaign per run below the quota of campaigns per instance."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_campaigns.connection import ConnectOperator
from connect_campaigns.context import run_info
from connect_campaigns.core import parameters
from connect_campaigns.core.amounts import count, seconds
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.housekeeping import OLDER_THAN, ORPHANS_OLDER_THAN, SHORTEST_AGE, Rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_campaigns._compat import Context
    from connect_campaigns.housekeeping import Housekeeping, Tidied

HOUSEKEEPING = "housekeeping"
"""The XCom key of what a run found and did."""


class DeleteFinishedCampaignsOperator(ConnectOperator):
    """Deletes campaigns of this ledger that have ended, and orphans: those that were made and never started.

    A campaign per run would meet the quota of campaigns per instance (500, documented); this keeps below it. Templates
    and everything else that was made by hand stay, unless told; what is running or paused, or claimed by a launch that
    may yet start it, always does. Objects of the ledger are never deleted. It can be ended anywhere and run again.

    The service tells neither when a campaign was made nor when it ended. So the age of one that has ended counts from
    its schedule's end, that of one never started from its schedule's start; from its last modification, where that is
    later.

    XCom ``housekeeping`` (also the return value, and there when the task fails): ``seen, remain, due, deleted, gone,
    kept, failed``.

    :param older_than: age from which a campaign that has ended goes: seconds or a timedelta (templated)
    :param orphans_older_than: the same for one of ours that was never started (templated); longer than the longest gap
        between a Create and its Start
    :param keep_last: how many ended campaigns of each template stay, whatever their age (templated)
    :param only_ours: False = ended campaigns that were made by hand go too, in the connection's `connect_instance_id`
        (templated); never those of another ledger
    :param max_deletions: how many go in one run at most, the oldest first; one a second (templated)
    :param report_only: say what would go; write and delete nothing (templated)
    :param launch_ledger: ``s3://bucket/prefix``, over the connection's (templated)
    :raises InvalidInput: a parameter is not what it must be; nothing was deleted
    :raises LaunchRefused: no ledger
    :raises ServiceRefused: a right is missing, or the prefix is no ledger
    :raises RetryableError: ledger or service didn't answer; a retry goes on from here
    """

    template_fields: Sequence[str] = (
        *ConnectOperator.template_fields,
        "older_than",
        "orphans_older_than",
        "keep_last",
        "only_ours",
        "max_deletions",
        "report_only",
        "launch_ledger",
    )

    def __init__(
        self,
        *,
        older_than: timedelta | float | str = OLDER_THAN,
        orphans_older_than: timedelta | float | str = ORPHANS_OLDER_THAN,
        keep_last: int | str = 3,
        only_ours: bool | str = True,
        max_deletions: int | str = 300,
        report_only: bool | str = False,
        launch_ledger: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.older_than = older_than
        self.orphans_older_than = orphans_older_than
        self.keep_last = keep_last
        self.only_ours = only_ours
        self.max_deletions = max_deletions
        self.report_only = report_only
        self.launch_ledger = launch_ledger

    def validate(self) -> Rules:
        """Check every parameter, before any call.

        :raises InvalidInput: one is not what it must be
        """
        count("max_deletions", self.max_deletions)
        parameters.yes_or_no("report_only", self.report_only)
        return Rules(
            older_than=_age("older_than", self.older_than),
            orphans_older_than=_age("orphans_older_than", self.orphans_older_than),
            keep_last=count("keep_last", self.keep_last),
            only_ours=parameters.yes_or_no("only_ours", self.only_ours),
        )

    def execute(self, context: Context) -> dict[str, Any]:
        """Look at every campaign, delete what is due, say what stayed and why."""
        housekeeping = self._housekeeping(self.validate(), by=run_info(context).name)
        try:
            housekeeping.run()
        finally:
            told = housekeeping.tidied.to_dict()
            self.log.info("%s", _in_words(housekeeping.tidied))
            context["ti"].xcom_push(key=HOUSEKEEPING, value=told)
        return told

    def _housekeeping(self, rules: Rules, *, by: str) -> Housekeeping:
        from connect_campaigns.aws.patience import Patience
        from connect_campaigns.core.refusals import refuse_without_ledger
        from connect_campaigns.housekeeping import Housekeeping

        ledger, settings = self.hook.ledger_at(self.launch_ledger), self.hook.settings
        if ledger is None:
            raise refuse_without_ledger("deleting campaigns")
        return Housekeeping(
            rules,
            campaigns=self.hook.campaigns,
            ledger=ledger,
            instance_id=settings.connect_instance_id if rules.only_ours else settings.required("connect_instance_id"),
            max_deletions=count("max_deletions", self.max_deletions),
            report_only=parameters.yes_or_no("report_only", self.report_only),
            by=by,
            log=self.log,
            patience=Patience(),
        )


def _age(name: str, value: object) -> timedelta:
    age = timedelta(seconds=seconds(name, value))
    if age < SHORTEST_AGE:
        raise InvalidInput.of(
            name,
            value,
            allowed="an hour or more: younger ones may still be waited for, or stand between their Create and their Start",
            hint=f"{name}=timedelta(days=7)",
        )
    return age


def _in_words(tidied: Tidied) -> str:
    """Give the summary as the log shows it."""
    rows = [
        (tidied.seen, "campaigns seen"),
        (len(tidied.due), "due"),
        (len(tidied.deleted), "deleted"),
        (len(tidied.gone), "gone meanwhile"),
        (len(tidied.failed), "could not be deleted"),
        *((number, f"kept: {reason}") for reason, number in sorted(tidied.kept.items())),
        (tidied.remain, "remain (the quota is 500 per instance, adjustable)"),
    ]
    return "Housekeeping:\n" + "\n".join(f"  {number:>5}  {what}" for number, what in rows)
