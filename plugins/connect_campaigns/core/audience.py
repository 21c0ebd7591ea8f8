"""Which segment is to be counted, and how large it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_campaigns.core import amounts
from connect_campaigns.core.errors import GuardFailed, InvalidInput
from connect_campaigns.core.guards_of_audience import out_of_bounds, sql_refused
from connect_campaigns.core.parameters import mapping, text, yes_or_no
from connect_campaigns.core.prepared import read_time

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class ImportSaid:
    """What ImportProfilesOperator returned, as far as a launch judges it; all None where there was no import.

    :param expires_at: when the first of its profiles are forgotten
    """

    finished_at: datetime | None = None
    rows: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The parameters of an estimate, checked.

    :param segment: name or ARN
    :param expected: content hash and creation time that were handed over with it
    :param imported: what its people's import said
    :param suppression: what the suppression list's import said
    :param allow_sql_segment: a segment defined by SQL may stand
    """

    segment: str
    expected: tuple[str, datetime] | None
    least: int
    most: int | None
    imported: ImportSaid
    suppression: ImportSaid
    allow_sql_segment: bool

    def check_kind(self, name: str, content: object) -> None:
        """Refuse a segment that is defined by SQL: a campaign can't use it (documented).

        :param content: its groups, or its SQL text
        :raises GuardFailed: it is, and nobody allowed it
        """
        if isinstance(content, str) and not self.allow_sql_segment:
            refused = sql_refused(name)
            raise GuardFailed(refused.found, allowed=refused.allowed, hint=refused.hint, code="sql_segment")

    def check_content(self, name: str, *, content_hash: str, created_at: datetime) -> None:
        """Compare a definition with the one that was handed over: an ARN proves no content.

        :raises GuardFailed: it is another one
        """
        if self.expected is None or (content_hash, created_at) == self.expected:
            return
        expected, made_at = self.expected
        raise GuardFailed(
            f"segment definition {name} has hash {content_hash}, made {created_at.isoformat()}",
            allowed=f"the one that was handed over: hash {expected}, made {made_at.isoformat()}",
            hint="it was deleted and made again meanwhile: clear the task that makes the definition, too",
            code="definition",
        )

    def check_count(self, name: str, count: int) -> None:
        """Compare an audience's size with its bounds.

        :raises GuardFailed: it is out of bounds
        """
        failed = out_of_bounds(name, count, least=self.least, most=self.most)
        if failed is None:
            return
        found = failed.found if count else f"{failed.found} (asked twice)"
        if self.imported.finished_at is not None:
            found += f"; {self.imported.rows} rows were imported until {self.imported.finished_at:%Y-%m-%d %H:%M:%S %Z}"
        raise GuardFailed(found, allowed=failed.allowed, hint=failed.hint, code="audience")


def read_asked(
    *,
    segment: object,
    min_audience: object,
    max_audience: object,
    imported: object,
    suppression: object = None,
    allow_sql_segment: object = False,
) -> Asked:
    """Read the parameters of an estimate.

    :param segment: what CreateSegmentDefinitionOperator returned, as dict or JSON text; or a name or an ARN
    :param imported: what ImportProfilesOperator returned, as dict or JSON text, or None
    :param suppression: the same of the suppression list
    :raises InvalidInput: a parameter is not what it must be
    """
    least = amounts.count("min_audience", min_audience)
    most = None if max_audience is None else amounts.count("max_audience", max_audience)
    amounts.check_bounds(least, most)
    named, expected = _read_segment(segment)
    return Asked(
        segment=named,
        expected=expected,
        least=least,
        most=most,
        imported=_read_imported("imported", imported),
        suppression=_read_imported("suppression", suppression),
        allow_sql_segment=yes_or_no("allow_sql_segment", allow_sql_segment),
    )


def named_segment(given: object) -> str:
    """Give the name or ARN out of what a segment is handed on as.

    :raises InvalidInput: neither, nor what an operator returned
    """
    return _read_segment(given)[0]


def _read_segment(given: object) -> tuple[str, tuple[str, datetime] | None]:
    if isinstance(given, str) and not given.strip().startswith("{"):
        return text("segment", given, longest=1011), None
    members = mapping("segment", given)
    missing = [name for name in ("arn", "definition_hash", "created_at") if name not in members]
    if missing:
        raise InvalidInput(
            f"`segment` lacks {', '.join(missing)}",
            allowed="what CreateSegmentDefinitionOperator returned, or a definition's name or ARN",
            hint="hand over `create_definition.output` itself",
        )
    expected = text("segment.definition_hash", members["definition_hash"])
    created_at = read_time("segment.created_at", members["created_at"])
    return text("segment.arn", members["arn"], longest=1011), (expected, created_at)


def _read_imported(name: str, given: object) -> ImportSaid:
    if given is None:
        return ImportSaid()
    members = mapping(name, given)
    missing = [name for name in ("finished_at", "rows") if name not in members]
    if missing:
        raise InvalidInput(
            f"`{name}` lacks {', '.join(missing)}",
            allowed="what ImportProfilesOperator returned",
            hint="hand over `import_profiles.output` itself",
        )
    expires_at = members.get("expires_at")  # an import of an older release says nothing of it
    return ImportSaid(
        finished_at=read_time(f"{name}.finished_at", members["finished_at"]),
        rows=amounts.count(f"{name}.rows", members["rows"]),
        expires_at=None if expires_at is None else read_time(f"{name}.expires_at", expires_at),
    )
