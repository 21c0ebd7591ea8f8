"""Phone numbers as people write them, made E.164: the work of the library `phonenumbers`, which the command line does without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.parameters import nearest, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_WRITTEN = re.compile(r"\+?[0-9 \u00a0\u202f()./-]{3,40}")
"""Letters (extensions, names of numbers) and second numbers are no one number to call."""

_MEANT = {"UK": "GB", "EN": "GB", "EL": "GR"}


def region(value: object) -> str:
    """Read `default_country`.

    :returns: the region as the library knows it
    :raises InvalidInput: no ISO 3166 code of two letters, or none that the library knows; the library is missing
    """
    written = text("default_country", value)
    known = _library().SUPPORTED_REGIONS
    if (code := written.upper()) in known:
        return code
    meant = f"perhaps `{_MEANT[code]}`" if code in _MEANT else nearest(written, sorted(known))
    raise InvalidInput.of(
        "default_country",
        value,
        allowed="an ISO 3166 country code of two letters whose numbering plan is known",
        hint=f"{meant}; leave it out if all numbers begin with + and country code",
    )


def rewriter(country: str) -> Callable[[str], str | None]:
    """Give what makes E.164 of a number written in a country: None where it is no valid number there, nor one with ``+``.

    :param country: what `region` gave
    """
    library = _library()

    def rewrite(number: str) -> str | None:
        if not _WRITTEN.fullmatch(number.strip()):
            return None
        try:
            parsed = library.parse(number, country)
        except library.NumberParseException:
            return None
        if not library.is_valid_number(parsed):
            return None
        return str(library.format_number(parsed, library.PhoneNumberFormat.E164))

    return rewrite


def _library() -> ModuleType:
    try:
        import phonenumbers
    except ImportError as error:
        raise InvalidInput(
            "`default_country` needs the library phonenumbers, which is not installed",
            allowed="a worker that has it, or a file whose numbers are all E.164",
            hint="pip install phonenumbers (the extra `airflow` of this package brings it)",
            code="no_phonenumbers",
        ) from error
    return phonenumbers
