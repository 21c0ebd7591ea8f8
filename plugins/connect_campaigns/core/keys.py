"""Launch keys (the name of one intended launch) and the names of the ledger's objects."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from connect_campaigns.core.run import RunInfo

MAX_KEY = 1024
"""Characters; dag_id/run_id/task_id has at most 752 (Airflow's limit for each is 250)."""

CAMPAIGN_ID = re.compile(r"[a-zA-Z0-9-]{1,256}")
CONTENT_HASH = re.compile(r"-(?=[0-9]*[a-f])[0-9a-f]{8}$")
"""Ours always has a letter (`definitions.content_hash`): a name that ends in a date or a number is a whole name."""
SHORT_FOLDER = re.compile(r"/segments/(?=[^/]+$)")
LAUNCH_TIME = "%Y%m%dT%H%M%SZ"


def launch_key(given: str | None, *, run: RunInfo, deployment: str | None = None) -> str:
    """Settle the key of a launch: the one given, else ``dag_id/run_id/task_id``; the deployment leads it.

    :raises InvalidInput: the key's or the deployment's form; or a mapped task gave no key
    """
    if given is None:
        if run.map_index >= 0:
            raise InvalidInput(
                f"task `{run.task_id}` is mapped and has no `launch_key`",
                allowed="an explicit key for each item: a map index shifts when the list changes and then names another launch",
                hint='give `launch_key` per item, for instance `.expand_kwargs([{"launch_key": "spring/fr", …}, …])`',
                code="mapped_without_key",
            )
        given = f"{run.dag_id}/{run.run_id}/{run.task_id}"
    key = checked_key(given)
    return key if deployment is None else checked_key(f"{_checked_deployment(deployment)}/{key}")


def _checked_deployment(deployment: object) -> str:
    # As for a key: "None" is a missing value. A slash would let two deployments make one key of two launches.
    if (
        not isinstance(deployment, str)
        or deployment.strip() in {"", "None"}
        or deployment != deployment.strip()
        or "/" in deployment
        or not deployment.isprintable()
    ):
        raise InvalidInput.of(
            "deployment",
            deployment,
            allowed="a short text without slash, without control characters, without space at either end",
            hint="look at what the template rendered to; a deployment is named as `staging`",
        )
    return deployment


def checked_key(key: object) -> str:
    """Check a key's form.

    :raises InvalidInput: it is no text, empty, padded, too long, or has control characters
    """
    allowed = f"1 to {MAX_KEY} characters, no control characters, no space at either end; case counts"
    # "None" is what a template makes of a missing value: one key for every day, whose later runs would attach and call nobody.
    if not isinstance(key, str) or key.strip() in {"", "None"}:
        raise InvalidInput.of(
            "launch_key", key, allowed=allowed, hint="name what is launched, as `spring/fr/2026-12-01`"
        )
    if key != key.strip() or len(key) > MAX_KEY or not key.isprintable():
        raise InvalidInput.of("launch_key", key, allowed=allowed, hint="look at what the template rendered to")
    return key


def key_hash(key: str) -> str:
    """Give the name under which a key's objects lie: object names have a length limit and keys don't."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def key_object(key: str, generation: int, *, under: str | None = None) -> str:
    """Name the object that says which campaign a key launches (K).

    :param under: the key's hash, where its exact text is lost
    """
    return f"keys/{under or key_hash(key)}/{generation:04d}.json"


def claim_object(campaign_id: str) -> str:
    """Name the object that says which key a campaign belongs to (C); by bare id, since an ARN would be a second one.

    :raises InvalidInput: not a bare id
    """
    if not CAMPAIGN_ID.fullmatch(campaign_id):
        raise InvalidInput.of(
            "campaign_id", campaign_id, allowed="a bare campaign id", hint="resolve ARNs and names first"
        )
    return f"campaigns/{campaign_id}.json"


def ended_object(campaign_id: str) -> str:
    """Name the object that keeps a deleted campaign's last state (E)."""
    return f"ended/{campaign_id}.json"


def relaunch_object(key: str, generation: int, *, under: str | None = None) -> str:
    """Name the object that gives up every generation of a key before this one (R). `under`: as for `key_object`."""
    return f"relaunch/{under or key_hash(key)}/{generation:04d}.json"


def launches_prefix(template: str | None, audience: str) -> str:
    """Name the folder of the launches of one template on one audience; campaigns without template share ``-``."""
    return f"launches/{_folder(template or '-')}/{_folder(audience)}/"


def launch_object(template: str | None, audience: str, *, at: datetime, key: str, generation: int) -> str:
    """Name a launch record by its claim's time, so that a listing reads in order and each launch has one."""
    name = f"{at.astimezone(UTC):{LAUNCH_TIME}}-{key_hash(f'{key}/{generation}')[:12]}.json"
    return launches_prefix(template, audience) + name


def audience_name(source_arn: str | None) -> str:
    """Name the audience of a launch: the segment definition's name without the hash that its content adds.

    A name of somebody else's that ends as ours do (``-`` and 8 hexadecimal digits, a letter among them) loses that too.
    """
    name = (source_arn or "-").rsplit("/", 1)[-1]
    return CONTENT_HASH.sub("", name)


def same_source(one: str | None, other: str | None) -> bool:
    """Whether two ARNs mean one segment definition: AWS's own examples write its folder in two ways."""
    return one is not None and other is not None and _spelled(one) == _spelled(other)


def _spelled(source_arn: str) -> str:
    return SHORT_FOLDER.sub("/segment-definitions/", source_arn)


def _folder(name: str) -> str:
    return quote(name, safe="-_.~ ").replace(" ", "_") or "-"


def event_object(at: datetime, *, what: str, nonce: str) -> str:
    """Name an event by day and time, so that a listing reads in order; the nonce keeps two apart."""
    return f"events/{at:%Y-%m-%d}/{at:%H%M%S}-{what}-{nonce}.json"


def per_day(name: str, *, timezone: str) -> str:
    """Make a template for `launch_key`: one launch of this name a day, by the calendar of that zone.

    The day is the run's own (`dag_run.run_after`; before Airflow 3 as `_compat.due_time` has it), so that a retry or a clear
    after midnight means the same launch, and so that runs without a logical date have one too.

    :param name: what is launched, as ``spring/fr``
    :param timezone: an IANA zone, as ``Europe/Paris``
    :returns: a Jinja template that renders to ``name/YYYY-MM-DD``
    :raises InvalidInput: an empty name, or an unknown zone
    """
    return f"{checked_key(name)}/{run_day(timezone=timezone)}"


def run_day(*, timezone: str) -> str:
    """Make a template of the run's own day by the calendar of a zone, as in the name of the day's file: see `per_day`.

    A file's day and a launch key's must be of one zone: shortly after midnight ``ds``, which is UTC's, names yesterday's file.

    :param timezone: an IANA zone, as ``Europe/Paris``
    :returns: a Jinja template that renders to ``YYYY-MM-DD``
    :raises InvalidInput: an unknown zone
    """
    checked_zone(timezone)
    before_3 = "(logical_date if dag_run.run_type == 'manual' else data_interval_end)"
    moment = f"(dag_run.run_after | default({before_3}))"
    return f"{{{{ {moment}.astimezone(macros.dateutil.tz.gettz('{timezone}')).strftime('%Y-%m-%d') }}}}"


def checked_zone(timezone: object) -> ZoneInfo:
    """Give the zone of an IANA name.

    :raises InvalidInput: no such zone
    """
    try:
        if isinstance(timezone, str) and timezone:
            return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise InvalidInput.of("timezone", timezone, allowed="an IANA zone, as Europe/Paris or UTC", hint="no abbreviations")
