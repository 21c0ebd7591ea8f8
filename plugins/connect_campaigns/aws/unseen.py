"""What a reply holds and the installed SDK can't see: its parser drops members that its model doesn't have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import Shape


def unseen_members(raw: Any, shape: Shape, path: str = "campaign") -> tuple[str, ...]:
    """Name the members of a raw reply that the installed SDK's model doesn't have: parsing drops them silently."""
    if raw is None:
        return ()
    if shape.type_name == "structure" and isinstance(raw, dict):
        members: Mapping[str, Shape] = shape.members  # type: ignore[attr-defined] # StructureShape only
        by_wire_name = {member.serialization.get("name", name): member for name, member in members.items()}
        found: list[str] = []
        for name, value in raw.items():
            if name in by_wire_name:
                found += unseen_members(value, by_wire_name[name], f"{path}.{name}")
            elif value is not None and name != "__type":
                found.append(f"{path}.{name}")
        return tuple(found)
    if shape.type_name == "list" and isinstance(raw, list):
        each: Shape = shape.member  # type: ignore[attr-defined] # ListShape only
        return tuple(name for at, value in enumerate(raw) for name in unseen_members(value, each, f"{path}[{at}]"))
    if shape.type_name == "map" and isinstance(raw, dict):
        value_shape: Shape = shape.value  # type: ignore[attr-defined] # MapShape only
        return tuple(name for key, value in raw.items() for name in unseen_members(value, value_shape, f"{path}.{key}"))
    return ()
