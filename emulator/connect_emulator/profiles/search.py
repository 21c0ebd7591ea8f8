"""SearchProfiles: keys as SQL conditions on a row `p`; an unknown key is an error, not an empty answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Structure = dict[str, Any]

PHONES = ("PhoneNumber", "MobilePhoneNumber", "HomePhoneNumber", "BusinessPhoneNumber")
EMAILS = ("EmailAddress", "PersonalEmailAddress", "BusinessEmailAddress")
_FULL_NAME = """concat_ws(' ', p."FirstName", p."MiddleName", p."LastName")"""
_DIGITS = "regexp_replace({0}, '[^0-9]', '', 'g')"  # phones are searched in any notation (documented)

STANDARD_KEYS: dict[str, tuple[str, ...]] = {
    "_phone": tuple(_DIGITS.format(f'p."{field}"') for field in PHONES),
    "_email": tuple(f'p."{field}"' for field in EMAILS),
    "_account": ('p."AccountNumber"',),
    "_profileId": ("p.profile_id",),
    "_fullName": (_FULL_NAME,),
}
"""What each documented key is compared with; any of them may have the value."""


def key_condition(
    name: str, values: Iterable[str], *, index: Mapping[str, Mapping[str, set[str]]], bind: Callable[[Any], str]
) -> str:
    """Return the condition that a profile has one of the values under a key.

    :param index: key -> value -> ProfileIds, of the keys that profile objects brought.
    :raises ServiceError: BadRequestException for a key that is neither standard nor an object type's.
    """
    wanted = list(values)
    if name in STANDARD_KEYS:
        compared = [re.sub("[^0-9]", "", value) for value in wanted] if name == "_phone" else wanted
        among = f"(select unnest({bind([value for value in compared if value])}::varchar[]))"
        return " or ".join(f"coalesce({stored} in {among}, false)" for stored in STANDARD_KEYS[name])
    if name not in index:
        raise bad_request(
            found=f"Key `{name}`",
            allowed=", ".join(f"`{key}`" for key in (*STANDARD_KEYS, *index)),
            hint="PutProfileObjectType makes keys of its own",
        )
    ids = {profile_id for value in wanted for profile_id in index[name].get(value, ())}
    return f"p.profile_id in (select unnest({bind(sorted(ids))}::varchar[]))"


def search_conditions(
    params: Structure, *, index: Mapping[str, Mapping[str, set[str]]], bind: Callable[[Any], str]
) -> dict[str, str]:
    """Return the condition of every key of a SearchProfiles request, by the key's name.

    :raises ServiceError: BadRequestException for an unknown key, and for one that is given twice.
    """
    keys = [params, *(params.get("AdditionalSearchKeys") or [])]
    conditions: dict[str, str] = {}
    for key in keys:
        if key["KeyName"] in conditions:
            raise bad_request(
                found=f"Key `{key['KeyName']}` twice", allowed="each key once", hint="put all values under one key"
            )
        conditions[key["KeyName"]] = f"({key_condition(key['KeyName'], key['Values'], index=index, bind=bind)})"
    return conditions
