"""What the service's documentation leaves open, as settings; each default is the most likely reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


def _check_key(text: str) -> str | None:
    return "a slash; allowed: a name without one" if "/" in text else None


@dataclass(kw_only=True)
class ProfileSettings:
    """Behaviour of Customer Profiles that can be set; `docs/emulator-segments.md` has the evidence for each."""

    empty_groups: Literal["all", "none"] = "all"
    """Whom a definition without any group selects: every profile in the domain (inferred), or nobody."""

    include_none: Literal["none_of", "exclude"] = "none_of"
    """`Include: NONE`: profiles in no group (inferred), or those of the first group minus the others."""

    missing_matches_exclusive: bool = True
    """Whether EXCLUSIVE matches a profile that has no value there (unknown)."""

    missing_matches_not_between: bool = False
    """Whether NOT_BETWEEN matches a profile that has no value there (unknown)."""

    date_on: Literal["day", "instant"] = "day"
    """Whether ON compares the UTC day or the instant (unknown)."""

    between: Literal["inclusive", "exclusive"] = "inclusive"
    """Whether BETWEEN counts its two ends in (unknown)."""

    list_encoding: Literal["json_or_comma", "json", "comma"] = "json_or_comma"
    """How a custom attribute holds a list for LIST_CONTAINS (unknown)."""

    unparsable_values: Literal["refuse", "match_nothing"] = "refuse"
    """What a filter value that is no number or absolute date gets where one is needed (unknown)."""

    max_segment_attributes: int = field(default=60, metadata={"min": 0})
    """Unique attributes in a definition, counted through its source segments (documented)."""

    max_calculated_attributes: int = field(default=10, metadata={"min": 0})
    """Unique calculated attributes in a definition, counted through its source segments (documented)."""

    calculated_missing: Literal["absent", "zero"] = "absent"
    """What COUNT and SUM are for a profile without objects in the range (unknown)."""

    max_source_segments: int = field(default=5, metadata={"min": 0})
    """Source segments of one group (documented for the console)."""

    max_source_depth: int = field(default=5, metadata={"min": 0})
    """Levels of source segments under a definition (documented)."""

    max_conditions: int = field(default=20_000, metadata={"min": 0})
    """Conditions of a definition with its source segments written out: a bound of this emulator."""

    max_attribute_columns: int = field(default=300, metadata={"min": 0})
    """Custom attributes of a domain that get a column of their own; the rest share one map column."""

    invalid_sql: Literal["estimate_failed", "400"] = "estimate_failed"
    """SQL that can't be evaluated: the definition is made, and what evaluates it fails; or both are refused (unknown)."""

    sql_campaigns: Literal["evaluated", "snapshot", "failed"] = "evaluated"
    """Whom a campaign on an SQL segment reaches: whom the query gives at its start time, who was in the last exported
    snapshot, or nobody: it fails, as in an account where AWS Support didn't enable that (documented; how is unknown)."""

    sql_membership_missing: Literal["400", "404"] = "400"
    """What GetSegmentMembership of an SQL segment that was never exported is answered with (documented: a 4XX)."""

    sql_snapshot_days: int = field(default=365, metadata={"min": 0})
    """Days for which the exported snapshot of an SQL segment says who is a member (documented: a year)."""

    sql_timeout_seconds: float = field(default=60.0, metadata={"min": 0})
    """Real seconds after which an SQL segment's query is broken off: a bound of this emulator (unknown)."""

    estimate_delay_seconds: float = field(default=0.0, metadata={"min": 0})
    """Real seconds that an estimate stays RUNNING before it is counted (unknown)."""

    upload_delay_seconds: float = field(default=0.0, metadata={"min": 0})
    """Real seconds that an upload job stays IN_PROGRESS before its rows are applied (unknown)."""

    upload_url_seconds: int = field(default=900, metadata={"min": 0})
    """Life of an upload URL in real seconds; `ValidUntil` says it on the emulator's clock (unknown)."""

    upload_max_fields: int = field(default=25, metadata={"min": 0})
    """Mapped fields of an upload job (documented for the console)."""

    upload_max_bytes: int = field(default=1_000_000_000, metadata={"min": 0})
    """Size that a file has to stay under (documented: less than 1 GB)."""

    upload_expiry_default: int = field(default=14, metadata={"min": 1, "max": 1098})
    """Days that a job's profiles live when it names no DataExpiry (documented)."""

    upload_expiry_max: int = field(default=1098, metadata={"min": 1, "max": 1098})
    """Largest DataExpiry in days: 1098 in the API's model, 90 in the guide (documented twice, differently)."""

    upload_name_unique: bool = False
    """Whether a second upload job of the same DisplayName is refused (unknown)."""

    empty_cell: Literal["keep", "clear"] = "keep"
    """Whether an empty cell leaves the profile's value as it is or removes it (unknown)."""

    copy_enum_to_string: bool = True
    """Whether Gender and PartyType are copied to GenderString and PartyTypeString (unknown)."""

    snapshot_delay_seconds: float = field(default=0.0, metadata={"min": 0})
    """Real seconds that a snapshot stays IN_PROGRESS before it is taken (unknown)."""

    snapshot_role_required: bool = True
    """Whether a snapshot without RoleArn FAILS: optional in the model, needed in practice (reported)."""

    snapshot_status_message: Literal["reason", "none"] = "reason"
    """Whether a snapshot that FAILED says why, in StatusMessage (its texts are unknown)."""

    snapshot_uri_slash: Literal["cut", "keep"] = "cut"
    """Whether DestinationUri loses its trailing slash once the snapshot is COMPLETED (reported)."""

    snapshot_part_name: str = field(default="part-", metadata={"check": _check_key})
    """What the names of a snapshot's objects begin with; number and extension follow: `part-00000.csv` (unknown)."""

    snapshot_part_rows: int = field(default=1_000_000, metadata={"min": 1})
    """Rows of one object of a snapshot (unknown)."""

    snapshot_test_object: str = field(default="test", metadata={"check": _check_key})
    """Name of the test object beside a snapshot's parts (documented; the name is unknown); empty = none."""

    snapshot_compression: Literal["none", "gzip"] = "none"
    """Whether CSV and JSONL parts are gzip files, `part-00000.csv.gz` (unknown)."""

    snapshot_path_separator: Literal[".", "_"] = "."
    """What joins the names of nested columns, as in `Address.City` (unknown)."""

    snapshot_jsonl: Literal["nested", "flat"] = "nested"
    """Whether a line of JSONL is the API's Profile, or has a member per column of the CSV (unknown)."""

    update_extends_expiry: bool = True
    """Whether UpdateProfile lets a profile live for the domain's DefaultExpirationDays from then on (unknown)."""

    membership_lag_seconds: float = field(default=0.0, metadata={"min": 0})
    """Emulator seconds that a changed profile is ABSENT for in GetSegmentMembership (suspected by some)."""

    upload_failure: Literal["none", "VALIDATION_FAILURE", "INTERNAL_FAILURE"] = "none"
    """Makes every upload job that is started FAIL for that reason, without a row applied."""

    upload_failed_rows: int = field(default=0, metadata={"min": 0})
    """Makes so many of a file's good rows, the first ones, failed records: PARTIALLY_SUCCEEDED for no visible reason."""
