"""Postgres and Redis: found, or installed by apt where that can be done.

`python -m tests.kills.programs` is the first step of `make test-kills`; named, as for `make test-warehouse`, only those.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGES = {"initdb": "postgresql", "postgres": "postgresql", "redis-server": "redis-server"}


def find(name: str) -> Path | None:
    """Find a program; Debian keeps Postgres's own out of the path."""
    found = shutil.which(name)
    if found:
        return Path(found)
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    return max(versions, key=lambda path: int(path.parts[-3]), default=None)


def program(name: str) -> Path:
    """Give a program's path.

    :raises FileNotFoundError: it isn't there
    """
    found = find(name)
    if found is None:
        message = f"`{name}` is not here; hint: `python -m tests.kills.programs` installs it, or says what to install"
        raise FileNotFoundError(message)
    return found


def missing(names: Sequence[str]) -> list[str]:
    """Give the packages of those programs that are missing."""
    return sorted({PACKAGES[name] for name in names if find(name) is None})


def install(packages: list[str]) -> None:
    """Have apt install packages, without starting what they bring (RUNLEVEL=1)."""
    environment = {**os.environ, "RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *packages]):
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def main(names: Sequence[str]) -> int:
    """Make sure of programs, of all where none is named; give the exit status."""
    names = names or tuple(PACKAGES)
    packages = missing(names)
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stdout.write(f"Installing {' and '.join(packages)} by apt ...\n")
        sys.stdout.flush()
        install(packages)
        packages = missing(names)
    if not packages:
        return 0
    wanted = ", ".join(sorted(name for name in names if PACKAGES[name] in packages))
    sys.stderr.write(
        f"error: found no {wanted}\n"
        "allowed: a machine that has them; as root on Debian or Ubuntu this target installs them itself\n"
        f"hint: sudo RUNLEVEL=1 apt-get install {' '.join(packages)}  (RUNLEVEL=1: their services are not started)\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
