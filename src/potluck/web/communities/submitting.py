"""Bringing a post to a community, and changing it: a link, pictures and videos, a text, a poll."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.kinds import authoring
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.link.scheduled import REQUESTS
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import kept_drafts, preferences, publishing
from potluck.social.communities import joining, roles
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor
from potluck.social.visibility import OPEN
from potluck.text.languages import languages
from potluck.web import attaching, composing, drafts_pages, flashes, i18n, pages, redirects
from potluck.web.actor_pages import find_actor
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.attaching import Sent
from potluck.web.auth import Viewer, acting, check_may_post
from potluck.web.bringing_files import WITH_FILES
from potluck.web.communities import crossposting
from potluck.web.compose import visible
from potluck.web.composing import Composer
from potluck.web.forms import Form, query_whole
from potluck.web.i18n import _, said
from potluck.web.ports import resolver
from potluck.web.presenters.people import profile_path, shown_person
from potluck.web.presenters.posts import post_path
from potluck.web.types import AnyRequest

_FIELDS = ("title", "link", "text", "language", "sensitive", "flair")
_MODEL_FIELDS = {"scheduled_at": "publish_at", "status": "text", "poll": "poll_option", "media_ids": "files"}


async def _group(request: AnyRequest, handle: str) -> Actor:
    async with request.app.state.db.read() as session:
        found = await find_actor(session, handle)
    if found.type != "Group":
        raise NotFound
    return found


async def _form(request: AnyRequest, group: Actor, composer: Composer, values: dict[str, str], *, heading: str,
                status: int = 200, same: Any = None) -> Response[Any]:
    async with request.app.state.db.read() as session:
        settings = await joining.settings_of(session, group)
    return await pages.render(
        request, "communities/submit.html", community=shown_person(group), rules=settings.rules, values=values,
        errors=composer.errors, action=composer.action, heading=heading, c=composer, max_chars=links.MAX_TEXT,
        same=same, status=status, same_url=f"/communities/{group.id}/same",
        flairs=[{"value": "", "label": _("None")}, *({"value": item["name"], "label": item["name"]}
                                                    for item in settings.flairs)] if settings.flairs else [],
        languages=[{"value": "", "label": _("Not said")},
                   *({"value": item.tag, "label": item.name} for item in languages(i18n.current().tag))])


@dataclass(frozen=True, slots=True)
class _Submission:
    """A form that was sent: by whom, for which community, with which files, from which page."""

    me: Viewer
    form: Form
    group: Actor
    base: Composer
    sent: Sent
    heading: str


def _blank(me: Viewer, action: str, *, edit: bool = False) -> Composer:
    return replace(composing.blank(me), action=action, edit=edit, draft_key="")


@get("/{handle:str}/submit")
async def new(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """The form for a new post; filled in from `url`, `title` and `text`, or from the post `from` (a cross-post)."""
    check_may_post(me)
    group = await _group(request, handle)
    async with request.app.state.db.read() as session:
        await roles.check_may_post(session, me.actor, group)
    query = request.query_params
    values = {"link": query.get("url", "")[:2000], "title": query.get("title", "")[:200],
              "text": query.get("text", "")[:5000]}
    source = query_whole(request, "from")
    if source:
        view = await visible(request, source, me)
        if view.object.visibility in OPEN:
            values = crossposting.values_of(view)
    same = await crossposting.same(request, me, group, values["link"]) if values["link"] else None
    values["language"] = values.get("language") or preferences.of(me.user).language or ""
    return await _form(request, group, _blank(me, f"/{handle}/submit"), values, heading=_("New post"), same=same)


def _request(it: _Submission) -> LinkRequest:
    """What the kind `link` needs, from the form.

    Raises:
        Invalid: a field is too long.
    """
    form, flair = it.form, it.form.text("flair", limit=100)
    poll = composing.request_from(form, it.base).poll
    return LinkRequest(it.group.id, form.text("title", limit=500), link=form.text("link", limit=3000),
                       text=form.text("text", limit=100_000), language=form.text("language", limit=20) or None,
                       sensitive=form.flag("sensitive"), flairs=[flair] if flair else [], media_ids=it.sent.ids,
                       poll=poll)


async def _again(request: AnyRequest, it: _Submission, errors: dict[str, str] | None = None, *,
                 same: Any = None) -> Response[Any]:
    """The form as it was sent, with its files: to go on with, to be put right, or with a preview below it."""
    form, sent = it.form, it.sent
    errors = {**sent.errors, **(errors or {})}
    try:
        async with request.app.state.db.write() as session:
            await attaching.describe(session, it.me.actor, form, sent)
    except Invalid as error:
        errors = {error.field: said(error), **errors}
    async with request.app.state.db.read() as session:
        files = await attaching.shown(session, it.me.actor, sent.ids, form)
        shown = await _preview(session, form, it.base) if form.flag("preview") else None
    composer = replace(composing.filled(it.base, form, errors), files=files, preview=shown,
                       draft_id=str(form.whole("draft_id") or ""))
    status = 422 if errors else 409 if same else 200
    return await _form(request, it.group, composer, form.kept(*_FIELDS), heading=it.heading, status=status, same=same)


async def _preview(session: AsyncSession, form: Form, base: Composer) -> Any:
    html = await notes.preview(session, form.text("text", limit=100_000), "text/markdown")
    return composing.shown_preview(html, composing.request_from(form, base))


def _errors(error: Invalid | NotAllowed) -> dict[str, str]:
    field = error.field if isinstance(error, Invalid) else "title"
    return {_MODEL_FIELDS.get(field, field): said(error).removeprefix("Validation failed: ")}


@post("/{handle:str}/submit", status_code=303, **WITH_FILES)
async def submit(request: AnyRequest, me: Me, form: SentForm, handle: PathWord) -> Response[Any]:
    """Post it, show how it will look, or take files for it."""
    check_may_post(me)
    group = await _group(request, handle)
    sent = await attaching.take(request, me, form)
    it = _Submission(me, form, group, _blank(me, f"/{handle}/submit"), sent, _("New post"))
    try:
        if form.flag("preview") or sent.act or sent.errors:
            return await _again(request, it)
        wanted = replace(_request(it), wait_for_media=True)
        if form.flag("keep") or form.text("publish_at", limit=40):
            return await _put_aside(request, it, wanted)
        same = None if form.flag("anyway") else await crossposting.same(request, me, group, wanted.link)
        if same is not None and same.here:
            return await _again(request, it, same=same)
        await authoring.prepare_mentions(request.app.state.db, resolver(request), wanted.text)
        async with request.app.state.db.write() as session:
            author = await acting(session, me)
            await attaching.describe(session, author, form, sent)
            row = await links.compose(session, author, wanted)
            await drafts_pages.forget(session, me, form)
    except (Invalid, NotAllowed) as error:
        return await _again(request, it, _errors(error))
    if row.state == publishing.PROCESSING:
        return flashes.with_flash(redirects.see_other(profile_path(group)), "info", _(
            "Your post is published as soon as its files are ready."))
    return flashes.with_flash(redirects.see_other(post_path(me.actor, row.id)), "good", _("Your post is out."))


async def _put_aside(request: AnyRequest, it: _Submission, wanted: LinkRequest) -> Response[Any]:
    """Keep what was written as a draft, or have it published at its time.

    Raises:
        Invalid: the time, or what is to be published, cannot be used.
        NotAllowed: one may not post there.
    """
    when = composing.publish_time(it.form)
    async with request.app.state.db.write() as session:
        author = await acting(session, it.me)
        await attaching.describe(session, author, it.form, it.sent)
        if it.form.flag("keep"):
            await kept_drafts.save(session, author.id, REQUESTS.kind, REQUESTS.as_words(wanted),
                                   media_ids=wanted.media_ids, draft_id=it.form.whole("draft_id"))
        elif when is not None:
            await REQUESTS.schedule(session, author, wanted, when)
            await drafts_pages.forget(session, it.me, it.form)
    text = _("Your draft is kept.") if it.form.flag("keep") else _("Your post comes out at its time.")
    return flashes.with_flash(redirects.see_other("/drafts"), "good", text)


@get("/communities/drafts/{draft_id:int}")
async def resume(request: AnyRequest, me: Me, draft_id: PathId) -> Response[Any]:
    """Go on with a draft of a post for a community."""
    async with request.app.state.db.read() as session:
        row = await kept_drafts.one(session, me.actor.id, draft_id)
        if row.kind != REQUESTS.kind:
            raise NotFound
        wanted = REQUESTS.from_words(row.request)
        group = await joining.community(session, wanted.community_id)
        files = await attaching.shown(session, me.actor, row.media_ids)
    base = _blank(me, f"{profile_path(group)}/submit")
    composer = replace(composing.for_kept(me, NoteRequest(wanted.text, poll=wanted.poll), base, draft_id=draft_id),
                       files=files)
    values = {"title": wanted.title, "link": wanted.link, "text": wanted.text, "language": wanted.language or "",
              "sensitive": "1" if wanted.sensitive else "", "flair": next(iter(wanted.flairs), "")}
    return await _form(request, group, composer, values, heading=_("Draft"))


@get("/posts/{object_id:int}/revise")
async def edit(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """The form with one's own post."""
    view = await visible(request, object_id, me)
    row = view.object
    if row.author_id != me.actor.id or row.kind != "link" or view.group is None:
        raise NotFound
    values = {"title": row.title or "", "link": links.shared_by(view), "text": row.source or "",
              "language": row.language or "", "sensitive": "1" if row.sensitive else "",
              "flair": next(iter(row.extra.get("flairs", ())), "")}
    async with request.app.state.db.read() as session:
        files = await attaching.shown_files(session, [item for item in view.media if item.owner_id == me.actor.id])
    composer = replace(_blank(me, f"/posts/{object_id}/revise", edit=True), files=files)
    return await _form(request, view.group, composer, values, heading=_("Edit post"))


@post("/posts/{object_id:int}/revise", status_code=303, **WITH_FILES)
async def save(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Save the changes."""
    view = await visible(request, object_id, me)
    if view.object.author_id != me.actor.id or view.group is None or view.object.kind != "link":
        raise NotFound
    sent = await attaching.take(request, me, form)
    it = _Submission(me, form, view.group, _blank(me, f"/posts/{object_id}/revise", edit=True), sent, _("Edit post"))
    if not form.flag("with_files"):
        sent.ids = [item.id for item in view.media if item.owner_id == me.actor.id]
    try:
        if form.flag("preview") or sent.act or sent.errors:
            return await _again(request, it)
        wanted = _request(it)
        await authoring.prepare_mentions(request.app.state.db, resolver(request), wanted.text)
        async with request.app.state.db.write() as session:
            author = await acting(session, me)
            await attaching.describe(session, author, form, sent)
            details = await attaching.details(session, author, form, sent)
            await links.revise(session, author, object_id, replace(wanted, media_details=details))
    except Invalid as error:
        return await _again(request, it, _errors(error))
    return flashes.with_flash(redirects.see_other(post_path(me.actor, object_id)), "good",
                              _("Your changes are saved."))


route_handlers = [new, submit, resume, edit, save]
