"""Which files under a prefix are parts with rows."""

from __future__ import annotations

from connect_campaigns.core.errors import InvalidInput, RetryableError


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


def changed(path: str) -> RetryableError:
    """Make the error of a file that somebody wrote to, or of parts that came or went, while they were read."""
    return RetryableError(
        f"{path}: somebody wrote to it while it was read",
        allowed="a file that is whole",
        hint="retry; let this task wait for the one that writes the file",
        code="changed",
    )
