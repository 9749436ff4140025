"""Filters: words and posts somebody does not want to see, or only behind a cover."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response

from potluck.db.base import now
from potluck.handlers import get, post
from potluck.social import filters
from potluck.social.errors import Invalid
from potluck.social.filters import FilterView, KeywordChange
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, SentForm
from potluck.web.forms import Form, choices
from potluck.web.i18n import _, _l, said
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

CONTEXTS = (
    ("home", _l("Home and lists")), ("notifications", _l("Notifications")), ("public", _l("Public timelines")),
    ("thread", _l("Conversations")), ("account", _l("Profiles")))
ACTIONS = (
    ("warn", _l("Cover it, and say why")), ("blur", _l("Cover its pictures")), ("hide", _l("Hide it altogether")))
EXPIRY = (("", _l("never")), ("1800", _l("in half an hour")), ("3600", _l("in an hour")), ("86400", _l("in a day")),
          ("604800", _l("in a week")), ("keep", _l("when it does now")))
_FIELDS = {"context": "contexts", "keyword": "keywords", "filter_action": "action"}


def _blank() -> dict[str, Any]:
    return {"title": "", "keywords": "", "whole_word": True, "contexts": ["home", "public"], "action": "warn",
            "expires": "", "posts": []}


def _values(view: FilterView) -> dict[str, Any]:
    row = view.filter
    return {"title": row.title, "keywords": "\n".join(word.keyword for word in view.keywords),
            "whole_word": all(word.whole_word for word in view.keywords), "contexts": row.contexts,
            "action": row.action, "expires": "keep" if row.expires_at else "",
            "posts": [{"id": post.id, "url": f"/posts/{post.object_id}"} for post in view.statuses]}


def _sent(form: Form) -> dict[str, Any]:
    return {"title": form.text("title", limit=1000), "keywords": form.text("keywords", limit=100_000),
            "whole_word": form.flag("whole_word"), "contexts": form.all("contexts", limit=20),
            "action": form.one_of("action", filters.ACTIONS, "warn"),
            "expires": form.one_of("expires", tuple(value for value, _label in EXPIRY), ""), "posts": []}


async def _form(request: AnyRequest, values: dict[str, Any], errors: dict[str, str], *, filter_id: int | None = None,
                ) -> Response[Any]:
    expiry = [entry for entry in EXPIRY if entry[0] != "keep" or (filter_id and values["expires"] == "keep")]
    return await pages.render(
        request, "settings/filter.html", heading=_("Filter"), up="/settings/filters", values=values, errors=errors,
        filter_id=filter_id,
        contexts=choices(CONTEXTS),
        actions=choices(ACTIONS),
        expiry=choices(expiry), status=422 if errors else 200)


def _words(text: str, *, whole_word: bool) -> list[KeywordChange]:
    lines = dict.fromkeys(line.strip() for line in text.split("\n") if line.strip())
    return [KeywordChange(keyword=line, whole_word=whole_word) for line in lines]


def _expiry(word: str) -> dict[str, Any]:
    if word == "keep":
        return {}
    return {"expires_at": now() + timedelta(seconds=int(word)) if word else None}


@get("/settings/filters")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """All filters."""
    async with request.app.state.db.read() as session:
        found = await filters.of_owner(session, me.actor.id)
    rows = [{"id": view.filter.id, "title": view.filter.title, "words": len(view.keywords),
             "posts": len(view.statuses), "hides": view.filter.action == "hide",
             "ends": shown_time(view.filter.expires_at) if view.filter.expires_at else None,
             "over": view.filter.expires_at is not None and view.filter.expires_at <= now()} for view in found]
    return await pages.render(request, "settings/filters.html", heading=_("Filters"), rows=rows)


@get("/settings/filters/new")
async def new(request: AnyRequest, me: Me) -> Response[Any]:
    """The form for a new filter."""
    word = request.query_params.get("word", "")[: filters.MAX_KEYWORD]
    return await _form(request, _blank() | {"title": word, "keywords": word}, {})


@post("/settings/filters/new", status_code=303)
async def create(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Make a filter."""
    values = _sent(form)
    try:
        async with request.app.state.db.write() as session:
            await filters.create(
                session, me.actor.id, title=values["title"], contexts=values["contexts"], action=values["action"],
                keywords=_words(values["keywords"], whole_word=values["whole_word"]),
                **_expiry(values["expires"] if values["expires"] != "keep" else ""))
    except Invalid as error:
        return await _form(request, values, _errors(error))
    return flashes.with_flash(redirects.see_other("/settings/filters"), "good", _("The filter is there."))


def _errors(error: Invalid) -> dict[str, str]:
    return {_FIELDS.get(error.field, error.field): said(error).removeprefix("Validation failed: ")}


@get("/settings/filters/{filter_id:int}")
async def edit(request: AnyRequest, me: Me, filter_id: PathId) -> Response[Any]:
    """The form with a filter."""
    async with request.app.state.db.read() as session:
        view = await filters.one(session, me.actor.id, filter_id)
    return await _form(request, _values(view), {}, filter_id=filter_id)


@post("/settings/filters/{filter_id:int}", status_code=303)
async def save(request: AnyRequest, me: Me, form: SentForm, filter_id: PathId) -> Response[Any]:
    """Save a filter, take a post out of it, or delete it."""
    values = _sent(form)
    try:
        async with request.app.state.db.write() as session:
            if form.flag("delete"):
                await filters.delete(session, me.actor.id, filter_id)
                return flashes.with_flash(redirects.see_other("/settings/filters"), "good", _("The filter is gone."))
            released = form.whole("release")
            if released:
                await filters.remove_status(session, me.actor.id, released)
                return redirects.see_other(f"/settings/filters/{filter_id}")
            view = await filters.one(session, me.actor.id, filter_id)
            old = [KeywordChange(id=word.id, remove=True) for word in view.keywords]
            await filters.update(
                session, me.actor.id, filter_id, title=values["title"], contexts=values["contexts"],
                action=values["action"],
                keywords=[*old, *_words(values["keywords"], whole_word=values["whole_word"])],
                **_expiry(values["expires"]))
    except Invalid as error:
        return await _form(request, values, _errors(error), filter_id=filter_id)
    return flashes.with_flash(redirects.see_other("/settings/filters"), "good", _("Your changes are saved."))


route_handlers = [index, new, create, edit, save]
