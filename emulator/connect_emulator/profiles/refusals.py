"""The two errors that Customer Profiles answers a bad request with, worded alike everywhere."""

from __future__ import annotations

import json
from typing import Any

from connect_emulator.errors import ServiceError


def bad_request(*, found: str, allowed: str, hint: str) -> ServiceError:
    """Return the 400 that says what was found, what is allowed and what to do."""
    return ServiceError("BadRequestException", f"{found}. Allowed: {allowed}. Hint: {hint}")


def not_found(*, what: str, name: str, hint: str) -> ServiceError:
    """Return the 404 for a thing that isn't there."""
    return ServiceError("ResourceNotFoundException", f"{what} `{name}` not found. Hint: {hint}")


def check_text(params: dict[str, Any]) -> None:
    """Refuse text that is no Unicode: JSON can say half a surrogate pair, which nothing can store.

    :raises ServiceError: BadRequestException.
    """
    try:
        json.dumps(params, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise bad_request(
            found=f"Half a surrogate pair, `{error.object[error.start]!a}`",
            allowed="well-formed Unicode",
            hint="encode the text as UTF-8",
        ) from error
