"""Pages of a listing, with an opaque token."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


def page(items: Sequence[T], *, token: str | None, size: int) -> tuple[Sequence[T], str | None]:
    """Cut one page out of a listing, and give the token of the next one.

    :raises ValueError: for a token that isn't one of ours.
    """
    start = 0
    if token is not None:
        try:
            start = int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("from:"))
        except (ValueError, binascii.Error, UnicodeError):
            start = -1
        if not 0 <= start <= len(items):
            message = "Invalid next token: pass the one of the previous reply, unchanged"
            raise ValueError(message)
    following = start + size
    more = base64.urlsafe_b64encode(f"from:{following}".encode()).decode() if following < len(items) else None
    return items[start:following], more
