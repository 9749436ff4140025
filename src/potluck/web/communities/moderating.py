"""What moderators of a community do on the site: its settings, people, posts; and the log everybody can read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.handlers import get, post
from potluck.social import actors, follows
from potluck.social.communities import joining, making, mod_log, moderating, reporting, roles
from potluck.social.communities.withdrawing import WITHDRAWN
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, GroupPost, Object
from potluck.social.visibility import GROUP
from potluck.web import flashes, forms, pages, redirects
from potluck.web.actor_pages import find_actor
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.bringing_files import WITH_FILES
from potluck.web.communities import picturing
from potluck.web.communities.browsing import choices, wishes_of
from potluck.web.communities.listings import about
from potluck.web.forms import Form
from potluck.web.i18n import _, _l, said
from potluck.web.paging import page_of
from potluck.web.presenters.people import profile_path, shown_person
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

DAYS = (("", _l("for good")), ("1", _l("for a day")), ("7", _l("for a week")), ("30", _l("for a month")))


async def _moderated(session: AsyncSession, me: Viewer, handle: str) -> Actor:
    """A community the viewer may moderate.

    Raises:
        NotFound: no such community.
        NotAllowed: somebody else looks after it.
    """
    group = await find_actor(session, handle)
    if group.type != "Group":
        raise NotFound
    await roles.check_moderates(session, me.actor, group)
    return group


@get("/{handle:str}/moderate")
async def desk(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """A moderator's desk: who waits, who looks after the community, who is banned, its settings."""
    return await _desk(request, me, handle, {})


async def _desk(request: AnyRequest, me: Viewer, handle: str, errors: dict[str, str],
                values: dict[str, str] | None = None) -> Response[Any]:
    async with request.app.state.db.read() as session:
        group = await _moderated(session, me, handle)
        frame = await about(session, group, me)
        settings = await joining.settings_of(session, group)
        waiting = await follows.requests(session, group.id, page_of(request, 40)) if group.is_local else []
        banned = await roles.banned(session, group.id)
        reports = sum(await reporting.counts(session, me.actor, community_id=group.id))
    shown = values or {
        "title": group.display_name, "description": group.summary_source or "", "posting": settings.posting,
        "visibility": settings.visibility, "sensitive": "1" if settings.sensitive else "",
        "downvotes": "1" if settings.downvotes else "", "rules": "\n".join(settings.rules),
        "languages": ", ".join(settings.languages), "flairs": ", ".join(item["name"] for item in settings.flairs),
        "avatar_description": group.avatar_description, "header_description": group.header_description}
    pictures = {"avatar_url": group.avatar_url or "", "header_url": group.header_url or ""}
    return await pages.render(
        request, "communities/desk.html", frame=frame, community=frame.community, errors=errors,
        values={**shown, **pictures}, choices=choices(), handle=handle, action=f"/communities/{group.id}",
        staff=me.is_staff,
        waiting=[shown_person(actor) for _cursor, actor in waiting],
        days=forms.choices(DAYS), reports=reports,
        banned=[{"person": shown_person(actor), "reason": row.reason,
                 "until": shown_time(row.expires_at) if row.expires_at else None} for row, actor in banned],
        status=422 if errors else 200)


@post("/communities/{group_id:int}/settings", status_code=303, **WITH_FILES)
async def save(request: AnyRequest, me: Me, form: SentForm, group_id: PathId) -> Response[Any]:
    """Save a community's settings."""
    async with request.app.state.db.read() as session:
        group = await joining.community(session, group_id)
    handle = profile_path(group)[1:]
    try:
        wishes = wishes_of(form)
        async with request.app.state.db.write() as session:
            await making.update(session, await acting(session, me), await joining.community(session, group_id), wishes)
            await picturing.let_go_of(session, group_id, form)
        await picturing.take(request, me, group, form)
    except (Invalid, NotAllowed) as error:
        field = error.field if isinstance(error, Invalid) else "visibility"
        kept = form.kept("title", "description", "posting", "visibility", "sensitive", "downvotes", "rules",
                         "languages", "flairs", "avatar_description", "header_description")
        return await _desk(request, me, handle, {field: said(error)}, kept)
    return flashes.with_flash(redirects.see_other(f"/{handle}/moderate"), "good", _("Your changes are saved."))


async def _person(session: AsyncSession, form: Form) -> Actor:
    """Somebody named by id or by handle.

    Raises:
        Invalid: nobody known here.
    """
    chosen, written = form.whole("person"), form.text("handle", limit=320)
    found = await session.get(Actor, chosen) if chosen else await actors.by_handle(session, written)
    if found is None or found.deleted_at is not None:
        raise Invalid("handle", "Nobody with this address is known here")
    return found


