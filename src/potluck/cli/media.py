"""`potluck media`: move, check, count and clean up files."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from potluck.settings import current

if TYPE_CHECKING:
    from rich.progress import Progress

    from potluck.db.engine import Database
    from potluck.media.storage import Storage


@click.group()
def media() -> None:
    """Files: move them between storages, check, count and clean up."""


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Database, Storage]]:
    from potluck.assembly import install
    from potluck.db.engine import Database
    from potluck.db.migrate import upgrade
    from potluck.db.nodes import NodeLease
    from potluck.media.storage import storage_of

    install()
    database = Database(current(), pool_size=2)
    try:
        await upgrade(database)
        async with NodeLease(database, "command"):
            yield database, storage_of(current())
    finally:
        await database.close()


def _run(work: Coroutine[Any, Any, int]) -> None:
    from potluck.media.places import StorageError

    try:
        code = asyncio.run(work)
    except StorageError as error:
        raise click.ClickException(str(error)) from error
    sys.exit(code)


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    return Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
                    TimeRemainingColumn(), console=Console(stderr=True))


@media.command()
@click.option("--to", "target", required=True, type=click.Choice(["local", "s3"]), help="Where all files are to be.")
@click.option("--verify/--no-verify", default=True, help="Read each copy back and compare its digest.")
def migrate(target: str, verify: bool) -> None:
    """Move all files to another storage, verified, while the server runs. It can be stopped and begun again."""
    _run(_migrate(target, verify))


async def _migrate(target: str, verify: bool) -> int:
    from potluck.media import migrating

    counts: dict[str, int] = {}
    async with _opened() as (database, storage):
        if target == "s3":
            _ = storage.bucket  # says so at once when the settings name none
        async with database.read() as session:
            files, size = await migrating.left(session, target)
        with _bar() as bar:
            task = bar.add_task(f"{files} files to {target}", total=size)
            async for moved in migrating.Migration(database, storage, target, verify=verify).run():
                counts[moved.outcome] = counts.get(moved.outcome, 0) + 1
                if moved.outcome != migrating.MOVED:
                    click.echo(f"{moved.key}: {moved.outcome}: {moved.text}", err=True)
                bar.update(task, advance=moved.size)
    bad = sum(counts.values()) - counts.get(migrating.MOVED, 0)
    click.echo(f"{counts.get(migrating.MOVED, 0)} files are moved to {target}"
               + (f", {bad} are not: {_words(counts, migrating.MOVED)}" if bad else ""))
    if current().media_storage != target:
        click.echo(f"New files still go to {current().media_storage}: set media_storage to {target}.")
    return 1 if bad else 0


def _words(counts: dict[str, int], without: str) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items()) if word != without)


@media.command()
@click.option("--digests", is_flag=True, help="Read every file through and compare its digest.")
def check(digests: bool) -> None:
    """Say whether every file that is referred to is there. Ends with 1 if one is not."""
    _run(_check(digests))


async def _check(digests: bool) -> int:
    from potluck.media import checking

    counts: dict[str, int] = {}
    async with _opened() as (database, storage):
        async with database.read() as session:
            found = await checking.places(session)
        with _bar() as bar:
            task = bar.add_task(f"{sum(place.files for place in found)} files",
                                total=sum(place.size for place in found))
            async for checked in checking.check(database, storage, digests=digests):
                counts[checked.outcome] = counts.get(checked.outcome, 0) + 1
                if checked.outcome != checking.GOOD:
                    click.echo(f"{checked.key}: {checked.outcome}")
                bar.update(task, advance=checked.size)
    bad = sum(counts.values()) - counts.get(checking.GOOD, 0)
    click.echo(f"{counts.get(checking.GOOD, 0)} files are good"
               + (f", {bad} are not: {_words(counts, checking.GOOD)}" if bad else ""))
    return 1 if bad else 0


@media.command()
def usage() -> None:
    """Show what files and the database take, and whose files take most."""
    _run(_usage())


async def _usage() -> int:
    from potluck.db import sizes
    from potluck.media import checking
    from potluck.media.quotas import readable

    settings = current()
    async with _opened() as (database, _storage), database.read() as session:
        for place in await checking.places(session):
            click.echo(f"{place.name:<12} {place.files:>10} files {readable(place.size):>12}")
        files, size = await checking.cached_files(session)
        click.echo(f"{'of others':<12} {files:>10} files {readable(size):>12} of"
                   f" {_limit(settings.remote_media_budget)}")
        click.echo(f"{'database':<12} {'':>16} {readable(await sizes.used(session)):>12} of"
                   f" {_limit(settings.database_budget)}")
        for person in await checking.biggest(session):
            click.echo(f"@{person.name:<11} {person.files:>10} files {readable(person.size):>12}")
    return 0


def _limit(size: int) -> str:
    from potluck.media.quotas import readable

    return readable(size) if size else "no limit"


@media.command()
def collect() -> None:
    """Remove now what nothing refers to (the engine does so little by little)."""
    _run(_collect())


async def _collect() -> int:
    from potluck.media.collecting import Collector

    async with _opened() as (database, storage):
        click.echo(f"{await Collector(database, storage).everything()} files are removed")
    return 0
