"""Outbound campaigns (``connectcampaignsv2``): every read and every send that this package makes.

Reads go through a client with the SDK's retries. Creating and starting go through a second one with none: the SDK
re-sends when a reply is lost, and the service takes no client token (measured: up to 5 sends of one StartCampaign).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connect_campaigns.aws.outcomes import NOT_FOUND_CODES, explain, send
from connect_campaigns.aws.replies import date_of
from connect_campaigns.aws.unseen import unseen_members
from connect_campaigns.core.errors import InvalidInput, LaunchRefused
from connect_campaigns.core.states import NOT_FOUND, CampaignState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_connectcampaignsv2 import ConnectCampaignServiceV2Client

    from connect_campaigns.aws.outcomes import Outcome
    from connect_campaigns.core.schedule import Window

BATCH = 25
"""GetCampaignStateBatch takes this many ids (documented; the SDK doesn't check it)."""

NOT_SEEN = "NotSeen"
"""In place of a state where the service answered for the batch but not for this campaign."""

SCHEDULE_FROZEN = "schedule_frozen"

UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
CAMPAIGN_ARN = re.compile(r"arn:[^:]+:connect-campaigns:[^:]*:[^:]*:campaign/(?P<id>[^/]+)")


@dataclass(frozen=True, kw_only=True)
class Description:
    """What DescribeCampaign says of a campaign.

    :param config: its ``campaign`` member as the SDK parsed it; times are aware, in UTC
    :param unseen: paths of members that the service sent and the installed SDK doesn't know
    """

    id: str
    arn: str
    name: str
    config: dict[str, Any]
    unseen: tuple[str, ...] = ()


class Campaigns:
    """The campaigns of one account and Region.

    :param client: a ``connectcampaignsv2`` client with the SDK's usual retries, for reads
    :param sender: one that sends once, for Create-, Start-, Resume- and DeleteCampaign; None = these are refused
    """

    def __init__(
        self, client: ConnectCampaignServiceV2Client, *, sender: ConnectCampaignServiceV2Client | None = None
    ) -> None:
        self._client = client
        self._only_once = sender
        self._date: datetime | None = None
        self._body: bytes = b""
        for each in filter(None, (client, sender)):
            each.meta.events.register("after-call.connectcampaignsv2", self._note_date)
        client.meta.events.register("response-received.connectcampaignsv2.DescribeCampaign", self._note_body)

    @property
    def region(self) -> str:
        """The Region that is talked to."""
        return self._client.meta.region_name

    # -- service time ---------------------------------------------------------------------------------------------

    def service_now(self) -> datetime:
        """Give the ``Date`` of the campaign API's last reply, in UTC: the clock that schedules are judged by.

        :raises LookupError: nothing was asked of the API yet
        """
        if self._date is None:
            msg = "no reply of the campaign API yet: service time is the Date header of the last one"
            raise LookupError(msg)
        return self._date

    def _note_date(self, parsed: dict[str, Any], **_: Any) -> None:
        self._date = date_of(parsed) or self._date

    def _note_body(self, response_dict: dict[str, Any] | None, **_: Any) -> None:
        self._body = (response_dict or {}).get("body") or b""

    # -- reads ----------------------------------------------------------------------------------------------------

    def state(self, campaign_id: str) -> str:
        """Read one campaign's state: a `CampaignState` value, one that we don't know, or `NOT_FOUND`.

        :raises ConnectCampaignsError: the service could not be asked, or refused
        """
        outcome = send(self._client.get_campaign_state, id=campaign_id)
        if outcome.accepted:
            return str((outcome.reply or {})["state"])
        if outcome.code in NOT_FOUND_CODES:
            return NOT_FOUND
        raise explain(outcome, action="connect-campaigns:GetCampaignState", resource=f"campaign {campaign_id}")

    def states(self, campaign_ids: Sequence[str]) -> dict[str, str]:
        """Read many campaigns' states, 25 a call; each id that was asked has an answer.

        :returns: id → state, `NOT_FOUND`, or `NOT_SEEN` where the service left it out or answered UnknownError
        :raises ConnectCampaignsError: a call as a whole failed
        """
        seen = dict.fromkeys(campaign_ids, NOT_SEEN)
        ids = list(seen)
        for batch in (ids[at : at + BATCH] for at in range(0, len(ids), BATCH)):
            outcome = send(self._client.get_campaign_state_batch, campaignIds=batch)
            if not outcome.accepted:
                raise explain(
                    outcome, action="connect-campaigns:GetCampaignStateBatch", resource=f"{len(batch)} campaigns"
                )
            reply = outcome.reply or {}
            seen |= {each["campaignId"]: each["state"] for each in reply.get("successfulRequests", ())}
            seen |= {
                each["campaignId"]: NOT_FOUND
                for each in reply.get("failedRequests", ())
                if each.get("failureCode") == "ResourceNotFound"
            }
        return seen

    def describe(self, campaign_id: str) -> Description | None:
        """Read a campaign's configuration; None where the service doesn't find it.

        :raises ConnectCampaignsError: the service could not be asked, or refused
        """
        outcome = send(self._client.describe_campaign, id=campaign_id)
        if outcome.code in NOT_FOUND_CODES:
            return None
        if not outcome.accepted:
            raise explain(outcome, action="connect-campaigns:DescribeCampaign", resource=f"campaign {campaign_id}")
        config: dict[str, Any] = _aware((outcome.reply or {})["campaign"])
        shape = self._client.meta.service_model.shape_for("Campaign")
        return Description(
            id=config["id"],
            arn=config["arn"],
            name=config["name"],
            config=config,
            unseen=unseen_members(json.loads(self._body)["campaign"], shape),
        )

    def resolve(self, campaign: str, *, instance_id: str | None = None) -> str:
        """Normalise an id, ARN, console URL or name to the bare id; only a name costs calls (a listing).

        :param instance_id: where to look for a name; None = every instance that the listing shows
        :raises InvalidInput: no campaign has this name, or several have it (they are listed)
        """
        text = campaign.strip()
        arn = CAMPAIGN_ARN.fullmatch(text)
        if arn:
            return arn["id"]
        if UUID.fullmatch(text):
            return text.lower()  # one spelling: the ledger's objects go by it
        if text.startswith(("http://", "https://")):
            ids = UUID.findall(text.partition("?")[0]) or UUID.findall(text)
            if ids:
                return str(ids[-1]).lower()  # the instance's id may come before it
            raise InvalidInput.of(
                "campaign",
                campaign,
                allowed="a console URL that contains the campaign's id",
                hint="copy the ARN instead",
            )
        return self._by_name(text, instance_id)

    def _by_name(self, name: str, instance_id: str | None) -> str:
        found = [each for each in self.summaries(instance_id) if each["name"] == name]
        if len(found) == 1:
            return str(found[0]["id"])
        where = f" in instance {instance_id}" if instance_id else ""
        if not found:
            raise InvalidInput(
                f"no campaign is named {name!r}{where}",
                allowed="an id, ARN, console URL or the exact name of one campaign",
                hint="names are case-sensitive; look at connection, Region and instance",
                code="unknown_campaign",
            )
        listed = ", ".join(sorted(each["id"] for each in found)[:10])
        raise InvalidInput(
            f"{len(found)} campaigns are named {name!r}{where}: {listed}",
            allowed="a name that one campaign has",
            hint="give one of these ids",
            code="ambiguous_campaign",
        )

    def summaries(self, instance_id: str | None = None) -> Iterator[dict[str, Any]]:
        """List the campaigns of an instance, 50 a call; times are aware, in UTC."""
        more: dict[str, Any] = {"maxResults": 50}
        if instance_id:
            more["filters"] = {"instanceIdFilter": {"value": instance_id, "operator": "Eq"}}
        while True:
            outcome = send(self._client.list_campaigns, **more)
            if not outcome.accepted:
                raise explain(outcome, action="connect-campaigns:ListCampaigns", resource="*")
            reply = outcome.reply or {}
            yield from _aware(reply["campaignSummaryList"])
            if not reply.get("nextToken"):
                return
            more["nextToken"] = reply["nextToken"]

    @property
    def _sender(self) -> ConnectCampaignServiceV2Client:
        if self._only_once is None:
            msg = "made to read, pause and stop: a client whose SDK re-sends must not create or start"
            raise AssertionError(msg)
        return self._only_once

    # -- sends ----------------------------------------------------------------------------------------------------

    def create(self, request: dict[str, Any]) -> Outcome:
        """Send one CreateCampaign; where Unknown, a campaign may exist that nobody knows the id of."""
        return send(self._sender.create_campaign, **request)

    def start(self, campaign_id: str) -> Outcome:
        """Send one StartCampaign. Only the launcher may call this."""
        return send(self._sender.start_campaign, id=campaign_id)

    def delete(self, campaign_id: str) -> Outcome:
        """Send one DeleteCampaign."""
        return send(self._sender.delete_campaign, id=campaign_id)

    def pause(self, campaign_id: str) -> Outcome:
        """Send PauseCampaign; repeating it is harmless, so the SDK may."""
        return send(self._client.pause_campaign, id=campaign_id)

    def resume(self, campaign_id: str) -> Outcome:
        """Send one ResumeCampaign: one that the SDK re-sends could undo a pause that somebody sent in between."""
        return send(self._sender.resume_campaign, id=campaign_id)

    def stop(self, campaign_id: str) -> Outcome:
        """Send StopCampaign; a stopped campaign cannot be resumed. Repeating it is harmless."""
        return send(self._client.stop_campaign, id=campaign_id)

    def renew_schedule(self, description: Description, window: Window) -> Outcome:
        """Give a campaign that was never started other times; the rest of its schedule stays.

        :raises LaunchRefused: it was started, and the service freezes schedules then (documented); nothing was sent
        """
        state = self.state(description.id)
        if state != CampaignState.INITIALIZED:
            raise LaunchRefused(
                f"campaign {description.id} is {state}: its schedule can't be renewed",
                allowed="a campaign that is Initialized: schedule and source are frozen once it was started",
                hint="a campaign is single-use: clone it (`template=`) with the new schedule",
                code=SCHEDULE_FROZEN,
            )
        schedule = {**description.config.get("schedule", {}), "startTime": window.start, "endTime": window.end}
        return send(self._client.update_campaign_schedule, id=description.id, schedule=schedule)


def _aware(value: Any) -> Any:
    """Make every time in a reply aware: the service's have no offset and mean UTC (documented)."""
    if isinstance(value, dict):
        return {key: _aware(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_aware(each) for each in value]
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value
