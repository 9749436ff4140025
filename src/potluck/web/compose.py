"""Writing: new posts, replies, quotes and edits, their preview, and deleting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote as quote_url

from litestar import Response

from potluck.handlers import get, post
from potluck.kinds import authoring
from potluck.kinds.note import actions as note_actions
from potluck.social import act_limits, objects, policies, publishing, views
from potluck.social.communities import withdrawing
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Object
from potluck.social.views import ObjectView
from potluck.web import attaching, composing, drafts_pages, flashes, pages, redirects
from potluck.web.asking import Guest, Me, PathId, SentForm
from potluck.web.attaching import Sent
from potluck.web.auth import Viewer, acting, check_may_post
from potluck.web.bringing_files import WITH_FILES
from potluck.web.composing import Composer
from potluck.web.forms import Form, query_whole
from potluck.web.i18n import _
from potluck.web.ports import resolver
from potluck.web.presenters.posts import post_path, shown_post
from potluck.web.types import AnyRequest


async def visible(request: AnyRequest, object_id: int, viewer: Viewer | None) -> ObjectView:
    """An object the viewer may see.

    Raises:
        NotFound: there is none with this id, or it is not for them.
    """
    async with request.app.state.db.read() as session:
        found = await views.load_objects(session, [object_id], viewer.actor.id if viewer else None)
    if object_id not in found:
        raise NotFound
    return found[object_id]


async def _own(request: AnyRequest, object_id: int, me: Viewer) -> ObjectView:
    view = await visible(request, object_id, me)
    if view.object.author_id != me.actor.id:
        raise NotAllowed("This is not yours")
    return view


async def _page(request: AnyRequest, composer: Composer, heading: str, status: int = 200) -> Response[Any]:
    return await pages.render(request, "compose/compose.html", composer=composer, heading=heading, status=status)


def _back(request: AnyRequest, default: str = "/home") -> str:
    return redirects.safe_path(request.query_params.get("back"), default)


@get("/compose")
async def new(request: AnyRequest, me: Me) -> Response[Any]:
    """A new post; `text` and `to` of the address are filled in (share links of other pages)."""
    text = request.query_params.get("text", "")[:5000]
    to = request.query_params.get("to", "")[:320]
    link = request.query_params.get("url", "")[:2000]
    words = " ".join(part for part in (to, text, link) if part)
    composer = composing.blank(me, back=_back(request), text=f"{words} " if to and not text else words)
    media_id = query_whole(request, "media")
    if media_id:
        async with request.app.state.db.read() as session:
            composer = replace(composer, files=await attaching.shown(session, me.actor, [media_id]))
    return await _page(request, composer, _("New post"))


@get("/posts/{object_id:int}/reply")
async def reply(request: AnyRequest, viewer: Guest, object_id: PathId) -> Response[Any]:
    """A reply; guests are led to their own server."""
    view = await visible(request, object_id, viewer)
    if viewer is None:
        return redirects.see_other(f"/interact?uri={quote_url(view.object.uri, safe='')}")
    composer = composing.for_reply(viewer, view, back=_back(request, post_path(view.author, object_id)))
    return await _page(request, composer, _("Reply to %(name)s", name=view.author.display_name or view.author.name))


@get("/posts/{object_id:int}/quote")
async def quote(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """A post that quotes another."""
    view = await visible(request, object_id, me)
    return await _page(request, composing.for_quote(me, view, back=_back(request)), _("Quote"))


@get("/posts/{object_id:int}/edit")
async def edit(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """An edit of one's own post."""
    view = await _own(request, object_id, me)
    composer = composing.for_edit(me, view, back=post_path(view.author, object_id))
    async with request.app.state.db.read() as session:
        files = await attaching.shown_files(session, view.media)
    return await _page(request, replace(composer, files=files), _("Edit post"))


async def _base(request: AnyRequest, me: Viewer, form: Form) -> Composer:
    """The composer a form came from."""
    back = redirects.safe_path(form.text("back", limit=2000))
    reply_id, quote_id = form.whole("reply_id"), form.whole("quote_id")
    if reply_id:
        return composing.for_reply(me, await visible(request, reply_id, me), back=back)
    if quote_id:
        return composing.for_quote(me, await visible(request, quote_id, me), back=back)
    return composing.blank(me, back=back)


async def _preview(request: AnyRequest, me: Viewer, form: Form, composer: Composer, sent: Sent) -> Response[Any]:
    wanted = composing.request_from(form, composer)
    async with request.app.state.db.read() as session:
        html = await note_actions.preview(session, wanted.text, wanted.content_type)
    composer = await _again(request, me, form, composer, sent)
    return await _page(request, replace(composer, preview=composing.shown_preview(html, wanted)), _("Preview"))


async def _again(request: AnyRequest, me: Viewer, form: Form, base: Composer, sent: Sent, *,
                 errors: dict[str, str] | None = None) -> Composer:
    """The composer as it was sent, with its files; what was said about these is kept."""
    try:
        async with request.app.state.db.write() as session:
            await attaching.describe(session, me.actor, form, sent)
    except Invalid as error:
        errors = {**composing.form_errors(error), **(errors or {})}
    async with request.app.state.db.read() as session:
        files = await attaching.shown(session, me.actor, sent.ids, form)
    return replace(composing.filled(base, form, {**sent.errors, **(errors or {})}), files=files)


