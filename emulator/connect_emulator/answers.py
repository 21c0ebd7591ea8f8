"""The reply to a request: the result, a refusal or an error, in the form that the service's model gives it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connect_emulator.world import Reply

if TYPE_CHECKING:
    from connect_emulator.errors import Refusal, ServiceError
    from connect_emulator.exchange import Exchange

JSON_HEADERS = [(b"content-type", b"application/json")]


async def serialize(exchange: Exchange) -> None:
    """Turn the result, or the handler's refusal, into the reply that the model describes."""
    if exchange.refusal is not None:
        raise exchange.refusal
    if exchange.lost and exchange.result is None:
        return  # nothing happened yet, and nobody gets a reply
    operation = exchange.found
    if operation.texts_only and exchange.result is not None:
        texts = {name: value for name, value in exchange.result.items() if value is not None}
        exchange.status, exchange.reply_headers, exchange.reply = 200, JSON_HEADERS, json.dumps(texts).encode()
        return
    _write(exchange, operation.serializer.serialize(exchange.result))
    if isinstance(exchange.result, Reply):
        body = json.loads(exchange.reply)
        _merge(body, exchange.result.raw)
        exchange.reply = json.dumps(body).encode()


def write_error(exchange: Exchange, error: ServiceError) -> None:
    """Write an error of the service's model; one that it doesn't have is a bug of ours."""
    if error.code not in exchange.service.errors:
        write_unexpected(exchange, error)
        return
    _write(exchange, exchange.found.serializer.serialize(error))
    if exchange.error_status is not None:
        exchange.status = exchange.error_status
    if exchange.call is not None:
        exchange.call.error = error.code


def write_unexpected(exchange: Exchange, error: Exception) -> None:
    """Write an error that nothing foresaw: said, counted, fails the test."""
    exchange.world.note_unexpected(error)
    code = exchange.service.spec.internal
    message = f"Unexpected error in the emulator, traceback on its stderr: {type(error).__name__}: {error}"
    _write_plain(exchange, status=500, code=code, message=message)


def _write(exchange: Exchange, response: Any) -> None:
    exchange.status = response["status_code"]
    exchange.reply_headers = [
        (name.lower().encode("latin1"), str(value).encode("latin1")) for name, value in response["headers"].items()
    ]
    exchange.reply = response["body"].encode()


def write_refusal(exchange: Exchange, refusal: Refusal) -> None:
    """Write an answer that the service doesn't model."""
    _write_plain(exchange, status=refusal.status, code=refusal.code, message=refusal.message)


def _write_plain(exchange: Exchange, *, status: int, code: str, message: str) -> None:
    exchange.status = status
    exchange.reply_headers = [*JSON_HEADERS, (b"x-amzn-errortype", code.encode())]
    exchange.reply = json.dumps({"__type": code, "message": message, "Message": message}).encode()
    if exchange.call is not None:
        exchange.call.error = code


def _merge(target: dict[str, Any], extra: dict[str, Any]) -> None:
    for name, value in extra.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = value
