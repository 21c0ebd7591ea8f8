"""Whether what was promised is what happened: figures from different places, set against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.evidence import Evidence, Run

ATTACHED = frozenset({"attach", "ran"})
"""How a start task calls it when it found its launch and started nothing: under way, or over."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One thing that must hold, with what was found; `read` says where to look when it doesn't."""

    says: str
    holds: bool
    found: str
    read: str


def claims(evidence: Evidence) -> tuple[Claim, ...]:
    """Judge a demo that ran to its end."""
    first, second = evidence.runs
    return (
        *_first_run(evidence, first),
        *_audience(evidence, first),
        *_launch(evidence, first),
        *_second_run(first, second),
        *_aside(evidence),
    )


def _first_run(evidence: Evidence, run: Run) -> Iterator[Claim]:
    yield _all_green(run)
    imported = (run.said("prepare_segment.import_profiles") or {}).get("rows")
    yield Claim(
        says="every row of the file was imported",
        holds=imported == evidence.file.rows,
        found=f"{_number(imported)} imported, {_number(evidence.file.rows)} in the file",
        read=run.log,
    )


def _audience(evidence: Evidence, run: Run) -> Iterator[Claim]:
    audience = (run.said("prepare_segment.estimate") or {}).get("count")
    figures = evidence.campaign.figures if evidence.campaign else None
    targeted, attempted = (figures.targeted, figures.attempted) if figures else (None, None)
    yield Claim(
        says="audience = the segment counted again = targeted = attempted",
        holds=bool(audience) and audience == run.counted == targeted == attempted,
        found=" = ".join(map(_number, (audience, run.counted, targeted, attempted))),
        read=run.log,
    )
    state = evidence.campaign.state if evidence.campaign else "not there"
    yield Claim(says="the campaign ended as it should", holds=state == "Completed", found=state, read=run.log)


def _launch(evidence: Evidence, run: Run) -> Iterator[Claim]:
    effective = [start.campaign for start in evidence.starts if start.effect]
    yield Claim(
        says="exactly one StartCampaign took effect, on the campaign of run 1",
        holds=run.campaign is not None and effective == [run.campaign] and run.effects == 1,
        found=f"{len(effective)} took effect" if effective else "no StartCampaign took effect",
        read=run.log,
    )
    started = [start for start in evidence.starts if start.campaign == evidence.template]
    yield Claim(
        says="the template was cloned, and never started",
        holds=evidence.template_state == "Initialized" and not started and run.creates == 1,
        found=f"{run.creates} clone; it is {evidence.template_state}",
        read=run.log,
    )
    key, campaign = run.launch.get("key"), run.campaign
    keys = [body for name, body in evidence.ledger if name.startswith("keys/")]
    belongs = [body for name, body in evidence.ledger if name.startswith("campaigns/")]
    yield Claim(
        says="the ledger holds one key and one campaign, which name each other",
        holds=key is not None
        and [(body["key"], body["campaign"]) for body in keys] == [(key, campaign)]
        and [(body["campaign"], body["key"]) for body in belongs] == [(campaign, key)],
        found=f"{len(keys)} and {len(belongs)}",
        read=run.log,
    )


def _second_run(first: Run, second: Run) -> Iterator[Claim]:
    yield _all_green(second)
    effects, creates = second.effects - first.effects, second.creates - first.creates
    yield Claim(
        says="run 2 started and created nothing",
        holds=effects == 0 and creates == 0,
        found=f"{effects} StartCampaign and {creates} CreateCampaign took effect",
        read=second.log,
    )
    how, key = second.launch.get("how"), second.launch.get("key")
    same = second.campaign == first.campaign and key is not None and key == first.launch.get("key")
    yield Claim(
        says="run 2 found the launch of run 1 by its key",
        holds=same and how in ATTACHED,
        found=f"{key}, {'the same' if same else 'another'} launch, {how!r}",
        read=second.log,
    )


def _aside(evidence: Evidence) -> Iterator[Claim]:
    log = evidence.runs[-1].log
    if evidence.lose_reply:
        lost = sum(start.reply_lost for start in evidence.starts)
        yield Claim(says="the reply of StartCampaign was lost once", holds=lost == 1, found=f"{lost} lost", read=log)
    if evidence.errors:
        found = f"{evidence.errors} unexpected errors"
        read = f"{log} and emulator.log beside it"
        yield Claim(says="the emulator worked as it should", holds=False, found=found, read=read)


def _all_green(run: Run) -> Claim:
    bad = ", ".join(f"{task.id} is {task.state or 'not run'}" for task in run.unfinished)
    succeeded = sum(task.state == "success" for task in run.tasks)
    return Claim(
        says=f"run {run.number} is green",
        holds=run.green,
        found=bad or (f"{succeeded} tasks succeeded, {run.seconds:.0f} s" if run.tasks else "Airflow ran no task"),
        read=run.log,
    )


def _number(value: int | None) -> str:
    return "none" if value is None else f"{value:,}"
