"""The commands that look after the ledger, and the one that launches again."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.aws.ledger import Ledger
from connect_campaigns.aws.metrics import Metrics
from connect_campaigns.aws.patience import Patience
from connect_campaigns.cli_base import Exit, aws_options, person, print_json, say
from connect_campaigns.core.bucket_policy import bucket_policy
from connect_campaigns.core.errors import InvalidInput, ServiceRefused
from connect_campaigns.core.keys import checked_key
from connect_campaigns.core.relaunch import Ask, checked_reason
from connect_campaigns.core.settings import S3_URI
from connect_campaigns.rebuilding import Rebuilding
from connect_campaigns.relaunching import Relaunching

if TYPE_CHECKING:
    from connect_campaigns.aws.session import Aws


class Said:
    """A log for people: on stderr, without the details."""

    def debug(self, msg: str, /, *args: object) -> None:
        """Say nothing."""

    def info(self, msg: str, /, *args: object) -> None:
        """Say it."""
        say(msg % args)

    def warning(self, msg: str, /, *args: object) -> None:
        """Say it."""
        say("warning: " + msg % args)


def opened(aws: Aws, uri: str) -> Ledger:
    """Give the ledger at a URI.

    :raises InvalidInput: the URI has the wrong form
    """
    if not S3_URI.fullmatch(uri):
        raise InvalidInput.of("S3_URI", uri, allowed="s3://bucket/prefix", hint="a new bucket: aws s3 mb s3://BUCKET")
    return Ledger(aws.client("s3"), uri=uri)


@click.group()
def ledger() -> None:
    """Look after the ledger, in which launches are noted once."""


@ledger.command("init")
@click.argument("uri", metavar="S3_URI")
@aws_options
def ledger_init(*, aws: Aws, uri: str, as_json: bool) -> Exit:
    """Prepare s3://BUCKET/PREFIX as a ledger.

    Proves that the bucket refuses a second write of one object, which launches rely on. A ledger that is there stays
    as it is.

    \b
    Example:
      python -m connect_campaigns ledger init s3://my-launches/connect
    """  # noqa: D301
    book = opened(aws, uri)
    say(f"preparing {book.uri}")
    try:
        marker, made = book.marker(), False
    except ServiceRefused as error:
        if error.code != "ledger_marker":
            raise
        marker, made = book.init(at=datetime.now(UTC), by=person(), region=aws.session.region_name)
    already = f"it is a ledger already, since {marker.at} by {marker.by}; nothing was changed"
    say("it is a ledger now" if made else already)
    extra = {"launch_ledger": book.uri}
    say("put this into the extra of the Airflow connection:")
    print_json({"uri": book.uri, "id": marker.id, "made": made, "extra": extra} if as_json else extra)
    return Exit.DONE


@ledger.command("policy")
@click.argument("uri", metavar="S3_URI")
@aws_options
def ledger_policy(*, aws: Aws, uri: str, as_json: bool) -> Exit:  # noqa: ARG001 - a policy is JSON anyhow; nothing is called
    """Print a bucket policy that keeps the ledger as it is.

    It denies deleting the ledger's objects, and writing one without the condition that makes it a first write. Only
    control/ (the freeze switch) stays open.

    \b
    Example:
      python -m connect_campaigns ledger policy s3://my-launches/connect > policy.json
      aws s3api put-bucket-policy --bucket my-launches --policy file://policy.json
    """  # noqa: D301
    if not S3_URI.fullmatch(uri):
        raise InvalidInput.of("S3_URI", uri, allowed="s3://bucket/prefix", hint="the ledger's own")
    say("it replaces the bucket's policy: where the bucket has one, merge the statements")
    print_json(bucket_policy(uri))
    return Exit.DONE


@ledger.command("rebuild")
@click.argument("uri", metavar="S3_URI")
@click.option("--ledger-id", metavar="ID", help="The lost ledger's id, where the campaigns' tags name several.")
@click.option("--instance-id", metavar="ID", help="Connect instance whose campaigns are read; default: all.")
@aws_options
def ledger_rebuild(*, aws: Aws, uri: str, as_json: bool, ledger_id: str | None, instance_id: str | None) -> Exit:
    """Rebuild a lost ledger from the campaigns' tags.

    Freezes launches first, and leaves them frozen. Clones that have begun are noted as launched; the others become void,
    so that nobody starts them. Campaigns made by hand are listed only: look at them before you take the freeze off.
    What was deleted since can't be found again.

    \b
    Example:
      python -m connect_campaigns ledger rebuild s3://my-launches/connect
    """  # noqa: D301
    book = opened(aws, uri)
    rebuilding = Rebuilding(campaigns=aws.campaigns, ledger=book, by=person(), log=Said(), patience=Patience())
    rebuilt = rebuilding.run(ledger_id=ledger_id, instance_id=instance_id, now=datetime.now(UTC))
    say(
        f"{len(rebuilt.launched)} launches noted, {len(rebuilt.void)} clones that had not begun given up,"
        f" {len(rebuilt.given)} campaigns not of this ledger"
    )
    if as_json:
        print_json(rebuilt.to_json())
    for each in () if as_json else rebuilt.given:
        click.echo(f"{each}  not this ledger's: whether a key launched it is unknown")
    say(f"launches are frozen; when all is well: aws s3 rm {book.uri}/control/freeze.json")
    return Exit.DONE


@click.command()
@click.argument("key", metavar="LAUNCH_KEY")
@click.option("--reason", required=True, help="Why; it stays in the ledger.")
@click.option("--by", help="Who asks; default: the user of this machine.")
@click.option("--recontact", is_flag=True, help="The people of the former launch may be contacted again.")
@click.option(
    "--ledger",
    "uri",
    metavar="S3_URI",
    required=True,
    envvar="CONNECT_CAMPAIGNS_LEDGER",
    show_envvar=True,
    help="The connection's launch_ledger.",
)
@aws_options
def relaunch(*, aws: Aws, as_json: bool, key: str, reason: str, by: str | None, recontact: bool, uri: str) -> Exit:
    """Let a launch key launch once more.

    The former launch must have ended. One that was made and not started is deleted first, so that no old attempt can
    start it. Then clear the create and start tasks of its DAG run, or run the DAG again.

    \b
    Example:
      python -m connect_campaigns relaunch spring/fr/2026-12-01 --reason "the flow was wrong" --ledger s3://my-launches/connect
    """  # noqa: D301
    who = by or person()
    ask = Ask(
        reason=checked_reason(reason, name="--reason"),
        by=who,
        asker=f"{who}, command line, {uuid.uuid4()}",
        recontact=recontact,
    )
    book = opened(aws, uri)
    book.marker(region=aws.session.region_name)
    # Its one send is DeleteCampaign, which the SDK may repeat: gone twice is gone.
    client = aws.client("connectcampaignsv2")
    request = Relaunching(
        checked_key(key),
        campaigns=Campaigns(client, sender=client),
        ledger=book,
        metrics=Metrics(aws.client("connect")),
        log=Said(),
        wall_clock=lambda: datetime.now(UTC),
        patience=Patience(),
    ).request(ask)
    if request.asker != ask.asker:
        say(f"a relaunch was asked for already, by {request.by} at {request.at} ({request.reason}): that one stands")
    if request.former:
        whom = "unknown" if request.attempted is None else request.attempted
        say(f"campaign {request.former} is given up; people it attempted: {whom}")
    say("clear the create and start tasks of its DAG run, or run the DAG again: they launch anew, once")
    if as_json:
        print_json(json.loads(request.to_json()))
    else:
        click.echo(f"{key}  generation {request.generation}")
    return Exit.DONE
