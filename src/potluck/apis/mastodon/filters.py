"""Filters (v2), their keywords and statuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.statuses import target_id
from potluck.apis.params import Params
from potluck.db.base import now
from potluck.social import filters
from potluck.social.filters import FilterView, KeywordChange
from potluck.social.model import FilterKeyword, FilterStatus

_LONGEST = 10 * 365 * 86400


def shown(view: FilterView) -> Json:
    """Filter, with its rules."""
    row = view.filter
    return {"id": str(row.id), "title": row.title, "context": row.contexts, "filter_action": row.action,
            "expires_at": entities.optional_stamp(row.expires_at),
            "keywords": [_keyword(word) for word in view.keywords],
            "statuses": [_status(post) for post in view.statuses]}


def _keyword(row: FilterKeyword) -> Json:
    return {"id": str(row.id), "keyword": row.keyword, "whole_word": row.whole_word}


def _status(row: FilterStatus) -> Json:
    return {"id": str(row.id), "status_id": str(row.object_id)}


def expiry(params: Params) -> dict[str, datetime | None]:
    """When a filter ends: nothing where the app says nothing, None for never (null, or an empty text)."""
    if "expires_in" not in params:
        return {}
    seconds = params.whole("expires_in")
    return {"expires_at": now() + timedelta(seconds=max(0, min(seconds, _LONGEST))) if seconds is not None else None}


def _keywords(params: Params) -> list[KeywordChange]:
    return [KeywordChange(item.ident("id"), item.optional_text("keyword"), item.optional_flag("whole_word"),
                          item.flag("_destroy")) for item in params.records("keywords_attributes")]


@endpoint("GET", "/api/v2/filters", scope="read:filters")
async def all_(call: Call) -> Answer:
    """One's filters."""
    return answer([shown(view) for view in await filters.of_owner(await call.reader(), call.me.id)])


@endpoint("POST", "/api/v2/filters", scope="write:filters")
async def create(call: Call) -> Answer:
    """Make a filter."""
    params = call.params
    async with call.write() as session:
        view = await filters.create(
            session, call.me.id, title=params.text("title"), contexts=params.texts("context"),
            action=params.text("filter_action") or "warn", keywords=_keywords(params), **expiry(params))
    return answer(shown(view))


@endpoint("GET", "/api/v2/filters/{id:str}", scope="read:filters")
async def show(call: Call) -> Answer:
    """One filter."""
    return answer(shown(await filters.one(await call.reader(), call.me.id, call.ident())))


@endpoint("PUT", "/api/v2/filters/{id:str}", scope="write:filters")
async def change(call: Call) -> Answer:
    """Change a filter; what the app leaves out stays."""
    params = call.params
    changes: dict[str, Any] = dict(expiry(params))
    if "title" in params:
        changes["title"] = params.text("title")
    if "context" in params:
        changes["contexts"] = params.texts("context")
    if "filter_action" in params:
        changes["action"] = params.text("filter_action")
    async with call.write() as session:
        view = await filters.update(session, call.me.id, call.ident(), keywords=_keywords(params), **changes)
    return answer(shown(view))


@endpoint("DELETE", "/api/v2/filters/{id:str}", scope="write:filters")
async def remove(call: Call) -> Answer:
    """Delete a filter."""
    async with call.write() as session:
        await filters.delete(session, call.me.id, call.ident())
    return Answer(EMPTY)


@endpoint("GET", "/api/v2/filters/{id:str}/keywords", scope="read:filters")
async def keywords(call: Call) -> Answer:
    """The keywords of a filter."""
    view = await filters.one(await call.reader(), call.me.id, call.ident())
    return answer([_keyword(word) for word in view.keywords])


@endpoint("POST", "/api/v2/filters/{id:str}/keywords", scope="write:filters")
async def add_keyword(call: Call) -> Answer:
    """Add a keyword to a filter."""
    async with call.write() as session:
        row = await filters.add_keyword(session, call.me.id, call.ident(), call.params.text("keyword"),
                                        whole_word=call.params.flag("whole_word", True))
    return answer(_keyword(row))


@endpoint("GET", "/api/v2/filters/keywords/{id:str}", scope="read:filters")
async def show_keyword(call: Call) -> Answer:
    """One keyword."""
    return answer(_keyword((await filters.keyword(await call.reader(), call.me.id, call.ident()))[1]))


async def _change_keyword(call: Call, change: KeywordChange) -> FilterKeyword:
    async with call.write() as session:
        row, word = await filters.keyword(session, call.me.id, call.ident())
        await filters.change_keywords(session, row, [change])
        await filters.changed(session, call.me.id)
    return word


@endpoint("PUT", "/api/v2/filters/keywords/{id:str}", scope="write:filters")
async def edit_keyword(call: Call) -> Answer:
    """Change a keyword."""
    return answer(_keyword(await _change_keyword(call, KeywordChange(
        call.ident(), call.params.optional_text("keyword"), call.params.optional_flag("whole_word")))))


@endpoint("DELETE", "/api/v2/filters/keywords/{id:str}", scope="write:filters")
async def remove_keyword(call: Call) -> Answer:
    """Take a keyword out of its filter."""
    await _change_keyword(call, KeywordChange(call.ident(), remove=True))
    return Answer(EMPTY)


@endpoint("GET", "/api/v2/filters/{id:str}/statuses", scope="read:filters")
async def statuses(call: Call) -> Answer:
    """The statuses a filter names."""
    view = await filters.one(await call.reader(), call.me.id, call.ident())
    return answer([_status(post) for post in view.statuses])


@endpoint("POST", "/api/v2/filters/{id:str}/statuses", scope="write:filters")
async def add_status(call: Call) -> Answer:
    """Have a filter catch a status."""
    wanted = call.params.ident("status_id") or 0
    async with call.write() as session:
        row = await filters.add_status(session, call.me.id, call.ident(), await target_id(session, wanted))
    return answer(_status(row))


@endpoint("GET", "/api/v2/filters/statuses/{id:str}", scope="read:filters")
async def show_status(call: Call) -> Answer:
    """One status that a filter names."""
    return answer(_status(await filters.status(await call.reader(), call.me.id, call.ident())))


@endpoint("DELETE", "/api/v2/filters/statuses/{id:str}", scope="write:filters")
async def remove_status(call: Call) -> Answer:
    """Have a filter catch a status no longer."""
    async with call.write() as session:
        await filters.remove_status(session, call.me.id, call.ident())
    return Answer(EMPTY)


route_handlers = [all_, create, show, change, remove, keywords, add_keyword, show_keyword, edit_keyword,
                  remove_keyword, statuses, add_status, show_status, remove_status]
