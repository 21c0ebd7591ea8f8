"""A person's relaunch as a program of the graph: by the command line, or first thing in a run whose conf asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.errors import FinalError, RetryableError
from connect_campaigns.core.relaunch import Ask
from connect_campaigns.relaunching import Relaunching, Settled
from tests.chaos.graph.fakes import FakeCampaigns, FakeLedger, Port, Wanted, described, description, moment
from tests.chaos.graph.programs import LOG, End, Launch, Step
from tests.chaos.graph.world import MORNING
from tests.waiting_kit import AT_ONCE

if TYPE_CHECKING:
    from connect_campaigns.core.records import RelaunchRecord


@dataclass(frozen=True, kw_only=True)
class Relaunch:
    """One request; who asks again is answered with the same.

    :param asker: a person's command, or a run
    :param of: the launch key
    :param recontact: the same people may be contacted again
    :param in_a_run: the asker launches itself
    """

    of: str = "k"
    asker: str = "anna"
    recontact: bool = True
    in_a_run: bool = False
    launches = False
    first = ()

    @property
    def key(self) -> str:
        return f"relaunch of {self.of}"

    def step(self, memory: tuple[Any, ...], replies: tuple[Any, ...]) -> Step:
        (wanted, deleted) = memory or (None, ())
        settled = Settled(
            wanted=wanted, deleted={name: description(*known) if known else None for name, known in deleted}
        )
        try:
            request = self._one_pass(settled, replies)
        except Wanted as wanted:
            return Step(call=wanted.call)
        except FinalError as error:
            return Step(end=End("final", error.code))
        except RetryableError as error:
            return Step(end=End("retry", error.code))
        if request:
            return Step(end=End("green", "REQUESTED", None, request.generation))
        known_deleted = tuple(sorted((name, described(known)) for name, known in settled.deleted.items()))
        return Step(memory=(settled.wanted, known_deleted))

    def _one_pass(self, settled: Settled, replies: tuple[Any, ...]) -> RelaunchRecord | None:
        port = Port(replies)
        relaunching = Relaunching(
            self.of,
            campaigns=FakeCampaigns(port, who="relaunch"),  # type: ignore[arg-type] # the same methods
            ledger=FakeLedger(port),  # type: ignore[arg-type] # the same methods
            metrics=None,
            log=LOG,
            wall_clock=lambda: moment(MORNING),
            patience=AT_ONCE,
        )
        ask = Ask(
            reason="the flow was wrong",
            by="anna",
            asker=self.asker,
            recontact=self.recontact,
            launches=self.in_a_run,
        )
        return relaunching.one_pass(ask, settled)


@dataclass(frozen=True, kw_only=True)
class LaunchAgain(Launch):
    """Attempts of a run whose conf asks for a relaunch: each begins with the request, as the launcher does."""

    asker: str = "run"

    @property
    def first(self) -> tuple[Any, ...]:
        return ("relaunch", ())

    def step(self, memory: tuple[Any, ...], replies: tuple[Any, ...]) -> Step:
        if memory[0] != "relaunch":
            step = Launch.step(self, memory[1], replies)
            return step if step.memory is None else Step(memory=("launch", step.memory))
        step = Relaunch(of=self.key, asker=self.asker, in_a_run=True).step(memory[1], replies)
        if step.end and step.end.kind == "green":
            return Step(memory=("launch", Launch.first.fget(self)))  # type: ignore[attr-defined] # a property's function
        return step if step.memory is None else Step(memory=("relaunch", step.memory))
