"""What people do with a post: boost, favourite, bookmark, pin, mute its conversation, vote.

Each act is a form. Without scripts the answer leads back to where the form was; htmx gets the card, drawn anew.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.kinds.note import polls
from potluck.social import act_limits, reactions, views
from potluck.social.communities import joining
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.social.views import EntryRef, EntryView
from potluck.web import pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.forms import Form
from potluck.web.presenters.posts import Post, shown_post
from potluck.web.types import AnyRequest

Act = Callable[[AsyncSession, Actor, int], Awaitable[Any]]

ACTS: Mapping[str, Act] = {
    "boost": reactions.announce, "unboost": reactions.unannounce,
    "favourite": reactions.react, "unfavourite": reactions.unreact,
    "bookmark": reactions.bookmark, "unbookmark": reactions.unbookmark,
    "pin": reactions.pin, "unpin": reactions.unpin,
    "mute": reactions.mute_thread, "unmute": reactions.unmute_thread,
    "upvote": partial(joining.vote, direction=1), "downvote": partial(joining.vote, direction=-1),
    "unvote": partial(joining.vote, direction=0),
}
_CARD = re.compile(r"(?:\w+#)?post-([0-9]{1,16})")


@post("/posts/{object_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, me: Me, form: SentForm, object_id: PathId, verb: PathWord) -> Response[Any]:
    """Do one of the acts."""
    known = ACTS.get(verb)
    if known is None:
        raise NotFound
    async with request.app.state.db.write() as session:
        actor = await acting(session, me)
        if verb == "boost":
            await act_limits.take(session, actor, "posts")
        await known(session, actor, object_id)
    return await answer(request, me, form, object_id)


@post("/posts/{object_id:int}/vote", status_code=303)
async def vote(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Vote in a poll."""
    async with request.app.state.db.write() as session:
        await polls.vote(session, await acting(session, me), object_id, form.wholes("choice"))
    return await answer(request, me, form, object_id)


@get("/posts/{object_id:int}/{verb:str}")
async def look(object_id: PathId, verb: PathWord) -> Response[Any]:
    """A form's address opened as a page (after signing in, for example): show the post."""
    if verb not in ACTS and verb != "vote":
        raise NotFound
    return redirects.see_other(f"/posts/{object_id}")


async def answer(request: AnyRequest, me: Viewer, form: Form, object_id: int) -> Response[Any]:
    """The way back, or the card for htmx."""
    if not redirects.is_htmx(request):
        return redirects.see_other(redirects.safe_path(form.text("back", limit=2000), f"/posts/{object_id}"))
    async with request.app.state.db.read() as session:
        entries = await views.load_entries(session, [_entry(request, object_id)], me.actor.id)
        if not entries:
            entries = await views.load_entries(session, [EntryRef(object_id, object_id)], me.actor.id)
    if not entries:
        raise NotFound
    return await card(request, entries[0], me)


def _entry(request: AnyRequest, object_id: int) -> EntryRef:
    """Which entry the card on the page stands for: a boost's card is named after the boost."""
    match = _CARD.fullmatch(request.headers.get("HX-Target", ""))
    entry_id = int(match[1]) if match else object_id
    return EntryRef(entry_id, object_id, entry_id if entry_id != object_id else None)


async def card(request: AnyRequest, entry: EntryView, me: Viewer) -> Response[Any]:
    """One card as a part of a page."""
    shown: Post = shown_post(entry.object, me, booster=entry.booster, entry_id=entry.entry_id)
    return await pages.fragment(request, "timelines/card.html", post=shown)


route_handlers = [act, vote, look]
