"""A Postgres and a Redis of the kills' own: loopback, nothing durable, ended with the context."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.kills.processes import Component
from tests.kills.programs import program
from tests.standalone_kit import free_ports, until

if TYPE_CHECKING:
    from collections.abc import Sequence


class Postgres:
    """A server with its own data directory, whose name its user may read, which root may not be."""

    def __init__(self, logs: Path) -> None:
        self._user = "postgres" if os.geteuid() == 0 else None
        self._connections = threading.local()
        self._data = Path(tempfile.mkdtemp(prefix="kills-postgres-"))
        (self.port,) = free_ports(1)
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._data,
            "fsync": "off",
            "max_connections": 300,
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.server = Component(
            "postgres",
            command=[str(program("postgres")), "-D", str(self._data), *words],
            environment=os.environ,
            logs=logs,
            user=self._user,
        )

    def __enter__(self) -> Self:
        if self._user:
            shutil.chown(self._data, self._user)
        # By the path that exists for this user, too: a working directory of root's own would be refused.
        self._run([str(program("initdb")), "-D", str(self._data), "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust"])
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.kill(signal.SIGQUIT)
        self.server.wait(3)
        self.server.end()
        shutil.rmtree(self._data, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.server.start()
        self.query("SELECT 1")

    def stop(self, number: signal.Signals) -> None:
        """Stop it: SIGINT is Postgres's fast shutdown, SIGQUIT its immediate one."""
        self.server.kill(number)
        assert self.server.wait(60), self.server.tail()

    def create(self, database: str, *, template: str = "template0") -> None:
        """Make a database, as a copy of another one."""
        self.query(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')

    def query(self, statement: str, values: Sequence[object] = (), *, database: str = "postgres") -> list[Any]:
        """Run one statement and give its rows; a server that is away is waited for."""
        import psycopg2  # only where kills run: a plain pytest reads this module, too

        deadline = time.monotonic() + 60
        while True:
            try:
                return self._ask(statement, values, database)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._connections.__dict__.pop(database, None)
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _ask(self, statement: str, values: Sequence[object], database: str) -> list[Any]:
        """Ask on this thread's connection, which is made once: what waits asks often, and must not slow the rest down."""
        import psycopg2

        connections = self._connections.__dict__
        if database not in connections:
            connections[database] = psycopg2.connect(host="127.0.0.1", port=self.port, user=self.owner, dbname=database)
            connections[database].autocommit = True
        with connections[database].cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    @property
    def owner(self) -> str:
        """The database user: initdb names it after the one who ran it."""
        return self._user or pwd.getpwuid(os.geteuid()).pw_name

    def _run(self, command: Sequence[str]) -> None:
        done = subprocess.run(
            command, cwd="/", user=self._user, group=self._user, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


class Redis:
    """A server that keeps nothing."""

    def __init__(self, logs: Path) -> None:
        (self.port,) = free_ports(1)
        words = {"--port": str(self.port), "--bind": "127.0.0.1", "--save": "", "--appendonly": "no"}
        self._server = Component(
            "redis",
            command=[str(program("redis-server")), *[word for pair in words.items() for word in pair]],
            environment=os.environ,
            logs=logs,
        )

    def __enter__(self) -> Self:
        self._server.start()
        until(self._answers, seconds=30, step=0.1, why=self._server.tail)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False
