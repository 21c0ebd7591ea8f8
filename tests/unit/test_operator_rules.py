"""Rules that every operator and sensor of this package keeps, checked on the classes themselves."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap

import pytest

import connect_campaigns.operators
import connect_campaigns.sensors
from connect_campaigns._compat import BaseOperator, BaseSensorOperator
from connect_campaigns.connection import CONNECTION_FIELDS, ConnectOperator

CONSTRUCTED_ONLY = {"deferrable"}
"""Parameters that decide how a task runs and not on what: Airflow's own are not templated either."""

NO_CALLS = {"PublishSegmentOperator", "ReadRefreshedSegmentOperator"}
"""Operators that talk to Airflow alone: they take no connection."""


def _classes() -> list[type]:
    found = set()
    for package in (connect_campaigns.operators, connect_campaigns.sensors):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            for each in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(each) and issubclass(each, BaseOperator) and each.__module__ == module.name:
                    found.add(each)
    return sorted(found, key=lambda each: each.__name__)


CLASSES = _classes()


def own_parameters(kind: type) -> set[str]:
    """The parameters that a class and its bases in this package add to Airflow's own."""
    names: set[str] = set()
    for each in kind.__mro__:
        if each.__module__.startswith("connect_campaigns") and "__init__" in vars(each):
            names |= set(inspect.signature(vars(each)["__init__"]).parameters)
    return names - {"self", "kwargs"}


def test_there_are_operators_to_check():
    assert {"StartCampaignOperator", "CreateCampaignOperator", "CampaignStateSensor", "ImportProfilesOperator"} <= {
        each.__name__ for each in CLASSES
    }


@pytest.mark.parametrize("kind", CLASSES)
def test_every_parameter_is_templated(kind):
    assert own_parameters(kind) - set(kind.template_fields) == own_parameters(kind) & CONSTRUCTED_ONLY
    assert issubclass(kind, BaseSensorOperator | ConnectOperator) != (kind.__name__ in NO_CALLS)
    assert kind.__name__ in NO_CALLS or set(CONNECTION_FIELDS) <= set(kind.template_fields)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_templated_field_is_a_parameter_assigned_as_it_came(kind):
    """Airflow renders attributes after the constructor: one that computes would work on the template's text."""
    for each in kind.__mro__:
        if not each.__module__.startswith("connect_campaigns") or "__init__" not in vars(each):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(vars(each)["__init__"]))).body[0].body
        for statement in body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                assert isinstance(statement.value, ast.Name | ast.Constant), ast.unparse(statement)
            else:
                assert ast.unparse(statement).startswith(("super().__init__(", "'")), ast.unparse(statement)
    assert set(kind.template_fields) <= own_parameters(kind)


@pytest.mark.parametrize("kind", CLASSES)
def test_no_parameter_shadows_one_of_airflow_s_own(kind):
    airflow_s = set(inspect.signature(BaseOperator.__init__).parameters) | set(
        inspect.signature(BaseSensorOperator.__init__).parameters
    )
    taken = {name for name in dir(BaseOperator) if not name.startswith("_")}
    assert own_parameters(kind) & (airflow_s | taken) == set()


@pytest.mark.parametrize("kind", [each for each in CLASSES if "execute" in vars(each)])
def test_validate_comes_before_the_first_call(kind):
    source = inspect.getsource(kind.execute)
    checks = [at for at in (source.find("validate()"), source.find("self.request(context)")) if at >= 0]
    assert checks
    assert "self.hook" not in source[: min(checks)]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_public_parameter_is_documented_as_templated(kind):
    for each in kind.__mro__:
        if each.__module__.startswith("connect_campaigns.") and "__init__" in vars(each) and each.__doc__:
            documented = each.__doc__
            for name in inspect.signature(vars(each)["__init__"]).parameters:
                if name in {"self", "kwargs"} or name in CONNECTION_FIELDS:
                    continue
                told = documented.partition(f":param {name}:")[2].partition(":param ")[0].partition(":return")[0]
                assert "(templated" in told or name in CONSTRUCTED_ONLY, f"{each.__name__}: {name}"


REQUIRED = {
    "CampaignStateSensor": {"campaign_id": "c"},
    "CheckCampaignOutcomeOperator": {"campaign_id": "c"},
    "CountBackfilledRowsOperator": {"path": "p", "key_column": "k"},
    "CreateCampaignOperator": {"template": "t"},
    "CreateSegmentDefinitionOperator": {"name": "n", "groups": "Country=FR"},
    "DeleteCampaignOperator": {"campaign_id": "c"},
    "DeleteFinishedCampaignsOperator": {"keep_last": 3},
    "EstimateSegmentOperator": {"segment": "s"},
    "ExportSegmentSnapshotOperator": {"segment": "s", "destination": "s3://bucket/p"},
    "ImportProfilesOperator": {"path": "p", "key_column": "k"},
    "PauseCampaignOperator": {"campaign_id": "c"},
    "PreflightOperator": {"template": "t"},
    "PublishSegmentOperator": {"segment": {"arn": "a"}},
    "ReadRefreshedSegmentOperator": {"segment": "s"},
    "ResumeCampaignOperator": {"campaign_id": "c"},
    "StartCampaignOperator": {"template": "t"},
    "StopCampaignOperator": {"campaign_id": "c"},
}


def region(kind: type) -> dict[str, str]:
    """A parameter beside those that are expanded, for whatever operator takes a connection."""
    return {} if kind.__name__ in NO_CALLS else {"region_name": "us-east-1"}


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind.__name__ in REQUIRED])
def test_every_operator_can_be_mapped(kind):
    """Expanded over what it needs, and serialized as the scheduler does it."""
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization

    given = REQUIRED[kind.__name__]
    with DAG("mapped", schedule=None) as dag:
        kind.partial(task_id="mapped", **region(kind)).expand_kwargs([given, given])
    again = DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task("mapped")
    assert again.is_mapped
    assert set(kind.template_fields) == set(again.template_fields)


def test_no_operator_is_left_out_of_mapping():
    bases = {base for kind in CLASSES for base in kind.__mro__[1:]} - {
        each for each in CLASSES if each.__name__ in REQUIRED
    }
    assert {kind.__name__ for kind in CLASSES if kind not in bases} == set(REQUIRED)
