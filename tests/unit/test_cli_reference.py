"""docs/command-line.md is what the command line's own help says.

`python -m tests.unit.test_cli_reference` writes it anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

# isort: split
from connect_campaigns.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
PROGRAM = "python -m connect_campaigns"
HEAD = f"""# Command line

`{PROGRAM}` works with Airflow, its database and the ledger down. Installed without the extra `airflow`, the
distribution needs boto3 and click only; where `plugins/` is not installed but copied, run it in that folder.

It finds Region and credentials as boto3 and the AWS CLI do. stdout has data only, stderr what is said to people.
`--json` prints, for each campaign: as it was given (`campaign`), its `id`, its state `before` and now (`state`), the `result`
(`done`, `refused`, `usage`, `aws` or `not reached`) and, unless it is done, the `error` with `code`, `found`, `allowed`, `hint`.

IAM actions: `connect-campaigns:PauseCampaign`, `:StopCampaign`, `:GetCampaignState` and `:GetCampaignStateBatch` (pausing works
without the reads), `:ListCampaigns` where campaigns are given by name; for the ledger `s3:PutObject`, `GetObject`, `ListBucket`.

Pausing may take a second per campaign: the service allows one such call a second for the whole account and Region. Where it
throttles, each campaign is waited for up to half a minute. What was interrupted or failed can be run again.

This page is made from the commands' own `--help`: `make docs` writes it.
"""


def commands(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give a command and all below it, in the order of the help."""
    yield path, command
    for name in sorted(getattr(command, "commands", {})):
        yield from commands(command.commands[name], *path, name)


def page() -> str:
    """Make the page."""
    parts = [HEAD]
    for path, command in commands(cli):
        context = click.Context(
            command, info_name=" ".join((PROGRAM, *path)), terminal_width=100, **cli.context_settings
        )
        title = f"## `{' '.join(path)}`\n\n" if path else ""
        parts.append(f"{title}```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


ALL: list[Any] = [pytest.param(path, command, id=" ".join(path) or "(all)") for path, command in commands(cli)]


def test_the_page_is_current():
    assert PAGE.read_text() == page(), "python -m tests.unit.test_cli_reference"


@pytest.mark.parametrize("command", [each.values[1] for each in ALL], ids=[each.id for each in ALL])
def test_every_command_says_what_it_does_in_one_short_imperative_line(command):
    first = (command.help or "").partition("\n")[0]
    assert first.endswith(".")
    assert len(first) <= 70
    assert first.split()[0] in {"Look", "Let", "Pause", "Stop", "Print", "Prepare", "Rebuild"}


@pytest.mark.parametrize(("path", "command"), [each for each in ALL if not hasattr(each.values[1], "commands")])
def test_every_command_has_an_example_that_names_it_and_every_option_a_help(path, command):
    assert f"{PROGRAM} {' '.join(path)} " in command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))
    assert "as_json" in {option.name for option in command.params}


if __name__ == "__main__":
    PAGE.write_text(page())
