"""Profile object types: how a JSON object is mapped to a profile, and by which keys it finds one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.fields import is_field
from connect_emulator.profiles.refusals import bad_request, not_found

if TYPE_CHECKING:
    from datetime import datetime

    from connect_emulator.profiles.domains import Domain

Structure = dict[str, Any]
_SOURCE, _TARGET = "_source.", "_profile."
_NEW_ONLY, _LOOKUP_ONLY = "NEW_ONLY", "LOOKUP_ONLY"


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of an object: its name in searches, the fields that its value is made of, what it is for."""

    name: str
    fields: tuple[str, ...]
    identifiers: frozenset[str]

    def is_stored(self, *, created: bool) -> bool:
        """Return whether the profile is found by this value later: LOOKUP_ONLY never, NEW_ONLY when just created."""
        return _LOOKUP_ONLY not in self.identifiers and (created or _NEW_ONLY not in self.identifiers)


@dataclass(frozen=True, kw_only=True)
class ObjectType:
    """An object type; `given` is PutProfileObjectType's request, `sources` field -> path in the object."""

    name: str
    given: Structure
    sources: dict[str, tuple[str, ...]]
    targets: dict[str, str]
    unique: Key
    lookups: tuple[Key, ...]
    created_at: datetime
    updated_at: datetime

    @property
    def allows_creation(self) -> bool:
        """Whether an object that finds no profile makes one; documented default: no."""
        return bool(self.given.get("AllowProfileCreation"))


def put_type(domain: Domain, params: Structure, *, now: datetime) -> ObjectType:
    """Add an object type to the domain, or replace it.

    :raises ServiceError: BadRequestException for fields or keys that can't be used.
    """
    name, fields = params["ObjectTypeName"], params.get("Fields") or {}
    keys = [_key(each, key, fields) for each, several in (params.get("Keys") or {}).items() for key in several]
    unique = [key for key in keys if "UNIQUE" in key.identifiers]
    if len(unique) != 1:
        raise bad_request(
            found=f"{len(unique)} UNIQUE keys of object type `{name}`",
            allowed="exactly one, which tells its objects apart",
            hint="give one key `StandardIdentifiers: [UNIQUE]`; templates aren't in this emulator",
        )
    # Documented: PROFILE keys are tried first, SECONDARY ones only when none of those finds a profile.
    profile = [key for key in keys if "PROFILE" in key.identifiers and "SECONDARY" not in key.identifiers]
    secondary = [key for key in keys if "SECONDARY" in key.identifiers]
    before = domain.object_types.get(name)
    made = ObjectType(
        name=name,
        given={member: value for member, value in params.items() if member != "DomainName"},
        sources={field: _source(field, content) for field, content in fields.items()},
        targets=_targets(fields),
        unique=unique[0],
        lookups=(*profile, *secondary),
        created_at=before.created_at if before else now,
        updated_at=now,
    )
    domain.object_types[name] = made
    for key in made.lookups:
        domain.keys.setdefault(key.name, {})
    return made


def type_of(domain: Domain, name: str) -> ObjectType:
    """Return an object type.

    :raises ServiceError: ResourceNotFoundException.
    """
    if name not in domain.object_types:
        raise not_found(what="Profile object type", name=name, hint="PutProfileObjectType makes one")
    return domain.object_types[name]


def _key(name: str, content: Structure, fields: Structure) -> Key:
    names = tuple(content.get("FieldNames") or [])
    unknown = [each for each in names if each not in fields]
    if not names or unknown:
        raise bad_request(
            found=f"Key `{name}` of {f'unknown field `{unknown[0]}`' if unknown else 'no field'}",
            allowed=f"names of `Fields`: {', '.join(fields) or 'none are given'}",
            hint="add the field to `Fields`",
        )
    return Key(name=name, fields=names, identifiers=frozenset(content.get("StandardIdentifiers") or ["PROFILE"]))


def _source(field: str, content: Structure) -> tuple[str, ...]:
    source = content.get("Source") or ""
    path = tuple(source.removeprefix(_SOURCE).split("."))
    if not source.startswith(_SOURCE) or not all(path):
        raise bad_request(
            found=f"Source `{source}` of field `{field}`",
            allowed="`_source.MEMBER`, nested ones joined by dots",
            hint="name the member of the object",
        )
    return path


def _targets(fields: Structure) -> dict[str, str]:
    """Return field -> the profile's field; targets outside the profile stay in the object."""
    targets: dict[str, str] = {}
    for name, content in fields.items():
        target = content.get("Target") or ""
        if not target.startswith(_TARGET):
            continue
        field = target.removeprefix(_TARGET)
        if not is_field(field):
            raise bad_request(
                found=f"Target `{target}` of field `{name}`",
                allowed="`_profile.FIELD`, such as `_profile.Address.City` or `_profile.Attributes.NAME`",
                hint="a member of your own goes to `_profile.Attributes.NAME`",
            )
        targets[name] = field
    return targets
