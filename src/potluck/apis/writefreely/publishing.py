"""From draft to article and back, under the same id."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.calls import header_of
from potluck.apis.writefreely.endpoint import Call
from potluck.apis.writefreely.finding import Collection
from potluck.kinds.article import actions, drafts
from potluck.kinds.article import publishing as articles
from potluck.kinds.article.drafts import Writing
from potluck.social import kept_drafts
from potluck.social.draft_history import Save
from potluck.social.model import Actor, Article, KeptDraft, Object

BY = "writefreely"
"""By which word drafts are saved from here."""


async def publish(call: Call, into: Collection, writing: Writing, *, created: datetime | None = None,
                  draft: KeptDraft | None = None) -> int:
    """Publish a text in a blog; gives the article's id.

    Args:
        created: the date it bears, if it is an older one.
        draft: the draft it is, which is gone then.
    """
    writing = msgspec.structs.replace(writing, blog_id=into.actor.id if into.settings else None)
    await call.stop_reading()
    ready = await articles.get_ready(
        call.db, call.federation, call.me, writing, media_ids=draft.media_ids if draft else (),
        app_name=header_of(call.request.scope, b"user-agent").partition("/")[0][:100] or None)
    ready = replace(ready, request=replace(ready.request, published=created))
    async with call.write() as session:
        writer = await call.acting(session)
        if draft is None:
            return (await articles.publish(session, writer, ready)).id
        place = Save(base=draft.revision, by=BY, draft_id=draft.id)
        return (await articles.publish_draft(session, writer, ready, place)).id


async def unpublish(session: AsyncSession, writer: Actor, row: Object) -> None:
    """Take an article back: it is deleted here and elsewhere, and its text is a draft under the same id again."""
    _, request = await actions.source(session, writer, row.id)
    place = await session.get_one(Article, row.id)
    draft_id, place.draft_id = place.draft_id or row.id, None
    await kept_drafts.check_room(session, writer.id)
    draft = KeptDraft(id=draft_id, owner_id=writer.id, kind=drafts.KIND, revision=0, saved_by=BY)
    kept_drafts.put(draft, drafts.as_words(articles.writing_of(request)), ())
    session.add(draft)
    await session.flush()
    await actions.delete(session, writer, row.id)
