"""`python -m connect_campaigns`: the command line's process, without Airflow even where it is installed."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give the process's exit code; every error is said on stderr.

    On the day it is needed Airflow may be broken. The variable is `_compat.WITHOUT_AIRFLOW`, spelt out because reading
    it there would import Airflow first.
    """
    os.environ["CONNECT_CAMPAIGNS_WITHOUT_AIRFLOW"] = "1"
    from botocore.exceptions import BotoCoreError

    from connect_campaigns.cli import cli
    from connect_campaigns.cli_base import Exit, exit_code, say, tell
    from connect_campaigns.core.errors import ConnectCampaignsError

    try:
        return int(cli.main(arguments, prog_name="python -m connect_campaigns", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        say("interrupted, it can be run again")
        return Exit.AWS
    except ConnectCampaignsError as error:
        tell(error)
        return exit_code(error)
    except BotoCoreError as error:  # such as an SSO session that has ended
        say(f"error: {error}\nallowed: a working AWS configuration\n\nhint: mend it, then run this again")
        return Exit.AWS
    except Exception as error:  # noqa: BLE001 - the process's own end: nothing is swallowed, only the code is ours
        traceback.print_exc()
        say(f"error: unexpected {type(error).__name__}: {error}\n\nhint: what was done is listed above; run it again")
        return Exit.AWS


def main() -> None:
    """Run one command and end the process."""
    sys.exit(run())


if __name__ == "__main__":
    main()
