"""Patterns as IAM has them: `*` is any text, `?` any one character, all else is itself."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character) or re.escape(character) for character in pattern), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Say whether the whole text is what the pattern means."""
    return _compiled(pattern).fullmatch(text) is not None
