"""Refresh a segment from a warehouse: the rows of a query become a file in S3, and its people the segment."""

from __future__ import annotations

import pendulum
from airflow.providers.amazon.aws.transfers.sql_to_s3 import SqlToS3Operator
from airflow.sdk import Param, dag

from connect_campaigns.task_groups import per_day, prepare_segment, run_day

SEGMENT = "warehouse-fr"
ZONE = "Europe/Paris"
QUERY = """SELECT customer_id, first_name, '+' || phone AS phone, country, plan, balance
           FROM customers WHERE NOT do_not_contact ORDER BY customer_id"""
EXACT = {"dtype_backend": "numpy_nullable", "coerce_float": False}  # else whole numbers beside a NULL become floats
PLAIN = {"index": False, "lineterminator": "\r\n"}  # no column of row numbers; a text with a lone \r stands in quotes
DOC = """
Every night at 02:00 this DAG writes what its query finds to S3, a file a day, imports it, counts the segment of its people
and publishes the segment's asset: DAGs with `schedule=[segment_asset("warehouse-fr")]` start by themselves.

- It needs pandas, the database's provider, and a query with an order: `docs/warehouse.md`.
- The same rows again change nothing; a corrected row makes another file, another import and another definition.
- A **backfill** runs the query, too, and counts its rows under each day's name; it imports and publishes nothing.
- **Wrong people?** Pause the DAG that launches; if it launched: `python -m connect_campaigns pause CAMPAIGN`.
"""


@dag(
    schedule="0 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    doc_md=DOC,
    tags=["connect", "segment"],
    default_args={"retries": 3, "retry_delay": pendulum.duration(minutes=2)},
    params={
        "warehouse": Param("warehouse", type="string", description="Airflow connection of the database"),
        "bucket": Param("crm", type="string", description="S3 bucket for the files"),
        "prefix": Param("warehouse-fr", type="string", description="where in it they are: 2026-12-01.csv, by the day"),
        "segment": Param("", type="string", description="who, as `Country=FR, balance>1000`; empty = all the rows"),
        "min_audience": Param(1, type="integer", minimum=0, description="fewer people than this are no audience"),
        "expiry_days": Param(14, type="integer", minimum=1, description="days until who is in no later file goes"),
    },
)
def warehouse_segment() -> None:
    key = "{{ params.prefix }}/" + f"{run_day(timezone=ZONE)}.csv"
    query = SqlToS3Operator(
        task_id="query",
        sql_conn_id="{{ params.warehouse }}",
        query=QUERY,
        s3_bucket="{{ params.bucket }}",
        s3_key=key,
        replace=True,
        read_kwargs=EXACT,
        df_kwargs=PLAIN,
    )
    prepare_segment(
        csv="s3://{{ params.bucket }}/" + key,
        key_column="customer_id",
        definition=(SEGMENT, "{{ params.segment }}"),
        audience_run=per_day(SEGMENT, timezone=ZONE),
        data_expiry_days="{{ params.expiry_days }}",
        min_audience="{{ params.min_audience }}",
        publish=True,
        after=query,
    )


warehouse_segment()
