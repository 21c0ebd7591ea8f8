"""One attempt at one launch, as data: what is asked, what it carries along, what a pass sees, how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_campaigns.core.launch import Mode
from connect_campaigns.core.schedule import ScheduleSpec
from connect_campaigns.core.states import NOT_FOUND
from connect_campaigns.core.verdicts import GuardSettings

if TYPE_CHECKING:
    from datetime import timedelta

    from connect_campaigns.core.launch import Act, Observation
    from connect_campaigns.core.prepared import PreparedSegment
    from connect_campaigns.core.records import ClaimRecord
    from connect_campaigns.core.run import RunInfo
    from connect_campaigns.core.schedule import Window


@dataclass(frozen=True, kw_only=True)
class LaunchRequest:
    """What one task wants launched.

    :param key: the settled launch key; without meaning in mode BARE
    :param template: id of the campaign to clone (CLONE, CREATE)
    :param campaign: bare id of the campaign to start (GIVEN, BARE)
    :param source_arn: segment definition ARN: a clone gets it, a campaign given has to have it; None = whichever
    :param prepared: what was handed over with it; None = an ARN alone
    :param instance_id: the connection's Connect instance; None = it names none
    :param attach: take a campaign that somebody else started
    :param renew_schedule: give a campaign made by hand a new schedule where its own has passed
    """

    mode: Mode
    run: RunInfo
    key: str = ""
    template: str | None = None
    campaign: str | None = None
    source_arn: str | None = None
    prepared: PreparedSegment | None = None
    instance_id: str | None = None
    schedule: ScheduleSpec = ScheduleSpec()
    guards: GuardSettings = GuardSettings()
    attach: bool = False
    renew_schedule: bool = False

    @property
    def makes_campaigns(self) -> bool:
        """Whether the campaign is of our making."""
        return self.mode in {Mode.CLONE, Mode.CREATE}


@dataclass(frozen=True, kw_only=True)
class Launched:
    """How a launch ended well.

    :param how: which of the ends of `Act` it was
    :param window: start and end, where this attempt read them
    """

    campaign_id: str
    how: Act
    generation: int = 0
    window: Window | None = None


@dataclass
class Memory:
    """What one attempt carries from pass to pass."""

    candidate: str | None = None  # a campaign that we created and K doesn't name yet
    accepted: str | None = None  # the campaign whose StartCampaign the service said yes to
    ours: str | None = None  # the campaign that the last pass read as claimed by this key
    window: Window | None = None  # what we last read of the campaign's schedule, for the result
    doubted: Observation | None = None  # seen, and decided only when it is still seen after some looks
    looks: int = 0  # how often in a row
    lead: timedelta | None = None  # the service refused our schedule: plan it anew, this far ahead
    created: int = 0
    unknown_creates: int = 0
    sends: int = 0
    unknown_sends: int = 0  # of these, those that may yet take effect
    invalid: int = 0  # sends that the service called invalid
    throttled: int = 0  # passes that ended so
    waited_s: float = 0.0  # seconds that throttling made it wait
    announced: bool = False  # the ledger's event says that this attempt creates
    said: tuple[tuple[str, str], ...] = ()  # what the guards said when it was claimed: for the launch record
    recorded: str | None = None  # the campaign whose launch record is certainly there
    record_sends: int = 0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one pass saw, with the names behind it.

    :param of_our_making: K says that the campaign was cloned from a template
    """

    observation: Observation
    generation: int = 0
    campaign: str | None = None
    reading: str = NOT_FOUND
    claim: ClaimRecord | None = None
    of_our_making: bool = False
