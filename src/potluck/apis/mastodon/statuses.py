"""Reading statuses: one, several, their thread, source, history, and who liked or boosted them."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import async_refreshes, entities, entities_status, render, render_accounts
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.errors import not_found
from potluck.apis.mastodon.paging import links, page_of
from potluck.social import threads
from potluck.social.model import Actor, Announce, Object, Reaction, Revision
from potluck.social.paging import in_order, paged
from potluck.social.views import ObjectView, load_objects
from potluck.social.visibility import not_hidden_by

_MOST_AT_ONCE = 100


async def target_id(session: AsyncSession, status_id: int) -> int:
    """The object a status id means: a boost stands for what it boosts, as in Mastodon."""
    boosted = await session.scalar(select(Announce.object_id).where(Announce.id == status_id))
    return boosted or status_id


async def view_of(session: AsyncSession, status_id: int, viewer_id: int | None) -> ObjectView:
    """A status in full.

    Raises:
        ApiError: there is none the viewer may see (404).
    """
    object_id = await target_id(session, status_id)
    found = (await load_objects(session, [object_id], viewer_id)).get(object_id)
    if found is None:
        raise not_found()
    return found


@endpoint("GET", "/api/v1/statuses/{id:str}", scope="read:statuses", who="anyone")
async def show(call: Call) -> Answer:
    """One status."""
    return Answer(await render.one(call.source, call.ident(), call.viewer_id))


@endpoint("GET", "/api/v1/statuses", scope="read:statuses", who="anyone")
async def several(call: Call) -> Answer:
    """Several statuses by id; those that are not there are left out."""
    wanted = call.params.idents("id")[:_MOST_AT_ONCE]
    return json_list(await render.in_order(call.source, wanted, call.viewer_id))


@endpoint("GET", "/api/v1/statuses/{id:str}/context", scope="read:statuses", who="anyone")
async def context(call: Call) -> Answer:
    """What came before and after a status. Without token forty above, sixty below, twenty levels deep (as Mastodon).

    With a token what is missing is fetched from elsewhere; the header Mastodon-Async-Refresh says that it goes on.
    """
    session = await call.reader()
    view = await view_of(session, call.ident(), call.viewer_id)
    limits: dict[str, Any] = {} if call.viewer_id else {"ancestors": 40, "descendants": 60, "depth": 20}
    above, below = await threads.context(session, view.object.id, call.viewer_id, **limits)
    found = await render.by_ids(call.source, [*above, *below], call.viewer_id, context="thread")
    headers = await async_refreshes.missing(call, view.object) if call.viewer_id is not None else {}
    return answer({"ancestors": [msgspec.Raw(found[key]) for key in above if key in found],
                   "descendants": [msgspec.Raw(found[key]) for key in below if key in found]}, headers=headers)


@endpoint("GET", "/api/v1/statuses/{id:str}/source", scope="read:statuses")
async def source(call: Call) -> Answer:
    """What the author typed, for editing."""
    view = await view_of(await call.reader(), call.ident(), call.viewer_id)
    if view.author.id != call.me.id:
        raise not_found()
    return answer({"id": str(view.object.id), "text": view.object.source or "", "spoiler_text": view.object.summary})


@endpoint("GET", "/api/v1/statuses/{id:str}/history", scope="read:statuses", who="anyone")
async def history(call: Call) -> Answer:
    """Every version of a status, oldest first, the present one last."""
    session = await call.reader()
    view = await view_of(session, call.ident(), call.viewer_id)
    author = msgspec.Raw(await render_accounts.one(call.source, view.author))
    rows = (await session.scalars(
        select(Revision).where(Revision.object_id == view.object.id).order_by(Revision.id).limit(200))).all()
    return answer([*(_revision(row, view.object, author) for row in rows), _present(view, author)])


def _revision(row: Revision, of: Object, author: msgspec.Raw) -> dict[str, Any]:
    shown = Object(kind=of.kind, type=of.type, title=row.title, summary=row.summary, content=row.content)
    return {
        "content": entities_status.content(shown, of.url or of.uri), "spoiler_text": _warning(of.kind, row.summary),
        "sensitive": row.sensitive, "created_at": entities.stamp(row.created_at), "account": author,
        "media_attachments": entities.old_media(row.extra.get("attachments", ())),
        "emojis": [entities.emoji(entry) for entry in row.emojis], **_poll(row.extra.get("poll")),
    }


def _warning(kind: str, summary: str) -> str:
    return summary if kind == "note" else ""


def _poll(titles: list[str] | None) -> dict[str, Any]:
    return {"poll": {"options": [{"title": title} for title in titles]}} if titles else {}


def _present(view: ObjectView, author: msgspec.Raw) -> dict[str, Any]:
    row = view.object
    poll = getattr(view.kind_data, "poll", None)
    return {
        "content": entities_status.content_of(view),
        "spoiler_text": _warning(row.kind, row.summary), "sensitive": row.sensitive,
        "created_at": entities.stamp(row.edited_at or row.published), "account": author,
        "media_attachments": [entities.media(item) for item in view.media],
        "emojis": [entities.emoji(entry) for entry in row.emojis],
        **_poll([title for title, _ in poll.options] if poll else None),
    }


@endpoint("GET", "/api/v1/statuses/{id:str}/card", scope="read:statuses", who="anyone")
async def card(call: Call) -> Answer:
    """The preview card of a status (an old call)."""
    view = await view_of(await call.reader(), call.ident(), call.viewer_id)
    found = entities_status.card(view)
    return answer(found) if found else Answer(EMPTY)


async def _people(call: Call, table: Any, condition: Any) -> Answer:
    """Actors of rows about a status; the row's id is the cursor."""
    page = page_of(call.params, 40, 80)
    session = await call.reader()
    view = await view_of(session, call.ident(), call.viewer_id)
    query = select(table.id, table.actor_id).join(Actor, Actor.id == table.actor_id).where(
        table.object_id == view.object.id, condition, Actor.suspended_at.is_(None), Actor.deleted_at.is_(None))
    if call.viewer_id is not None:
        query = query.where(not_hidden_by(call.viewer_id, table.actor_id))
    rows = in_order(list((await session.execute(paged(query, table.id, page))).all()), page)
    accounts = await render_accounts.in_order(call.source, [row[1] for row in rows])
    return json_list(accounts, links(call, [row[0] for row in rows], more=len(rows) >= page.limit))


@endpoint("GET", "/api/v1/statuses/{id:str}/reblogged_by", scope="read:statuses", who="anyone")
async def reblogged_by(call: Call) -> Answer:
    """Who boosted a status publicly."""
    return await _people(call, Announce, Announce.visibility.in_(("public", "unlisted")))


@endpoint("GET", "/api/v1/statuses/{id:str}/favourited_by", scope="read:statuses", who="anyone")
async def favourited_by(call: Call) -> Answer:
    """Who liked a status."""
    return await _people(call, Reaction, Reaction.kind == "like")


route_handlers = [show, several, context, source, history, card, reblogged_by, favourited_by]
