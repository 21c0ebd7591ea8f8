"""A local CSV file, checked and copied into what is sent: what was checked is what goes out, whoever edits the file."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from connect_campaigns.core.columns import describe_mapping, map_columns
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.rows import LONGEST_LINE, TOLD, Checker, Findings, decoded, header_of, join, records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as ReadOnly
    from io import BufferedReader
    from typing import IO

    from connect_campaigns.core.columns import Mapping
    from connect_campaigns.core.log import Log
    from connect_campaigns.core.rows import Record

MAX_BYTES = 1_000_000_000
"""An import has to stay under 1 GB (documented)."""


@dataclass(frozen=True, kw_only=True)
class CsvRules:
    """What a file is read by; see `columns.map_columns` for the first three.

    :param audience_run: leads the value that marks this file's people; the file's content is its other half
    :param max_failed_rows: bad rows that are left out rather than failing the import
    """

    key_column: str
    columns: ReadOnly[str, str] | None = None
    rename: bool = False
    audience_run: str | None = None
    max_failed_rows: int = 0


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """A checked copy, ready to be sent.

    :param content: the copy, at its beginning
    :param size: its bytes
    :param sha256: of its bytes
    :param audience_run: the value that marks its people, where the rules ask for one
    """

    name: str
    content: IO[bytes]
    size: int
    sha256: str
    mapping: Mapping
    findings: Findings
    audience_run: str | None = None


@contextmanager
def checked_copy(path: str, *, rules: CsvRules, log: Log) -> Iterator[CheckedFile]:
    """Check a file, and yield the copy to send; it is gone afterwards. Neither is ever whole in memory.

    :raises InvalidInput: the file can't be sent; each of its first bad rows is in the log
    """
    file = _local(path)
    with _opened(file) as source, tempfile.TemporaryFile() as copy:
        try:
            marked = replace(rules, audience_run=_marker(source, rules.audience_run))
            checked = _check(source, copy, name=file.name, rules=marked, log=log)
        except InvalidInput as error:
            found = f"{path}: {error.found}"
            raise InvalidInput(found, allowed=error.allowed, hint=error.hint, code=error.code) from None
        yield checked


def _local(path: str) -> Path:
    if "://" in path:
        raise InvalidInput(
            f"`path` is {path!r}",
            allowed="local files: what the worker can open, mounts included",
            hint="copy the object to the worker first, as with S3Hook.download_file",
            code="not_local",
        )
    file = Path(path)
    if not file.is_file():
        what = "is no file" if file.exists() else "doesn't exist"
        raise InvalidInput(
            f"{path}: {what}",
            allowed="a CSV file that the worker can open",
            hint="look at the path on the machine or container that the task runs on",
            code="no_file",
        )
    size = file.stat().st_size
    if size >= MAX_BYTES:
        raise _too_large(f"{path}: {size:,} bytes")
    return file


def _opened(file: Path) -> BufferedReader:
    try:
        return file.open("rb")
    except OSError as error:
        raise InvalidInput(
            f"{file}: {error.strerror}",
            allowed="a CSV file that the worker may read",
            hint="look at the file's permissions for the user that the worker runs as",
            code="no_file",
        ) from error


def _too_large(found: str) -> InvalidInput:
    return InvalidInput(
        found,
        allowed=f"less than {MAX_BYTES:,} bytes an import",
        hint="split it into files, each with the header, and import them one by one",
        code="too_large",
    )


def _marker(source: BufferedReader, audience_run: str | None) -> str | None:
    """Mark a file's people by run and content.

    The same file again marks the same people, and a launched segment keeps them; a corrected one marks its own, and who
    was taken off it is not called because an earlier import of the day had marked him.
    """
    if audience_run is None:
        return None
    content = hashlib.file_digest(source, "sha256").hexdigest()
    source.seek(0)
    return f"{audience_run}/{content[:8]}"


def _check(source: IO[bytes], copy: IO[bytes], *, name: str, rules: CsvRules, log: Log) -> CheckedFile:
    findings = Findings()
    rows = records(decoded(iter(lambda: source.readline(LONGEST_LINE + 1), b""), findings), findings)
    mapping = _read_header(next(rows, None), rules)
    log.info("%s: columns\n%s", name, describe_mapping(mapping))
    if findings.byte_order_mark:
        log.info("%s begins with a byte order mark, which the service takes for a missing header: left out", name)
    size, sha256 = _copy_good_rows(rows, copy, mapping=mapping, findings=findings)
    _judge(findings, rules, log=log)
    copy.seek(0)
    return CheckedFile(
        name=name,
        content=copy,
        size=size,
        sha256=sha256,
        mapping=mapping,
        findings=findings,
        audience_run=rules.audience_run,
    )


def _read_header(record: Record | None, rules: CsvRules) -> Mapping:
    return map_columns(
        header_of(record),
        key_column=rules.key_column,
        columns=rules.columns,
        rename=rules.rename,
        audience_run=rules.audience_run,
    )


def _copy_good_rows(
    rows: Iterator[Record], copy: IO[bytes], *, mapping: Mapping, findings: Findings
) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    checker = Checker(mapping)

    def write(text: str) -> int:
        line = f"{text}\n".encode()
        digest.update(line)
        return copy.write(line)

    size += write(join(column.sent for column in mapping.columns))
    for record in rows:
        cells, problems = checker.row(record)
        if problems:
            findings.add(problems)
            continue
        findings.good += 1
        size += write(checker.sent(record, cells))
        if size >= MAX_BYTES:
            raise _too_large(f"{size:,} bytes with the columns that are added")
    return size, digest.hexdigest()


def _judge(findings: Findings, rules: CsvRules, *, log: Log) -> None:
    """Log what was found, and refuse a file with too many bad rows or no good one."""
    for problem in findings.first:
        log.warning("%s", problem)
    if findings.blank_lines:
        log.info("blank lines left out: %d", findings.blank_lines)
    if findings.bad > rules.max_failed_rows:
        shown = f", the first {TOLD} are in the log" if findings.bad > TOLD else ", in the log"
        raise InvalidInput(
            f"{findings.bad} of {findings.bad + findings.good} rows are bad ({findings.summary}){shown};"
            f" the first: {findings.first[0]}",
            allowed=f"at most `max_failed_rows` = {rules.max_failed_rows} bad rows",
            hint="mend the file, or let more rows be left out with `max_failed_rows`",
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
