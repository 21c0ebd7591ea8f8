"""The promises by name: what the enumerated graph, the wire cases and the stateful machine all judge by."""

from __future__ import annotations

INVARIANTS = {
    "ONCE": "a launch key starts at most one campaign (one more per relaunch that a person asked for)",
    "TWINS": "of the campaigns made for one key at most one ever leaves Initialized (one more per relaunch)",
    "ORPHAN": "after one housekeeping pass no campaign of ours is Initialized without a key that names it and a claim",
    "DEL_BEGUN": "no begun campaign is deleted, but by a person, or by housekeeping once it ended and its end is noted",
    "GREEN_TRUE": "green says the truth: the campaign has begun, by this launch; or K names it, where only that was asked",
    "RED_TRUE": "a final refusal says the truth: this key started nothing, and nothing of it is under way",
    "SKIP_TRUE": "skipped means that this key started nothing, and never will",
    "ONE_OWNER": "no two keys take one campaign for theirs, and none sees its claim change hands",
    "NOT_STUCK": "a plain retry ends green, unless another key, a guard or a deletion after the claim forbids",
    "FREEZE": "no StartCampaign is sent but as the very next call after the freeze switch was read and found off",
    "TWO_RUNNING": "no two campaigns of one key are active at once, whoever relaunches",
    "RECORDED": "no campaign is started before its launch record stands in the ledger",
}
"""Name and meaning."""


class Violated(Exception):
    """An invariant is broken.

    :param name: one of `INVARIANTS`
    :param text: what was seen
    """

    def __init__(self, name: str, text: str) -> None:
        if name not in INVARIANTS:
            msg = f"{name!r} is no invariant: {', '.join(INVARIANTS)}"
            raise AssertionError(msg)
        super().__init__(f"{name}: {text}")
        self.name = name
