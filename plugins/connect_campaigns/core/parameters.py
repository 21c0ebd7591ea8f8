"""Parameters of operators as they arrive: templates render to text, XComs to JSON, and both must be read the same way.

Numbers and durations are read in `amounts`.
Each reader says which parameter it is, what was found, what is allowed and what to do.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


def text(name: str, value: object, *, longest: int = 255, form: str | None = None) -> str:
    """Read a text of 1 to `longest` characters, blanks around it removed.

    :param form: a regular expression that the whole text must match
    :raises InvalidInput: no text, an empty one, one too long or of another form
    """
    limits = f"a text of 1 to {longest} characters" + (f" of the form `{form}`" if form else "")
    if not isinstance(value, str):
        hint = f"write `{name}` in quotes" if value is not None else f"give `{name}`"
        raise InvalidInput.of(name, value, allowed=limits, hint=hint)
    stripped = value.strip()
    if not stripped or stripped == "None":
        raise InvalidInput.of(
            name, value, allowed=limits, hint=f"give `{name}`; if it is a template, look at what it rendered to"
        )
    if len(stripped) > longest:
        raise InvalidInput.of(name, value, allowed=limits, hint=f"shorten it by {len(stripped) - longest}")
    if not is_storable(stripped):
        raise InvalidInput.of(
            name, value, allowed="well-formed Unicode", hint="read it as UTF-8: half a pair can't be sent"
        )
    if form and not re.fullmatch(form, stripped):
        raise InvalidInput.of(name, value, allowed=limits, hint=f"use only the characters allowed in `{name}`")
    return stripped


def is_storable(value: str) -> bool:
    """Whether a text is well-formed Unicode: half a surrogate pair can't be sent, nor hashed."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def choice(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """Read one of a few words.

    :raises InvalidInput: anything else
    """
    if isinstance(value, str) and value in allowed:
        return value
    words = " or ".join(f'"{word}"' for word in allowed)
    raise InvalidInput.of(name, value, allowed=words, hint=f'write {name}="{allowed[0]}"')


def yes_or_no(name: str, value: object) -> bool:
    """Read a truth value, given as such or as text ("true", "false").

    :raises InvalidInput: anything else: a text like "no way" must not count as true
    """
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise InvalidInput.of(name, value, allowed="True or False", hint=f"write `{name}=True` or `{name}=False`")


def mapping(name: str, value: object) -> dict[str, Any]:
    """Read an object with named members: a dict, or JSON text of one (what a template makes with ``| tojson``).

    :raises InvalidInput: anything else
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise InvalidInput.of(
                name,
                value,
                allowed="a dict, or JSON text of one",
                hint=f"not JSON: {error}; in a template end with `| tojson`, or hand over `task.output` itself",
            ) from None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise InvalidInput.of(name, value, allowed="a dict with text keys", hint="hand over `task.output` itself")
    return value


def nearest(word: str, known: Iterable[str]) -> str:
    """Name what was perhaps meant: the nearest of the known words, or all of them where none is near."""
    from difflib import get_close_matches  # only errors need it, and every DAG's parse imports this module

    choices = list(known)
    lowered = {choice.lower(): choice for choice in choices}
    near = [lowered[match] for match in get_close_matches(word.lower(), lowered, n=3, cutoff=0.5)]
    if near:
        return f"perhaps {' or '.join(f'`{choice}`' for choice in near)}"
    shown = ", ".join(f"`{choice}`" for choice in choices[:30])
    return f"one of {shown}" + (f" and {len(choices) - 30} more" if len(choices) > 30 else "")
