"""Pages of a list with opaque tokens; the order is the order of creation."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeVar

from connect_emulator.profiles.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


def page(items: Mapping[str, T], params: Mapping[str, Any], *, largest: int) -> tuple[list[T], dict[str, str]]:
    """Return a page and, where there is more, `{"NextToken": …}`.

    A token names the first key of the next page; the page is refused when that item is gone by then.

    :param params: the request, with `MaxResults` and `NextToken` where given.
    :raises ServiceError: BadRequestException for a token that isn't ours.
    """
    keys = list(items)
    start = _position(keys, params.get("NextToken"))
    end = start + int(params.get("MaxResults") or largest)
    rest = {"NextToken": base64.urlsafe_b64encode(keys[end].encode()).decode()} if end < len(keys) else {}
    return [items[key] for key in keys[start:end]], rest


def _position(keys: list[str], token: str | None) -> int:
    if token is None:
        return 0
    try:
        return keys.index(base64.urlsafe_b64decode(token).decode())
    except (ValueError, binascii.Error) as error:
        raise bad_request(
            found="`NextToken` is unknown",
            allowed="the token of the page before",
            hint="begin the listing again without a token",
        ) from error
