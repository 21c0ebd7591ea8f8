"""Operators that prepare an audience: bring profiles in, make sure of a segment's definition, count it.

What they do is imported when it is done: a DAG's parse needs none of it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connect_campaigns.connection import ConnectOperator
from connect_campaigns.core.errors import ConnectCampaignsError, InvalidInput
from connect_campaigns.core.parameters import yes_or_no
from connect_campaigns.operators.definition_file import read_definition
from connect_campaigns.operators.imports import ImportProfilesOperator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from connect_campaigns._compat import Context, XComArg
    from connect_campaigns.aws.polling import Pace
    from connect_campaigns.aws.segments import Segments
    from connect_campaigns.core.audience import Asked
    from connect_campaigns.core.definitions import SegmentDefinition

EMPTY_AGAIN_S = 10.0
"""Seconds until an empty audience is asked for once more: profiles may be found a while after their import (inferred)."""

SQL_RESTRICTION = (
    "segment definition %s is defined by SQL: campaigns can use it only where AWS Support enabled that for the account"
    " (documented), so estimate and launch refuse it unless allow_sql_segment=True; its text is checked by the service alone,"
    " when it is counted"
)

__all__ = ["CreateSegmentDefinitionOperator", "EstimateSegmentOperator", "ImportProfilesOperator"]


class CreateSegmentDefinitionOperator(ConnectOperator):
    """Make sure that a segment definition of this content exists: ``name-<hash>``, found again or made.

    A definition can't be changed and its ARN proves no content, so its name carries a hash of it.

    :param name: the name without the hash: 1 to 55 letters, digits, ``_`` and ``-`` (templated)
    :param definition: in place of `name` and `groups` (or `sql`), a YAML file that has them, and perhaps `display_name`,
        `description` and `allow_all_profiles`; its path is relative to the DAG file (templated; its content isn't)
    :param groups: whom to select: the API's SegmentGroups, the builders of `core.definitions`, JSON text, or
        shorthand as ``"Contact=cellular, Balance>1000, Loan!=yes"``; or a list of groups, which all must hold and each of
        which may be shorthand (templated: write the service's own
        ``{{_profile.X}}`` as ``{% raw %}{{_profile.X}}{% endraw %}``)
    :param sql: in place of `groups`, one SELECT in Spark SQL, as text or a ``.sql`` file (templated). Campaigns use such a
        segment only where AWS Support enabled that (documented): launches refuse it without ``allow_sql_segment``
    :param display_name: what the Connect console shows; default: `name` (templated)
    :param description: more words for the console (templated)
    :param allow_all_profiles: lets no groups, or a group without conditions, stand: everybody (templated)
    :param audience_run: keep to the profiles that an import marked so: its output's ``audience_run``, which has the
        file's hash besides what the import was given (templated)
    :returns: ``{arn, name, definition_hash, created_at}``
    :raises InvalidInput: a parameter, with the path of the member; nothing was sent
    :raises GuardFailed: a definition of this name has other content
    """

    template_fields: Sequence[str] = (
        *ConnectOperator.template_fields,
        "name",
        "definition",
        "groups",
        "sql",
        "display_name",
        "description",
        "allow_all_profiles",
        "audience_run",
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers = {"groups": "json", "sql": "sql"}  # noqa: RUF012 - Airflow declares it so

    def __init__(
        self,
        *,
        name: str | None = None,
        definition: str | None = None,
        groups: dict[str, Any] | list[Any] | str | None = None,
        sql: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        allow_all_profiles: bool | str = False,
        audience_run: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.definition = definition
        self.groups = groups
        self.sql = sql
        self.display_name = display_name
        self.description = description
        self.allow_all_profiles = allow_all_profiles
        self.audience_run = audience_run

    def validate(self) -> SegmentDefinition:
        """Check everything that can be checked without the service.

        :raises InvalidInput: a parameter is not what it must be
        """
        from connect_campaigns.core.definitions import define

        given = {
            "name": self.name,
            "groups": self.groups,
            "sql": self.sql,
            "display_name": self.display_name,
            "description": self.description,
            "allow_all_profiles": self.allow_all_profiles,
        }
        if self.definition is not None:
            given = self._with_file(given)
        allowed = yes_or_no("allow_all_profiles", given.pop("allow_all_profiles"))
        return define(**given, allow_all_profiles=allowed, audience_run=self.audience_run)

    def _with_file(self, given: dict[str, Any]) -> dict[str, Any]:
        if (self.name, self.groups, self.sql) != (None, None, None):
            raise InvalidInput(
                "`definition` is given together with `name`, `groups` or `sql`",
                allowed="one of the two: a file that has them, or the parameters",
                hint="leave `name`, `groups` and `sql` to the file",
            )
        dag = self.get_dag()
        folder = Path(dag.fileloc).parent if dag is not None and dag.fileloc else Path()
        return {**given, **read_definition(self.definition, folder=folder)}

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - Airflow calls it so
        """Look for the definition, and make it where it isn't there."""
        definition = self.validate()
        segments = self.hook.segments
        if definition.sql is not None:
            self.log.warning(SQL_RESTRICTION, definition.name)
        found, made = segments.ensure(definition)
        if made:
            self._show_difference(definition, segments)
        self.log.info("segment definition %s %s: %s", found.name, "was made" if made else "is there", found.arn)
        return {
            "arn": found.arn,
            "name": found.name,
            "definition_hash": found.hash,
            "created_at": found.created_at.isoformat(),
        }

    def _show_difference(self, definition: SegmentDefinition, segments: Segments) -> None:
        from connect_campaigns.core.definitions import difference

        try:
            former = segments.former(definition)
        except ConnectCampaignsError as error:
            self.log.warning("what changed since the last definition can't be shown: %s", error.found)
            return
        if former is not None:
            changed = difference(former.content, definition.content)
            self.log.info("segment definition %s differs from %s:\n%s", definition.name, former.name, changed)


class EstimateSegmentOperator(ConnectOperator):
    """Count a segment, and refuse an audience that is too small or too large.

    :param segment: what CreateSegmentDefinitionOperator returned, or a definition's name or ARN (templated)
    :param min_audience: fewest profiles that are accepted (templated)
    :param max_audience: most profiles that are accepted; None = any number (templated)
    :param imported: what ImportProfilesOperator returned, to be handed on to the launch (templated)
    :param suppression: what ImportProfilesOperator returned for the list of people who must not be contacted: the launch
        judges its age (templated)
    :param allow_sql_segment: AWS Support enabled SQL segments for the account's campaigns (templated)
    :param poll_interval: longest pause between two looks at the estimate, in seconds or as a timedelta (templated)
    :param patience: how long to wait for it, in seconds or as a timedelta (templated)
    :returns: a `PreparedSegment` as a dict: ``{arn, name, definition_hash, created_at, count, imported_at, rows,
        estimated_at, suppression_imported_at, expires_at, suppression_expires_at}``
    :raises GuardFailed: out of bounds (code ``audience``), another content than was handed over (``definition``), or a
        segment defined by SQL (``sql_segment``)
    :raises RetryableError: the estimate failed, or `patience` is over: not ready is not empty
    """

    template_fields: Sequence[str] = (
        *ConnectOperator.template_fields,
        "segment",
        "min_audience",
        "max_audience",
        "imported",
        "suppression",
        "allow_sql_segment",
        "poll_interval",
        "patience",
    )
    template_fields_renderers = {"segment": "json", "imported": "json", "suppression": "json"}  # noqa: RUF012 - Airflow declares it so

    def __init__(
        self,
        *,
        segment: dict[str, Any] | str | XComArg,
        min_audience: int | str = 1,
        max_audience: int | str | None = None,
        imported: dict[str, Any] | str | XComArg | None = None,
        suppression: dict[str, Any] | str | XComArg | None = None,
        allow_sql_segment: bool | str = False,
        poll_interval: float | str | timedelta = 2,
        patience: float | str | timedelta = 600,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.segment = segment
        self.min_audience = min_audience
        self.max_audience = max_audience
        self.imported = imported
        self.suppression = suppression
        self.allow_sql_segment = allow_sql_segment
        self.poll_interval = poll_interval
        self.patience = patience

    def validate(self) -> tuple[Asked, Pace]:
        """Check the parameters; nothing is asked yet.

        :raises InvalidInput: a parameter is not what it must be
        """
        from connect_campaigns.aws.polling import pace
        from connect_campaigns.core.audience import read_asked

        asked = read_asked(
            segment=self.segment,
            min_audience=self.min_audience,
            max_audience=self.max_audience,
            imported=self.imported,
            suppression=self.suppression,
            allow_sql_segment=self.allow_sql_segment,
        )
        return asked, pace(self.poll_interval, self.patience)

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - Airflow calls it so
        """Read the definition, have its content counted, judge the number."""
        from connect_campaigns.core.prepared import PreparedSegment

        asked, pace = self.validate()
        segments = self.hook.segments
        name = segments.name_of(asked.segment)
        found = segments.find(name)
        if found is None:
            raise InvalidInput(
                f"there is no segment definition {name!r} in domain {segments.domain!r}",
                allowed="a definition that exists",
                hint="look at spelling, domain and Region; CreateSegmentDefinitionOperator makes one",
                code="no_definition",
            )
        asked.check_kind(name, found.content)
        asked.check_content(name, content_hash=found.hash, created_at=found.created_at)
        counted, at = segments.estimate(found.content, pace=pace)
        if not counted:
            pause = min(EMPTY_AGAIN_S, pace.patience_s)
            self.log.info("segment %s is empty; asking once more in %g seconds before that counts", name, pause)
            time.sleep(pause)
            counted, at = segments.estimate(found.content, pace=pace)
        self.log.info("segment %s: %d profiles", name, counted)
        asked.check_count(name, counted)
        return PreparedSegment(
            arn=found.arn,
            name=name,
            definition_hash=found.hash,
            created_at=found.created_at,
            count=counted,
            imported_at=asked.imported.finished_at,
            rows=asked.imported.rows,
            estimated_at=at,
            suppression_imported_at=asked.suppression.finished_at,
            expires_at=asked.imported.expires_at,
            suppression_expires_at=asked.suppression.expires_at,
        ).to_dict()
