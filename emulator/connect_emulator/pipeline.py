"""The path of a request to one of our services: one ordered list of named steps."""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import Headers, MultiDict

from connect_emulator.calls import is_write
from connect_emulator.errors import ServiceError
from connect_emulator.world import Reply, Request

if TYPE_CHECKING:
    from connect_emulator.calls import Call
    from connect_emulator.faults import Fault
    from connect_emulator.model import Operation, Service
    from connect_emulator.world import World

JSON_HEADERS = [(b"content-type", b"application/json")]
LOGGED_BODY = 16_384  # bytes; larger bodies would fill the log's memory


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request on its way through the steps, and its answer."""

    world: World
    service: Service
    region: str
    method: str
    raw_path: bytes
    query: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    base_url: str
    operation: Operation | None = None
    labels: dict[str, str] = field(default_factory=dict)
    values: MultiDict[str, str] = field(default_factory=MultiDict)
    sent: Any = None
    """The body as JSON."""
    params: dict[str, Any] = field(default_factory=dict)
    call: Call | None = None
    fault: Fault | None = None
    result: dict[str, Any] | None = None
    refusal: ServiceError | None = None
    """What the handler raised instead of a result."""
    lost: bool = False
    """Whether the reply is to be dropped together with the connection."""
    status: int = 0
    reply_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    reply: bytes = b""


class Refusal(Exception):
    """An answer that no service models: an unknown path, an operation that isn't here."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


async def route(exchange: Exchange) -> None:
    """Find the operation by method and path."""
    found = exchange.service.route(exchange.method, exchange.raw_path)
    if found is None:
        where = f"{exchange.method} {exchange.raw_path.decode('ascii', 'replace')}"
        raise Refusal(404, "UnknownOperationException", f"`{exchange.service.name}` has no operation at `{where}`")
    exchange.operation, exchange.labels = found


async def log(exchange: Exchange) -> None:
    """Write the request down, with its parameters as they were sent."""
    operation, body = _operation(exchange), exchange.body
    if exchange.query:
        exchange.values = MultiDict(parse_qsl(exchange.query, keep_blank_values=True))
    readable = True
    if body and operation.has_body:
        try:
            exchange.sent = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            readable = False
    params: dict[str, Any] = {**exchange.values.to_dict(), **exchange.labels}
    if len(body) > LOGGED_BODY:
        params["bodyOmitted"] = f"{len(body)} bytes"
    elif isinstance(exchange.sent, dict):
        params.update(exchange.sent)
    exchange.call = exchange.world.calls.begin(
        time=exchange.world.clock.now(), service=exchange.service.name, operation=operation.name, params=params
    )
    if operation.handler is None:
        message = f"`{operation.name}` of `{exchange.service.name}` isn't in this emulator"
        raise Refusal(501, "NotImplemented", message)
    if not readable:
        raise ServiceError(exchange.service.spec.malformed, "The request's body is not well-formed JSON")


async def check_types(exchange: Exchange) -> None:
    """Check the JSON types of what was sent: the parser would guess or crash."""
    operation = _operation(exchange)
    problems: list[str] = []
    for name, check in operation.text_checks.items():
        for value in exchange.values.getlist(name):
            problems += check(value, name)
    if operation.check_types is not None and exchange.body:
        problems += operation.check_types(exchange.sent, "")
    _refuse(exchange.service.spec.malformed, problems)


async def parse(exchange: Exchange) -> None:
    """Turn the request into the members of the operation's input."""
    operation = _operation(exchange)
    if operation.labels_only:
        names = operation.label_members
        exchange.params = {names[label]: value for label, value in exchange.labels.items()}
        return
    exchange.params = operation.parser.parse(
        {
            "body": exchange.body if operation.has_body else b"",
            "headers": Headers([(name.decode("latin1"), value.decode("latin1")) for name, value in exchange.headers]),
            "method": exchange.method,
            "url_path": "",
            "url_params": exchange.labels,
            "values": exchange.values,
        }
    )


async def check_constraints(exchange: Exchange) -> None:
    """Check lengths, ranges, patterns, enums, unions and required members."""
    check = _operation(exchange).check_constraints
    if check is not None:
        _refuse(exchange.service.spec.unsatisfied, list(check(exchange.params, "")))


async def fault_before(exchange: Exchange) -> None:
    """Fail before anything happens, if a fault says so."""
    exchange.fault = exchange.world.faults.pick(exchange.service.name, _operation(exchange).name)
    if exchange.fault is not None and exchange.call is not None:
        exchange.call.fault = exchange.fault.kind
        if exchange.fault.kind == "error_before":
            raise injected(exchange.fault)


