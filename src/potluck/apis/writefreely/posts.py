"""Posts: drafts and articles, made, read, changed and deleted."""

from __future__ import annotations

import msgspec

from potluck.apis import articles
from potluck.apis.errors import ApiError
from potluck.apis.writefreely import entities, finding
from potluck.apis.writefreely.endpoint import GONE, Answer, Call, data, endpoint
from potluck.apis.writefreely.publishing import BY, publish
from potluck.apis.writefreely.words import Json, moment_of
from potluck.db.base import now
from potluck.kinds.article import actions, drafts, publishing
from potluck.kinds.article.drafts import Writing
from potluck.social import kept_drafts
from potluck.social.blogs import places
from potluck.social.model import KeptDraft
from potluck.text.languages import normalise_language


def changed(call: Call, before: Writing) -> Writing:
    """A text with what the call says of it; what it does not name stays.

    Raises:
        ApiError: the language is none, or the time lies ahead.
    """
    params = call.params
    _check_time(params.text("created"))
    wanted: Json = {}
    for name, field in (("title", "title"), ("body", "text"), ("slug", "slug")):
        if name in params:
            wanted[field] = params.text(name)
    if params.text("lang"):
        language = normalise_language(params.text("lang"))
        if language is None:
            raise ApiError(400, "Invalid language")
        wanted["language"] = language
    return msgspec.structs.replace(before, **wanted)


def _check_time(written: str) -> None:
    moment = moment_of(written)
    if moment is not None and (moment - now()).total_seconds() > 600:
        raise ApiError(400, "Posts are published later on the website; here, the date cannot lie ahead")


def _checked(writing: Writing) -> Writing:
    if not writing.text.strip():
        raise ApiError(400, "Expected something to publish.")
    return writing


@endpoint("POST", "/posts")
async def create(call: Call) -> Answer:
    """A draft; with `collection`, an article at once."""
    writing = _checked(changed(call, Writing()))
    alias = call.params.text("collection")
    if alias:
        return await _into(call, alias, writing)
    async with call.write() as session:
        row = await articles.save_draft(session, call.me, writing, BY)
        return data(entities.of_draft(row), 201)


@endpoint("POST", "/collections/{alias:str}/posts")
async def create_in(call: Call) -> Answer:
    """An article in a blog."""
    return await _into(call, call.word("alias"), _checked(changed(call, Writing())))


async def _into(call: Call, alias: str, writing: Writing) -> Answer:
    found = await finding.own_collection(await call.reader(), call, alias)
    row = await publish(call, found, writing, created=moment_of(call.params.text("created")))
    return data(await shown(call, row), 201)


async def shown(call: Call, object_id: int, *, html: bool = False) -> Json:
    """An article as it is now."""
    await call.stop_reading()
    return entities.of_article(await articles.view_of(await call.reader(), object_id, call.viewer_id), html=html)


@endpoint("GET", "/posts/{post:str}", who="anyone")
async def read(call: Call) -> Answer:
    """One post: an article one may see, or one's own draft."""
    return data(await _read(call))


async def _read(call: Call) -> Json:
    session = await call.reader()
    row = await finding.draft(session, call.viewer_id, call.word("post"))
    if row is not None:
        return entities.of_draft(row)
    view = await finding.article(session, call.viewer_id, call.word("post"))
    return entities.of_article(view, html=call.params.text("body") == "html")


@endpoint("GET", "/posts/{post:str}/{name:str}", who="anyone")
async def read_part(call: Call) -> Answer:
    """One property of a post."""
    post = await _read(call)
    name = {"content": "body"}.get(call.word("name"), call.word("name"))
    if name not in post:
        raise ApiError(404, "There is no such property")
    return data({call.word("name"): post[name]})


async def _change(call: Call, word: str) -> Answer:
    session = await call.reader()
    draft = await finding.draft(session, call.viewer_id, word)
    if draft is not None:
        return await _change_draft(call, draft)
    row = await finding.own_article(session, call.me, word)
    _, before = await actions.source(session, call.me, row.id)
    await articles.revise(call, call.me, row.id, _checked(changed(call, publishing.writing_of(before))))
    return data(await shown(call, row.id))


async def _change_draft(call: Call, row: KeptDraft) -> Answer:
    writing = _checked(changed(call, drafts.from_words(row.request)))
    async with call.write() as session:
        return data(entities.of_draft(await articles.save_draft(session, call.me, writing, BY, row=row)))


@endpoint("POST", "/posts/{post:str}")
async def change(call: Call) -> Answer:
    """Change a draft, or an article for everyone who reads it."""
    return await _change(call, call.word("post"))


@endpoint("PUT", "/posts/{post:str}")
async def put(call: Call) -> Answer:
    """The same."""
    return await _change(call, call.word("post"))


@endpoint("DELETE", "/posts/{post:str}")
async def delete(call: Call) -> Answer:
    """Throw a draft away, or delete an article here and elsewhere."""
    async with call.write() as session:
        row = await finding.draft(session, call.viewer_id, call.word("post"))
        if row is not None:
            await kept_drafts.delete(session, call.me.id, row.id)
            return GONE
        found = await finding.own_article(session, call.me, call.word("post"))
        await actions.delete(session, await call.acting(session), found.id)
    return GONE


@endpoint("GET", "/collections/{alias:str}/posts/{slug:str}", who="anyone")
async def read_by_slug(call: Call) -> Answer:
    """An article by the last part of its address."""
    session = await call.reader()
    found = await finding.collection(session, call.word("alias"), call.viewer_id)
    place = await places.find(session, found.actor.id, call.word("slug"))
    if place is None:
        raise finding.no_post()
    return data(await shown(call, place.object_id, html=call.params.text("body") == "html"))


@endpoint("POST", "/collections/{alias:str}/posts/{post:str}")
async def change_in(call: Call) -> Answer:
    """Change an article of a blog."""
    return await _change(call, call.word("post"))


route_handlers = [create, create_in, read, read_part, change, put, delete, read_by_slug, change_in]
