"""Making something of an entry: an article, a note, a draft of either, or a like, boost or bookmark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis import articles
from potluck.apis.indieauth.endpoint import Call
from potluck.apis.indieauth.errors import invalid
from potluck.apis.micropub import entry as entries
from potluck.apis.micropub import files, finding, source, words
from potluck.apis.micropub.entry import Entry
from potluck.kinds import authoring
from potluck.kinds.article import drafts as article_drafts
from potluck.kinds.article.drafts import KIND as ARTICLE
from potluck.kinds.article.drafts import Writing
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.kinds.note.scheduled import REQUESTS
from potluck.social import act_limits, kept_drafts, preferences, reactions
from potluck.social.errors import SocialError
from potluck.social.model import Actor, KeptDraft, Object
from potluck.social.visibility import OPEN

BY = "micropub"
"""By which word drafts are saved from here."""

_ACTS: dict[str, Callable[[AsyncSession, Actor, int], Awaitable[Any]]] = {
    "like-of": reactions.react, "repost-of": reactions.announce, "bookmark-of": reactions.bookmark}


@dataclass(frozen=True, slots=True)
class Made:
    """What came of an entry: its address, and whether it waits for its files."""

    url: str
    waits: bool = False


async def make(call: Call, entry: Entry, *, as_draft: bool, draft: KeptDraft | None = None) -> Made:
    """Publish an entry, or keep it as a draft.

    Args:
        draft: the draft it is; it is gone when the entry is published.

    Raises:
        ApiError, SocialError: it cannot be, or may not.
    """
    act = _act_of(entry)
    if act and draft is None:
        made = await _do(call, act, entry, as_draft=as_draft)
        if made is not None:
            return made
    if words.is_article(entry, blog=call.site.is_blog):
        return await _article(call, entry, as_draft, draft)
    return await _note(call, entry, as_draft, draft)


def _act_of(entry: Entry) -> str:
    """Whether an entry is a like, boost or bookmark; a boost with words is a quote, a bookmark with words a note."""
    text, _ = entries.content(entry)
    return next((name for name in _ACTS if entry.text(name) and (name == "like-of" or not text)), "")


async def _do(call: Call, act: str, entry: Entry, *, as_draft: bool) -> Made | None:
    """Like, boost or bookmark a post; None if what is to be bookmarked is no post, but any page of the web."""
    if act == "bookmark-of" and call.site.is_blog:
        return None
    _by_profile(call)
    found = await _target(call, entry.text(act), needed=act != "bookmark-of")
    if found is None:
        return None
    if as_draft:
        raise invalid("Likes, boosts and bookmarks cannot be drafts")
    async with call.write() as session:
        me = await call.acting(session)
        if act == "repost-of":
            await act_limits.take(session, me, "posts")
        await _ACTS[act](session, me, found.id)
    return Made(finding.address_of_act(act, call.me, found.id))


def _by_profile(call: Call) -> None:
    if call.site.is_blog:
        raise invalid("Likes, boosts, bookmarks and replies are made by your profile, not by a blog")


async def _target(call: Call, url: str, *, needed: bool = True) -> Object | None:
    """The post that an address means, fetched if need be."""
    await call.stop_reading()
    try:
        found = await call.request.app.state.federation.resolve(url, viewer=call.me)
    except SocialError:
        found = None
    if isinstance(found, Object):
        return found
    if needed:
        raise invalid(f"No post could be found at {url[:200]}")
    return None


# ---- articles -----------------------------------------------------------------------------------------------------


async def _article(call: Call, entry: Entry, as_draft: bool, draft: KeptDraft | None) -> Made:
    if entry.text("in-reply-to") or entry.text("repost-of"):
        _by_profile(call)
    same = draft if draft is not None and draft.kind == ARTICLE else None
    before = article_drafts.from_words(same.request) if same else Writing(
        blog_id=call.site.actor.id if call.site.is_blog else None)
    media = await files.bring(call, entries.files(entry))
    writing = words.writing_of(entry, before, media)
    media_ids = [item.id for item in media]
    if as_draft:
        row = await _keep_article(call, writing, entry, media_ids, same)
        await _drop(call, draft, same)
        return Made(finding.address_of_draft(row))
    created = None if same else entries.published(entry)
    found = await articles.publish(call, call.me, writing, BY, created=created, draft=same, media_ids=media_ids,
                                   keep={source.REST: entry.rest} if entry.rest else None)
    await _drop(call, draft, same)
    return Made(await _address(call, found))


async def _keep_article(call: Call, writing: Writing, entry: Entry, media_ids: list[int], draft: KeptDraft | None,
                        ) -> KeptDraft:
    if writing.is_empty:
        raise invalid("A draft without words")
    async with call.write() as session:
        row = await articles.save_draft(session, call.me, writing, BY, row=draft)
        row.media_ids = list(dict.fromkeys([*row.media_ids, *media_ids]))
        _keep_rest(row, entry)
        return row


def _keep_rest(row: KeptDraft, entry: Entry) -> None:
    if entry.rest or source.REST in row.request:
        row.request = {**row.request, source.REST: entry.rest}


async def _drop(call: Call, draft: KeptDraft | None, same: KeptDraft | None) -> None:
    """A draft that has become something of another kind is not needed any more."""
    if draft is not None and same is None:
        async with call.write() as session:
            await kept_drafts.delete(session, call.me.id, draft.id)


async def _address(call: Call, object_id: int) -> str:
    await call.stop_reading()
    row = await (await call.reader()).get_one(Object, object_id)
    return row.url or row.uri


# ---- notes --------------------------------------------------------------------------------------------------------


async def _note(call: Call, entry: Entry, as_draft: bool, draft: KeptDraft | None) -> Made:
    same = draft if draft is not None and draft.kind == finding.NOTE else None
    media = await files.bring(call, entries.files(entry))
    request = await _note_request(call, entry, [item.id for item in media], same)
    if as_draft:
        async with call.write() as session:
            row = await kept_drafts.save(session, call.me.id, REQUESTS.kind, REQUESTS.as_words(request),
                                         media_ids=request.media_ids, draft_id=same.id if same else None)
            _keep_rest(row, entry)
        await _drop(call, draft, same)
        return Made(finding.address_of_draft(row))
    await call.stop_reading()
    await authoring.prepare_mentions(call.db, call.request.app.state.federation, request.text)
    async with call.write() as session:
        me = await call.acting(session)
        await act_limits.take(session, me, "posts")
        made = await notes.compose(session, me, request)
        if entry.rest:
            await articles.keep_with(session, made.id, {source.REST: entry.rest})
        if draft is not None:
            await kept_drafts.delete(session, me.id, draft.id)
        return Made(made.url or made.uri, waits=made.state == "processing")


async def _note_request(call: Call, entry: Entry, media_ids: list[int], draft: KeptDraft | None) -> NoteRequest:
    mine, app = preferences.of(call.user), call.access.app if call.access else None
    before = REQUESTS.from_words(draft.request) if draft else NoteRequest(
        "", content_type=mine.content_type, visibility=mine.visibility, sensitive=mine.sensitive,
        language=mine.language or call.user.locale, quote_policy=mine.quote_policy,
        app_name=app.name if app else None, app_website=app.website if app else None)
    parent = await _target(call, entry.text("in-reply-to")) if entry.text("in-reply-to") else None
    quoted = await _target(call, entry.text("repost-of")) if entry.text("repost-of") else None
    text, media_type = words.note_text(entry, before.content_type, greeting=await _greeting(call, parent))
    usual = parent.visibility if parent is not None and parent.visibility not in OPEN and \
        parent.visibility in ("followers", "direct") else before.visibility
    return replace(
        before, text=text, content_type=media_type, summary=entry.text("summary"),
        visibility=entries.visibility(entry, usual), language=entries.language(entry) or before.language,
        in_reply_to_id=parent.id if parent else None, quote_id=quoted.id if quoted else None, media_ids=media_ids,
        wait_for_media=True, published=entries.published(entry))


async def _greeting(call: Call, parent: Object | None) -> str:
    """Who is answered has to be named to learn of it; in a community everybody sees it anyway."""
    if parent is None or parent.group_id is not None or parent.author_id == call.me.id:
        return ""
    return source.greeting(await (await call.reader()).get_one(Actor, parent.author_id))
