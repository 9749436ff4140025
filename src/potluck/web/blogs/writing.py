"""Writing an article: the editor, saving while one writes, preview, publishing. It works without scripts, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.kinds.article import actions, bringing, drafts, publishing
from potluck.kinds.article.drafts import Writing
from potluck.social import draft_history, kept_drafts
from potluck.social.blogs import authors
from potluck.social.communities import listing
from potluck.social.draft_history import ChangedElsewhere, DraftGone, Save
from potluck.social.errors import Invalid, NotAllowed, NotFound, SocialError
from potluck.social.model import Actor, KeptDraft, Object
from potluck.web import composing, flashes, pages, redirects
from potluck.web.asking import Me, PathId, SentForm
from potluck.web.auth import Viewer, acting, check_may_post
from potluck.web.blogs import editor, pictures
from potluck.web.blogs.editor import Editor, OtherText
from potluck.web.blogs.pictures import Picture
from potluck.web.blogs.previewing import Preview, shown_preview
from potluck.web.bringing_files import WITH_FILES
from potluck.web.composing import Choice
from potluck.web.forms import Form
from potluck.web.i18n import _, said
from potluck.web.ports import resolver
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest


async def _page(request: AnyRequest, me: Viewer, shown: Editor, status: int = 200) -> Response[Any]:
    if shown.object_id is None:
        async with request.app.state.db.read() as session:
            shown = replace(shown, communities=await communities_of(session, me))
    return await pages.render(request, "blogs/write.html", editor=shown, status=status)


async def blogs_of(session: AsyncSession, me: Viewer) -> list[Choice]:
    """Where somebody may publish: on the own profile, in the blogs they write in."""
    blogs = await authors.blogs_of(session, me.actor.id)
    return [Choice("", _("My profile, @%(name)s", name=me.actor.name)),
            *(Choice(str(actor.id), f"{actor.display_name or actor.name} (@{actor.name})")
              for actor, _blog, _role in blogs)]


async def _pictures(session: AsyncSession, me: Viewer, ids: Sequence[int], object_id: int | None) -> list[Picture]:
    """The pictures of a text; those of the article it is a new version of may be its blog's."""
    row = await session.get(Object, object_id) if object_id is not None else None
    may = row is not None and bool(await authors.editable(session, me.actor.id, [row]))
    return await pictures.shown(session, me.actor, list(ids), of_object=object_id if may else None)


async def communities_of(session: AsyncSession, me: Viewer) -> list[Choice]:
    """The communities somebody is in, as the field for one offers them."""
    found = await listing.communities(session, me.actor.id, scope="subscribed", sort="name", limit=60, sensitive=True)
    return [Choice(bringing.handle_of(group), group.display_name or group.name) for group, _settings in found]


@get("/write")
async def new(request: AnyRequest, me: Me) -> Response[Any]:
    """A new article; `blog` and `community` of the address say where it is to appear."""
    check_may_post(me)
    async with request.app.state.db.read() as session:
        blogs = await blogs_of(session, me)
    words, wanted = editor.blank(me), request.query_params.get("blog", "")
    if any(wanted and choice.value == wanted for choice in blogs):
        words = msgspec.structs.replace(words, blog_id=int(wanted))
    words = msgspec.structs.replace(words, community=request.query_params.get("community", "")[:bringing.MAX_TYPED])
    return await _page(request, me, Editor(words, blogs, key=editor.word(), by=editor.word()))


@get("/write/{draft_id:int}")
async def resume(request: AnyRequest, me: Me, draft_id: PathId) -> Response[Any]:
    """Go on with a draft."""
    async with request.app.state.db.read() as session:
        row = await kept_drafts.one(session, me.actor.id, draft_id)
        if row.kind != drafts.KIND:
            raise NotFound
        files = await _pictures(session, me, row.media_ids, row.object_id)
        blogs = await blogs_of(session, me)
    return await _page(request, me, editor.of_draft(row, blogs, files=files))


