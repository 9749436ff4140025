"""What is going on: posts, hashtags and links that many people share now, and people one may like to follow."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Response

from potluck.handlers import get, post
from potluck.media.addresses import shown
from potluck.settings import current
from potluck.social import hashtags, suggestions, trends
from potluck.social.errors import Invalid, NotFound
from potluck.social.paging import Page
from potluck.social.views import EntryRef
from potluck.text.hashtags import normalise_hashtag
from potluck.web import auth, feeds, flashes, pages, redirects
from potluck.web.asking import Guest, Me, PathId, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.i18n import _, said
from potluck.web.profiles import people_rows
from potluck.web.types import AnyRequest


@get("/explore")
async def explore(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """What many people share now."""
    if viewer is None and current().public_timelines != "public":
        raise auth.SignInRequired
    viewer_id = viewer.actor.id if viewer else None
    async with request.app.state.db.read() as session:
        tags = await trends.hashtags(session, limit=10)
        links = await trends.links(session, limit=5)
        ids = await trends.objects(session, viewer_id, limit=20)
        feed = await feeds.load(session, request, [EntryRef(item, item) for item in ids], viewer, context="public")
        found = await suggestions.for_reader(session, viewer_id, limit=5) if viewer_id else []
        people = await people_rows(session, [item.actor for item in found], viewer)
    return await pages.render(
        request, "timelines/explore.html", posts=feed.posts, people=people,
        tags=[{"name": tag.display, "url": f"/tags/{quote(tag.name)}"} for tag in tags],
        links=[{"url": card.url, "title": card.title or card.url, "site": card.provider_name
                or urlsplit(card.url).netloc, "description": card.description,
                "image_url": shown(card.image_url) if card.image_url else ""} for card in links])


@post("/explore/people/{actor_id:int}/dismiss", status_code=303)
async def dismiss(request: AnyRequest, me: Me, actor_id: PathId) -> Response[Any]:
    """Suggest somebody no more."""
    async with request.app.state.db.write() as session:
        await suggestions.dismiss(session, me.actor.id, actor_id)
    return redirects.see_other("/explore")


@get("/followed-tags")
async def tags(request: AnyRequest, me: Me) -> Response[Any]:
    """The hashtags one follows, and those shown on one's profile."""
    return await _tags(request, me, {})


async def _tags(request: AnyRequest, me: Viewer, errors: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        followed = await hashtags.followed(session, me.actor.id, Page(limit=200))
        featured = await hashtags.featured(session, me.actor.id)
    return await pages.render(
        request, "settings/hashtags.html", heading=_("Hashtags"), errors=errors, status=422 if errors else 200,
        followed=[{"name": row.hashtag.display, "path": quote(row.hashtag.name)} for row in followed],
        featured=[{"name": row.name, "posts": row.posts_count} for row in featured])


@post("/followed-tags", status_code=303)
async def feature(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Show a hashtag on one's profile, or no longer; or follow one."""
    name = normalise_hashtag(form.text("name", limit=200))
    verb = form.one_of("verb", ("follow", "feature", "unfeature"), "")
    acts = {"follow": hashtags.follow, "feature": hashtags.feature, "unfeature": hashtags.unfeature}
    if verb not in acts:
        raise NotFound
    if not name:
        return await _tags(request, me, {f"{verb}-name": _("This is no hashtag")})
    try:
        async with request.app.state.db.write() as session:
            await acts[verb](session, await acting(session, me), name)
    except Invalid as error:
        return await _tags(request, me, {f"{verb}-name": said(error).removeprefix("Validation failed: ")})
    return flashes.with_flash(redirects.see_other("/followed-tags"), "good", _("Saved."))


route_handlers = [explore, dismiss, tags, feature]
