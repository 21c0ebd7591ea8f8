"""State names as DAG authors write them."""

from __future__ import annotations

import pytest

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.expecting import expectation

GOOD = [
    (("Completed",), ("Failed", "Stopped"), {"Completed"}, {"Failed", "Stopped"}),
    ("Completed", "Failed, Stopped", {"Completed"}, {"Failed", "Stopped"}),
    ("['Running', 'Paused']", ["Failed"], {"Running", "Paused"}, {"Failed"}),
    ({"Running"}, frozenset({"Stopped"}), {"Running"}, {"Stopped"}),
    (("Completed", "Failed", "Stopped"), (), {"Completed", "Failed", "Stopped"}, set()),
]


@pytest.mark.parametrize(("target", "failure", "success", "failed"), GOOD)
def test_lists_and_their_texts_are_understood(target, failure, success, failed):
    made = expectation(target, failure)
    assert (made.success, made.failure) == (success, failed)


BAD = [
    ((), ("Failed",), "target_states", "at least one", ""),
    ("", ("Failed",), "target_states", "at least one", ""),
    (("Completed",), (), "failure_states", "at least one", ""),
    (("Complete",), ("Failed",), "target_states", "Completed", "Completed"),
    (("completed",), ("Failed",), "target_states", "Completed", "Completed"),
    (("DONE",), ("Failed",), "target_states", "Initialized", "service's own"),
    (("Completed",), ("Faild",), "failure_states", "Failed", "Failed"),
    (("Completed", 5), ("Failed",), "target_states", "Completed", ""),
    (None, ("Failed",), "target_states", "list of state names", ""),
    (5, ("Failed",), "target_states", "list of state names", ""),
    ({"Completed": 1}, ("Failed",), "target_states", "list of state names", ""),
    (("Completed", "Stopped"), ("Failed", "Stopped"), "Stopped in both", "one of them", "failure_states"),
]


@pytest.mark.parametrize(("target", "failure", "found", "allowed", "hint"), BAD)
def test_what_cannot_be_meant_is_refused_in_three_parts(target, failure, found, allowed, hint):
    with pytest.raises(InvalidInput) as caught:
        expectation(target, failure)
    assert found in caught.value.found
    assert allowed in caught.value.allowed
    assert caught.value.hint
    assert hint in caught.value.hint
