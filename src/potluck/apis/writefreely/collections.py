"""Blogs: made, read, changed and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis import articles
from potluck.apis.errors import ApiError
from potluck.apis.writefreely import entities, finding
from potluck.apis.writefreely.endpoint import GONE, Answer, Call, data, endpoint
from potluck.apis.writefreely.finding import Collection
from potluck.apis.writefreely.me import page_of
from potluck.apis.writefreely.publishing import BY
from potluck.apis.writefreely.words import VISIBILITIES, Json, name_of
from potluck.social import kept_drafts, keys, views
from potluck.social.blogs import authors, listing, making
from potluck.social.blogs.making import Wishes
from potluck.social.model import Actor, Article, Object
from potluck.social.paging import Page


@endpoint("POST", "/collections")
async def create(call: Call) -> Answer:
    """A new blog."""
    params = call.params
    title = params.text("title").strip() or params.text("alias").strip()
    alias = params.text("alias").strip() or title
    if not alias:
        raise ApiError(400, "Parameter(s) `alias` or `title` required.")
    name = "".join(sign for sign in name_of(alias.replace(" ", "_")) if sign.isascii())[:30]
    pairs = await keys.generate()
    async with call.write() as session:
        actor = await making.create(session, await call.acting(session), name, Wishes(title=title), pairs=pairs)
        settings = await making.settings_of(session, actor)
        return data(entities.collection(Collection(actor, settings, "owner")), 201)


@endpoint("GET", "/collections/{alias:str}", who="anyone")
async def read(call: Call) -> Answer:
    """A blog."""
    return data(entities.collection(await finding.collection(await call.reader(), call.word("alias"), call.viewer_id)))


@endpoint("GET", "/collections/{alias:str}/posts", who="anyone")
async def posts(call: Call) -> Answer:
    """A blog with its articles, newest first, ten on a page."""
    session = await call.reader()
    found = await finding.collection(session, call.word("alias"), call.viewer_id)
    start, length = page_of(call)
    reader = found.reader_id(call.viewer_id)
    ids = (await listing.articles(session, found.actor.id, reader, Page(limit=start + length)))[start:]
    seen = await views.load_objects(session, ids, reader, with_marks=False)
    html = call.params.text("body") == "html"
    return data({**entities.collection(found), "posts": [
        entities.of_article(seen[object_id], within=True, html=html) for object_id in ids if object_id in seen]})


def wishes_of(actor: Actor, found: Collection) -> Wishes:
    """What a blog is like now, as wishes to be changed."""
    settings = found.settings
    if settings is None:
        raise ApiError(403, "Your profile is changed in the settings of the website")
    return Wishes(
        title=actor.display_name, description=actor.summary_source or "", visibility=settings.visibility,
        language=settings.language, rtl=settings.rtl, css=settings.css, comments=settings.comments,
        bylines=settings.bylines, mail=settings.mail, domain=settings.domain or "")


def _changes(call: Call) -> Json:
    """What the call says of a blog; what we do not know (signature, script, format, MathJax) is passed over."""
    params = call.params
    names = {"title": "title", "description": "description", "style_sheet": "css", "password": "password"}
    found: Json = {ours: params.text(theirs) for theirs, ours in names.items()
                   if params.optional_text(theirs) is not None}
    number = params.whole("public") if "public" in params else params.whole("visibility")
    if number is not None:
        if number not in VISIBILITIES:
            raise ApiError(400, "Invalid visibility")
        found["visibility"] = VISIBILITIES[number]
    if params.optional_flag("email_subs") is not None:
        found["mail"] = params.flag("email_subs")
    return found


@endpoint("POST", "/collections/{alias:str}")
async def change(call: Call) -> Answer:
    """Change what a blog is like."""
    changes = _changes(call)
    async with call.write() as session:
        found = await finding.own_collection(session, call, call.word("alias"))
        wishes = replace(wishes_of(found.actor, found), **changes)
        await making.update(session, await call.acting(session), found.actor, wishes)
        return data(entities.collection(found))


@endpoint("DELETE", "/collections/{alias:str}")
async def delete(call: Call) -> Answer:
    """Delete a blog, here and elsewhere; its articles become drafts. One's own profile stays."""
    async with call.write() as session:
        found = await finding.own_collection(session, call, call.word("alias"))
        if found.settings is None:
            raise ApiError(403, "This is your profile, which goes only with your account")
        me = await call.acting(session)
        await authors.check(session, me, found.actor, authors.OWNER)
        for row in await _all_of(session, found.actor.id):
            await articles.unpublish(session, me, row, BY)
        await making.delete(session, me, found.actor)
    return GONE


async def _all_of(session: AsyncSession, blog_id: int) -> Sequence[Object]:
    rows = (await session.scalars(select(Object).join(Article, Article.object_id == Object.id).where(
        Article.author_id == blog_id, Object.deleted_at.is_(None)).limit(kept_drafts.MAX_DRAFTS + 1))).all()
    if len(rows) > kept_drafts.MAX_DRAFTS:
        raise ApiError(409, "It has more articles than there can be drafts. Delete it on the website")
    return rows


route_handlers = [create, read, posts, change, delete]
