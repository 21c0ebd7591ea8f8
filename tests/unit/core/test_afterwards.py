"""What a launch tells its later tasks is judged beforehand, by their own rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connect_campaigns.core.afterwards import check_afterwards, constants, of_the_run
from connect_campaigns.core.errors import InvalidInput

WRONG = {
    "on_shortfall": "warning",
    "min_attempted": "",
    "min_attempted_percent": 101,
    "patience": "a while",
    "max_poll_interval": 0,
}
RIGHT = {
    "on_shortfall": "warn",
    "min_attempted": "5",
    "min_attempted_percent": None,
    "patience": timedelta(minutes=1),
    "max_poll_interval": 60,
}


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_what_its_task_would_refuse_is_refused(name, value):
    with pytest.raises(InvalidInput, match=name) as caught:
        check_afterwards({**RIGHT, name: value})
    assert caught.value.hint


@pytest.mark.parametrize("told", [{}, RIGHT, '{"patience": 60}'])
def test_what_they_would_take_passes(told):
    check_afterwards(told)


@pytest.mark.parametrize(("told", "word"), [({"patients": 60}, "patience"), ([], "a dict")])
def test_a_name_that_no_task_knows_is_refused(told, word):
    with pytest.raises(InvalidInput) as caught:
        check_afterwards(told)
    assert word in str(caught.value)


def test_what_is_known_when_the_dag_is_parsed_and_what_when_the_run_begins():
    template, later = "{{ params.few }}", "{{ ti.xcom_pull(task_ids='count') }}"
    told = {**RIGHT, "min_attempted": template, "min_attempted_percent": later, "patience": object()}
    known = {name: RIGHT[name] for name in ("on_shortfall", "max_poll_interval")}
    assert of_the_run(told) == {**known, "min_attempted": template}
    assert constants(told) == known
