"""What goes on after a reply: the rows of an upload job, the count of an estimate, the files of a snapshot."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from connect_emulator.errors import ServiceError
from connect_emulator.profiles.csv_import import CsvImport, InvalidFileError
from connect_emulator.profiles.snapshots import Exported
from connect_emulator.profiles.sorting import sort_keys
from connect_emulator.profiles.uploads import INTERNAL_FAILURE, VALIDATION_FAILURE
from connect_emulator.s3_rules import S3Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from connect_emulator.profiles.csv_import import Results
    from connect_emulator.profiles.domains import Domain
    from connect_emulator.profiles.estimates import Estimate
    from connect_emulator.profiles.segments import Content, SegmentDefinition
    from connect_emulator.profiles.snapshots import Snapshot
    from connect_emulator.profiles.store import ProfileStore
    from connect_emulator.profiles.uploads import UploadJob

    PutFile = Callable[[str, str, Path], Awaitable[None]]
    """Stores a file in S3: bucket, key, path."""


async def run_estimate(
    store: ProfileStore, domain: Domain, estimate: Estimate, content: Content, *, as_of: datetime
) -> None:
    """Count a segment; what can't be evaluated makes the estimate FAILED, a bug of ours is raised as well."""
    await asyncio.sleep(store.settings.estimate_delay_seconds)
    try:
        estimate.succeed(await store.count(domain, content, as_of=as_of))
    except ServiceError as error:
        estimate.fail(error.message)
    except Exception:
        if store.domains.get(domain.name) is domain:
            estimate.fail("Internal failure: the emulator's stderr has the traceback")
            raise
        estimate.fail("The domain was deleted")


async def run_snapshot(
    store: ProfileStore,
    domain: Domain,
    snapshot: Snapshot,
    definition: SegmentDefinition,
    *,
    as_of: datetime,
    put: PutFile,
) -> None:
    """Write a segment's profiles to S3; the test object first, to find out whether that is allowed."""
    await asyncio.sleep(store.settings.snapshot_delay_seconds)
    bucket, prefix = snapshot.bucket_and_prefix
    try:
        with store.folder_for(snapshot.snapshot_id) as folder:
            if store.settings.snapshot_role_required and snapshot.role_arn is None:
                snapshot.fail("No RoleArn: the service can't write to the bucket. Hint: give the role to assume")
                return
            if store.settings.snapshot_test_object:
                test = folder / store.settings.snapshot_test_object
                await asyncio.to_thread(test.write_text, "test")
                await put(bucket, prefix + test.name, test)
            parts, ids = await store.export(
                domain,
                definition.content,
                data_format=snapshot.data_format,
                folder=folder,
                as_of=as_of,
                sort=sort_keys(definition.sort),
            )
            for part in parts:
                await put(bucket, prefix + part.name, part)
        exported = None if ids is None else Exported(definition=definition, at=as_of, members=frozenset(ids))
        snapshot.complete(settings=store.settings, exported=exported)
    except S3Refusal as refusal:
        snapshot.fail(f"Can't write to s3://{bucket}/{prefix}: {refusal.code}, {refusal.text}")
    except ServiceError as error:
        snapshot.fail(error.message)
    except Exception:
        if store.domains.get(domain.name) is domain:
            snapshot.fail("Internal failure: the emulator's stderr has the traceback")
            raise
        snapshot.fail("The domain was deleted")


async def run_upload(
    store: ProfileStore, domain: Domain, job: UploadJob, *, settled_now: Callable[[], Awaitable[datetime]]
) -> None:
    """Bring a started job's file in.

    :param settled_now: realises what is due by now, before the rows change the profiles, and gives that moment.
    """
    try:
        await asyncio.sleep(store.settings.upload_delay_seconds)
        if store.settings.upload_failure != "none":
            job.fail(store.settings.upload_failure, now=store.clock.now())
            return
        await _import(store, domain, job, settled_now=settled_now)
    except InvalidFileError:
        job.fail(VALIDATION_FAILURE, now=store.clock.now())
    except Exception:
        job.fail(INTERNAL_FAILURE, now=store.clock.now())
        raise
    finally:
        if job.file is not None:
            await asyncio.to_thread(job.file.unlink, missing_ok=True)


async def _import(
    store: ProfileStore, domain: Domain, job: UploadJob, *, settled_now: Callable[[], Awaitable[datetime]]
) -> None:
    if job.file is None:
        raise InvalidFileError("no file was put to the job's URL")
    file = await asyncio.to_thread(
        CsvImport,
        path=job.file,
        mapping=job.mapping,
        table=domain.table,
        settings=store.settings,
        number=job.number,
    )
    try:
        await store.database.run(file.stage)
        now = await settled_now()
        if job.status != "IN_PROGRESS":
            return
        job.finish(await _merge(store, domain, job, file, now=now), now=store.clock.now())
    finally:
        await store.database.run(file.discard)


async def _merge(store: ProfileStore, domain: Domain, job: UploadJob, file: CsvImport, *, now: datetime) -> Results:
    waiting = domain.take_waiting()

    def work(connection: DuckDBPyConnection) -> Results:
        if waiting:
            domain.table.insert(connection, waiting)
        return file.merge(connection, now=now, expires_at=now + timedelta(days=job.expiry_days))

    return await store.database.run(work)
