"""Changing published posts and drafts: what an update leaves is what the post says from now on."""

from __future__ import annotations

from potluck.apis import articles
from potluck.apis.indieauth.endpoint import Call
from potluck.apis.indieauth.errors import invalid
from potluck.apis.micropub import entry as entries
from potluck.apis.micropub import files, finding, source, updates, words
from potluck.apis.micropub.entry import Entry, FileRef, Properties
from potluck.apis.micropub.finding import Act
from potluck.apis.micropub.making import BY, Made, make
from potluck.kinds import authoring
from potluck.kinds.article import actions, publishing
from potluck.kinds.article.drafts import KIND as ARTICLE
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.media import attachments
from potluck.social.drafts import MediaDetail
from potluck.social.model import Actor, Article, KeptDraft, Object
from potluck.social.views import ObjectView

_FIXED = ("in-reply-to", "like-of", "repost-of", "bookmark-of", "visibility", "published", "url")


async def update(call: Call) -> Made:
    """Change a post; gives its address as it is then."""
    session = await call.reader()
    post = await finding.post(session, call, call.params.text("url"))
    if isinstance(post, Act):
        raise invalid("Likes, boosts and bookmarks can only be deleted")
    before = await source.properties_of(session, post)
    after = updates.changed(before, call.params)
    entry = entries.sorted_out(after)
    if isinstance(post, KeptDraft):
        return await _draft(call, post, entry)
    call.need("update")
    _check_fixed(before, after)
    return await (_article if post.object.kind == ARTICLE else _note)(call, post, entry)


def _check_fixed(before: Properties, after: Properties) -> None:
    for name in _FIXED:
        if before.get(name, []) != after.get(name, []):
            raise invalid(f"{name} of a published post cannot be changed")


async def _draft(call: Call, row: KeptDraft, entry: Entry) -> Made:
    call.need("update", "draft")
    if entries.status(entry) == "published":
        call.need("create")
        entry.properties.pop("published", None)
        return await make(call, entry, as_draft=False, draft=row)
    return await make(call, entry, as_draft=True, draft=row)


async def _article(call: Call, view: ObjectView, entry: Entry) -> Made:
    row = view.object
    _, request = await actions.source(await call.reader(), call.me, row.id)
    media = await files.bring(call, entries.files(entry))
    writing = words.writing_of(entry, publishing.writing_of(request), media)
    await articles.revise(call, call.me, row.id, writing, media_ids=[item.id for item in media],
                          keep={source.REST: entry.rest})
    if entries.status(entry) == "draft":
        return await _unpublish(call, row.id)
    await call.stop_reading()
    changed = await (await call.reader()).get_one(Object, row.id)
    return Made(changed.url or changed.uri)


async def _unpublish(call: Call, object_id: int) -> Made:
    """An article becomes a draft again: it is deleted elsewhere, and stays with its writer."""
    async with call.write() as session:
        writer = await session.get_one(Actor, call.me.id)
        row = await session.get_one(Object, object_id)
        draft_id = (await session.get_one(Article, object_id)).draft_id or object_id
        await articles.unpublish(session, writer, row, BY)
        return Made(finding.address_of_draft(await session.get_one(KeptDraft, draft_id)))


async def _note(call: Call, view: ObjectView, entry: Entry) -> Made:
    row = view.object
    if entries.status(entry) == "draft":
        raise invalid("Only articles become drafts again")
    media_ids, details = await _files(call, view, entries.files(entry))
    parent = await (await call.reader()).get(Object, row.in_reply_to_id) if row.in_reply_to_id else None
    answered = await (await call.reader()).get(Actor, parent.author_id) if parent else None
    greeting = source.greeting(answered) if answered and (row.source or "").startswith(
        source.greeting(answered)) else ""
    text, media_type = words.note_text(entry, row.source_type or "text/plain", greeting=greeting)
    request = NoteRequest(
        text, content_type=media_type, summary=entry.text("summary"), visibility=row.visibility,
        sensitive=row.sensitive, language=entries.language(entry) or row.language, quote_policy=row.quote_policy,
        media_ids=media_ids, media_details=details, keep_poll=True)
    await call.stop_reading()
    await authoring.prepare_mentions(call.db, call.request.app.state.federation, request.text)
    async with call.write() as session:
        changed = await notes.revise(session, await call.acting(session), row.id, request)
        await articles.keep_with(session, changed.id, {source.REST: entry.rest})
        return Made(changed.url or changed.uri)


async def _files(call: Call, view: ObjectView, refs: list[FileRef]) -> tuple[list[int], dict[int, MediaDetail]]:
    """The files a note has from now on: those it has already, with what is said of them now, and new ones."""
    known = {item.url: item for item in view.media if item.url}
    fresh = iter(await files.bring(call, [ref for ref in refs if ref.url not in known]))
    found = [(known.get(ref.url) or next(fresh), ref) for ref in refs]
    details = {item.id: attachments.detail(ref.alt, None) for item, ref in found
               if item.object_id is not None and item.description != ref.alt}
    return [item.id for item, _ in found], details


