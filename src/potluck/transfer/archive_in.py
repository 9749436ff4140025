"""Bringing one's archive along: looked through first, then taken over quietly, step by step.

Posts get addresses of this server with their old dates. They reach nobody's home, notify nobody and are sent to nobody;
whoever opens the profile finds them. Each old post is remembered, so that nothing comes twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.jobs import JobRow
from potluck.media import uploads
from potluck.media.places import StorageError
from potluck.media.storage import storage_of
from potluck.settings import current
from potluck.social import objects, profiles, reactions
from potluck.social.errors import Invalid, SocialError
from potluck.social.model import Actor, ImportedPost
from potluck.text.sanitise import to_plain_text
from potluck.transfer import archive_posts, archives
from potluck.transfer.archive_posts import FileWish, Found
from potluck.transfer.archives import NoArchive, Unpacked
from potluck.transfer.ports import finder

log = structlog.get_logger(__name__)

LOOK, TAKE = "look_into_archive", "import_archive"
SUMMARY = "summary.json"
MOST_MARKS = 5000
_POSTS = 20
_MARKS = 10


def folder_of(actor_id: int) -> Path:
    """Where somebody's archive lies until it is done; in the data folder, which web and engine share."""
    return current().data / "imports" / str(actor_id)


def key_of(actor_id: int) -> str:
    """Under which its jobs are found."""
    return f"archive:{actor_id}"


class Summary(msgspec.Struct):
    """What an archive holds, and what cannot come along."""

    posts: int = 0
    public: int = 0
    unlisted: int = 0
    followers: int = 0
    files: int = 0
    missing_files: int = 0
    polls: int = 0
    boosts: int = 0
    private: int = 0
    other: int = 0
    likes: int = 0
    bookmarks: int = 0
    has_profile: bool = False
    name: str = ""
    oldest: str = ""
    newest: str = ""


def summary_of(actor_id: int) -> Summary | None:
    """What was found in somebody's archive, None while it was not looked into."""
    path = folder_of(actor_id) / SUMMARY
    return msgspec.json.decode(path.read_bytes(), type=Summary) if path.exists() else None


async def _gone(_session: AsyncSession, row: JobRow) -> None:
    """What came of a failed or cancelled job is not needed any more."""
    if row.owner_id is not None:
        await asyncio.to_thread(archives.remove, folder_of(row.owner_id))


# ---- looking through --------------------------------------------------------------------------------------------


@jobs.define(LOOK, queue="general", label="Looking into your archive", ended=_gone)
async def look_into(job: jobs.Job) -> None:
    """Unpack an archive and count what is in it."""
    folder = folder_of(job.owner_id or 0)
    try:
        await job.step("look", partial(asyncio.to_thread, _look, folder))
    except NoArchive as error:
        raise jobs.JobFailed(str(error)) from error


def _look(folder: Path) -> None:
    source = folder / "archive"
    if not source.exists():
        raise NoArchive("The archive is not there any more.")
    archives.remove(folder / "files")
    archive = archives.unpack(source, folder / "files")
    found = _summarise(archive)
    (folder / SUMMARY).write_bytes(msgspec.json.encode(found))
    source.unlink()


def _summarise(archive: Unpacked) -> Summary:
    found = Summary()
    actor = _actor(archive)
    found.has_profile, found.name = bool(actor), str(actor.get("preferredUsername", ""))[:100]
    outbox = archive.document("outbox.json")
    if outbox is None:
        raise NoArchive("There is no outbox.json in this archive.")
    times: list[str] = []
    for entry in archive_posts.entries(outbox):
        reason = archive_posts.why_not(entry, _followers(actor))
        post = None if reason else archive_posts.read(entry, _followers(actor), archive)
        if post is None:
            name = {"boost": "boosts", "private": "private"}.get(reason, "other")
            setattr(found, name, getattr(found, name) + 1)
            continue
        found.posts += 1
        found.polls += entry["object"].get("type") == "Question"
        setattr(found, post.draft.visibility, getattr(found, post.draft.visibility) + 1)
        found.files += len(post.files)
        found.missing_files += post.missing
        times = [min([*times[:1], (day := f"{post.draft.published:%Y-%m-%d}")]), max([*times[1:], day])]
    found.oldest, found.newest = times or ("", "")
    found.likes, found.bookmarks = _count(archive, "likes.json"), _count(archive, "bookmarks.json")
    return found


def _count(archive: Unpacked, name: str) -> int:
    path = archive.document(name)
    return sum(1 for entry in archive_posts.entries(path) if isinstance(entry, str)) if path else 0


