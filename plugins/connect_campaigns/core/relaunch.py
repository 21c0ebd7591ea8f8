"""Launching again, because a person says so: what may be given up, and when. Pure; one exhaustive decision.

A request says "generation ≥ G". Before it is written, everything before G is settled, so that nobody will start it: what
nobody has claimed becomes void; what is claimed and may still start is deleted, and the service's own answer to
DeleteCampaign decides, since a read may be old; what has ended needs nothing. What runs is not given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.launch import ACTIVE, OVER, Claim, State
from connect_campaigns.core.parameters import nearest, text, yes_or_no

if TYPE_CHECKING:
    from connect_campaigns.core.records import RelaunchRecord

CONF = "relaunch"
"""The member of a run's conf that asks for a relaunch."""

LONGEST_REASON = 500


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a person asks for.

    :param reason: in their words; it stays in the ledger
    :param by: who
    :param asker: what asked, such as a DAG run: the same never gets two
    :param recontact: the people of the former launch may be contacted again
    :param launches: the asker is a run, which launches itself. It gets a request of its own, else it would take what it
        has launched for the former launch; where nothing was launched yet, its launch is the first (generation 0)
    """

    reason: str
    by: str
    asker: str
    recontact: bool = False
    launches: bool = False

    @classmethod
    def of_conf(cls, conf: object, *, by: str, asker: str) -> Ask | None:
        """Read a run's conf: ``{"relaunch": "reason"}``, or ``{"relaunch": {"reason": …, "recontact": true}}``.

        :raises InvalidInput: the member has another shape
        """
        asked: Any = conf.get(CONF) if isinstance(conf, dict) else None
        if asked is None:
            return None
        members = {"reason": asked} if isinstance(asked, str) else asked
        if not isinstance(members, dict):
            raise InvalidInput.of(
                f"conf.{CONF}",
                asked,
                allowed="the reason as a text, or {reason, recontact}",
                hint='trigger with {"relaunch": "the flow was wrong"}',
            )
        for name in members:
            if name not in {"reason", "recontact"}:
                raise InvalidInput(
                    f"`conf.{CONF}` has a member {name!r}",
                    allowed="reason, recontact",
                    hint=nearest(str(name), ["reason", "recontact"]),
                )
        return cls(
            reason=checked_reason(members.get("reason"), name=f"conf.{CONF}.reason"),
            by=by,
            asker=asker,
            recontact=yes_or_no(f"conf.{CONF}.recontact", members.get("recontact", False)),
            launches=True,
        )


def checked_reason(reason: object, *, name: str) -> str:
    """Check a reason: it is what people read in a year.

    :raises InvalidInput: no text, empty, or too long
    """
    return text(name, reason, longest=LONGEST_REASON)


class Step(StrEnum):
    """What one pass of a relaunch does."""

    VOID_KEY = "write K = void: the generation is open and not the one asked for"
    VOID_CLAIM = "write C = void: nobody has claimed it, and nobody will"
    DELETE = "DeleteCampaign, whose answer decides"
    SEAL = "write the request: everything before its generation is settled"
    DONE = "done: the request is there"
    REFUSE = "refuse"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What one pass of a relaunch sees of the first generation that isn't given up.

    :param bound: K names a campaign
    :param made: it was cloned from a template, and not given
    :param deleted: this relaunch's DeleteCampaign was answered: done, or not there
    :param request: the request that opened this generation
    :param wanted: the generation that is asked for; None = this is the first look
    """

    generation: int
    bound: bool
    made: bool = False
    state: State = State.NO_CAMPAIGN
    claim: Claim = Claim.NONE
    deleted: bool = False
    request: RelaunchRecord | None = None
    wanted: int | None = None

    @property
    def next_generation(self) -> int:
        """The generation that a request made now asks for."""
        return self.generation + 1 if self.bound or self.request else self.generation


def settle(now: Situation, ask: Ask) -> tuple[Step, str]:
    """Decide one pass: the step, and the reason where it is a refusal."""
    request = now.request
    if request and request.asker == ask.asker:
        return Step.DONE, ""
    if now.wanted is not None and now.generation >= now.wanted:
        return Step.SEAL, ""
    if not now.bound:
        return _settle_open(now, ask)
    if now.state is State.UNKNOWN:
        return Step.REFUSE, "unknown_state"
    if now.claim is Claim.ANOTHERS or now.claim is Claim.VOID:
        return Step.SEAL, ""
    if now.state in ACTIVE:
        return Step.REFUSE, "relaunch_runs"
    if now.state is State.INITIALIZED and not now.made:
        return Step.REFUSE, "relaunch_given"  # a person's campaign is not ours to delete, and has not started
    if now.claim is Claim.NONE:
        return Step.VOID_CLAIM, ""
    if now.state in OVER or now.deleted:
        return Step.SEAL, ""
    return Step.DELETE, ""


def _settle_open(now: Situation, ask: Ask) -> tuple[Step, str]:
    """Decide where nobody has launched the generation yet; another's request for it serves whoever doesn't launch."""
    if now.generation == 0 and not ask.launches:
        return Step.REFUSE, "nothing_launched"
    if now.request is None:
        return Step.SEAL, ""
    serves = not ask.launches and (now.request.recontact or not ask.recontact)
    return (Step.DONE, "") if serves else (Step.VOID_KEY, "")
