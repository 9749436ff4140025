"""Filters in their old form (v1): one for each keyword, as older apps know them."""

from __future__ import annotations

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.filters import expiry
from potluck.social import filters
from potluck.social.filters import KeywordChange
from potluck.social.model import Filter, FilterKeyword


def _shown(row: Filter, word: FilterKeyword) -> Json:
    """V1::Filter."""
    return {"id": str(word.id), "phrase": word.keyword, "context": row.contexts, "whole_word": word.whole_word,
            "expires_at": entities.optional_stamp(row.expires_at), "irreversible": row.action == "hide"}


@endpoint("GET", "/api/v1/filters", scope="read:filters")
async def all_(call: Call) -> Answer:
    """One's filters, one for each keyword."""
    views = await filters.of_owner(await call.reader(), call.me.id)
    return answer([_shown(view.filter, word) for view in views for word in view.keywords])


@endpoint("POST", "/api/v1/filters", scope="write:filters")
async def create(call: Call) -> Answer:
    """Make a filter of one keyword."""
    params = call.params
    phrase = params.text("phrase")
    async with call.write() as session:
        view = await filters.create(
            session, call.me.id, title=phrase[:filters.MAX_TITLE], contexts=params.texts("context"),
            action="hide" if params.flag("irreversible") else "warn",
            keywords=[KeywordChange(keyword=phrase, whole_word=params.flag("whole_word"))], **expiry(params))
    return answer(_shown(view.filter, view.keywords[0]))


@endpoint("GET", "/api/v1/filters/{id:str}", scope="read:filters")
async def show(call: Call) -> Answer:
    """One filter; its id is that of the keyword."""
    return answer(_shown(*await filters.keyword(await call.reader(), call.me.id, call.ident())))


def _action(row: Filter, irreversible: bool | None) -> str:
    if irreversible is None or irreversible == (row.action == "hide"):
        return row.action
    return "hide" if irreversible else "warn"


@endpoint("PUT", "/api/v1/filters/{id:str}", scope="write:filters")
async def change(call: Call) -> Answer:
    """Change a filter; not what its other keywords share, because this app does not show those."""
    params = call.params
    async with call.write() as session:
        row, word = await filters.keyword(session, call.me.id, call.ident())
        contexts = params.texts("context") if "context" in params else row.contexts
        action = _action(row, params.optional_flag("irreversible"))
        several = len((await filters.one(session, call.me.id, row.id)).keywords) > 1
        if several and (sorted(contexts) != sorted(row.contexts) or action != row.action or expiry(params)):
            raise ApiError(422, "Validation failed: This filter has several keywords and cannot be changed by this app")
        phrase = params.optional_text("phrase")
        title = None if several or phrase is None else phrase[:filters.MAX_TITLE]
        view = await filters.update(
            session, call.me.id, row.id, contexts=contexts, action=action, title=title, **expiry(params),
            keywords=[KeywordChange(word.id, phrase, params.optional_flag("whole_word"))])
        word = next(item for item in view.keywords if item.id == word.id)
    return answer(_shown(view.filter, word))


@endpoint("DELETE", "/api/v1/filters/{id:str}", scope="write:filters")
async def remove(call: Call) -> Answer:
    """Take a keyword away, and its filter with the last one."""
    async with call.write() as session:
        row, word = await filters.keyword(session, call.me.id, call.ident())
        if len((await filters.one(session, call.me.id, row.id)).keywords) > 1:
            await filters.change_keywords(session, row, [KeywordChange(word.id, remove=True)])
            await filters.changed(session, call.me.id)
        else:
            await filters.delete(session, call.me.id, row.id)
    return Answer(EMPTY)


route_handlers = [all_, create, show, change, remove]
