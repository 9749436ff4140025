"""Looking into an export: it is fetched or unpacked, read through once, and nothing is taken over yet."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.jobs import JobRow
from potluck.settings import current
from potluck.transfer import archives
from potluck.transfer.archives import NoArchive
from potluck.transfer.blogs import deciding, fetching, pictures, sources
from potluck.transfer.blogs.items import Found, Item, Problem, Unreadable, checked
from potluck.transfer.blogs.spool import Spool, TooMany, opened

LOOK = "look_into_blog"
FOLDER = "blog_imports"
KEPT_DAYS = 14
BATCH, BATCH_BYTES = 100, 4 << 20
MAX_SINGLE = 2 << 30
"""Bytes of an export that is no archive."""


def folder_of(person_id: int, blog_id: int) -> Path:
    """Where an export lies until it is done with; in the data folder, which web and engine share."""
    return current().data / FOLDER / f"{person_id}-{blog_id}"


def key_of(person_id: int, blog_id: int) -> str:
    """Under which its jobs are found."""
    return f"blog-import:{person_id}:{blog_id}"


def spool_of(person_id: int, blog_id: int) -> Path:
    """The file with what was found; it is there once somebody looked."""
    return folder_of(person_id, blog_id) / "found.sqlite3"


async def gone(_session: AsyncSession, row: JobRow) -> None:
    """What came of a look that failed or was cancelled is not needed any more."""
    if row.owner_id is not None and row.args:
        await asyncio.to_thread(archives.remove, folder_of(row.owner_id, int(row.args[0])))


@jobs.define(LOOK, queue="general", label="Looking into your blog's export", ended=gone)
async def look_into(job: jobs.Job, blog_id: int, name: str, url: str = "") -> None:
    """Read an export through: the file that was given in, or the feed at an address."""
    person_id = job.owner_id or 0
    folder = folder_of(person_id, blog_id)
    try:
        if url:
            name = await job.step("fetch", partial(fetching.fetch_feed, url, folder / "export"))
        await job.step("look", partial(asyncio.to_thread, _look, job, folder, name))
        await _decide(job, person_id, blog_id)
    except (NoArchive, fetching.NotFetched) as error:
        raise jobs.JobFailed(str(error)) from error
    except Unreadable as error:
        raise jobs.JobFailed(error.message, **error.data) from error


def _look(job: jobs.Job, folder: Path, name: str) -> None:
    source = folder / "export"
    if not source.exists():
        raise NoArchive("The file is not there any more.")
    for old in folder.glob("found.sqlite3*"):
        old.unlink()
    archives.remove(folder / "files")
    with opened(folder / "found.sqlite3") as spool:
        spool.fact("file", name)
        if sources.is_archive(source):
            archive = sources.unpacked(source, folder / "files")
            source.unlink()
            found = sources.read_archive(archive, spool)
        elif source.stat().st_size > MAX_SINGLE:
            raise NoArchive("This file is larger than is read.")
        else:
            found = sources.read_file(source, name, spool)
        _fill(job, spool, found)
        if not spool.totals()[0]:
            _nothing(spool)
        spool.done_reading()


def _nothing(spool: Spool) -> None:
    """Say why there is nothing.

    Raises:
        Unreadable: always.
    """
    first = spool.problems(0, 1)
    if first:
        raise Unreadable(first[0][1].message, **first[0][1].data)
    raise Unreadable("There are no articles in this file.")


def _fill(job: jobs.Job, spool: Spool, found: Found) -> None:
    """Put what is found into the spool; a file that breaks off leaves what came before."""
    number = 0
    try:
        for entry in found:
            one = checked(entry) if isinstance(entry, Item) else entry
            if isinstance(one, Problem):
                spool.problem(one)
                continue
            number += 1
            if not spool.add(one, len(pictures.in_text(one.text, one.content_type)) + bool(one.cover)):
                spool.problem(Problem(one.title or one.uid, "This is in the file twice; the first was taken."))
            if not number % 200:
                job.report(0.5, "%(number)s articles found", number=number)
    except Unreadable as error:
        if not number:
            raise
        spool.problem(Problem(spool.facts().get("file", ""), error.message, error.data))
    except TooMany:
        spool.problem(Problem("", "There are more articles than are taken at once; the rest was left out."))


async def _decide(job: jobs.Job, person_id: int, blog_id: int) -> None:
    """Find out which articles are here already."""
    spool = await asyncio.to_thread(Spool, spool_of(person_id, blog_id))
    try:
        after = done = 0
        while batch := await asyncio.to_thread(spool.batch, after, BATCH, BATCH_BYTES):
            async with job.db.read() as session:
                found = await deciding.fates(session, person_id, blog_id, [item for _, item in batch])
            await asyncio.to_thread(spool.mark, "fate", [
                (number, fate.word) for (number, _), fate in zip(batch, found, strict=True)])
            after, done = batch[-1][0], done + len(batch)
            job.report(0.8, "%(number)s articles compared", number=done)
    finally:
        await asyncio.to_thread(spool.close)


def sweep() -> None:
    """Remove exports and reports that nobody has touched for two weeks. Blocks."""
    for folder in (current().data / FOLDER).glob("*"):
        touched = max((path.stat().st_mtime for path in (folder, *folder.glob("found.sqlite3*"))), default=0.0)
        if time.time() - touched > KEPT_DAYS * 86400:
            archives.remove(folder)


def summary(path: Path) -> dict[str, Any] | None:
    """What was found, for the page; None while nobody looked or nothing is there."""
    if not path.exists():
        return None
    with opened(path) as spool:
        facts = spool.facts()
        if facts.get("ready") != "1":
            return None
        articles, found, oldest, newest = spool.totals()
        return {"facts": facts, "articles": articles, "pictures": found, "oldest": oldest, "newest": newest,
                "states": spool.tally("state"), "fates": spool.tally("fate"), "pages": spool.tally("page").get("1", 0),
                "origins": spool.tally("origin"), "outcomes": spool.tally("outcome")}
