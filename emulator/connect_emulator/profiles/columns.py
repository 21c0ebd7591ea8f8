"""What a profile has, as SQL over a row `p`: flat, a column per path, or nested as the API's Profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_emulator.profiles.fields import ADDRESS_PARTS, ADDRESSES, ATTRIBUTES, ENUM_FIELDS, TEXT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PROFILE_ID = "ProfileId"
ENGAGEMENT = "EngagementPreferences"
_TOP = (*TEXT_FIELDS, *ENUM_FIELDS)


def standard_columns() -> dict[str, str]:
    """Return path -> expression of what every profile can have, ProfileId first."""
    own = {PROFILE_ID: "p.profile_id", **{field: f'p."{field}"' for field in _TOP}}
    addresses = {f"{address}.{part}": f'p."{address}.{part}"' for address in ADDRESSES for part in ADDRESS_PARTS}
    return own | addresses | {ENGAGEMENT: "p.engagement"}


def attribute_columns(own: Mapping[str, str], more: Iterable[str], *, bind: Callable[[str], str]) -> dict[str, str]:
    """Return path -> expression of custom attributes.

    :param own: attribute -> its column. :param more: attributes that share the map column.
    """
    found = {f"{ATTRIBUTES}.{name}": f"p.{column}" for name, column in own.items()}
    return found | {f"{ATTRIBUTES}.{name}": f"p.more[{bind(name)}]" for name in more}


def document(own: Mapping[str, str], *, bind: Callable[[str], str]) -> str:
    """Return the expression of a profile as the API's structure in JSON, without members that have no value."""
    top = [f"'{PROFILE_ID}', p.profile_id", *(f"'{field}', p.\"{field}\"" for field in _TOP)]
    for address in ADDRESSES:
        parts = ", ".join(f"'{part}', p.\"{address}.{part}\"" for part in ADDRESS_PARTS)
        top.append(f"'{address}', {_filled(f'json_object({parts})')}")
    pairs = ", ".join(f"{bind(name)}, p.{column}" for name, column in own.items())
    attributes = f"json_merge_patch(json_object({pairs}), coalesce(to_json(p.more), '{{}}'))"
    top += [f"'{ATTRIBUTES}', {_filled(attributes)}", f"'{ENGAGEMENT}', p.engagement"]
    return _without_null(f"json_object({', '.join(top)})")


def _without_null(json: str) -> str:
    return f"json_merge_patch('{{}}', {json})"  # a merge patch takes null for "remove it" (RFC 7396)


def _filled(json: str) -> str:
    return f"nullif({_without_null(json)}::varchar, '{{}}')::json"
