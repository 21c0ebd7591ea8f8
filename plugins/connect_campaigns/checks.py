"""The guards at work: fetches the facts that they need, and no others, in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connect_campaigns.core import refusals
from connect_campaigns.core.guards import GUARDS, Fact, Facts
from connect_campaigns.core.launch import State
from connect_campaigns.core.schedule import plan, run_day, window_of
from connect_campaigns.core.states import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from connect_campaigns.aws.campaigns import Campaigns, Description
    from connect_campaigns.aws.ledger import Ledger
    from connect_campaigns.core.attempt import LaunchRequest, Seen
    from connect_campaigns.core.guards import Verdict
    from connect_campaigns.core.schedule import Late, Window


class Checks:
    """The guards of one request.

    :param wall_clock: the worker's clock, aware
    """

    def __init__(
        self,
        request: LaunchRequest,
        *,
        campaigns: Campaigns,
        ledger: Ledger | None,
        wall_clock: Callable[[], datetime],
    ) -> None:
        self._request = request
        self._campaigns = campaigns
        self._ledger = ledger
        self._wall_clock = wall_clock

    def verdicts(self, seen: Seen, known: Description | None = None) -> Iterator[tuple[str, Verdict]]:
        """Ask one guard after the other; whoever stops listening spares the later ones' calls.

        :param known: the campaign's or template's description, where it was just read
        """
        facts = Facts(run=self._request.run, wall_now=self._wall_clock(), has_ledger=self._ledger is not None)
        fetched: set[Fact] = set()
        for guard in GUARDS:
            for need in guard.needs - fetched:
                facts = self._fetch(need, facts, seen, known)
                fetched.add(need)
            yield guard.name, guard.check(facts, self._request.guards)

    def template(self) -> Description:
        """Read the template.

        :raises LaunchRefused: it isn't there
        """
        template = self._request.template or ""
        description = self._campaigns.describe(template)
        if description is None:
            raise refusals.refusal("template_gone", key=self._request.key, campaign=template, reading=NOT_FOUND)
        return description

    def window(self, description: Description) -> Window | Late | None:
        """Give the window in which this launch will run: the campaign's own, or a new one where that has passed."""
        own, now = window_of(description.config), self._campaigns.service_now()
        is_template = self._request.makes_campaigns and description.id == self._request.template
        may_renew = self._request.makes_campaigns or self._request.renew_schedule
        if not is_template and ((own and own.start > now) or not may_renew):
            return own
        day = run_day(self._request.run.due or now, self._request.schedule.timezone)
        return plan(self._request.schedule, now=now, day=day, own=own)

    def _fetch(self, need: Fact, facts: Facts, seen: Seen, known: Description | None) -> Facts:
        if need is Fact.FREEZE:
            return replace(facts, freeze=self._ledger.frozen()) if self._ledger else facts
        config: dict[str, Any]
        if seen.campaign and seen.observation.state is not State.NO_CAMPAIGN:
            description = known or self._campaigns.describe(seen.campaign)
            if description is None:
                raise refusals.refusal("given_gone", key=self._request.key, campaign=seen.campaign, reading=NOT_FOUND)
            config, state = description.config, seen.reading
        else:
            description = known or self.template()
            config, state = self._as_cloned(description), None
        window = self.window(description)
        return replace(facts, now=self._campaigns.service_now(), config=config, state=state, window=window)

    def _as_cloned(self, template: Description) -> dict[str, Any]:
        source = self._request.source_arn
        return {**template.config, **({"source": {"customerProfilesSegmentArn": source}} if source else {})}