@get("/posts/{object_id:int}/article")
async def edit(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """A new version of an article: the draft of it, if one is begun."""
    async with request.app.state.db.read() as session:
        _row, published = await actions.source(session, me.actor, object_id)
        group = await session.get(Actor, published.community_id) if published.community_id else None
        draft = await draft_history.of_object(session, me.actor.id, object_id)
        media_ids = list(dict.fromkeys([*published.media_ids, *(draft.media_ids if draft else ())]))
        files = await pictures.shown(session, me.actor, media_ids, of_object=object_id)
        blogs = await blogs_of(session, me)
    if draft is not None:
        return await _page(request, me, editor.of_draft(draft, blogs, files=files))
    words = msgspec.structs.replace(
        publishing.writing_of(published), community=bringing.handle_of(group) if group else "")
    return await _page(request, me, Editor(
        words, blogs, key=f"object-{object_id}", by=editor.word(), object_id=object_id,
        files=files))


@post("/write/save", status_code=200)
async def save(request: AnyRequest, me: Me) -> Response[Any]:
    """Save what somebody writes, for the page's script; the answer is JSON."""
    try:
        sent = editor.words_of(await request.body())
        async with request.app.state.db.write() as session:
            row = await drafts.save(session, me.actor.id, sent.words, sent.place)
    except ChangedElsewhere as error:
        return Response({"error": said(error), **_answer(error.draft), "words": error.draft.request}, status_code=409)
    except SocialError as error:
        return Response({"error": said(error)}, status_code=error.status)
    return Response(_answer(row), status_code=200)


def _answer(row: KeptDraft) -> dict[str, Any]:
    return {"draft_id": row.id, "revision": row.revision, "saved_at": shown_time(row.updated_at).iso}


@post("/write", status_code=303, **WITH_FILES)
async def act(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """What the buttons of the form do: keep a draft, show how it will look, take pictures, publish."""
    check_may_post(me)
    async with request.app.state.db.read() as session:
        base = await _base(session, me, form)
    ids, errors = await pictures.take(request, me, form)
    place = replace(editor.place_from(form), media_ids=ids)
    try:
        words = editor.writing_from(form, base.words)
        base = replace(base, words=words)
        if errors or form.flag("attach"):
            return await _again(request, me, form, base, place, errors=errors)
        if not form.flag("preview") and not form.flag("publish"):
            return await _keep(request, me, words, place)
        words = await _settled(request, words, place)
        if form.flag("preview"):
            return await _again(request, me, form, base, place, preview=await _preview(request, me, words, place))
        return await _publish(request, me, form, words, place)
    except SocialError as error:
        return await _refused(request, me, form, base, place, error=error)


async def _refused(request: AnyRequest, me: Viewer, form: Form, base: Editor, place: Save, *, error: SocialError,
                   ) -> Response[Any]:
    """The editor with what was wrong; what was written stays in it."""
    if isinstance(error, DraftGone):
        return flashes.with_flash(redirects.see_other("/drafts"), "info", _(
            "This draft is not there any more: it was published or thrown away."))
    if isinstance(error, ChangedElsewhere):
        return await _again(request, me, form, base, place, status=409, other=_other(error.draft))
    if isinstance(error, Invalid):
        return await _again(request, me, form, base, place, errors=composing.form_errors(error))
    if isinstance(error, NotFound | NotAllowed):
        return await _again(request, me, form, base, place, errors={"blog_id": said(error)})
    raise error


async def _base(session: AsyncSession, me: Viewer, form: Form) -> Editor:
    """The editor a form came from, with an empty text."""
    return Editor(editor.blank(me), await blogs_of(session, me), key=form.text("key", limit=64) or editor.word(),
                  by=form.text("by", limit=64) or editor.word(), draft_id=form.whole("draft_id"),
                  object_id=form.whole("object_id"), base=form.whole("base", 0) or 0)


async def _again(request: AnyRequest, me: Viewer, form: Form, base: Editor, place: Save, *, status: int = 200,
                 errors: dict[str, str] | None = None, **more: Any) -> Response[Any]:
    """The editor as it was sent, with its pictures."""
    async with request.app.state.db.read() as session:
        files = await _pictures(session, me, place.media_ids, place.object_id)
    kept = form.kept("publish_at", "utc_offset")
    shown = replace(base, files=files, errors=errors or {}, publish_at=kept["publish_at"][:40],
                    utc_offset=kept["utc_offset"][:6] or "0", **more)
    return await _page(request, me, shown, status=422 if errors else status)


async def _settled(request: AnyRequest, words: Writing, place: Save) -> Writing:
    """The text with the handle of its community in place of what was typed.

    Raises:
        Invalid: there is no such community.
    """
    if place.object_id is not None:
        return words  # it stays where it is
    found = await bringing.settle(request.app.state.db, resolver(request), words.community)
    return msgspec.structs.replace(words, community=found)


async def _keep(request: AnyRequest, me: Viewer, words: Writing, place: Save) -> Response[Any]:
    async with request.app.state.db.write() as session:
        row = await drafts.save(session, me.actor.id, words, place)
    return flashes.with_flash(redirects.see_other(f"/write/{row.id}"), "good", _("Your draft is saved."))


async def _preview(request: AnyRequest, me: Viewer, words: Writing, place: Save) -> Preview:
    ready = await publishing.get_ready(request.app.state.db, None, me.actor, words, media_ids=place.media_ids,
                                       object_id=place.object_id)
    async with request.app.state.db.read() as session:
        view = await actions.preview(session, me.actor, ready.request, ready.prepared)
    return shown_preview(ready, view)


async def _publish(request: AnyRequest, me: Viewer, form: Form, words: Writing, place: Save) -> Response[Any]:
    """Publish now or later.

    Raises:
        ChangedElsewhere: somebody else saved the draft meanwhile.
        Invalid: it cannot be published.
    """
    when = composing.publish_time(form)
    ready = await publishing.get_ready(
        request.app.state.db, resolver(request), me.actor, words, media_ids=place.media_ids, object_id=place.object_id)
    async with request.app.state.db.write() as session:
        writer = await acting(session, me)
        if when is not None:
            await publishing.schedule_draft(session, writer, ready, place, when)
            return flashes.with_flash(redirects.see_other("/drafts"), "good", _("Your article comes out at its time."))
        row = await publishing.publish_draft(session, writer, ready, place)
    text = _("Your changes are saved.") if place.object_id else _("Your article is out.")
    return flashes.with_flash(redirects.see_other(urlsplit(row.url or row.uri).path), "good", text)


def _other(row: KeptDraft) -> OtherText:
    words = drafts.from_words(row.request)
    return OtherText(words.title, words.text, shown_time(row.updated_at), row.revision)


route_handlers = [new, resume, edit, save, act]
