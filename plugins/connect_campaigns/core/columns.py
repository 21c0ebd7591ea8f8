"""Which column of a file goes to which field of a profile, under which header it is sent, and what is left out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import ATTRIBUTE_PREFIX, IMPORTABLE, attribute_of, content_type, standard_field
from connect_campaigns.core.parameters import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping as ReadOnly
    from collections.abc import Sequence

MAX_COLUMNS = 25
"""Mapped columns of an upload job (documented for the console)."""
AUDIENCE_RUN = "audience_run"
"""The attribute that tells one run's imported profiles from all others: no request leads from a file to a segment."""

_PROFILE = "_profile."
_USABLE = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_DATA = re.compile(r"@|^\s*\+?[\d\s().-]{4,}$")
"""What an e-mail address or a number has, and a header hardly ever."""
_RENAME = 'give `rename_columns="safe"` (the map is printed), or rename them in the file'


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column that is sent.

    :param header: its header in the file
    :param sent: its header in the copy that is sent
    :param target: the profile's field, as ``Address.City`` or ``Attributes.Balance``
    :param index: its place in the file, from 0; None = not in the file: every row gets `constant`
    """

    header: str
    sent: str
    target: str
    index: int | None
    constant: str = ""


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """All columns that are sent, the one that tells who is who, and the headers of those that are not sent."""

    columns: tuple[Column, ...]
    key: Column
    width: int
    left_out: tuple[str, ...] = ()

    @property
    def constants(self) -> list[str]:
        """What every row gets besides its own cells, which it follows."""
        return [column.constant for column in self.columns if column.index is None]

    def marked(self, audience_run: str) -> Mapping:
        """Give the mapping with another value in the column `AUDIENCE_RUN` that was added."""
        columns = (replace(each, constant=audience_run) if each.index is None else each for each in self.columns)
        return replace(self, columns=tuple(columns))

    @property
    def fields(self) -> dict[str, dict[str, str]]:
        """The upload job's ``Fields``."""
        return {
            column.sent: {
                "Source": f"_source.{column.sent}",
                "Target": f"{_PROFILE}{column.target}",
                "ContentType": content_type(column.target),
            }
            for column in self.columns
        }

    @property
    def targets(self) -> dict[str, str]:
        """The field that each header goes to."""
        return {column.header: column.target for column in self.columns}


def describe_mapping(mapping: Mapping) -> str:
    """Say in a table, for people, where each column goes, which was renamed or made, and which are left out."""
    names = [
        column.header if column.header == column.sent else f"{column.header} (sent as {column.sent})"
        for column in mapping.columns
    ]
    widest = max(map(len, names))
    lines = []
    for name, column in zip(names, mapping.columns, strict=True):
        remarks = ["key"] if column is mapping.key else []
        remarks += [] if column.index is not None else [f"made here, {column.constant!r} in every row"]
        lines.append(f"{name:<{widest}}  →  {column.target}" + (f"  ({', '.join(remarks)})" if remarks else ""))
    if mapping.left_out:
        lines.append(f"left out: {', '.join(mapping.left_out)}")
    return "\n".join(lines)


def map_columns(
    header: Sequence[str],
    *,
    key_column: str,
    columns: ReadOnly[str, Any] | None = None,
    rename: bool = False,
    audience_run: str | None = None,
) -> Mapping:
    """Map a file's columns.

    :param key_column: header of the column whose value tells one profile from another
    :param columns: field by header; the columns not named are left out. None = all: recognised headers
        (``phone``, ``First Name``, ``zip``) to standard fields, all others to attributes of the same name
    :param rename: make unusable headers usable
    :param audience_run: adds a column with this value
    :raises InvalidInput: an unknown column or field, an unusable header, too many columns
    """
    sent = safe_names(header) if rename else list(header)
    places = _places(header, sent, key_column=key_column, columns=columns)
    chosen = [
        Column(header=header[place], sent=sent[place], target=target or _default_target(sent[place]), index=place)
        for place, target in places.items()
    ]
    _check_headers(chosen)
    if audience_run is not None:
        chosen.append(_audience_run(chosen, audience_run))
    _check_targets(chosen)
    key = next(column for column in chosen if column.index == _find(key_column, header, sent, "key_column"))
    left_out = tuple(name for place, name in enumerate(header) if place not in places)
    return Mapping(columns=tuple(chosen), key=key, width=len(header), left_out=left_out)


def _places(
    header: Sequence[str], sent: list[str], *, key_column: str, columns: ReadOnly[str, Any] | None
) -> dict[int, str | None]:
    key = _find(key_column, header, sent, "key_column")
    if columns is None:
        return dict.fromkeys(range(len(header)))
    if not columns:
        raise InvalidInput.of(
            "columns", columns, allowed="field by header, one or more", hint="leave `columns` out to send all"
        )
    places: dict[int, str | None] = {}
    for name, target in columns.items():
        places[_find(name, header, sent, "columns")] = _target(name, target)
    places.setdefault(key, None)
    return dict(sorted(places.items()))


