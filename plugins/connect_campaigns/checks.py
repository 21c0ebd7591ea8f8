"""The guards at work: fetches the facts that they need, and no others, in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.clone import LEDGER_TAG, TEMPLATE_TAG
from connect_campaigns.aws.others import active_on, other_launches
from connect_campaigns.aws.reading import last_counted, read_segment
from connect_campaigns.core import refusals
from connect_campaigns.core.guards import GUARDS
from connect_campaigns.core.guards_of_others import USUAL_LEAD
from connect_campaigns.core.keys import audience_name
from connect_campaigns.core.launch import Claim, Key, Mode, State
from connect_campaigns.core.schedule import LEAD, bounded, plan, run_day, window_of
from connect_campaigns.core.states import NOT_FOUND
from connect_campaigns.core.verdicts import Fact, Facts, Failed, OnFailure, Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime, timedelta

    from connect_campaigns.aws.campaigns import Campaigns, Description
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.aws.segments import Segments
    from connect_campaigns.core.attempt import LaunchRequest, Seen
    from connect_campaigns.core.log import Log
    from connect_campaigns.core.records import ClaimRecord, KeyRecord, RelaunchRecord
    from connect_campaigns.core.schedule import Late, Window
    from connect_campaigns.core.verdicts import Verdict
    from connect_campaigns.writes import Writes


class Checks:
    """The guards of one request.

    :param writes: None where the request has no ledger
    :param segments: gives the segments of a domain; None = nobody reads the source's definition
    :param wall_clock: the worker's clock, aware
    """

    def __init__(
        self,
        request: LaunchRequest,
        *,
        campaigns: Campaigns,
        ledger: Ledger | None,
        writes: Writes | None,
        segments: Callable[[str], Segments] | None = None,
        log: Log,
        wall_clock: Callable[[], datetime],
    ) -> None:
        self._request = request
        self._campaigns = campaigns
        self._ledger = ledger
        self._writes = writes
        self._segments = segments
        self._log = log
        self._wall_clock = wall_clock
        self._warned: set[Warned] = set()
        self.ledger_id = ""

    def verdicts(self, seen: Seen, known: Description | None = None) -> Iterator[tuple[str, Verdict]]:
        """Ask one guard after the other; whoever stops listening spares the later ones' calls.

        :param known: the campaign's or template's description, where it was just read
        """
        ours = seen.claim if seen.observation.claim is Claim.OURS else None
        facts = Facts(
            run=self._request.run,
            wall_now=self._wall_clock(),
            has_ledger=self._ledger is not None,
            key=self._request.key,
            claimed_at=ours.written_at if ours else None,
            asked_source=self._request.source_arn,
            prepared=self._request.prepared,
        )
        fetched: set[Fact] = set()
        for guard in GUARDS:
            for need in (fact for fact in Fact if fact in guard.needs - fetched):
                facts = self._fetch(need, facts, seen, known)
                fetched.add(need)
            yield guard.name, guard.check(facts, self._request.guards)

    def demand_run(self) -> None:
        """Ask the guards that judge the run alone: a backfill, say, gives nothing up, and takes nobody's campaign for its own.

        :raises ConnectCampaignsError: one of them failed
        :raises LaunchSkipped: one of them skips this run
        """
        facts = Facts(run=self._request.run, wall_now=self._wall_clock(), has_ledger=self._ledger is not None)
        for guard in (each for each in GUARDS if not each.needs):
            verdict = guard.check(facts, self._request.guards)
            if isinstance(verdict, Failed):
                raise refusals.guard_failed(guard.name, verdict, held=False)

    def hold(self, seen: Seen, known: Description | None = None) -> dict[str, Verdict] | None:
        """Ask the guards until one fails.

        :param known: as for `verdicts`
        :returns: what each said; None = look again, since the ledger moved meanwhile
        :raises ConnectCampaignsError: one of them failed
        :raises LaunchSkipped: one of them skips this run
        """
        said: dict[str, Verdict] = {}
        for name, verdict in self.verdicts(seen, known):
            if not isinstance(verdict, Failed):
                said[name] = verdict
                self._warn(name, verdict)
                continue
            held = seen.observation.claim is Claim.OURS
            if verdict.then is OnFailure.SKIP_FOR_GOOD and not held and self._ledger and self._writes:
                # K names a campaign made by hand: that can't be void, since another key may launch it, so a twin may go on.
                bound = self._request.mode is Mode.GIVEN and seen.observation.key is not Key.ABSENT
                held = bound and not seen.of_our_making
                if not held and not self._void(seen, verdict.found, self._ledger, self._writes):
                    return None
            # Without a ledger no void can be written, and an earlier attempt's start may be under way: never a skip.
            bare = self._ledger is None and verdict.then is OnFailure.SKIP_FOR_GOOD
            raise refusals.guard_failed(name, replace(verdict, then=OnFailure.FAIL) if bare else verdict, held=held)
        return said

    def _warn(self, name: str, verdict: Verdict) -> None:
        if isinstance(verdict, Warned) and verdict not in self._warned:
            self._warned.add(verdict)  # the guards are asked several times in an attempt, and said once is enough
            self._log.warning("Guard %s: %s\nallowed: %s\nhint: %s", name, verdict.found, verdict.allowed, verdict.hint)

    def _void(self, seen: Seen, reason: str, ledger: Ledger, writes: Writes) -> bool:
        """Write void before skipping: a twin, or a late effect of this attempt, must not launch what we call skipped.

        :returns: whether void is what stands there now
        """
        if seen.observation.key is Key.ABSENT:
            writes.key(seen, campaign=None, reason=reason)
            record: KeyRecord | ClaimRecord | None = ledger.key(self._request.key, seen.generation)
        else:
            writes.claim(seen, key=None, reason=reason)
            record = ledger.claim(seen.campaign or "")
        return record is not None and record.void

    def template(self) -> Description:
        """Read the template.

        :raises LaunchRefused: it isn't there
        """
        template = self._request.template or ""
        # A template made a moment ago may not show yet, and this refusal is final: two looks.
        description = self._campaigns.describe(template) or self._campaigns.describe(template)
        if description is None:
            raise refusals.refusal("template_gone", key=self._request.key, campaign=template, reading=NOT_FOUND)
        self._demand_instance(description)
        return description

    def demand_ours(self, description: Description) -> None:
        """Refuse a campaign of another instance, and another ledger's clone: that one alone knows whether it was launched.

        :raises LaunchRefused: it is one of these
        """
        self._demand_instance(description)
        ledger = description.config.get("tags", {}).get(LEDGER_TAG, self.ledger_id)
        if ledger != self.ledger_id:
            raise refusals.refusal("other_ledger", key=self._request.key, campaign=description.id, reading=ledger)

    def _demand_instance(self, description: Description) -> None:
        instance = description.config["connectInstanceId"]
        if self._request.instance_id not in {None, instance}:
            raise refusals.refusal("other_instance", key=self._request.key, campaign=description.id, reading=instance)

    def window(self, description: Description, *, lead: timedelta | None = None) -> Window | Late | None:
        """Give the window in which this launch will run: the campaign's own, or a new one where that has passed.

        Late = it has none inside the bounds that the run was given.

        :param lead: the service refused the campaign's own: plan a new one, this far ahead
        """
        own, now = window_of(description.config), self._campaigns.service_now()
        is_template = self._request.makes_campaigns and description.id == self._request.template
        may_renew = self._request.makes_campaigns or self._request.renew_schedule
        ahead = own is not None and own.start > now and lead is None
        schedule = self._request.schedule
        day = run_day(self._request.run.due or now, schedule.timezone)
        if not is_template and (ahead or not may_renew):
            return own and bounded(own, schedule, now=now, day=day)
        return plan(schedule, now=now, day=day, own=own, lead=lead or LEAD, renews=not is_template)

    def _fetch(self, need: Fact, facts: Facts, seen: Seen, known: Description | None) -> Facts:
        if need is Fact.FREEZE:
            return replace(facts, freeze=self._ledger.frozen()) if self._ledger else facts
        if need is Fact.RELAUNCH:
            asked = self._relaunches(self._ledger, seen.generation) if self._ledger else ()
            return replace(facts, relaunches=tuple(asked))
        if need is Fact.LAUNCHES:
            return self._with_launches(facts)
        if need is Fact.ACTIVE:
            return self._with_active(facts)
        if need is Fact.SEGMENT:
            return self._with_segment(facts)
        if need is Fact.LAST_LAUNCH:
            return self._with_last_launch(facts)
        config: dict[str, Any]
        gone = self._request.makes_campaigns and seen.observation.state is State.NOT_FOUND  # it will be made anew
        if seen.campaign and not gone and seen.observation.state is not State.NO_CAMPAIGN:
            description = known or self._campaigns.describe(seen.campaign)
            if description is None:
                raise refusals.refusal("given_gone", key=self._request.key, campaign=seen.campaign, reading=NOT_FOUND)
            self.demand_ours(description)
            config, state = description.config, seen.reading
        else:
            description = known or self.template()
            config, state = self._as_cloned(description), None
        window = self.window(description)
        return replace(facts, now=self._campaigns.service_now(), config=config, state=state, window=window)

    def _relaunches(self, ledger: Ledger, generation: int) -> list[RelaunchRecord]:
        read = (ledger.relaunch(self._request.key, each) for each in range(1, generation + 1))
        return [request for request in read if request]

    def _with_launches(self, facts: Facts) -> Facts:
        gap, config, now = self._request.guards.min_launch_gap, facts.config or {}, facts.now
        template = self._template_of(config)
        if not (self._ledger and gap and template and now):
            return facts
        launches = other_launches(
            self._ledger,
            self._campaigns,
            key=self._request.key,
            template=template,
            source=config.get("source", {}).get("customerProfilesSegmentArn"),
            since=now - gap - USUAL_LEAD,
        )
        return replace(facts, launches=launches)

    def _with_active(self, facts: Facts) -> Facts:
        config = facts.config or {}
        source = config.get("source", {}).get("customerProfilesSegmentArn")
        if self._request.guards.if_overlap is None or not source:
            return facts
        instance = config["connectInstanceId"]
        return replace(
            facts, active=active_on(self._campaigns, source=source, instance_id=instance, but={config["id"]})
        )

    def _with_segment(self, facts: Facts) -> Facts:
        source = (facts.config or {}).get("source", {}).get("customerProfilesSegmentArn")
        excluded = bool(self._request.guards.require_exclusion)
        if not (source and (self._request.prepared or excluded)):
            return facts
        if self._segments is None:
            return replace(facts, segment="no client of Customer Profiles")
        return replace(facts, segment=read_segment(self._segments, source, with_sources=excluded))

    def _with_last_launch(self, facts: Facts) -> Facts:
        config = facts.config or {}
        if not self._ledger or self._request.guards.max_audience_change_percent is None:
            return facts
        audience = audience_name(config.get("source", {}).get("customerProfilesSegmentArn"))
        last = last_counted(self._ledger, key=self._request.key, template=self._template_of(config), audience=audience)
        return replace(facts, last_launch=last)

    def _template_of(self, config: Mapping[str, Any]) -> str | None:
        return self._request.template or config.get("tags", {}).get(TEMPLATE_TAG)

    def _as_cloned(self, template: Description) -> dict[str, Any]:
        source = self._request.source_arn
        return {**template.config, **({"source": {"customerProfilesSegmentArn": source}} if source else {})}
