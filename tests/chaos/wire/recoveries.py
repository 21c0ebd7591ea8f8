# ruff: noqa: ARG001 - all recoveries are called alike
"""What happens around a fault: who else acts, when, and in which order the calls come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.core.launch import Mode
from tests.chaos.wire import others
from tests.chaos.wire.others import acted
from tests.chaos.wire.pace import NotApplicableError, past
from tests.chaos.wire.runs import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.wire.runs import Run
    from tests.chaos.wire.universe import Universe

OTHER_KEY = (Task("other", Mode.GIVEN),)


def retry(universe: Universe, run: Run, number: int) -> None:
    """The task is retried until it is green or final."""
    run.settle()


def fault_again(universe: Universe, run: Run, number: int) -> None:
    """The retry meets the same fault at the first send of the same name."""
    attempt = run.attempt or run.begin()
    past(run, number)
    if len(attempt.sends) >= number:
        run.plan_next(meets=attempt.sends[number - 1].name, fault=attempt.fault_name)
    run.settle()


def crash_again(universe: Universe, run: Run, number: int) -> None:
    """The retry is cut right after its first write."""
    if run.attempt is None:
        run.begin()
    run.plan_next(meets="*", fault="cut_after")
    run.settle()


def clear(universe: Universe, run: Run, number: int) -> None:
    """The task is cleared a day later, when the campaign is over."""
    run.settle()
    universe.pass_time(hours=27)
    run.clear()
    run.settle()


def clear_at_once(universe: Universe, run: Run, number: int) -> None:
    """The task is cleared while its first attempt stands right behind the faulty send; that one goes on later."""
    past(run, number)
    if run.attempt is not None:
        run.leave_frozen()
    run.clear()
    run.settle()


def second_run(pattern: str) -> Callable[[Universe, Run, int], None]:
    """A second run of the same key from the beginning, its calls between the first one's by a pattern."""

    def recovery(universe: Universe, run: Run, number: int) -> None:
        universe.interleave([run, universe.run("r2")], pattern)

    return recovery


def second_run_from_here(universe: Universe, run: Run, number: int) -> None:
    """A second run of the same key begins right behind the faulty send; its calls alternate with the first one's."""
    past(run, number)
    universe.interleave([universe.run("r2"), run], "ab")


def second_run_in_between(universe: Universe, run: Run, number: int) -> None:
    """A second run of the same key goes from beginning to end right behind the faulty send."""
    past(run, number)
    universe.run("r2").settle()


def _another(universe: Universe, run: Run) -> Run:
    campaign = universe.campaign_of(run)
    if campaign is None:
        raise NotApplicableError
    bare = run.tasks[0].mode is Mode.BARE
    return universe.run("r3", key="another", tasks=run.tasks if bare else OTHER_KEY, campaign=campaign)


def other_key(universe: Universe, run: Run, number: int) -> None:
    """Another key launches the same campaign right behind the faulty send."""
    past(run, number)
    _another(universe, run).settle()


def other_key_alternating(universe: Universe, run: Run, number: int) -> None:
    """Another key launches the same campaign, its calls between those that follow the faulty send."""
    past(run, number)
    universe.interleave([_another(universe, run), run], "ab")


def person(operation: str) -> Callable[[Universe, Run, int], None]:
    """A person acts on the campaign right behind the faulty send, and where the service refuses that, once it runs."""

    def recovery(universe: Universe, run: Run, number: int) -> None:
        past(run, number)
        campaign = universe.campaign_of(run)
        if campaign is None or not acted(universe, campaign, operation):
            run.settle()
            campaign = universe.campaign_of(run)
            if campaign is None or not acted(universe, campaign, operation):
                raise NotApplicableError
            run.clear()
        run.settle()

    return recovery


def person_starts_and_it_ends(universe: Universe, run: Run, number: int) -> None:
    """A person starts the campaign right behind the faulty send, and it is over before the next attempt looks."""
    past(run, number)
    campaign = universe.campaign_of(run)
    if campaign is None or not acted(universe, campaign, "start_campaign"):
        raise NotApplicableError
    universe.pass_time(hours=4)
    run.settle()


def other_template(universe: Universe, run: Run, number: int) -> None:
    """Another run uses the same key for another template right behind the faulty send."""
    past(run, number)
    another = universe.run("r4")
    another.template = universe.make_campaign("another template")
    another.settle()


def housekeeping(universe: Universe, run: Run, number: int) -> None:
    """Housekeeping passes right behind the faulty send, and takes everything for old."""
    past(run, number)
    universe.by_a_person(others.housekeeping(orphans=True, finished=True), name="housekeeping")
    run.settle()


def housekeeping_alternating(universe: Universe, run: Run, number: int) -> None:
    """The same, its calls between those that follow the faulty send."""
    past(run, number)
    process = universe.attempt(others.housekeeping(orphans=True, finished=True), name="housekeeping")
    universe.interleave([process, run], "ab")


def deleted_then_cleared(universe: Universe, run: Run, number: int) -> None:
    """The campaign ends, a person deletes it, and the task is cleared."""
    run.settle()
    campaign = universe.campaign_of(run)
    if campaign is None:
        raise NotApplicableError
    universe.pass_time(hours=27)
    if not acted(universe, campaign, "delete_campaign"):
        raise NotApplicableError
    run.clear()
    run.settle()


