"""What people do with each other: follow, mute, block, answer follow requests."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import account_notes, act_limits, blocks, follows, views
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.social.paging import Page
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.forms import Form, choices
from potluck.web.i18n import POST_LANGUAGES, _, _l, post_languages
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import follow_state, profile_path, shown_person
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

_DONE = {
    "mute": _l("You will not see %(name)s any more."), "unmute": _l("%(name)s is no longer muted."),
    "block": _l("%(name)s is blocked."), "unblock": _l("%(name)s is no longer blocked."),
    "remove": _l("%(name)s no longer follows you."), "options": _l("Saved."), "note": _l("Your note is saved."),
}
_QUESTIONS = {
    "block": (_l("Block %(name)s?"), _l("Neither of you sees or follows the other any more."), _l("Block")),
    "remove": (_l("Remove %(name)s from your followers?"), _l("They will not be told, and can ask to follow again."),
               _l("Remove")),
}
MUTE_LABELS = {"0": _l("For ever"), "3600": _l("An hour"), "86400": _l("A day"), "604800": _l("A week"),
               "2592000": _l("A month")}
MUTE_TIMES = {"0": None, "3600": 3600, "86400": 86_400, "604800": 604_800, "2592000": 2_592_000}


async def find(session: AsyncSession, actor_id: int) -> Actor:
    """An actor by id.

    Raises:
        NotFound: nobody has the id, or they are gone.
    """
    found = (await views.load_actors(session, [actor_id])).get(actor_id)
    if found is None or found.deleted_at or found.suspended_at:
        raise NotFound
    return found


@post("/people/{actor_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, me: Me, form: SentForm, actor_id: PathId, verb: PathWord) -> Response[Any]:
    """Follow, unfollow, mute, unmute, block, unblock, or remove a follower."""
    async with request.app.state.db.write() as session:
        other = await find(session, actor_id)
        await _do(session, await acting(session, me), other, verb, form)
    if redirects.is_htmx(request) and verb in {"follow", "unfollow"}:
        async with request.app.state.db.read() as session:
            found = (await follows.relationships(session, me.actor.id, [other.id]))[0]
        return await pages.fragment(request, "profiles/follow_button.html", person=shown_person(other),
                                    follow=follow_state(found))
    back = redirects.see_other(redirects.safe_path(form.text("back", limit=2000), profile_path(other)))
    if verb in _DONE:
        flashes.with_flash(back, "good", _(_DONE[verb], name=other.display_name or other.name))
    return back


async def _do(session: AsyncSession, me: Actor, other: Actor, verb: str, form: Form) -> None:
    match verb:
        case "follow":
            await act_limits.take(session, me, "follows")
            await follows.follow(session, me, other)
        case "unfollow":
            await follows.unfollow(session, me, other)
        case "mute":
            await blocks.mute(session, me, other, duration=MUTE_TIMES.get(form.text("duration", "0")),
                              notifications=not form.flag("keep_notifications"))
        case "options":
            await _set_options(session, me, other, form)
        case "note":
            await account_notes.set_note(session, me, other, form.text("comment", limit=10_000))
        case "unmute":
            await blocks.unmute(session, me, other)
        case "block":
            await blocks.block(session, me, other)
        case "unblock":
            await blocks.unblock(session, me, other)
        case "remove":
            await follows.reject(session, me, other)
        case _:
            raise NotFound


async def _set_options(session: AsyncSession, me: Actor, other: Actor, form: Form) -> None:
    """How one follows somebody: their boosts, a notification for each post, only some languages."""
    if await follows.find(session, me.id, other.id) is None:
        raise NotFound
    languages = [tag for tag in form.all("languages", limit=35) if tag in POST_LANGUAGES]
    await follows.follow(session, me, other, show_boosts=form.flag("boosts"), notify=form.flag("notify"),
                         languages=languages or None)


async def _options_page(request: AnyRequest, me: Viewer, other: Actor) -> Response[Any]:
    async with request.app.state.db.read() as session:
        row = await follows.find(session, me.actor.id, other.id)
    if row is None:
        raise NotFound
    return await pages.render(
        request, "people/options.html", person=shown_person(other), follow=row, chosen=row.languages or [],
        languages=[{"value": tag, "label": name} for tag, name in post_languages()])


@get("/people/{actor_id:int}/{verb:str}")
async def ask(request: AnyRequest, me: Me, actor_id: PathId, verb: PathWord) -> Response[Any]:
    """Ask before an act that hurts; the other acts' addresses show the profile."""
    async with request.app.state.db.read() as session:
        other = await find(session, actor_id)
    if verb == "options":
        return await _options_page(request, me, other)
    if verb == "note":
        async with request.app.state.db.read() as session:
            known = (await follows.relationships(session, me.actor.id, [other.id]))[0]
        return await pages.render(request, "people/note.html", person=shown_person(other), note=known.note)
    if verb == "mute":
        return await pages.render(
            request, "people/mute.html", person=shown_person(other),
            times=choices(MUTE_LABELS))
    if verb not in _QUESTIONS:
        return redirects.see_other(profile_path(other))
    question, detail, yes = _QUESTIONS[verb]
    name = other.display_name or other.name
    return await pages.render(
        request, "confirm.html", heading=_(question, name=name), question=shown_person(other).handle, detail=_(detail),
        action=f"/people/{other.id}/{verb}", yes=_(yes), cancel=profile_path(other),
        fields={"back": profile_path(other)})


