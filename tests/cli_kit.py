"""The command line, run in the tests' own process: exit code, stdout and stderr of one command."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

# isort: split
from connect_campaigns import __main__, cli, cli_ledger
from connect_campaigns._compat import WITHOUT_AIRFLOW
from connect_campaigns.aws.patience import Patience

AWS_VARIABLES = ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")


@dataclass
class Ended:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The whole of stdout, which must be JSON."""
        return json.loads(self.out)

    @property
    def campaigns(self) -> list[dict[str, Any]]:
        """The campaigns of the JSON."""
        return self.json["campaigns"]


class CommandLine:
    """Runs commands with obviously fake credentials, and no configuration of this machine's user.

    :param url: the endpoint; None = commands get no ``--endpoint-url``
    """

    def __init__(self, monkeypatch: Any, capsys: Any, *, url: str | None) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys
        self.endpoint = ("--endpoint-url", url) if url else ()
        self.waits: list[float] = []
        for name in AWS_VARIABLES:
            monkeypatch.delenv(name, raising=False)
        self.set(
            AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
            AWS_SECRET_ACCESS_KEY="not-a-secret",
            AWS_DEFAULT_REGION="us-east-1",
            AWS_CONFIG_FILE="/nonexistent",
            AWS_SHARED_CREDENTIALS_FILE="/nonexistent",
            AWS_EC2_METADATA_DISABLED="true",
        )
        # Also restores it afterwards: the command line sets it for its own process.
        monkeypatch.setenv(WITHOUT_AIRFLOW, "1")
        for module in (cli, cli_ledger):
            monkeypatch.setattr(module, "Patience", lambda: Patience(sleep=self.waits.append))

    def set(self, **variables: str | None) -> None:
        """Set environment variables; None removes one."""
        for name, value in variables.items():
            if value is None:
                self.monkeypatch.delenv(name, raising=False)
            else:
                self.monkeypatch.setenv(name, value)

    def __call__(self, *arguments: str, answer: str = "") -> Ended:
        """Run one command.

        :param answer: what a person types; nothing = nobody is there
        """
        self.monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        options = () if "--help" in arguments else self.endpoint
        self.capsys.readouterr()
        code = __main__.run([*arguments, *options])
        said = self.capsys.readouterr()
        return Ended(int(code), said.out, said.err)
