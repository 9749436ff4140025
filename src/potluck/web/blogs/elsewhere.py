"""How others see what one has published, of whatever kind."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get
from potluck.kinds.article.rows import ArticleData
from potluck.social import views
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Object
from potluck.web import pages
from potluck.web.asking import Me, PathId
from potluck.web.blogs import doors
from potluck.web.presenters.communities import title_of
from potluck.web.presenters.elsewhere import shown_elsewhere
from potluck.web.types import AnyRequest


@get("/posts/{object_id:int}/elsewhere")
async def show(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """What its document becomes elsewhere; for its author alone."""
    async with request.app.state.db.read() as session:
        row = await session.get(Object, object_id)
        author = await session.get(Actor, row.author_id) if row and row.local else None
        if author is None:
            raise NotFound
        door = await doors.door(request, session, author, me)
        found = (await views.load_objects(session, [object_id], door.reader_id)).get(object_id)
    own = found is not None and (found.author.id == me.actor.id or door.role is not None or (
        isinstance(found.kind_data, ArticleData) and found.kind_data.may_edit))
    if found is None or not own:
        raise NotFound
    return await pages.render(request, "blogs/elsewhere.html", seen=shown_elsewhere(found), title=title_of(found),
                              back=f"/posts/{object_id}")


route_handlers = [show]
