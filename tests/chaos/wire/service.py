"""AWS inside this process: the emulator's own application, called without a socket, and S3 as a dictionary.

A request is what botocore would put on the wire. The campaigns' part goes through the emulator's whole path; of S3 only
what the ledger rests on is here: atomic `If-None-Match`, strong reads, listings in order.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from connect_emulator.calls import CallLog
from connect_emulator.campaigns.store import CampaignStore
from connect_emulator.clock import Clock
from connect_emulator.server import Application
from connect_emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

BUCKET = "ledger"
XML = {"content-type": "application/xml"}


@dataclass(frozen=True)
class Request:
    """One request as it would go over the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """One reply, the number that the emulator's call log has for its request, and whether it changed anything."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    number: int = 0
    effect: bool = False


def s3_error(status: int, code: str) -> Reply:
    """Make a refusal as S3 writes it."""
    return Reply(status, XML, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())


class Service:
    """Everything that the attempts of one case talk to; `reset` makes it empty."""

    def __init__(self) -> None:
        self.world = World(clock=Clock())
        self._app = Application(self.world)
        self.objects: dict[str, bytes] = {}
        self.honours_conditions = True
        self.past: list[dict[str, str]] = []
        self.reset()

    def reset(self) -> None:
        """Forget all; it is eight in the morning, and the clock stands still."""
        self.world.campaigns = CampaignStore()
        self.world.calls = CallLog()
        self.world.clock.reset()
        tomorrow = self.world.clock.now().replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self.world.clock.change(now=tomorrow, frozen=True)
        self.objects.clear()
        self.past = [{}]

    def close(self) -> None:
        """Give back what the emulator's world holds."""
        asyncio.run(self.world.profiles.close())

    # -- campaigns ------------------------------------------------------------------------------------------------

    def campaigns(self, request: Request) -> Reply:
        """Have the emulator answer; nothing in it may wait, since nothing else runs here."""
        url = urlsplit(request.url)
        sent = [{"type": "http.request", "body": request.body, "more_body": False}]
        messages: list[Any] = []

        async def receive() -> Any:
            return sent.pop()

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "method": request.method,
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "path": unquote(url.path),
            "raw_path": url.path.encode(),
            "query_string": url.query.encode(),
            "headers": [(name.lower().encode(), str(value).encode()) for name, value in request.headers.items()],
        }
        answering = self._app(scope, receive, send)
        try:
            answering.send(None)
        except StopIteration:
            pass
        else:
            raise AssertionError(f"the emulator waited for something: {request.method} {request.url}")
        return self._reply(messages)

    def _reply(self, messages: list[Any]) -> Reply:
        headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        number = int(headers["x-amzn-requestid"].rpartition("-")[2], 16)
        effect = self._effect(number)
        if effect:
            self.past.append(self.states())
        return Reply(messages[0]["status"], headers, messages[1]["body"], number, effect)

    def _effect(self, number: int) -> bool:
        call = self.world.calls.listing(operation=None, service=None, after=number - 1)[0]
        return bool(call["effect"])

    def states(self) -> dict[str, str]:
        """Give each campaign's state."""
        now = self.world.clock.now()
        return {campaign.id: campaign.state(now) for campaign in self.world.campaigns}

    # -- S3 -------------------------------------------------------------------------------------------------------

    def s3(self, request: Request) -> Reply:
        """Answer one request for an object of the one bucket, or its listing."""
        url = urlsplit(request.url)
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        if bucket != BUCKET:
            return s3_error(404, "NoSuchBucket")
        if request.method == "PUT":
            return self._put(key, request)
        if request.method == "GET" and key:
            body = self.objects.get(key)
            return s3_error(404, "NoSuchKey") if body is None else Reply(200, {"content-length": str(len(body))}, body)
        if request.method == "GET":
            return self._list(parse_qs(url.query))
        raise AssertionError(f"{request.method} {request.url} is not in this S3")

    def _put(self, key: str, request: Request) -> Reply:
        conditional = {name.lower(): value for name, value in request.headers.items()}.get("if-none-match")
        if conditional not in {"*", b"*"}:
            raise AssertionError(f"{key}: written without `If-None-Match: *`")
        if key in self.objects and self.honours_conditions:
            return s3_error(412, "PreconditionFailed")
        self.objects[key] = request.body
        return Reply(200, {"etag": '"0"', "content-length": "0"}, effect=True)

    def _list(self, query: dict[str, list[str]]) -> Reply:
        prefix, after = query.get("prefix", [""])[0], query.get("start-after", [""])[0]
        found = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        rows = "".join(f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>" for key in found)
        head = f"<Name>{BUCKET}</Name><KeyCount>{len(found)}</KeyCount><IsTruncated>false</IsTruncated>"
        text = f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{head}{rows}</ListBucketResult>'
        return Reply(200, XML, text.encode())
