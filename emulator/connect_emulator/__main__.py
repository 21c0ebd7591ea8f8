"""`python -m connect_emulator`: a local AWS endpoint."""

from __future__ import annotations

import argparse
import sys


def main() -> None:
    """Read the command line and serve until a signal ends it."""
    parser = argparse.ArgumentParser(
        prog="python -m connect_emulator",
        description="A local AWS endpoint with Amazon Connect outbound campaigns and Customer Profiles segments.",
        epilog="Control API: GET /_emulator/",
    )
    parser.add_argument("--port", type=int, default=4599, help="TCP port; 0 = a free one (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="emulator seconds per second (default: 1)")
    # For the tests of races: threads change places so often that a missing lock shows.
    parser.add_argument("--switch-interval", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not 0 <= options.speed < float("inf"):
        parser.error(f"--speed is `{options.speed}`, allowed: 0 or more")
    if not 0 <= options.port <= 65535:
        parser.error(f"--port is `{options.port}`, allowed: 0 to 65535")
    if options.switch_interval is not None:
        sys.setswitchinterval(options.switch_interval)
    from connect_emulator.server import serve

    serve(host=options.host, port=options.port, speed=options.speed)


if __name__ == "__main__":
    main()
