"""Every Airflow version gate, and nowhere else; plain classes where Airflow is absent.

Tested on Airflow 2.11 and 3.3. The command line sets ``CONNECT_CAMPAIGNS_WITHOUT_AIRFLOW`` before anything is
imported: on the day it is needed Airflow may be broken, and importing it takes seconds.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

WITHOUT_AIRFLOW = "CONNECT_CAMPAIGNS_WITHOUT_AIRFLOW"

if TYPE_CHECKING:
    from airflow.sdk import Asset, AssetAlias, BaseOperator, BaseSensorOperator, TaskGroup, XComArg
    from airflow.sdk.bases.sensor import PokeReturnValue
    from airflow.sdk.configuration import conf
    from airflow.sdk.definitions.context import Context
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )
    from airflow.triggers.base import BaseTrigger, TriggerEvent
else:
    try:
        if os.environ.get(WITHOUT_AIRFLOW):
            raise ImportError(WITHOUT_AIRFLOW)  # noqa: TRY301 - the same way out as where it is not installed
        import airflow  # noqa: F401
    except ImportError:

        class AirflowException(Exception):
            """Stands for Airflow's own class where Airflow is absent."""

        class AirflowFailException(AirflowException):
            """Stands for Airflow's own class where Airflow is absent."""

        class AirflowSkipException(AirflowException):
            """Stands for Airflow's own class where Airflow is absent."""

    else:
        try:
            from airflow.sdk import Asset, AssetAlias, BaseOperator, BaseSensorOperator, TaskGroup
        except ImportError:  # Airflow 2.11
            from airflow.datasets import Dataset as Asset
            from airflow.datasets import DatasetAlias as AssetAlias
            from airflow.models import BaseOperator
            from airflow.sensors.base import BaseSensorOperator as GuardedSensor
            from airflow.utils.task_group import TaskGroup

            class BaseSensorOperator(GuardedSensor):
                """Airflow's own, whose ``execute`` an override may call.

                2.11 takes ``super().execute`` in a sensor for one that is called outside of a task: it warns, or
                fails where ``allow_nested_operators`` is off.
                """

            # Set afterwards: the metaclass wraps whatever `execute` a class body has.
            BaseSensorOperator.execute = GuardedSensor.execute.__wrapped__
        try:
            from airflow.sdk.bases.sensor import PokeReturnValue
        except ImportError:  # Airflow 2.11
            from airflow.sensors.base import PokeReturnValue
        try:
            from airflow.sdk.configuration import conf
        except ImportError:  # before Airflow 3.2
            from airflow.configuration import conf
        try:
            from airflow.sdk.exceptions import (
                AirflowException,
                AirflowFailException,
                AirflowSensorTimeout,
                AirflowSkipException,
            )
        except ImportError:  # before Airflow 3.2
            from airflow.exceptions import (
                AirflowException,
                AirflowFailException,
                AirflowSensorTimeout,
                AirflowSkipException,
            )

        def __getattr__(name: str) -> Any:
            # Airflow's trigger module costs an operator's import a third of its budget; only triggers need it.
            if name in {"BaseTrigger", "TriggerEvent"}:
                from airflow.triggers import base

                return getattr(base, name)
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)


def due_time(dag_run: Any, context: Any) -> Any:
    """When a run was due to start: ``run_after`` (Airflow 3); before, its data interval's end, or its date if manual."""
    due = getattr(dag_run, "run_after", None)
    if due is None:
        due = context.get("logical_date") if run_type(dag_run) == "manual" else context.get("data_interval_end")
    return due


def run_type(dag_run: Any) -> str:
    """A run's type as text, whichever enum this Airflow has."""
    return str(getattr(dag_run.run_type, "value", dag_run.run_type))


def knows_alias(name: str) -> bool:
    """Whether Airflow can publish by an alias: 2.11 fails on one that its scheduler hasn't read yet, 3 makes it."""
    try:
        from airflow.models.dataset import DatasetAliasModel  # type: ignore[import-not-found] # Airflow 2.11 alone has it
    except ImportError:  # Airflow 3
        return True
    from airflow.utils.session import create_session

    with create_session() as session:
        return session.query(DatasetAliasModel).filter_by(name=name).first() is not None


def triggering_events(context: Any) -> list[tuple[str, Any]]:
    """The asset events that triggered a run: each asset's URI, and the event's extra."""
    by_asset = context.get("triggering_asset_events")
    if (
        by_asset is None
    ):  # Airflow 2.11 reads them from the database when they are looked at, which a mapped task under `dags test` can't bear
        if run_type(context["dag_run"]) != "dataset_triggered":
            return []
        by_asset = context.get("triggering_dataset_events") or {}
        return [(str(uri), event.extra) for uri, events in by_asset.items() for event in events]
    # An event stands there twice: under its asset, and under the alias that it was published by.
    return [
        (asset.uri, event.extra) for asset, events in by_asset.items() if isinstance(asset, Asset) for event in events
    ]


__all__ = [
    "WITHOUT_AIRFLOW",
    "AirflowException",
    "AirflowFailException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "Asset",
    "AssetAlias",
    "BaseOperator",
    "BaseSensorOperator",
    "BaseTrigger",
    "Context",
    "PokeReturnValue",
    "TaskGroup",
    "TriggerEvent",
    "XComArg",
    "conf",
    "due_time",
    "knows_alias",
    "run_type",
    "triggering_events",
]
