"""Postgres and Redis: found, or installed by apt where that can be done.

`python -m tests.kills.programs` is the first step of `make test-kills`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
        message = f"`{name}` is not here; hint: `make test-kills` installs it, or says what to install"
        raise FileNotFoundError(message)
    return found


def missing() -> list[str]:
    """Give the packages that are missing."""
    return sorted({package for name, package in PACKAGES.items() if find(name) is None})


def install(packages: list[str]) -> None:
    """Have apt install packages, without starting what they bring (RUNLEVEL=1)."""
    environment = {**os.environ, "RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *packages]):
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Make sure of the programs; give the exit status."""
    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stdout.write(f"Installing {' and '.join(packages)} by apt ...\n")
        sys.stdout.flush()
        install(packages)
        packages = missing()
    if not packages:
        return 0
    wanted = ", ".join(sorted(name for name, package in PACKAGES.items() if package in packages))
    sys.stderr.write(
        f"error: found no {wanted}\n"
        "allowed: a machine with Postgres and Redis; as root on Debian or Ubuntu this target installs them itself\n"
        f"hint: sudo RUNLEVEL=1 apt-get install {' '.join(packages)}  (RUNLEVEL=1: their services are not started)\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
