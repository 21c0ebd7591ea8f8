"""Waiting for upload jobs on a worker, with their progress in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.aws.polling import poll

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connect_campaigns.aws.polling import Pace
    from connect_campaigns.aws.uploads import Uploads
    from connect_campaigns.core.log import Log


def wait(uploads: Uploads, job_ids: Sequence[str], *, pace: Pace, log: Log) -> None:
    """Wait until all have ended, however; a line in the log whenever one got further.

    :raises ServiceUnavailable: patience is over
    :raises ServiceRefused: the service refused to tell
    """
    last = ""

    def look() -> bool | None:
        nonlocal last
        ended, progress = uploads.look(job_ids)
        if progress != last:
            log.info("%s", progress)
            last = progress
        return True if ended else None

    poll(look, pace=pace, what=f"upload job {', '.join(job_ids)} has not ended")
