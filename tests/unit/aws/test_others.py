"""Which campaigns count as active on a source, where the service's replies leave something open."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connect_campaigns.aws.campaigns import NOT_SEEN
from connect_campaigns.aws.others import active_on, other_launches
from connect_campaigns.core.records import LaunchRecord
from connect_campaigns.core.verdicts import ActiveCampaign

FOLDER = "arn:aws:profile:us-east-1:123456789012:domains/crm"
SOURCE = f"{FOLDER}/segment-definitions/vip"


class Campaigns:
    """One campaign as the service tells of it.

    :param state: in the reply to GetCampaignStateBatch
    :param source: in its description; None = its description isn't found
    """

    def __init__(self, state: str, source: str | None) -> None:
        self._state = state
        self._source = source

    def summaries(self, instance_id):
        assert instance_id == "i"
        return iter([{"id": "c", "name": "spring"}, {"id": "ours", "name": "ours"}])

    def states(self, ids):
        return dict.fromkeys(ids, self._state)

    def describe(self, campaign):
        assert campaign == "c"
        return self._source and SimpleNamespace(config={"source": {"customerProfilesSegmentArn": self._source}})


@pytest.mark.parametrize(
    ("state", "source", "told"),
    [
        ("Running", SOURCE, "Running"),
        ("Paused", f"{FOLDER}/segments/vip", "Paused"),
        (NOT_SEEN, SOURCE, None),
        (NOT_SEEN, None, None),
        ("Running", None, None),
    ],
)
def test_what_is_active_on_the_source_or_may_be(state, source, told):
    found = active_on(Campaigns(state, source), source=SOURCE, instance_id="i", but={"ours"})
    assert found == (ActiveCampaign(id="c", name="spring", state=told),)


@pytest.mark.parametrize(
    ("state", "source"),
    [
        ("Running", f"{FOLDER}/segments/vips"),
        (NOT_SEEN, f"{FOLDER}/segments/vips"),
        ("Completed", SOURCE),
        ("NotFound", None),
    ],
)
def test_what_certainly_is_not(state, source):
    assert active_on(Campaigns(state, source), source=SOURCE, instance_id="i", but={"ours"}) == ()


@pytest.mark.parametrize("start", ["2026-12-01T09:00:00+00:00", None])
@pytest.mark.parametrize("state", ["Running", NOT_SEEN])
def test_another_key_s_launch_is_told_with_its_claim_and_start(start, state):
    claimed = "2026-12-01T02:00:00+00:00"
    record = LaunchRecord(at=claimed, by="x", key="k", generation=0, campaign="c", audience="vip", start=start)
    ledger = SimpleNamespace(launches_since=lambda **_: [record])
    [other] = other_launches(
        ledger, Campaigns(state, SOURCE), key="ours", template="t", source=SOURCE, since=record.written_at
    )
    assert other.at.isoformat() == claimed
    assert other.contact.isoformat() == (start or claimed)
    assert other.state == (None if state == NOT_SEEN else state)
