"""The rows of a past day's file, kept on demand: where they lie, under which key, and that they go again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from connect_campaigns.core.amounts import count
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.parameters import mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

FOLDER = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/(?:[^/]+/)+"
MEMBERS = ("uri", "expiry_days")
LONGEST_EXPIRY_DAYS = 3650
_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class KeepRows:
    """Where rows are kept, and for how long at most.

    :param bucket: in S3
    :param prefix: of the keys, with its ending slash
    :param expiry_days: days after which S3 has deleted them
    """

    bucket: str
    prefix: str
    expiry_days: int

    @classmethod
    def of(cls, value: object) -> Self | None:
        """Read ``{"uri": "s3://bucket/prefix/", "expiry_days": 30}``, or its JSON text; None = nothing is kept.

        :raises InvalidInput: another form, a member too many or too few, or no sensible number of days
        """
        if value in (None, "", {}):
            return None
        members = mapping("keep_rows", value)
        if set(members) != set(MEMBERS):
            raise InvalidInput.of(
                "keep_rows",
                value,
                allowed=" and ".join(f"`{each}`" for each in MEMBERS),
                hint='for example keep_rows={"uri": "s3://crm-history/spring-fr/", "expiry_days": 30}',
            )
        uri = text("keep_rows: uri", members["uri"], longest=900, form=FOLDER)
        days = count("keep_rows: expiry_days", members["expiry_days"])
        if not 1 <= days <= LONGEST_EXPIRY_DAYS:
            raise InvalidInput.of(
                "keep_rows: expiry_days",
                members["expiry_days"],
                allowed=f"1 to {LONGEST_EXPIRY_DAYS} days",
                hint="rows are people: keep them for as long as somebody needs them",
            )
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        return cls(bucket=bucket, prefix=prefix, expiry_days=days)

    @property
    def uri(self) -> str:
        """The folder."""
        return f"s3://{self.bucket}/{self.prefix}"

    def keys(self, *, due: datetime | None, sha256: str, number: int) -> list[str]:
        """Name the objects of a file by its run and content: a retry writes them again, no other run over them.

        :param due: of the run, aware; None = it has no time
        :param number: of its parts
        """
        run = f"{due:%Y-%m-%dT%H%M}-" if due else ""
        name = f"{self.prefix}{run}{sha256[:_SHOWN]}"
        return [f"{name}.csv"] if number == 1 else [f"{name}-{part}.csv" for part in range(1, number + 1)]

    def demand_expiry(self, rules: Iterable[Mapping[str, Any]]) -> None:
        """Refuse a bucket that would keep the rows for longer.

        :param rules: of its lifecycle configuration, as S3 gives them
        :raises InvalidInput: no rule deletes what lies under the prefix in time
        """
        after = [days for rule in rules if (days := _days(rule, self.prefix)) is not None]
        if after and min(after) <= self.expiry_days:
            return
        kept = f"for {min(after)} days" if after else "for good"
        raise InvalidInput(
            f"bucket {self.bucket} keeps what lies under {self.prefix} {kept}",
            allowed=f"an enabled lifecycle rule that expires it after at most {self.expiry_days} days (`keep_rows`)",
            hint="add such a rule for that prefix to the bucket, without tags or sizes; or raise `expiry_days`",
            code="expiry",
        )


def _days(rule: Mapping[str, Any], prefix: str) -> int | None:
    """After how many days a rule deletes all that lies under a prefix; None = it doesn't, or not all of it."""
    found = rule.get("Filter") or {}
    narrowed = {**found, **found.get("And", {})}
    begins = narrowed.pop("Prefix", rule.get("Prefix")) or ""
    narrowed.pop("And", None)
    days = rule.get("Expiration", {}).get("Days")
    applies = rule.get("Status") == "Enabled" and prefix.startswith(begins) and not any(narrowed.values())
    return int(days) if applies and days else None
