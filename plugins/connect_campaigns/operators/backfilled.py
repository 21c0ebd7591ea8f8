"""What an import is in a run that must not import: the number of rows that its file has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connect_campaigns.context import run_info
from connect_campaigns.core.errors import LaunchSkipped
from connect_campaigns.core.refreshed import outdated
from connect_campaigns.operators.imports import ImportProfilesOperator
from connect_campaigns.operators.publishing import run_age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_campaigns._compat import Context

COUNT = "count"
"""The XCom key of the rows."""


class CountBackfilledRowsOperator(ImportProfilesOperator):
    """Counts the rows that an import would bring in, where the run is none of today's, and skips what follows.

    A profile has no history: to import the file of a past day (a backfill's, a reprocessed or catch-up run's, an old one's
    that was cleared) would spoil the audience of today. In a run of today this passes without reading the file. Upstream
    of an import, with the same parameters; the file is checked as the import would check it, and nothing is sent.

    :param max_run_age: seconds or timedelta; a run due longer ago is none of today's (templated); ``None`` = no bound, but
        for backfills
    :returns: nothing; in a run that is none of today's, XCom ``count`` is the number of good rows
    :raises InvalidInput: a parameter or the file
    :raises LaunchSkipped: this run is none of today's; its rows were counted
    """

    template_fields: Sequence[str] = (*ImportProfilesOperator.template_fields, "max_run_age")

    def __init__(self, *, max_run_age: timedelta | float | str | None = timedelta(hours=12), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_run_age = max_run_age

    def execute(self, context: Context) -> None:  # type: ignore[override] # it imports nothing
        """Pass, or count and skip."""
        rules, *_ = self.validate()
        run = run_info(context)
        why = outdated(run, now=datetime.now(UTC), longest=run_age(self.max_run_age))
        if why is None:
            self.log.info("a run of today: its file is for the import")
            return
        from connect_campaigns.aws.csv_file import checked_copy

        with checked_copy(self.path.strip(), rules=rules, log=self.log, s3=lambda: self.hook.client("s3")) as file:
            rows = file.findings.good
        context["ti"].xcom_push(key=COUNT, value=rows)
        raise LaunchSkipped(
            f"{why}: its file has {rows:,} rows, and none was imported",
            allowed="imports by runs of today: profiles have no history, and today's audience stays as it is",
            hint="to import a file today, trigger the DAG by hand; `max_run_age` says how old a run may be",
            code="outdated",
        )
