"""`prepare_segment`: its tasks and templates, and a real Airflow running it."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.prepared import PreparedSegment
from connect_campaigns.operators import segments
from connect_campaigns.task_groups import prepare_segment
from tests.airflow_kit import takes_minutes
from tests.segment_kit import Crm

OPERATORS = [getattr(segments, name) for name in segments.__all__]
DAG_FILE = '''
"""A DAG of the test: prepares a segment, and writes down what a launch would be given."""

from datetime import UTC, datetime
from pathlib import Path
import json

from airflow.sdk import dag, task

from connect_campaigns.operators.segments import ImportProfilesOperator
from connect_campaigns.task_groups import prepare_segment


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), params={"folder": "?", "day": "?"})
def prepare():
    audience = prepare_segment(
        csv="{{ params.folder }}/{{ params.day }}.csv",
        key_column="{{ 'id' }}",
        definition=("spring", "Balance>{{ 1000 }}"),
        audience_run="{{ params.day }}",
        min_audience="{{ 2 }}",
        group_id="audience",
        retries=0,
    )
    mapped = ImportProfilesOperator.partial(task_id="more", key_column="id").expand(
        path=["{{ params.folder }}/a.csv", "{{ params.folder }}/b.csv"]
    )

    @task
    def write(given, imported, folder):
        Path(folder, "given.json").write_text(json.dumps({"given": given, "imported": list(imported)}))

    write(audience, mapped.output, "{{ params.folder }}")


prepare()
'''


def built(**given):
    from airflow.sdk import DAG

    with DAG("d", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        output = prepare_segment(definition=("spring", "Contact=cellular"), **given)
    return dag, output


def test_its_tasks_are_count_import_definition_estimate_in_this_order():
    dag, output = built(csv="/data/{{ ds }}.csv", key_column="id", group_id="audience", retries=7, pool="aws")
    assert dag.task_dict.keys() == {
        "audience.count_backfilled",
        "audience.import_profiles",
        "audience.create_definition",
        "audience.estimate",
    }
    assert dag.get_task("audience.import_profiles").upstream_task_ids == {"audience.count_backfilled"}
    assert dag.get_task("audience.create_definition").upstream_task_ids == {"audience.import_profiles"}
    assert dag.get_task("audience.estimate").upstream_task_ids >= {"audience.create_definition"}
    assert output.operator.task_id == "audience.estimate"
    assert {(each.retries, each.pool) for each in dag.tasks} == {(7, "aws")}


def test_without_a_file_nothing_is_imported():
    dag, output = built()
    assert dag.task_dict.keys() == {"prepare_segment.create_definition", "prepare_segment.estimate"}
    assert output.operator.imported is None


def test_all_it_is_given_reaches_the_operators():
    given = {
        "key_column": "id",
        "columns": {"id": "Attributes.id"},
        "rename_columns": "safe",
        "data_expiry_days": 30,
        "max_failed_rows": 2,
        "allow_all_profiles": True,
        "min_audience": 5,
        "max_audience": 6,
        "keep_rows": {"uri": "s3://history/spring/", "expiry_days": 30},
    }
    dag, _ = built(csv="x.csv", aws_conn_id="connect", region_name="eu-west-2", **given)
    for each in dag.tasks:
        for name, value in given.items():
            if name in inspect.signature(type(each)).parameters:
                assert getattr(each, name) == value, (each.task_id, name)
        assert (each.aws_conn_id, each.region_name) == ("connect", "eu-west-2")
    known = {name for each in dag.tasks for name in inspect.signature(type(each)).parameters}
    assert given.keys() <= known


def test_rows_of_no_file_can_not_be_kept():
    with pytest.raises(InvalidInput, match="no file whose rows could be kept"):
        built(keep_rows={"uri": "s3://history/spring/", "expiry_days": 30})


def test_the_segment_is_marked_as_the_import_marked_its_people():
    """By run and content: what the import makes of ``audience_run``, and not the parameter itself."""
    dag, _ = built(csv="x.csv", key_column="id", audience_run="spring/{{ ds }}")
    assert dag.get_task("prepare_segment.import_profiles").audience_run == "spring/{{ ds }}"
    mark = dag.get_task("prepare_segment.create_definition").audience_run
    assert (mark.operator.task_id, mark.key) == ("prepare_segment.import_profiles", "audience_run")


def test_several_segments_may_share_an_import():
    """A profile has one ``audience_run``: two files that name the same person would take him from each other."""
    from airflow.sdk import DAG

    with DAG("d", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        imported = segments.ImportProfilesOperator(task_id="all", path="x", key_column="id", audience_run="{{ ds }}")
        for name in ("a", "b"):
            prepare_segment(definition=(name, "Contact=cellular"), imported=imported, publish=True, group_id=name)
        with pytest.raises(InvalidInput, match="`imported` is given together"):
            prepare_segment(definition=("c", ""), imported=imported, csv="y.csv", key_column="id", group_id="c")
    for name in ("a", "b"):
        assert dag.get_task(f"{name}.create_definition").audience_run.operator is imported
        assert dag.get_task(f"{name}.estimate").imported.operator is imported
        assert dag.get_task(f"{name}.publish").upstream_task_ids == {f"{name}.estimate"}
    assert len(dag.tasks) == 7


@pytest.mark.parametrize("waits", [False, True])
def test_a_suppression_list_is_no_import_of_a_past_day_either_unless_something_else_comes_first(waits):
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG

    with DAG("d", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        listed = segments.ImportProfilesOperator(task_id="list", path="l.csv", key_column="id")
        after = EmptyOperator(task_id="extract") if waits else None
        prepare_segment(
            csv="x.csv", key_column="id", definition=("s", ""), audience_run="r", suppression=listed.output, after=after
        )
    assert listed.upstream_task_ids == (set() if waits else {"prepare_segment.count_backfilled"})
    estimate = dag.get_task("prepare_segment.estimate")
    assert estimate.upstream_task_ids >= {"list", "prepare_segment.create_definition"}
    assert estimate.trigger_rule == ("all_success" if waits else "none_failed_min_one_success")


def test_without_a_file_the_segment_keeps_to_the_run_that_is_named():
    dag, _ = built(audience_run="spring/2026-12-01/0a1b2c3d")
    assert dag.get_task("prepare_segment.create_definition").audience_run == "spring/2026-12-01/0a1b2c3d"


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_parameter_is_templated_and_constructors_only_assign(operator):
    own = [
        name
        for name, each in inspect.signature(operator.__init__).parameters.items()
        if each.kind.name == "KEYWORD_ONLY"
    ]
    assert set(own) - {"deferrable"} <= set(operator.template_fields)
    marks = {name: f"{{{{ {name} }}}}" for name in operator.template_fields}
    made = operator(task_id="t", **marks)
    assert {name: getattr(made, name) for name in marks} == marks


@pytest.mark.parametrize("operator", OPERATORS)
def test_no_parameter_or_method_shadows_airflows_own(operator):
    from airflow.sdk import BaseOperator

    own = set(inspect.signature(operator.__init__).parameters) - {"self", "kwargs"}
    own |= {name for name in vars(operator) if not name.startswith("_")}
    allowed = {"execute", "template_ext", "template_fields", "template_fields_renderers"}  # what operators declare
    assert (own - allowed) & set(dir(BaseOperator)) == set()


def airflow(*command, home, url):
    connection = {
        "conn_type": "aws",
        "login": "AKIDEXAMPLE",
        "password": "not-a-secret",
        "extra": {"region_name": "us-east-1", "endpoint_url": url, "customer_profiles_domain": "crm"},
    }
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
    }
    program = Path(sys.executable).with_name("airflow")
    done = subprocess.run(
        [program, *command], env=environment, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]


@takes_minutes
def test_a_real_airflow_prepares_an_audience_and_hands_it_on(emulator, monkeypatch, tmp_path):
    crm = Crm(emulator, monkeypatch, tmp_path)
    crm.file("id,Balance\n1,1500\n2,2000\n3,10\n", name="monday.csv")
    crm.file("id,Balance\n7,1500\n", name="a.csv")
    crm.file("id,Balance\n8,1500\n9,2000\n", name="b.csv")
    home = tmp_path / "airflow"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "prepare.py").write_text(DAG_FILE)
    airflow("db", "migrate", home=home, url=emulator.url)
    conf = json.dumps({"folder": str(tmp_path), "day": "monday"})
    airflow("dags", "test", "prepare", "-c", conf, home=home, url=emulator.url)
    written = json.loads((tmp_path / "given.json").read_text())
    prepared = PreparedSegment.from_dict(written["given"])
    assert (prepared.count, prepared.rows) == (2, 3)  # of this file only, though others are rich, too
    assert prepared.name == f"spring-{prepared.definition_hash}"
    assert sorted(each["rows"] for each in written["imported"]) == [1, 2]
