"""The path of a request to one of our services: one ordered list of named steps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import Headers, MultiDict

from connect_emulator import access
from connect_emulator.answers import serialize, write_error, write_refusal, write_unexpected
from connect_emulator.calling import call
from connect_emulator.errors import THROTTLING, Refusal, ServiceError
from connect_emulator.world import ACCOUNT_ID

if TYPE_CHECKING:
    from connect_emulator.exchange import Exchange

LOGGED_BODY = 16_384  # bytes; larger bodies would fill the log's memory


async def land_late(exchange: Exchange) -> None:
    """Let earlier requests take effect that had to wait for this one."""
    await exchange.world.faults.count_request()


async def route(exchange: Exchange) -> None:
    """Find the operation by method and path."""
    found = exchange.service.route(exchange.method, exchange.raw_path)
    if found is None:
        where = f"{exchange.method} {exchange.raw_path.decode('ascii', 'replace')}"
        raise Refusal(404, "UnknownOperationException", f"`{exchange.service.name}` has no operation at `{where}`")
    exchange.operation, exchange.labels = found


async def log(exchange: Exchange) -> None:
    """Write the request down, with its parameters as they were sent."""
    operation, body = exchange.found, exchange.body
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


async def limit_rate(exchange: Exchange) -> None:
    """Refuse what exceeds a documented rate, where these are switched on; it has no effect, and costs no token."""
    rates = exchange.world.settings.rates
    if not rates.enforced:
        return
    exceeded = exchange.world.buckets.take(
        exchange.service.name, exchange.found.name, region=exchange.region, shared=rates.buckets == "group"
    )
    if exceeded is not None:
        raise ServiceError(THROTTLING, "Rate exceeded")


async def check_types(exchange: Exchange) -> None:
    """Check the JSON types of what was sent: the parser would guess or crash."""
    operation = exchange.found
    problems: list[str] = []
    for name, check in operation.text_checks.items():
        for value in exchange.values.getlist(name):
            problems += check(value, name)
    if operation.check_types is not None and exchange.body:
        problems += operation.check_types(exchange.sent, "")
    _refuse(exchange.service.spec.malformed, problems)


async def parse(exchange: Exchange) -> None:
    """Turn the request into the members of the operation's input."""
    operation = exchange.found
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
    check = exchange.found.check_constraints
    if check is not None:
        _refuse(exchange.service.spec.unsatisfied, list(check(exchange.params, "")))


async def authorize(exchange: Exchange) -> None:
    """Refuse what the settings deny."""
    access.check(
        exchange.world.settings.access,
        exchange.service,
        exchange.found.name,
        exchange.params,
        region=exchange.region,
        account=ACCOUNT_ID,
    )


async def pick_fault(exchange: Exchange) -> None:
    """Find out whether a fault hits this request."""
    fault = exchange.world.faults.pick(exchange.service.name, exchange.found.name, exchange.params)
    exchange.fault = fault
    if fault is not None and exchange.call is not None:
        exchange.call.fault = fault.kind


STEPS = (
    land_late,
    route,
    log,  # before anything can refuse it
    limit_rate,
    check_types,  # of the raw body, since the parser doesn't
    parse,
    check_constraints,
    authorize,
    pick_fault,
    call,  # the only step that changes the world
    serialize,
)


async def answer(exchange: Exchange) -> None:
    """Take a request through all steps; whatever happens, `exchange` has a reply afterwards."""
    try:
        for step in STEPS:
            await step(exchange)
    except ServiceError as error:
        write_error(exchange, error)
    except Refusal as refusal:
        write_refusal(exchange, refusal)
    except Exception as error:  # noqa: BLE001 - the last resort: said, counted, fails the test
        write_unexpected(exchange, error)
    if exchange.call is not None:
        exchange.call.status = exchange.status or None


def _refuse(code: str, problems: list[str]) -> None:
    if problems:
        plural = "" if len(problems) == 1 else "s"
        raise ServiceError(code, f"{len(problems)} validation error{plural} detected: {'; '.join(problems)}")


def _no_constant(text: str) -> None:
    message = f"`{text}` is not JSON"
    raise ValueError(message)
