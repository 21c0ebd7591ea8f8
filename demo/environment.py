"""What a launch needs before any DAG runs: a ledger, a Customer Profiles domain, a template campaign that never starts.

`python -m demo.environment --endpoint-url URL` prepares them in an emulator, as often as one likes; docker-compose
calls it so. Nothing but an emulator is ever touched: other hosts are refused before the first request.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.aws.ledger import Ledger
from connect_campaigns.core.errors import ConnectCampaignsError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Log = Callable[[str], None]

REGION = "us-east-1"
ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "not-a-secret"
INSTANCE = "0c0ffee0-1111-4222-8333-444444444444"
DOMAIN = "crm"
LEDGER = "s3://demo-ledger/launches"
TEMPLATE = "spring"

_INSTANCE_ARN = f"arn:aws:connect:{REGION}:123456789012:instance/{INSTANCE}"
_DOMAIN_ARN = f"arn:aws:profile:{REGION}:123456789012:domains/{DOMAIN}"
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_ALL_DAY = [
    {"startTime": "T00:00", "endTime": "T23:59"}
]  # so that the demo works whenever it is run; yours are shorter
_SERVICE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

_TEMPLATE: dict[str, Any] = {
    "name": TEMPLATE,
    "connectInstanceId": INSTANCE,
    # Each clone gets the segment of its run in place of this one, which isn't there: the template can't call anybody.
    "source": {"customerProfilesSegmentArn": f"{_DOMAIN_ARN}/segment-definitions/set-by-each-launch"},
    "connectCampaignFlowArn": f"{_INSTANCE_ARN}/contact-flow/66666666-7777-4888-8999-000000000000:1",
    "channelSubtypeConfig": {
        "telephony": {
            "connectQueueId": "aaaaaaaa-1111-4222-8333-444444444444",
            "outboundMode": {"agentless": {}},
            "defaultOutboundConfig": {"connectContactFlowId": "bbbbbbbb-1111-4222-8333-444444444444"},
        }
    },
    "communicationTimeConfig": {
        "localTimeZoneConfig": {"defaultTimeZone": "Europe/Paris"},
        "telephony": {"openHours": {"dailyHours": dict.fromkeys(_DAYS, _ALL_DAY)}},
    },
    "communicationLimitsOverride": {
        "allChannelSubtypes": {
            "communicationLimitsList": [{"maxCountPerRecipient": 1, "frequency": 1, "unit": "DAY"}],
        },
        "instanceLimitsHandling": "OPT_IN",
    },
}


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What was prepared.

    :param template_id: the campaign that launches clone
    """

    template_id: str


def forget_aws_settings() -> None:
    """Keep this process, and those that it starts, away from the user's own AWS and Airflow settings and from proxies."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AIRFLOW_"))]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ |= {"AWS_EC2_METADATA_DISABLED": "true"}
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = "*"


def check_endpoint(endpoint_url: str, *, allow_host: str | None = None) -> None:
    """Refuse every endpoint that isn't this machine's.

    :param allow_host: a host name without dots that is allowed too: a service of a compose network
    :raises InvalidInput: another host
    """
    if allow_host is not None and not _SERVICE_NAME.fullmatch(allow_host):
        raise InvalidInput.of(
            "--allow-host",
            allow_host,
            allowed="a host name without dots, as a compose file's services have",
            hint="the emulator's service in docker-compose.yaml is `emulator`",
        )
    parts = urlsplit(endpoint_url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not (_is_loopback(host) or (allow_host and host == allow_host)):
        raise InvalidInput.of(
            "--endpoint-url",
            endpoint_url,
            allowed="an emulator on this machine, as http://127.0.0.1:4599: this prepares a demo, never an AWS account",
            hint="start one with `python -m connect_emulator`; in a compose network add `--allow-host emulator`",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def client(service: str, endpoint_url: str) -> Any:
    """Make a boto3 client of the emulator."""
    make: Callable[..., Any] = boto3.client  # its stub has an overload per service
    return make(
        service,
        region_name=REGION,
        endpoint_url=endpoint_url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


def prepare(endpoint_url: str, *, log: Log, allow_host: str | None = None) -> Prepared:
    """Prepare ledger, domain and template, each where it isn't there yet; start nothing.

    :param log: is told each step in a line
    :raises InvalidInput: the endpoint is none of this machine's
    """
    check_endpoint(endpoint_url, allow_host=allow_host)
    campaigns_client = client("connectcampaignsv2", endpoint_url)
    campaigns = Campaigns(campaigns_client, sender=campaigns_client)
    _prepare_domain(client("customer-profiles", endpoint_url), log=log)
    template_id = _prepare_template(campaigns_client, campaigns, log=log)
    _prepare_ledger(client("s3", endpoint_url), campaigns, log=log)
    return Prepared(template_id=template_id)


def _prepare_domain(profiles: Any, *, log: Log) -> None:
    if any(each["DomainName"] == DOMAIN for each in profiles.list_domains()["Items"]):
        log(f"domain     {DOMAIN}: is there")
        return
    profiles.create_domain(DomainName=DOMAIN, DefaultExpirationDays=366)
    log(f"domain     {DOMAIN}: Customer Profiles, where the customers go")


def _prepare_template(client: Any, campaigns: Campaigns, *, log: Log) -> str:
    pages = client.get_paginator("list_campaigns").paginate()
    found = [each["id"] for page in pages for each in page["campaignSummaryList"] if each["name"] == TEMPLATE]
    if found:
        log(f"template   {TEMPLATE}: is there")
        return str(found[0])
    # Its day never comes, since it is never started: clones take over how long the schedule is.
    start = campaigns.service_now() + timedelta(days=1)
    schedule = {"startTime": start, "endTime": start + timedelta(hours=10)}
    made = client.create_campaign(**_TEMPLATE, schedule=schedule, tags={"purpose": "template"})
    log(f"template   {TEMPLATE}: a voice campaign without agents; it is cloned, and never started itself")
    return str(made["id"])


def _prepare_ledger(s3: Any, campaigns: Campaigns, *, log: Log) -> None:
    ledger = Ledger(s3, uri=LEDGER)
    if not any(each["Name"] == ledger.bucket for each in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket=ledger.bucket)
    _, made = ledger.init(at=campaigns.service_now(), by="demo")
    log(f"ledger     {ledger.uri}: " + ("where launches are noted, each once" if made else "is there"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare an emulator; give the process's exit status: 0 done, 1 the emulator can't be asked, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m demo.environment", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--endpoint-url", required=True, metavar="URL", help="the emulator, as http://127.0.0.1:4599")
    parser.add_argument(
        "--allow-host", metavar="NAME", help="a compose service's name that is allowed besides loopback"
    )
    options = parser.parse_args(arguments)
    forget_aws_settings()
    try:
        prepare(options.endpoint_url, log=print, allow_host=options.allow_host)
    except InvalidInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (ConnectCampaignsError, BotoCoreError, ClientError) as error:
        print(f"error: {error}\n\nhint: is the emulator running at {options.endpoint_url}?", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
