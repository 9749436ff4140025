"""What people do with posts: write, change, delete, vote, save, mark as read, hide; and a look at a page to share."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import finding, own_acts, shapes
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import refused
from potluck.apis.lemmy.posts import answered
from potluck.apis.lemmy.words import Json, language_of, there
from potluck.apis.urls import full_url, original_url
from potluck.federation import cards
from potluck.federation.errors import FederationError
from potluck.kinds import authoring
from potluck.kinds.link import actions
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.link.wire import MAX_LINK
from potluck.social import act_limits, preview_cards
from potluck.social.communities import listing
from potluck.social.views import ObjectView

SUCCESS = b'{"success":true}'
_MOST_AT_ONCE = 1000


@endpoint("POST", "/post", act="post")
async def create(call: Call) -> Answer:
    """Bring a post to a community."""
    params = call.params
    if params.text("honeypot"):
        raise refused("honeypot_failed")
    request = LinkRequest(
        call.number("community_id"), call.text("name"), link=original_url(params.text("url")),
        text=params.text("body"), language=language_of(params), sensitive=params.flag("nsfw"),
        thumbnail=original_url(params.text("custom_thumbnail")), alt_text=params.text("alt_text"))
    await finding.known_community(call, await finding.actor(await call.reader(), request.community_id, "community"))
    await call.stop_reading()
    await authoring.prepare_mentions(call.db, call.request.app.state.federation, request.text)
    async with call.write() as session:
        me = await call.acting(session)
        await act_limits.take(session, me, "posts")
        made = await actions.compose(session, me, request)
        await listing.mark_read(session, call.me.id, [made.id])
    return await answered(call, made.id)


@endpoint("PUT", "/post")
async def edit(call: Call) -> Answer:
    """Change one's own post; what the app leaves out stays."""
    object_id = call.number("post_id")
    session = await call.reader()
    await finding.own(session, object_id, call.me.id, "post")
    view = await finding.entry(session, object_id, call.viewer_id, "post")
    if view.object.kind != "link":
        raise refused("couldnt_update_post", message="This is changed on the site, where all of it can be seen")
    request = _changed(call, view)
    await call.stop_reading()
    await authoring.prepare_mentions(call.db, call.request.app.state.federation, request.text)
    async with call.write() as writer:
        await actions.revise(writer, await call.acting(writer), object_id, request)
    return await answered(call, object_id)


def _changed(call: Call, view: ObjectView) -> LinkRequest:
    """The post as it is, with what the app wants otherwise."""
    row, params = view.object, call.params
    found = LinkRequest(
        row.group_id or 0, params.text("name", row.title or ""), link=actions.shared_by(view),
        text=params.text("body", shapes.markdown_of(row)), language=row.language,
        sensitive=params.flag("nsfw", row.sensitive), thumbnail=row.extra.get("thumbnail", ""),
        flairs=row.extra.get("flairs", ()), alt_text=_alt_text(call, view),
        media_ids=[item.id for item in view.media if item.owner_id is not None])
    if params.optional_text("url") is not None:
        url = original_url(params.text("url"))
        uploaded = {full_url(item.url) for item in view.media if item.owner_id is not None}
        found = replace(found, link="" if url in uploaded else url)
    if params.optional_text("custom_thumbnail") is not None:
        found = replace(found, thumbnail=original_url(params.text("custom_thumbnail")))
    if params.whole("language_id") is not None:
        found = replace(found, language=language_of(params))
    return found


def _alt_text(call: Call, view: ObjectView) -> str:
    picture = shapes.first_picture(view)
    return call.params.text("alt_text", picture.description if picture else "")


@endpoint("POST", "/post/like")
async def like(call: Call) -> Answer:
    """Vote up (1) or down (-1), or take the vote back (0)."""
    return await answered(call, await own_acts.vote(call, "post"))


@endpoint("PUT", "/post/save")
async def save(call: Call) -> Answer:
    """Keep a post to come back to, or no longer."""
    return await answered(call, await own_acts.keep(call, "post"))


@endpoint("POST", "/post/delete")
async def delete(call: Call) -> Answer:
    """Take one's own post back, or put it there again."""
    object_id, before = await own_acts.take_back(call, "post")
    if before is None:
        return await answered(call, object_id)
    return answer({"post_view": _as_deleted(before)})


def _as_deleted(view: Json) -> Json:
    gone = {key: value for key, value in view["post"].items() if key not in ("body", "url", "thumbnail_url")}
    return {**view, "post": {**gone, "deleted": True}}


@endpoint("POST", "/post/mark_as_read")
async def mark_as_read(call: Call) -> Answer:
    """Remember that posts were seen, or forget it."""
    found, wanted = post_ids(call), call.flag("read")
    async with call.write() as session:
        await listing.mark_read(session, call.me.id, found, read=wanted)
    return Answer(SUCCESS)


@endpoint("POST", "/post/hide")
async def hide(call: Call) -> Answer:
    """Keep posts out of one's listings, or have them back."""
    found, wanted = post_ids(call), call.flag("hide")
    async with call.write() as session:
        await listing.hide(session, call.me.id, found, hidden=wanted)
    return Answer(SUCCESS)


def post_ids(call: Call) -> list[int]:
    """The posts a call is about: `post_ids`, or `post_id` (older apps).

    Raises:
        ApiError: there are none, or too many.
    """
    found = call.params.idents("post_ids") or call.params.idents("post_id")
    if not found:
        raise refused("invalid_body_field", message="Missing parameter: post_ids")
    if len(found) > _MOST_AT_ONCE:
        raise refused("too_many_items")
    return found


@endpoint("GET", "/post/site_metadata", act="search")
async def site_metadata(call: Call) -> Answer:
    """What a page says of itself: title, description, picture."""
    url = original_url(call.text("url").strip())
    if not url.startswith(("https://", "http://")) or len(url) > MAX_LINK:
        raise refused("invalid_url")
    session = await call.reader()
    known = await _known(session, url)
    if known is None:
        await call.stop_reading()
        federation = call.request.app.state.federation
        try:
            known = await cards.describe(federation.client, federation.is_blocked, url)
        except FederationError:
            known = None
    found = known or {}
    return answer({"metadata": there({
        "title": found.get("title") or None, "description": found.get("description") or None,
        "image": full_url(found.get("image_url")), "embed_video_url": None,
        "content_type": "text/html" if found else None})})


async def _known(session: AsyncSession, url: str) -> Json | None:
    card = await preview_cards.by_url(session, url)
    if card is None or card.state != "ready":
        return None
    return {"title": card.title, "description": card.description, "image_url": card.image_url}


route_handlers = [create, edit, like, save, delete, mark_as_read, hide, site_metadata]
