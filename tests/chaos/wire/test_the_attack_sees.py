"""The attack is no dead one: with a rule of the protocol switched off, it names the invariant that breaks."""

from __future__ import annotations

from connect_campaigns.aws.campaigns import Campaigns
from connect_campaigns.aws.outcomes import send
from tests.chaos.wire.cases import cases_of, clean_launch, play


def broken(bench, **wanted):
    """Play the cases of a launch from a template that are wanted; name what breaks."""
    cases = cases_of("clone", clean_launch(bench.pool, "clone"))
    chosen = [case for case in cases if all(getattr(case, name) in values for name, values in wanted.items())]
    assert chosen
    found = [line for case in chosen[:40] for line in play(bench.pool, case).broken]
    return {line.partition(":")[0] for line in found}


def test_a_store_that_ignores_the_condition_launches_twice(bench, monkeypatch):
    monkeypatch.setattr(bench.pool.service, "honours_conditions", False)
    assert "ONCE" in broken(bench, fault=["frozen"], recovery=["second_run_ab", "clear_at_once"])


def test_an_sdk_that_sends_again_skips_the_freeze(bench, monkeypatch):
    monkeypatch.setattr(Campaigns, "start", send_again)
    assert broken(bench, call=["StartCampaign"], fault=["error_500"], recovery=["retry"]) == {"FREEZE"}


def send_again(campaigns, campaign):
    return send(campaigns._client.start_campaign, id=campaign)  # the client for reads, whose SDK sends again