@post("/compose", status_code=303, **WITH_FILES)
async def publish(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Publish a post, show how it will look, or take files for it."""
    check_may_post(me)
    base = await _base(request, me, form)
    sent = await attaching.take(request, me, form)
    try:
        if form.flag("preview"):
            return await _preview(request, me, form, base, sent)
        if sent.act or sent.errors:
            return await _page(request, await _again(request, me, form, base, sent), _("New post"),
                               status=422 if sent.errors else 200)
        return await _publish(request, me, form, base, sent)
    except Invalid as error:
        composer = await _again(request, me, form, base, sent, errors=composing.form_errors(error))
        return await _page(request, composer, _("New post"), status=422)


async def _publish(request: AnyRequest, me: Viewer, form: Form, base: Composer, sent: Sent) -> Response[Any]:
    """Publish it, keep it as a draft, or have it published later.

    Raises:
        Invalid: it cannot be published.
    """
    wanted = replace(composing.request_from(form, base), media_ids=sent.ids, wait_for_media=True)
    if form.flag("keep") or form.text("publish_at", limit=40):
        return await drafts_pages.put_aside(request, me, form, wanted, sent)
    await authoring.prepare_mentions(request.app.state.db, resolver(request), wanted.text)
    async with request.app.state.db.write() as session:
        author = await acting(session, me)
        await attaching.describe(session, author, form, sent)
        await act_limits.take(session, author, "posts")
        row = await note_actions.compose(session, author, wanted)
        await drafts_pages.forget(session, me, form)
        waits = await policies.awaits_approval(session, row)
    if row.state == publishing.PROCESSING:
        return flashes.with_flash(redirects.see_other("/home"), "info", _(
            "Your post is published as soon as its files are ready."))
    answer = redirects.see_other(_after(me, base, row))
    if waits:
        return flashes.with_flash(answer, "info", _("Your reply goes to others once the author has approved it."))
    return flashes.with_flash(answer, "good", _("Your post is out."))


def _after(me: Viewer, base: Composer, row: Object) -> str:
    """Where one goes from the composer: a comment in a community is seen in its place, a reply on a page of its own."""
    if row.group_id is not None and base.reply_id and base.back != "/home":
        return f"{base.back.partition('#')[0]}#post-{row.id}"
    return post_path(me.actor, row.id) if base.reply_id else base.back


@post("/posts/{object_id:int}/edit", status_code=303, **WITH_FILES)
async def save(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Save an edit."""
    view = await _own(request, object_id, me)
    base = composing.for_edit(me, view, back=post_path(view.author, object_id))
    sent = await attaching.take(request, me, form)
    if not form.flag("with_files"):
        sent.ids = [item.id for item in view.media]
    try:
        if form.flag("preview"):
            return await _preview(request, me, form, base, sent)
        if sent.act or sent.errors:
            return await _page(request, await _again(request, me, form, base, sent), _("Edit post"),
                               status=422 if sent.errors else 200)
        wanted = replace(composing.request_from(form, base), media_ids=sent.ids, keep_poll=True)
        await authoring.prepare_mentions(request.app.state.db, resolver(request), wanted.text)
        async with request.app.state.db.write() as session:
            author = await acting(session, me)
            await attaching.describe(session, author, form, sent)
            said = await attaching.details(session, author, form, sent)
            await note_actions.revise(session, author, object_id, replace(wanted, media_details=said))
    except Invalid as error:
        composer = await _again(request, me, form, base, sent, errors=composing.form_errors(error))
        return await _page(request, composer, _("Edit post"), status=422)
    return flashes.with_flash(redirects.see_other(base.back), "good", _("Your changes are saved."))


@get("/posts/{object_id:int}/delete")
async def ask_delete(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """Ask before deleting."""
    view = await _own(request, object_id, me)
    return await pages.render(
        request, "threads/delete.html", post=shown_post(view, me), action=f"/posts/{object_id}/delete",
        cancel=post_path(view.author, object_id), back=_back(request),
        days=withdrawing.KEPT_DAYS if withdrawing.can_be_put_back(view.object) else 0)


@post("/posts/{object_id:int}/delete", status_code=303)
async def delete(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Delete one's own post, here and on the servers that have it."""
    view = await _own(request, object_id, me)
    kept = withdrawing.can_be_put_back(view.object) and not form.flag("forever")
    async with request.app.state.db.write() as session:
        actor = await acting(session, me)
        if kept:
            await withdrawing.withdraw(session, actor, object_id)
        else:
            await objects.delete(session, object_id, actor)
    back = redirects.safe_path(form.text("back", limit=2000))
    if f"/{object_id}" in back.partition("#")[0]:
        back = f"/posts/{object_id}/restore" if kept else "/home"
    return flashes.with_flash(redirects.see_other(back), "good", _("The post is deleted."))


route_handlers = [new, reply, quote, edit, publish, save, ask_delete, delete]
