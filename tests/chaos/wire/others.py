"""Who else acts on campaigns and ledger: housekeeping, and a person who relaunches; as the package itself does it."""

from __future__ import annotations

from datetime import timedelta
from logging import getLogger
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from connect_campaigns.core.errors import ConnectCampaignsError
from connect_campaigns.core.housekeeping import Rules
from connect_campaigns.core.relaunch import Ask
from connect_campaigns.housekeeping import Housekeeping
from connect_campaigns.relaunching import Relaunching
from tests.waiting_kit import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.wire.seam import Slot
    from tests.chaos.wire.universe import Universe

LOG = getLogger("tests.chaos.wire")
OLD = timedelta(days=-365)
"""As a bound of age: everything is older."""
YOUNG = timedelta(days=36_500)


def housekeeping(*, orphans: bool, finished: bool) -> Callable[[Slot], None]:
    """Make a housekeeping pass that takes everything for old, or nothing."""
    rules = Rules(
        older_than=OLD if finished else YOUNG, orphans_older_than=OLD if orphans else YOUNG, keep_last=0, only_ours=True
    )

    def whole_pass(slot: Slot) -> None:
        Housekeeping(
            rules,
            campaigns=slot.campaigns,
            ledger=slot.ledger,
            instance_id=None,
            max_deletions=100,
            by="housekeeping",
            log=LOG,
            patience=AT_ONCE,
        ).run()

    return whole_pass


def relaunch(universe: Universe, key: str = "k", *, asker: str = "anna/1") -> Callable[[Slot], str]:
    """Make a relaunch, as from the command line; what it is refused with is its answer."""
    ask = Ask(reason="the flow was wrong", by="anna", asker=asker, recontact=True)

    def request(slot: Slot) -> str:
        relaunching = Relaunching(
            key,
            campaigns=slot.campaigns,
            ledger=slot.ledger,
            metrics=None,
            log=LOG,
            wall_clock=universe.service.world.clock.now,
            patience=AT_ONCE,
        )
        try:
            return f"generation {relaunching.request(ask).generation}"
        except ConnectCampaignsError as error:
            return error.code

    return request


def acted(universe: Universe, campaign: str, operation: str) -> bool:
    """Have a person act on a campaign; False = the service refuses it."""
    try:
        universe.by_a_person(lambda slot: getattr(slot.sender, operation)(id=campaign), name=f"person {operation}")
    except ClientError:
        return False
    return True
