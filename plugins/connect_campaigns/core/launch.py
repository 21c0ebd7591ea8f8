"""The launch protocol's decisions: one exhaustive table, and nothing else.

Two facts, each written once, stand in the ledger: K says which campaign a launch key launches, C says which key a
campaign belongs to. StartCampaign is sent only by an attempt that has just read both and found that they agree. The
service starts a campaign once in its life, a key means one campaign, a campaign belongs to one key: so a key launches
at most once. "Void", written in place of a campaign or a key, means that nobody ever will.

An attempt observes (K, then the state, then C), decides here, does one thing, and observes again, whatever the reply.
State before C: C is written before the start, so a campaign of ours that runs never looks like another's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from connect_campaigns.core.states import NOT_FOUND, CampaignState

if TYPE_CHECKING:
    from collections.abc import Iterable


class Mode(StrEnum):
    """What an attempt is for."""

    CLONE = "clone"  # launch a campaign made from a template
    GIVEN = "given"  # launch a campaign that exists
    CREATE = "create"  # only make the campaign of a key; a Start with its own key launches it
    BARE = "bare"  # launch a campaign that exists, without a ledger: its state alone decides


class Key(StrEnum):
    """What K says in the generation that is looked at."""

    ABSENT = "absent"
    VOID = "void"
    KNOWN = "known"  # a campaign of our making; or the one given
    OTHER = "other"  # K names another campaign than the one given, or one made from another template


class State(StrEnum):
    """The state of the campaign that is looked at: K's, or the given one where K is absent."""

    NO_CAMPAIGN = "no campaign"
    INITIALIZED = CampaignState.INITIALIZED
    RUNNING = CampaignState.RUNNING
    PAUSED = CampaignState.PAUSED
    COMPLETED = CampaignState.COMPLETED
    STOPPED = CampaignState.STOPPED
    FAILED = CampaignState.FAILED
    NOT_FOUND = NOT_FOUND
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, reading: str) -> State:
        """Take a reading; a state that this release doesn't know is UNKNOWN."""
        return cls(reading) if reading in {*CampaignState, NOT_FOUND} else cls.UNKNOWN


class Claim(StrEnum):
    """What C says."""

    NONE = "none"
    OURS = "ours"
    FORMER = "former"  # ours, of a generation that a person's relaunch gave up
    ANOTHERS = "another's"
    VOID = "void"


class Mine(StrEnum):
    """What this attempt itself has done that matters: all that it carries from pass to pass."""

    NOTHING = "nothing"
    CANDIDATE = "candidate"  # it created a campaign that K doesn't name yet, or never will
    ACCEPTED = "accepted"  # the service said yes to its StartCampaign


@dataclass(frozen=True)
class Observation:
    """What one pass sees, and whether the author lets it take a campaign that somebody else started."""

    mode: Mode
    key: Key
    state: State
    claim: Claim
    mine: Mine = Mine.NOTHING
    attach: bool = False


class Act(StrEnum):
    """What one pass does; those that begin something new are preceded by the guards."""

    CREATE = "guards, then CreateCampaign"
    ADOPT = "write K: the campaign just created"
    DROP = "delete the campaign just created: K names another"
    BIND = "guards, then write K: the campaign given"
    CLAIM = "guards, then write C"
    START = "renew a schedule that has passed; else guards, freeze last, then StartCampaign as the very next call"
    TAKE = "write C: somebody else started it, and the author takes that"
    VOID = "write C = void: the campaign is gone and was never started"
    NEXT = "look at the next generation"
    AGAIN = "look again"
    LOOK_FOR_END = "read E: there, it ran already; else retryable, whether it ran is unknown"
    CREATED = "done: K names the campaign"
    STARTED = "done: this attempt started it"
    ATTACH = "done: it runs, and it is this launch"
    ATTACH_OUTSIDE = "done: somebody else started it, and the author takes that"
    RAN = "done: it ran already"
    REFUSE = "final refusal"
    RETRY = "retryable refusal"


@dataclass(frozen=True, kw_only=True)
class Action:
    """One decision: what to do, and the code of the reason where it is a refusal.

    :param patient: decided only when a second look sees the same
    """

    act: Act
    reason: str = ""
    patient: bool = False


ACTIVE = (State.RUNNING, State.PAUSED)
OVER = (State.COMPLETED, State.STOPPED, State.FAILED)
FOUND = (State.INITIALIZED, *ACTIVE, *OVER)
MISSING = (State.NOT_FOUND, State.NO_CAMPAIGN)
LAUNCHES = (Mode.CLONE, Mode.GIVEN)
OF_OUR_MAKING = (Mode.CLONE, Mode.CREATE)
NOBODYS = (Claim.NONE,)
OURS = (Claim.OURS,)


