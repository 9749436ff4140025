"""What one has deleted in communities and can put back for a while."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import objects
from potluck.social.communities import withdrawing
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, Object
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.i18n import _, said
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import shown_person
from potluck.web.presenters.posts import post_path
from potluck.web.presenters.times import shown_time
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

_PAGE = 40
_WORDS = 300


async def _own(session: AsyncSession, me: Viewer, object_id: int) -> Object:
    row = await session.get(Object, object_id)
    if row is None or row.author_id != me.actor.id or row.state != withdrawing.WITHDRAWN or row.deleted_at is not None:
        raise NotFound
    return row


async def _shown(session: AsyncSession, row: Object) -> dict[str, Any]:
    group = await session.get(Actor, row.group_id) if row.group_id else None
    return {"act": f"/posts/{row.id}", "title": row.title or "", "text": plain_text(row.content, _WORDS),
            "published": shown_time(row.published), "community": shown_person(group) if group else None}


@get("/posts/{object_id:int}/restore")
async def ask(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """One thing that was deleted: put it back, or delete it for good."""
    async with request.app.state.db.read() as session:
        item = await _shown(session, await _own(session, me, object_id))
    return await pages.render(request, "communities/restore.html", items=[item], days=withdrawing.KEPT_DAYS,
                              heading=_("You have deleted this"), next_url="", single=True)


@get("/deleted")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """All that can be put back."""
    async with request.app.state.db.read() as session:
        rows = await withdrawing.of_author(session, me.actor.id, page_of(request, _PAGE))
        items = [await _shown(session, row) for row in rows]
    return await pages.render(request, "communities/restore.html", items=items, days=withdrawing.KEPT_DAYS,
                              heading=_("Deleted posts"), single=False,
                              next_url=next_url(request, len(rows), rows[-1].id if rows else None, _PAGE))


@post("/posts/{object_id:int}/restore", status_code=303)
async def restore(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Put it back, or delete it for good."""
    async with request.app.state.db.write() as session:
        await _own(session, me, object_id)
        actor = await acting(session, me)
        if form.flag("forever"):
            await objects.delete(session, object_id, actor)
            return flashes.with_flash(redirects.see_other("/deleted"), "good", _("It is gone for good."))
        try:
            await withdrawing.put_back(session, actor, object_id)
        except NotAllowed as error:
            return flashes.with_flash(redirects.see_other("/deleted"), "bad", said(error))
    return flashes.with_flash(redirects.see_other(post_path(me.actor, object_id)), "good", _("It is back."))


route_handlers = [ask, index, restore]
