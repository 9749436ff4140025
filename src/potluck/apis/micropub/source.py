"""Posts and drafts as properties, which apps show for editing and send back changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.micropub import entry as entries
from potluck.apis.micropub.entry import Properties
from potluck.apis.micropub.finding import Act, Post, address_of_draft
from potluck.db.ids import time_of
from potluck.kinds.article import drafts, publishing
from potluck.kinds.article.drafts import KIND as ARTICLE
from potluck.kinds.article.drafts import Writing
from potluck.kinds.article.rows import ArticleData
from potluck.kinds.note.actions import NoteRequest
from potluck.kinds.note.scheduled import REQUESTS
from potluck.social.model import Actor, KeptDraft, Media, Object
from potluck.social.views import ObjectView

REST = "entry"
"""Under which word properties that nobody here understands are kept with a post or draft."""

_WORDS = {ours: theirs for theirs, ours in entries.VISIBILITIES.items()}


async def properties_of(session: AsyncSession, post: Post) -> Properties:
    """What a post says, in the words of Microformats2."""
    if isinstance(post, Act):
        row = await session.get(Object, post.object_id)
        return {post.property: [row.uri]} if row is not None else {}
    if isinstance(post, KeptDraft):
        return (await of_drafts(session, [post]))[0]
    parents = await parents_of(session, [post])
    return of_view(post, parents.get(post.object.in_reply_to_id or 0))


async def parents_of(session: AsyncSession, found: list[ObjectView]) -> dict[int, Actor]:
    """Who wrote what these reply to, in one query."""
    ids = {view.object.in_reply_to_id for view in found if view.object.in_reply_to_id}
    if not ids:
        return {}
    rows = await session.execute(select(Object.id, Actor).join(Actor, Actor.id == Object.author_id).where(
        Object.id.in_(ids)))
    return {row[0]: row[1] for row in rows.all()}


def of_view(view: ObjectView, answered: Actor | None = None) -> Properties:
    """A published post.

    Args:
        answered: who wrote what it replies to.
    """
    row = view.object
    found = _of_article(view) if row.kind == ARTICLE else _of_note(
        row.source or row.content, row.source_type or "", answered)
    found |= {"published": [row.published.isoformat()], "post-status": ["published"],
              "visibility": [_WORDS.get(row.visibility, row.visibility)], "url": [row.url or row.uri]}
    if row.edited_at:
        found["updated"] = [row.edited_at.isoformat()]
    if row.kind != ARTICLE:
        found |= {name: values for name, values in _files(view.media).items() if values}
        if row.in_reply_to_uri:
            found["in-reply-to"] = [row.in_reply_to_uri]
        if row.summary:
            found["summary"] = [row.summary]
    return found | _rest(row.extra)


def _of_article(view: ObjectView) -> Properties:
    row, place = view.object, view.kind_data.place if isinstance(view.kind_data, ArticleData) else None
    return of_writing(Writing(
        title=row.title or "", text=row.source or row.content, content_type=row.source_type or "text/html",
        summary=row.summary if row.extra.get("own_summary") else "", tags=", ".join(row.extra.get("own_tags") or ()),
        slug=place.slug if place else ""))


def of_writing(writing: Writing) -> Properties:
    """An article's words."""
    html = writing.content_type == "text/html"
    found: Properties = {
        "name": [writing.title] if writing.title else [],
        "content": [{"html": writing.text} if html else writing.text] if writing.text else [],
        "summary": [writing.summary] if writing.summary else [], "category": list(publishing.tags_of(writing.tags)),
        "mp-slug": [writing.slug] if writing.slug else []}
    return {name: values for name, values in found.items() if values}


def _of_note(text: str, media_type: str, answered: Actor | None) -> Properties:
    if media_type not in ("text/plain", "text/markdown"):
        return {"content": [{"html": text}]}
    if answered is not None:
        text = text.removeprefix(greeting(answered))
    text, categories = entries.without_tail(text)
    return {name: values for name, values in (("content", [text] if text else []), ("category", categories)) if values}


def greeting(actor: Actor) -> str:
    """How a reply begins, so that who is answered is told."""
    return f"@{actor.acct} "


def _files(media: list[Media]) -> Properties:
    kinds = {"image": "photo", "gifv": "photo", "video": "video", "audio": "audio"}
    found: Properties = {name: [] for name in entries.FILES}
    for item in media:
        if item.type in kinds and item.url:
            found[kinds[item.type]].append({"value": item.url, "alt": item.description} if item.description
                                           else item.url)
    return found


async def of_drafts(session: AsyncSession, rows: Sequence[KeptDraft]) -> list[Properties]:
    """Drafts, in this order."""
    requests: dict[int, NoteRequest] = {row.id: REQUESTS.from_words(row.request) for row in rows if row.kind != ARTICLE}
    media_ids = {item for request in requests.values() for item in request.media_ids}
    parent_ids = {request.in_reply_to_id for request in requests.values() if request.in_reply_to_id}
    media = {row.id: row for row in (await session.scalars(select(Media).where(
        Media.id.in_(media_ids)))).all()} if media_ids else {}
    parents = {row[0].id: (row[0], row[1]) for row in (await session.execute(select(Object, Actor).join(
        Actor, Actor.id == Object.author_id).where(Object.id.in_(parent_ids)))).all()} if parent_ids else {}
    found = []
    for row in rows:
        if row.id in requests:
            request = requests[row.id]
            said = _of_note_draft(request, [media[item] for item in request.media_ids if item in media],
                                  parents.get(request.in_reply_to_id or 0))
            visibility = request.visibility
        else:
            writing = drafts.from_words(row.request)
            said, visibility = of_writing(writing), writing.visibility
        found.append(said | {
            "published": [time_of(row.id).isoformat()], "post-status": ["draft"],
            "visibility": [_WORDS.get(visibility, visibility)], "url": [address_of_draft(row)], **_rest(row.request)})
    return found


def _of_note_draft(request: NoteRequest, media: list[Media], parent: tuple[Object, Actor] | None) -> Properties:
    found = _of_note(request.text, request.content_type, parent[1] if parent else None)
    found |= {name: values for name, values in _files(media).items() if values}
    if parent is not None:
        found["in-reply-to"] = [parent[0].uri]
    if request.summary:
        found["summary"] = [request.summary]
    return found


def _rest(kept: dict[str, Any]) -> Properties:
    found = kept.get(REST)
    return msgspec.convert(found, Properties) if isinstance(found, dict) else {}
