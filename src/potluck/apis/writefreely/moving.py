"""Putting drafts into blogs, taking articles out of them, and pinning: lists of posts, each with its own answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from potluck.apis import articles
from potluck.apis.errors import ApiError
from potluck.apis.writefreely import finding, posts
from potluck.apis.writefreely.endpoint import LIST, Answer, Call, data, endpoint
from potluck.apis.writefreely.errors import body_of, from_exception
from potluck.apis.writefreely.publishing import BY, publish
from potluck.apis.writefreely.words import Json, moment_of
from potluck.kinds.article import actions, drafts
from potluck.social.errors import SocialError

MOST = 50
"""Posts that one call may move."""

Act = Callable[[Call, Json], Awaitable[Json]]


async def _each(call: Call, act: Act) -> Answer:
    """Do something to each post of the list; one that is refused does not keep the others from it."""
    items = call.params.values.get(LIST)
    if not isinstance(items, list) or not items:
        raise ApiError(400, "Expected a list of posts")
    if len(items) > MOST:
        raise ApiError(400, f"At most {MOST} posts at once")
    return data([await _one(call, act, {"id": item} if isinstance(item, str) else item) for item in items])


async def _one(call: Call, act: Act, item: Any) -> Json:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return {"code": 400, "error_msg": "A post needs an id"}
    try:
        return {"code": 200, **await act(call, item)}
    except (ApiError, SocialError) as error:
        return {"id": item["id"], **body_of(from_exception(error))}


async def _publish(call: Call, item: Json, alias: str) -> Json:
    session = await call.reader()
    draft = await finding.draft(session, call.viewer_id, item["id"])
    if draft is None:
        raise finding.no_post()
    into = await finding.own_collection(session, call, alias)
    created = moment_of(str(item.get("created") or ""))
    row = await publish(call, into, drafts.from_words(draft.request), created=created, draft=draft)
    return {"post": await posts.shown(call, row)}


@endpoint("POST", "/collections/{alias:str}/collect")
async def collect(call: Call) -> Answer:
    """Publish drafts in a blog."""
    return await _each(call, lambda call, item: _publish(call, item, call.word("alias")))


@endpoint("POST", "/posts/claim")
async def claim(call: Call) -> Answer:
    """The same with the blog named by each post. Posts without an owner, which could be claimed, do not exist here."""
    return await _each(call, lambda call, item: _publish(call, item, str(item.get("collection") or call.me.name)))


async def _take_out(call: Call, item: Json) -> Json:
    async with call.write() as session:
        row = await finding.own_article(session, call.me, item["id"])
        await articles.unpublish(session, await call.acting(session), row, BY)
    return {"id": item["id"]}


@endpoint("POST", "/posts/disperse")
async def disperse(call: Call) -> Answer:
    """Make articles drafts again."""
    return await _each(call, _take_out)


async def _pin(call: Call, item: Json, *, pinned: bool) -> Json:
    async with call.write() as session:
        row = await finding.own_article(session, call.me, item["id"])
        into = await finding.own_collection(session, call, call.word("alias"))
        if row.author_id != into.actor.id:
            raise finding.no_post()
        await actions.pin(session, await call.acting(session), row.id, pinned=pinned)
    return {"id": item["id"]}


@endpoint("POST", "/collections/{alias:str}/pin")
async def pin(call: Call) -> Answer:
    """Put articles on top of a blog."""
    return await _each(call, lambda call, item: _pin(call, item, pinned=True))


@endpoint("POST", "/collections/{alias:str}/unpin")
async def unpin(call: Call) -> Answer:
    """Take them down."""
    return await _each(call, lambda call, item: _pin(call, item, pinned=False))


route_handlers = [collect, claim, disperse, pin, unpin]
