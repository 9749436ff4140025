"""Taking an export over, batch by batch: each batch is one transaction, and after a crash the next one follows.

What comes was published in the past: it reaches nobody's home or mailbox and is sent to nobody, but has its date,
its address, and a place in the blog, its outbox and its feeds. Nothing that is here is changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.exc import DataError, IntegrityError

from potluck import jobs
from potluck.kinds.article import bulk
from potluck.kinds.article.actions import ArticleRequest
from potluck.social.blogs import authors, making
from potluck.social.errors import NotAllowed, SocialError
from potluck.social.model import Actor, Blog
from potluck.text.languages import normalise_language
from potluck.text.markup import escape_attribute
from potluck.transfer import archives
from potluck.transfer.archives import Unpacked
from potluck.transfer.blogs import deciding, looking, pictures
from potluck.transfer.blogs.bringing import Bringer, Wish, wishes_of
from potluck.transfer.blogs.ghost import OWN_ADDRESS
from potluck.transfer.blogs.items import CLOSED, FOLLOWERS, HIDDEN, UNLISTED, Item, Problem
from potluck.transfer.blogs.spool import Spool
from potluck.transfer.blogs.storing import (
    DRAFT,
    FAILED,
    HERE,
    NEW,
    VERSION,
    Choices,
    Ready,
    Taking,
    said,
    store,
)

TAKE = "import_blog"
BATCH, BATCH_BYTES = 50, 2 << 20
_TRIES = 3


@jobs.define(TAKE, queue="general", label="Bringing a blog along")
async def take_over(job: jobs.Job, blog_id: int, wanted: dict[str, Any]) -> None:
    """Take over what was looked through."""
    person_id = job.owner_id or 0
    folder = looking.folder_of(person_id, blog_id)
    if not looking.spool_of(person_id, blog_id).exists():
        raise jobs.JobFailed("The file is not there any more.")
    choices = msgspec.convert(wanted, Choices)
    spool = await asyncio.to_thread(Spool, looking.spool_of(person_id, blog_id))
    try:
        archive = await asyncio.to_thread(_archive, folder)
        bringer = Bringer(job.db, archive, folder / "pictures", remote=choices.pictures)
        taking = Taking(job, person_id, blog_id, choices, spool, bringer, await _is_closed(job, blog_id))
        await _take_all(taking)
        await asyncio.to_thread(spool.fact, "taken", "1")
    finally:
        await asyncio.to_thread(spool.close)
    await asyncio.to_thread(_clear, folder)
    counts = taking.counts
    job.conclude("%(articles)s articles and %(drafts)s drafts came along; %(here)s were here already, %(failed)s could"
                 " not come.", articles=counts[NEW], drafts=counts[DRAFT] + counts[VERSION], here=counts[HERE],
                 failed=counts[FAILED])


def _archive(folder: Path) -> Unpacked | None:
    return archives.opened(folder / "files") if (folder / "files").exists() else None


def _clear(folder: Path) -> None:
    """Only the report is left."""
    for name in ("files", "pictures"):
        archives.remove(folder / name)
    (folder / "export").unlink(missing_ok=True)


async def _is_closed(job: jobs.Job, blog_id: int) -> bool:
    async with job.db.read() as session:
        blog = await session.get(Blog, blog_id)
        writer = await session.get_one(Actor, job.owner_id)
        try:
            await authors.check_writes(session, writer, await session.get_one(Actor, blog_id))
        except NotAllowed as error:
            raise jobs.JobFailed("You do not write in this blog any more.") from error
    return blog is not None and blog.visibility in making.CLOSED


async def _take_all(taking: Taking) -> None:
    total, after, done = (await asyncio.to_thread(taking.spool.totals))[0], 0, 0
    while batch := await asyncio.to_thread(taking.spool.batch, after, BATCH, BATCH_BYTES, taking.choices.origin):
        await _take_batch(taking, batch)
        after, done = batch[-1][0], done + len(batch)
        taking.job.report(done / max(total, 1), "%(number)s of %(total)s articles", number=done, total=total)


async def _take_batch(taking: Taking, batch: Sequence[tuple[int, Item]]) -> None:
    job, first = taking.job, batch[0][0]
    name = f"articles {first}"
    if name in job.finished:
        await _note(taking, job.finished[name])
        return
    wanted = await _wanted(taking, batch)
    ready, problems = await _prepared(taking, first, wanted) if wanted else ([], [])
    here = [[number, HERE] for number, _ in batch if number not in {number for number, _ in wanted}]
    for _ in range(_TRIES):
        try:
            await _note(taking, await job.step_in(name, partial(
                store, taking=taking, ready=ready, here=here, problems=problems)))
        except (IntegrityError, DataError):
            continue  # two ids of the same second, or somebody published at the same address just now
        return
    await _singly(taking, name, ready, here, problems)


async def _singly(taking: Taking, name: str, ready: Sequence[Ready], here: list[Any], problems: list[Any]) -> None:
    """A batch that cannot be stored together: each by itself, and the bad ones are told."""
    for one in ready:
        try:
            await _note(taking, await taking.job.step_in(f"{name} {one.number}", partial(
                store, taking=taking, ready=[one], here=[], problems=[])))
        except (IntegrityError, DataError):
            problems = [*problems, said(one.number, Problem(one.item.title, "This article could not be stored."))]
    await _note(taking, await taking.job.step_in(name, partial(
        store, taking=taking, ready=[], here=here, problems=problems)))


async def _note(taking: Taking, result: Mapping[str, Any]) -> None:
    """Write what became of a batch into the report."""
    outcomes = [(int(number), str(word)) for number, word in result["outcomes"]]
    problems = [(int(row[0]), Problem(row[1], row[2], row[3])) for row in result["problems"]]
    taking.counts.update(word for _, word in outcomes)
    await asyncio.to_thread(taking.spool.taken, outcomes, problems)


async def _wanted(taking: Taking, batch: Sequence[tuple[int, Item]]) -> list[tuple[int, Item]]:
    """Those of a batch that are to come; those that are here only where a changed text becomes a draft."""
    async with taking.job.db.read() as session:
        found = await deciding.fates(session, taking.person_id, taking.blog_id, [item for _, item in batch])
    again = taking.choices.again == "draft"
    return [pair for pair, fate in zip(batch, found, strict=True)
            if fate.word == deciding.NEW or (again and fate.word == deciding.HERE)]


# ---- pictures, texts --------------------------------------------------------------------------------------------


async def _prepared(taking: Taking, first: int, wanted: Sequence[tuple[int, Item]],
                    ) -> tuple[list[Ready], list[list[Any]]]:
    wishes = [wish for number, item in wanted for wish in wishes_of(
        number, item, taking.person_id if taking.as_draft(item) else taking.blog_id)]
    problems: list[list[Any]] = []
    media: dict[int, dict[str, int]] = {}
    urls: Mapping[int, str] = {}
    if wishes:
        brought = await taking.job.step(f"pictures {first}", partial(_bring, taking, wishes))
        media = {int(number): found for number, found in brought["media"].items()}
        problems = list(brought["problems"])
        urls = await taking.bringer.ready([found for by in media.values() for found in by.values()])
    requests = [_request(taking, number, item, media.get(number, {}), urls) for number, item in wanted]
    ready: list[Ready] = []
    for (number, item), request, made in zip(
            wanted, requests, await bulk.prepare_all(taking.job.db, requests), strict=True):
        if isinstance(made, SocialError):
            problems.append(said(number, Problem(item.title or item.file, made.template, dict(made.values))))
        else:
            ready.append(Ready(number, item, request, made))
    return ready, problems


async def _bring(taking: Taking, wishes: Sequence[Wish]) -> dict[str, Any]:
    brought = await taking.bringer.bring(wishes)
    return {"media": {str(number): found for number, found in brought.media.items()},
            "problems": [said(number, problem) for number, problem in brought.problems]}


def _request(taking: Taking, number: int, item: Item, media: Mapping[str, int], urls: Mapping[int, str],
             ) -> ArticleRequest:
    """An article as it is to be published here."""
    addresses = {wish.address: _address(wish, media, urls) for wish in wishes_of(number, item, 0)}
    text = pictures.moved(item.text, item.content_type, addresses, partial(pictures.absolute, base=item.base))
    used = [found for found in media.values() if found in urls]
    cover_id = media.get(item.cover) if item.cover else None
    if cover_id not in used:
        cover_id = None
    if item.cover and cover_id is None:
        text = _with_cover(text, item, addresses[item.cover])
    return ArticleRequest(
        text, blog_id=taking.blog_id if taking.blog_id != taking.person_id else None, content_type=item.content_type,
        title=item.title, summary=item.summary, slug=item.slug, warning=item.warning, visibility=_visibility(item),
        language=normalise_language(item.language) if item.language else None, sensitive=item.sensitive,
        tags=item.tags, cover_id=cover_id, media_ids=[found for found in used if found != cover_id],
        comments=item.comments or None, page=item.page, published=item.published, quiet=True)


def _address(wish: Wish, media: Mapping[str, int], urls: Mapping[int, str]) -> str:
    """Where a picture will be: here, else where it was."""
    url = urls.get(media.get(wish.address, 0))
    return url or pictures.absolute(wish.address.removeprefix(OWN_ADDRESS), wish.item.base)


def _with_cover(text: str, item: Item, address: str) -> str:
    """A picture on top that stays elsewhere stands in the text."""
    if not address.startswith(("http://", "https://")) or item.cover in item.text:
        return text
    picture = f'<img src="{escape_attribute(address)}" alt="{escape_attribute(item.cover_alt)}">'
    return f"<p>{picture}</p>\n\n{text}"


def _visibility(item: Item) -> str:
    """Who may read it; drafts of what few could read begin with few."""
    if item.state in (CLOSED, FOLLOWERS, *HIDDEN):
        return FOLLOWERS
    return UNLISTED if item.state == UNLISTED else "public"
