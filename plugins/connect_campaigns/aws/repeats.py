"""Which keys of a file stand more than once, with a file's worth of keys on disk and a few thousand in memory.

Only hashes are kept: a repeated key is always among the suspects, and a suspect may be two keys with one hash, so
whoever asks compares the suspects' keys themselves.
"""

from __future__ import annotations

import tempfile
from array import array
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

MOST_SUSPECTS = 100_000
"""Hashes that are given at most: the keys of that many are compared in memory."""

_BUFFERED = 65_536
_BUCKETS = 256


class Repeats:
    """Hashes of keys, in buckets of one temporary file: equal ones meet in one bucket, which fits into memory."""

    def __init__(self) -> None:
        self._buffer: list[int] = []
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the context
        self._chunks: list[list[tuple[int, int]]] = [[] for _ in range(_BUCKETS)]
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, keys: Iterable[str]) -> None:
        """Take keys; Python's own hash of a text has 64 bits and a secret that differs from process to process."""
        self._buffer.extend(map(hash, keys))
        if len(self._buffer) >= _BUFFERED:
            self._spill()

    def suspects(self) -> tuple[frozenset[int], int]:
        """Give the hashes that were added more than once, and how often they were beyond the first time.

        :returns: at most `MOST_SUSPECTS` hashes; the count is of all
        """
        found: set[int] = set()
        beyond = 0
        for hashes in self._buckets():
            more = len(hashes) - len(set(hashes))
            if more and len(found) < MOST_SUSPECTS:
                found.update(each for each, times in Counter(hashes).items() if times > 1)
            beyond += more
        return frozenset(found), beyond

    def beyond(self) -> int:
        """Say how often hashes were added beyond the first time."""
        return sum(len(hashes) - len(set(hashes)) for hashes in self._buckets())

    def _buckets(self) -> Iterator[array[int]]:
        self._spill()
        return map(self._read, self._chunks)

    def _spill(self) -> None:
        buckets: list[list[int]] = [[] for _ in range(_BUCKETS)]
        appends = [bucket.append for bucket in buckets]
        for each in self._buffer:
            appends[each & (_BUCKETS - 1)](each)
        for bucket, chunks in zip(buckets, self._chunks, strict=True):
            if bucket:
                content = array("q", bucket)
                self._file.write(content)
                chunks.append((self._end, len(content)))
                self._end += content.itemsize * len(content)
        self._buffer = []

    def _read(self, chunks: list[tuple[int, int]]) -> array[int]:
        hashes = array("q")
        for place, length in chunks:
            self._file.seek(place)
            hashes.frombytes(self._file.read(length * hashes.itemsize))
        return hashes