@post("/communities/{group_id:int}/{verb:str}", status_code=303)
async def people(request: AnyRequest, me: Me, form: SentForm, group_id: PathId, verb: PathWord) -> Response[Any]:
    """Let in, turn away, appoint, dismiss, ban, unban, hand over; take the community down or put it back."""
    async with request.app.state.db.read() as session:
        handle = profile_path(await joining.community(session, group_id))[1:]
    try:
        async with request.app.state.db.write() as session:
            group = await joining.community(session, group_id)
            await _do(session, await acting(session, me), group, verb, form)
    except Invalid as error:
        return await _desk(request, me, handle, {error.field: said(error)})
    return flashes.with_flash(redirects.see_other(f"/{handle}/moderate"), "good", _("Done."))


async def _do(session: AsyncSession, actor: Actor, group: Actor, verb: str, form: Form) -> None:
    if verb in ("remove", "restore"):
        await moderating.remove_community(session, actor, group, reason=form.text("reason"), removed=verb == "remove")
        return
    await roles.check_moderates(session, actor, group)
    person = await _person(session, form)
    reason = form.text("reason", limit=mod_log.MAX_REASON)
    match verb:
        case "accept":
            await follows.accept(session, group, person)
        case "reject":
            await follows.reject(session, group, person)
        case "appoint":
            await moderating.appoint(session, actor, group, person)
        case "dismiss":
            await moderating.dismiss(session, actor, group, person)
        case "lead":
            await moderating.transfer(session, actor, group, person)
        case "unban":
            await moderating.unban(session, actor, group, person, reason=reason)
        case "ban":
            days = form.whole("days")
            await moderating.ban(session, actor, group, person, reason=reason,
                                 expires_at=now() + timedelta(days=min(days, 3650)) if days else None,
                                 with_content=form.flag("with_content"))
        case _:
            raise NotFound


async def _post(session: AsyncSession, me: Viewer, object_id: int) -> tuple[Object, Actor]:
    """Something in a community the viewer looks after, removed things included."""
    row = await session.get(Object, object_id)
    group = await session.get(Actor, row.group_id) if row is not None and row.group_id else None
    if row is None or group is None or row.deleted_at is not None or row.state == WITHDRAWN:
        raise NotFound
    await roles.check_moderates(session, me.actor, group)
    if row.visibility == GROUP and not (await roles.is_moderator(session, group.id, me.actor.id)
                                        or await roles.is_member(session, group.id, me.actor.id)):
        raise NotFound  # the server's staff sees what members say among themselves only when it was reported
    return row, group


@get("/posts/{object_id:int}/mod")
async def ask(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """What a moderator may do with a post or comment."""
    async with request.app.state.db.read() as session:
        row, group = await _post(session, me, object_id)
        author = await session.get_one(Actor, row.author_id)
        place = await session.get(GroupPost, row.id)
    return await pages.render(
        request, "communities/moderate_post.html", row=row, place=place, author=shown_person(author),
        community=shown_person(group), is_removed=row.state == moderating.REMOVED, own=row.author_id == me.actor.id,
        distinguished=bool(row.extra.get("distinguished")), action=f"/posts/{object_id}/mod", group_id=group.id,
        days=forms.choices(DAYS), staff=me.is_staff, claimed=row.group_claimed)


@post("/posts/{object_id:int}/mod", status_code=303)
async def moderate(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Do it."""
    reason = form.text("reason", limit=mod_log.MAX_REASON)
    if form.text("act") == "warn" and not reason.strip():
        return flashes.with_flash(redirects.see_other(f"/posts/{object_id}/mod"), "bad", _("Say what is wrong with it"))
    async with request.app.state.db.write() as session:
        row, group = await _post(session, me, object_id)
        actor = await acting(session, me)
        match form.text("act"):
            case "remove":
                await moderating.remove(session, actor, object_id, reason)
            case "restore":
                await moderating.restore(session, actor, object_id, reason)
            case "warn":
                await moderating.warn(session, actor, object_id, reason)
            case "lock" | "unlock" as word:
                await moderating.lock(session, actor, object_id, locked=word == "lock", reason=reason)
            case "pin" | "unpin" as word:
                await moderating.pin(session, actor, object_id, pinned=word == "pin")
            case "site_pin" | "site_unpin" as word:
                await moderating.pin_to_site(session, actor, object_id, pinned=word == "site_pin")
            case "distinguish" | "undistinguish" as word:
                await moderating.distinguish(session, actor, object_id, marked=word == "distinguish")
            case _:
                raise NotFound
    back = redirects.safe_path(form.text("back", limit=2000), f"/posts/{object_id}/mod")
    if f"/{object_id}" in back.partition("#")[0] and (row.state != "published" or row.group_id is None):
        back = profile_path(group)  # its own page is not there any more, or no longer the community's
    return flashes.with_flash(redirects.see_other(back), "good", _("Done."))


route_handlers = [desk, save, people, ask, moderate]
