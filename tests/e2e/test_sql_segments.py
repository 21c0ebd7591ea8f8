"""Segments defined by SQL, from the definition to the launch: refused before it unless somebody allowed them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connect_campaigns.core.definitions import content_hash
from connect_campaigns.core.errors import GuardFailed, InvalidInput, ServiceUnavailable
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator, StartCampaignOperator
from connect_campaigns.operators.segments import CreateSegmentDefinitionOperator
from tests.emulator.campaign_kit import DOMAIN
from tests.launch_kit import Ran, World
from tests.log_kit import Lines
from tests.segment_kit import Crm, defining, estimating, run

FIRST = "SELECT ProfileId FROM profile WHERE FirstName = 'P0'"
SOON = {"start_after": timedelta(minutes=10)}


@pytest.fixture
def crm(emulator, monkeypatch, tmp_path):
    made = Crm(emulator, monkeypatch, tmp_path)
    made.profiles.update_domain(DomainName=DOMAIN, DataStore={"Enabled": True})
    return made


@pytest.fixture
def world(emulator, monkeypatch) -> World:
    world = World(emulator, monkeypatch, people=3)
    emulator.client("customer-profiles").update_domain(DomainName=DOMAIN, DataStore={"Enabled": True})
    return world


def test_a_definition_by_sql_is_made_once_under_the_hash_of_its_text(crm):
    lines = Lines()
    told = run(lines.of(defining(sql=f"  {FIRST}\n")))
    made = crm.profiles.get_segment_definition(DomainName=DOMAIN, SegmentDefinitionName=told["name"])
    assert (made["SegmentSqlQuery"], made["SegmentType"]) == (FIRST, "ENHANCED")
    assert told["name"] == f"spring-{content_hash(FIRST)}" == run(defining(sql=FIRST))["name"]
    assert crm.effects("CreateSegmentDefinition") == 1
    assert "campaigns can use it only where AWS Support enabled that" in lines.text


@pytest.mark.usefixtures("crm")
def test_another_text_is_another_definition_and_the_log_shows_the_difference():
    first, lines = run(defining(sql=f"{FIRST}\nOR FirstName = 'Ann'"))["name"], Lines()
    assert run(lines.of(defining(sql=f"{FIRST}\nOR FirstName = 'Bea'")))["name"] != first
    [shown] = [line for line in lines.lines if f"differs from {first}:" in line]
    assert [line for line in shown.splitlines() if line[:1] in "+-"] == [
        "-OR FirstName = 'Ann'",
        "+OR FirstName = 'Bea'",
    ]


def test_sql_may_stand_in_a_definition_file_or_a_sql_file(crm, tmp_path):
    (tmp_path / "x.yaml").write_text(f"name: spring\nsql: |\n  {FIRST}\n")
    (tmp_path / "x.sql").write_text("SELECT ProfileId FROM profile WHERE FirstName = '{{ params.who }}'")
    from airflow.sdk import DAG

    with DAG("d", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), template_searchpath=[str(tmp_path)]):
        templated = CreateSegmentDefinitionOperator(task_id="t", name="spring", sql="x.sql")
    templated.resolve_template_files()
    templated.render_template_fields({"params": {"who": "P0"}})
    by_file = CreateSegmentDefinitionOperator(task_id="t", definition=str(tmp_path / "x.yaml"))
    assert run(templated) == run(by_file) == run(defining(sql=FIRST))
    assert crm.effects("CreateSegmentDefinition") == 1


REFUSED = [
    ({"sql": ""}, "`sql` is ''"),
    ({"sql": 5}, "`sql` is 5"),
    ({"sql": FIRST.ljust(50_001, "x")}, "(50001 characters)"),
    ({"sql": FIRST, "groups": "A=b"}, "`sql` is given together with `groups`"),
    ({"sql": FIRST, "audience_run": "today"}, "`sql` is given together with `audience_run`"),
    ({"sql": FIRST, "name": None, "definition": "x.yaml"}, "`definition` is given together with"),
    ({"sql": FIRST, "name": "no good"}, "`name` is 'no good'"),
]


@pytest.mark.parametrize(("given", "found"), REFUSED)
def test_what_can_be_told_of_sql_beforehand_is_told_before_anything_is_sent(crm, given, found):
    before = crm.emulator.counts()
    with pytest.raises(InvalidInput) as caught:
        run(defining(**given))
    assert found in caught.value.found
    assert all((caught.value.allowed, caught.value.hint))
    assert crm.emulator.counts() == before


@pytest.mark.usefixtures("crm")
def test_what_only_the_service_can_tell_comes_with_its_words_when_it_is_counted():
    made = run(defining(sql="SELECT ProfileId FROM customers"))
    with pytest.raises(ServiceUnavailable, match="SQL that reads `customers`") as caught:
        run(estimating(segment=made, allow_sql_segment=True))
    assert caught.value.code == "estimate_failed"


REFUSAL = """\
segment {name} is defined by SQL (SegmentSqlQuery)
allowed: segments defined by groups (SegmentGroups): campaigns can't use SQL segments unless AWS Support enables that for\
 the account, and membership is that of the last exported snapshot (documented)
hint: write the condition as groups; where AWS Support enabled it: allow_sql_segment=True"""


def create(world: World, **given) -> CreateCampaignOperator:
    return CreateCampaignOperator(task_id="t", **{"template": world.template, "launch_key": "k", **SOON, **given})


def test_it_is_refused_before_the_estimate_and_before_anything_of_the_launch(world):
    made = Ran(defining(sql=FIRST)).value
    counted = Ran(estimating(segment=made)).error
    assert (type(counted), counted.code) == (GuardFailed, "sql_segment")
    assert str(counted) == REFUSAL.format(name=made["name"])
    assert world.emulator.effects("CreateSegmentEstimate") == 0
    prepared, writes = world.prepared(made["name"]), world.writes()
    checked = Ran(PreflightOperator(task_id="t", template=world.template, launch_key="k", source=prepared, **SOON))
    for refused in (Ran(create(world, source=prepared)).error, checked.error):
        assert (type(refused), refused.code) == (GuardFailed, "sql_segment")
    assert str(Ran(create(world, source=prepared)).error) == REFUSAL.format(name=made["name"])
    assert (world.writes(), world.starts) == (writes, 0)


def test_the_start_refuses_it_too(world):
    made = Ran(defining(sql=FIRST)).value
    prepared = Ran(estimating(segment=made, allow_sql_segment=True)).value
    campaign = Ran(create(world, source=prepared, allow_sql_segment=True)).value
    refused = Ran(StartCampaignOperator(task_id="t", campaign_id=campaign, launch_key="k", source=prepared)).error
    assert (refused.code, world.starts) == ("sql_segment", 0)


def test_with_allow_sql_segment_it_is_counted_and_launched_once(world):
    given = {"allow_sql_segment": "true"}
    made = Ran(defining(sql=FIRST)).value
    prepared = Ran(estimating(segment=made, **given)).value
    assert prepared["count"] == 1
    created = Ran(create(world, source=prepared, **given))
    assert created.error is None, created.error
    for _ in range(2):
        started = Ran(
            StartCampaignOperator(
                task_id="t",
                campaign_id=created.value,
                launch_key="k",
                source=prepared,
                renew_schedule=True,
                **SOON,
                **given,
            )
        )
        assert started.error is None, started.error
    assert world.starts == 1
    described = world.kit.campaigns.describe_campaign(id=created.value)["campaign"]
    assert described["source"] == {"customerProfilesSegmentArn": made["arn"]}
    assert world.state(created.value) == "Running"
