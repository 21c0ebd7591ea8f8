"""What a launch reads of its audience: the source's definition with all that it is built on, and the last launch's count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connect_campaigns.core.errors import ServiceRefused
from connect_campaigns.core.exclusion import source_names
from connect_campaigns.core.verdicts import SegmentRead

if TYPE_CHECKING:
    from collections.abc import Callable

    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.segments import Segments
    from connect_campaigns.core.definitions import Groups
    from connect_campaigns.core.records import LaunchRecord

_DOMAIN = re.compile(r":domains/([^/]+)/")


def read_segment(segments: Callable[[str], Segments], source: str, *, with_sources: bool) -> SegmentRead | str | None:
    """Read the definition behind a source; a call, and with its sources one for each of these.

    :param segments: gives the segments of a domain, which the ARN names
    :param source: segment definition ARN
    :returns: None = it isn't there; or, where rights are missing, which
    :raises RetryableError: the service could not be reached
    """
    domain = _DOMAIN.search(source)
    if domain is None:
        return f"{source} names no Customer Profiles domain"
    of_domain = segments(domain[1])
    name = of_domain.name_of(source)
    try:
        found = of_domain.find(name)
        if found is None:
            return None
        sources = contents_behind(of_domain, found.content) if with_sources else {}
    except ServiceRefused as error:
        return error.found
    return SegmentRead(name=name, content=found.content, hash=found.hash, created_at=found.created_at, sources=sources)


def contents_behind(segments: Segments, content: Groups | str) -> dict[str, Groups | str | None]:
    """Read every definition that a segment is built on, directly or not, each once; None = it isn't there.

    :raises ConnectCampaignsError: one could not be read
    """
    read: dict[str, Groups | str | None] = {}
    waiting = list(source_names(content))
    while waiting:
        name = waiting.pop()
        if name in read:
            continue
        found = segments.find(name)
        read[name] = found.content if found else None
        waiting.extend(source_names(read[name]))
    return read


def last_counted(ledger: Ledger, *, key: str, template: str | None, audience: str) -> LaunchRecord | None:
    """Find the last launch of a template on an audience that was counted.

    Our own key's doesn't count: its record is written before its start.
    """
    back = ledger.launches_back(template=template, audience=audience)
    return next((each for each in back if each.key != key and each.count is not None), None)
