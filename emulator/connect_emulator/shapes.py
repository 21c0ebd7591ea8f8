"""Checks compiled from the model's shapes, as nothing ready does them: raw JSON types, then constraints.

moto's parser guesses or crashes on a wrong type, and neither it nor botocore checks maxima, patterns or enums.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.core.model import Shape, StructureShape

Check = Callable[[Any, str], Iterator[str]]
"""(value, where it stands) -> a sentence for each thing that is wrong with it."""

ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
WHOLE_NUMBERS = {"integer", "long"}
NUMBERS = {"float", "double"}


def read_timestamp(value: str | float) -> datetime:
    """Read a timestamp of either wire format into an aware moment in UTC; without an offset it is UTC.

    :raises ValueError: when it is none.
    """
    if isinstance(value, str) and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        if not ISO_8601.fullmatch(value):
            message = f"`{value}` is no ISO 8601 timestamp"
            raise ValueError(message)
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (OverflowError, OSError) as error:
        message = f"`{value}` is out of range"
        raise ValueError(message) from error


def type_check(shape: StructureShape) -> Check:
    """Compile the check of a raw JSON value's type."""
    return _type_check(_Key(shape))


def text_check(shape: Shape) -> Check:
    """Compile the check of a value that came as text: in the query, a label or a header."""
    kind = shape.type_name
    pattern = {**dict.fromkeys(WHOLE_NUMBERS, r"-?\d{1,18}"), "boolean": "true|false"}.get(kind)
    numeric = r"-?\d+(\.\d+)?" if kind in NUMBERS else pattern

    def check(value: Any, path: str) -> Iterator[str]:
        if kind == "timestamp":
            yield from _timestamp_problems(value, path)
        elif numeric and isinstance(value, str) and not re.fullmatch(numeric, value):
            yield f"Value at '{path}' is `{value}`, expected {kind}"

    return check


def constraint_check(shape: StructureShape) -> Check:
    """Compile the check of a parsed value: required members, unions, lengths, ranges, patterns, enums."""
    return _constraint_check(_Key(shape))


class _Key:
    """A shape as a cache key: by its name, since the models have recursive ones."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape

    def __hash__(self) -> int:
        return hash(self.shape.name)

    def __eq__(self, other: object) -> bool:
        # The resolver belongs to one service's model: equal names of two services stay apart.
        return (
            isinstance(other, _Key)
            and self.shape.name == other.shape.name
            and getattr(self.shape, "_shape_resolver", None) is getattr(other.shape, "_shape_resolver", None)
        )


def _late(compiler: Callable[[_Key], Check], shape: Any) -> Check:
    """Compile a member's check at its first use, so that recursive shapes compile at all."""
    compiled: list[Check] = []

    def check(value: Any, path: str) -> Iterator[str]:
        if not compiled:
            compiled.append(compiler(_Key(shape)))
        return compiled[0](value, path)

    return check


@cache
def _type_check(key: _Key) -> Check:
    shape: Any = key.shape
    kind = shape.type_name
    if kind == "structure":
        return _structure_types(shape)
    if kind == "list":
        return _list_of(_late(_type_check, shape.member))
    if kind == "map":
        return _map_of(_late(_type_check, shape.value))
    if kind == "timestamp":
        return _timestamp_problems
    accepted: tuple[type, ...] = (str,)
    if kind in WHOLE_NUMBERS | NUMBERS:
        accepted = (int,) if kind in WHOLE_NUMBERS else (int, float)
    elif kind == "boolean":
        accepted = (bool,)

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind != "boolean"):
            yield _wrong_type(value, path, kind)

    return check


def _structure_types(shape: Any) -> Check:
    members = [
        (member.serialization.get("name", name), _late(_type_check, member))
        for name, member in shape.members.items()
        if "location" not in member.serialization
    ]

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _wrong_type(value, path, "structure")
            return
        for name, inner in members:
            if value.get(name) is not None:  # null means absent; unknown members are ignored, as by AWS
                yield from inner(value[name], f"{path}.{name}" if path else name)

    return check


