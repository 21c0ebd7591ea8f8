"""Customer Profiles: a handler per operation, from `connect_emulator.profiles.api`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_emulator.profiles.api import calculated, domains, membership, objects, people, segments, snapshots, uploads
from connect_emulator.profiles.api.uploads import receive_upload

if TYPE_CHECKING:
    from connect_emulator.world import Handler

__all__ = ["HANDLERS", "receive_upload"]

HANDLERS: dict[str, Handler] = {
    **calculated.HANDLERS,
    **domains.HANDLERS,
    **people.HANDLERS,
    **membership.HANDLERS,
    **objects.HANDLERS,
    **uploads.HANDLERS,
    **segments.HANDLERS,
    **snapshots.HANDLERS,
}
