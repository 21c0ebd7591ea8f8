"""The demo's verdict fails on each single thing that isn't as promised; its report stays readable."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connect_campaigns.core.outcome import CampaignFigures
from demo import report, run
from demo.airflow_run import Task, last_error
from demo.evidence import Evidence, Run, Seen, Start
from demo.own_csv import SentColumn, UsableFile
from demo.verdict import claims

CAMPAIGN, OTHER, TEMPLATE = (f"{each * 8}-1111-4222-8333-444444444444" for each in "abc")
KEY = "nightly/2026-12-01"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
TASKS = (
    "launch_campaign.check", "prepare_segment.import_profiles", "prepare_segment.create_definition",
    "prepare_segment.estimate", "launch_campaign.create", "launch_campaign.start", "launch_campaign.wait",
    "launch_campaign.outcome",
)  # fmt: skip


def xcoms(how):
    return {
        "launch_campaign.check": {"return_value": {"freeze": "passed: off", "run_age": "not evaluated: no due time"}},
        "prepare_segment.import_profiles": {
            "return_value": {
                "rows": 9, "created": 9, "updated": 0, "failed": 0,
                "columns": {"customer_id": "Attributes.customer_id", "phone": "PhoneNumber", "a_b": "Attributes.a_b",
                            "audience_run": "Attributes.audience_run"},
            }
        },
        "prepare_segment.create_definition": {"return_value": {"name": "nightly-12345678"}},
        "prepare_segment.estimate": {"return_value": {"name": "nightly-12345678", "count": 5}},
        "launch_campaign.create": {"return_value": CAMPAIGN},
        "launch_campaign.start": {"return_value": CAMPAIGN, "launch": {"key": KEY, "how": how}},
        "launch_campaign.wait": {"return_value": "Completed"},
        "launch_campaign.outcome": {"return_value": {"reason": "attempted 5 (at least 1 asked)"}},
    }  # fmt: skip


def a_run(number, how):
    return Run(
        number=number, status=0, state="success",
        tasks=tuple(Task(id=task, state="success", seconds=1.0) for task in TASKS), xcoms=xcoms(how), seconds=20.0,
        log=f".demo/run-{number}.log", error="", counted=5, effects=1, creates=1, ended_by=NOON,
    )  # fmt: skip


def evidence():
    file = UsableFile(
        path=Path("copy.csv"), key_column="customer_id", left_out=("z" * 60, "y"), rows=9,
        columns=(
            SentColumn(name="customer_id", make=str), SentColumn(name="phone", make=str),
            SentColumn(name="a_b", original="a.b", index=0),
        ),
    )  # fmt: skip
    figures = CampaignFigures(targeted=5, attempted=5, progress_percent=100.0)
    return Evidence(
        file=file,
        runs=(a_run(1, "started"), a_run(2, "ran")),
        starts=(Start(campaign=CAMPAIGN, time=NOON, effect=True, reply_lost=False),),
        campaign=Seen(
            id=CAMPAIGN, name="spring 2026-12-01 1234abcd", state="Completed", start=NOON,
            end=NOON + timedelta(hours=10), figures=figures,
        ),
        template=TEMPLATE,
        template_state="Initialized",
        ledger=(
            (f"campaigns/{CAMPAIGN}.json", {"campaign": CAMPAIGN, "key": KEY}),
            ("events/2026-12-01/120000-creating-12345678.json", {"what": "creating"}),
            (f"keys/{'0' * 40}/0000.json", {"key": KEY, "campaign": CAMPAIGN}),
            ("ledger.json", {"kind": "ledger"}),
            (f"probe/{CAMPAIGN}.json", {"kind": "ledger"}),
        ),
        lose_reply=False,
        errors=0,
    )  # fmt: skip


def with_run(number, **changes):
    def change(seen):
        runs = list(seen.runs)
        runs[number - 1] = replace(runs[number - 1], **changes)
        return replace(seen, runs=tuple(runs))

    return change


def with_xcom(number, task, value, key="return_value"):
    def change(seen):
        pushed = seen.runs[number - 1].xcoms
        return with_run(number, xcoms={**pushed, task: {**pushed.get(task, {}), key: value}})(seen)

    return change


def with_figures(**changes):
    return lambda seen: replace(
        seen, campaign=replace(seen.campaign, figures=replace(seen.campaign.figures, **changes))
    )


def with_starts(*starts):
    return lambda seen: replace(seen, starts=starts)


def with_ledger(**bodies):
    def change(seen):
        objects = {name.partition("/")[0]: (name, body) for name, body in seen.ledger}
        for folder, body in bodies.items():
            name, was = objects.pop(folder)
            if body is not None:
                objects[folder] = (name, {**was, **body})
        return replace(seen, ledger=tuple(objects.values()))

    return change


START = Start(campaign=CAMPAIGN, time=NOON, effect=True, reply_lost=False)
HELD = Task(id="launch_campaign.wait", state="failed", seconds=1.0)

LIES = {
    "a task of run 1 failed": (with_run(1, tasks=(HELD,)), "run 1 is green"),
    "Airflow ran no task": (with_run(1, tasks=()), "run 1 is green"),
    "Airflow says that run 1 failed": (with_run(1, status=1), "run 1 is green"),
    "run 1 never ended": (with_run(1, state="running"), "run 1 is green"),
    "a task of run 2 failed": (with_run(2, tasks=(HELD,)), "run 2 is green"),
    "rows were not imported": (with_xcom(1, "prepare_segment.import_profiles", {"rows": 8}), "every row"),
    "another audience": (with_xcom(1, "prepare_segment.estimate", {"count": 4}), "audience ="),
    "the segment counts otherwise": (with_run(1, counted=4), "audience ="),
    "nobody was counted": (with_run(1, counted=None), "audience ="),
    "fewer targeted": (with_figures(targeted=4), "audience ="),
    "fewer attempted": (with_figures(attempted=4), "audience ="),
    "no figures": (with_figures(targeted=None, attempted=None), "audience ="),
    "it was stopped": (lambda seen: replace(seen, campaign=replace(seen.campaign, state="Stopped")), "ended as it should"),
    "there is no campaign": (lambda seen: replace(seen, campaign=None), "ended as it should"),
    "nothing was started": (with_starts(), "exactly one StartCampaign"),
    "a start without effect": (with_starts(replace(START, effect=False)), "exactly one StartCampaign"),
    "two starts took effect": (with_starts(START, START), "exactly one StartCampaign"),
    "another campaign was started": (with_starts(replace(START, campaign=OTHER)), "exactly one StartCampaign"),
    "it was started in run 2 only": (with_run(1, effects=0), "exactly one StartCampaign"),
    "the template runs": (lambda seen: replace(seen, template_state="Running"), "the template"),
    "a start of the template was tried": (
        with_starts(START, replace(START, campaign=TEMPLATE, effect=False)), "the template",
    ),
    "two clones": (with_run(1, creates=2), "the template"),
    "no key in the ledger": (with_ledger(keys=None), "the ledger"),
    "no campaign in the ledger": (with_ledger(campaigns=None), "the ledger"),
    "the key names another campaign": (with_ledger(keys={"campaign": OTHER}), "the ledger"),
    "the campaign names another key": (with_ledger(campaigns={"key": "nightly/other"}), "the ledger"),
    "run 2 started something": (with_run(2, effects=2), "run 2 started and created nothing"),
    "run 2 made a campaign": (with_run(2, creates=2), "run 2 started and created nothing"),
    "run 2 says that it started": (
        with_xcom(2, "launch_campaign.start", {"key": KEY, "how": "started"}, "launch"), "run 2 found",
    ),
    "run 2 has another key": (with_xcom(2, "launch_campaign.start", {"key": "x", "how": "ran"}, "launch"), "run 2 found"),
    "run 2 has another campaign": (with_xcom(2, "launch_campaign.start", OTHER), "run 2 found"),
    "no reply was lost": (lambda seen: replace(seen, lose_reply=True), "reply of StartCampaign was lost"),
    "the emulator failed": (lambda seen: replace(seen, errors=1), "the emulator"),
}  # fmt: skip


def test_what_is_as_promised_holds():
    assert [claim.says for claim in claims(evidence()) if not claim.holds] == []


@pytest.mark.parametrize(("change", "says"), LIES.values(), ids=LIES)
def test_whatever_is_not_as_promised_fails_and_names_a_log(change, says):
    judged = claims(change(evidence()))
    failed = [claim for claim in judged if not claim.holds]
    assert any(claim.says.startswith(says) or says in claim.says for claim in failed)
    assert all(claim.read.startswith(".demo/run-") for claim in failed)
    text = report.whole(change(evidence()), judged, segment="a=b", dag="dags/nightly_launch.py")
    assert "FAILED" in text
    assert "Launched once" not in text


def test_no_start_is_told_in_these_words():
    judged = claims(with_starts()(evidence()))
    assert "no StartCampaign took effect" in [claim.found for claim in judged]


def test_an_attached_first_run_holds_where_the_reply_was_lost():
    seen = with_xcom(1, "launch_campaign.start", {"key": KEY, "how": "attach"}, "launch")(evidence())
    seen = replace(seen, lose_reply=True, starts=(replace(START, reply_lost=True),))
    assert all(claim.holds for claim in claims(seen))


def written(**changes):
    seen = replace(evidence(), **changes)
    return report.whole(seen, claims(seen), segment="a=b, " * 60, dag="dags/nightly_launch.py")


def test_the_report_is_at_most_100_columns_wide_and_without_colours_where_nobody_looks():
    text = written()
    assert max(map(len, text.splitlines())) <= 100
    assert "\033" not in text


def test_the_report_says_what_was_made_renamed_and_left_out():
    text = written()
    assert re.search(r"customer_id +→ +Attributes.customer_id +key; made: the row's number", text)
    assert re.search(r"phone +→ +PhoneNumber +made: from the range kept for fiction", text)
    assert re.search(r"a\.b +→ +Attributes\.a_b +renamed to a_b", text)
    assert re.search(r"audience_run +→ .*added by the import", text)
    assert "left out, since an import takes 25 columns: zzz" in text


def test_each_object_of_the_ledger_has_its_name_and_a_meaning():
    lines = written().splitlines()
    for name, _ in evidence().ledger:
        assert lines[lines.index(f"  {name}") + 1].startswith("      ")


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_colours_are_for_terminals_and_no_color_is_honoured(monkeypatch, no_color, coloured):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    text = written()
    assert ("\033[" in text) is coloured
    assert max(len(re.sub(r"\033\[\d+m", "", line)) for line in text.splitlines()) <= 100


@pytest.mark.parametrize(
    ("attempted", "targeted", "words"),
    [
        (None, None, "first contact at 12:00"),
        (0, 8, "0 of 8 attempted    0%"),
        (4, 8, "50%  ############----"),
        (8, 8, "100%"),
    ],
)
def test_progress_is_a_line(attempted, targeted, words):
    figures = CampaignFigures(targeted=targeted, attempted=attempted)
    seen = replace(evidence().campaign, state="Running", figures=figures)
    assert words in report.progress_line(seen, now=NOON)


def test_a_red_run_is_told_with_tasks_effects_reason_and_log():
    red = replace(a_run(1, "started"), tasks=(HELD,), effects=0, error="CampaignEnded: it was stopped\nhint: look")
    text = report.red_run(red)
    for words in ("launch_campaign.wait is failed", "no StartCampaign took effect", "it was stopped", "run-1.log"):
        assert words in text


def test_the_last_error_of_a_log_is_found_without_its_traceback(tmp_path):
    log = tmp_path / "run.log"
    log.write_text(
        "[1] a\nTraceback (most recent call last):\n  File x\nValueError: first\n[2] b\n"
        "Traceback (most recent call last):\n  File y\n    code\npackage.errors.GuardFailed: empty\nallowed: some\nhint: look\n"
        "[3] c\nDagRun failed\n"
    )
    assert last_error(log) == "package.errors.GuardFailed: empty\nallowed: some\nhint: look"
    log.write_text("[1] all is well\n")
    assert not last_error(log)


@pytest.mark.parametrize(("clock", "waits"), [("23:58:00", True), ("23:30:00", False), ("00:00:00", False)])
def test_midnight_never_parts_the_two_runs(monkeypatch, clock, waits):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromisoformat(f"2026-12-01T{clock}").replace(tzinfo=tz)

    slept: list[float] = []
    monkeypatch.setattr(run, "datetime", Clock)
    monkeypatch.setattr(run.time, "sleep", slept.append)
    run.wait_for_midnight()
    assert slept == ([121.0] if waits else [])
