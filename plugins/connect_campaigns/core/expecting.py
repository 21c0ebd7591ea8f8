"""The states that a wait is for, as a DAG author names them: checked, and what is misspelt finds its nearest name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.states import ENDED, KNOWN, Expectation

if TYPE_CHECKING:
    from collections.abc import Iterable

TARGET, FAILURE = "target_states", "failure_states"
NAMES = ", ".join(sorted(KNOWN))


def expectation(target_states: object, failure_states: object) -> Expectation:
    """Check both sets of state names and give the expectation that they make.

    Either is a list of names, or their text with commas. No failure states are all right only where every end of a
    campaign is a target: elsewhere an end that nobody named would be nobody's.

    :raises InvalidInput: a name that isn't a state's, no target, no failure state, or one state in both
    """
    success, failure = _names(TARGET, target_states), _names(FAILURE, failure_states)
    if not success or (not failure and not success >= ENDED):
        name, value = (FAILURE, failure_states) if success else (TARGET, target_states)
        raise InvalidInput.of(
            name,
            value,
            allowed=f"at least one of {NAMES}",
            hint=f"leave `{name}` out for the usual ones; to wait for any end, name Completed, Failed and Stopped as "
            "`target_states`",
        )
    both = success & failure
    if both:
        raise InvalidInput(
            f"{' and '.join(sorted(both))} in both `{TARGET}` and `{FAILURE}`",
            allowed="a state in one of them at most",
            hint=f"take it out of one, for example `{FAILURE}={tuple(sorted(failure - both))}`",
            code="contradictory_states",
        )
    return Expectation(success=success, failure=failure)


def _names(parameter: str, value: object) -> frozenset[str]:
    if isinstance(value, str):
        given: Iterable[object] = [each.strip() for each in value.strip("()[]").split(",") if each.strip()]
    elif isinstance(value, list | tuple | set | frozenset):
        given = value
    else:
        raise InvalidInput.of(
            parameter,
            value,
            allowed=f"a list of state names: {NAMES}",
            hint=f'for example `{parameter}=("Completed",)`',
        )
    return frozenset(_name(parameter, each) for each in given)


def _name(parameter: str, value: object) -> str:
    if isinstance(value, str) and value.strip("'\" ") in KNOWN:
        return value.strip("'\" ")
    near = difflib.get_close_matches(str(value).strip("'\" ").capitalize(), sorted(KNOWN), n=2, cutoff=0.5)
    raise InvalidInput.of(
        parameter,
        value,
        allowed=NAMES,
        hint=f"did you mean {' or '.join(near)}?" if near else "these are the service's own state names",
    )
