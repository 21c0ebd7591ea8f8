"""The step that changes the world, and what a fault makes of it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from connect_emulator.calls import is_write
from connect_emulator.errors import COMMON, Refusal, ServiceError
from connect_emulator.meeting import Ending, meet
from connect_emulator.world import Request

if TYPE_CHECKING:
    from connect_emulator.exchange import Exchange
    from connect_emulator.faults import Fault
    from connect_emulator.world import World


async def call(exchange: Exchange) -> None:
    """Have the operation's handler act, when and as the request's fault lets it."""
    fault = exchange.fault
    ending = await meet(
        fault,
        faults=exchange.world.faults,
        act=lambda: _act(exchange),
        rehearse=lambda: _rehearse(exchange),
    )
    if fault is None:
        return
    if ending is Ending.ERROR:
        _raise_injected(exchange, fault)
    if fault.kind == "unknown_state" and exchange.result is not None:
        _put_state(exchange.result, fault)
    exchange.lost = ending is Ending.LOST


async def _act(exchange: Exchange) -> None:
    """Settle what is due by now, let the handler act, and note whether it did."""
    world, operation = exchange.world, exchange.found
    request = await _request(exchange)
    if not is_write(operation.name):
        await _handle(exchange, _as_seen(world, exchange.fault), request)
        return
    before = _campaign(exchange)
    copied = None if before is None else before.copy(as_of=request.now)
    await _handle(exchange, world, request)
    if exchange.refusal is None and exchange.call is not None:
        world.took_effect(exchange.call)
        written = exchange.result.get("id") if exchange.result else None  # of CreateCampaign
        if exchange.service.name == "connectcampaignsv2":
            world.campaigns.history.note(before.id if before else str(written), copied)


async def _rehearse(exchange: Exchange) -> bool:
    """Let the handler act on a copy of the campaigns; its reply is kept."""
    await _handle(
        exchange, exchange.world.with_campaigns(copy.deepcopy(exchange.world.campaigns)), await _request(exchange)
    )
    return exchange.refusal is None


async def _handle(exchange: Exchange, world: World, request: Request) -> None:
    handler = exchange.found.handler
    assert handler is not None  # noqa: S101 - `log` refuses operations without one
    try:
        exchange.result = await handler(world, request)
    except ServiceError as error:
        exchange.refusal = error


async def _request(exchange: Exchange) -> Request:
    return Request(
        params=exchange.params,
        base_url=exchange.base_url,
        now=await exchange.world.settled_now(),
        region=exchange.region,
    )


def _campaign(exchange: Exchange) -> Any:
    """Find the campaign that a write is about, by id or ARN."""
    params = exchange.params
    return exchange.world.campaigns.get(str(params.get("id", params.get("arn", ""))).rpartition("/")[2])


def _as_seen(world: World, fault: Fault | None) -> World:
    """Give the world as a read sees it: as it is, or, if a fault says so, as its campaigns were."""
    if fault is None or fault.kind != "stale":
        return world
    return world.with_campaigns(world.campaigns.as_of(writes=fault.writes, meant=fault.means))


def _put_state(result: dict[str, Any], fault: Fault) -> None:
    """Put a state into a reply that the SDK doesn't know."""
    if "state" in result:
        result["state"] = fault.state
    for each in result.get("successfulRequests", ()):
        if fault.means(each["campaignId"]):
            each["state"] = fault.state


def _raise_injected(exchange: Exchange, fault: Fault) -> None:
    """Raise the error that a fault injects."""
    code = "ExpiredTokenException" if fault.kind == "expired_credentials" else fault.code
    if code in exchange.service.errors:
        exchange.error_status = fault.status
        raise ServiceError(code, fault.message or "Injected fault", **fault.members)
    status, text = COMMON[code]
    raise Refusal(fault.status or status, code, fault.message or text)
