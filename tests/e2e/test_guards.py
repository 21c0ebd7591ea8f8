"""Each guard at work: refused in a real run of an operator against the emulator, in words, with nothing made or started."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from connect_campaigns.core.errors import ConnectCampaignsError, GuardFailed, LaunchHeld, LaunchSkipped, ThreeParts
from connect_campaigns.core.guards import GUARDS
from connect_campaigns.core.records import Freeze
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator, StartCampaignOperator
from tests.emulator.campaign_kit import DOMAIN, SEGMENT_ARN
from tests.launch_kit import FLOW, HOURS, VOICE, Ran, World
from tests.log_kit import Lines

SOON = {"start_after": timedelta(minutes=10)}
OPT_OUT = {"communicationLimitsOverride": {"instanceLimitsHandling": "OPT_OUT"}}
KINDS = [CreateCampaignOperator, StartCampaignOperator, PreflightOperator]


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    return World(emulator, monkeypatch)


def clone(world: World, **parameters) -> StartCampaignOperator:
    return StartCampaignOperator(
        task_id="start", **{"template": world.template, "launch_key": "k", **SOON, **parameters}
    )


def other_template(world: World, **config) -> dict:
    given = {"channelSubtypeConfig": VOICE, "communicationTimeConfig": HOURS, "connectCampaignFlowArn": FLOW, **config}
    return {"template": world.kit.create(name="autumn", source={"customerProfilesSegmentArn": world.arn}, **given)}


def opted_out(world: World) -> dict:
    return {**other_template(world, **OPT_OUT), "if_no_limits": "fail"}


def today(world: World) -> str:
    return f"{world.kit.now() + timedelta(minutes=10):%Y-%m-%d}"


def freeze(world: World) -> dict:
    switch = Freeze(at="2026-12-24T09:00:00+00:00", by="anna", reason="holiday")
    world.emulator.client("s3").put_object(Bucket="ledger", Key="launches/control/freeze.json", Body=switch.to_json())
    return {}


def launched_before(world: World) -> dict:
    assert Ran(clone(world, launch_key="before")).error is None
    return {}


def active_on_the_source(world: World) -> dict:
    world.kit.campaigns.start_campaign(id=world.campaign(name="by hand"))
    return {"if_overlap": "fail"}


def prepared(world: World, **changes) -> dict:
    """What prepare_segment would hand over, with something changed."""
    return {"source": {**world.prepared(), **changes}}


def hours_ago(world: World, hours: float) -> str:
    return (world.kit.now() - timedelta(hours=hours)).isoformat()


def a_hundred_before(world: World) -> dict:
    assert Ran(clone(world, launch_key="before", **prepared(world, count=100))).error is None
    return {**prepared(world, count=135), "min_launch_gap": None, "max_audience_change_percent": 20}


OLD = {"due": datetime.now(UTC) - timedelta(days=2), "run_type": "scheduled"}
YESTERDAY = {"due": datetime.now(UTC) - timedelta(days=1)}
PAST = {"start_at": "00:00", "latest_start": "00:01", "end_at": "00:02", "timezone": "UTC"}
AT_NIGHT = {"default": {"MONDAY-SUNDAY": "22:00-24:00"}}
UNVERSIONED = {"connectCampaignFlowArn": "arn:aws:connect:us-east-1:123456789012:instance/i/contact-flow/f"}

# guard, what the world is made to be and what the operator is told, the run, the error, what the message must contain
REFUSED = [
    ("backfill", lambda _: {}, {"run_type": "backfill"}, LaunchSkipped, "made by a backfill"),
    ("run_age", lambda _: {}, OLD, GuardFailed, "was due 48."),
    ("schedule", lambda _: {**PAST, "start_after": None}, YESTERDAY, GuardFailed, "too late"),
    ("communication_hours", lambda world: other_template(world, communicationTimeConfig=None), {}, GuardFailed, "at any hour"),
    ("permitted_hours", lambda _: {"permitted_hours": AT_NIGHT}, {}, GuardFailed, "00:00-23:59 (permitted: 22:00-24:00)"),
    ("closed_days", lambda world: {"closed_days": {"FR": [today(world)]}}, {}, GuardFailed, "on a closed day"),
    ("campaign_flow", lambda world: other_template(world, **UNVERSIONED), {}, GuardFailed, "contact-flow/f'"),
    ("communication_limits", opted_out, {}, GuardFailed, "opts out"),
    ("launch_gap", launched_before, {}, GuardFailed, "launch key 'before' launched"),
    ("overlap", active_on_the_source, {}, LaunchHeld, "'by hand'"),
    ("prepared_segment", lambda world: prepared(world, definition_hash="0a1b2c3d"), {}, GuardFailed, "everybody has hash"),
    ("data_age", lambda world: {**prepared(world, imported_at=hours_ago(world, 3)), "max_data_age": timedelta(hours=2)},
     {}, GuardFailed, "imported 3.0 h ago"),
    ("suppression_age",
     lambda world: {**prepared(world, suppression_imported_at=hours_ago(world, 750)), "max_suppression_age": timedelta(days=31)},
     {}, GuardFailed, "the suppression list was imported 750.0 h ago"),
    ("data_expiry", lambda world: prepared(world, expires_at=hours_ago(world, -25)), {}, GuardFailed,
     "the audience's profiles are forgotten from"),
    ("audience", lambda world: prepared(world, count=0), {}, GuardFailed, "segment everybody is empty"),
    ("audience_change", a_hundred_before, {}, GuardFailed, "135 profiles, 35.0 % more than the 100 of the last launch"),
    ("exclusion", lambda _: {"require_exclusion": "do-not-call"}, {}, GuardFailed, "doesn't leave out 'do-not-call'"),
    ("freeze", freeze, {}, LaunchHeld, "by anna: holiday"),
]  # fmt: skip
IDS = [row[0] for row in REFUSED]


def test_every_guard_is_refused_here_or_where_its_page_says():
    elsewhere = {"manual_run", "recontact", "sql_segment"}  # below, test_relaunch.py, test_guards_of_audience.py
    assert {guard.name for guard in GUARDS} - elsewhere == set(IDS)


def launched_objects(world: World) -> list[str]:
    return [name for name in world.objects() if name.startswith(("keys/", "campaigns/", "launches/"))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "told", "run", "error", "words"), REFUSED, ids=IDS)
def test_a_refusal_names_what_was_found_and_allowed_and_makes_nothing(world, kind, name, told, run, error, words):
    given = {"task_id": "t", "template": world.template, "launch_key": "k", **SOON, **told(world)}
    objects, campaigns, starts = launched_objects(world), len(world.campaigns()), world.starts
    ran = Ran(kind(**given), **run)
    assert type(ran.error) is error
    assert ran.error.code == name
    assert words in ran.error.found
    assert all((ran.error.allowed, ran.error.hint))
    assert (launched_objects(world), len(world.campaigns()), world.starts) == (objects, campaigns, starts)
    assert ran.ti.xcoms == {}


def test_a_manual_run_that_only_checks_shows_every_guard_and_starts_nothing(world):
    checked = Ran(clone(world, if_manual="check"), scheduled=True).error
    assert isinstance(checked, LaunchSkipped)
    assert checked.code == "check_only"
    assert f"{len(GUARDS) + 1} guards" in checked.found
    assert launched_objects(world) == []


def test_a_template_without_limits_is_warned_of_once_and_launched(world):
    log = Lines()
    assert Ran(log.of(clone(world))).error is None
    warned = [line for line in log.lines if "communication_limits" in line]
    assert len(warned) == 1
    assert "allowed: " in warned[0]
    assert "hint: " in warned[0]
    assert (
        "WARNING: the campaign has no communication limits" in record_of(world, "k")["guards"]["communication_limits"]
    )


def record_of(world: World, key: str) -> dict:
    since = world.kit.now() - timedelta(days=1)
    ledger = world.hook().ledger_at(None)
    [record] = [
        each
        for each in ledger.launches_since(template=world.template, audience="everybody", since=since)
        if each.key == key
    ]
    return {"guards": record.guards, "at": record.at}


def test_opting_out_with_a_reason_launches_and_the_reason_is_on_record(world):
    told = other_template(world, **OPT_OUT)
    ran = Ran(clone(world, **told, if_no_limits="fail", ignore_instance_limits="a recall, required by law"))
    assert ran.error is None
    assert world.starts == 1


# -- when people may be contacted: what the connection says, and what a parameter says in its place -------------------------


def test_the_connection_says_it_once_for_every_launch(world):
    world.connect(permitted_hours=AT_NIGHT)
    assert Ran(clone(world)).error.code == "permitted_hours"
    world.connect(closed_days={"FR": [today(world)], "DE": []})
    assert Ran(clone(world)).error.code == "closed_days"
    assert Ran(clone(world, country="FR")).error.code == "closed_days"
    assert Ran(clone(world, country="DE")).error is None
    assert world.starts == 1


def test_a_parameter_takes_the_connection_s_place(world):
    world.connect(permitted_hours=AT_NIGHT, closed_days=[today(world)])
    always = {"default": {"MONDAY-SUNDAY": "00:00-24:00"}}
    assert Ran(clone(world, permitted_hours=always, closed_days=[])).error is None
    assert world.starts == 1


def test_a_calendar_file_closes_its_days_until_the_template_leaves_them_out(world, tmp_path):
    day = world.kit.now() + timedelta(minutes=10)
    closed = f"DTSTART;VALUE=DATE:{day:2020%m%d}\nSUMMARY:Founders' Day\nRRULE:FREQ=YEARLY\n"
    file = tmp_path / "holidays.ics"
    file.write_text(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{closed}END:VEVENT\nEND:VCALENDAR\n")
    world.connect(closed_days={"FR": str(file)})
    refused = Ran(clone(world)).error
    assert f"{day:%Y-%m-%d} (Founders' Day, FR) by telephony" in refused.found
    restricted = {"restrictedPeriods": {"restrictedPeriodList": [
        {"startDate": f"{day:%Y-%m-%d}", "endDate": f"{day + timedelta(days=1):%Y-%m-%d}"}]}}  # fmt: skip
    hours = {**HOURS, "telephony": {**HOURS["telephony"], **restricted}}
    two_days = {"schedule": world.kit.schedule(60, 36 * 3600), "communicationTimeConfig": hours}
    assert Ran(clone(world, **other_template(world, **two_days))).error is None


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"permitted_hours": {"voice": {}}}, "extra.permitted_hours"),
        ({"closed_days": "fr.ics"}, "extra.closed_days"),
        ({"closed_days": {"FR": "/nowhere/fr.ics"}}, "/nowhere/fr.ics"),
    ],
)
def test_a_wrong_connection_is_refused_with_nothing_written_and_hinders_no_brake(world, extra, words):
    given = world.campaign(name="by hand")
    world.connect(**extra)
    before = world.writes()
    for kind in KINDS:
        refused = Ran(kind(task_id="t", template=world.template, launch_key="k", **SOON)).error
        assert isinstance(refused, ConnectCampaignsError)
        assert words in refused.found
        assert all((refused.allowed, refused.hint))
    assert world.writes() == before
    assert world.hook().settings.launch_ledger
    assert world.hook().campaigns.state(given) == "Initialized"


# -- other launches ---------------------------------------------------------------------------------------------------------


def segment(world: World, name: str) -> str:
    everybody = {"Groups": [{"Dimensions": []}], "Include": "ALL"}
    world.emulator.client("customer-profiles").create_segment_definition(
        DomainName=DOMAIN, SegmentDefinitionName=name, DisplayName=name, SegmentGroups=everybody
    )
    return SEGMENT_ARN.replace("everybody", name)


def test_a_corrected_file_is_the_same_audience_and_another_market_is_not(world):
    first, corrected, other = (
        segment(world, name) for name in ("vip-fr-1a2b3c4d", "vip-fr-5e6f7a8b", "vip-de-1a2b3c4d")
    )
    assert Ran(clone(world, launch_key="fr", source=first)).error is None
    refused = Ran(clone(world, launch_key="fr again", source=corrected)).error
    assert refused.code == "launch_gap"
    assert "(vip-fr)" in refused.found
    assert Ran(clone(world, launch_key="de", source=other)).error is None
    assert Ran(clone(world, launch_key="fr", source=first)).launch["how"] == "attach"
    assert world.starts == 2


def test_the_gap_ends_and_can_be_taken_off(world):
    assert Ran(clone(world, launch_key="one")).error is None
    assert Ran(clone(world, launch_key="two", min_launch_gap=None)).error is None
    world.kit.step(2 * 3600)
    assert Ran(clone(world, launch_key="three", min_launch_gap=timedelta(hours=3))).error.code == "launch_gap"
    assert Ran(clone(world, launch_key="three", min_launch_gap=timedelta(hours=1))).error is None
    assert world.starts == 3


def test_the_gap_counts_from_the_contact_not_from_the_claim(world):
    ahead = {"start_after": timedelta(hours=6.5), "launch_key": "a", "min_launch_gap": timedelta(hours=12)}
    assert Ran(clone(world, **ahead)).error is None
    world.kit.step(12.5 * 3600)
    second = Ran(clone(world, launch_key="b", min_launch_gap=timedelta(hours=12))).error
    assert second.code == "launch_gap"
    assert "claimed 12.5 h ago for " in second.found
    world.kit.step(6.1 * 3600)
    assert Ran(clone(world, launch_key="b", min_launch_gap=timedelta(hours=12))).error is None
    assert world.starts == 2


def test_a_launch_that_still_goes_on_counts_after_the_gap_too(world):
    told = other_template(world, schedule=world.kit.schedule(60, 48 * 3600))
    first = Ran(clone(world, launch_key="a", **told))
    world.kit.campaigns.pause_campaign(id=first.value)
    world.kit.step(20 * 3600)
    assert "is Paused" in Ran(clone(world, launch_key="b", **told)).error.found
    world.kit.campaigns.stop_campaign(id=first.value)
    assert Ran(clone(world, launch_key="b", **told)).error is None


def test_a_deleted_campaign_s_launch_still_counts(world):
    first = Ran(clone(world, launch_key="one"))
    world.kit.campaigns.stop_campaign(id=first.value)
    world.kit.campaigns.delete_campaign(id=first.value)
    refused = Ran(clone(world, launch_key="two")).error
    assert refused.code == "launch_gap"
    assert "NotFound" in refused.found


def test_create_and_start_with_keys_of_their_own_don_t_stand_in_each_other_s_way(world):
    made = Ran(CreateCampaignOperator(task_id="create", template=world.template, **SOON))
    start = StartCampaignOperator(task_id="start", campaign_id=made.value)
    assert Ran(start).launch["how"] == "started"
    assert Ran(start).launch["how"] == "attach"
    second = Ran(CreateCampaignOperator(task_id="create", template=world.template, **SOON), run_id="manual__2").error
    assert second.code == "launch_gap"
    assert "spring_fr/manual__1/start" in second.found


def claimed_and_cut(world: World, key: str) -> str:
    """An attempt that has claimed and recorded, and whose starts were never answered; its campaign."""
    fault = world.emulator.add_fault(operation="StartCampaign", kind="error_before", times=4)
    assert Ran(clone(world, launch_key=key, min_launch_gap=None)).error.code == "start_unknown"
    assert fault
    world.emulator.clear_faults()
    names = {each["id"] for each in world.campaigns()} - {world.template}
    return next(name for name in names if world.state(name) == "Initialized")


def test_of_two_claimed_launches_the_earlier_goes_on_and_the_later_is_held(world, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    claimed_and_cut(world, "earlier")
    world.kit.step(5)
    claimed_and_cut(world, "later")
    for key in ("earlier", "later"):
        held = Ran(clone(world, launch_key=key)).error
        assert isinstance(held, LaunchHeld)
        assert (held.code, "is about to launch" in held.found) == ("launch_gap", True)
    world.kit.step(61)
    assert Ran(clone(world, launch_key="later")).error.code == "launch_gap"
    assert Ran(clone(world, launch_key="earlier")).launch["how"] == "started"
    assert "'earlier' launched" in Ran(clone(world, launch_key="later")).error.found
    assert world.starts == 1


def test_two_keys_at_once_never_launch_one_audience_twice(world):
    with ThreadPoolExecutor(2) as pool:
        for number in range(4):
            world.kit.step(13 * 3600)
            before = world.starts
            keys = (f"a{number}", f"b{number}")
            runs = list(pool.map(lambda key: Ran(clone(world, launch_key=key), due=world.kit.now()), keys))
            assert {ran.error.code for ran in runs if ran.error} == {"launch_gap"}
            world.kit.step(61)
            again = [Ran(clone(world, launch_key=key)) for key in keys]
            assert sum(ran.error is None for ran in again) == 1
            assert world.starts == before + 1


def test_an_overlap_ends_and_a_retry_launches(world):
    other = world.campaign(name="by hand")
    world.kit.campaigns.start_campaign(id=other)
    held = Ran(clone(world, if_overlap="fail")).error
    assert isinstance(held, LaunchHeld)
    assert other in held.found
    world.kit.campaigns.stop_campaign(id=other)
    assert Ran(clone(world, if_overlap="fail")).error is None


def test_an_overlap_may_only_be_told_of(world):
    log = Lines()
    world.kit.campaigns.start_campaign(id=world.campaign(name="by hand"))
    assert Ran(log.of(clone(world, if_overlap="warn"))).error is None
    assert "active on the same source: 'by hand'" in log.text


def test_an_overlap_on_the_source_s_other_spelling_is_one(world):
    other = world.kit.create_for_segment(world.arn.replace("/segment-definitions/", "/segments/"), name="by hand")
    world.kit.campaigns.start_campaign(id=other)
    assert Ran(clone(world, if_overlap="fail")).error.code == "overlap"


def test_a_clone_on_the_source_s_other_spelling_is_the_one_that_was_asked_for(world):
    short = world.arn.replace("/segment-definitions/", "/segments/")
    made = Ran(CreateCampaignOperator(task_id="t", template=world.template, launch_key="k", source=world.arn, **SOON))
    assert Ran(clone(world, source=short)).value == made.value
    assert world.starts == 1


def test_another_source_s_campaign_and_our_own_are_no_overlap(world):
    event_triggered = world.kit.in_state("Running")
    assert world.state(event_triggered) == "Running"
    assert Ran(clone(world, if_overlap="fail")).error is None
    assert Ran(clone(world, if_overlap="fail")).launch["how"] == "attach"


@pytest.mark.parametrize(("if_overlap", "code"), [("fail", "overlap"), ("warn", None)])
def test_without_the_right_to_list_fail_is_red_and_warn_goes_on(world, if_overlap, code):
    world.emulator.set_settings(access={"denied": [{"action": "connect-campaigns:ListCampaigns", "resource": "*"}]})
    ran = Ran(clone(world, if_overlap=if_overlap))
    assert getattr(ran.error, "code", None) == code
    if isinstance(ran.error, ThreeParts):
        assert "ListCampaigns" in ran.error.found
    else:
        assert "ListCampaigns" in record_of(world, "k")["guards"]["overlap"]


def test_a_launch_with_every_guard_asked_costs_a_fixed_number_of_calls(world):
    """Whatever the account holds but for the listing, which if_overlap asks for: 50 campaigns a call, 25 states a call."""
    for number in range(3):
        world.campaign(name=f"idle {number}", channelSubtypeConfig=VOICE)
    before = world.emulator.counts()
    assert Ran(clone(world, if_overlap="fail", closed_days=["2020-01-01"])).error is None
    used = {
        name: count["requests"] - before.get(name, {"requests": 0})["requests"]
        for name, count in world.emulator.counts().items()
    }
    assert used["connectcampaignsv2.ListCampaigns"] == used["connectcampaignsv2.GetCampaignStateBatch"] == 3
    assert used["s3.ListObjectsV2"] == 3
