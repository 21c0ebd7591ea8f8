"""What every reply carries beside its content."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


def date_of(reply: dict[str, Any]) -> datetime | None:
    """Give the ``Date`` of a reply, in UTC; None where it has none."""
    date = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date).astimezone(UTC) if date else None


def service_time(reply: dict[str, Any]) -> datetime:
    """Give the service's own time from a reply, in UTC; this machine's clock where it has none."""
    return date_of(reply) or datetime.now(UTC)
