"""Operators that prepare an audience: bring profiles in, make sure of a segment's definition, count it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.polling import pace
from connect_campaigns.connection import ConnectOperator
from connect_campaigns.core.amounts import count
from connect_campaigns.core.definitions import define
from connect_campaigns.core.errors import GuardFailed, InvalidInput
from connect_campaigns.core.parameters import mapping, text, yes_or_no
from connect_campaigns.core.prepared import PreparedSegment, read_time
from connect_campaigns.operators.imports import ImportProfilesOperator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from connect_campaigns._compat import Context, XComArg
    from connect_campaigns.aws.polling import Pace
    from connect_campaigns.aws.segments import FoundDefinition
    from connect_campaigns.core.definitions import SegmentDefinition

__all__ = ["CreateSegmentDefinitionOperator", "EstimateSegmentOperator", "ImportProfilesOperator"]


class CreateSegmentDefinitionOperator(ConnectOperator):
    """Make sure that a segment definition of this content exists: ``name-<hash>``, found again or made.

    A definition can't be changed and its ARN proves no content, so its name carries a hash of it.

    :param name: the name without the hash: 1 to 55 letters, digits, ``_`` and ``-`` (templated)
    :param groups: whom to select: the API's SegmentGroups, the builders of `core.definitions`, JSON text, or
        shorthand as ``"Contact=cellular, Balance>1000, Loan!=yes"`` (templated: write the service's own
        ``{{_profile.X}}`` as ``{% raw %}{{_profile.X}}{% endraw %}``)
    :param display_name: what the Connect console shows; default: `name` (templated)
    :param description: more words for the console (templated)
    :param allow_all_profiles: lets no groups, or a group without conditions, stand: everybody (templated)
    :param audience_run: keep to the profiles that the import with this ``audience_run`` brought in (templated)
    :returns: ``{arn, name, definition_hash, created_at}``
    :raises InvalidInput: a parameter, with the path of the member; nothing was sent
    :raises GuardFailed: a definition of this name has other content
    """

    template_fields: Sequence[str] = (
        *ConnectOperator.template_fields,
        "name",
        "groups",
        "display_name",
        "description",
        "allow_all_profiles",
        "audience_run",
    )
    template_fields_renderers = {"groups": "json"}  # noqa: RUF012 - Airflow declares it so

    def __init__(
        self,
        *,
        name: str,
        groups: dict[str, Any] | list[Any] | str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        allow_all_profiles: bool | str = False,
        audience_run: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.groups = groups
        self.display_name = display_name
        self.description = description
        self.allow_all_profiles = allow_all_profiles
        self.audience_run = audience_run

    def validate(self) -> SegmentDefinition:
        """Check everything that can be checked without the service.

        :raises InvalidInput: a parameter is not what it must be
        """
        return define(
            name=self.name,
            groups=self.groups,
            display_name=self.display_name,
            description=self.description,
            allow_all_profiles=yes_or_no("allow_all_profiles", self.allow_all_profiles),
            audience_run=self.audience_run,
        )

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - Airflow calls it so
        """Look for the definition, and make it where it isn't there."""
        definition = self.validate()
        found, made = self.hook.segments.ensure(definition)
        self.log.info("segment definition %s %s: %s", found.name, "was made" if made else "is there", found.arn)
        return {
            "arn": found.arn,
            "name": found.name,
            "definition_hash": found.hash,
            "created_at": found.created_at.isoformat(),
        }


