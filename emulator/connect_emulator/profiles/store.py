"""All domains, the database under them, and what goes on in the background."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from connect_emulator.errors import ServiceError
from connect_emulator.profiles.calculated_use import attribute_of, rows_for
from connect_emulator.profiles.compile import fields_of
from connect_emulator.profiles.database import Database
from connect_emulator.profiles.domains import Domain
from connect_emulator.profiles.export import Members, write_parts
from connect_emulator.profiles.limits import closure
from connect_emulator.profiles.refusals import bad_request, not_found
from connect_emulator.profiles.snapshots import last_export
from connect_emulator.profiles.sql_segments import check_data_store, check_query, members_of
from connect_emulator.profiles.table import ProfileTable
from connect_emulator.profiles.upload_path import UploadRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from duckdb import DuckDBPyConnection

    from connect_emulator.clock import Clock
    from connect_emulator.profiles.segments import Content, SegmentDefinition
    from connect_emulator.profiles.settings import ProfileSettings
    from connect_emulator.profiles.sorting import SortKey
    from connect_emulator.profiles.upload_path import Ticket
    from connect_emulator.profiles.uploads import UploadJob

Structure = dict[str, Any]
T = TypeVar("T")


class ProfileStore:
    """The data of Customer Profiles; made and used on the event loop, queries run on the database's thread."""

    def __init__(self, settings: ProfileSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._folder = Path(tempfile.mkdtemp(prefix="connect-emulator-"))
        self.database = Database(folder=self._folder)
        self.domains: dict[str, Domain] = {}
        self.tickets: dict[str, Ticket] = {}
        self.numbers = itertools.count()
        self._background: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """End what goes on in the background and forget everything."""
        for task in self._background:
            task.cancel()
        self.database.interrupt()
        await asyncio.gather(*self._background, return_exceptions=True)  # they tidy up in the database
        await self.database.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on after the reply; it has to handle its own errors."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def create_domain(
        self, name: str, *, expiration_days: int, config: Structure, tags: dict[str, str], now: datetime
    ) -> Domain:
        """Make a domain.

        :raises ServiceError: BadRequestException when it exists.
        """
        if name in self.domains:
            raise bad_request(
                found=f"Domain `{name}` already exists",
                allowed="a name that the account doesn't have yet",
                hint="use UpdateDomain, or another name",
            )
        # Names may differ in case only, which DuckDB's schemas can't.
        table = ProfileTable(schema=f"domain_{next(self.numbers)}", settings=self.settings)
        domain = Domain(
            name=name,
            table=table,
            created_at=now,
            updated_at=now,
            expiration_days=expiration_days,
            config=config,
            tags=tags,
        )
        self.domains[name] = domain
        await self.database.run(table.create)
        return domain

    def domain(self, name: str) -> Domain:
        """Return a domain.

        :raises ServiceError: ResourceNotFoundException.
        """
        if name not in self.domains:
            raise not_found(what="Domain", name=name, hint="ListDomains lists those there are")
        return self.domains[name]

    async def delete_domain(self, name: str, *, now: datetime) -> None:
        """Remove a domain with all that belongs to it; its upload jobs are stopped."""
        domain = self.domain(name)
        for job in domain.jobs.values():
            if job.status == "IN_PROGRESS":
                job.stop(now=now)
        del self.domains[name]
        self.tickets = {token: ticket for token, ticket in self.tickets.items() if ticket.domain is not domain}
        await self.database.run(domain.table.drop)

    async def check_sql(self, domain: Domain, text: str, *, as_of: datetime) -> None:
        """Refuse an SQL segment that the domain can't have, and with `invalid_sql=400` one that can't be evaluated.

        :raises ServiceError: BadRequestException.
        """
        check_data_store(domain)
        if self.settings.invalid_sql == "400":
            await self.on_table(domain, lambda connection: check_query(connection, domain, text, as_of=as_of))

    async def count(self, domain: Domain, content: Content, *, as_of: datetime) -> int:
        """Return how many profiles are in the segment at that emulator time.

        :raises ServiceError: BadRequestException when it can't be evaluated.
        """

        def work(connection: DuckDBPyConnection, members: Members) -> int:
            return domain.table.count_where(connection, members.query())

        return await self.on_members(domain, content, as_of=as_of, work=work)

    async def export(
        self,
        domain: Domain,
        content: Content,
        *,
        data_format: str,
        folder: Path,
        as_of: datetime,
        sort: tuple[SortKey, ...] = (),
    ) -> tuple[list[Path], Sequence[str] | None]:
        """Write the segment's members at that emulator time to files of a snapshot.

        :returns: the files in order, and whom an SQL segment's query gave.
        :raises ServiceError: BadRequestException when it can't be evaluated.
        """

        def work(connection: DuckDBPyConnection, members: Members) -> tuple[list[Path], Sequence[str] | None]:
            parts = write_parts(connection, members, data_format=data_format, folder=folder, settings=self.settings)
            return parts, members.ids

        return await self.on_members(domain, content, as_of=as_of, sort=sort, work=work)

    async def on_members(
        self,
        domain: Domain,
        content: Content,
        *,
        as_of: datetime,
        work: Callable[[DuckDBPyConnection, Members], T],
        sort: tuple[SortKey, ...] = (),
    ) -> T:
        """Return what `work` makes of the segment's members at that emulator time, calculated attributes included.

        :raises ServiceError: BadRequestException when it can't be evaluated.
        """
        sorted_by = {key.field for key in sort}
        if isinstance(content, str):
            check_data_store(domain)

            def by_sql(connection: DuckDBPyConnection) -> T:
                ids = members_of(connection, domain, content, as_of=as_of, patience=self.settings.sql_timeout_seconds)
                query = partial(domain.table.alive, as_of=as_of, ids=ids)
                self._calculate(connection, domain, sorted_by, as_of=as_of)
                return work(connection, Members(table=domain.table, query=query, ids=ids, sort=sort))

            return await self.on_table(domain, by_sql)
        sources = closure(content, known=domain.groups_by_name())
        members = Members(
            table=domain.table, query=partial(domain.table.members, content, sources=sources, as_of=as_of), sort=sort
        )
        fields = {field for each in (content, *sources.values()) for field in fields_of(each)} | sorted_by

        def by_groups(connection: DuckDBPyConnection) -> T:
            self._calculate(connection, domain, fields, as_of=as_of)
            return work(connection, members)

        return await self.on_table(domain, by_groups)

    def _calculate(self, connection: DuckDBPyConnection, domain: Domain, fields: set[str], *, as_of: datetime) -> None:
        if not any(attribute_of(field) for field in fields):
            return
        everybody = domain.table.ids(connection) if self.settings.calculated_missing == "zero" else []
        domain.table.calculate(connection, list(rows_for(domain, fields, now=as_of, zero_for=everybody)))

    async def on_table(self, domain: Domain, work: Callable[[DuckDBPyConnection], T]) -> T:
        """Return what `work` returns on the database's thread, with every profile in the table."""
        waiting = domain.take_waiting()

        def prepared(connection: DuckDBPyConnection) -> T:
            if waiting:
                domain.table.insert(connection, waiting)
            return work(connection)

        return await self.database.run(prepared)

    @contextmanager
    def folder_for(self, name: str) -> Iterator[Path]:
        """Give a folder of its own to some work; it is removed after it.

        :param name: made by us, never from a request.
        """
        folder = self._folder / name
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def has_segment(self, arn: str) -> bool:
        """Return whether there is a definition with this ARN, in either of its two spellings."""
        return self._segment(arn) is not None

    async def audience(self, segment_arn: str, *, as_of: datetime) -> int | None:
        """Return how many members the segment has at that emulator time.

        None when there is no such definition, or when it can't be evaluated since a source segment is gone:
        what depends on a deleted definition fails when it is used (inferred).
        """
        found = self._segment(segment_arn)
        if found is None:
            return None
        domain, definition = found
        if isinstance(definition.content, str) and self.settings.sql_campaigns != "evaluated":
            return await self._exported_audience(domain, definition, as_of=as_of)
        try:
            return await self.count(domain, definition.content, as_of=as_of)
        except ServiceError:
            return None

    async def _exported_audience(self, domain: Domain, definition: SegmentDefinition, *, as_of: datetime) -> int | None:
        exported = last_export(domain, definition, now=as_of, days=self.settings.sql_snapshot_days)
        if exported is None or self.settings.sql_campaigns == "failed":
            return None
        alive = domain.table.alive(as_of=as_of, ids=sorted(exported.members))
        return await self.on_table(domain, lambda connection: domain.table.count_where(connection, alive))

    def ticket(self, token: str) -> Ticket:
        """Return what was given out with an upload URL.

        :raises UploadRefusedError: 403, as S3 says of what it doesn't know.
        """
        if token not in self.tickets:
            raise UploadRefusedError(403, "AccessDenied", "No upload job gave out this URL")
        return self.tickets[token]

    async def keep_file(self, token: str, body: BinaryIO) -> Path:
        """Copy an uploaded file to where the database can read it."""
        path = self._folder / f"{token}-{next(self.numbers)}.csv"

        def copy() -> None:
            body.seek(0)
            with path.open("wb") as file:
                shutil.copyfileobj(body, file)

        await asyncio.to_thread(copy)
        return path

    def replace_file(self, job: UploadJob, kept: Path) -> None:
        """Make a kept file the one that the job will read; the other one, or a late one, is removed."""
        stale, job.file = (job.file, kept) if job.status == "CREATED" else (kept, job.file)
        if stale is not None:
            stale.unlink(missing_ok=True)

    def _segment(self, arn: str) -> tuple[Domain, SegmentDefinition] | None:
        # One page of the documentation spells it `segments`, the service reference `segment-definitions`.
        prefix, separator, name = arn.rpartition("/")
        wanted = prefix.removesuffix("/segments").removesuffix("/segment-definitions")
        domain = self.domains.get(wanted.rpartition("/")[2])
        definition = domain.definitions.get(name) if domain and separator else None
        if domain is None or definition is None:
            return None
        return (domain, definition) if definition.arn == f"{wanted}/segment-definitions/{name}" else None
