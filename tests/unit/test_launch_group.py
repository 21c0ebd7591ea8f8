"""Where a launch's check stands: in front of what its audience comes from, and in nobody else's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jinja2
import pytest

from connect_campaigns._compat import BaseOperator
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.operators.campaigns import StartCampaignOperator
from connect_campaigns.task_groups import launch_campaign, prepare_segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

sdk = pytest.importorskip("airflow.providers.common.compat.sdk")  # the same names on Airflow 2.11 and 3


@pytest.fixture
def dag() -> Iterator[Any]:
    with sdk.DAG("d", schedule=None) as dag:
        yield dag
    for task in dag.tasks:
        assert task.task_id not in task.get_flat_relative_ids(upstream=True), "a cycle"


def task(name: str) -> Any:
    return BaseOperator(task_id=name)


def segment(name: str = "s", **given: Any) -> Any:
    given = {"csv": "/x.csv", "key_column": "id", "definition": (name, "A=1"), "group_id": name, **given}
    return prepare_segment(**given)


def launch(name: str, source: Any, **given: Any) -> Any:
    return launch_campaign(template="t", source=source, launch_key=name, group_id=name, **given)


def before(dag: Any, name: str) -> set[str]:
    """What a task waits for directly."""
    return set(dag.get_task(name).upstream_task_ids)


def test_a_launch_of_its_own_is_checked_before_anything_is_prepared(dag):
    extract = task("extract")
    launch("a", segment("one"))
    launch("b", segment("two", after=extract))
    assert before(dag, "one.count_backfilled") == {"a.check"}
    assert before(dag, "one.import_profiles") == {"a.check", "one.count_backfilled"}
    assert before(dag, "extract") == {"b.check"}
    assert before(dag, "two.count_backfilled") == {"extract"}


@pytest.mark.parametrize("launches", ["ab", "abc"])
def test_an_audience_that_launches_share_waits_for_no_check(dag, launches):
    shared = segment()
    for name in launches:
        launch(name, shared, if_late="skip")
    prepared = [each for each in dag.tasks if each.task_id.startswith("s.")]
    assert all(name.startswith("s.") for each in prepared for name in each.upstream_task_ids)
    for name in launches:
        assert before(dag, f"{name}.check") == set()
        assert before(dag, f"{name}.create") == {f"{name}.check", "s.estimate"}


def test_what_launches_don_t_share_waits_for_its_own_check(dag):
    extract = task("extract")
    launch("a", segment("one", after=extract))
    launch("b", segment("two", after=extract))
    assert before(dag, "extract") == set()
    assert before(dag, "one.count_backfilled") == {"extract", "a.check"}
    assert before(dag, "two.count_backfilled") == {"extract", "b.check"}


def test_a_start_that_stands_alone_shares_the_audience_too(dag):
    shared = segment()
    StartCampaignOperator(task_id="start", template="t", launch_key="k", source=shared)
    launch("a", shared)
    assert before(dag, "s.count_backfilled") == set()


CHAINS: dict[str, Callable[[Any, Any], object]] = {
    ">>": lambda first, second: first >> second,
    "<<": lambda first, second: second << first,
}


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_launches_of_one_audience_may_follow_each_other(dag, chain):
    shared = segment()
    chain(launch("a", shared), launch("b", shared))
    assert before(dag, "b.check") == {"a.outcome"}
    assert before(dag, "s.count_backfilled") == set()


def test_an_audience_that_is_prepared_after_another_launch_waits_for_its_own_check(dag):
    first = launch("a", segment("one"))
    launch("b", segment("two", after=first))
    assert before(dag, "one.count_backfilled") == {"a.check"}
    assert before(dag, "two.count_backfilled") == {"a.outcome", "b.check"}
    assert before(dag, "b.check") == set()


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_what_stands_in_front_of_the_group_comes_before_its_check(dag, chain):
    began, extract = task("began"), task("extract")
    began >> extract
    chain(extract, launch("a", segment(after=extract)))
    assert before(dag, "began") == set()
    assert before(dag, "extract") == {"began"}
    assert before(dag, "a.check") == {"extract"}
    assert before(dag, "s.count_backfilled") == {"extract", "a.check"}


def test_a_parameter_of_the_launch_may_come_from_a_task_that_its_audience_comes_from(dag):
    chosen = task("chosen")
    launch_campaign(template=chosen.output, source=segment(after=chosen), launch_key="k", group_id="a")
    assert before(dag, "a.check") == {"chosen"}
    assert before(dag, "s.count_backfilled") == {"chosen", "a.check"}


def test_a_constant_that_the_wait_or_the_outcome_would_refuse_is_refused_by_the_dag(dag):
    for wrong in ({"on_shortfall": "warning"}, {"min_attempted": ""}, {"patience": "soon"}, {"max_poll_interval": 0}):
        with pytest.raises(InvalidInput, match=next(iter(wrong))):
            launch("a", None, **wrong)
    assert not dag.tasks


def test_a_template_that_they_would_refuse_is_refused_by_the_check_but_one_that_a_task_fills(dag):
    few = task("few")
    launch("a", segment(), on_shortfall="{{ params.shortfall }}", min_attempted=few.output)
    check = dag.get_task("a.check")
    assert set(check.afterwards) == {"on_shortfall", "patience", "max_poll_interval", "min_attempted_percent"}
    assert before(dag, "a.check") == set()
    assert before(dag, "a.outcome") == {"a.start", "a.wait", "few"}
    check.render_template_fields(
        {"params": {"shortfall": "warning"}, "dag_run": None}, jinja2.Environment(autoescape=True)
    )
    with pytest.raises(InvalidInput, match="`on_shortfall` is 'warning'"):
        check.validate()


def test_mapped_launches_share_what_comes_from_outside(dag):
    shared = segment()

    @sdk.task_group
    def market(template: str) -> None:
        launch_campaign(template=template, source=shared, launch_key=template, group_id="a")

    market.expand(template=["fr", "de"])
    assert before(dag, "s.count_backfilled") == set()
    assert before(dag, "market.a.create") == {"market.a.check", "s.estimate"}
