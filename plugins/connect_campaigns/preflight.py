"""What a launch would do, said before it does anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_campaigns.core import refusals
from connect_campaigns.core.attempt import Memory, Seen
from connect_campaigns.core.errors import FinalError, LaunchHeld, LaunchRefused
from connect_campaigns.core.launch import Act, Claim, Key, Mode, Observation, State, decide
from connect_campaigns.core.verdicts import Failed, OnFailure, Passed
from connect_campaigns.launcher import ENDS

if TYPE_CHECKING:
    from connect_campaigns.core.errors import ConnectCampaignsError
    from connect_campaigns.core.verdicts import Verdict
    from connect_campaigns.launcher import Launcher

LAUNCH_KEY = "launch_key"
"""The first line of a check: what the key itself says."""

NEW = Observation(Mode.CLONE, Key.ABSENT, State.NO_CAMPAIGN, Claim.NONE)
"""What a relaunch finds when all before it is given up."""


def preflight(launcher: Launcher) -> tuple[list[tuple[str, Verdict]], Seen]:
    """Say what this launch would do, and evaluate every guard that this leaves open; write nothing."""
    launcher.open_ledger()
    request = launcher.request
    seen = launcher.observer.observe(Memory())
    given_up = launcher.relaunching().look(request.run.relaunch) if request.run.relaunch else None
    if given_up:
        seen = Seen(observation=NEW, generation=seen.generation + 1)
        return [(LAUNCH_KEY, Passed(given_up)), *launcher.checks.verdicts(seen)], seen
    action = decide(seen.observation)
    if action.act in {Act.REFUSE, Act.RETRY}:
        return [(LAUNCH_KEY, _failed(refusals.of_pass(action.reason, seen, key=request.key)))], seen
    if action.act in ENDS or action.act is Act.LOOK_FOR_END:
        try:
            launcher.starting.demand_source(seen)
        except (LaunchRefused, LaunchHeld) as error:
            return [(LAUNCH_KEY, _failed(error))], seen
        return [(LAUNCH_KEY, Passed(f"campaign {seen.campaign} is {seen.reading}: nothing is left to start"))], seen
    return [
        (LAUNCH_KEY, Passed(f"campaign {seen.campaign}" if seen.campaign else "new")),
        *launcher.checks.verdicts(seen),
    ], seen


def _failed(error: ConnectCampaignsError) -> Failed:
    then = OnFailure.FAIL if isinstance(error, FinalError) else OnFailure.HOLD
    return Failed(error.found, allowed=error.allowed, hint=error.hint, then=then)
