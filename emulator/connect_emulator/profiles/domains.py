"""A domain: its configuration and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.profiles.calculated import CalculatedAttribute
    from connect_emulator.profiles.estimates import Estimate
    from connect_emulator.profiles.object_types import ObjectType
    from connect_emulator.profiles.objects import ProfileObject
    from connect_emulator.profiles.segments import SegmentDefinition
    from connect_emulator.profiles.snapshots import Snapshot
    from connect_emulator.profiles.table import ProfileTable
    from connect_emulator.profiles.uploads import UploadJob

Structure = dict[str, Any]


@dataclass(kw_only=True)
class Domain:
    """A Customer Profiles domain; the dictionaries keep the order of creation."""

    name: str
    table: ProfileTable
    created_at: datetime
    updated_at: datetime
    expiration_days: int
    config: Structure = field(default_factory=dict)
    """The other members of CreateDomain and UpdateDomain, as they were given."""
    tags: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, SegmentDefinition] = field(default_factory=dict)
    jobs: dict[str, UploadJob] = field(default_factory=dict)
    estimates: dict[str, Estimate] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    object_types: dict[str, ObjectType] = field(default_factory=dict)
    objects: dict[str, dict[str, ProfileObject]] = field(default_factory=dict)
    """Object type -> unique key -> object."""
    calculated: dict[str, CalculatedAttribute] = field(default_factory=dict)
    keys: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """Search keys that profile objects brought: key -> value -> ProfileIds."""
    waiting: list[Structure] = field(default_factory=list)
    """Profiles of CreateProfile that aren't in the table yet: they go there before anything is evaluated."""

    def groups_by_name(self) -> dict[str, Structure]:
        """Return the SegmentGroups of every definition that has them."""
        contents = {name: definition.content for name, definition in self.definitions.items()}
        return {name: content for name, content in contents.items() if not isinstance(content, str)}

    def take_waiting(self) -> list[Structure]:
        """Return the waiting profiles, once."""
        taken, self.waiting = self.waiting, []
        return taken
