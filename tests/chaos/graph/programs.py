"""What runs in the graph: an attempt as a function of what it carries and of the replies since its pass began.

The launcher's own code runs here, one pass at a time; the explorer sees only what it calls and how it ends.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from connect_campaigns import checks
from connect_campaigns.core.attempt import LaunchRequest, Memory
from connect_campaigns.core.errors import FinalError, LaunchSkipped, RetryableError
from connect_campaigns.core.launch import Mode
from connect_campaigns.core.run import RunInfo
from connect_campaigns.core.schedule import ScheduleSpec
from connect_campaigns.core.verdicts import Failed, OnFailure
from connect_campaigns.launcher import Launcher
from tests.chaos.graph import rows
from tests.chaos.graph.fakes import DAY, NONCE, FakeCampaigns, FakeLedger, Port, Wanted, moment, source_arn
from tests.chaos.graph.world import MORNING
from tests.chaos.invariants import Violated
from tests.waiting_kit import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connect_campaigns.core.verdicts import Facts, GuardSettings, Verdict
    from tests.chaos.graph.world import Call

MEMBERS = tuple(each.name for each in fields(Memory))
LOG = logging.getLogger("graph")
LOG.setLevel(logging.CRITICAL)


class End(NamedTuple):
    """How an attempt ended: green, skip, final or retry; the error's code, or how it ended well; the campaign."""

    kind: str
    code: str
    campaign: str | None = None
    generation: int = 0


class Step(NamedTuple):
    """What a pass does next: a call; or it is over, and this is carried on; or the attempt ended."""

    call: Call | None = None
    memory: Any = None
    end: End | None = None


class Program(Protocol):
    """A kind of process."""

    key: str
    """Whom it launches for, or what it is."""

    launches: bool
    """Whether its ends are judged as a launch's."""

    @property
    def first(self) -> Any:
        """What an attempt carries into its first pass."""

    def step(self, memory: Any, replies: tuple[Any, ...]) -> Step:
        """Run one pass with the replies it has so far."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """Attempts of one task; see `LaunchRequest`.

    :param schedule: the parameters of the schedule
    :param freeze_skips: the freeze stands for a guard that skips for good: one that turns red in the midst of a launch
    :param then: a create task's start task: its key
    :param after: a start task's create task: clearing goes back to it
    """

    mode: Mode = Mode.CLONE
    key: str = "k"
    template: str | None = "t0"
    campaign: str | None = None
    source: str | None = None
    schedule: ScheduleSpec = ScheduleSpec(start_at="09:00", latest_start="11:00", end_at="20:00", timezone="UTC")
    attach: bool = False
    renew_schedule: bool = False
    run_type: str = "manual"
    freeze_skips: bool = False
    then: str | None = None
    after: Launch | None = None
    launches = True
    asker = ""
    """The run that asks for a relaunch; most don't."""

    def following(self, campaign: str) -> Launch | None:
        """Give the start task that takes the id of the campaign that this create task made."""
        if self.then is None:
            return None
        return replace(self, mode=Mode.GIVEN, key=self.then, campaign=campaign, then=None, after=self)

    @property
    def first(self) -> tuple[Any, ...]:
        return _carried(Memory())

    @property
    def request(self) -> LaunchRequest:
        given = self.mode in {Mode.GIVEN, Mode.BARE}
        return LaunchRequest(
            mode=self.mode,
            run=RunInfo(dag_id="d", run_id="r", task_id="t", due=moment(MORNING), run_type=self.run_type),
            key="" if self.mode is Mode.BARE else self.key,
            template=None if given else self.template,
            campaign=self.campaign if given else None,
            source_arn=source_arn(self.source) if self.source else None,
            schedule=ScheduleSpec() if given and not self.renew_schedule else self.schedule,
            attach=self.attach,
            renew_schedule=self.renew_schedule,
        )

    def step(self, memory: tuple[Any, ...], replies: tuple[Any, ...]) -> Step:
        port = Port(replies)
        bare = self.mode is Mode.BARE
        campaigns = FakeCampaigns(port, who=self.key, asker=self.asker, recorded=not bare)
        launcher = Launcher(
            self.request,
            campaigns=campaigns,  # type: ignore[arg-type] # the same methods
            ledger=None if bare else FakeLedger(port),  # type: ignore[arg-type] # the same methods
            log=LOG,
            wall_clock=lambda: moment(MORNING),
            patience=AT_ONCE,
            nonce=lambda: NONCE,
        )
        launcher.open_ledger()
        carried = Memory(**dict(zip(MEMBERS, memory, strict=True)))
        with rows.within(self, memory, port), _guards(freeze_skips=self.freeze_skips):
            step = _outcome(lambda: launcher.one_pass(carried), carried)
        if step.call is None and len(port.calls) != len(replies):
            msg = f"{self}: a pass left replies unread: {replies[len(port.calls) :]} after {port.calls}"
            raise AssertionError(msg)
        if step.call and step.call[0] == "start" and not bare:
            _demand_fresh_guard(port)
        return step


@contextmanager
def _guards(*, freeze_skips: bool) -> Iterator[None]:
    before = checks.GUARDS
    if freeze_skips:
        checks.GUARDS = tuple(replace(each, check=_for_good(each.check)) for each in before)
    try:
        yield
    finally:
        checks.GUARDS = before


def _for_good(check: Callable[..., Verdict]) -> Callable[..., Verdict]:
    def skips(facts: Facts, settings: GuardSettings) -> Verdict:
        verdict = check(facts, settings)
        return replace(verdict, then=OnFailure.SKIP_FOR_GOOD) if isinstance(verdict, Failed) else verdict

    return skips


def _outcome(one_pass: Any, carried: Memory) -> Step:
    try:
        ended = one_pass()
    except Wanted as wanted:
        return Step(call=wanted.call)
    except LaunchSkipped as error:
        return Step(end=End("skip", error.code))
    except FinalError as error:
        return Step(end=End("final", error.code))
    except RetryableError as error:
        return Step(end=End("retry", error.code))
    if ended is None:
        return Step(memory=_carried(carried))
    return Step(end=End("green", ended.how.name, ended.campaign_id, ended.generation))


def _demand_fresh_guard(port: Port) -> None:
    if not port.calls or port.calls[-1] != ("frozen",) or port.replies[-1][:2] != ("accepted", 0):
        raise Violated("FREEZE", f"StartCampaign is sent after {port.calls[-1:]}, which said {port.replies[-1:]}")


def _carried(memory: Memory) -> tuple[Any, ...]:
    return tuple(getattr(memory, name) for name in MEMBERS)


__all__ = ["DAY", "End", "Launch", "Mode", "Program", "Step"]
