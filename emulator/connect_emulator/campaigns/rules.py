"""Which operation a campaign's state allows: one table, every cell."""

from __future__ import annotations

from connect_emulator.campaigns.progress import State

ALLOWED_IN: dict[str, frozenset[State]] = {
    # Documented: a start is possible once, and nothing leads back.
    "StartCampaign": frozenset({State.INITIALIZED}),
    # Inferred from what the words mean.
    "PauseCampaign": frozenset({State.RUNNING}),
    "ResumeCampaign": frozenset({State.PAUSED}),
    # Reported by users: not while Initialized, not after the end.
    "StopCampaign": frozenset({State.RUNNING, State.PAUSED}),
    # Documented, word for word.
    "DeleteCampaign": frozenset({State.INITIALIZED, State.STOPPED, State.FAILED, State.COMPLETED}),
    "UpdateCampaignSchedule": frozenset({State.INITIALIZED}),
    "UpdateCampaignSource": frozenset({State.INITIALIZED}),
}
ENDED = frozenset({State.STOPPED, State.FAILED, State.COMPLETED})
ACTIVE = frozenset({State.RUNNING, State.PAUSED})
