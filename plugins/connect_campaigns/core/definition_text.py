"""Segment shorthand: ``Contact=cellular|telephone, Balance>1000, Loan!=yes`` read into SegmentGroups.

Conditions are separated by commas and all must hold. ``=`` and ``!=`` compare text, one of several values split by
``|``; ``>``, ``>=``, ``<`` and ``<=`` compare numbers. Names and values with any of ``, | = ! < > "`` stand in double
quotes, in which ``""`` is a quote. A name that is a standard field's (``FirstName``, ``Country``, ``zip``) means
that field; any other, and ``Attributes.NAME``, a custom attribute.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import ATTRIBUTE_PREFIX, FILTERABLE, standard_field

_OPERATORS = {
    ">=": "GREATER_THAN_OR_EQUAL",
    "<=": "LESS_THAN_OR_EQUAL",
    "!=": "EXCLUSIVE",
    "=": "INCLUSIVE",
    ">": "GREATER_THAN",
    "<": "LESS_THAN",
}
_EXAMPLE = "`Contact=cellular, Balance>1000, Loan!=yes`"
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r'"(?:[^"]|"")*"|[^,|=!<>"]+')
_OPERATOR = re.compile("|".join(_OPERATORS))
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""A finite decimal number: what the numeric operators can compare (``nan``, ``1,000`` and ``1_000`` can't)."""


def parse_text(given: str) -> dict[str, Any]:
    """Read shorthand into ``SegmentGroups``: one group, all of whose dimensions must hold.

    :raises InvalidInput: naming the position (from 1) where reading stopped
    """
    reader = _Reader(given)
    dimensions = [_condition(reader)]
    while reader.take(re.compile(",")):
        dimensions.append(_condition(reader))
    if not reader.at_end:
        reader.fail("the next condition was expected here", hint="separate conditions by commas; all of them must hold")
    return {"Groups": [{"Dimensions": dimensions, "Type": "ALL"}], "Include": "ALL"}


class _Reader:
    def __init__(self, given: str) -> None:
        self.given = given
        self.position = 0
        self._skip()

    @property
    def at_end(self) -> bool:
        return self.position == len(self.given)

    def take(self, form: re.Pattern[str]) -> str | None:
        match = form.match(self.given, self.position)
        if not match:
            return None
        self.position = match.end()
        self._skip()
        return match[0]

    def word(self, what: str) -> str:
        start = self.position
        word = self.take(_WORD)
        unquoted = word[1:-1].replace('""', '"') if word and word.startswith('"') else (word or "").strip()
        if not unquoted:
            self.position = start
            if self.given.startswith('"', start) and word is None:
                self.fail("a quote opens here and never closes", hint='close it; a quote inside is written ""')
            self.fail(f"{what} is missing", hint=f"write it like {_EXAMPLE}")
        return unquoted

    def fail(self, what: str, *, hint: str) -> NoReturn:
        rest = self.given[self.position : self.position + 30] or "the end"
        raise InvalidInput(
            f"`groups` is {self.given!r}: {what}, at position {self.position + 1} ({rest!r})",
            allowed=f"conditions NAME OPERATOR VALUE separated by commas, as {_EXAMPLE}; operators = != > >= < <=",
            hint=hint,
        )

    def _skip(self) -> None:
        match = _SPACE.match(self.given, self.position)
        self.position = match.end() if match else self.position


def _condition(reader: _Reader) -> dict[str, Any]:
    name = reader.word("a name")
    at_operator = reader.position
    operator = _OPERATORS.get(reader.take(_OPERATOR) or "")
    if operator is None:
        reader.fail(
            "an operator is missing", hint="write one of = != > >= < <= after the name; numbers take no separators"
        )
    at_value = reader.position
    values = [reader.word("a value")]
    while reader.take(re.compile(r"\|")):
        values.append(reader.word("a value"))
    if operator not in {"INCLUSIVE", "EXCLUSIVE"} and (len(values) > 1 or not NUMBER.fullmatch(values[0])):
        reader.position = at_value
        reader.fail(
            "a comparison needs one number",
            hint="write digits without separators, as 1000 or 0.5; text is compared with = and !=",
        )
    return _dimension(reader, name, {"DimensionType": operator, "Values": values}, at_operator=at_operator)


def _dimension(reader: _Reader, name: str, condition: dict[str, Any], *, at_operator: int) -> dict[str, Any]:
    if name.startswith(ATTRIBUTE_PREFIX):
        return {"ProfileAttributes": {"Attributes": {name.removeprefix(ATTRIBUTE_PREFIX): condition}}}
    standard = standard_field(name)
    if standard is None:
        return {"ProfileAttributes": {"Attributes": {name: condition}}}
    if condition["DimensionType"] not in FILTERABLE.get(standard, ()):
        reader.position = at_operator
        reader.fail(
            f"the standard field {standard} can't be compared so in a segment",
            hint=f"a custom attribute of this name is written Attributes.{name}; dates need groups in Python",
        )
    member: Any = condition
    for part in reversed(standard.split(".")):
        member = {part: member}
    return {"ProfileAttributes": member}
