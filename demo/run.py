"""`make demo`: a real Airflow runs the nightly DAG against a local emulator, twice with one launch key: one launch.

Exit status: 0 everything holds, 1 something doesn't or the file is bad, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from zoneinfo import ZoneInfo

from connect_campaigns.core.errors import ConnectCampaignsError, InvalidInput
from connect_emulator.client import EmulatorProcess
from demo import customers, environment, report
from demo.airflow_run import DAG, AirflowFailed, AirflowHome
from demo.evidence import Service, gather, shown
from demo.own_csv import usable
from demo.segment import check_columns, fields_of
from demo.verdict import claims
from demo.watch import RunEnded, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.evidence import Evidence, Run
    from demo.own_csv import UsableFile

PROJECT = Path(__file__).resolve().parent.parent
SPEED = 300.0
"""Emulator seconds per real second: half an hour until first contact takes 6 seconds."""
KEY_ZONE = ZoneInfo("Europe/Paris")  # the DAG's launch key is the day there
BOTH_RUNS = timedelta(minutes=3)
"""What both runs take at most: midnight must not part them."""


BAD_FILE = frozenset({"bad_rows", "empty_file", "header", "separator", "encoding", "open_quote", "too_large", "busy"})
"""Codes of errors that are no matter of how the command was typed."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says, and where things are."""

    csv: Path | None
    segment: str
    dags: Path
    home: Path
    lose_reply: bool


class RunFailed(Exception):
    """A run didn't end green; the text says what failed, and which log to read."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and give the process's exit status."""
    options = read_options(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    environment.forget_aws_settings()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)
    try:
        fields = fields_of(options.segment)
        with only_one_demo(options.home), tempfile.TemporaryDirectory(dir=options.home, prefix="csv-") as folder:
            file = prepare_file(options, wanted=fields, folder=Path(folder))
            return show(options, file)
    except InvalidInput as error:
        tell(f"error: {error.found}\nallowed: {error.allowed}\n\nhint: {error.hint}")
        return 1 if error.code in BAD_FILE else 2
    except (AirflowFailed, RunEnded, RunFailed, ConnectCampaignsError) as error:
        tell(f"\nFAILED: {error}")
        return 1
    except KeyboardInterrupt:
        tell("\ninterrupted: all that the demo started has been ended")
        return 130


def read_options(arguments: Sequence[str] | None) -> Options:
    """Read the command line; a wrong one ends the process with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.run",
        description="Run the nightly DAG against a local emulator, twice with one launch key.",
        epilog='The same by make: make demo CSV=customers.csv SEGMENT="Country=FR, Balance>1000"',
    )
    parser.add_argument("--csv", type=Path, metavar="PATH", help="your own customers, with a header row; only read")
    parser.add_argument("--segment", metavar="TEXT", help='who, as "Country=FR, Balance>1000"; with --csv default: all')
    parser.add_argument("--lose-reply", action="store_true", help="lose StartCampaign's reply: still one launch")
    parser.add_argument("--dags-folder", type=Path, metavar="DIR", default=PROJECT / "dags", help="other DAGs")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", default=PROJECT / ".demo", help="where logs and Airflow are"
    )
    given = parser.parse_args(arguments)
    default = customers.SEGMENT if given.csv is None else ""
    return Options(
        csv=given.csv,
        segment=default if given.segment is None else given.segment.strip(),
        dags=given.dags_folder.resolve(),
        home=given.home.resolve(),
        lose_reply=given.lose_reply,
    )


@contextmanager
def only_one_demo(home: Path) -> Iterator[None]:
    """Hold the folder for this process: two demos would write the same logs.

    :raises InvalidInput: another one holds it
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InvalidInput(
                f"another demo is running in {shown(home)}",
                allowed="one at a time",
                hint="wait for its end, or give this one another folder: python -m demo.run --home DIR",
                code="busy",
            ) from None
        yield


