"""Timelines: home through its lenses, this server, the fediverse, a hashtag."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response

from potluck.handlers import get, post
from potluck.settings import current
from potluck.social import announcements, hashtags, timelines
from potluck.social.errors import NotFound
from potluck.text.hashtags import normalise_hashtag
from potluck.web import announcing, auth, composing, feeds, files, flashes, pages, redirects, syndication
from potluck.web.asking import Guest, Me, PathWord
from potluck.web.auth import Viewer
from potluck.web.i18n import _
from potluck.web.paging import page_of
from potluck.web.types import AnyRequest


@get("/")
async def start(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """Home for those signed in, the local timeline for guests (the about page where timelines are for members)."""
    if viewer:
        return redirects.see_other("/home")
    return redirects.see_other("/local" if current().public_timelines == "public" else "/about")


@get("/home")
async def home(request: AnyRequest, me: Me) -> Response[Any]:
    """Posts of the people someone follows."""
    lens = request.query_params.get("lens", "")
    async with request.app.state.db.read() as session:
        refs = await timelines.home(session, me.actor.id, page_of(request), kinds=feeds.kinds_of_lens(lens))
        feed = await feeds.load(session, request, refs, me, context="home")
        waiting = await files.waiting_posts(session, me.actor)
        news = await announcements.for_reader(session, me.actor.id, with_read=False)
    return await pages.render(
        request, "timelines/home.html", feed=feed, waiting=waiting,
        announcements=[announcing.shown(view) for view in news[:3]], lenses=feeds.lenses("/home", lens),
        first="max_id" not in request.query_params, composer=composing.blank(me, back="/home"))


async def _public(request: AnyRequest, viewer: Viewer | None, *, local: bool) -> Response[Any]:
    if viewer is None and current().public_timelines != "public":
        raise auth.SignInRequired
    lens, path = request.query_params.get("lens", ""), "/local" if local else "/federated"
    async with request.app.state.db.read() as session:
        refs = await timelines.public(session, viewer.actor.id if viewer else None, page_of(request), local=local,
                                      kinds=feeds.kinds_of_lens(lens))
        feed = await feeds.load(session, request, refs, viewer, context="public")
    return await pages.render(
        request, "timelines/public.html", feed=feed, lenses=feeds.lenses(path, lens),
        heading=_("Local") if local else _("Fediverse"),
        note=_("Public posts of this server") if local else _("Public posts from everywhere this server knows"),
        live=("public:local" if local else "public") if "max_id" not in request.query_params else "")


@get("/local")
async def local(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """Public posts of this server."""
    return await _public(request, viewer, local=True)


@get("/federated")
async def federated(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """Public posts known here."""
    return await _public(request, viewer, local=False)


@get("/tags/{name:str}")
async def hashtag(request: AnyRequest, viewer: Guest, name: PathWord) -> Response[Any]:
    """Public posts with a hashtag; `.rss` and `.atom` behind the address give them as a feed."""
    for suffix in ("rss", "atom"):
        if name.endswith(f".{suffix}"):
            return await syndication.hashtag_feed(request, name.removesuffix(f".{suffix}"), suffix)
    if viewer is None and current().public_timelines != "public":
        raise auth.SignInRequired
    normal = normalise_hashtag(name)
    if not normal:
        raise NotFound
    async with request.app.state.db.read() as session:
        refs = await timelines.hashtag(session, viewer.actor.id if viewer else None, [normal], page_of(request))
        feed = await feeds.load(session, request, refs, viewer, context="public")
        following = bool(viewer) and await hashtags.is_followed(session, viewer.actor.id, normal)  # type: ignore[union-attr]
    return await pages.render(request, "timelines/hashtag.html", feed=feed, name=normal, following=following,
                              path_name=quote(normal), live=f"hashtag:{normal}")


@post("/tags/{name:str}/{verb:str}", status_code=303)
async def follow_hashtag(request: AnyRequest, me: Me, name: PathWord, verb: PathWord) -> Response[Any]:
    """Have public posts with a hashtag come into home, or no longer."""
    normal = normalise_hashtag(name)
    if not normal or verb not in {"follow", "unfollow"}:
        raise NotFound
    async with request.app.state.db.write() as session:
        if verb == "follow":
            await hashtags.follow(session, await auth.acting(session, me), normal)
        else:
            await hashtags.unfollow(session, await auth.acting(session, me), normal)
    text = _("You follow #%(name)s now.", name=normal) if verb == "follow" else _("You no longer follow #%(name)s.",
                                                                                  name=normal)
    return flashes.with_flash(redirects.see_other(f"/tags/{quote(normal)}"), "good", text)


route_handlers = [start, home, local, federated, hashtag, follow_hashtag]
