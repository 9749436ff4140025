"""Taking one's lists over from elsewhere: follows, blocks, mutes, hidden servers, lists, bookmarks.

Twenty rows are a step; what a step does is harmless twice, so that a restart goes on where it stopped. With `overwrite`
what is not in the file goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.settings import current
from potluck.social import blocks, follows, lists, reactions
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Block, Bookmark, DomainMute, Follow, List, ListMember, Mute, Object
from potluck.text.languages import normalise_language
from potluck.transfer.csv_files import BLOCKS, BOOKMARKS, DOMAINS, FOLLOWING, LISTS, MUTES, Row
from potluck.transfer.ports import finder

log = structlog.get_logger(__name__)

NAME = "import_lists"
_STEP = 20
_NAMED = 20  # addresses that could not be found, kept for the person


@jobs.define(NAME, queue="general", label="Taking your lists over")
async def take_over(job: jobs.Job, kind: str, rows: list[Row], overwrite: bool) -> None:
    """Do what a file says, for the owner of the job."""
    if overwrite:
        await job.step("clear", partial(_clear, job, kind, rows))
    failed: list[str] = []
    for start in range(0, len(rows), _STEP):
        job.report(start / len(rows), "%(number)s of %(total)s", number=start, total=len(rows))
        failed += await job.step(f"rows {start}", partial(_some, job, kind, rows[start:start + _STEP]))
    done = len(rows) - len(failed)
    if failed:
        job.conclude("%(done)s of %(total)s taken over. Not found: %(names)s", done=done, total=len(rows),
                     names=", ".join(failed[:_NAMED]) + (" …" if len(failed) > _NAMED else ""))
    else:
        job.conclude("%(done)s of %(total)s taken over", done=done, total=len(rows))


async def _some(job: jobs.Job, kind: str, rows: Sequence[Row]) -> list[str]:
    """A few rows, each in a transaction of its own; gives those that could not be done."""
    failed = []
    for row in rows:
        try:
            if not await _one(job, kind, row):
                failed.append(row[-1] if kind == LISTS else row[0])
        except SocialError as error:
            log.info("import_row_refused", kind=kind, row=row[0][:200], reason=error.text)
            failed.append(row[-1] if kind == LISTS else row[0])
    return failed


async def _one(job: jobs.Job, kind: str, row: Row) -> bool:
    if kind == DOMAINS:
        async with job.db.write() as session:
            await blocks.mute_domain(session, await _me(session, job), row[0])
        return True
    if kind == BOOKMARKS:
        post = await finder().post(row[0])
        if post is None:
            return False
        async with job.db.write() as session:
            await reactions.bookmark(session, await _me(session, job), post.id)
        return True
    other = await finder().person(row[-1] if kind == LISTS else row[0])
    if other is None:
        return False
    async with job.db.write() as session:
        me, them = await _me(session, job), await session.get_one(Actor, other.id)
        await _act(session, me, them, kind, row)
    return True


async def _me(session: AsyncSession, job: jobs.Job) -> Actor:
    return await session.get_one(Actor, job.owner_id)


async def _act(session: AsyncSession, me: Actor, them: Actor, kind: str, row: Row) -> None:
    if kind == FOLLOWING:
        languages = [tag for word in row[3].split(",") if (tag := normalise_language(word.strip()))]
        await follows.follow(session, me, them, show_boosts=row[1] == "true", notify=row[2] == "true",
                             languages=languages or None)
    elif kind == BLOCKS:
        await blocks.block(session, me, them)
    elif kind == MUTES:
        await blocks.mute(session, me, them, notifications=row[1] == "true")
    elif kind == LISTS:
        await _add_to_list(session, me, them, row[0])


async def _add_to_list(session: AsyncSession, me: Actor, them: Actor, title: str) -> None:
    """Only people one follows can be on a list: others are followed first, as Mastodon does."""
    if await follows.find(session, me.id, them.id) is None and them.id != me.id:
        await follows.follow(session, me, them)
    found = await session.scalar(select(List).where(List.owner_id == me.id, List.title == title).limit(1))
    if found is None:
        found = await lists.create(session, me, title)
    if not await session.scalar(select(ListMember.id).where(
            ListMember.list_id == found.id, ListMember.actor_id == them.id)):
        await lists.add_members(session, found, [them.id], requested=True)


# ---- overwriting ------------------------------------------------------------------------------------------------


async def _clear(job: jobs.Job, kind: str, rows: Sequence[Row]) -> int:
    """Take away what is not in the file; gives how much that was."""
    kept = {row[0] for row in rows}
    if kind == LISTS:
        return await _clear_lists(job, rows)
    number = 0
    for name, ident in await _present(job, kind):
        if name not in kept:
            async with job.db.write() as session:
                await _remove(session, await _me(session, job), kind, name, ident)
            number += 1
    return number


def _acct(name: str, host: str) -> str:
    return f"{name}@{host or current().domain}".lower()


async def _present(job: jobs.Job, kind: str) -> list[tuple[str, int]]:
    """What the owner has now, by the name it has in a file, with the id of the actor or object."""
    people: dict[str, tuple[Any, Any, Any]] = {
        FOLLOWING: (Follow, Follow.follower_id, Follow.followed_id),
        BLOCKS: (Block, Block.blocker_id, Block.blocked_id),
        MUTES: (Mute, Mute.muter_id, Mute.muted_id)}
    async with job.db.read() as session:
        if kind == DOMAINS:
            rows = await session.execute(select(DomainMute.host, DomainMute.id).where(
                DomainMute.actor_id == job.owner_id))
            return [(host, ident) for host, ident in rows.all()]
        if kind == BOOKMARKS:
            rows = await session.execute(select(Object.uri, Object.id).join(
                Bookmark, Bookmark.object_id == Object.id).where(Bookmark.actor_id == job.owner_id))
            return [(uri, ident) for uri, ident in rows.all()]
        table, mine, theirs = people[kind]
        found = await session.execute(select(Actor.name, Actor.host, Actor.id).join(table, theirs == Actor.id).where(
            mine == job.owner_id))
        return [(_acct(name, host), ident) for name, host, ident in found.all()]


async def _remove(session: AsyncSession, me: Actor, kind: str, name: str, ident: int) -> None:
    if kind == DOMAINS:
        await blocks.unmute_domain(session, me, name)
    elif kind == BOOKMARKS:
        await reactions.unbookmark(session, me, ident)
    else:
        undo = {FOLLOWING: follows.unfollow, BLOCKS: blocks.unblock, MUTES: blocks.unmute}[kind]
        await undo(session, me, await session.get_one(Actor, ident))


async def _clear_lists(job: jobs.Job, rows: Sequence[Row]) -> int:
    """Members that the file does not name leave; lists it does not name stay."""
    kept = {(title, address) for title, address in rows}
    async with job.db.write() as session:
        found = (await session.execute(select(List, Actor.id, Actor.name, Actor.host).join(
            ListMember, ListMember.list_id == List.id).join(Actor, Actor.id == ListMember.actor_id).where(
            List.owner_id == job.owner_id, List.title.in_({title for title, _ in kept})))).all()
        gone = [(row, ident) for row, ident, name, host in found if (row.title, _acct(name, host)) not in kept]
        for row, ident in gone:
            await lists.remove_members(session, row, [ident])
    return len(gone)