def prepare_file(options: Options, *, wanted: Sequence[str], folder: Path) -> UsableFile:
    """Make the file that is imported: the user's own in a usable copy, or customers who don't exist.

    :raises InvalidInput: the file can't be used, or lacks what the segment compares
    """
    source = options.csv or folder / "made-up.csv"
    if options.csv is None:
        customers.write_customers(source)
    elif not source.is_file():
        raise InvalidInput(
            f"{source}: " + ("is no file" if source.exists() else "doesn't exist"),
            allowed="a CSV file on this machine",
            hint="look at the path; it is taken from where the command is run",
            code="no_file",
        )
    try:
        file = usable(source, copy=folder / "customers.csv", wanted=wanted)
    except InvalidInput as error:
        found = f"{source}: {error.found}"
        raise InvalidInput(found, allowed=error.allowed, hint=error.hint, code=error.code) from None
    except OSError as error:
        found, hint = f"{source}: {error.strerror}", "look at its permissions"
        raise InvalidInput(found, allowed="a file that can be read", hint=hint, code="no_file") from None
    check_columns(wanted, file.columns)
    return file


def show(options: Options, file: UsableFile) -> int:
    """Start everything, run the DAG twice, print the report; give the exit status."""
    print(report.title())
    emulator_log = options.home / "emulator.log"
    with emulator_log.open("wb") as stderr, EmulatorProcess(speed=SPEED, stderr=stderr) as emulator:
        print(report.heading("Prepared"))
        print(f"  emulator   {emulator.url}: its clock runs {SPEED:.0f} times as fast as yours")
        prepared = environment.prepare(emulator.url, log=lambda line: print(f"  {line}"))
        print(report.file_line(file, source=options.csv))
        home = AirflowHome(
            options.home / "airflow", dags=options.dags, plugins=PROJECT / "plugins", endpoint_url=emulator.url
        )
        took = home.prepare(log_file=options.home / "migrate.log")
        made = f", made in {took:.0f} s" if took else ""
        print(f"  airflow    {home.version}, a real one, in {shown(home.folder)}{made}")
        service = Service(emulator.control)
        if options.lose_reply:
            service.control.add_fault(operation="StartCampaign", kind="lost_reply")
            print("  fault      the connection is dropped after StartCampaign took effect: its reply is lost")
        evidence = run_twice(options, file, home=home, service=service, template=prepared.template_id)
        judged = claims(evidence)
        dag = shown(options.dags / f"{DAG}.py")
        print(report.whole(evidence, judged, segment=options.segment, dag=dag))
        return 0 if all(claim.holds for claim in judged) else 1


def run_twice(options: Options, file: UsableFile, *, home: AirflowHome, service: Service, template: str) -> Evidence:
    """Run the DAG, run it again, gather what can be known then.

    :raises RunFailed: the first run didn't end green: a second would show nothing
    """
    wait_for_midnight()
    conf = {
        "csv": str(file.path),
        "key_column": file.key_column,
        "segment": options.segment,
        "template": environment.TEMPLATE,
        "manual_trigger": "launch",
        "poll_seconds": 1,
    }
    runs: list[Run] = []
    for number, what in enumerate(("", ": the same DAG, the same launch key"), start=1):
        log = options.home / f"run-{number}.log"
        print(report.heading(f"Run {number}{what}"))
        print(f"  airflow dags test {DAG}  (its log: {shown(log)}; Airflow takes a while to start)")
        with home.run(conf, log_file=log) as airflow:
            try:
                run = Watch(airflow, service, say=print, speed=SPEED).follow(number)
            except RunEnded as error:
                message = f"{error}. The run was ended; read {shown(log)}"
                raise RunFailed(message) from None
        if number == 1 and not run.green:
            raise RunFailed(report.red_run(run))
        runs.append(run)
    return gather(service, file=file, runs=runs, template=template, lose_reply=options.lose_reply)


def wait_for_midnight() -> None:
    """Where the day of the launch key is about to end, begin the next day."""
    now = datetime.now(KEY_ZONE)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    if midnight - now < BOTH_RUNS:
        print(f"  midnight   in {KEY_ZONE.key} is near, and the launch key is the day there: waiting until {midnight}")
        time.sleep((midnight - now).total_seconds() + 1)


def tell(text: str) -> None:
    """Say what went wrong."""
    print(text, file=sys.stderr)


def _interrupt(*_: object) -> NoReturn:
    """End in order, once: a second Ctrl-C must not leave Airflow behind; ending takes seconds at most."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