if TYPE_CHECKING:
    Cells = tuple[Iterable[Mode], Iterable[Key], Iterable[State], Iterable[Claim], Iterable[Mine], Iterable[bool]]


def _row(  # noqa: PLR0917 - the columns of a table
    modes: Iterable[Mode],
    keys: Iterable[Key],
    states: Iterable[State],
    claims: Iterable[Claim],
    act: Act,
    reason: str = "",
    *,
    patient: bool = False,
    mine: Iterable[Mine] = tuple(Mine),
    attach: Iterable[bool] = (False, True),
) -> tuple[Cells, Action]:
    return (modes, keys, states, claims, mine, attach), Action(act=act, reason=reason, patient=patient)


ROWS: tuple[tuple[Cells, Action], ...] = (
    # A state that this release doesn't know is never success. What may be ours and started is for a retry to look at.
    _row(LAUNCHES, [Key.KNOWN], [State.UNKNOWN], OURS, Act.RETRY, "unknown_state_ours", patient=True),
    _row([Mode.BARE], Key, [State.UNKNOWN], Claim, Act.RETRY, "unknown_state_ours", patient=True, mine=[Mine.ACCEPTED]),
    _row(Mode, Key, [State.UNKNOWN], Claim, Act.REFUSE, "unknown_state"),
    # Without a ledger the state alone decides; the service's refusal of a second start keeps it at one.
    _row(
        [Mode.BARE], Key, [State.INITIALIZED], Claim, Act.RETRY, "still_initialized", patient=True, mine=[Mine.ACCEPTED]
    ),
    _row([Mode.BARE], Key, [State.INITIALIZED], Claim, Act.START),
    _row([Mode.BARE], Key, [*ACTIVE, State.COMPLETED], Claim, Act.STARTED, mine=[Mine.ACCEPTED]),
    _row([Mode.BARE], Key, OVER, Claim, Act.REFUSE, "launched_ended", mine=[Mine.ACCEPTED]),
    _row([Mode.BARE], Key, ACTIVE, Claim, Act.ATTACH_OUTSIDE, attach=[True]),
    _row([Mode.BARE], Key, ACTIVE, Claim, Act.REFUSE, "active_bare"),
    _row([Mode.BARE], Key, OVER, Claim, Act.REFUSE, "over_bare"),
    _row([Mode.BARE], Key, MISSING, Claim, Act.RETRY, "given_gone", patient=True),
    # Void is given up for good: walking past it is free. The one given can't be replaced by another.
    _row(Mode, [Key.VOID], State, Claim, Act.NEXT),
    _row(OF_OUR_MAKING, [Key.KNOWN, Key.OTHER], State, [Claim.VOID], Act.NEXT),
    _row([Mode.GIVEN], [Key.OTHER], State, [Claim.VOID], Act.NEXT),
    _row([Mode.GIVEN], [Key.ABSENT, Key.KNOWN], State, [Claim.VOID], Act.RETRY, "given_void"),
    _row([Mode.GIVEN], [Key.ABSENT], State, [Claim.FORMER], Act.RETRY, "given_former"),
    _row([Mode.GIVEN], [Key.OTHER], State, Claim, Act.REFUSE, "key_taken"),
    # K absent, from a template: create, and write K before anything else is done with the campaign.
    _row(OF_OUR_MAKING, [Key.ABSENT], State, Claim, Act.ADOPT, mine=[Mine.CANDIDATE]),
    _row(OF_OUR_MAKING, [Key.ABSENT], State, Claim, Act.CREATE),
    _row(OF_OUR_MAKING, [Key.KNOWN, Key.OTHER], State, Claim, Act.DROP, mine=[Mine.CANDIDATE]),
    _row(OF_OUR_MAKING, [Key.OTHER], State, Claim, Act.REFUSE, "key_of_another_template"),
    # K absent, a campaign given: bind it, unless that could only end in a refusal; then nothing is written.
    _row([Mode.GIVEN], [Key.ABSENT], FOUND, OURS, Act.AGAIN),  # a twin wrote K meanwhile
    _row([Mode.GIVEN], [Key.ABSENT], MISSING, Claim, Act.RETRY, "given_gone", patient=True),
    _row([Mode.GIVEN], [Key.ABSENT], FOUND, [Claim.ANOTHERS], Act.REFUSE, "claimed"),
    _row([Mode.GIVEN], [Key.ABSENT], [State.INITIALIZED], NOBODYS, Act.BIND),
    _row([Mode.GIVEN], [Key.ABSENT], ACTIVE, NOBODYS, Act.BIND, attach=[True]),
    _row([Mode.GIVEN], [Key.ABSENT], ACTIVE, NOBODYS, Act.REFUSE, "active_outside"),
    _row([Mode.GIVEN], [Key.ABSENT], OVER, NOBODYS, Act.REFUSE, "stale"),
    # Create is done once K names a campaign that is there; C is another task's business.
    _row([Mode.CREATE], [Key.KNOWN], FOUND, Claim, Act.CREATED),
    # The campaign is gone.
    _row(OF_OUR_MAKING, [Key.KNOWN], [State.NOT_FOUND], NOBODYS, Act.VOID, patient=True),
    _row([Mode.GIVEN], [Key.KNOWN], [State.NOT_FOUND], NOBODYS, Act.RETRY, "given_gone", patient=True),
    _row(LAUNCHES, [Key.KNOWN], [State.NOT_FOUND], OURS, Act.LOOK_FOR_END, patient=True),
    _row([Mode.CREATE], [Key.KNOWN], [State.NOT_FOUND], [Claim.OURS, Claim.ANOTHERS], Act.LOOK_FOR_END, patient=True),
    # Another key's campaign: no take-over.
    _row(LAUNCHES, [Key.KNOWN], State, [Claim.ANOTHERS], Act.REFUSE, "claimed"),
    # Not begun.
    _row(LAUNCHES, [Key.KNOWN], [State.INITIALIZED], NOBODYS, Act.CLAIM),
    _row(
        LAUNCHES,
        [Key.KNOWN],
        [State.INITIALIZED],
        OURS,
        Act.RETRY,
        "still_initialized",
        patient=True,
        mine=[Mine.ACCEPTED],
    ),
    _row(LAUNCHES, [Key.KNOWN], [State.INITIALIZED], OURS, Act.START),
    # Begun, and ours.
    _row(LAUNCHES, [Key.KNOWN], [*ACTIVE, State.COMPLETED], OURS, Act.STARTED, mine=[Mine.ACCEPTED]),
    _row(LAUNCHES, [Key.KNOWN], ACTIVE, OURS, Act.ATTACH),
    _row(LAUNCHES, [Key.KNOWN], [State.COMPLETED], OURS, Act.RAN),
    _row(LAUNCHES, [Key.KNOWN], [State.STOPPED, State.FAILED], OURS, Act.REFUSE, "launched_ended"),
    # Begun, and nobody's: started outside.
    _row(LAUNCHES, [Key.KNOWN], ACTIVE, NOBODYS, Act.TAKE, attach=[True]),
    _row(LAUNCHES, [Key.KNOWN], ACTIVE, NOBODYS, Act.REFUSE, "active_outside"),
    _row(LAUNCHES, [Key.KNOWN], OVER, NOBODYS, Act.REFUSE, "stale"),
    # Combinations that one pass can't see; it looks again and never acts on one.
    _row(Mode, Key, State, Claim, Act.RETRY, "inconsistent", patient=True),
)
"""In order: the first row that fits decides."""


@cache  # not at import: a DAG's parse has no use for thousands of cells
def table() -> dict[Observation, Action]:
    """Give every cell. A missing one would be a KeyError: a bug, and never a launch."""
    cells: dict[Observation, Action] = {}
    for columns, action in ROWS:
        for cell in product(*columns):
            cells.setdefault(Observation(*cell), action)
    return cells


CLOSING = frozenset({Act.CREATED, Act.ATTACH, Act.ATTACH_OUTSIDE, Act.RAN, Act.LOOK_FOR_END, Act.REFUSE, Act.RETRY})
"""What a pass ends an attempt with, for a campaign of an earlier attempt's: a relaunch may have given it up since."""


def may_be_given_up(observation: Observation) -> bool:
    """Whether a relaunch request decides: only of a claimed campaign, since others are given up as void.

    One that this attempt started is its own: what it asked for happened.
    """
    if observation.claim not in {Claim.OURS, Claim.ANOTHERS} or observation.mine is Mine.ACCEPTED:
        return False
    # What this attempt holds meanwhile is for the generation that counts, not for this one.
    return decide(replace(observation, mine=Mine.NOTHING)).act in CLOSING


def decide(observation: Observation) -> Action:
    """Decide what one pass does with what it sees."""
    return table()[observation]
