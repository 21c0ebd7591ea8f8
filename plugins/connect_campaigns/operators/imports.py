"""The operator that brings customers in; `operators.segments` has it beside the other steps of an audience."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from connect_campaigns._compat import conf
from connect_campaigns.connection import ConnectOperator
from connect_campaigns.context import run_info
from connect_campaigns.core.amounts import count
from connect_campaigns.core.columns import AUDIENCE_RUN
from connect_campaigns.core.errors import InvalidInput, LaunchSkipped, ServiceRefused
from connect_campaigns.core.guard_settings import age
from connect_campaigns.core.parameters import choice, mapping, text
from connect_campaigns.core.refreshed import demand_current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_campaigns._compat import Context
    from connect_campaigns.aws.csv_check import CsvRules
    from connect_campaigns.aws.polling import Pace
    from connect_campaigns.aws.uploads import Imported

LONGEST_RUN = 240
"""Characters: an attribute's value has 255 at most (documented), and the hash follows."""

MARGIN = timedelta(minutes=10)
"""What Airflow's own bound of the deferral adds to `patience`: a triggerer that takes over begins it anew."""

LONGEST_EXPIRY_DAYS = 1098
"""The API's own bound of DataExpiry (documented; the console's guide says 90)."""


class ImportProfilesOperator(ConnectOperator):
    """Bring the customers of a CSV file into Customer Profiles: profiles are updated by key, or made.

    The file is checked whole before anything is sent, since the service gives no error per row: the first 20 bad
    rows are in the log by row, column and reason. A retry takes up the import that an earlier attempt began.

    :param path: CSV file, UTF-8 with a header row, plain or gzip, local or ``s3://…``; one that ends in ``/`` or ``*``
        means all files that begin so, each with the header. Beyond 1 GB several upload jobs take it (templated)
    :param if_no_path: ``"fail"``, or ``"skip"``: where the template of `path` rendered to nothing, an optional list that
        nobody gave, end skipped (templated)
    :param key_column: header of the column that tells one customer from another (templated)
    :param columns: field by header, as ``{"mobile": "PhoneNumber", "balance": "Attributes.Balance"}``; columns not
        named stay out. Default: all; recognised headers (``phone``, ``First Name``, ``zip``) go to standard fields,
        all others to attributes of the same name (templated)
    :param rename_columns: ``"safe"`` makes unusable headers usable and prints the map; default: refuse (templated)
    :param audience_run: adds an attribute ``audience_run`` to every profile, of this value and a hash of the file, so
        that a segment can select exactly the people of this file; XCom ``audience_run`` is the whole (templated)
    :param data_expiry_days: days after which a profile that is not updated is forgotten, 1 to 1098: past the campaign's
        end, which the launch's guard ``data_expiry`` judges; the default is the service's own (templated)
    :param default_country: ISO 3166 code of two letters, as ``"FR"``: phone numbers as they are written there, or with ``+`` and
        blanks, are rewritten as E.164 and counted; one that is no valid number makes a bad row. Default: all numbers
        must be E.164 (templated; needs the library `phonenumbers`)
    :param max_failed_rows: bad rows in the file and failed records of the service, together, that are let pass;
        they are left out (templated)
    :param max_file_age: seconds or timedelta since the file, or the oldest of its parts, was written; the same list again is the
        same people again (templated); None or ``"any"`` = no bound
    :param max_run_age: seconds or timedelta; a run due longer ago is none of today's, and skips as a backfill's does, since
        profiles have no history (templated); ``None`` = no bound, but for backfills
    :param poll_interval: longest pause between two looks at the import, in seconds or as a timedelta (templated)
    :param patience: how long to wait for its end, in seconds or as a timedelta (templated)
    :param deferrable: wait in the triggerer, and leave the worker free; checks and sending are the worker's
    :returns: ``{rows, created, updated, failed, job_ids, sha256, columns, finished_at, expires_at}``
    :raises InvalidInput: a parameter or the file; nothing was sent
    :raises ServiceRefused: the import failed, or more records failed than `max_failed_rows` allows
    :raises RetryableError: the service could not be reached, or `patience` is over
    :raises LaunchSkipped: this run is none of today's, or there is no file and `if_no_path` lets that be; nothing was sent
    """

    template_fields: Sequence[str] = (
        *ConnectOperator.template_fields,
        "path",
        "if_no_path",
        "key_column",
        "columns",
        "rename_columns",
        "audience_run",
        "data_expiry_days",
        "default_country",
        "max_failed_rows",
        "max_file_age",
        "max_run_age",
        "poll_interval",
        "patience",
    )
    template_fields_renderers = {"columns": "json"}  # noqa: RUF012 - Airflow declares it so

    def __init__(
        self,
        *,
        path: str,
        key_column: str | None,
        if_no_path: str = "fail",
        columns: dict[str, str] | str | None = None,
        rename_columns: str | None = None,
        audience_run: str | None = None,
        data_expiry_days: int | str = 14,
        default_country: str | None = None,
        max_failed_rows: int | str = 0,
        max_file_age: timedelta | float | str | None = None,
        max_run_age: timedelta | float | str | None = timedelta(hours=12),
        poll_interval: float | str | timedelta = 5,
        patience: float | str | timedelta = 3600,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.if_no_path = if_no_path
        self.key_column = key_column
        self.columns = columns
        self.rename_columns = rename_columns
        self.audience_run = audience_run
        self.data_expiry_days = data_expiry_days
        self.default_country = default_country
        self.max_failed_rows = max_failed_rows
        self.max_file_age = max_file_age
        self.max_run_age = max_run_age
        self.poll_interval = poll_interval
        self.patience = patience
        self.deferrable = deferrable

    def validate(self) -> tuple[CsvRules, int, Pace]:
        """Check the parameters; nothing is read or asked yet.

        :returns: what the file is read by, the days until its profiles expire, how long to wait
        :raises InvalidInput: a parameter is not what it must be
        """
        from connect_campaigns.aws.csv_check import CsvRules
        from connect_campaigns.aws.phone_numbers import region
        from connect_campaigns.aws.polling import pace

        may_lack = choice("if_no_path", self.if_no_path, ("fail", "skip")) == "skip"
        if not may_lack or self.path != "":
            text("path", self.path, longest=4096)
        if self.rename_columns is not None:
            choice("rename_columns", self.rename_columns, ("safe",))
        days = count("data_expiry_days", self.data_expiry_days)
        if not 1 <= days <= LONGEST_EXPIRY_DAYS:
            raise InvalidInput.of(
                "data_expiry_days",
                self.data_expiry_days,
                allowed=f"1 to {LONGEST_EXPIRY_DAYS} days",
                hint="choose a number of days past the campaign's end: expired profiles drop out of every segment",
            )
        rules = CsvRules(
            key_column=text("key_column", self.key_column),
            columns=None if self.columns is None else mapping("columns", self.columns),
            rename=self.rename_columns == "safe",
            audience_run=None
            if self.audience_run is None
            else text("audience_run", self.audience_run, longest=LONGEST_RUN),
            max_failed_rows=count("max_failed_rows", self.max_failed_rows),
            default_country=None if self.default_country is None else region(self.default_country),
            max_age=age("max_file_age", self.max_file_age),
        )
        return rules, days, pace(self.poll_interval, self.patience)

    def execute(self, context: Context) -> dict[str, Any]:
        """Check the file, send it, wait for its end, judge it by its failed records."""
        rules, days, pace = self.validate()
        self.skip_without_path()
        demand_current(
            run_info(context),
            now=datetime.now(UTC),
            longest=age("max_run_age", self.max_run_age),
            hint="nothing was imported: today's audience stays as it is; to import a file today, trigger the DAG by hand",
        )
        from connect_campaigns.aws.csv_file import checked_copy

        uploads = self.hook.segments.uploads
        with checked_copy(self.path.strip(), rules=rules, log=self.log, s3=lambda: self.hook.client("s3")) as file:
            job_ids = uploads.begin(file, data_expiry_days=days, log=self.log)
        if file.audience_run:
            context["ti"].xcom_push(key=AUDIENCE_RUN, value=file.audience_run)
        told = {
            "rows": file.findings.good,
            "failed": file.findings.bad,
            "sha256": file.sha256,
            "columns": file.mapping.targets,
        }
        if self.deferrable:
            self._leave(job_ids, told, pace)
        return self._finish(job_ids, told, pace)

    def skip_without_path(self) -> None:
        """End the task where there may be no file, and there is none.

        :raises LaunchSkipped: always then
        """
        if self.path == "":
            raise LaunchSkipped(
                "no file is given, and nothing was imported",
                allowed='no file, by `if_no_path="skip"`',
                hint="to import one, say which: `path`",
                code="no_path",
            )

    def _leave(self, job_ids: Sequence[str], told: dict[str, Any], pace: Pace) -> NoReturn:
        """Go on waiting in the triggerer."""
        from connect_campaigns.triggers.imports import UploadJobsTrigger

        self.defer(
            trigger=UploadJobsTrigger(
                job_ids=job_ids,
                poll_interval=pace.interval_s,
                patience=pace.patience_s,
                told=told,
                connection=self.connection_parameters,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=pace.patience_s) + MARGIN,
        )

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - Airflow's
        """Read and judge the jobs as without deferring."""
        from connect_campaigns.aws.polling import patience_over

        _, _, pace = self.validate()
        if event["over"]:
            jobs = ", ".join(event["job_ids"])
            raise patience_over(f"upload job {jobs} has not ended after {pace.patience_s:g} seconds", pace)
        return self._finish(event["job_ids"], event["told"], pace)

    def _finish(self, job_ids: Sequence[str], told: dict[str, Any], pace: Pace) -> dict[str, Any]:
        """Wait for the jobs' end, judge them by their failed records, and say how it went."""
        from connect_campaigns.aws.waiting_for_uploads import wait

        uploads = self.hook.segments.uploads
        wait(uploads, job_ids, pace=pace, log=self.log)
        imported = uploads.results(job_ids)
        failed = told["failed"] + imported.failed
        lifetime = timedelta(days=count("data_expiry_days", self.data_expiry_days))
        self._judge(imported, failed=failed, allowed=count("max_failed_rows", self.max_failed_rows))
        return {
            **told,
            "created": imported.created,
            "updated": imported.updated,
            "failed": failed,
            "job_ids": list(imported.job_ids),
            "finished_at": imported.finished_at.isoformat(),
            "expires_at": (imported.finished_at + lifetime).isoformat(),
        }

    def _judge(self, imported: Imported, *, failed: int, allowed: int) -> None:
        jobs = f"upload {'job' if len(imported.job_ids) == 1 else 'jobs'} {', '.join(imported.job_ids)}"
        self.log.info("%s: %d created, %d updated, %d failed", jobs, imported.created, imported.updated, failed)
        if failed > allowed:
            raise ServiceRefused(
                f"{jobs}: {imported.failed} records failed at the service, {failed} rows in all;"
                f" {imported.created} were created and {imported.updated} updated",
                allowed=f"at most `max_failed_rows` = {allowed}",
                hint="the service names no row: look at values that its fields may not take, or allow more",
                code="failed_records",
            )