def _list_of(inner: Check) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield _wrong_type(value, path, "list")
            return
        for number, item in enumerate(value, 1):
            yield from inner(item, f"{path}.{number}.member")

    return check


def _map_of(inner: Check) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _wrong_type(value, path, "map")
            return
        for name, item in value.items():
            yield from inner(item, f"{path}.{name}")

    return check


def _wrong_type(value: Any, path: str, expected: str) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return f"Value at '{path or 'body'}' is {names.get(type(value), 'a number')}, expected {expected}"


def _timestamp_problems(value: Any, path: str) -> Iterator[str]:
    try:
        valid = not isinstance(value, bool) and isinstance(value, str | int | float) and bool(read_timestamp(value))
    except ValueError:
        valid = False
    if not valid:
        yield f"Value at '{path}' is `{value}`, expected timestamp"


@cache
def _constraint_check(key: _Key) -> Check:
    shape: Any = key.shape
    kind = shape.type_name
    own = _own_constraints(shape)
    if kind == "structure":
        return _structure_constraints(shape)
    if kind == "list":
        return _each(own, lambda value: ((f"{n}.member", item) for n, item in enumerate(value, 1)), shape.member)
    if kind == "map":
        keys = _late(_constraint_check, shape.key)
        values = _each(own, lambda value: value.items(), shape.value)

        def check_map(value: Any, path: str) -> Iterator[str]:
            yield from values(value, path)
            for name in value:
                yield from keys(name, f"{path} (map key)")

        return check_map

    def check(value: Any, path: str) -> Iterator[str]:
        for holds, text in own:
            if not holds(value):
                yield _unsatisfied(path, text)

    return check


Constraint = tuple[Callable[[Any], bool], str]


def _each(own: list[Constraint], items: Callable[[Any], Any], member: Any) -> Check:
    inner = _late(_constraint_check, member)

    def check(value: Any, path: str) -> Iterator[str]:
        for holds, text in own:
            if not holds(value):
                yield _unsatisfied(path, text)
        for name, item in items(value):
            yield from inner(item, f"{path}.{name}")

    return check


def _structure_constraints(shape: Any) -> Check:
    members = [(name, _late(_constraint_check, member)) for name, member in shape.members.items()]
    required = shape.required_members
    union = bool(shape.is_tagged_union)

    def check(value: Any, path: str) -> Iterator[str]:
        prefix = f"{path}." if path else ""
        for name in required:
            if value.get(name) is None:
                yield _unsatisfied(prefix + name, "Member must not be null")
        if union and len(value) != 1:
            yield _unsatisfied(path, f"Exactly one member must be set, found {len(value)}")
        for name, inner in members:
            if value.get(name) is not None:
                yield from inner(value[name], prefix + name)

    return check


def _own_constraints(shape: Any) -> list[Constraint]:
    limits = shape.metadata
    measure: Callable[[Any], Any] = (lambda value: value) if shape.type_name in WHOLE_NUMBERS | NUMBERS else len
    what = "value" if shape.type_name in WHOLE_NUMBERS | NUMBERS else "length"
    constraints: list[Constraint] = []
    if "min" in limits:
        low = limits["min"]
        constraints.append(
            (lambda value: measure(value) >= low, f"Member must have {what} greater than or equal to {low}")
        )
    if "max" in limits:
        high = limits["max"]
        constraints.append(
            (lambda value: measure(value) <= high, f"Member must have {what} less than or equal to {high}")
        )
    if "pattern" in limits:
        matches = _pattern(limits["pattern"])
        constraints.append((matches, f"Member must satisfy regular expression pattern: {limits['pattern']}"))
    if "enum" in limits:
        allowed = limits["enum"]
        constraints.append(
            (lambda value: value in allowed, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        )
    return constraints


def _pattern(pattern: str) -> Callable[[Any], bool]:
    """Patterns describe the whole value; one that names only a beginning (`^...`) describes just that."""
    compiled = re.compile(pattern)
    whole = not pattern.startswith("^") or pattern.endswith("$")
    return lambda value: bool(compiled.fullmatch(value) if whole else compiled.match(value))


def _unsatisfied(path: str, text: str) -> str:
    return f"Value at '{path}' failed to satisfy constraint: {text}"