@get("/requests")
async def requests(request: AnyRequest, me: Me) -> Response[Any]:
    """Who asks to follow."""
    async with request.app.state.db.read() as session:
        found = await follows.requests(session, me.actor.id, page_of(request, 40))
        people = [shown_person(actor) for _cursor, actor in found]
    return await pages.render(request, "profiles/requests.html", people=people,
                              next_url=next_url(request, len(found), found[-1][0] if found else None, 40))


@post("/requests/{actor_id:int}/{verb:str}", status_code=303)
async def decide(request: AnyRequest, me: Me, form: SentForm, actor_id: PathId, verb: PathWord) -> Response[Any]:
    """Accept or decline a follow request."""
    if verb not in {"accept", "reject"}:
        raise NotFound
    async with request.app.state.db.write() as session:
        other = await find(session, actor_id)
        if verb == "accept":
            await follows.accept(session, await acting(session, me), other)
        else:
            await follows.reject(session, await acting(session, me), other)
    text = _("%(name)s follows you now.") if verb == "accept" else _("You declined the request of %(name)s.")
    back = redirects.see_other(redirects.safe_path(form.text("back", limit=2000), "/requests"))
    return flashes.with_flash(back, "good", text % {"name": other.display_name or other.name})


@get("/blocks")
async def hidden(request: AnyRequest, me: Me) -> Response[Any]:
    """Whom someone has blocked or muted, and which servers."""
    async with request.app.state.db.read() as session:
        blocked = [actor for _cursor, actor in await blocks.blocked(session, me.actor.id, Page(limit=80))]
        muted = await blocks.muted(session, me.actor.id, Page(limit=80))
        hosts = [host for _cursor, host in await blocks.muted_domains(session, me.actor.id)]
    return await pages.render(request, "profiles/hidden.html", blocked=[shown_person(actor) for actor in blocked],
                              hosts=hosts, muted=[
                                  {"person": shown_person(actor), "notifications": row.notifications,
                                   "until": shown_time(row.expires_at) if row.expires_at else None}
                                  for row, actor in muted])


@post("/blocks/servers", status_code=303)
async def hide_server(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Hide everything from a server, or show it again (`undo`)."""
    host = form.text("host", limit=253).lower()
    async with request.app.state.db.write() as session:
        if form.flag("undo"):
            await blocks.unmute_domain(session, await acting(session, me), host)
        else:
            await blocks.mute_domain(session, await acting(session, me), host)
    return redirects.see_other("/blocks")


route_handlers = [act, ask, requests, decide, hidden, hide_server]