def _find(name: str, header: Sequence[str], sent: list[str], parameter: str) -> int:
    found = [place for place, known in enumerate(header) if known == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInput(
            f"`{parameter}` names the column {name!r}, and the file has it {len(found)} times",
            allowed="headers that stand once",
            hint=_RENAME,
            code="duplicate_header",
        )
    if name in sent:
        return sent.index(name)
    raise InvalidInput(
        f"`{parameter}` names the column {name!r}, which the file doesn't have",
        allowed=f"its {len(header)} headers",
        hint=_other_separator(header) or _no_header(header) or nearest(name, header),
        code="unknown_column",
    )


def _other_separator(header: Sequence[str]) -> str:
    """Say so where all of a header looks like one column; else nothing."""
    found = [each for each in (";", "\t", "|") if len(header) == 1 and each in header[0]]
    return f"the columns are separated by {found[0]!r}: write the file with commas" if found else ""


def _no_header(cells: Sequence[str]) -> str:
    """Say so where a first row is a customer, whose data isn't for the log; else nothing."""
    if not any(_DATA.search(cell) for cell in cells):
        return ""
    return "the first row looks like a customer: write the file with a header row"


def _target(name: str, target: object) -> str:
    field = target.removeprefix(_PROFILE) if isinstance(target, str) else ""
    attribute = attribute_of(field)
    if field in IMPORTABLE or (attribute is not None and 1 <= len(attribute) <= 255):
        return field
    raise InvalidInput(
        f"`columns` sends {name!r} to {target!r}, which is no field of a profile",
        allowed="a standard field, as FirstName or Address.City, or Attributes.NAME",
        hint=f"{nearest(field, IMPORTABLE)}; for a custom attribute write Attributes.{field or name}",
        code="unknown_field",
    )


def _default_target(name: str) -> str:
    standard = standard_field(name)
    return standard if standard in IMPORTABLE else f"{ATTRIBUTE_PREFIX}{name}"


def _audience_run(chosen: list[Column], value: str) -> Column:
    if any(column.sent == AUDIENCE_RUN for column in chosen):
        raise InvalidInput(
            f"the file has a column {AUDIENCE_RUN!r}, and `audience_run` would add another",
            allowed="one of the two",
            hint="leave `audience_run` out, or drop the column with `columns={…}`",
        )
    target = f"{ATTRIBUTE_PREFIX}{AUDIENCE_RUN}"
    return Column(header=AUDIENCE_RUN, sent=AUDIENCE_RUN, target=target, index=None, constant=value)


def _check_headers(chosen: list[Column]) -> None:
    seen: set[str] = set()
    no_header = _no_header([column.sent for column in chosen])
    for column in chosen:
        place = f"header {(column.index or 0) + 1}" + ("" if no_header else f", {column.sent!r},")
        if not column.sent.strip():
            found = f"header {(column.index or 0) + 1} is empty"
        elif "." in column.sent:
            found = f"{place} has a dot, which the service doesn't support"
        elif not _USABLE.fullmatch(column.sent):
            found = f"{place} can't be the name of a field"
        elif column.sent in seen:
            found = f"{place} stands more than once"
        else:
            seen.add(column.sent)
            continue
        raise InvalidInput(
            found,
            allowed="headers of 1 to 64 letters, digits, _ and -, each once",
            hint=no_header or _RENAME,
            code="header",
        )


def _check_targets(chosen: list[Column]) -> None:
    if len(chosen) > MAX_COLUMNS:
        raise InvalidInput(
            f"{len(chosen)} columns would be sent",
            allowed=f"at most {MAX_COLUMNS} an import",
            hint="choose those that segments and campaigns use with `columns={header: field}`; the others stay out",
            code="too_many_columns",
        )
    by_target: dict[str, str] = {}
    for column in chosen:
        other = by_target.setdefault(column.target, column.header)
        if other != column.header:
            raise InvalidInput(
                f"columns {other!r} and {column.header!r} both go to {column.target}",
                allowed="one column a field",
                hint=f"say with `columns={{…}}` which one does; the other can go to Attributes.{column.sent}",
                code="target_twice",
            )


def safe_names(header: Sequence[str]) -> list[str]:
    """Make every header usable and unique: other characters become ``_``, accents go, doubles get a number.

    >>> safe_names(["Marital (Status)", "Größe", "", "a", "a"])
    ['Marital_Status', 'Groe', 'column_3', 'a', 'a_2']
    """
    kept = {name for name in header if _USABLE.fullmatch(name)}
    taken: set[str] = set()
    names = []
    for place, name in enumerate(header, start=1):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        base = re.sub(r"[^a-zA-Z0-9-]+", "_", plain).strip("_")[:60] or f"column_{place}"
        base = name if name in kept else base
        unique, number = base, 1
        while unique in taken or (unique in kept and unique != name):
            number += 1
            unique = f"{base[:60]}_{number}"
        taken.add(unique)
        names.append(unique)
    return names
