"""Short words for what the tests of moving blogs do."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select

from potluck import assembly, jobs
from potluck.jobs import JobEngine
from potluck.social.blogs import making
from potluck.social.blogs.making import Wishes
from potluck.social.keys import make_pairs
from potluck.social.live import Waker
from potluck.social.model import Actor, Article, KeptDraft, Object
from potluck.transfer import archives
from potluck.transfer.blogs import looking, taking
from support.cast import Cast

PAIRS = make_pairs()


async def blog(cast: Cast, owner: Actor, name: str = "crumbs", **wishes: Any) -> Actor:
    """A blog."""
    assembly.install()
    async with cast.database.write() as session:
        return await making.create(session, owner, name, Wishes(name.title(), **wishes), pairs=PAIRS)


def give(person: Actor, target: Actor, data: bytes) -> None:
    """Put an export where it is looked for."""
    folder = looking.folder_of(person.id, target.id)
    archives.remove(folder)
    folder.mkdir(parents=True)
    (folder / "export").write_bytes(data)


async def work(cast: Cast, job_id: int, seconds: float = 60) -> jobs.Progress:
    """Have an engine work until a job is over."""
    engine = JobEngine(cast.database, Waker(cast.database))
    found: jobs.Progress | None = None
    try:
        async with asyncio.timeout(seconds):
            while found is None or found.unfinished:
                await engine.look()
                await asyncio.sleep(0.02)
                async with cast.database.read() as session:
                    found = await jobs.one(session, job_id)
    finally:
        await engine.close()
    assert found is not None
    return found


async def enqueue(cast: Cast, name: str, person: Actor, target: Actor, *args: Any) -> int:
    """Ask for a job of an import."""
    return await enqueue_as(cast, name, person, looking.key_of(person.id, target.id), target.id, *args)


async def enqueue_as(cast: Cast, name: str, person: Actor, key: str, *args: Any) -> int:
    """Ask for a job."""
    async with cast.database.write() as session:
        return await jobs.enqueue(session, name, *args, owner_id=person.id, key=key)


async def look(cast: Cast, person: Actor, target: Actor, data: bytes, name: str = "export") -> jobs.Progress:
    """Give an export in and have it looked through."""
    give(person, target, data)
    return await work(cast, await enqueue(cast, looking.LOOK, person, target, name))


async def take(cast: Cast, person: Actor, target: Actor, **choices: Any) -> jobs.Progress:
    """Take over what was looked through."""
    wanted = {"drafts": False, "pictures": False, "again": "skip", "origin": ""} | choices
    return await work(cast, await enqueue(cast, taking.TAKE, person, target, wanted))


async def bring(cast: Cast, person: Actor, target: Actor, data: bytes, name: str = "export", **choices: Any,
                ) -> jobs.Progress:
    """Look and take."""
    looked = await look(cast, person, target, data, name)
    assert looked.state == "done", looked
    return await take(cast, person, target, **choices)


async def articles(cast: Cast, target: Actor) -> dict[str, tuple[Object, Article]]:
    """What is published in a blog, by address."""
    async with cast.database.read() as session:
        rows = await session.execute(select(Object, Article).join(Article, Article.object_id == Object.id).where(
            Object.author_id == target.id, Object.deleted_at.is_(None)).order_by(Object.id))
        return {place.slug: (row, place) for row, place in rows.all()}


async def drafts(cast: Cast, person: Actor) -> dict[str, KeptDraft]:
    """Somebody's drafts, by title."""
    async with cast.database.read() as session:
        rows = await session.scalars(select(KeptDraft).where(KeptDraft.owner_id == person.id).order_by(KeptDraft.id))
        return {str(row.request["title"]): row for row in rows.all()}