class EstimateSegmentOperator(ConnectOperator):
    """Count a segment, and refuse an audience that is too small or too large.

    :param segment: what CreateSegmentDefinitionOperator returned, or a definition's name or ARN (templated)
    :param min_audience: fewest profiles that are accepted (templated)
    :param max_audience: most profiles that are accepted; None = any number (templated)
    :param imported: what ImportProfilesOperator returned, to be handed on to the launch (templated)
    :param poll_interval: longest pause between two looks at the estimate, in seconds or as a timedelta (templated)
    :param patience: how long to wait for it, in seconds or as a timedelta (templated)
    :returns: a `PreparedSegment` as a dict: ``{arn, name, definition_hash, created_at, count, imported_at, rows,
        estimated_at}``
    :raises GuardFailed: out of bounds (code ``audience``), or another content than was handed over (``definition``)
    :raises RetryableError: the estimate failed, or `patience` is over: not ready is not empty
    """

    template_fields: Sequence[str] = (
        *ConnectOperator.template_fields,
        "segment",
        "min_audience",
        "max_audience",
        "imported",
        "poll_interval",
        "patience",
    )
    template_fields_renderers = {"segment": "json", "imported": "json"}  # noqa: RUF012 - Airflow declares it so

    def __init__(
        self,
        *,
        segment: dict[str, Any] | str | XComArg,
        min_audience: int | str = 1,
        max_audience: int | str | None = None,
        imported: dict[str, Any] | str | XComArg | None = None,
        poll_interval: float | str | timedelta = 2,
        patience: float | str | timedelta = 600,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.segment = segment
        self.min_audience = min_audience
        self.max_audience = max_audience
        self.imported = imported
        self.poll_interval = poll_interval
        self.patience = patience

    def validate(self) -> Asked:
        """Check the parameters; nothing is asked yet.

        :raises InvalidInput: a parameter is not what it must be
        """
        least = count("min_audience", self.min_audience)
        most = None if self.max_audience is None else count("max_audience", self.max_audience)
        if most is not None and most < least:
            raise InvalidInput(
                f"`max_audience` is {most} and `min_audience` is {least}",
                allowed="a maximum that is not below the minimum",
                hint="swap the two, or leave one out",
            )
        segment, expected = _read_segment(self.segment)
        imported_at, rows = _read_imported(self.imported)
        return Asked(
            segment=segment,
            expected=expected,
            least=least,
            most=most,
            imported_at=imported_at,
            rows=rows,
            pace=pace(self.poll_interval, self.patience),
        )

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - Airflow calls it so
        """Read the definition, have its content counted, judge the number."""
        asked = self.validate()
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
        _check_content(found, asked)
        counted, at = segments.estimate(found.content, pace=asked.pace)
        if not counted:
            self.log.info("segment %s is empty; asking once more before that counts", name)
            counted, at = segments.estimate(found.content, pace=asked.pace)
        self.log.info("segment %s: %d profiles", name, counted)
        _check_audience(counted, name, asked)
        return PreparedSegment(
            arn=found.arn,
            name=name,
            definition_hash=found.hash,
            created_at=found.created_at,
            count=counted,
            imported_at=asked.imported_at,
            rows=asked.rows,
            estimated_at=at,
        ).to_dict()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The parameters of an estimate, checked.

    :param segment: name or ARN
    :param expected: content hash and creation time that were handed over with it
    """

    segment: str
    expected: tuple[str, datetime] | None
    least: int
    most: int | None
    imported_at: datetime | None
    rows: int | None
    pace: Pace


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


def _read_imported(given: object) -> tuple[datetime | None, int | None]:
    if given is None:
        return None, None
    members = mapping("imported", given)
    missing = [name for name in ("finished_at", "rows") if name not in members]
    if missing:
        raise InvalidInput(
            f"`imported` lacks {', '.join(missing)}",
            allowed="what ImportProfilesOperator returned",
            hint="hand over `import_profiles.output` itself",
        )
    return read_time("imported.finished_at", members["finished_at"]), count("imported.rows", members["rows"])


def _check_content(found: FoundDefinition, asked: Asked) -> None:
    if asked.expected is not None and (found.hash, found.created_at) != asked.expected:
        expected, created_at = asked.expected
        raise GuardFailed(
            f"segment definition {found.name} has hash {found.hash}, made {found.created_at.isoformat()}",
            allowed=f"the one that was handed over: hash {expected}, made {created_at.isoformat()}",
            hint="it was deleted and made again meanwhile: clear the task that makes the definition, too",
            code="definition",
        )


def _check_audience(counted: int, name: str, asked: Asked) -> None:
    if counted >= asked.least and (asked.most is None or counted <= asked.most):
        return
    found = f"segment {name} has {counted:,} profiles" if counted else f"segment {name} is empty (asked twice)"
    if asked.imported_at is not None:
        found += f"; {asked.rows} rows were imported until {asked.imported_at:%Y-%m-%d %H:%M:%S %Z}"
    few = "look at the conditions' spelling and case, at the import and its expiry; or lower `min_audience`"
    raise GuardFailed(
        found,
        allowed=f"{asked.least:,} profiles or more" + (f", at most {asked.most:,}" if asked.most is not None else ""),
        hint=few if counted < asked.least else "look for a condition that is missing; or raise `max_audience`",
        code="audience",
    )
