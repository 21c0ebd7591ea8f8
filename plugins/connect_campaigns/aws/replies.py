"""What every reply carries beside its content."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


def service_time(reply: dict[str, Any]) -> datetime:
    """Give the service's own time from a reply's ``Date`` header, in UTC; this machine's clock where it has none."""
    date = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date).astimezone(UTC) if date else datetime.now(UTC)
