"""What a prepared audience hands to the launch: which segment, with which content, how many people, how fresh."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.parameters import mapping, nearest

_MAYBE_TIMES = frozenset(
    {"imported_at", "expires_at", "estimated_at", "suppression_imported_at", "suppression_expires_at"}
)
_TIMES = _MAYBE_TIMES | {"created_at"}
_MAYBE = _MAYBE_TIMES | {"rows"}
_COUNTS = frozenset({"count", "rows"})
_HINT = "hand over what prepare_segment(...) or EstimateSegmentOperator returned, unchanged"


@dataclass(frozen=True, kw_only=True)
class PreparedSegment:
    """A segment that was defined and counted; an ARN alone proves no content.

    :param arn: the segment definition's ARN, as the service gave it
    :param name: the definition's name
    :param definition_hash: hash of its content
    :param created_at: the service's CreatedAt, aware
    :param count: profiles in it when it was estimated
    :param imported_at: when the import of its profiles ended; None where nothing was imported
    :param rows: rows that were imported, or None
    :param estimated_at: when it was counted
    :param suppression_imported_at: when the import of the suppression list ended; None where none was imported
    :param expires_at: when the first of the imported profiles are forgotten; None where it can't be told
    :param suppression_expires_at: the same of the suppression list
    """

    arn: str
    name: str
    definition_hash: str
    created_at: datetime
    count: int
    imported_at: datetime | None
    rows: int | None
    estimated_at: datetime | None = None
    suppression_imported_at: datetime | None = None
    expires_at: datetime | None = None
    suppression_expires_at: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON types, times in ISO 8601: what an XCom holds."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, given: object, *, name: str = "source") -> Self:
        """Read what `to_dict` made, as a dict or as JSON text.

        :param name: the parameter it came in, for the errors
        :raises InvalidInput: an unknown or missing member, or one of the wrong type
        """
        members = mapping(name, given)
        known = {field.name: field for field in fields(cls)}
        for member in members:
            if member not in known:
                raise InvalidInput(
                    f"`{name}` has a member {member!r}", allowed=", ".join(known), hint=nearest(member, known)
                )
        missing = [field for field in known if known[field].default is MISSING and field not in members]
        if missing:
            raise InvalidInput(f"`{name}` lacks {', '.join(missing)}", allowed=", ".join(known), hint=_HINT)
        return cls(**{member: _read(f"{name}.{member}", member, value) for member, value in members.items()})


def _read(path: str, member: str, value: object) -> Any:
    if value is None and member in _MAYBE:
        return None
    if member in _TIMES:
        return read_time(path, value)
    if member in _COUNTS:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise InvalidInput.of(path, value, allowed="a whole number from 0 on", hint=_HINT)
    if isinstance(value, str) and value:
        return value
    raise InvalidInput.of(path, value, allowed="a text that isn't empty", hint=_HINT)


def read_time(path: str, value: object) -> datetime:
    """Read an ISO 8601 time with its zone.

    :raises InvalidInput: anything else
    """
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise InvalidInput.of(path, value, allowed="a time as 2026-12-01T09:00:00+00:00", hint=_HINT)
    return time.astimezone(UTC)
