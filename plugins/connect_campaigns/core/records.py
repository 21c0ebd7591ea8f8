"""What the ledger holds: dataclass to JSON and back, with a schema version.

Objects are written once and never changed. They hold ids and times, and no personal data of customers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Self

from connect_campaigns.core.errors import LaunchRefused
from connect_campaigns.core.keys import CAMPAIGN_ID, key_hash

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Record:
    """One object of the ledger. ``at`` is service time, ISO 8601 in UTC; ``by`` names the attempt or the person."""

    kind: ClassVar[str]
    at: str
    by: str

    @property
    def written_at(self) -> datetime:
        """`at`, as a time."""
        return datetime.fromisoformat(self.at)

    def to_json(self) -> bytes:
        """Write as indented JSON: people read these."""
        return (
            json.dumps({"kind": self.kind, "schema": SCHEMA, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"
        ).encode()

    @classmethod
    def from_json(cls, body: bytes, *, where: str) -> Self:
        """Read one back; members that this release doesn't know are ignored, a newer schema is not.

        :param where: the object's URI, for the message
        :raises LaunchRefused: not JSON, another kind, a newer schema, or a member missing
        """
        names = {each.name for each in fields(cls)}
        try:
            data: dict[str, Any] = json.loads(body)
            if data["kind"] == cls.kind and data["schema"] <= SCHEMA:
                return cls(**{name: value for name, value in data.items() if name in names})
            found = f"kind {data['kind']!r}, schema {data['schema']!r}"
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            found = f"{type(error).__name__}: {error}"
        raise LaunchRefused(
            f"ledger object {where} can't be read: {found}",
            allowed=f"JSON of kind {cls.kind!r}, schema {SCHEMA} or older, as this package writes it",
            hint="never edit ledger objects; where the schema is newer, upgrade this package",
            code="ledger_object",
        )


def checked_id(campaign: object) -> None:
    """Hold a campaign's bare id to its form.

    :raises ValueError: it has another
    """
    if not (isinstance(campaign, str) and CAMPAIGN_ID.fullmatch(campaign)):
        msg = f"campaign {campaign!r} is no campaign id"
        raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class Marker(Record):
    """``ledger.json``: proves that this prefix is a ledger and no emptied bucket or mistyped prefix."""

    kind = "ledger"
    id: str
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class KeyRecord(Record):
    """K: which campaign a launch key launches in this generation; ``campaign`` None = void, nobody ever will."""

    kind = "key"
    key: str
    generation: int
    campaign: str | None
    template: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        """Hold the campaign to its form: it becomes part of requests and of object names."""
        if self.campaign is not None:
            checked_id(self.campaign)

    @property
    def void(self) -> bool:
        """Whether this generation was given up for good."""
        return self.campaign is None


@dataclass(frozen=True, kw_only=True)
class ClaimRecord(Record):
    """C: which key a campaign belongs to; ``key`` None = void, nobody will ever start it.

    :param key_hash: where `key` is not the exact text
    """

    kind = "claim"
    campaign: str
    key: str | None
    generation: int | None = None
    reason: str | None = None
    key_hash: str | None = None

    def is_of(self, key: str) -> bool:
        """Whether it is this key's: by hash, since a rebuilt ledger may not know the exact text."""
        return self.key is not None and (self.key_hash or key_hash(self.key)) == key_hash(key)

    def __post_init__(self) -> None:
        """Hold the members to their form."""
        checked_id(self.campaign)
        if not isinstance(self.key, str | None):
            msg = f"key {self.key!r} is no text"
            raise TypeError(msg)

    @property
    def void(self) -> bool:
        """Whether the campaign was given up for good."""
        return self.key is None


@dataclass(frozen=True, kw_only=True)
class EndRecord(Record):
    """E: a campaign's last state, written before housekeeping deletes it."""

    kind = "ended"
    campaign: str
    state: str


@dataclass(frozen=True, kw_only=True)
class LaunchRecord(Record):
    """``launches/<template>/<audience>/…``: one launch, whole, written once its claim stands and before its start.

    It says what is about to be launched; whether it was, the campaign's state says, or `EndRecord`.

    :param at: the claim's time, which also names the object: so there is one, whichever attempt writes it
    :param campaign_name: as the console shows it
    :param template: id of the campaign it was cloned from; None for one that was given
    :param audience: the segment definition's name, without hash; ``-`` where there is no segment
    :param source: segment definition ARN
    :param start: ISO 8601, UTC; so is `end`
    :param hours: communication hours and zones as DescribeCampaign shows them
    :param limits: communication limits, the same
    :param guards: what each said when this was written
    :param triggered_by: who pressed the button, where Airflow says so
    :param count: profiles in the segment when it was estimated; None = the launch was handed no count
    :param definition_hash: of the segment's content, the same
    """

    kind = "launch"
    key: str
    generation: int
    campaign: str
    audience: str
    campaign_name: str = ""
    template: str | None = None
    source: str | None = None
    start: str | None = None
    end: str | None = None
    channels: list[str] = field(default_factory=list)
    hours: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    guards: dict[str, str] = field(default_factory=dict)
    triggered_by: str | None = None
    count: int | None = None
    definition_hash: str | None = None


@dataclass(frozen=True, kw_only=True)
class RelaunchRecord(Record):
    """``relaunch/<hash>/<generation>.json``: a person's request; everything before its generation is given up.

    It is written last, when no older generation can start any more.

    :param generation: the first that may launch
    :param reason: the person's words
    :param asker: who or what asked; the same never gets two
    :param recontact: the people of the former launch may be contacted again
    :param former: the campaign that was given up
    :param attempted: whom that one attempted; None = it can't be told
    :param source: whom it was for: segment definition ARN; None = it can't be told
    """

    kind = "relaunch"
    key: str
    generation: int
    reason: str
    asker: str
    recontact: bool = False
    former: str | None = None
    attempted: int | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Event(Record):
    """``events/<date>/…``: something that people will want to look up; no decision rests on it."""

    kind = "event"
    what: str
    key: str | None = None
    campaign: str | None = None
    template: str | None = None
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Freeze(Record):
    """``control/freeze.json``: while it is there, nothing new is launched. The only object that ever changes."""

    kind = "freeze"
    reason: str
