"""What the services' documentation leaves open, and the emulator's own figures: all settings, one place."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from connect_emulator.profiles.settings import ProfileSettings

Problem = str


@dataclass(kw_only=True)
class CampaignSettings:
    """Behaviour of outbound campaigns that can be set; `docs/emulator.md` has the evidence for each."""

    attempts_per_minute: float = field(default=300.0, metadata={"min": 0})
    """Recipients that a campaign attempts per minute of emulator time, inside its hours. Taken at its start."""

    attempt_fraction: float = field(default=1.0, metadata={"min": 0, "max": 1})
    """Share of the audience that can be attempted; the rest is silently dropped. Taken at its start."""

    expiry_delay_seconds: float = field(default=5.0, metadata={"min": 0})
    """Emulator seconds from endTime to Completed ("a few moments", documented). Taken at its start."""

    empty_audience: Literal["completed", "failed", "until_end"] = "completed"
    """What becomes of a campaign whose audience is empty at its start time (unknown). Taken at its start."""

    already_started: Literal["invalid_state", "conflict"] = "invalid_state"
    """Class of the 409 for StartCampaign on a campaign that isn't Initialized (both declared, unknown)."""

    stop_ended: Literal["conflict", "invalid_state"] = "conflict"
    """Class of the 409 for StopCampaign on an ended campaign (reported: conflict)."""

    delete_active: Literal["validation", "access_denied"] = "validation"
    """Class of the refusal of DeleteCampaign while Running or Paused: it declares no 409 (unknown)."""

    starts_again: bool = False
    """Whether StartCampaign takes effect outside Initialized too (documented: it doesn't)."""

    delete_missing: bool = False
    """Whether DeleteCampaign answers 404 though the campaign is there (documented: it doesn't)."""

    duplicate_names: Literal["allow", "conflict", "idempotent"] = "allow"
    """CreateCampaign with a name that the instance has already (unknown)."""

    lead_time_seconds: float = field(default=0.0, metadata={"min": 0})
    """How long before its start time a campaign has to be started (unknown; some report minutes)."""

    refuse_two_time_zones: bool = True
    """Whether `defaultTimeZone` beside `localTimeZoneDetection` is refused (reported)."""

    resolve_arns: bool = False
    """Whether an ARN given as campaign id is understood (unknown)."""

    max_campaigns: int = field(default=500, metadata={"min": 0})
    """Campaigns per instance (documented)."""

    max_active_campaigns: int = field(default=50, metadata={"min": 0})
    """Running and Paused campaigns per instance (documented)."""

    max_schedule_days: int = field(default=3660, metadata={"min": 1})
    """Days from startTime to endTime: a bound of this emulator (the service's is unknown)."""

    extra_describe_members: dict[str, Any] = field(default_factory=dict)
    """Members that DescribeCampaign's `campaign` gets beyond the model, as a newer service would send."""


@dataclass(kw_only=True)
class MetricSettings:
    """Behaviour of GetMetricDataV2 that can be set."""

    metrics_delay_seconds: float = field(default=0.0, metadata={"min": 0})
    """Figures are as of this many emulator seconds ago; none before (unknown)."""


def _check_denied(rules: list[Any]) -> Problem | None:
    for rule in rules:
        texts = isinstance(rule, dict) and all(isinstance(value, str) for value in rule.values())
        if not texts or not {"action"} <= set(rule) <= {"action", "resource"} or ":" not in rule["action"]:
            return (
                f"`{rule!r}`; allowed: an action, and a resource if not all are meant, both patterns with `*` and `?`"
            )
    return None


@dataclass(kw_only=True)
class AccessSettings:
    """Permissions."""

    denied: list[dict[str, str]] = field(default_factory=list, metadata={"check": _check_denied})
    """`{"action": "connect-campaigns:Start*", "resource": "arn:…"}`: all else is allowed."""


@dataclass(kw_only=True)
class RateSettings:
    """Request rates."""

    enforced: bool = False
    """Whether the documented rates hold; beyond them ThrottlingException, 429."""

    buckets: Literal["operation", "group"] = "operation"
    """Whether each operation has its rate to itself, or those named together share it (unknown)."""


@dataclass(kw_only=True)
class StoreSettings:
    """How S3 deviates from what is documented, for trying out what depends on it."""

    conditional_writes: Literal["honoured", "ignored"] = "honoured"
    """Whether `If-None-Match` and `If-Match` of writes are heeded (documented: they are)."""

    unseen_for_writes: int = field(default=0, metadata={"min": 0})
    """Reads of a new object answer 404 until so many further writes to S3 (documented: 0)."""


@dataclass(kw_only=True)
class Settings:
    """All settings, by part of the emulator."""

    campaigns: CampaignSettings = field(default_factory=CampaignSettings)
    metrics: MetricSettings = field(default_factory=MetricSettings)
    profiles: ProfileSettings = field(default_factory=ProfileSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    rates: RateSettings = field(default_factory=RateSettings)
    s3: StoreSettings = field(default_factory=StoreSettings)


def change(settings: Settings, changes: dict[str, Any]) -> None:
    """Change settings, all or none.

    :param changes: `{"campaigns": {"attempts_per_minute": 60}}`.
    :raises ValueError: naming what was found and what is allowed.
    """
    problems = list(_problems(settings, changes, path=""))
    if problems:
        raise ValueError("\n".join(problems))
    for part, values in changes.items():
        for name, value in values.items():
            setattr(getattr(settings, part), name, value)


def _problems(target: object, changes: object, *, path: str) -> list[Problem]:
    if not isinstance(changes, dict):
        return [f"`{path or 'settings'}` is `{changes!r}`; allowed: an object"]
    known = {entry.name: entry for entry in fields(target)} if is_dataclass(target) else {}
    hints = get_type_hints(type(target))
    found: list[Problem] = []
    for name, value in changes.items():
        place = f"{path}{name}"
        if name not in known:
            found.append(f"`{place}` is no setting; allowed: {', '.join(known)}")
        elif is_dataclass(getattr(target, name)):
            found += _problems(getattr(target, name), value, path=f"{place}.")
        elif not _fits(value, hints[name]):
            found.append(f"`{place}` is `{value!r}`; allowed: {_allowed(hints[name])}")
        elif "check" in known[name].metadata:
            problem = known[name].metadata["check"](value)
            found += [f"`{place}` has {problem}"] if problem else []
        else:
            low, high = known[name].metadata.get("min", value), known[name].metadata.get("max", value)
            if not isinstance(value, dict) and not low <= value <= high:
                found.append(f"`{place}` is `{value!r}`; allowed: {_range(known[name].metadata)}")
    return found


def _fits(value: object, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in get_args(hint)
    kind = get_origin(hint) or hint
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _allowed(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(hint))
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text"}.get(
        hint, "a list" if get_origin(hint) is list else "an object"
    )


def _range(bounds: Any) -> str:
    return f"{bounds['min']} or more" if "max" not in bounds else f"{bounds['min']} to {bounds['max']}"
