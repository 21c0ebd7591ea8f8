"""The words of the demo: pure text from evidence, at most 100 columns wide."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from connect_campaigns.core.states import CampaignState
from demo.evidence import GROUP, ended_well

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from demo.airflow_run import Task
    from demo.evidence import Evidence, Run, Seen
    from demo.own_csv import SentColumn, UsableFile
    from demo.verdict import Claim

WIDTH = 100
_BAR = 24
_HOW = {
    "started": "started",
    "attach": "found under way: attached, nothing sent again",
    "ran": "has run already: attached to that launch, nothing started",
}
_ORDER = ("ledger.json", "probe", "keys", "campaigns", "launches", "events")
_CODES = {"bold": "1", "green": "32", "red": "31", "dim": "2"}


def paint(text: str, style: str) -> str:
    """Colour a text where a person sees it in a terminal and hasn't said NO_COLOR."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return text
    return f"\033[{_CODES[style]}m{text}\033[0m"


def heading(text: str) -> str:
    """Give the line above a section."""
    return "\n" + paint(text, "bold")


def mark(*, good: bool) -> str:
    """Give a tick or a cross, which don't need their colour."""
    return paint("✓", "green") if good else paint("✗", "red")


def title() -> str:
    """Give the first lines."""
    text = "Amazon Connect campaigns from Airflow: the nightly launch, run twice, launched once"
    says = "No AWS account is used, and nobody is called: an emulator stands in for AWS."
    return f"{paint(text, 'bold')}\n{says}"


def file_line(file: UsableFile, *, source: Path | None) -> str:
    """Say which customers there are."""
    if source is None:
        return f"  customers  {file.rows:,} made up, with telephone numbers from the range kept for fiction"
    return _cut(f"  customers  {file.rows:,} from {source.name}: a copy is used, your file is only read")


def red_run(run: Run) -> str:
    """Say what failed in a run that isn't green."""
    failed = [f"{task.id} is {task.state}" for task in run.unfinished if task.state in {"failed", "up_for_retry"}]
    other = "Airflow ran no task" if not run.tasks else f"`airflow dags test` ended with status {run.status}"
    what = ", ".join(failed) or other
    started = "no StartCampaign took effect" if not run.effects else f"{run.effects} StartCampaign took effect"
    said = "".join(f"\n{line}" for part in run.error.splitlines() for line in _wrapped(part))
    return f"run {run.number} is not green: {what}; {started}.{said}\nRead {run.log}"


# -- while it runs ----------------------------------------------------------------------------------------------------


def task_line(task: Task, xcoms: dict[str, Any], *, at: float) -> str:
    """Say in a line that a task has ended, and what it said."""
    good = ended_well(task)
    words = task_said(task.id, xcoms) if task.state == "success" else str(task.state)
    name = task.id.rpartition(".")[2]
    return _cut(f"  {at:5.1f} s  {mark(good=good)} {name:<18} {words}")


def task_said(task: str, xcoms: dict[str, Any]) -> str:
    """Say in a few words what a task pushed."""
    value = xcoms.get("return_value")
    match task.rpartition(".")[2], value:
        case "check", {"launch_key": words, **guards} if not guards:
            return str(words).removeprefix("passed: ")
        case "check", {**verdicts}:
            verdicts.pop("launch_key", None)
            passed = sum(str(words).startswith("passed") for words in verdicts.values())
            rest = f", {len(verdicts) - passed} not evaluated" if passed < len(verdicts) else ""
            return f"{passed} guards passed{rest}; nothing written, nothing started"
        case "import_profiles", {"rows": rows, "created": made, "updated": updated, "failed": failed}:
            return f"{rows:,} customers: {made:,} new, {updated:,} updated, {failed:,} failed"
        case "create_definition", {"name": name}:
            return f"segment {name}"
        case "estimate", {"count": count}:
            return f"{count:,} people in the segment"
        case "create", str():
            return f"campaign {value}"
        case "start", _:
            how = xcoms.get("launch", {}).get("how", "")
            return _HOW.get(how, f"no launch record: {value}")
        case "wait", str():
            return value
        case "outcome", {"reason": reason}:
            return str(reason)
    return "" if value is None else str(value)


