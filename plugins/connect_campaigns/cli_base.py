"""What every command of the command line has: exit codes, how people are told, the options for AWS."""

from __future__ import annotations

import functools
import getpass
import json
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import click

from connect_campaigns.aws.session import Aws
from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from connect_campaigns.core.errors import ConnectCampaignsError

REFUSALS = frozenset(
    {"state", "unknown_campaign", "ambiguous_campaign", "nothing_launched", "relaunch_runs", "relaunch_given"}
)
"""Codes of errors that say no, where rights and network were all right."""


class Exit(IntEnum):
    """What a process ends with."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    AWS = 3


def say(text: str) -> None:
    """Say something to people."""
    click.echo(text, err=True)


def tell(error: ConnectCampaignsError) -> None:
    """Say an error's three parts to people."""
    say(f"error: {error.found}\nallowed: {error.allowed}\n\nhint: {error.hint}")


def exit_code(error: ConnectCampaignsError) -> Exit:
    """Which code an error ends with."""
    if error.code in REFUSALS:
        return Exit.REFUSED
    return Exit.USAGE if isinstance(error, InvalidInput) else Exit.AWS


def print_json(data: dict[str, Any]) -> None:
    """Print data."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def aws_options(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add the options that every command has."""

    @click.option("--region", help="AWS Region.")
    @click.option("--profile", help="Profile of your AWS configuration.")
    @click.option("--endpoint-url", metavar="URL", help="Talk to another endpoint than AWS, such as the emulator.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @functools.wraps(command)
    def wrapped(*, region: str | None, profile: str | None, endpoint_url: str | None, **rest: Any) -> Exit:
        return command(aws=Aws(region=region, profile=profile, endpoint_url=endpoint_url), **rest)

    return wrapped


def person() -> str:
    """Who runs this; a container's user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
