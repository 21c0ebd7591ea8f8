"""Where a file of customers comes from: one file or a prefix of parts, plain or gzip, on this machine or in S3."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from connect_campaigns.aws.csv_s3 import download
from connect_campaigns.core.csv_parts import changed, is_part, no_parts
from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedReader
    from typing import Any

    from connect_campaigns.core.log import Log

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One part, on this machine.

    :param name: as people know it
    :param written_at: when it was last written, by the clock of where it comes from
    """

    name: str
    path: Path
    written_at: datetime

    @property
    def state(self) -> tuple[int, int]:
        """What changes when somebody writes to it: its size, and when it was last written."""
        status = self.path.stat()
        return status.st_size, status.st_mtime_ns


@contextmanager
def sourced(path: str, *, s3: Callable[[], Any] | None, log: Log) -> Iterator[list[SourceFile]]:
    """Give the files of a path, those in S3 downloaded to a folder that is gone afterwards.

    :param path: a local path or s3:// URI; one that ends in ``/`` or ``*`` means all files that begin so
    :param s3: makes a boto3 ``s3`` client; None = there is no S3 here
    :raises InvalidInput: there is no such file, or none that may be read
    :raises RetryableError: S3 could not be reached, or a file was written to meanwhile
    """
    scheme, separator, _ = path.partition("://")
    if not separator:
        files = _local(path)
        before = _states(files)
        yield files
        if before != _states_now(path):
            raise changed(path)
        return
    if scheme != "s3" or s3 is None:
        raise InvalidInput(
            f"`path` is {path!r}",
            allowed="a local path, or an s3:// URI",
            hint="copy the file to S3 or to the worker first",
            code="scheme",
        )
    with tempfile.TemporaryDirectory() as folder:
        found = download(s3(), path, folder=Path(folder), log=log)
        yield [SourceFile(name=name, path=at, written_at=written_at) for name, at, written_at in found]


def _local(path: str) -> list[SourceFile]:
    return _parts(path) if path.endswith(("/", "*")) else [_file(path)]


def _states(files: list[SourceFile]) -> dict[str, tuple[int, int]]:
    return {file.name: file.state for file in files}


def _states_now(path: str) -> dict[str, tuple[int, int]] | None:
    """Look at a path once more: a part that came meanwhile is a change, too, and so is one that is gone (None)."""
    try:
        return _states(_local(path))
    except (InvalidInput, FileNotFoundError):
        return None


@contextmanager
def reading(file: SourceFile) -> Iterator[Callable[[int], bytes]]:
    """Open a file, and give what reads it; gzip is known by its first bytes, whatever the file's name.

    :raises InvalidInput: it may not be read; while reading, that the gzip data is cut or broken
    """
    with _opened(file.path) as raw:
        packed = raw.peek(len(_GZIP)).startswith(_GZIP)
        stream = gzip.GzipFile(fileobj=raw) if packed else raw

        def read(size: int) -> bytes:
            try:
                return stream.read(size)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise InvalidInput(
                    f"{file.name}: the gzip data is cut or broken: {error}",
                    allowed="a whole gzip file",
                    hint="write or copy the file anew; was the job that writes it done?",
                    code="gzip",
                ) from None

        yield read


def _file(path: str) -> SourceFile:
    file = Path(path)
    if not file.is_file():
        folder = file.is_dir()
        raise InvalidInput(
            f"{path}: {'is a folder' if folder else 'is no file' if file.exists() else 'does not exist'}",
            allowed="a CSV file that the worker can open",
            hint=f"for all files of the folder write {path.rstrip('/')}/"
            if folder
            else "look at the path on the machine or container that the task runs on",
            code="no_file",
        )
    return _on_disk(file)


def _on_disk(file: Path) -> SourceFile:
    return SourceFile(name=file.name, path=file, written_at=datetime.fromtimestamp(file.stat().st_mtime, UTC))


def _parts(path: str) -> list[SourceFile]:
    folder, _, start = path.removesuffix("*").rpartition("/")
    root = Path(folder or ("/" if path.startswith("/") else "."))
    inside = sorted(root.iterdir()) if root.is_dir() else []
    found = [each for each in inside if each.name.startswith(start) and each.is_file()]
    files = [_on_disk(each) for each in found if is_part(each.name, each.stat().st_size)]
    if not files:
        raise no_parts(path, len(found))
    return files


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
