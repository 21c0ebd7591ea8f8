"""moto in this process, behind ASGI: S3, STS, Secrets Manager and the rest."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from a2wsgi import WSGIMiddleware
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends

from connect_emulator.world import ACCOUNT_ID

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from connect_emulator.wire import Message, Scope

WORKERS = 8
FORM = "application/x-www-form-urlencoded"


class Moto:
    """moto's services, S3's requests one after the other.

    S3 has one request at a time, since moto's check of `If-None-Match: *` and its write aren't atomic, nor is a read
    of an object that is being replaced. Replies are collected, so that no slow reader holds the lock.

    :param unexpected: takes an error that nothing foresaw. :param s3_turn: the lock that all who use S3 share.
    """

    def __init__(self, *, unexpected: Callable[[Exception], None], s3_turn: asyncio.Lock) -> None:
        self._unexpected = unexpected
        # a2wsgi has types of its own for what ASGI leaves open.
        self._asgi: Any = WSGIMiddleware(
            _with_whole_body(DomainDispatcherApplication(create_backend_app)), workers=WORKERS
        )
        self._s3_turn = s3_turn

    async def reset(self) -> None:
        """Have moto forget everything."""
        async with self._s3_turn:
            moto_api_backend.reset()

    async def ask(self, scope: Scope, *, in_turn: bool) -> list[Message]:
        """Have moto answer; what it raises is said, counted, and a 500.

        :param scope: with the body, read already, and its length as `connect_emulator.body`
        """
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        try:
            async with self._s3_turn if in_turn else nullcontext():
                await self._asgi(scope, _nothing, collect)
        except Exception as error:  # noqa: BLE001 - the last resort
            self._unexpected(error)
            body = {"type": "http.response.body", "body": b"Unexpected error in moto, traceback on stderr"}
            messages[:] = [{"type": "http.response.start", "status": 500, "headers": []}, body]
        return messages


def bucket_region(name: str) -> str | None:
    """Say where a bucket is; None = there is none."""
    bucket = s3_backends[ACCOUNT_ID]["aws"].buckets.get(name)
    return None if bucket is None else str(bucket.region_name)


def has_object(bucket: str, key: str) -> bool:
    """Say whether S3 has an object."""
    found = s3_backends[ACCOUNT_ID]["aws"].buckets.get(bucket)
    return found is not None and key in found.keys


def store_object(bucket: str, key: str, content: bytes) -> None:
    """Write an object, as whoever holds S3's turn; the bucket has to be there."""
    s3_backends[ACCOUNT_ID]["aws"].put_object(bucket, key, content)


def _with_whole_body(app: Any) -> Any:
    """Give moto the body that was read already, and the path as it was sent: it matches keys on that."""

    def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        scope = environ["asgi.scope"]
        environ["wsgi.input"], length = scope["connect_emulator.body"]
        environ["CONTENT_LENGTH"] = str(length)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        query = scope["query_string"].decode("latin1")
        environ["RAW_URI"] = scope["raw_path"].decode("latin1") + (f"?{query}" if query else "")
        if scope["method"] == "PUT" and environ.get("CONTENT_TYPE", "").startswith(FORM):
            # The default of urllib and curl; moto would take the object for a form and store nothing.
            environ["CONTENT_TYPE"] = "application/octet-stream"
        answer: Iterable[bytes] = app(environ, start_response)
        return answer

    return wsgi


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
