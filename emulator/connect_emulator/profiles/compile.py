"""SegmentGroups compiled to one SQL condition over a row `p` of profiles: pure, no database.

What the documentation says of a group (documented for Pinpoint's members of the same names, inferred here):
dimensions are joined by `Type`, source segments by `SourceType`, groups by `Include`, each ALL, ANY or NONE;
a group is its sources AND its dimensions, and without sources it starts from every profile in the domain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.calculated_use import attribute_of, calculated_field
from connect_emulator.profiles.conditions import FALSE, TRUE, Among, Not, Sql, all_of, any_of, render
from connect_emulator.profiles.fields import ADDRESSES, ATTRIBUTES, attribute_name, is_field
from connect_emulator.profiles.predicates import (
    DATE_OPERATORS,
    NUMERIC_OPERATORS,
    RANGE_OPERATORS,
    Filter,
    is_instant,
    is_number,
    predicate,
)
from connect_emulator.profiles.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connect_emulator.profiles.conditions import Condition
    from connect_emulator.profiles.settings import ProfileSettings

Structure = dict[str, Any]
_REFERENCE = re.compile(r"\{\{(.*)\}\}", re.DOTALL)
_CALCULATED_FORM = re.compile(r"_calculated_attribute\.[a-zA-Z_][a-zA-Z_0-9-]*")
_REFERENCE_FORM = re.compile(r"_profile\.(.+)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Query:
    """The condition on a profile `p` and the values of its placeholders `$1`, `$2` and so on."""

    where: str
    params: list[Any]

    def bind(self, value: object) -> str:
        """Add a value and return its placeholder."""
        self.params.append(value)
        return f"${len(self.params)}"

    def narrowed(self, condition: str) -> Query:
        """Return the query with one more condition, whose values were bound here."""
        return Query(where=f"{condition} and {self.where}", params=self.params)

    def instead(self, condition: str) -> Query:
        """Return the query with another condition; what was bound stays, and has to be used elsewhere in the SQL."""
        return Query(where=condition, params=self.params)


def compile_groups(
    groups: Structure,
    *,
    column_of: Callable[[str], str | None],
    sources: Mapping[str, Structure],
    settings: ProfileSettings,
    calculated: str = "calculated",
) -> Query:
    """Compile SegmentGroups.

    :param column_of: the column of a custom attribute, None where it has none of its own.
    :param sources: the SegmentGroups of every source segment, direct or not, by its name; free of cycles.
    :param calculated: the table with the values of calculated attributes.
    :raises ServiceError: BadRequestException for what can't be evaluated.
    """
    compiler = _Compiler(column_of=column_of, sources=sources, settings=settings, calculated=calculated)
    where = render(compiler.segment(groups), bind=compiler.bind)
    return Query(where=where, params=compiler.params)


def filters_of(dimension: Structure) -> list[tuple[str, Structure]]:
    """Return the (field, filter) pairs of a dimension.

    :raises ServiceError: BadRequestException for a dimension without any field.
    """
    calculated = dimension.get("CalculatedAttributes") or {}
    pairs = [(calculated_field(name, filter_), filter_) for name, filter_ in calculated.items()]
    for name, content in (dimension.get("ProfileAttributes") or {}).items():
        if name == ATTRIBUTES or name in ADDRESSES:
            pairs.extend((f"{name}.{part}", filter_) for part, filter_ in content.items())
        else:
            pairs.append((name, content))
    if not pairs:
        raise bad_request(
            found=f"A dimension whose `{next(iter(dimension), 'ProfileAttributes')}` names no field",
            allowed="one field or more",
            hint="leave the dimension out to select every profile",
        )
    return pairs


class _Compiler:
    def __init__(
        self,
        *,
        column_of: Callable[[str], str | None],
        sources: Mapping[str, Structure],
        settings: ProfileSettings,
        calculated: str,
    ) -> None:
        self._calculated = calculated
        self.params: list[Any] = []
        self._column_of = column_of
        self._sources = sources
        self._settings = settings
        self._columns: dict[str, str] = {}
        self._conditions = 0

    def bind(self, value: object) -> str:
        self.params.append(value)
        return f"${len(self.params)}"

    def segment(self, groups: Structure) -> Condition:
        compiled = [self._group(group) for group in groups.get("Groups") or []]
        if not compiled:
            return TRUE if self._settings.empty_groups == "all" else FALSE
        include = groups.get("Include", "ALL")
        if include == "NONE" and self._settings.include_none == "exclude":
            return all_of([compiled[0], Not(any_of(compiled[1:]))])
        return _combined(compiled, how=include)

    def _group(self, group: Structure) -> Condition:
        parts: list[Condition] = []
        if sources := group.get("SourceSegments"):
            members = [self._source(source["SegmentDefinitionName"]) for source in sources]
            parts.append(_combined(members, how=group.get("SourceType", "ANY")))
        if dimensions := group.get("Dimensions"):
            compiled = [self._dimension(dimension) for dimension in dimensions]
            parts.append(_combined(compiled, how=group.get("Type", "ALL")))
        return all_of(parts)

    def _source(self, name: str) -> Condition:
        if name not in self._sources:
            raise bad_request(
                found=f"Source segment `{name}` doesn't exist",
                allowed="segment definitions of the same domain",
                hint="it was deleted, or never made: create it first",
            )
        return self.segment(self._sources[name])

    def _dimension(self, dimension: Structure) -> Condition:
        return all_of(self._filter(field, filter_) for field, filter_ in filters_of(dimension))

    def _filter(self, field: str, filter_: Structure) -> Condition:
        operator, values = filter_["DimensionType"], filter_["Values"]
        self._count(values)
        _check_range(field, operator, values)
        references = [_reference(value) for value in values]
        if operator == "INCLUSIVE" and not any(references):
            return Among(self._column(field), tuple(values))
        usable = [
            (value, reference)
            for value, reference in zip(values, references, strict=True)
            if reference or self._usable(field, operator, value)
        ]
        if not usable or (operator in RANGE_OPERATORS and len(usable) < len(values)):
            return FALSE  # before anything is bound: DuckDB refuses parameters that aren't used
        operands = [self._column(reference) if reference else self.bind(value) for value, reference in usable]
        bound = Filter(
            operator=operator,
            column=self._column(field),
            values=tuple(operands),
            references=tuple(self._column(reference) for reference in references if reference),
        )
        return Sql(predicate(bound, settings=self._settings))

    def _count(self, values: list[str]) -> None:
        self._conditions += len(values)
        if self._conditions > self._settings.max_conditions:
            raise bad_request(
                found=f"More than {self._settings.max_conditions} values with source segments written out",
                allowed=f"{self._settings.max_conditions}",
                hint="raise the emulator's setting `max_conditions`",
            )

    def _column(self, field: str) -> str:
        if field not in self._columns:
            self._columns[field] = expression(
                field, column_of=self._column_of, calculated=self._calculated, bind=self.bind
            )
        return self._columns[field]

    def _usable(self, field: str, operator: str, value: str) -> bool:
        if operator in NUMERIC_OPERATORS:
            usable, allowed = is_number(value), "finite decimal numbers such as `5`, `-0.5` or `1e3`"
        elif operator in DATE_OPERATORS:
            usable, allowed = is_instant(value), "absolute ISO 8601 dates such as `2026-01-31T00:00:00Z`"
        else:
            return True
        if not usable and self._settings.unparsable_values == "refuse":
            raise bad_request(
                found=f"Value `{value}` of {operator} on `{field}`",
                allowed=allowed,
                hint="write relative dates out as absolute ones; compare text with INCLUSIVE",
            )
        return usable


def expression(
    field: str, *, column_of: Callable[[str], str | None], calculated: str, bind: Callable[[Any], str]
) -> str:
    """Return a field's value as SQL over a row `p`: a standard one, a custom or a calculated attribute."""
    if attribute_of(field) is not None:
        own = f"c.profile_id = p.profile_id and c.name = {bind(field)}"
        return f"(select max(c.value) from {calculated} c where {own})"  # noqa: S608 - the table's name is ours
    attribute = attribute_name(field)
    if attribute is None:
        return f'p."{field}"'
    column = column_of(attribute)
    return f"p.{column}" if column else f"p.more[{bind(attribute)}]"


