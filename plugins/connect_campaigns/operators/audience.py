"""What the operators that launch ask of the audience: their parameters, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_campaigns.connection import ConnectOperator
from connect_campaigns.core import parameters
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.guard_settings import with_audience
from connect_campaigns.core.prepared import PreparedSegment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from connect_campaigns.core.verdicts import GuardSettings

SEGMENT_ARN = r"arn:[^:]+:profile:[^:]+:[^:]+:domains/[^/]+/segment(-definition)?s/[^/]+"

OWN = "own"
"""What `source` is where nobody gave one. A word, since None is what Airflow makes of an output that isn't there."""


class AudienceOperator(ConnectOperator):
    """Base of the operators that launch on an audience; all but the last two judge what `prepare_segment` returns.

    :param max_data_age: seconds or timedelta since the import of the audience's profiles (templated); ``None`` = any
    :param max_suppression_age: seconds or timedelta since the import of the suppression list (templated)
    :param if_expiring: ``"fail"`` or ``"warn"`` where the imported profiles, or the suppression list's, expire within a day
        after the campaign's end (templated); ``None`` = don't look
    :param min_audience: fewest profiles (templated); default: 1 where `source` carries a count
    :param max_audience: most profiles (templated); ``None`` = any number
    :param max_audience_change_percent: most that the number may differ from that of the last launch of this template on
        this audience (templated); needs the ledger
    :param require_exclusion: whom the segment itself has to leave out (templated): a segment definition's name, with or
        without hash, ``Attributes.NAME`` or ``Attributes.NAME=VALUE``; several with commas between, or a list
    :param allow_sql_segment: AWS Support enabled SQL segments for the account's campaigns (templated)
    """

    template_fields: Sequence[str] = (
        *ConnectOperator.template_fields,
        "max_data_age",
        "max_suppression_age",
        "if_expiring",
        "min_audience",
        "max_audience",
        "max_audience_change_percent",
        "require_exclusion",
        "allow_sql_segment",
    )

    def __init__(
        self,
        *,
        max_data_age: timedelta | float | str | None = None,
        max_suppression_age: timedelta | float | str | None = None,
        if_expiring: str | None = "fail",
        min_audience: int | str | None = None,
        max_audience: int | str | None = None,
        max_audience_change_percent: float | str | None = None,
        require_exclusion: list[str] | str | None = None,
        allow_sql_segment: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_data_age = max_data_age
        self.max_suppression_age = max_suppression_age
        self.if_expiring = if_expiring
        self.min_audience = min_audience
        self.max_audience = max_audience
        self.max_audience_change_percent = max_audience_change_percent
        self.require_exclusion = require_exclusion
        self.allow_sql_segment = allow_sql_segment

    def with_audience(self, guards: GuardSettings) -> GuardSettings:
        """Add what the parameters say of the audience.

        :raises InvalidInput: one is not what it must be
        """
        return with_audience(
            guards,
            max_data_age=self.max_data_age,
            max_suppression_age=self.max_suppression_age,
            if_expiring=self.if_expiring,
            min_audience=self.min_audience,
            max_audience=self.max_audience,
            max_audience_change_percent=self.max_audience_change_percent,
            require_exclusion=self.require_exclusion,
            allow_sql_segment=self.allow_sql_segment,
        )

    @staticmethod
    def read_source(source: object) -> tuple[str | None, PreparedSegment | None]:
        """Take what the DAG hands over as the audience: an ARN, or what `prepare_segment` returns.

        :returns: the segment definition's ARN, and what was handed over with it; neither for `OWN`
        :raises InvalidInput: nothing was handed over, or something else
        """
        if source == OWN:
            return None, None
        if source is None or (isinstance(source, str) and source.strip() in {"", "None"}):
            raise InvalidInput(
                f"`source` is {source!r}: the task or template that it comes from gave no audience",
                allowed="what prepare_segment(...) or EstimateSegmentOperator returned, or a segment definition's ARN",
                hint="clear the task that prepares the audience: one that was marked as success returned nothing; "
                f'to launch on the template\'s own audience leave `source` out, or say source="{OWN}"',
                code="no_source",
            )
        prepared = None
        if not (isinstance(source, str) and source.strip().startswith("arn:")):
            prepared = PreparedSegment.from_dict(source)
            source = prepared.arn
        return parameters.text("source", source, form=SEGMENT_ARN, longest=500), prepared
