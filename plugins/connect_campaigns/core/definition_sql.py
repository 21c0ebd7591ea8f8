"""A segment defined by SQL: what can be told of its text without the service."""

from __future__ import annotations

from connect_campaigns.core.columns import AUDIENCE_RUN
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.parameters import text

LONGEST_SQL = 50_000
"""Characters of ``SegmentSqlQuery`` (documented in the API's model)."""


def read_sql(sql: object, *, groups: object, audience_run: object) -> str:
    """Read ``SegmentSqlQuery``: its length is checked, and that nothing stands beside it that can't.

    Whether it is one SELECT, and over which tables, the service alone can tell: when it counts the segment.

    :raises InvalidInput: no text, one too long, or beside groups or an ``audience_run``
    """
    if groups is not None:
        raise InvalidInput(
            "`sql` is given together with `groups`",
            allowed="one of the two",
            hint="leave one out: a segment is defined by groups or by SQL",
            code="contradiction",
        )
    if audience_run is not None:
        raise InvalidInput(
            "`sql` is given together with `audience_run`",
            allowed="`audience_run` with groups, which can be narrowed to one import; text can't",
            hint=f"leave `audience_run` out here, and write the condition on the attribute {AUDIENCE_RUN} into the SQL",
            code="contradiction",
        )
    return text("sql", sql, longest=LONGEST_SQL)
