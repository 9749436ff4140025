"""Articles and their drafts for APIs that know both as posts: one id from draft to article and back.

An article is known by the id of the draft it was, else by its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.calls import Call, header_of
from potluck.kinds.article import actions, drafts, publishing
from potluck.kinds.article.drafts import KIND, Writing
from potluck.kinds.article.rows import ArticleData
from potluck.kinds.authoring import HandleResolver
from potluck.social import act_limits, kept_drafts, views
from potluck.social.blogs import authors
from potluck.social.draft_history import Save
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Article, BlogAuthor, KeptDraft, Object
from potluck.social.views import ObjectView


async def draft(session: AsyncSession, me_id: int | None, post_id: int | None) -> KeptDraft | None:
    """One's own draft with this id, if there is one."""
    if post_id is None or me_id is None:
        return None
    found: KeptDraft | None = await session.scalar(select(KeptDraft).where(
        KeptDraft.id == post_id, KeptDraft.owner_id == me_id, KeptDraft.kind == KIND, KeptDraft.object_id.is_(None)))
    return found


async def object_id(session: AsyncSession, post_id: int | None) -> int | None:
    """The article that a post's id stands for."""
    if post_id is None:
        return None
    rows = (await session.scalars(select(Article).where(
        or_(Article.draft_id == post_id, Article.object_id == post_id)))).all()
    by_draft = next((row for row in rows if row.draft_id == post_id), None)
    return by_draft.object_id if by_draft else next((row.object_id for row in rows if row.draft_id is None), None)


def post_id(view: ObjectView) -> int:
    """By which id an article is known."""
    place = view.kind_data.place if isinstance(view.kind_data, ArticleData) else None
    return place.draft_id if place and place.draft_id else view.object.id


async def view_of(session: AsyncSession, found: int, viewer_id: int | None) -> ObjectView:
    """An article by its own id; those who write in its blog see what the blog sees.

    Raises:
        NotFound: it is not for the asker.
    """
    seen = await views.load_objects(session, [found], viewer_id, with_marks=False)
    if found not in seen and viewer_id is not None:
        row = await session.get(Object, found)
        if row is not None and await authors.role_of(session, row.author_id, viewer_id):
            seen = await views.load_objects(session, [found], row.author_id, with_marks=False)
    if found not in seen:
        raise NotFound
    return seen[found]


async def views_of(session: AsyncSession, writer_id: int, ids: Sequence[int]) -> list[ObjectView]:
    """Articles that somebody wrote, also in closed blogs, in this order."""
    seen = await views.load_objects(session, ids, writer_id, with_marks=False)
    missing = [value for value in ids if value not in seen]
    if missing:
        closed = (await session.scalars(select(Object.author_id).join(
            BlogAuthor, BlogAuthor.blog_id == Object.author_id).where(
            Object.id.in_(missing), BlogAuthor.actor_id == writer_id).distinct())).all()
        for blog_id in closed:  # a person's closed blogs are few
            seen |= await views.load_objects(session, missing, blog_id, with_marks=False)
    return [seen[value] for value in ids if value in seen]


async def own(session: AsyncSession, me: Actor, wanted: int | None) -> Object:
    """An article that somebody may change, by a post's id.

    Raises:
        NotFound: there is none.
    """
    found = await object_id(session, wanted)
    row = await session.get(Object, found) if found is not None else None
    if row is None or row.deleted_at is not None:
        raise NotFound
    await authors.check_edits(session, me, row)
    return row


def federation_of(call: Call) -> HandleResolver | None:
    """Who finds people of other servers."""
    found: HandleResolver | None = getattr(call.request.app.state, "federation", None)
    return found


async def publish(call: Call, me: Actor, writing: Writing, by: str, *, created: datetime | None = None,
                  draft: KeptDraft | None = None, media_ids: Sequence[int] = (), keep: dict[str, Any] | None = None,
                  ) -> int:
    """Publish a text; gives the article's id.

    Args:
        by: by which word drafts are saved from this API.
        created: the date it bears, if it is an older one.
        draft: the draft it is, which is gone then.
        media_ids: uploads it may use beside those of the draft.
        keep: what is kept with it for the API (`Object.extra`).
    """
    await call.stop_reading()
    app = call.access.app if call.access else None
    ready = await publishing.get_ready(
        call.db, federation_of(call), me, writing, media_ids=[*(draft.media_ids if draft else ()), *media_ids],
        app_name=app.name if app else header_of(call.request.scope, b"user-agent").partition("/")[0][:100] or None,
        app_website=app.website if app else None)
    ready = replace(ready, request=replace(ready.request, published=created))
    async with call.write() as session:
        writer = await session.get_one(Actor, me.id)
        await act_limits.take(session, writer, "posts")
        if draft is None:
            row = await publishing.publish(session, writer, ready)
        else:
            place = Save(base=draft.revision, by=by, draft_id=draft.id)
            row = await publishing.publish_draft(session, writer, ready, place)
        if keep:
            await keep_with(session, row.id, keep)
        return row.id


async def keep_with(session: AsyncSession, object_id: int, kept: dict[str, Any]) -> None:
    """Keep something with a published object (`Object.extra`) that only an API knows what to do with."""
    row = await session.get_one(Object, object_id, populate_existing=True)
    row.extra = {**row.extra, **kept}
    await session.flush()


async def revise(call: Call, me: Actor, found: int, writing: Writing, *, media_ids: Sequence[int] = (),
                 keep: dict[str, Any] | None = None) -> None:
    """Change an article, by its own id; `media_ids` and `keep` as for `publish`."""
    await call.stop_reading()
    ready = await publishing.get_ready(call.db, federation_of(call), me, writing, media_ids=media_ids,
                                       object_id=found)
    async with call.write() as session:
        row = await publishing.publish(session, await session.get_one(Actor, me.id), ready)
        if keep:
            await keep_with(session, row.id, keep)


async def save_draft(session: AsyncSession, me: Actor, writing: Writing, by: str, *, row: KeptDraft | None = None,
                     ) -> KeptDraft:
    """Save a draft, anew or over `row`; what stood there is kept among its earlier versions."""
    place = Save(by=by) if row is None else Save(
        base=row.revision, by=by, draft_id=row.id, over=row.request != drafts.as_words(writing))
    return await drafts.save(session, me.id, writing, place)


async def unpublish(session: AsyncSession, writer: Actor, row: Object, by: str) -> None:
    """Take an article back: it is deleted here and elsewhere, and its text is a draft under the same id again."""
    _, request = await actions.source(session, writer, row.id)
    place = await session.get_one(Article, row.id)
    draft_id, place.draft_id = place.draft_id or row.id, None
    await kept_drafts.check_room(session, writer.id)
    made = KeptDraft(id=draft_id, owner_id=writer.id, kind=drafts.KIND, revision=0, saved_by=by)
    kept_drafts.put(made, drafts.as_words(publishing.writing_of(request)), ())
    session.add(made)
    await session.flush()
    await actions.delete(session, writer, row.id)
