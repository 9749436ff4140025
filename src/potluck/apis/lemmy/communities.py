"""Communities: one, many, making and changing one, subscribing, giving one up."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import finding, images, render
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.posts import mine, moderators
from potluck.apis.lemmy.words import (
    LISTINGS,
    SORTS,
    VISIBILITIES,
    Json,
    codes,
    language_number,
    limit_of,
    offset_of,
    one_of,
)
from potluck.apis.urls import full_url, original_url
from potluck.social import act_limits, follows, keys
from potluck.social.communities import closing, facets, listing, making
from potluck.social.communities.making import Wishes
from potluck.social.model import Actor, Community

_SORTS = {"new": "new", "old": "old", "top": "subscribers", "most_comments": "subscribers"}


@endpoint("GET", "/community", who="anyone")
async def show(call: Call) -> Answer:
    """A community with its moderators; with a token one that is not known here is fetched."""
    group = await finding.community(call)
    session = await call.reader()
    [view] = await render.communities(session, [group], call.viewer_id)
    settings = (await facets.communities(session, [group.id]))[group.id]
    return answer({"community_view": view, "moderators": await moderators(call, group.id),
                   "discussion_languages": languages_of(settings)})


def languages_of(settings: Community) -> list[int]:
    """The numbers of the languages a community speaks; all where it says nothing."""
    found = [number for tag in settings.languages if (number := language_number(tag))]
    return [0, *found] if found else list(range(len(codes())))


@endpoint("GET", "/community/list", who="anyone")
async def index(call: Call) -> Answer:
    """Communities known here."""
    params, reading = call.params, mine(call)
    scope = one_of(params, "type_", LISTINGS, "Local")
    sort, _ = one_of(params, "sort", SORTS, "Active")
    limit = limit_of(params)
    session = await call.reader()
    found = await listing.communities(
        session, call.viewer_id, scope=scope, sort=_SORTS.get(sort, "active"),
        sensitive=params.flag("show_nsfw", reading["show_nsfw"]), limit=limit, offset=offset_of(params, limit))
    return answer({"communities": await render.communities(session, [actor for actor, _ in found], call.viewer_id)})


async def response(call: Call, community_id: int) -> Json:
    """CommunityResponse."""
    session = await call.reader()
    group = await finding.actor(session, community_id, "community")
    found = await render.communities(session, [group], call.viewer_id)
    if not found:
        raise missing("community")
    settings = (await facets.communities(session, [community_id]))[community_id]
    return {"community_view": found[0], "discussion_languages": languages_of(settings)}


async def answered(call: Call, community_id: int) -> Answer:
    """CommunityResponse, as an answer."""
    return answer(await response(call, community_id))


def _languages(call: Call) -> list[str]:
    numbers = call.params.idents("discussion_languages")
    if any(number >= len(codes()) for number in numbers):
        raise refused("language_not_allowed")
    return [codes()[number] for number in numbers] if len(numbers) < len(codes()) - 1 else []


@endpoint("POST", "/community", act="register")
async def create(call: Call) -> Answer:
    """Make a community here that one leads."""
    params = call.params
    wishes = Wishes(
        title=call.text("title"), description=params.text("description"),
        posting="moderators" if params.flag("posting_restricted_to_mods") else "everyone",
        visibility=one_of(params, "visibility", VISIBILITIES, "Public"), sensitive=params.flag("nsfw"),
        languages=_languages(call))
    pairs = await keys.generate()
    async with call.write() as session:
        made = await making.create(session, await call.acting(session), call.text("name"), wishes, pairs=pairs)
        await _set_pictures(session, call, made)
    return await answered(call, made.id)


async def _set_pictures(session: AsyncSession, call: Call, group: Actor) -> None:
    """Icon and banner by address: one that was uploaded here; an empty one takes the picture away."""
    for name, column in (("icon", "avatar_url"), ("banner", "header_url")):
        url = call.params.optional_text(name)
        if url is None or original_url(url) == (full_url(getattr(group, column)) or ""):
            continue
        setattr(group, column, await images.address_of(session, call.me, url))
    await session.flush()


@endpoint("PUT", "/community")
async def edit(call: Call) -> Answer:
    """Change what a community here is like; what the app leaves out stays."""
    params, community_id = call.params, call.number("community_id")
    async with call.write() as session:
        group = await finding.actor(session, community_id, "community")
        now = (await facets.communities(session, [community_id]))[community_id]
        await _set_pictures(session, call, group)
        await making.update(session, await call.acting(session), group, Wishes(
            title=params.text("title", group.display_name), description=params.text(
                "description", group.summary_source or ""),
            posting=_posting(params.optional_flag("posting_restricted_to_mods"), now.posting),
            visibility=one_of(params, "visibility", VISIBILITIES, "Public") if params.text("visibility")
            and now.visibility != "private" else now.visibility,
            sensitive=params.flag("nsfw", now.sensitive), downvotes=now.downvotes, rules=now.rules,
            languages=_languages(call) if "discussion_languages" in params else now.languages, flairs=now.flairs))
    return await answered(call, community_id)


def _posting(restricted: bool | None, now: str) -> str:
    if restricted is None or restricted == (now == "moderators"):
        return now
    return "moderators" if restricted else "everyone"


@endpoint("POST", "/community/follow")
async def follow(call: Call) -> Answer:
    """Subscribe to a community, or no longer. Pending until a community elsewhere has agreed."""
    community_id, wanted = call.number("community_id"), call.flag("follow")
    group = await finding.known_community(
        call, await finding.actor(await call.reader(), community_id, "community"))
    async with call.write() as session:
        me, row = await call.acting(session), await session.get_one(Actor, group.id)
        if wanted:
            await act_limits.take(session, me, "follows")
        await (follows.follow if wanted else follows.unfollow)(session, me, row)
    return await answered(call, community_id)


@endpoint("POST", "/community/delete")
async def delete(call: Call) -> Answer:
    """Give up a community that one leads."""
    community_id, wanted = call.number("community_id"), call.flag("deleted")
    async with call.write() as session:
        group = await finding.actor(session, community_id, "community")
        await closing.close(session, await call.acting(session), group, closed=wanted)
    return await answered(call, community_id)


route_handlers = [show, index, create, edit, follow, delete]