def _combined(conditions: Iterable[Condition], *, how: str) -> Condition:
    match how:
        case "ALL":
            return all_of(conditions)
        case "ANY":
            return any_of(conditions)
        case _:
            return Not(any_of(conditions))


def fields_of(groups: Structure) -> set[str]:
    """Return every field that the groups filter on or refer to, source segments left out."""
    dimensions = [dimension for group in groups.get("Groups") or [] for dimension in group.get("Dimensions") or []]
    filters = [pair for dimension in dimensions for pair in filters_of(dimension)]
    references = {_reference(value) for _, filter_ in filters for value in filter_["Values"]}
    return {field for field, _ in filters} | {field for field in references if field}


def _reference(value: str) -> str | None:
    """Return the field that a dynamic value such as `{{_profile.City}}` refers to; None for plain text."""
    outer = _REFERENCE.fullmatch(value)
    if not outer:
        return None
    if _CALCULATED_FORM.fullmatch(outer[1].strip()):
        return outer[1].strip()
    inner = _REFERENCE_FORM.fullmatch(outer[1].strip())
    if inner and is_field(inner[1]):
        return inner[1]
    raise bad_request(
        found=f"Dynamic value `{value}`",
        allowed="`{{_profile.FIELD}}` with a profile's field, such as `{{_profile.Address.City}}`",
        hint="custom attributes are `{{_profile.Attributes.NAME}}`, calculated ones `{{_calculated_attribute.NAME}}`",
    )


def _check_range(field: str, operator: str, values: list[str]) -> None:
    if operator in RANGE_OPERATORS and len(values) != 2:
        raise bad_request(
            found=f"{operator} on `{field}` with {len(values)} value(s)",
            allowed="exactly 2: the first and the last date",
            hint="give one dimension per range",
        )
