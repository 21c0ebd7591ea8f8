"""The DAGs that data teams copy: they parse fast and alone, and show what they do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from connect_campaigns.core.guard_settings import ANY
from connect_campaigns.operators.campaigns import CreateCampaignOperator
from connect_campaigns.operators.housekeeping import DeleteFinishedCampaignsOperator
from connect_campaigns.task_groups import run_day
from tests.airflow_kit import DAGS, ROOT, parsed
from tests.unit.test_operator_rules import CLASSES

FILES = sorted(DAGS.glob("*.py"))
OF_A_PROVIDER = {"warehouse_segment"}
"""DAGs that use an operator of the Amazon provider's own, which imports the SDK."""


@pytest.fixture(scope="module")
def dags():
    return parsed(DAGS)


def test_all_files_parse(dags):
    assert set(dags) == {path.stem for path in FILES}


def test_parsing_asks_no_connection_and_imports_no_sdk():
    """In a process of its own: whatever a DAG file does on import is paid by the scheduler, again and again."""
    program = f"""
import sys
sys.path.insert(0, {str(DAGS)!r})
from airflow.sdk import Connection
from airflow.sdk.bases.hook import BaseHook
def refuse(*args, **kwargs): raise AssertionError("a connection was asked for while parsing")
BaseHook.get_connection = Connection.get = refuse
before = {{name for name in sys.modules if name.split(".")[0] in ("boto3", "botocore")}}
for stem in {[path.stem for path in FILES if path.stem not in OF_A_PROVIDER]!r}: __import__(stem)
after = {{name for name in sys.modules if name.split(".")[0] in ("boto3", "botocore")}}
assert after == before, sorted(after - before)[:5]
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_warehouse_s_dag_parses_where_pandas_and_the_database_s_provider_are_not():
    """The scheduler's image need not have what only the worker uses."""
    program = f"""
import sys
sys.path.insert(0, {str(DAGS)!r})
sys.modules |= dict.fromkeys(("numpy", "pandas", "polars", "psycopg2", "airflow.providers.postgres"))
from airflow.sdk import Connection
from airflow.sdk.bases.hook import BaseHook
def refuse(*args, **kwargs): raise AssertionError("a connection was asked for while parsing")
BaseHook.get_connection = Connection.get = refuse
import warehouse_segment
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_dag_shows_what_it_is(dags):
    for dag in dags.values():
        assert dag.doc_md
        assert "pause" in dag.doc_md, "what to do when the wrong people are called"
        assert dag.tags
        assert dag.is_paused_upon_creation
        assert dag.catchup is False
        for name in dag.params:
            assert dag.params.get_param(name).description, name


def test_a_dag_file_is_read_in_a_minute():
    for path in FILES:
        assert len(path.read_text().splitlines()) <= 85, path.name


def test_a_dag_survives_serialization(dags):
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in dags.values():
        again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        assert set(again.task_dict) == set(dag.task_dict)


def test_the_nightly_launch_checks_before_it_imports(dags):
    nightly = dags["nightly_launch"]
    assert nightly.get_task("prepare_segment.import_profiles").upstream_task_ids == {
        "launch_campaign.check",
        "prepare_segment.count_backfilled",
    }
    # It runs where check skips a backfill, since somebody has to count the rows.
    counted = nightly.get_task("prepare_segment.count_backfilled")
    assert (counted.upstream_task_ids, counted.trigger_rule) == ({"launch_campaign.check"}, "none_failed")
    chain = [
        "prepare_segment.import_profiles",
        "prepare_segment.create_definition",
        "prepare_segment.estimate",
        "launch_campaign.create",
        "launch_campaign.start",
        "launch_campaign.wait",
        "launch_campaign.outcome",
    ]
    for earlier, later in pairwise(chain):
        assert later in nightly.get_task(earlier).downstream_task_ids
    assert {task.task_id for task in nightly.leaves} == {"launch_campaign.outcome"}


def test_a_list_of_whom_not_to_call_is_imported_where_one_is_given_and_in_runs_of_today(dags):
    nightly = dags["nightly_launch"]
    listed = nightly.get_task("import_do_not_call")
    assert (listed.if_no_path, nightly.params["do_not_call_csv"]) == ("skip", "")
    assert listed.upstream_task_ids == {"prepare_segment.count_backfilled", "launch_campaign.check"}
    assert listed.downstream_task_ids == {"prepare_segment.estimate"}
    assert nightly.get_task("prepare_segment.estimate").trigger_rule == "none_failed_min_one_success"


def test_whom_not_to_call_is_left_out_by_every_segment_and_asked_for_by_every_launch(dags):
    for dag_id in ("nightly_launch", "refresh_segment", "nightly_segments"):
        tasks = [each for each in dags[dag_id].tasks if each.task_id.endswith("create_definition")]
        assert [each.groups[-1]["Type"] for each in tasks] == ["NONE"], dag_id
    for dag_id in ("nightly_launch", "launch_on_refresh"):
        assert dags[dag_id].params["require_exclusion"] == "Attributes.DoNotCall=yes"
        for name in ("create", "start"):
            assert (
                dags[dag_id].get_task(f"launch_campaign.{name}").require_exclusion == "{{ params.require_exclusion }}"
            )


def test_guards_of_the_nightly_launch_that_nobody_set_ask_nothing(dags):
    import jinja2

    params = {name: dags["nightly_launch"].params[name] for name in dags["nightly_launch"].params}
    start = dags["nightly_launch"].get_task("launch_campaign.start")
    given = dict.fromkeys(("max_suppression_age", "max_audience", "max_audience_change_percent"), ANY)
    for name, value in {**given, "min_audience": "1", "if_no_limits": "fail", "ignore_instance_limits": ""}.items():
        rendered = jinja2.Environment(autoescape=True).from_string(getattr(start, name)).render(params=params)
        assert rendered == value, name


def test_the_warehouse_s_file_is_written_first_where_it_is_read_and_over_that_of_an_earlier_try(dags):
    warehouse = dags["warehouse_segment"]
    query = warehouse.get_task("query")
    for task in ("count_backfilled", "import_profiles"):
        assert warehouse.get_task(f"prepare_segment.{task}").path == f"s3://{query.s3_bucket}/{query.s3_key}"
    counted = warehouse.get_task("prepare_segment.count_backfilled")
    assert (counted.upstream_task_ids, counted.trigger_rule) == ({"query"}, "all_success")
    assert query.replace is True  # else a retry fails: "already exists"
    assert query.max_rows_per_file == 0  # parts of an earlier try that had more of them would stay
    assert query.s3_key.endswith(f"/{run_day(timezone='Europe/Paris')}.csv")
    assert "ORDER BY" in query.query  # rows in another order are another file
    assert {task.task_id for task in warehouse.leaves} == {"prepare_segment.publish"}


def test_a_manual_trigger_of_the_nightly_launch_checks_unless_told_otherwise(dags):
    param = dags["nightly_launch"].params.get_param("manual_trigger")
    assert param.value == "check"
    assert param.schema["enum"] == ["check", "launch"]


def test_housekeeping_of_the_dag_has_the_operator_s_own_bounds(dags):
    """What the form shows is what the operator does without a form."""
    params = {name: dags["housekeeping"].params.get_param(name).value for name in dags["housekeeping"].params}
    operator = DeleteFinishedCampaignsOperator(task_id="defaults")
    assert timedelta(days=params["older_than_days"]) == operator.older_than
    assert timedelta(days=params["orphans_older_than_days"]) == operator.orphans_older_than
    for name in ("keep_last", "max_deletions", "report_only"):
        assert params[name] == getattr(operator, name), name
    [task] = dags["housekeeping"].tasks
    assert task.only_ours is True


def test_every_operator_appears_in_a_dag(dags, tmp_path):
    for page in ("housekeeping", "segment-exports"):
        [example] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text(), re.DOTALL)
        (tmp_path / f"{page}.py").write_text(example)
    examples = parsed(tmp_path)
    assert set(examples) == {"pause_at_noon", "resume_after_lunch", "call_it_off", "export_segment"}
    shown = {type(task) for dag in (*dags.values(), *examples.values()) for task in dag.tasks}
    bases = {base for kind in CLASSES for base in kind.__mro__[1:]}
    assert set(CLASSES) - bases - shown == set()
    assert {CreateCampaignOperator} <= shown


def test_the_package_is_kept_from_the_plugin_loader():
    ignored = (Path(DAGS).parent / "plugins" / ".airflowignore").read_text().split()
    assert "connect_campaigns/" in ignored


def test_what_comes_before_a_group_is_waited_for_by_all_of_it():
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG

    from connect_campaigns.task_groups import launch_campaign, prepare_segment

    with DAG("ordered", schedule=None) as dag:
        extract, refresh = EmptyOperator(task_id="extract"), EmptyOperator(task_id="refresh")
        prepare_segment(csv="x.csv", key_column="id", definition=("d", "Country=FR"), after=extract)
        refresh >> launch_campaign(template="t", launch_key="k")
    assert dag.get_task("prepare_segment.count_backfilled").upstream_task_ids == {"extract"}
    assert dag.get_task("prepare_segment.count_backfilled").trigger_rule == "all_success"
    assert dag.get_task("prepare_segment.import_profiles").upstream_task_ids == {"prepare_segment.count_backfilled"}
    assert dag.get_task("launch_campaign.check").upstream_task_ids == {"refresh"}
    assert dag.get_task("launch_campaign.create").upstream_task_ids == {"launch_campaign.check"}
