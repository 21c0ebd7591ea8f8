"""What an import is in a run that must not import: the number of rows that its file has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connect_campaigns.context import run_info
from connect_campaigns.core.errors import LaunchSkipped
from connect_campaigns.core.guard_settings import age
from connect_campaigns.core.kept_rows import KeepRows
from connect_campaigns.core.refreshed import outdated
from connect_campaigns.operators.imports import ImportProfilesOperator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connect_campaigns._compat import Context
    from connect_campaigns.aws.csv_check import CsvRules

COUNT = "count"
"""The XCom key of the rows' number."""

KEPT_ROWS = "kept_rows"
"""The XCom key of the objects that have the rows themselves, where somebody asked for them."""


class CountBackfilledRowsOperator(ImportProfilesOperator):
    """Counts the rows that an import would bring in, where the run is none of today's, and skips what follows.

    A profile has no history: to import the file of a past day (a backfill's, a reprocessed or catch-up run's, an old one's
    that was cleared) would spoil the audience of today. In a run of today this passes without reading the file. Upstream
    of an import, with the same parameters; the file is checked as the import would check it, and nothing is sent to
    Customer Profiles.

    :param keep_rows: keep the good rows, too: ``{"uri": "s3://bucket/prefix/", "expiry_days": 30}`` (templated). The key
        is made of the run's time and a hash of the file. A lifecycle rule of the bucket has to delete them after at most
        so many days: they are people. Needs s3:PutObject, s3:GetLifecycleConfiguration; default: nothing is kept
    :returns: nothing; in a run that is none of today's, XCom ``count`` is the number of good rows, and
        ``kept_rows`` where they are kept
    :raises InvalidInput: a parameter or the file, or the bucket would keep the rows for longer; nothing was written
    :raises ServiceRefused: the role may not write to the bucket, or not read its lifecycle rules
    :raises RetryableError: S3 could not be reached
    :raises LaunchSkipped: this run is none of today's; its rows were counted
    """

    template_fields: Sequence[str] = (*ImportProfilesOperator.template_fields, "keep_rows")

    def __init__(
        self,
        *,
        keep_rows: Mapping[str, Any] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.keep_rows = keep_rows

    def execute(self, context: Context) -> None:  # type: ignore[override] # it imports nothing
        """Pass, or count and skip."""
        rules, *_ = self.validate()
        self.skip_without_path()
        place = KeepRows.of(self.keep_rows)
        run = run_info(context)
        why = outdated(run, now=datetime.now(UTC), longest=age("max_run_age", self.max_run_age))
        if why is None:
            self.log.info("a run of today: its file is for the import")
            return
        rows, kept = self._count(rules, place, due=run.due)
        context["ti"].xcom_push(key=COUNT, value=rows)
        if kept:
            context["ti"].xcom_push(key=KEPT_ROWS, value=kept)
            self.log.info("rows kept in %s", ", ".join(kept))
        raise LaunchSkipped(
            f"{why}: its file has {rows:,} rows, and none was imported",
            allowed="imports by runs of today: profiles have no history, and today's audience stays as it is",
            hint="to import a file today, trigger the DAG by hand; `max_run_age` says how old a run may be",
            code="outdated",
        )

    def _count(self, rules: CsvRules, place: KeepRows | None, *, due: datetime | None) -> tuple[int, list[str]]:
        """Count the good rows, and keep them where there is a place for them."""
        from connect_campaigns.aws.csv_file import checked_copy
        from connect_campaigns.aws.kept_rows import demand_expiry, keep

        if place:
            demand_expiry(self.hook.client("s3"), place)
        with checked_copy(self.path.strip(), rules=rules, log=self.log, s3=lambda: self.hook.client("s3")) as file:
            kept = keep(self.hook.client("s3"), file, place=place, due=due) if place else []
            return file.findings.good, kept
