"""Who is in a segment, written from the fact sheet: plain Python, one profile at a time, nothing of the emulator's code.

It reads a definition the way the documentation words it, and knows nothing of SQL.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

Profile = dict[str, str]
"""A profile as the evaluator sees it: path -> value, such as `Attributes.x` or `Address.City`."""


class Readings(Protocol):
    """How the service's open questions are answered."""

    empty_groups: str
    include_none: str
    missing_matches_exclusive: bool
    missing_matches_not_between: bool
    date_on: str
    between: str
    list_encoding: str


@dataclass
class Evaluator:
    settings: Readings
    sources: dict[str, dict[str, Any]]

    def in_segment(self, profile: Profile, groups: dict[str, Any]) -> bool:
        verdicts = [self.in_group(profile, group) for group in groups.get("Groups", [])]
        if not verdicts:
            return self.settings.empty_groups == "all"
        include = groups.get("Include", "ALL")
        if include == "NONE" and self.settings.include_none == "exclude":
            return verdicts[0] and not any(verdicts[1:])
        return joined(verdicts, include)

    def in_group(self, profile: Profile, group: dict[str, Any]) -> bool:
        names = [source["SegmentDefinitionName"] for source in group.get("SourceSegments", [])]
        in_sources = [self.in_segment(profile, self.sources[name]) for name in names]
        dimensions = [self.matches(profile, dimension) for dimension in group.get("Dimensions", [])]
        from_sources = joined(in_sources, group.get("SourceType", "ANY")) if in_sources else True
        return from_sources and (joined(dimensions, group.get("Type", "ALL")) if dimensions else True)

    def matches(self, profile: Profile, dimension: dict[str, Any]) -> bool:
        verdicts = []
        for name, content in dimension["ProfileAttributes"].items():
            if "DimensionType" not in content:  # an address, or the custom attributes
                verdicts += [self.holds(profile, f"{name}.{part}", filter_) for part, filter_ in content.items()]
            else:
                verdicts.append(self.holds(profile, name, content))
        return all(verdicts)

    def holds(self, profile: Profile, field: str, filter_: dict[str, Any]) -> bool:
        operator, stored = filter_["DimensionType"], profile.get(field)
        values = [resolve(profile, value) for value in filter_["Values"]]
        if operator == "EXCLUSIVE":
            if None in values:
                return False
            return self.settings.missing_matches_exclusive if stored is None else stored not in values
        if operator == "NOT_BETWEEN" and stored is None:
            return self.settings.missing_matches_not_between
        if stored is None:
            return False
        if operator in {"BETWEEN", "NOT_BETWEEN"}:
            return self.in_range(stored, values, inside=operator == "BETWEEN")
        if operator == "LIST_CONTAINS_ALL":
            return None not in values and set(values) <= set(self.items(stored))
        if operator == "LIST_CONTAINS":
            return bool({value for value in values if value is not None} & set(self.items(stored)))
        return any(self.one(operator, stored, value) for value in values if value is not None)

    def one(self, operator: str, stored: str, value: str) -> bool:
        text = {
            "INCLUSIVE": stored == value,
            "CONTAINS": value in stored,
            "BEGINS_WITH": stored.startswith(value),
            "ENDS_WITH": stored.endswith(value),
        }
        if operator in text:
            return text[operator]
        left, right = (number(stored), number(value)) if operator in COMPARISONS else (instant(stored), instant(value))
        if left is None or right is None:
            return False
        if operator == "ON" and self.settings.date_on == "day":
            return left.date() == right.date()
        return {**COMPARISONS, **DATES}[operator](left, right)

    def in_range(self, stored: str, values: list[str | None], *, inside: bool) -> bool:
        low, high = (None if value is None else instant(value) for value in values)
        moment = instant(stored)
        if moment is None or low is None or high is None:
            return False
        within = low <= moment <= high if self.settings.between == "inclusive" else low < moment < high
        return within == inside

    def items(self, stored: str) -> list[str]:
        """A JSON array, else a comma-separated list."""
        try:
            parsed = json.loads(stored) if self.settings.list_encoding != "comma" else None
        except ValueError:
            parsed = None
        if isinstance(parsed, list):
            return [item if isinstance(item, str) else json.dumps(item) for item in parsed]
        return [] if self.settings.list_encoding == "json" else [item.strip(" ") for item in stored.split(",")]


COMPARISONS: dict[str, Any] = {
    "EQUAL": lambda a, b: a == b,
    "GREATER_THAN": lambda a, b: a > b,
    "LESS_THAN": lambda a, b: a < b,
    "GREATER_THAN_OR_EQUAL": lambda a, b: a >= b,
    "LESS_THAN_OR_EQUAL": lambda a, b: a <= b,
}
DATES: dict[str, Any] = {"BEFORE": lambda a, b: a < b, "AFTER": lambda a, b: a > b, "ON": lambda a, b: a == b}


def joined(verdicts: list[bool], how: str) -> bool:
    return {"ALL": all(verdicts), "ANY": any(verdicts), "NONE": not any(verdicts)}[how]


def resolve(profile: Profile, value: str) -> str | None:
    """A dynamic value is what this profile has in that field."""
    reference = re.fullmatch(r"\{\{_profile\.(.+)\}\}", value)
    return profile.get(reference[1]) if reference else value


def number(text: str) -> float | None:
    """What a person would call a number: no `nan`, no `1_000`, no spaces around it."""
    if not set(text) <= set("0123456789+-.eE"):
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def instant(text: str) -> datetime | None:
    """An ISO 8601 date or time, UTC where it doesn't say otherwise."""
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
