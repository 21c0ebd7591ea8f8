"""GetCampaignState over raw HTTP, beside a bare ASGI handler on the same server.

Both are served by a process of their own with the same uvicorn configuration (uvloop, httptools), and asked by
the same client: 16 keep-alive connections of an asyncio protocol on uvloop that sends prepared bytes and counts
the bytes of the replies. A client in Python may be slower than the bare handler; the ratio of requests per second
would then flatter the emulator. So the requests per second of *server CPU time* are compared too, which no client
can limit, and the lower of the two ratios counts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
import uvloop

from connect_emulator.client import EmulatorProcess
from connect_emulator.server import server_config

if TYPE_CHECKING:
    from connect_emulator.client import Control

CONNECTIONS, ROUNDS, SECONDS = 16, 5, 1.0
SCOPE = "AKIDEXAMPLE/20261201/us-east-1/connect-campaigns/aws4_request"
AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
BODY = b'{"state": "Initialized"}'
TICKS = os.sysconf("SC_CLK_TCK")


async def bare(scope: Any, _receive: Any, send: Any) -> None:
    """The least that can answer."""
    assert scope["type"] == "http"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def serve_bare() -> None:
    import socket

    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvloop.run(uvicorn.Server(server_config(bare)).serve(sockets=[listener]))


class Client(asyncio.Protocol):
    """One connection: the next request goes out when the last reply is whole."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.length = 0
        self.received = 0
        self.answered = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.received:
            assert data.startswith(b"HTTP/1.1 200"), data
            self.length = self.length or data.index(b"\r\n\r\n") + 4 + len(BODY)
        self.received += len(data)
        if self.received >= self.length:
            self.received = 0
            self.answered += 1
            self.transport.write(self.request)


async def ask(port: int, request: bytes, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Client(request), "127.0.0.1", port))[1] for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(seconds)
    answered = sum(client.answered for client in clients)
    for client in clients:
        client.transport.abort()
    return answered


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(url: str, pid: int, path: str) -> tuple[float, float]:
    """Give requests per second, and per second of the server's CPU time."""
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {AUTHORIZATION}\r\n"
    request = f"{head}Accept: application/json\r\nX-Amz-Date: 20261201T090000Z\r\n\r\n".encode()
    cpu, began = cpu_seconds(pid), time.perf_counter()
    answered = uvloop.run(ask(int(url.rpartition(":")[2]), request, SECONDS))
    wall = time.perf_counter() - began
    return answered / wall, answered / (cpu_seconds(pid) - cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ratio", type=float, default=0.3, help="asked of the bare handler's rate (default: 0.3)")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        serve_bare()
        return
    other = subprocess.Popen([sys.executable, __file__, "--bare"], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        bare_url = other.stdout.readline().split()[-1]
        with EmulatorProcess() as emulator:
            path = f"/v2/campaigns/{make_campaign(emulator.control)}/state"
            runs = [
                (measure(bare_url, other.pid, path), measure(emulator.url, emulator.pid, path))
                for _ in range(ROUNDS + 1)
            ][1:]  # the first warms both up
    finally:
        other.terminate()
        other.wait(10)
    report(runs, asked=options.ratio)


def make_campaign(control: Control) -> str:
    import boto3

    client = boto3.client(
        "connectcampaignsv2",
        region_name="us-east-1",
        endpoint_url=control.url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-secret",  # noqa: S106 - nobody checks it
    )
    return str(client.create_campaign(name="bench", connectInstanceId="i-1")["id"])


def report(runs: list[tuple[tuple[float, float], tuple[float, float]]], *, asked: float) -> None:
    print(f"GetCampaignState, {CONNECTIONS} keep-alive connections, medians of {len(runs)} rounds of {SECONDS:g} s")
    ratios = []
    for number, name in enumerate(("requests/s", "requests per second of server CPU")):
        plain = statistics.median(run[0][number] for run in runs)
        ours = statistics.median(run[1][number] for run in runs)
        ratios.append(ours / plain)
        print(f"{name:36} bare {plain:9,.0f}   emulator {ours:9,.0f}   ratio {ours / plain:.2f}")
    met = min(ratios) >= asked
    print(f"the lower ratio is {min(ratios):.2f}, asked is {asked:.2f}: {'met' if met else 'NOT MET'}")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