def _actor(archive: Unpacked) -> dict[str, Any]:
    path = archive.document("actor.json")
    if path is None or path.stat().st_size > 4 << 20:
        return {}
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _followers(actor: dict[str, Any]) -> str:
    return str(actor.get("followers", ""))


# ---- taking over ------------------------------------------------------------------------------------------------


@jobs.define(TAKE, queue="general", label="Bringing your archive along", ended=_gone)
async def take_over(job: jobs.Job, with_files: bool, with_profile: bool, with_marks: bool) -> None:
    """Take over what was looked through."""
    folder = folder_of(job.owner_id or 0)
    if not (folder / "files").exists():
        raise jobs.JobFailed("The archive is not there any more.")
    archive = await asyncio.to_thread(archives.opened, folder / "files")
    if with_profile:
        await job.step("profile", partial(_take_profile, job, archive, with_files))
    taking = _Taking(job, archive, with_files)
    await _take_posts(taking)
    if with_marks:
        await _take_marks(taking)
    await asyncio.to_thread(archives.remove, folder)
    counts = taking.counts
    job.conclude("%(posts)s posts, %(files)s files, %(likes)s likes and %(bookmarks)s bookmarks came along.",
                 posts=counts["posts"], files=counts["files"], likes=counts["likes.json"],
                 bookmarks=counts["bookmarks.json"])


async def _take_profile(job: jobs.Job, archive: Unpacked, with_files: bool) -> bool:
    actor = _actor(archive)
    texts = {"display_name": str(actor.get("name") or "")[:30],
             "note": to_plain_text(str(actor.get("summary") or ""))[:500]}
    given = [item for item in actor.get("attachment") or () if isinstance(item, dict)
             and item.get("type") == "PropertyValue"]
    fields = [(str(item.get("name", ""))[:255], to_plain_text(str(item.get("value", "")))[:255]) for item in given[:4]]
    try:
        async with job.db.write() as session:
            await profiles.update_profile(session, await session.get_one(Actor, job.owner_id), **texts, fields=fields)
    except SocialError as error:
        log.info("archive_profile_refused", reason=error.text)
        return False
    if with_files:
        await _take_pictures(job, archive, actor)
    return True


async def _take_pictures(job: jobs.Job, archive: Unpacked, actor: dict[str, Any]) -> None:
    """Give avatar and header of an archive to the media room, which puts them in their place."""
    async with job.db.read() as session:
        owner = await session.get_one(Actor, job.owner_id)
    for word, purpose in (("icon", "avatar"), ("image", "header")):
        item = actor.get(word)
        wish = archive_posts.file_of(item, archive) if isinstance(item, dict) else None
        path = archive.path(wish.name) if wish else None
        if wish is not None and path is not None and path.exists():
            await _store_file(job, owner, path, wish, purpose)


@dataclass(slots=True)
class _Taking:
    """A take-over under way."""

    job: jobs.Job
    archive: Unpacked
    with_files: bool
    counts: Counter[str] = field(default_factory=Counter)


async def _take_posts(taking: _Taking) -> None:
    outbox = taking.archive.document("outbox.json")
    if outbox is None:
        return
    summary = summary_of(taking.job.owner_id or 0)
    total = summary.posts if summary else 0
    followers, number = _followers(_actor(taking.archive)), 0
    batch: list[Found] = []
    for entry in archive_posts.entries(outbox):
        if not archive_posts.why_not(entry, followers):
            post = archive_posts.read(entry, followers, taking.archive)
            if post is not None:
                batch.append(post)
        if len(batch) == _POSTS:
            await _take_batch(taking, batch, number)
            number, batch = number + 1, []
            taking.job.report(min(0.9, number * _POSTS / max(total, 1) * 0.9), "%(number)s of %(total)s posts",
                              number=number * _POSTS, total=total)
    await _take_batch(taking, batch, number)


async def _take_batch(taking: _Taking, batch: Sequence[Found], number: int) -> None:
    if not batch:
        return
    job, counts = taking.job, taking.counts
    media: list[list[int]] = [[] for _ in batch]
    if taking.with_files:
        media = await job.step(f"files {number}", partial(_store_files, job, taking.archive, batch))
    counts["posts"] += await job.step_in(
        f"posts {number}", partial(_store_posts, batch=batch, media=media, owner_id=job.owner_id))
    counts["files"] += sum(len(found) for found in media)


async def _known(session: AsyncSession, owner_id: int | None, uris: Sequence[str]) -> dict[str, int]:
    rows = await session.execute(select(ImportedPost.uri, ImportedPost.object_id).where(
        ImportedPost.actor_id == owner_id, ImportedPost.uri.in_(uris)))
    return dict(rows.all())


