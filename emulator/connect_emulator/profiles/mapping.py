"""An upload job's `Fields` and `UniqueKey`, understood: which column of the file goes where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.fields import ATTRIBUTES, MAX_VALUE_LENGTH, STANDARD_FIELDS, is_field
from connect_emulator.profiles.refusals import bad_request

if TYPE_CHECKING:
    from connect_emulator.profiles.settings import ProfileSettings

Structure = dict[str, Any]
_FIELD_KEY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_SOURCE = "_source."
_TARGET = "_profile."


@dataclass(frozen=True, kw_only=True)
class MappedField:
    """A column of the file by its header, and the profile's field that its cells go to."""

    key: str
    header: str
    field: str


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """All mapped fields, and those of them that find the profile that a row is about."""

    fields: tuple[MappedField, ...]
    unique: tuple[MappedField, ...]


def read_mapping(fields: Structure, unique_key: str, *, settings: ProfileSettings) -> Mapping:
    """Understand a job's fields.

    :raises ServiceError: BadRequestException for too many fields, unknown targets, a key that isn't mapped.
    """
    if not 1 <= len(fields) <= settings.upload_max_fields:
        raise bad_request(
            found=f"{len(fields)} mapped fields",
            allowed=f"1 to {settings.upload_max_fields}",
            hint="map only the columns that segments and campaigns use",
        )
    mapped = tuple(_field(key, content) for key, content in fields.items())
    targets = [field.field for field in mapped]
    if repeated := sorted({target for target in targets if targets.count(target) > 1}):
        raise bad_request(
            found=f"Several fields with the target `{_TARGET}{repeated[0]}`",
            allowed="one field per target",
            hint="remove all but one of them",
        )
    return Mapping(fields=mapped, unique=_unique(unique_key, mapped))


def _field(key: str, content: Structure) -> MappedField:
    if not _FIELD_KEY.fullmatch(key):
        raise bad_request(
            found=f"Field key `{key}`",
            allowed="1 to 64 letters, digits, `_`, `.` and `-`",
            hint="the key is a name of your own; the file's header goes into `Source`",
        )
    source, target = content.get("Source") or "", content.get("Target") or ""
    header = source.removeprefix(_SOURCE)
    if not source.startswith(_SOURCE) or not header or "." in header:
        raise bad_request(
            found=f"Source `{source}` of field `{key}`",
            allowed="`_source.HEADER`, where the file's header has no dot",
            hint="rename the column in the file",
        )
    field = target.removeprefix(_TARGET)
    if not target.startswith(_TARGET) or not is_field(field):
        raise bad_request(
            found=f"Target `{target}` of field `{key}`",
            allowed=f"`{_TARGET}{ATTRIBUTES}.NAME` with up to {MAX_VALUE_LENGTH} characters, or `{_TARGET}` and"
            f" one of {', '.join(STANDARD_FIELDS)}",
            hint="a column of your own goes to `_profile.Attributes.NAME`",
        )
    return MappedField(key=key, header=header, field=field)


def _unique(unique_key: str, mapped: tuple[MappedField, ...]) -> tuple[MappedField, ...]:
    """Find the key's fields; a part is a field's key, header, source or target (which of them: unknown)."""
    names = {
        name: field
        for field in reversed(mapped)
        for name in (_TARGET + field.field, _SOURCE + field.header, field.header, field.key)
    }
    whole = [unique_key] if unique_key in names else [part.strip() for part in unique_key.split(",")]
    unknown = [part for part in whole if part not in names]
    if unknown:
        raise bad_request(
            found=f"UniqueKey `{unknown[0]}` is no mapped field",
            allowed=f"keys, sources or targets of `Fields`: {', '.join(field.key for field in mapped)}",
            hint="add the key's column to `Fields`",
        )
    return tuple(dict.fromkeys(names[part] for part in whole))