async def call(exchange: Exchange) -> None:
    """Settle what is due by now, let the operation's handler act, and note whether it did."""
    operation = _operation(exchange)
    request = Request(
        params=exchange.params,
        base_url=exchange.base_url,
        now=await exchange.world.settled_now(),
        region=exchange.region,
    )
    assert operation.handler is not None  # noqa: S101 - `log` refuses operations without one
    try:
        exchange.result = await operation.handler(exchange.world, request)
    except ServiceError as error:
        exchange.refusal = error
        return
    if is_write(operation.name) and exchange.call is not None:
        exchange.world.calls.took_effect(exchange.call)


async def fault_after(exchange: Exchange) -> None:
    """Spoil the reply after the effect, if a fault says so; a refusal's reply is a reply too."""
    fault = exchange.fault
    if fault is None:
        return
    if fault.kind == "error_after":
        raise injected(fault)
    if fault.kind == "hold":
        await fault.hold()
    exchange.lost = fault.kind == "lost_reply"


async def serialize(exchange: Exchange) -> None:
    """Turn the result, or the handler's refusal, into the reply that the model describes."""
    if exchange.refusal is not None:
        raise exchange.refusal
    operation = _operation(exchange)
    if operation.texts_only and exchange.result is not None:
        texts = {name: value for name, value in exchange.result.items() if value is not None}
        exchange.status, exchange.reply_headers, exchange.reply = 200, JSON_HEADERS, json.dumps(texts).encode()
        return
    _write(exchange, operation.serializer.serialize(exchange.result))
    if isinstance(exchange.result, Reply):
        body = json.loads(exchange.reply)
        _merge(body, exchange.result.raw)
        exchange.reply = json.dumps(body).encode()


STEPS = (
    route,
    log,  # before anything can refuse it
    check_types,  # of the raw body, since the parser doesn't
    parse,
    check_constraints,
    fault_before,
    call,  # the only step that changes the world
    fault_after,
    serialize,
)


async def answer(exchange: Exchange) -> None:
    """Take a request through all steps; whatever happens, `exchange` has a reply afterwards."""
    try:
        for step in STEPS:
            await step(exchange)
    except ServiceError as error:
        _write_error(exchange, error)
    except Refusal as refusal:
        _write_plain(exchange, status=refusal.status, code=refusal.code, message=refusal.message)
    except Exception as error:  # noqa: BLE001 - the last resort: said, counted, fails the test
        _unexpected(exchange, error)
    if exchange.call is not None:
        exchange.call.status = exchange.status


def injected(fault: Fault) -> ServiceError:
    """Give the error that a fault injects."""
    return ServiceError(fault.code, fault.message, **fault.members)


def _write_error(exchange: Exchange, error: ServiceError) -> None:
    if error.code not in exchange.service.errors:
        _unexpected(exchange, error)
        return
    _write(exchange, _operation(exchange).serializer.serialize(error))
    fault = exchange.fault
    if fault is not None and fault.status is not None and fault.kind in {"error_before", "error_after"}:
        exchange.status = fault.status
    if exchange.call is not None:
        exchange.call.error = error.code


def _unexpected(exchange: Exchange, error: Exception) -> None:
    exchange.world.unexpected_errors += 1
    traceback.print_exception(error, file=sys.stderr)
    code = exchange.service.spec.internal
    message = f"Unexpected error in the emulator, traceback on its stderr: {type(error).__name__}: {error}"
    _write_plain(exchange, status=500, code=code, message=message)


def _write(exchange: Exchange, response: Any) -> None:
    exchange.status = response["status_code"]
    exchange.reply_headers = [
        (name.lower().encode("latin1"), str(value).encode("latin1")) for name, value in response["headers"].items()
    ]
    exchange.reply = response["body"].encode()


def _write_plain(exchange: Exchange, *, status: int, code: str, message: str) -> None:
    exchange.status = status
    exchange.reply_headers = [*JSON_HEADERS, (b"x-amzn-errortype", code.encode())]
    exchange.reply = json.dumps({"__type": code, "message": message, "Message": message}).encode()
    if exchange.call is not None:
        exchange.call.error = code


def _operation(exchange: Exchange) -> Operation:
    assert exchange.operation is not None  # noqa: S101 - `route`, the first step, sets it or raises
    return exchange.operation


def _refuse(code: str, problems: list[str]) -> None:
    if problems:
        plural = "" if len(problems) == 1 else "s"
        raise ServiceError(code, f"{len(problems)} validation error{plural} detected: {'; '.join(problems)}")


def _no_constant(text: str) -> None:
    message = f"`{text}` is not JSON"
    raise ValueError(message)


def _merge(target: dict[str, Any], extra: dict[str, Any]) -> None:
    for name, value in extra.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = value
