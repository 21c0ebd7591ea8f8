"""The checked copy of a file, cut into as many as the service's bound on one import asks for, each with the header.

On disk every row ends in a NUL, which no checked row has: what each row gets besides depends on the whole file's hash,
so it is put in its place when the copy is sent.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import ExitStack

MAX_BYTES = 1_000_000_000
"""An import has to stay under 1 GB (documented)."""

ROW_END = "\0"
_CHUNK = 1 << 18


class Content:
    """What is sent of a copy, to be read from its beginning.

    :param file: the copy as it is on disk
    :param row_end: what stands at the end of each row
    :param size: bytes that are sent
    """

    def __init__(self, file: IO[bytes], *, row_end: bytes, size: int) -> None:
        self._file = file
        self._row_end = row_end
        self._size = size

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = _CHUNK) -> bytes:
        """Give some of the bytes that follow: `size` is what is read from disk; none at the end."""
        return self._file.read(size).replace(ROW_END.encode(), self._row_end)

    def rewind(self) -> None:
        """Begin anew."""
        self._file.seek(0)


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What one upload job takes."""

    content: Content
    rows: int

    @property
    def size(self) -> int:
        """Bytes that are sent."""
        return len(self.content)


class Copies:
    """Writes rows to as many temporary files as are needed.

    :param header: the first line of each
    :param row_end: as long as what each row's end will be
    :param files: closes them
    """

    def __init__(self, header: str, *, row_end: str, files: ExitStack) -> None:
        self._header = header.encode()
        self._row_end = len(row_end.encode())
        self._files = files
        self._done: list[tuple[IO[bytes], int, int]] = []
        self._begin()

    def _begin(self) -> None:
        self._file = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it is the stack's
        self._file.write(self._header)
        self._size, self._rows = len(self._header), 0

    def write(self, text: str, *, rows: int) -> None:
        """Append rows, each with `ROW_END`; what is written at once stays together."""
        content = text.encode()
        size = len(content) + rows * (self._row_end - 1)
        if self._size + size >= MAX_BYTES:
            self._end()
            self._begin()
        self._file.write(content)
        self._size += size
        self._rows += rows

    def done(self, row_end: str) -> tuple[Copy, ...]:
        """Give the copies.

        :param row_end: what stands at the end of each row
        """
        self._end()
        end = row_end.encode()
        return tuple(Copy(content=Content(file, row_end=end, size=size), rows=rows) for file, size, rows in self._done)

    def _end(self) -> None:
        self._done.append((self._file, self._size, self._rows))