async def _store_files(job: jobs.Job, archive: Unpacked, batch: Sequence[Found]) -> list[list[int]]:
    """Give the files of posts that are not here yet to the media room; a file that is not taken is left out."""
    async with job.db.read() as session:
        owner = await session.get_one(Actor, job.owner_id)
        known = await _known(session, job.owner_id, [post.uri for post in batch])
    stored: list[list[int]] = []
    for post in batch:
        found: list[int] = []
        for wish in post.files if post.uri not in known else ():
            path = archive.path(wish.name)
            if path is None or not path.exists():
                continue
            media_id = await _store_file(job, owner, path, wish)
            if media_id is not None:
                found.append(media_id)
        stored.append(found)
    return stored


async def _store_file(job: jobs.Job, owner: Actor, path: Path, wish: FileWish,
                      purpose: str = "attachment") -> int | None:
    storage = storage_of(job.db.settings)
    wanted = uploads.Wanted(wish.name.rpartition("/")[2], wish.description, wish.focus, purpose)
    try:
        stored = await uploads.store(storage, path, wanted, keep=True)
        async with job.db.write() as session:
            return (await uploads.attach(session, storage, owner, stored, wanted)).id
    except (Invalid, StorageError) as error:
        log.info("archive_file_refused", reason=str(error))
        return None


async def _store_posts(session: AsyncSession, *, batch: Sequence[Found], media: Sequence[Sequence[int]],
                       owner_id: int | None) -> int:
    """Store those posts that are not here yet; gives how many there were."""
    parents = [post.draft.in_reply_to_uri for post in batch if post.draft.in_reply_to_uri]
    known = await _known(session, owner_id, [*(post.uri for post in batch), *parents])
    group: dict[str, Found] = {}
    number = 0
    for post, media_ids in zip(batch, media, strict=True):
        if post.uri in known or post.uri in group:
            continue
        if post.draft.in_reply_to_uri in group:  # an answer to oneself: what it answers is stored before
            await _store_group(session, group, known, owner_id)
        post.draft.author_id, post.draft.media_ids = owner_id, list(media_ids)
        group[post.uri] = post
        number += 1
    await _store_group(session, group, known, owner_id)
    return number


async def _store_group(session: AsyncSession, group: dict[str, Found], known: dict[str, int], owner_id: int | None,
                       ) -> None:
    """Store posts of which none answers another, and remember them."""
    answered = {known[uri] for post in group.values() if (uri := post.draft.in_reply_to_uri) and uri in known}
    rows = await objects.by_ids(session, answered)
    for post in group.values():
        parent = rows.get(known.get(post.draft.in_reply_to_uri or "", 0))
        if parent is not None:
            post.draft.in_reply_to_id, post.draft.in_reply_to_uri = parent.id, parent.uri
    stored = await objects.store(session, [post.draft for post in group.values()])
    for uri, result in zip(group, stored, strict=True):
        if result.object is not None:
            session.add(ImportedPost(actor_id=owner_id, uri=uri, object_id=result.object.id))
            known[uri] = result.object.id
    await session.flush()
    group.clear()


async def _take_marks(taking: _Taking) -> None:
    """Likes and bookmarks of posts that can be had, the latest five thousand of each; nobody is told."""
    job = taking.job
    for name in ("likes.json", "bookmarks.json"):
        path = taking.archive.document(name)
        if path is None:
            continue
        uris = [entry for entry in archive_posts.entries(path) if isinstance(entry, str)][:MOST_MARKS]
        for start in range(0, len(uris), _MARKS):
            job.report(0.9 + 0.1 * start / len(uris), "%(number)s of %(total)s marks", number=start, total=len(uris))
            taking.counts[name] += await job.step(
                f"{name} {start}", partial(_mark, job, name, uris[start:start + _MARKS]))


async def _mark(job: jobs.Job, name: str, uris: Sequence[str]) -> int:
    done = 0
    for uri in uris:
        post = await finder().post(uri) if uri.startswith("https://") and len(uri) < 2048 else None
        if post is None:
            continue
        try:
            async with job.db.write() as session:
                me = await session.get_one(Actor, job.owner_id)
                if name == "likes.json":
                    await reactions.react(session, me, post.id, quiet=True)
                else:
                    await reactions.bookmark(session, me, post.id)
        except SocialError as error:
            log.info("archive_mark_refused", reason=error.text)
            continue
        done += 1
    return done
