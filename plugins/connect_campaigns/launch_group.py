"""The task group of one launch: its check runs before everything that its audience comes from, where it can.

It can't where other launches need the same tasks, since a check that fails or skips would hold those up too, and where a
task comes before the check itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_campaigns._compat import TaskGroup
from connect_campaigns.operators.launching import LaunchingOperator

if TYPE_CHECKING:
    from collections.abc import Iterable

    Tasks = dict[str, Any]
    """Tasks by id, mapped ones among them: Airflow has no public type for both."""


class LaunchGroup(TaskGroup):
    """The tasks of one launch, `check` and `create` among them."""

    def update_relative(self, other: Any, upstream: bool = True, edge_modifier: Any = None) -> None:  # noqa: FBT001, FBT002 - Airflow's signature
        """Take in what the DAG puts in front of this group (or behind it): the check waits for it, and not the reverse."""
        super().update_relative(other, upstream, edge_modifier)
        if upstream:
            self.check_first(after=other.leaves)

    def check_first(self, *, after: Iterable[Any] = ()) -> None:
        """Put the check in front of what the audience comes from; done anew, it replaces what it did before.

        :param after: tasks that the check is going to wait for
        """
        sources = _sources(self.task("create"))
        others = self._others(sources)
        self._place(sources, others, after)
        for group in {each.task_group.group_id: each.task_group for each in others}.values():
            if isinstance(group, LaunchGroup) and group.stands_before(sources):
                group.check_first()

    def task(self, label: str) -> Any:
        """Give one of its tasks, by its id without the group's."""
        return self.get_child_by_label(label)

    def stands_before(self, tasks: Tasks) -> bool:
        """Whether the check is directly in front of one of these tasks."""
        return not self.task("check").downstream_task_ids.isdisjoint(tasks)

    def _place(self, sources: Tasks, others: Iterable[Any], after: Iterable[Any]) -> None:
        check = self.task("check")
        for task_id, task in sources.items():
            check.downstream_task_ids.discard(task_id)
            task.upstream_task_ids.discard(check.task_id)
        kept_free = _before([check, *after]).union(*(_sources(each) for each in others))
        within = check.get_closest_mapped_task_group()  # mapped launches share what comes from outside
        own = {
            task_id: task
            for task_id, task in sources.items()
            if task_id not in kept_free and task.get_closest_mapped_task_group() is within
        }
        for task in own.values():
            if task.upstream_task_ids.isdisjoint(own):
                check >> task
                if task.trigger_rule != "all_success":  # it runs where check skipped: what follows must see that itself
                    check >> [each for each in task.downstream_list if each.task_id in own]

    def _others(self, sources: Tasks) -> list[Any]:
        """Find the tasks of other launches that these tasks lead to, but not through a launch."""
        found: Tasks = {}
        seen = set(sources)
        waiting = list(sources.values())
        while waiting:
            for each in waiting.pop().downstream_list:
                if _launches(each):
                    found[each.task_id] = each
                elif each.task_id not in seen:
                    seen.add(each.task_id)
                    waiting.append(each)
        return [each for task_id, each in found.items() if task_id not in self.children]


def _sources(launching: Any) -> Tasks:
    """Find everything that comes before a task of a launch, up to other launches."""
    found: Tasks = {}
    waiting = list(launching.upstream_list)
    while waiting:
        each = waiting.pop()
        if each.task_id not in found and not _launches(each):
            found[each.task_id] = each
            waiting += each.upstream_list
    return found


def _before(tasks: Iterable[Any]) -> set[str]:
    """Name these tasks and everything that comes before them."""
    found: set[str] = set()
    waiting = list(tasks)
    while waiting:
        each = waiting.pop()
        if each.task_id not in found:
            found.add(each.task_id)
            waiting += each.upstream_list
    return found


def _launches(task: Any) -> bool:
    """Whether a task is part of a launch: of a group, or an operator that stands alone."""
    kind = getattr(task, "operator_class", type(task))
    return isinstance(task.task_group, LaunchGroup) or (isinstance(kind, type) and issubclass(kind, LaunchingOperator))
