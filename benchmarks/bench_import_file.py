"""A file of 900 MB imported with all checks on, beside a plain streamed copy of it to the same upload URL's store.

Each in a process of its own, the emulator in another, twice by turns after the disk has caught up; the quicker one of each
counts. Ours is timed from the operator's first line to the jobs' start: what the service does then is not ours. Memory is
the process's peak, Airflow and boto3 included; beside it the peak before the file was touched. Exit 1 where ours is slower
than 0.2 times the copy, or takes more than 150 MB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3

from connect_emulator.client import EmulatorProcess

ASKED_RATIO, ASKED_MB = 0.2, 150
ROUNDS = 2
SIZE = int(os.environ.get("IMPORT_BYTES", "900000000"))
WORDS = "management,married,tertiary,no,cellular,may,unknown,yes,261,1,-1,0,Lyon,FR"
HEADER = (
    "id,phone,first_name,Job,Marital,Education,Default,Contact,Month,Poutcome,Loan,Duration,Campaign,Pdays,Previous,"
    "city,country"
)

OURS = """
import json, logging, resource, sys, time
from connect_campaigns.hooks import ConnectCampaignsHook
from connect_campaigns.operators.imports import ImportProfilesOperator
operator = ImportProfilesOperator(
    task_id="t", path=sys.argv[1], key_column="id", audience_run=sys.argv[2], default_country="US", data_expiry_days=30
)
uploads = operator.hook.segments.uploads
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
from connect_campaigns.aws.csv_file import checked_copy
rules, days, pace = operator.validate()
before = time.perf_counter()
with checked_copy(sys.argv[1], rules=rules, log=operator.log) as file:
    checked = time.perf_counter()
    uploads.begin(file, data_expiry_days=days, log=operator.log)
took = time.perf_counter() - before
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
told = {"seconds": took, "checked": checked - before, "base": base / 1024, "peak": peak / 1024}
print(json.dumps({**told, "rows": file.findings.good}))
"""
COPY = """
import json, sys, time
from urllib.parse import urlsplit
from http.client import HTTPConnection
from pathlib import Path
path, url, headers = sys.argv[1], urlsplit(sys.argv[2]), json.loads(sys.argv[3])
before = time.perf_counter()
with open(path, "rb") as file:
    there = HTTPConnection(url.netloc)
    there.request("PUT", url.path, body=file, headers={**headers, "Content-Length": str(Path(path).stat().st_size)})
    assert there.getresponse().status == 200
print(json.dumps({"seconds": time.perf_counter() - before}))
"""


def write(path: Path) -> int:
    """Write a file of so many customers that it has the size; give their number."""
    number = 0
    with path.open("w") as file:
        file.write(f"{HEADER}\n")
        while file.tell() < SIZE:
            people = range(number, number + 10_000)
            file.writelines(
                f"customer-{each:09},+1{200 + each // 100 % 700}55501{each % 100:02},Ann,{WORDS}\n" for each in people
            )
            number += 10_000
    return number


def run(code: str, *args: str, environment: dict[str, str]) -> dict[str, float]:
    """Run a side in a fresh process."""
    child = subprocess.run(
        [sys.executable, "-c", code, *args], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    return result


def copy(path: Path, profiles: Any, environment: dict[str, str]) -> dict[str, float]:
    """Copy the file as it is to an upload job's URL."""
    from connect_campaigns.aws.transfer import headers_of

    fields = {"id": {"Source": "_source.id", "Target": "_profile.Attributes.id"}}
    job = profiles.create_upload_job(DomainName="crm", DisplayName="copy", Fields=fields, UniqueKey="id")["JobId"]
    place = profiles.get_upload_job_path(DomainName="crm", JobId=job)
    headers = headers_of(place["ClientToken"], path.stat().st_size)
    return run(COPY, str(path), place["Url"], json.dumps(headers), environment=environment)


def _seconds(told: list[dict[str, float]]) -> str:
    return " and ".join(f"{each['seconds']:.1f} s" for each in told)


def main() -> int:
    """Measure both, print both."""
    with tempfile.TemporaryDirectory() as home, EmulatorProcess() as emulator:
        os.environ |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
        extra = {"region_name": "us-east-1", "endpoint_url": emulator.url, "customer_profiles_domain": "crm"}
        connection = {"conn_type": "aws", "login": "AKIDEXAMPLE", "password": "not-a-secret", "extra": extra}
        environment = {**os.environ, "AIRFLOW_HOME": home, "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection)}
        profiles = boto3.client("customer-profiles", endpoint_url=emulator.url, region_name="us-east-1")
        profiles.create_domain(DomainName="crm", DefaultExpirationDays=90)
        path = Path(home) / "customers.csv"
        rows = write(path)
        copies, checked = [], []
        for round_ in range(ROUNDS):
            os.sync()
            copies.append(copy(path, profiles, environment))
            os.sync()
            checked.append(run(OURS, str(path), f"round {round_}", environment=environment))
        plain, ours = (min(each, key=lambda told: told["seconds"]) for each in (copies, checked))
    size = SIZE / 1e6
    ratio = plain["seconds"] / ours["seconds"]
    print(f"{size:.0f} MB, {rows:,} rows, {len(HEADER.split(','))} columns")
    print(f"all: copies {_seconds(copies)}, ours {_seconds(checked)}")
    print(f"copy  {plain['seconds']:6.1f} s  {size / plain['seconds']:6.0f} MB/s")
    print(
        f"ours  {ours['seconds']:6.1f} s  {size / ours['seconds']:6.0f} MB/s ({ours['checked']:.1f} s of it the checks):"
        f" {ratio:.2f} times the copy's rate"
    )
    print(f"peak  {ours['peak']:6.0f} MB, {ours['base']:.0f} MB of it before the file was touched")
    good = ratio >= ASKED_RATIO and ours["peak"] <= ASKED_MB and ours["rows"] == rows
    print(f"asked: at least {ASKED_RATIO} times, at most {ASKED_MB} MB: {'kept' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
