"""Names of S3's operations for the call log and the faults, read from botocore's model of it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader

from connect_emulator.wire import header

if TYPE_CHECKING:
    from connect_emulator.wire import HeaderList, Scope

Route = tuple[frozenset[str], bool, str]
"""The words that the query has to have, whether it copies, the operation's name."""


def _routes(model: dict[str, Any]) -> dict[tuple[str, int], list[Route]]:
    """Group the operations by method and depth of path, the most demanding first; deprecated ones share their successors'."""
    routes: dict[tuple[str, int], list[Route]] = defaultdict(list)
    for name, operation in model["operations"].items():
        if operation.get("deprecated"):
            continue
        path, _, query = operation["http"]["requestUri"].partition("?")
        members = model["shapes"].get(operation.get("input", {}).get("shape"), {})
        required = [members["members"][member] for member in members.get("required", [])]
        words = {key for key, _ in parse_qsl(query, keep_blank_values=True)}
        words |= {member["locationName"] for member in required if member.get("location") == "querystring"}
        copies = any(member.get("locationName") == "x-amz-copy-source" for member in required)
        routes[operation["http"]["method"], path.count("{")].append((frozenset(words), copies, name))
    for candidates in routes.values():
        candidates.sort(key=lambda route: (-len(route[0]), not route[1]))
    return dict(routes)


_MODEL: dict[str, Any] = Loader().load_service_model("s3", "service-2")
_ROUTES = _routes(_MODEL)
OPERATIONS = frozenset(_MODEL["operations"])


def operation(method: str, *, bucket: str, key: str, query: str, headers: HeaderList) -> str:
    """Give the operation's name, `PutObject`; an unknown request is named by its method."""
    given = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    copying = bool(header(headers, b"x-amz-copy-source"))
    for words, copies, name in _ROUTES.get((method, bool(bucket) + bool(key)), ()):
        if words <= given and (copying or not copies):
            return name
    return method


def bucket_and_key(scope: Scope) -> tuple[str, str]:
    """Read bucket and key from the path, or the bucket from a host like `bucket.localhost`."""
    path = unquote(scope["raw_path"].decode("latin1")).lstrip("/")
    host = header(scope["headers"], b"host").rpartition(":")[0]
    virtual = re.fullmatch(r"(.+?)\.(s3[.-].*|localhost)", host)
    if virtual and not virtual.group(1).startswith("s3"):
        return virtual.group(1), path
    bucket, _, key = path.partition("/")
    return bucket, key
