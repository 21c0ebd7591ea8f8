"""Guards' verdicts in words: for the log, and for the launch record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.core.verdicts import Failed, NotEvaluated, Warned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connect_campaigns.core.verdicts import Verdict


def table(verdicts: Sequence[tuple[str, Verdict]]) -> str:
    """Show verdicts as an aligned table, a line each."""
    width = max(len(name) for name, _ in verdicts)
    rows = ((name, *in_words(verdict)) for name, verdict in verdicts)
    return "\n".join(f"  {name:<{width}}  {word:<13}  {note}" for name, word, note in rows)


def lines(verdicts: Mapping[str, Verdict]) -> dict[str, str]:
    """Give each verdict as one line, as ``passed: off``."""
    return {name: ": ".join(filter(None, in_words(verdict))) for name, verdict in verdicts.items()}


def in_words(verdict: Verdict) -> tuple[str, str]:
    """Give a verdict as a word or two, and what goes with it."""
    if isinstance(verdict, Failed):
        return "FAILED", f"{verdict.found} (allowed: {verdict.allowed})"
    if isinstance(verdict, Warned):
        return "WARNING", f"{verdict.found} (allowed: {verdict.allowed})"
    if isinstance(verdict, NotEvaluated):
        return "not evaluated", verdict.why
    return "passed", verdict.note
