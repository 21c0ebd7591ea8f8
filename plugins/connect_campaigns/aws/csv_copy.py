"""The checked copy of a file, cut into as many as the service's bound on one import asks for, each with the header."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import ExitStack

MAX_BYTES = 1_000_000_000
"""An import has to stay under 1 GB (documented)."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What one upload job takes.

    :param content: a temporary file
    :param size: its bytes
    :param sha256: of its bytes
    """

    content: IO[bytes]
    size: int
    sha256: str
    rows: int


class Copies:
    """Writes rows to as many temporary files as are needed.

    :param header: the first line of each
    :param files: closes them
    """

    def __init__(self, header: str, *, files: ExitStack) -> None:
        self._header = header.encode()
        self._files = files
        self._done: list[Copy] = []
        self._begin()

    def _begin(self) -> None:
        self._content = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it is the stack's
        self._digest = hashlib.sha256()
        self._size = self._rows = 0
        self._append(self._header)

    def write(self, text: str, *, rows: int) -> None:
        """Append rows, whole ones, each with its line end; a block of them stays together."""
        content = text.encode()
        if self._size + len(content) >= MAX_BYTES:
            self._end()
            self._begin()
        self._append(content)
        self._rows += rows

    def done(self) -> tuple[Copy, ...]:
        """Give the copies, each at its beginning."""
        self._end()
        return tuple(self._done)

    def _append(self, content: bytes) -> None:
        self._content.write(content)
        self._digest.update(content)
        self._size += len(content)

    def _end(self) -> None:
        self._content.seek(0)
        self._done.append(
            Copy(content=self._content, size=self._size, sha256=self._digest.hexdigest(), rows=self._rows)
        )
