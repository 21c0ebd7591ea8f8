"""A definition in a file: what it says, and what is refused before anything is sent."""

from __future__ import annotations

import pytest

from connect_campaigns.core.definitions import define
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.operators.definition_file import read_definition
from connect_campaigns.operators.segments import CreateSegmentDefinitionOperator

FILE = """\
name: spring-fr
groups:
  - Type: ALL
    Dimensions:
      - ProfileAttributes:
          Attributes:
            Optin: {DimensionType: INCLUSIVE, Values: [yes, 0123]}
            Balance: {DimensionType: GREATER_THAN, Values: [1000]}
            Last: {DimensionType: AFTER, Values: [2026-02-01T00:00:00Z]}
"""


def written(folder, content: str | bytes) -> dict:
    (folder / "x.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_definition("x.yaml", folder=folder)


def test_values_are_the_texts_that_stand_there(tmp_path):
    [group] = define(**written(tmp_path, FILE)).groups["Groups"]
    values = {name: each["Values"] for name, each in group["Dimensions"][0]["ProfileAttributes"]["Attributes"].items()}
    assert values == {"Optin": ["yes", "0123"], "Balance": ["1000"], "Last": ["2026-02-01T00:00:00Z"]}


def test_shorthand_means_the_same_in_a_file(tmp_path):
    given = "Contact=cellular, Balance>1000"
    assert define(**written(tmp_path, f"name: x\ngroups: {given}\n")) == define(name="x", groups=given)


def test_an_operator_takes_its_file_from_beside_the_dag(tmp_path):
    (tmp_path / "x.yaml").write_text(FILE + "allow_all_profiles: false\n")
    told = CreateSegmentDefinitionOperator(task_id="t", definition=str(tmp_path / "x.yaml")).validate()
    assert told.base_name == "spring-fr"


REFUSED = [
    ("", "a file with `name:`"),
    ("- a\n", "a file with `name:`"),
    ("groups: []\n", "a file with `name:`"),
    ("name: x\ngruops: []\n", "perhaps `groups`"),
    ("name: x\ngroups: []\nname: y\n", "'name' twice, the second time in line 3"),
    ("name: x\ngroups:\n  Include: ALL\n  Include: ANY\n", "'Include' twice"),
    ("name: [x\n", "valid YAML"),
    ("name: x\n---\nname: y\n", "valid YAML"),
    ("name: !!python/object/apply:os.system [ls]\n", "name"),
    (b"name: \xe9\n", "UTF-8"),
]


@pytest.mark.parametrize(("content", "words"), REFUSED)
def test_a_file_that_says_something_else_is_refused(tmp_path, content, words):
    with pytest.raises(InvalidInput) as caught:
        define(**{"groups": "A=b", **written(tmp_path, content)})
    assert words in str(caught.value)
    assert all((caught.value.found, caught.value.allowed, caught.value.hint))


def test_a_file_that_isn_t_there_is_named_whole(tmp_path):
    with pytest.raises(InvalidInput, match=str(tmp_path / "no.yaml")):
        read_definition("no.yaml", folder=tmp_path)


@pytest.mark.parametrize("more", [{"name": "x"}, {"groups": "A=b"}])
def test_a_file_beside_the_parameters_it_replaces_is_a_contradiction(more):
    with pytest.raises(InvalidInput, match="together with"):
        CreateSegmentDefinitionOperator(task_id="t", definition="x.yaml", **more).validate()
