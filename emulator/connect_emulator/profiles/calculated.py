"""Calculated attributes: a statistic over one field of a profile's objects, within a range of days."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.object_types import type_of
from connect_emulator.profiles.predicates import is_number
from connect_emulator.profiles.refusals import bad_request, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from connect_emulator.profiles.domains import Domain

Structure = dict[str, Any]
_NUMERIC: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MINIMUM": min,
    "MAXIMUM": max,
    "AVERAGE": lambda numbers: sum(numbers) / len(numbers),
}
_TEXT: dict[str, Callable[[list[str]], str]] = {
    "COUNT": lambda values: str(len(values)),
    "FIRST_OCCURRENCE": lambda values: values[0],
    "LAST_OCCURRENCE": lambda values: values[-1],
    "MAX_OCCURRENCE": lambda values: Counter(values).most_common(1)[0][0],
    "RECENT_OCCURRENCES": lambda values: json.dumps(values[::-1]),  # a list, for LIST_CONTAINS
}
_THRESHOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "EQUAL_TO": lambda left, right: left == right,
    "NOT_EQUAL_TO": lambda left, right: left != right,
    "GREATER_THAN": lambda left, right: left > right,
    "LESS_THAN": lambda left, right: left < right,
}


@dataclass(frozen=True, kw_only=True)
class Window:
    """Days back from now, the older end first; negative days are in the future (documented)."""

    start: int
    end: int = 0

    def has(self, moment: datetime, *, now: datetime) -> bool:
        """Return whether a moment lies in the window."""
        return now - timedelta(days=self.start) <= moment <= now - timedelta(days=self.end)


@dataclass(frozen=True, kw_only=True)
class CalculatedAttribute:
    """A definition; `given` is CreateCalculatedAttributeDefinition's request."""

    name: str
    object_type: str
    field: str
    given: Structure
    window: Window | None
    created_at: datetime

    def values(
        self, domain: Domain, *, now: datetime, window: Window | None = None, zero_for: Iterable[str] = ()
    ) -> dict[str, str]:
        """Return ProfileId -> value; profiles without an object in the window have none.

        :param window: a segment's ConditionOverrides, in place of the definition's own.
        :param zero_for: profiles whose COUNT and SUM are 0 nevertheless (unknown: a setting).
        """
        within = window or self.window
        by_profile: dict[str, list[str]] = defaultdict(list)
        for each in sorted(domain.objects.get(self.object_type, {}).values(), key=lambda one: one.at):
            if self.field in each.values and (within is None or within.has(each.at, now=now)):
                by_profile[each.profile_id].append(each.values[self.field])
        limit = (self.given.get("Conditions") or {}).get("ObjectCount") or 0
        found: dict[str, str | None] = {}
        if self.given["Statistic"] in {"COUNT", "SUM"}:
            found |= dict.fromkeys(zero_for, "0")
        found |= {profile: self._statistic(values[-limit:]) for profile, values in by_profile.items()}
        return {profile: self._judged(value) for profile, value in found.items() if value is not None}

    def _statistic(self, values: list[str]) -> str | None:
        statistic = self.given["Statistic"]
        if statistic in _TEXT:
            return _TEXT[statistic](values)
        numbers = [float(value) for value in values if is_number(value)]
        return f"{_NUMERIC[statistic](numbers):.15g}" if numbers else None

    def _judged(self, value: str) -> str:
        threshold = (self.given.get("Conditions") or {}).get("Threshold")
        if threshold is None:
            return value
        texts = (value, threshold["Value"])
        left, right = map(float, texts) if all(map(is_number, texts)) else texts
        return str(_THRESHOLDS[threshold["Operator"]](left, right)).lower()


def define_calculated(domain: Domain, params: Structure, *, now: datetime) -> CalculatedAttribute:
    """Add a calculated attribute to the domain.

    :raises ServiceError: BadRequestException for a name that exists, and for what this emulator doesn't calculate.
    """
    name = params["CalculatedAttributeName"]
    if name in domain.calculated:
        raise bad_request(
            found=f"Calculated attribute `{name}` already exists", allowed="a new name", hint="delete it, or use it"
        )
    conditions = params.get("Conditions") or {}
    if params.get("Filter") or (conditions.get("Range") or {}).get("TimestampSource"):
        raise bad_request(
            found="`Filter` or `TimestampSource`",
            allowed="a statistic over all objects of a type, by the time at which they were put",
            hint="put only the objects that count",
        )
    attributes, expression = params["AttributeDetails"]["Attributes"], params["AttributeDetails"]["Expression"]
    object_type, _, field = attributes[0]["Name"].partition(".")
    if len(attributes) != 1 or expression.strip("{} ") != attributes[0]["Name"]:
        raise bad_request(
            found=f"Expression `{expression}` over {len(attributes)} attribute(s)",
            allowed="one attribute, `{TYPE.FIELD}`",
            hint="put the result of the calculation into the objects",
        )
    if field not in type_of(domain, object_type).sources:
        raise bad_request(
            found=f"Field `{field}` of object type `{object_type}`",
            allowed=", ".join(type_of(domain, object_type).sources),
            hint="add it to the type's `Fields`",
        )
    made = CalculatedAttribute(
        name=name,
        object_type=object_type,
        field=field,
        given={member: value for member, value in params.items() if member != "DomainName"},
        window=_window(conditions.get("Range")),
        created_at=now,
    )
    domain.calculated[name] = made
    return made


def calculated_of(domain: Domain, name: str) -> CalculatedAttribute:
    """Return a calculated attribute.

    :raises ServiceError: ResourceNotFoundException.
    """
    if name not in domain.calculated:
        raise not_found(what="Calculated attribute", name=name, hint="CreateCalculatedAttributeDefinition makes one")
    return domain.calculated[name]


def _window(given: Structure | None) -> Window | None:
    if not given:
        return None
    days = given.get("ValueRange") or {"Start": given.get("Value", 0), "End": 0}
    return Window(start=days["Start"], end=days["End"])
