"""A file of customers, checked and copied into what is sent: what was checked is what goes out, whoever edits the file."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connect_campaigns.aws.csv_check import FileCheck
from connect_campaigns.aws.csv_source import sourced
from connect_campaigns.aws.repeats import MOST_SUSPECTS
from connect_campaigns.core.columns import describe_mapping
from connect_campaigns.core.csv_parts import demand_fresh
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.rows import TOLD, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from connect_campaigns.aws.csv_check import CsvRules
    from connect_campaigns.aws.csv_copy import Copy
    from connect_campaigns.aws.csv_source import SourceFile
    from connect_campaigns.core.columns import Mapping
    from connect_campaigns.core.log import Log
    from connect_campaigns.core.rows import Findings


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """A checked copy, ready to be sent.

    :param copies: one for each upload job
    :param sha256: of the file's content, unpacked: with the mapping it decides what is sent
    :param audience_run: the value that marks its people, where the rules ask for one
    :param default_country: whose phone numbers were rewritten
    """

    name: str
    copies: tuple[Copy, ...]
    sha256: str
    mapping: Mapping
    findings: Findings
    audience_run: str | None = None
    default_country: str | None = None


@contextmanager
def checked_copy(path: str, *, rules: CsvRules, log: Log, s3: Callable[[], Any] | None = None) -> Iterator[CheckedFile]:
    """Check a file, and yield the copy to send; it is gone afterwards. Neither is ever whole in memory.

    :param path: see `csv_source.sourced`, with `s3`
    :raises InvalidInput: the file can't be sent; each of its first bad rows is in the log
    :raises RetryableError: the file is too old, or S3 could not be reached, or the file was written to meanwhile
    """
    with ExitStack() as kept:
        with sourced(path, s3=s3, log=log) as files:
            oldest = min(file.written_at for file in files)
            demand_fresh(path, oldest, now=datetime.now(UTC), longest=rules.max_age)
            try:
                checked = _check(files, name=_name(path), rules=rules, log=log, kept=kept)
            except InvalidInput as error:
                found = f"{path}: {error.found}"
                raise InvalidInput(found, allowed=error.allowed, hint=error.hint, code=error.code) from None
        yield checked


def _name(path: str) -> str:
    return path.rstrip("/*").rpartition("/")[2] or "customers"


def _check(files: list[SourceFile], *, name: str, rules: CsvRules, log: Log, kept: ExitStack) -> CheckedFile:
    first = kept.enter_context(ExitStack())
    check = FileCheck(files, rules=rules, kept=first)
    check.read()
    if check.suspects:
        first.close()
        if len(check.suspects) > MOST_SUSPECTS:
            raise _far_too_many(check.repeated)
        check = FileCheck(files, rules=rules, kept=kept, suspects=check.suspects)
        check.read()
    log.info("%s: columns\n%s", name, describe_mapping(check.mapping))
    if check.findings.byte_order_mark:
        log.info("%s begins with a byte order mark, which the service takes for a missing header: left out", name)
    _judge(check.findings, rules, log=log)
    for remark in check.remarks.tell(shared_numbers=check.shared_numbers):
        (log.warning if remark.warning else log.info)("%s: %s", name, remark.text)
    return CheckedFile(
        name=name,
        copies=check.copies,
        sha256=check.sha256,
        mapping=check.mapping,
        findings=check.findings,
        audience_run=check.audience_run,
        default_country=rules.default_country,
    )


def _judge(findings: Findings, rules: CsvRules, *, log: Log) -> None:
    """Log what was found, and refuse a file with too many bad rows or no good one."""
    for problem in findings.first:
        log.warning("%s", problem)
    if findings.blank_lines:
        log.info("blank lines left out: %d", findings.blank_lines)
    if findings.rewritten:
        told = (f"{findings.rewritten:,}", f"{findings.phones:,}", rules.default_country)
        log.info("%s of %s phone numbers rewritten as E.164 for %s", *told)
    if findings.bad > rules.max_failed_rows:
        shown = f", the first {TOLD} are in the log" if findings.bad > TOLD else ", in the log"
        raise InvalidInput(
            f"{findings.bad} of {findings.bad + findings.good} rows are bad ({findings.summary}){shown};"
            f" the first: {findings.first[0]}",
            allowed=f"at most `max_failed_rows` = {rules.max_failed_rows} bad rows",
            hint=f"mend the file, or let more rows be left out with `max_failed_rows`{_of_phones(findings, rules)}",
            code="bad_rows",
        )
    if findings.bad:
        log.warning("bad rows left out: %d (%s)", findings.bad, findings.summary)
    if not findings.good:
        raise InvalidInput(
            "the file has a header and no row to import",
            allowed="at least one row of data",
            hint="an empty export is no audience: look at the job that writes the file",
            code="empty_file",
        )


def _of_phones(findings: Findings, rules: CsvRules) -> str:
    if Kind.PHONE not in findings.counts or rules.default_country:
        return ""
    return '; `default_country="FR"` makes E.164 of phone numbers as they are written in France'


def _far_too_many(repeated: int) -> InvalidInput:
    return InvalidInput(
        f"about {repeated} rows have the key of an earlier row",
        allowed=f"at most {MOST_SUSPECTS} keys that stand more than once, and only as far as `max_failed_rows` allows",
        hint="is `key_column` the column that tells one customer from another?",
        code="bad_rows",
    )
