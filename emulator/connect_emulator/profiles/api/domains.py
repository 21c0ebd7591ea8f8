"""Operations on domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_emulator.profiles.paging import page
from connect_emulator.profiles.refusals import bad_request

if TYPE_CHECKING:
    from connect_emulator.profiles.domains import Domain
    from connect_emulator.world import Handler, Request, World

Structure = dict[str, Any]
_DOMAIN_CONFIG = ("DefaultEncryptionKey", "DeadLetterQueueUrl", "Matching", "RuleBasedMatching", "DataStore")


async def create_domain(world: World, request: Request) -> Structure:
    """Make a domain."""
    params = request.params
    domain = await world.profiles.create_domain(
        params["DomainName"],
        expiration_days=params["DefaultExpirationDays"],
        config=_domain_config(params),
        tags=params.get("Tags") or {},
        now=request.now,
    )
    return _domain_reply(domain)


async def get_domain(world: World, request: Request) -> Structure:
    """Describe a domain, with the numbers of its objects and of its profiles that haven't expired."""
    domain = world.profiles.domain(request.params["DomainName"])
    alive = domain.table.alive(as_of=request.now)
    count = await world.profiles.on_table(domain, lambda connection: domain.table.count_where(connection, alive))
    objects = sum(map(len, domain.objects.values()))
    return {**_domain_reply(domain), "Stats": {"ProfileCount": count, "ObjectCount": objects}}


async def update_domain(world: World, request: Request) -> Structure:
    """Change a domain's configuration; profiles that are there keep their expiry (inferred)."""
    params = request.params
    domain = world.profiles.domain(params["DomainName"])
    domain.config |= _domain_config(params)
    domain.expiration_days = params.get("DefaultExpirationDays") or domain.expiration_days
    domain.tags = params.get("Tags", domain.tags)
    domain.updated_at = request.now
    return _domain_reply(domain)


async def list_domains(world: World, request: Request) -> Structure:
    """List the domains."""
    domains, token = page(world.profiles.domains, request.params, largest=100)
    members = ("DomainName", "CreatedAt", "LastUpdatedAt", "Tags")
    items = [{name: value for name, value in _domain_reply(d).items() if name in members} for d in domains]
    return {"Items": items, **token}


async def delete_domain(world: World, request: Request) -> Structure:
    """Remove a domain with its profiles, definitions and jobs."""
    name = request.params["DomainName"]
    await world.profiles.delete_domain(name, now=request.now)
    return {"Message": f"Domain {name} was deleted"}


def _domain_config(params: Structure) -> Structure:
    for name in ("Matching", "RuleBasedMatching"):
        if (params.get(name) or {}).get("Enabled"):
            raise bad_request(
                found=f"`{name}` enabled",
                allowed="`Enabled: false`",
                hint="this emulator merges no profiles; leave it out",
            )
    return {name: params[name] for name in _DOMAIN_CONFIG if name in params}


def _domain_reply(domain: Domain) -> Structure:
    return {
        "DomainName": domain.name,
        "DefaultExpirationDays": domain.expiration_days,
        "CreatedAt": domain.created_at,
        "LastUpdatedAt": domain.updated_at,
        "Tags": domain.tags,
        **domain.config,
    }


HANDLERS: dict[str, Handler] = {
    "CreateDomain": create_domain,
    "GetDomain": get_domain,
    "UpdateDomain": update_domain,
    "ListDomains": list_domains,
    "DeleteDomain": delete_domain,
}