def progress_line(seen: Seen, *, now: datetime) -> str:
    """Say in a line how far a campaign is, at the emulator's time."""
    clock = f"{now:%H:%M} UTC  {seen.state:<10}"
    targeted, attempted = seen.figures.targeted, seen.figures.attempted
    if targeted is None or attempted is None:
        waits = f"first contact at {seen.start:%H:%M}" if seen.state == CampaignState.RUNNING else ""
        return f"           {clock} {waits}"
    share = attempted / targeted if targeted else 0.0
    full = int(share * _BAR)
    width = len(f"{targeted:,}")
    figures = f"{attempted:>{width},} of {targeted:,} attempted"
    return f"           {clock} {figures} {share:5.0%}  {'#' * full}{'-' * (_BAR - full)}"


# -- afterwards -------------------------------------------------------------------------------------------------------


def whole(evidence: Evidence, claims: Sequence[Claim], *, segment: str, dag: str) -> str:
    """Write the report."""
    return "\n".join(_sections(evidence, claims, segment=segment, dag=dag))


def _sections(evidence: Evidence, claims: Sequence[Claim], *, segment: str, dag: str) -> Iterator[str]:
    first, second = evidence.runs
    yield heading("How the columns were mapped")
    yield from columns(evidence, first)
    yield heading("Whom the campaign was for")
    yield from audience(evidence, first, segment=segment)
    yield heading("What was checked before anything was made (run 1)")
    yield from checks(first)
    yield heading("What the campaign did (emulator time, UTC)")
    yield from campaign(evidence, first)
    yield heading("StartCampaign, in the emulator's call log")
    yield from starts(evidence)
    yield heading("Run 2, the same launch key")
    yield from second_run(first, second)
    yield heading("The ledger's objects: written once, never changed")
    yield from ledger(evidence)
    yield heading("Verdict")
    yield from verdict(claims, dag=dag)


def columns(evidence: Evidence, run: Run) -> Iterator[str]:
    """Say column by column where it went, by what the import task returned."""
    targets: dict[str, str] = (run.said("prepare_segment.import_profiles") or {}).get("columns", {})
    sent = {column.name: column for column in evidence.file.columns}
    names = {name: _short(_as_known(sent.get(name), name)) for name in targets}
    widest = max(map(len, names.values()), default=0)
    widest_target = max((len(_short(target)) for target in targets.values()), default=0)
    for name, target in targets.items():
        remark = _remark(sent.get(name), is_key=name == evidence.file.key_column)
        yield _cut(f"  {names[name]:<{widest}}  →  {_short(target):<{widest_target}}  {remark}".rstrip())
    if evidence.file.left_out:
        yield from _wrapped(
            f"left out, since an import takes 25 columns: {', '.join(map(_short, evidence.file.left_out))}"
        )


def _as_known(column: SentColumn | None, name: str) -> str:
    return name if column is None or column.original is None else column.original or "(no header)"


def _remark(column: SentColumn | None, *, is_key: bool) -> str:
    if column is None:
        return "added by the import: this run's customers"
    remarks = ["key"] if is_key else []
    if column.make is not None:
        remarks.append("made: the row's number" if is_key else "made: from the range kept for fiction")
    elif column.original != column.name:
        remarks.append(f"renamed to {_short(column.name)}")
    return "; ".join(remarks)


def audience(evidence: Evidence, run: Run, *, segment: str) -> Iterator[str]:
    """Say how many were imported, who was selected, and how many those are."""
    imported = run.said("prepare_segment.import_profiles") or {}
    estimate = run.said("prepare_segment.estimate") or {}
    yield f"  imported   {imported.get('rows', 0):,} of {evidence.file.rows:,} rows"
    yield from _wrapped(f"segment    {segment or 'everybody in the file'}", indent=13)
    yield f"  definition {estimate.get('name')}"
    yield f"  audience   {estimate.get('count', 0):,} of them"


def checks(run: Run) -> Iterator[str]:
    """Give each guard's verdict."""
    verdicts: dict[str, str] = run.said(f"{GROUP}.check") or {}
    widest = max(map(len, verdicts), default=0)
    for name, words in verdicts.items():
        verdict, _, note = words.partition(": ")
        yield _cut(f"  {name:<{widest}}  {verdict:<13}  {note}".rstrip())


