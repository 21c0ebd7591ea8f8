"""The command line: halting works with Airflow and the ledger down, and without Airflow installed.

stdout has data only, stderr everything that is said to people. Exit codes: 0 done, 1 refused, 2 usage, 3 AWS or
unexpected; of several campaigns the worst counts. Nothing is remembered: what was interrupted can be run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from connect_campaigns.aws.campaigns import NOT_SEEN
from connect_campaigns.aws.halting import PAUSE, STOP, halt
from connect_campaigns.aws.patience import Patience
from connect_campaigns.cli_base import Exit, aws_options, exit_code, print_json, say, tell
from connect_campaigns.cli_ledger import ledger, relaunch
from connect_campaigns.core.errors import ConnectCampaignsError
from connect_campaigns.core.states import NOT_FOUND, CampaignState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connect_campaigns.aws.halting import Halt
    from connect_campaigns.aws.session import Aws


@dataclass(kw_only=True)
class Target:
    """One campaign that a command was given, and what became of it; ``exit`` None = it was not reached."""

    given: str
    id: str | None = None
    before: str | None = None
    state: str | None = None
    exit: Exit | None = None
    error: ConnectCampaignsError | None = None

    def end(self, error: ConnectCampaignsError | None) -> None:
        """Note how it ended, and say what went wrong."""
        self.exit, self.error = (exit_code(error) if error else Exit.DONE), error
        if error:
            tell(error)

    def to_json(self) -> dict[str, Any]:
        """Give what programs read."""
        error = self.error and {name: getattr(self.error, name) for name in ("code", "found", "allowed", "hint")}
        result = "not reached" if self.exit is None else self.exit.name.lower()
        states = {"before": self.before, "state": self.state}
        return {"campaign": self.given, "id": self.id, **states, "result": result, "error": error}


def worst(targets: Sequence[Target]) -> Exit:
    """Which code several campaigns end with."""
    return max(target.exit or Exit.DONE for target in targets)


# -- campaigns --------------------------------------------------------------------------------------------------------


def find(aws: Aws, given: Sequence[str], instance_id: str | None) -> list[Target]:
    """Turn what was given into campaigns, each once; one that can't be found holds up no other."""
    reader = aws.campaigns
    targets: dict[str, Target] = {}
    for text in given:
        target = Target(given=text)
        try:
            target.id = reader.resolve(text, instance_id=instance_id)
        except ConnectCampaignsError as error:
            target.end(error)
        targets.setdefault(target.id or text, target)
    return list(targets.values())


def found(targets: Sequence[Target]) -> list[Target]:
    """Those that have an id."""
    return [target for target in targets if target.id]


def announce(how: Halt, aws: Aws, targets: Sequence[Target]) -> None:
    """Say what is going to be touched; states are for people to see, so what can't be read holds nothing up."""
    try:
        states = aws.campaigns.states([str(target.id) for target in targets])
    except ConnectCampaignsError as error:
        states = {}
        tell(error)
    say(f"to be {how.done} in {aws.session.region_name}:" if targets else "nothing was found")
    for target in targets:
        target.before = target.state = states.get(str(target.id))
        name = "" if target.given == target.id else f" ({target.given})"
        say(f"  {target.id}{name}: {target.before or 'state unknown'}")


def halt_all(how: Halt, aws: Aws, targets: Sequence[Target], *, as_json: bool) -> Exit:
    """Halt one after the other, whatever became of those before, and report each at once."""
    try:
        for target in targets:
            if target.exit is None:
                ended = halt(how, aws.campaigns, str(target.id), before=target.before, patience=Patience())
                target.state = ended.state or target.state
                target.end(ended.error)
            if not as_json:
                result = "refused" if target.exit is Exit.REFUSED else "failed" if target.exit else how.done
                already = target.exit is Exit.DONE and target.before == how.target
                click.echo(f"{target.id or target.given}  {result}{' already' if already else ''}")
    finally:
        if as_json:
            print_json({"campaigns": [target.to_json() for target in targets]})
    return worst(targets)


# -- commands ---------------------------------------------------------------------------------------------------------


def campaign_arguments(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add what names campaigns."""
    instance = click.option("--instance-id", metavar="ID", help="Connect instance in which to look for names.")
    campaigns = click.argument("campaigns", metavar="CAMPAIGN...", nargs=-1, required=True)
    return campaigns(instance(aws_options(command)))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Look at and halt outbound campaigns, look after the ledger.

    A CAMPAIGN is an id, an ARN, a URL of the Connect console or a name.

    Exit codes: 0 done, 1 refused, 2 usage, 3 AWS or unexpected; of several campaigns the worst counts.
    """


@cli.command()
@campaign_arguments
def pause(*, aws: Aws, campaigns: tuple[str, ...], instance_id: str | None, as_json: bool) -> Exit:
    """Pause campaigns: they call nobody until they are resumed.

    Asks nothing, goes on after a failure, and can be run again.

    \b
    Example:
      python -m connect_campaigns pause spring-offer 5fca5f4f-2f0b-4f2e-9b0b-1f2d3c4b5a69
    """  # noqa: D301 - \b is click's mark for text that it must not wrap
    targets = find(aws, campaigns, instance_id)
    announce(PAUSE, aws, found(targets))
    return halt_all(PAUSE, aws, targets, as_json=as_json)


@cli.command()
@click.option("--yes", is_flag=True, help="Don't ask.")
@campaign_arguments
def stop(*, aws: Aws, campaigns: tuple[str, ...], instance_id: str | None, as_json: bool, yes: bool) -> Exit:
    """Stop campaigns for good: they can't be resumed.

    Asks first. Of several campaigns all are paused before the first is stopped.

    \b
    Example:
      python -m connect_campaigns stop --yes spring-offer
    """  # noqa: D301
    targets = find(aws, campaigns, instance_id)
    here = found(targets)
    announce(STOP, aws, here)
    if here and not yes and not agreed():
        say("nothing was stopped\n\nhint: to halt them and be able to go on later: python -m connect_campaigns pause")
        return Exit.REFUSED
    for target in here if len(here) > 1 else ():
        if target.before in {None, NOT_SEEN, CampaignState.RUNNING}:
            halt(PAUSE, aws.campaigns, str(target.id), before=target.before, patience=Patience())
    return halt_all(STOP, aws, targets, as_json=as_json)


def agreed() -> bool:
    """Ask whether to go on; nobody there to answer is a no."""
    try:
        return click.confirm("a stopped campaign cannot be resumed, a paused one can; stop?", err=True)
    except click.Abort:
        say("no answer: in scripts, add --yes")
        return False


@cli.command()
@campaign_arguments
def state(*, aws: Aws, campaigns: tuple[str, ...], instance_id: str | None, as_json: bool) -> Exit:
    """Print the state of campaigns, 25 a call.

    \b
    Example:
      python -m connect_campaigns state --json spring-offer
    """  # noqa: D301
    targets = find(aws, campaigns, instance_id)
    here = found(targets)
    states = aws.campaigns.states([str(target.id) for target in here])
    for target in here:
        target.before = target.state = states[str(target.id)]
        target.exit = {NOT_FOUND: Exit.REFUSED, NOT_SEEN: Exit.AWS}.get(target.state, Exit.DONE)
        if not as_json:
            click.echo(f"{target.id}  {target.state}")
    if as_json:
        print_json({"campaigns": [target.to_json() for target in targets]})
    return worst(targets)


cli.add_command(ledger)
cli.add_command(relaunch)
