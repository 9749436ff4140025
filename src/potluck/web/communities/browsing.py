"""Finding communities, starting one, and putting several together."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import actors, follows, keys
from potluck.social.communities import joining, listing, making
from potluck.social.communities.making import Wishes
from potluck.social.errors import Invalid, NotAllowed
from potluck.social.model import Actor
from potluck.web import flashes, forms, pages, redirects
from potluck.web.actor_pages import errors_of_new
from potluck.web.asking import Guest, Me, PathId, SentForm
from potluck.web.auth import Viewer, acting, check_may_post
from potluck.web.bringing_files import WITH_FILES
from potluck.web.communities import picturing
from potluck.web.communities.filtering import wanted_of
from potluck.web.communities.listings import load
from potluck.web.forms import Form, query_whole
from potluck.web.i18n import _, _l, said
from potluck.web.presenters.communities import shown_community
from potluck.web.presenters.people import profile_path, shown_person
from potluck.web.types import AnyRequest

PAGE = 40
SCOPES = {"all": _l("All"), "local": _l("This server"), "subscribed": _l("Yours"), "moderated": _l("You moderate")}
POSTING = (("everyone", _l("Everyone")), ("members", _l("Members")), ("moderators", _l("Moderators only")))
VISIBILITY = (
    ("public", _l("Everyone, everywhere")), ("local", _l("People of this server")),
    ("private", _l("Members, whom moderators let in")))


@get("/communities/browse")
async def browse(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """The communities known here."""
    scope = request.query_params.get("show", "all")
    scope = scope if scope in SCOPES and (viewer or scope in ("all", "local")) else "all"
    words = request.query_params.get("q", "").strip()[:100]
    offset = min(query_whole(request, "from") or 0, 10_000)
    async with request.app.state.db.read() as session:
        found = await listing.communities(session, viewer.actor.id if viewer else None, scope=scope, search=words,
                                          limit=PAGE, offset=offset)
        known = {}
        if viewer:
            rows = await follows.relationships(session, viewer.actor.id, [actor.id for actor, _ in found])
            known = {row.id: row for row in rows}
    following = f"/communities/browse?show={scope}&q={words}&from={offset + PAGE}" if len(found) == PAGE else ""
    return await pages.render(
        request, "communities/browse.html", words=words, scope=scope, next_url=following,
        scopes=forms.choices((name, label) for name, label in SCOPES.items()
                             if viewer or name in ("all", "local")),
        communities=[shown_community(actor, settings, known.get(actor.id)) for actor, settings in found])


def wishes_of(form: Form) -> Wishes:
    """What a form says a community shall be like."""
    flairs = [{"name": name} for name in form.text("flairs", limit=2000).split(",")]
    return Wishes(
        title=form.text("title", limit=200), description=form.text("description", limit=20_000),
        posting=form.one_of("posting", making.POSTING, "everyone"),
        visibility=form.one_of("visibility", making.VISIBILITIES, "public"), sensitive=form.flag("sensitive"),
        downvotes=form.flag("downvotes"), rules=form.text("rules", limit=10_000).split("\n"),
        languages=[word.strip() for word in form.text("languages", limit=200).split(",") if word.strip()],
        flairs=flairs, pictures=picturing.wishes_of(form))


def choices() -> dict[str, list[dict[str, str]]]:
    """The radio buttons of a community's form."""
    return {"posting": forms.choices(POSTING), "visibility": forms.choices(VISIBILITY)}


_FIELDS = ("name", "title", "description", "posting", "visibility", "sensitive", "rules", "languages", "flairs",
           "avatar_description", "header_description")


@get("/communities/new")
async def new(request: AnyRequest, me: Me) -> Response[Any]:
    """The form for a new community."""
    check_may_post(me)
    return await pages.render(request, "communities/new.html", errors={}, choices=choices(),
                              values={"downvotes": "1", "posting": "everyone", "visibility": "public"})


