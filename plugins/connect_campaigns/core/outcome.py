"""What a campaign did, against what the DAG asked for: figures and thresholds to a verdict, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

LONGEST_RANGE = timedelta(days=35)
"""The longest time range that one question to the metrics may have (documented)."""


@dataclass(frozen=True, kw_only=True)
class CampaignFigures:
    """A campaign's figures; None where the service has none (yet).

    :param targeted: recipients in the audience; segment campaigns only
    :param attempted: recipients whom it tried to reach, approximate (documented)
    :param progress_percent: attempted of targeted, in percent; segment campaigns only
    """

    targeted: int | None = None
    attempted: int | None = None
    progress_percent: float | None = None
