"""Deleting, and bringing back what was deleted: its words and files are kept for some days, nothing else of it is."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.indieauth.endpoint import Call
from potluck.apis.indieauth.errors import invalid
from potluck.apis.micropub import entry as entries
from potluck.apis.micropub import finding, source
from potluck.apis.micropub.entry import Properties
from potluck.apis.micropub.finding import Act, Post
from potluck.apis.micropub.making import Made, make
from potluck.db.base import now
from potluck.db.ids import ids
from potluck.kinds.article import actions
from potluck.kinds.article.drafts import KIND as ARTICLE
from potluck.social import kept_drafts, objects, reactions, removed_posts
from potluck.social.model import Actor, KeptDraft, RemovedPost

_UNDO = {"like-of": reactions.unreact, "repost-of": reactions.unannounce, "bookmark-of": reactions.unbookmark}


async def remove(call: Call) -> None:
    """Delete a post here and elsewhere, throw a draft away, or take an act back."""
    session = await call.reader()
    url = finding.canonical(call.site, call.params.text("url"))
    post = await finding.post(session, call, url)
    call.need(*(("delete", "draft") if isinstance(post, KeptDraft) else ("delete",)))
    properties = await source.properties_of(session, post)
    media_ids = _media_ids(post)
    async with call.write() as writing:
        me = await call.acting(writing)
        await _delete(writing, me, post)
        await removed_posts.keep(writing, RemovedPost(
            id=ids.new(), owner_id=me.id, author_id=call.site.actor.id, url=url, properties=properties,
            media_ids=media_ids, created_at=now()))


def _media_ids(post: Post) -> list[int]:
    if isinstance(post, KeptDraft):
        return list(post.media_ids)
    return [] if isinstance(post, Act) else [item.id for item in post.media]


async def _delete(session: AsyncSession, me: Actor, post: Post) -> None:
    if isinstance(post, KeptDraft):
        await kept_drafts.delete(session, me.id, post.id)
    elif isinstance(post, Act):
        await _UNDO[post.property](session, me, post.object_id)
    elif post.object.kind == ARTICLE:
        await actions.delete(session, me, post.object.id)
    else:
        await objects.delete(session, post.object.id, me)


async def bring_back(call: Call) -> Made:
    """Publish anew what was deleted; gives its address, which is another one where the old one cannot be used again."""
    call.need("undelete")
    url = finding.canonical(call.site, call.params.text("url"))
    row = await removed_posts.find(await call.reader(), call.me.id, call.site.actor.id, url)
    if row is None:
        raise invalid("There is no such deleted post of yours")
    properties: Properties = {name: values for name, values in row.properties.items() if name != "url"}
    entry = entries.sorted_out(properties)
    made = await make(call, entry, as_draft=entries.status(entry) == "draft")
    async with call.write() as session:
        await session.execute(delete(RemovedPost).where(RemovedPost.id == row.id))
    return made


