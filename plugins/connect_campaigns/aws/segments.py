"""Customer Profiles of one domain: segment definitions, estimates and imports."""

from __future__ import annotations

from typing import Any


class Segments:
    """The segments of one Customer Profiles domain.

    :param client: a boto3 ``customer-profiles`` client
    :param domain: the domain's name
    """

    def __init__(self, client: Any, *, domain: str) -> None:
        self._client = client
        self.domain = domain
