"""The trigger against the emulator: one event, whatever happens, and a batch for all."""

from __future__ import annotations

import asyncio

import pytest

from tests.waiting_kit import Kit, connection_json, fast_client, running_campaigns


@pytest.fixture
def kit(emulator, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_json(emulator.url))
    return Kit(emulator)


def make(campaign_id, **changes):
    from connect_campaigns.triggers.campaigns import CampaignStateTrigger

    given = {
        "campaign_id": campaign_id,
        "success": ["Completed"],
        "failure": ["Failed", "Stopped"],
        "poke_interval": 1,
        "botocore_config": fast_client,
        **changes,
    }
    return CampaignStateTrigger(**given)


async def events(trigger):
    return [event.payload async for event in trigger.run()]


def run(*coroutines):
    async def main():
        async with asyncio.timeout(60):
            return await asyncio.gather(*coroutines)

    return asyncio.run(main())


async def calls(kit, operation, number):
    """Wait until an operation was called so often."""
    while len(await asyncio.to_thread(kit.emulator.calls, operation)) < number:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.05)


def pollers():
    from connect_campaigns import poller

    return poller._POLLERS


@pytest.mark.parametrize("state", ["Completed", "Failed", "Stopped"])
def test_a_campaign_that_has_ended_fires_once(kit, state):
    campaign_id = kit.in_state(state)
    [[event]] = run(events(make(campaign_id)))
    assert event == {"campaign_id": campaign_id, "state": state, "error": None}
    assert not pollers()


def test_it_waits_through_the_states_that_end_nothing(kit):
    campaign_id = kit.in_state("Initialized")
    before = len(kit.emulator.calls("GetCampaignState"))

    async def life():
        await calls(kit, "GetCampaignStateBatch", 1)
        await asyncio.to_thread(kit.campaigns.start_campaign, id=campaign_id)
        await calls(kit, "GetCampaignStateBatch", 2)
        await asyncio.to_thread(kit.step, 3700)

    [event], _ = run(events(make(campaign_id)), life())
    assert (event["state"], event["error"]) == ("Completed", None)
    assert len(kit.emulator.calls("GetCampaignState")) == before


def test_a_deleted_campaign_is_told_at_once(kit):
    campaign_id = kit.in_state("Initialized")

    async def life():
        await calls(kit, "GetCampaignStateBatch", 1)
        await asyncio.to_thread(kit.campaigns.delete_campaign, id=campaign_id)

    [event], _ = run(events(make(campaign_id)), life())
    assert (event["state"], event["error"]) == ("NotFound", None)


def test_sixty_waits_cost_three_calls_a_tick(kit):
    ids = running_campaigns(kit, 60)

    async def life():
        await calls(kit, "GetCampaignStateBatch", 6)
        await asyncio.to_thread(kit.step, 3700)

    *ended, _ = run(*(events(make(campaign_id)) for campaign_id in ids), life())
    assert [event["state"] for [event] in ended] == ["Completed"] * 60
    sizes = [len(call["params"]["campaignIds"]) for call in kit.emulator.calls("GetCampaignStateBatch")]
    assert sizes == [25, 25, 10] * (len(sizes) // 3)
    assert not pollers()


def test_two_waits_for_one_campaign_are_one_id_in_the_call(kit):
    campaign_id = kit.in_state("Completed")
    ended = run(events(make(campaign_id)), events(make(campaign_id)))
    assert [event["state"] for [event] in ended] == ["Completed"] * 2
    [call] = kit.emulator.calls("GetCampaignStateBatch")
    assert call["params"]["campaignIds"] == [campaign_id]


def test_another_connection_identity_is_another_poller(kit):
    campaign_id = kit.in_state("Completed")
    run(events(make(campaign_id)), events(make(campaign_id, region_name="us-east-1")))
    assert len(kit.emulator.calls("GetCampaignStateBatch")) == 2


def test_a_cancelled_wait_leaves_the_others_and_the_last_one_ends_the_poller(kit):
    ids = running_campaigns(kit, 2)

    async def main():
        waits = [asyncio.create_task(events(make(campaign_id))) for campaign_id in ids]
        await calls(kit, "GetCampaignStateBatch", 1)
        waits[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits[0]
        assert len(pollers()) == 1
        await calls(kit, "GetCampaignStateBatch", 3)
        waits[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits[1]
        assert not pollers()

    run(main())
    assert kit.emulator.calls("GetCampaignStateBatch")[-1]["params"]["campaignIds"] == [ids[1]]
    assert [kit.state(campaign_id) for campaign_id in ids] == ["Running", "Running"]


def test_permission_denied_is_an_event_for_every_wait(kit):
    ids = running_campaigns(kit, 2)
    kit.emulator.add_fault(operation="GetCampaignStateBatch", kind="error_before", code="AccessDeniedException")
    told = run(*(events(make(campaign_id)) for campaign_id in ids))
    for [event] in told:
        assert event["error"]["kind"] == "ServiceRefused"
        assert event["error"]["code"] == "access_denied"
        assert "connect-campaigns:GetCampaignStateBatch" in event["error"]["hint"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error_before", "code": "ThrottlingException"},
        {"kind": "error_before", "code": "InternalServerException"},
        {"kind": "lost_reply"},
        {"kind": "error_before", "code": "AccessDeniedException", "status": 503},
    ],
    ids=lambda fault: fault.get("code", fault["kind"]),
)
def test_what_may_heal_is_ridden_out(kit, fault):
    campaign_id = kit.in_state("Completed")
    fault_id = kit.emulator.add_fault(operation="GetCampaignStateBatch", times=2, **fault)
    [[event]] = run(events(make(campaign_id)))
    assert (event["state"], event["error"]) == ("Completed", None)
    assert [each["fired"] for each in kit.emulator.faults() if each["id"] == fault_id] == [2]


def test_an_outage_beyond_the_tolerance_is_told_with_what_was_last_known(kit):
    [campaign_id] = running_campaigns(kit, 1)
    kit.emulator.add_fault(operation="GetCampaignStateBatch", kind="lost_reply", times=1000, skip=1)
    [[event]] = run(events(make(campaign_id, outage_tolerance=1.5)))
    assert (event["state"], event["error"]["kind"], event["error"]["code"]) == ("Running", "NotSeen", "outage")
    assert "last known: Running" in event["error"]["found"]


def test_a_reply_that_never_comes_is_an_outage_too_and_blocks_nobody(kit):
    [campaign_id] = running_campaigns(kit, 1)
    fault_id = kit.emulator.add_fault(operation="GetCampaignStateBatch", kind="hold")

    async def life():
        await calls(kit, "GetCampaignStateBatch", 1)
        before = asyncio.get_running_loop().time()
        await asyncio.sleep(0.05)
        late = asyncio.get_running_loop().time() - before
        await asyncio.to_thread(kit.step, 3700)
        await asyncio.to_thread(kit.emulator.release, fault_id)
        return late

    [event], late = run(events(make(campaign_id)), life())
    assert event["state"] == "Completed"
    assert late < 1


@pytest.mark.usefixtures("kit")
def test_a_connection_that_cannot_be_used_ends_the_wait_instead_of_hanging():
    [[event]] = run(events(make("8f1c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f", aws_conn_id=None)))
    assert event["error"]["code"] == "no_region"
    assert not pollers()