@post("/communities/new", status_code=303, **WITH_FILES)
async def create(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Make a community."""
    check_may_post(me)
    pairs = await keys.generate()
    try:
        wishes = wishes_of(form)
        async with request.app.state.db.write() as session:
            made = await making.create(session, await acting(session, me), form.text("name", limit=100), wishes,
                                       pairs=pairs)
    except (Invalid, NotAllowed) as error:
        values = form.kept(*_FIELDS) | {"downvotes": "1" if form.flag("downvotes") else ""}
        return await pages.render(request, "communities/new.html", errors=errors_of_new(error), values=values,
                                  choices=choices(), status=422)
    try:
        await picturing.take(request, me, made, form)
    except Invalid as error:
        return flashes.with_flash(redirects.see_other(f"{profile_path(made)}/moderate"), "bad", said(error))
    return flashes.with_flash(redirects.see_other(profile_path(made)), "good", _("Your community is there."))


@get("/communities/bundles")
async def bundles(request: AnyRequest, me: Me) -> Response[Any]:
    """One's bundles; `add` names a community to put into one."""
    return await _bundles(request, me.actor.id, {})


async def _bundles(request: AnyRequest, owner_id: int, errors: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        mine = await joining.bundles(session, owner_id)
        wanted = query_whole(request, "add")
        group = await session.get(Actor, wanted) if wanted else None
    return await pages.render(
        request, "communities/bundles.html", bundles=mine, errors=errors, status=422 if errors else 200,
        adding=shown_person(group) if group is not None and group.type == "Group" else None)


@post("/communities/bundles", status_code=303)
async def make_bundle(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Start a bundle, perhaps with a first community."""
    try:
        async with request.app.state.db.write() as session:
            made = await joining.make_bundle(session, me.actor.id, form.text("name", limit=100))
            wanted = form.whole("community")
            if wanted:
                await joining.put_in_bundle(session, made, await joining.community(session, wanted))
    except Invalid as error:
        return await _bundles(request, me.actor.id, {error.field: said(error)})
    return redirects.see_other(f"/communities/bundles/{made.id}")


@get("/communities/bundles/{bundle_id:int}")
async def show_bundle(request: AnyRequest, me: Me, bundle_id: PathId) -> Response[Any]:
    """The posts of a bundle's communities."""
    return await _show_bundle(request, me, bundle_id, {})


async def _show_bundle(request: AnyRequest, me: Viewer, bundle_id: int, errors: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        owned = await joining.bundle(session, me.actor.id, bundle_id)
        found = await load(session, request, me, wanted_of(request, me, "bundle", owned.id))
        members = [shown_person(actor) for actor in await joining.bundled(session, owned.id)]
    return await pages.render(request, "communities/bundle.html", bundle=owned, listing=found, members=members,
                              errors=errors, status=422 if errors else 200)


@post("/communities/bundles/{bundle_id:int}", status_code=303)
async def change_bundle(request: AnyRequest, me: Me, form: SentForm, bundle_id: PathId) -> Response[Any]:
    """Put a community into a bundle, take one out, rename the bundle or give it up."""
    try:
        return await _change_bundle(request, me, form, bundle_id)
    except Invalid as error:
        return await _show_bundle(request, me, bundle_id, {error.field: said(error)})


async def _change_bundle(request: AnyRequest, me: Viewer, form: Form, bundle_id: int) -> Response[Any]:
    async with request.app.state.db.write() as session:
        owned = await joining.bundle(session, me.actor.id, bundle_id)
        if form.flag("delete"):
            await session.delete(owned)
            return flashes.with_flash(redirects.see_other("/communities"), "good", _("The bundle is gone."))
        if form.has("name"):
            await joining.rename_bundle(session, owned, form.text("name", limit=100))
            return redirects.see_other(f"/communities/bundles/{bundle_id}")
        wanted = form.whole("community") or await _named(session, form.text("handle", limit=320))
        await joining.put_in_bundle(session, owned, await joining.community(session, wanted),
                                    inside=not form.flag("remove"))
    return redirects.see_other(f"/communities/bundles/{bundle_id}")


async def _named(session: AsyncSession, handle: str) -> int:
    """A community by its address.

    Raises:
        Invalid: none is known here by it.
    """
    found = await actors.by_handle(session, handle.lstrip("!@")) if handle else None
    if found is None or found.type != "Group":
        raise Invalid("handle", "No community with this address is known here")
    return found.id


route_handlers = [browse, new, create, bundles, make_bundle, show_bundle, change_bundle]
