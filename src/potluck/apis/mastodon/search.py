"""Search: accounts, statuses, hashtags; an address is fetched and answered alone."""

from __future__ import annotations

from typing import Any

import msgspec

from potluck.apis.mastodon import render, render_accounts
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.paging import limit_of, offset_of
from potluck.apis.mastodon.resolving import looks_like_address, resolve
from potluck.apis.mastodon.tags import tags_of
from potluck.social import search as searching
from potluck.social.model import Actor, Object

_TYPES = ("accounts", "statuses", "hashtags")


@endpoint("GET", "/api/v2/search", scope="read:search", who="anyone")
async def search(call: Call) -> Answer:
    """Search. `resolve` and `offset` are for people who are signed in."""
    return await find(call)


async def find(call: Call) -> Answer:
    """What a call asks for."""
    query = call.params.required("q").strip()
    kind = call.params.text("type")
    if kind and kind not in _TYPES:
        raise ApiError(400, "Unknown type")
    if call.viewer_id is None and (call.params.flag("resolve") or offset_of(call.params)):
        raise ApiError(401, "Search queries that resolve remote resources or use paging need a user")
    wanted = (kind,) if kind else _TYPES
    if call.params.flag("resolve") and looks_like_address(query):
        found = await resolve(call, query)
        if found is not None:
            return await _only(call, found, wanted)
    return await _search(call, query, wanted)


async def _only(call: Call, found: Actor | Object, wanted: tuple[str, ...]) -> Answer:
    result: dict[str, list[Any]] = {name: [] for name in _TYPES}
    if isinstance(found, Actor) and "accounts" in wanted:
        result["accounts"] = [msgspec.Raw(await render_accounts.one(call.source, found))]
    elif isinstance(found, Object) and "statuses" in wanted:
        rendered = await render.in_order(call.source, [found.id], call.viewer_id)
        result["statuses"] = [msgspec.Raw(item) for item in rendered]
    return answer(result)


async def _search(call: Call, query: str, wanted: tuple[str, ...]) -> Answer:
    session = await call.reader()
    limit = limit_of(call.params, 20, 40)
    offset = offset_of(call.params) if len(wanted) == 1 else 0
    result: dict[str, list[Any]] = {name: [] for name in _TYPES}
    if "accounts" in wanted:
        people = await searching.accounts(session, query, viewer_id=call.viewer_id, limit=limit, offset=offset,
                                       following=call.params.flag("following"))
        rendered = await render_accounts.of_actors(call.source, people)
        result["accounts"] = [msgspec.Raw(rendered[row.id]) for row in people]
    if "hashtags" in wanted:
        rows = await searching.hashtags(session, query, limit=limit, offset=offset,
                                     reviewed=call.params.flag("exclude_unreviewed"))
        result["hashtags"] = await tags_of(session, rows, call.viewer_id)
    if "statuses" in wanted and call.viewer_id is not None:
        ids = await searching.statuses(
            session, query, viewer_id=call.viewer_id, limit=limit, offset=offset,
            author_id=call.params.ident("account_id"), max_id=call.params.ident("max_id"),
            min_id=call.params.ident("min_id"))
        result["statuses"] = [msgspec.Raw(item) for item in await render.in_order(call.source, ids, call.viewer_id)]
    return answer(result)


@endpoint("GET", "/api/v1/search", scope="read:search")
async def find_old(call: Call) -> Answer:
    """Search as old apps know it: hashtags are plain names."""
    found = msgspec.json.decode((await find(call)).body, type=dict[str, list[msgspec.Raw]])
    names = [msgspec.json.decode(item)["name"] for item in found["hashtags"]]
    return answer({**found, "hashtags": names})


route_handlers = [search, find_old]
