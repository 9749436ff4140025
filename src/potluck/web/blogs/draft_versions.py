"""What a draft of an article said before: a list, one of them to look at, and having it back."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.kinds.article import drafts
from potluck.media import quotas
from potluck.social import draft_history, kept_drafts
from potluck.social.errors import NotFound
from potluck.social.model import KeptDraft, KeptDraftVersion
from potluck.text.longform import count_words
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId
from potluck.web.i18n import _
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest


def _name(row: KeptDraft) -> str:
    return drafts.from_words(row.request).title or row.opening or _("Without words")


@get("/write/{draft_id:int}/history")
async def index(request: AnyRequest, me: Me, draft_id: PathId) -> Response[Any]:
    """Earlier versions, newest first."""
    async with request.app.state.db.read() as session:
        row = await kept_drafts.one(session, me.actor.id, draft_id)
        if row.kind != drafts.KIND:
            raise NotFound
        found = await draft_history.versions(session, me.actor.id, draft_id)
    return await pages.render(request, "blogs/versions.html", draft_id=draft_id, name=_name(row),
                              now={"time": shown_time(row.updated_at), "opening": row.opening},
                              versions=[_shown(draft_id, item) for item in found])


def _shown(draft_id: int, row: KeptDraftVersion) -> dict[str, Any]:
    return {"url": f"/write/{draft_id}/history/{row.id}", "time": shown_time(row.saved_at),
            "opening": row.opening or _("Without words"), "size": quotas.readable(row.size)}


@get("/write/{draft_id:int}/history/{version_id:int}")
async def look(request: AnyRequest, me: Me, draft_id: PathId, version_id: PathId) -> Response[Any]:
    """One earlier version."""
    async with request.app.state.db.read() as session:
        row = await kept_drafts.one(session, me.actor.id, draft_id)
        found = await draft_history.version(session, me.actor.id, draft_id, version_id)
    words = drafts.from_words(found.request)
    return await pages.render(request, "blogs/version.html", draft_id=draft_id, name=_name(row), words=words,
                              time=shown_time(found.saved_at), count=count_words(words.text),
                              action=f"/write/{draft_id}/history/{version_id}")


@post("/write/{draft_id:int}/history/{version_id:int}", status_code=303)
async def restore(request: AnyRequest, me: Me, draft_id: PathId, version_id: PathId) -> Response[Any]:
    """Have it back."""
    async with request.app.state.db.write() as session:
        await draft_history.restore(session, me.actor.id, draft_id, version_id)
    return flashes.with_flash(redirects.see_other(f"/write/{draft_id}"), "good", _(
        "The earlier version is back. What stood there is among the earlier versions now."))


route_handlers = [index, look, restore]