def campaign(evidence: Evidence, run: Run) -> Iterator[str]:
    """Say when it was started, when it began and ended, and how many people were attempted."""
    seen = evidence.campaign
    if seen is None:
        yield "  there is none"
        return
    yield f"  campaign   {seen.name!r}, {seen.id}"
    yield from (f"  started    {_moment(start.time)}" for start in evidence.starts if start.effect)
    yield f"  contact    from {_moment(seen.start)}, until {_moment(seen.end)} at the latest"
    yield f"  over       {seen.state}" + (f", seen at {_moment(run.ended_by)}" if run.ended_by else "")
    yield f"  people     {seen.figures.text()}: those of the segment above"


def starts(evidence: Evidence) -> Iterator[str]:
    """Say how many requests arrived, and how many took effect."""
    effects = sum(start.effect for start in evidence.starts)
    lost = sum(start.reply_lost for start in evidence.starts)
    yield f"  arrived       {len(evidence.starts)}"
    yield f"  took effect   {effects}" + ("; its reply was lost on the way, as you asked" if lost else "")


def second_run(first: Run, second: Run) -> Iterator[str]:
    """Say what its tasks said."""
    key, before = second.launch.get("key"), first.launch.get("key")
    same = "the one of run 1" if second.campaign == first.campaign else "another one than in run 1"
    yield f"  launch key    {key}" + (", as in run 1" if key == before else f"; run 1 had {before}")
    yield f"  create said   campaign {second.said(f'{GROUP}.create')}, {same}"
    yield f"  start said    {task_said(f'{GROUP}.start', second.xcoms.get(f'{GROUP}.start', {}))}"
    yield f"  took effect   {second.effects - first.effects} StartCampaign, {second.creates - first.creates} CreateCampaign"


def ledger(evidence: Evidence) -> Iterator[str]:
    """Name each object, with what it means."""
    for name, body in sorted(evidence.ledger, key=lambda each: _ORDER.index(each[0].partition("/")[0])):
        yield _cut(f"  {name}")
        yield _cut(f"      {meaning(name, body)}")


def meaning(name: str, body: dict[str, Any]) -> str:
    """Say in a line what an object of the ledger means."""
    match name.partition("/")[0]:
        case "keys":
            return f"launch key {body['key']} launches campaign {_short(str(body['campaign']), 9)} and no other"
        case "campaigns":
            return f"this campaign belongs to launch key {body['key']} and to no other"
        case "launches":
            return "the launch whole, written before its start: audience, times, limits, what each guard said"
        case "events":
            return f"what an attempt was about to do: {body['what']}; for people to look up, nothing rests on it"
        case "ledger.json":
            return "says that this is a ledger; where it is missing nothing launches"
        case "probe":
            return "was sent twice when the ledger was made: this store refuses a second write, as it must"
    return str(body.get("kind", ""))


def verdict(claims: Sequence[Claim], *, dag: str) -> Iterator[str]:
    """Say what holds and what doesn't, and which log to read."""
    for claim in claims:
        yield _cut(f"  {mark(good=claim.holds)} {claim.says} ({claim.found})")
    failed = [claim for claim in claims if not claim.holds]
    if failed:
        yield ""
        logs = ", ".join(dict.fromkeys(claim.read for claim in failed))
        yield paint(f"FAILED: {len(failed)} of {len(claims)} do not hold. Read {logs}", "red")
        return
    yield ""
    yield paint("Launched once, by two runs with one launch key. Nobody was called twice.", "green")
    yield f"Now read {dag}. On your own customers:"
    yield '  make demo CSV=customers.csv SEGMENT="Country=FR, Balance>1000"'


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _wrapped(text: str, *, indent: int = 4) -> list[str]:
    return textwrap.wrap(text, WIDTH - 2, initial_indent="  ", subsequent_indent=" " * indent)


def _short(text: str, longest: int = 36) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _cut(line: str) -> str:
    """Keep a line within the width; what is too long has its whole text in the log."""
    room = WIDTH + (len(line) - len(_plain(line)))
    return line if len(line) <= room else f"{line[: room - 1]}…"


def _plain(line: str) -> str:
    for code in (*_CODES.values(), "0"):
        line = line.replace(f"\033[{code}m", "")
    return line
