"""Storing a batch of articles that move, in one transaction with the note that it is done."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.db.engine import insert_or_update
from potluck.kinds.article import bulk, drafts
from potluck.kinds.article.actions import ArticleRequest, Prepared
from potluck.kinds.article.bulk import Coming
from potluck.kinds.article.drafts import Writing
from potluck.social import kept_drafts, objects
from potluck.social.blogs import authors
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, ImportedPost
from potluck.transfer.blogs import deciding, items
from potluck.transfer.blogs.bringing import Bringer
from potluck.transfer.blogs.items import CLOSED, HIDDEN, SCHEDULED, Item, Problem
from potluck.transfer.blogs.spool import Spool

NEW, DRAFT, HERE, VERSION, FAILED = "new", "draft", "here", "version", "failed"
"""What becomes of an article; VERSION is a draft of a new version of one that is here."""


class Choices(msgspec.Struct, frozen=True):
    """What its owner wants of an export.

    Attributes:
        drafts: everything as drafts.
        pictures: fetch pictures of other servers; those in the archive come in any case.
        again: what about articles that are here: `skip`, or `draft` (a changed text is put aside as a new version).
        origin: only of this one of several blogs, '' for all.
    """

    drafts: bool = False
    pictures: bool = True
    again: str = "skip"
    origin: str = ""


@dataclass(slots=True)
class Taking:
    """A take-over under way."""

    job: jobs.Job
    person_id: int
    blog_id: int
    choices: Choices
    spool: Spool
    bringer: Bringer
    closed: bool  # the blog is
    counts: Counter[str] = field(default_factory=Counter)

    def as_draft(self, item: Item) -> bool:
        """Whether it must not be published: it was not, fewer could read it, or its owner wants drafts."""
        return (self.choices.drafts or item.state in (items.DRAFT, SCHEDULED, *HIDDEN)
                or (item.state == CLOSED and not self.closed))


@dataclass(slots=True)
class Ready:
    """An article that can be stored."""

    number: int
    item: Item
    request: ArticleRequest
    prepared: Prepared


def said(number: int, problem: Problem) -> list[Any]:
    """A problem as the result of a step holds it."""
    return [number, problem.name, problem.message, problem.data]


async def store(session: AsyncSession, *, taking: Taking, ready: Sequence[Ready], here: list[Any],
                 problems: list[Any]) -> dict[str, Any]:
    """Store a batch in the transaction that notes it as done."""
    outcomes: list[Any] = [*here]
    refused: list[Any] = [*problems]
    prepared = {one.number for one in ready}
    outcomes += [[number, FAILED] for number in sorted({row[0] for row in problems} - prepared)]
    found = await deciding.fates(session, taking.person_id, taking.blog_id, [one.item for one in ready])
    fresh = [one for one, fate in zip(ready, found, strict=True) if fate.word == deciding.NEW]
    known = [(one, fate.object_id) for one, fate in zip(ready, found, strict=True) if fate.word == deciding.HERE]
    outcomes += [[one.number, HERE] for one, fate in zip(ready, found, strict=True) if fate.word == deciding.DRAFTED]
    await _publish(session, taking, [one for one in fresh if not taking.as_draft(one.item)], outcomes, refused)
    await _keep(session, taking, [(one, None) for one in fresh if taking.as_draft(one.item)], outcomes, refused)
    changed = await _changed(session, taking, known)
    outcomes += [[one.number, HERE] for one, object_id in known if (one, object_id) not in changed]
    await _keep(session, taking, changed, outcomes, refused)
    return {"outcomes": outcomes, "problems": refused}


async def _publish(session: AsyncSession, taking: Taking, ready: Sequence[Ready], outcomes: list[Any],
                   problems: list[Any]) -> None:
    if not ready:
        return
    writer = await session.get_one(Actor, taking.person_id)
    try:
        rows = await bulk.publish_all(session, writer, [
            Coming(one.request, one.prepared, one.item.edited, pinned=one.item.pinned, mark=mark_of(one.item))
            for one in ready])
    except (NotFound, NotAllowed) as error:
        raise jobs.JobFailed("You do not write in this blog any more.") from error
    made = []
    for one, row in zip(ready, rows, strict=True):
        outcomes.append([one.number, NEW if row is not None else FAILED])
        if row is None:
            problems.append(said(one.number, Problem(one.item.title, "The rules of this server do not let it in.")))
        else:
            made.append({"actor_id": taking.blog_id, "uri": one.item.uid, "object_id": row.id})
    if made:
        table: Any = ImportedPost.__table__
        await session.execute(insert_or_update(session, table, ["object_id"]), made)


def mark_of(item: Item) -> str:
    """By which the same title and text are known again."""
    return hashlib.sha256(f"{item.title}\n{item.text}".encode("utf-8", "replace")).hexdigest()[:16]


async def _changed(session: AsyncSession, taking: Taking, known: Sequence[tuple[Ready, int | None]],
                   ) -> list[tuple[Ready, int | None]]:
    """Of articles that are here those with another text, as far as one may change them."""
    if not known or taking.choices.again != "draft":
        return []
    rows = await objects.by_ids(session, [object_id for _, object_id in known if object_id])
    may = await authors.editable(session, taking.person_id, rows.values())
    return [(one, object_id) for one, object_id in known
            if object_id in may and mark_of(one.item) != (row := rows[object_id]).extra.get("import_mark")
            and one.prepared.text != (row.source or "")]


async def _keep(session: AsyncSession, taking: Taking, ready: Sequence[tuple[Ready, int | None]],
                outcomes: list[Any], problems: list[Any]) -> None:
    """Put articles aside as drafts: new ones, or new versions of what is here."""
    if not ready:
        return
    found = await kept_drafts.add_many(session, taking.person_id, drafts.KIND, [
        kept_drafts.Coming(
            deciding.draft_key(taking.blog_id, one.item) + ("v" if object_id else ""),
            drafts.as_words(_writing(one)),
            [*([one.request.cover_id] if one.request.cover_id else []), *one.request.media_ids], object_id)
        for one, object_id in ready])
    for (one, object_id), word in zip(ready, found, strict=True):
        outcomes.append([one.number, {"new": VERSION if object_id else DRAFT, "known": HERE}.get(word, FAILED)])
        if word == "full":
            problems.append(said(one.number, Problem(
                one.item.title, "You have %(most)s drafts already; no more are taken.",
                {"most": kept_drafts.MAX_DRAFTS})))
        elif word == "known" and object_id:
            problems.append(said(one.number, Problem(
                one.item.title, "A draft of a new version of this article is there already.")))


def _writing(one: Ready) -> Writing:
    request = one.request
    return Writing(
        title=one.prepared.title, text=one.prepared.text, content_type=request.content_type, summary=request.summary,
        tags=", ".join(request.tags), language=request.language or "", visibility=request.visibility,
        slug=request.slug, blog_id=request.blog_id, sensitive=request.sensitive, warning=request.warning,
        comments=request.comments or "", page=request.page, cover_id=request.cover_id)