def housekept_then_cleared(universe: Universe, run: Run, number: int) -> None:
    """The campaign ends, housekeeping deletes it, and the task is cleared."""
    run.settle()
    universe.pass_time(hours=27)
    universe.by_a_person(others.housekeeping(orphans=False, finished=True), name="housekeeping")
    run.clear()
    run.settle()


def _again(universe: Universe, run: Run) -> None:
    """Clear the task once the former launch is over, whatever became of the relaunch so far; ask for it again."""
    run.settle()
    campaign = universe.campaign_of(run)
    if campaign is not None:
        acted(universe, campaign, "stop_campaign")
    universe.by_a_person(others.relaunch(universe, asker="anna/2"), name="person relaunches")
    run.clear()
    run.settle()


def relaunch(universe: Universe, run: Run, number: int) -> None:
    """A person relaunches right behind the faulty send; once more when the campaign was stopped, and clears."""
    past(run, number)
    universe.by_a_person(others.relaunch(universe), name="person relaunches")
    _again(universe, run)


def relaunch_alternating(pattern: str) -> Callable[[Universe, Run, int], None]:
    """The same, the calls of the relaunch between those of the attempt and its retries."""

    def recovery(universe: Universe, run: Run, number: int) -> None:
        past(run, number)
        universe.interleave([universe.attempt(others.relaunch(universe), name="person relaunches"), run], pattern)
        _again(universe, run)

    return recovery


def relaunch_of_a_stopped_one(universe: Universe, run: Run, number: int) -> None:
    """A person stops the campaign once it runs, and relaunches while a cleared task is under way."""
    run.settle()
    campaign = universe.campaign_of(run)
    if campaign is None or not acted(universe, campaign, "stop_campaign"):
        raise NotApplicableError
    run.clear()
    universe.interleave([universe.attempt(others.relaunch(universe), name="person relaunches"), run], "ab")
    run.revive()
    run.settle()


def freeze(universe: Universe, run: Run, number: int) -> None:
    """Launches are frozen right behind the faulty send, and no longer when the task has ended red."""
    past(run, number)
    universe.set_freeze(on=True)
    run.settle()
    universe.set_freeze(on=False)
    run.revive()
    run.settle()


def start_time_passes(universe: Universe, run: Run, number: int) -> None:
    """The schedule's start passes right behind the faulty send."""
    past(run, number)
    universe.pass_time(minutes=20)
    run.settle()


def second_run_when_late(universe: Universe, run: Run, number: int) -> None:
    """The schedule's start passes right behind the faulty send, and a second run of the same key begins."""
    past(run, number)
    universe.pass_time(minutes=20)
    universe.interleave([universe.run("r2"), run], "ab")


def outage(service: str) -> Callable[[Universe, Run, int], None]:
    """A service is down from right behind the faulty send until the attempts have all ended red."""

    def recovery(universe: Universe, run: Run, number: int) -> None:
        past(run, number)
        universe.wire.outage = service
        run.settle()
        universe.wire.outage = ""
        run.revive()
        run.settle()

    return recovery


RECOVERIES: dict[str, Callable[[Universe, Run, int], None]] = {
    "retry": retry,
    "fault_again": fault_again,
    "crash_again": crash_again,
    "clear": clear,
    "clear_at_once": clear_at_once,
    "second_run_ab": second_run("ab"),
    "second_run_aab": second_run("aab"),
    "second_run_abb": second_run("abb"),
    "second_run_from_here": second_run_from_here,
    "second_run_in_between": second_run_in_between,
    "other_key": other_key,
    "other_key_alternating": other_key_alternating,
    "person_pauses": person("pause_campaign"),
    "person_stops": person("stop_campaign"),
    "person_deletes": person("delete_campaign"),
    "person_starts": person("start_campaign"),
    "person_starts_and_it_ends": person_starts_and_it_ends,
    "other_template": other_template,
    "housekeeping": housekeeping,
    "housekeeping_alternating": housekeeping_alternating,
    "deleted_then_cleared": deleted_then_cleared,
    "housekept_then_cleared": housekept_then_cleared,
    "relaunch": relaunch,
    "relaunch_ab": relaunch_alternating("ab"),
    "relaunch_abb": relaunch_alternating("abb"),
    "relaunch_of_a_stopped_one": relaunch_of_a_stopped_one,
    "freeze": freeze,
    "start_time_passes": start_time_passes,
    "second_run_when_late": second_run_when_late,
    "outage_of_s3": outage("s3"),
    "outage_of_campaigns": outage("connectcampaignsv2"),
}

NEEDS_LEDGER = frozenset(
    name for name in RECOVERIES if name.startswith(("housek", "relaunch")) or name in {"freeze", "outage_of_s3"}
)
"""Without a ledger there is nothing of ours for housekeeping, no relaunch, and no switch."""


NEEDS_TEMPLATE = frozenset({"other_template"})


def recoveries_of(scenario: str) -> list[str]:
    """Give the recoveries that make sense in a scenario."""
    if scenario == "skip":
        return ["start_time_passes", "second_run_when_late"]
    if scenario in {"attach", "bare_attach"}:
        return ["retry", "clear", "second_run_ab", "person_starts", "person_stops", "person_starts_and_it_ends"]
    without = {"given": NEEDS_TEMPLATE, "bare": NEEDS_LEDGER | NEEDS_TEMPLATE}
    return [name for name in RECOVERIES if name not in without.get(scenario, frozenset())]
