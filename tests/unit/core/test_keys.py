"""Launch keys and the names of the ledger's objects."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import dateutil
import dateutil.tz
import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.keys import (
    MAX_KEY,
    audience_name,
    checked_key,
    claim_object,
    key_object,
    launch_key,
    per_day,
    same_source,
)
from connect_campaigns.core.run import RunInfo

RUN = RunInfo(dag_id="spring", run_id="scheduled__2026-12-01", task_id="launch.start")


def test_the_default_key_names_dag_run_and_task():
    assert launch_key(None, run=RUN) == "spring/scheduled__2026-12-01/launch.start"


def test_the_deployment_leads_the_key():
    assert launch_key("spring/fr", run=RUN, deployment="staging") == "staging/spring/fr"


@pytest.mark.parametrize(
    "deployment", ["", "None", " ", " x", "x\n", "x\ny", "a/b", "/", "nul\0", ["a"], 7, "x" * 3000, "x" * (MAX_KEY - 9)]
)
def test_a_deployment_without_a_form_is_refused(deployment):
    with pytest.raises(InvalidInput) as caught:
        launch_key("spring/fr", run=RUN, deployment=deployment)
    assert all((caught.value.found, caught.value.allowed, caught.value.hint))


def test_the_longest_deployment_that_a_key_has_room_for():
    assert len(launch_key("spring/fr", run=RUN, deployment="x" * (MAX_KEY - 10))) == MAX_KEY


def test_no_deployment_leads_nothing():
    assert launch_key("spring/fr", run=RUN, deployment=None) == "spring/fr"


DEFINITIONS = "arn:aws:profile:us-east-1:123456789012:domains/crm/segment-definitions/"


@pytest.mark.parametrize(
    ("name", "audience"),
    [
        ("vip-fr-1a2b3c4d", "vip-fr"),
        ("vip-a0000000", "vip"),
        ("vip-0000000f", "vip"),
        ("vip-20261201", "vip-20261201"),
        ("market-10000001", "market-10000001"),
        ("vip-1A2B3C4D", "vip-1A2B3C4D"),
        ("vip-1a2b3c4", "vip-1a2b3c4"),
        ("vip-1a2b3c4d5", "vip-1a2b3c4d5"),
        ("market-10000001-1a2b3c4d", "market-10000001"),
        ("1a2b3c4d", "1a2b3c4d"),
    ],
)
def test_an_audience_is_the_definition_s_name_without_our_hash(name, audience):
    assert audience_name(DEFINITIONS + name) == audience
    assert audience_name(DEFINITIONS.replace("segment-definitions", "segments") + name) == audience


def test_a_campaign_without_segment_has_a_name_for_it_too():
    assert audience_name(None) == "-"


def test_the_two_spellings_of_a_definition_s_arn_are_one_source():
    short = DEFINITIONS.replace("segment-definitions", "segments")
    assert same_source(f"{DEFINITIONS}a", f"{short}a")
    assert not same_source(f"{DEFINITIONS}a", f"{short}b")
    assert not same_source(f"{DEFINITIONS}a", None)
    assert not same_source(None, f"{DEFINITIONS}a")
    of_domain = "arn:aws:profile:us-east-1:123456789012:domains/{}/{}/a"
    assert same_source(of_domain.format("segments", "segments"), of_domain.format("segments", "segment-definitions"))
    assert not same_source(
        of_domain.format("segments", "segments"), of_domain.format("segment-definitions", "segments")
    )


def test_a_mapped_task_has_to_name_its_launch():
    mapped = RunInfo(dag_id="d", run_id="r", task_id="t", map_index=0)
    with pytest.raises(InvalidInput) as caught:
        launch_key(None, run=mapped)
    assert "map index shifts" in caught.value.allowed
    assert launch_key("spring/fr", run=mapped) == "spring/fr"


@pytest.mark.parametrize(
    "key", ["", " ", " padded", "padded ", "tab\there", "line\nbreak", "nul\0", "x" * (MAX_KEY + 1), 7, None]
)
def test_a_key_without_a_form_is_refused(key):
    with pytest.raises(InvalidInput) as caught:
        checked_key(key)
    assert all((caught.value.found, caught.value.allowed, caught.value.hint))


@given(st.text(min_size=1, max_size=MAX_KEY).filter(lambda key: key == key.strip() != "None" and key.isprintable()))
def test_any_printable_key_has_a_safe_object_name(key):
    name = key_object(checked_key(key), 0)
    assert name.startswith("keys/")
    assert name.isascii()
    assert len(name) < 100


@given(st.text(min_size=1, max_size=50), st.text(min_size=1, max_size=50), st.integers(0, 99), st.integers(0, 99))
def test_two_keys_or_generations_never_share_an_object(one, two, first, second):
    assert (key_object(one, first) == key_object(two, second)) == ((one, first) == (two, second))


@pytest.mark.parametrize("campaign", ["", "a/b", "arn:aws:connect-campaigns:us-east-1:1:campaign/x", "../x"])
def test_a_claim_is_by_bare_id(campaign):
    with pytest.raises(InvalidInput):
        claim_object(campaign)


def rendered(template: str, run_after: datetime | None, **context) -> str:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - as Airflow does
    kind = {"run_type": context.pop("run_type", "scheduled")}
    dag_run = SimpleNamespace(run_after=run_after, **kind) if run_after else SimpleNamespace(**kind)
    return environment.from_string(template).render(
        dag_run=dag_run, macros=SimpleNamespace(dateutil=dateutil), **context
    )


def test_per_day_is_the_run_s_day_in_that_zone():
    template = per_day("spring/fr", timezone="Europe/Paris")
    assert rendered(template, datetime(2026, 12, 1, 1, 30, tzinfo=UTC)) == "spring/fr/2026-12-01"
    assert rendered(template, datetime(2026, 12, 1, 23, 30, tzinfo=UTC)) == "spring/fr/2026-12-02"


def test_per_day_works_before_airflow_3():
    template = per_day("spring/fr", timezone="Europe/Paris")
    assert (
        rendered(template, None, data_interval_end=datetime(2026, 12, 1, 23, 30, tzinfo=UTC)) == "spring/fr/2026-12-02"
    )


def test_per_day_of_a_manual_run_before_airflow_3_is_the_day_it_was_made_for():
    """Its data interval ended with the last scheduled run's: a weekly DAG's on Monday, for a click on Wednesday."""
    template = per_day("spring/fr", timezone="Europe/Paris")
    monday, wednesday = datetime(2026, 11, 30, 2, tzinfo=UTC), datetime(2026, 12, 2, 9, tzinfo=UTC)
    made = rendered(template, None, run_type="manual", data_interval_end=monday, logical_date=wednesday)
    assert made == "spring/fr/2026-12-02"


@pytest.mark.parametrize(("name", "timezone"), [("", "UTC"), ("spring", "Mars/Base"), ("spring", ""), ("spring", None)])
def test_per_day_refuses_what_names_no_launch(name, timezone):
    with pytest.raises(InvalidInput):
        per_day(name, timezone=timezone)
