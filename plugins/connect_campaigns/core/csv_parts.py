"""Which files under a prefix are parts with rows."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from connect_campaigns.core.errors import InvalidInput, NotSeen, RetryableError
from connect_campaigns.core.verdicts import span

if TYPE_CHECKING:
    from datetime import datetime, timedelta


def is_part(name: str, size: int) -> bool:
    """Whether a file is a part with rows: jobs that write parts leave markers, manifests and empty files beside them."""
    return size > 0 and not name.startswith(("_", ".")) and not name.endswith("manifest")


def no_parts(path: str, found: int) -> InvalidInput:
    """Make the error of a prefix without parts."""
    return InvalidInput(
        f"{path}: no part" + (f"; {found} files are empty, or markers and manifests by their names" if found else ""),
        allowed="one file or more whose name begins so",
        hint="look at what the job that writes the parts wrote, and where",
        code="no_file",
    )


def demand_fresh(path: str, written_at: datetime, *, now: datetime, longest: timedelta | None) -> None:
    """Refuse a file that nobody has written for too long: the job that writes it may not have run.

    :param written_at: of the oldest part
    :param longest: None = any age will do
    :raises NotSeen: it is too old; a later one may come
    """
    if longest is not None and now - written_at > longest:
        raise NotSeen(
            f"{path} was written {span(now - written_at)} ago ({written_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)",
            allowed=f"a file written at most {span(longest)} ago (`max_file_age`)",
            hint="look at the job that writes it: yesterday's list would be called once more; a retry looks again",
            code="file_age",
        )


def changed(path: str) -> RetryableError:
    """Make the error of a file that somebody wrote to, or of parts that came or went, while they were read."""
    return RetryableError(
        f"{path}: somebody wrote to it while it was read",
        allowed="a file that is whole",
        hint="retry; let this task wait for the one that writes the file",
        code="changed",
    )
