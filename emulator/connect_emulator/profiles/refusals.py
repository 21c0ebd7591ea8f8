"""The two errors that Customer Profiles answers a bad request with, worded alike everywhere."""

from __future__ import annotations

from connect_emulator.errors import ServiceError


def bad_request(*, found: str, allowed: str, hint: str) -> ServiceError:
    """Return the 400 that says what was found, what is allowed and what to do."""
    return ServiceError("BadRequestException", f"{found}. Allowed: {allowed}. Hint: {hint}")


def not_found(*, what: str, name: str, hint: str) -> ServiceError:
    """Return the 404 for a thing that isn't there."""
    return ServiceError("ResourceNotFoundException", f"{what} `{name}` not found. Hint: {hint}")
