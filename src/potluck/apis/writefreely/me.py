"""What is the caller's own: name, posts, blogs."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis import articles
from potluck.apis.errors import ApiError
from potluck.apis.writefreely import entities, finding
from potluck.apis.writefreely.endpoint import Answer, Call, data, endpoint
from potluck.apis.writefreely.words import Json
from potluck.kinds.article.drafts import KIND
from potluck.social.model import Article, KeptDraft

A_PAGE = 10
MOST = 200
"""Posts that are answered at once where a client asks for all; it goes on with `page`."""


def page_of(call: Call) -> tuple[int, int]:
    """Where a page begins and how long it is; without number, or with 0, it is one long one."""
    number = call.params.whole("page") or 0
    return (0, MOST) if number < 1 else ((min(number, 1000) - 1) * A_PAGE, A_PAGE)


@endpoint("GET", "/me")
async def me(call: Call) -> Answer:
    """Who the token stands for."""
    return data(entities.user(call.me, call.user.email))


@endpoint("GET", "/me/posts")
async def posts(call: Call) -> Answer:
    """Drafts (`anonymous=1`), or everything one has written, newest first."""
    session = await call.reader()
    start, length = page_of(call)
    if call.params.flag("anonymous"):
        return data([entities.of_draft(row) for row in await _drafts(session, call.me.id, start, length)])
    drafts = await _drafts(session, call.me.id, start, length) if start == 0 else []
    return data([*(entities.of_draft(row) for row in drafts), *await _articles(session, call.me.id, start, length)])


async def _drafts(session: AsyncSession, owner_id: int, start: int, length: int) -> list[KeptDraft]:
    rows = await session.scalars(select(KeptDraft).where(
        KeptDraft.owner_id == owner_id, KeptDraft.kind == KIND, KeptDraft.object_id.is_(None))
        .order_by(KeptDraft.id.desc()).offset(start).limit(length))
    return list(rows.all())


async def _articles(session: AsyncSession, writer_id: int, start: int, length: int) -> list[Json]:
    ids = (await session.scalars(select(Article.object_id).where(Article.writer_id == writer_id)
                                 .order_by(Article.object_id.desc()).offset(start).limit(length))).all()
    return [entities.of_article(view) for view in await articles.views_of(session, writer_id, ids)]


@endpoint("GET", "/me/collections")
async def collections(call: Call) -> Answer:
    """Where one may publish: the own profile, and the blogs one writes in."""
    found = await finding.collections_of(await call.reader(), call.me)
    return data([entities.collection(item) for item in found])


@endpoint("POST", "/me/self", "/me/password")
async def change(_call: Call) -> Answer:
    """Name, address and password are changed on the site, which asks for the password and second factor."""
    raise ApiError(403, "Please change your account in the settings of the website")


route_handlers = [me, posts, collections, change]
