"""Posts: listings in every order, one post with what stands beside it, who voted on it, what a page is about."""

from __future__ import annotations

from sqlalchemy import select

from potluck.apis.lemmy import finding, local_user, render, shapes
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.words import LISTINGS, SORTS, Json, codes, limit_of, offset_of, one_of
from potluck.social.communities import belonging, contributions, facets, listing, roles, voting
from potluck.social.communities.contributions import Wanted as Contributions
from potluck.social.communities.listing import Wanted
from potluck.social.model import Object
from potluck.social.visibility import visible_to

MARKS = ("saved", "liked", "disliked")


def mine(call: Call) -> Json:
    """How the asker reads, as far as it is known."""
    return local_user.of(call.user if call.viewer_id is not None else None)


def check_listing(call: Call, scope: str) -> None:
    """Whether the asker may read everyone's posts.

    Raises:
        ApiError: only members may.
    """
    if call.viewer_id is None and call.settings.public_timelines == "members" and scope in ("all", "local"):
        raise refused("instance_is_private", 401)


def marked_with(call: Call) -> str:
    """By which mark of the asker a listing is narrowed, '' by none.

    Raises:
        ApiError: by two at once, or nobody asks.
    """
    wanted = [mark for mark in MARKS if call.params.flag(f"{mark}_only")]
    if wanted and call.viewer_id is None:
        raise call.nobody()
    if len(wanted) > 1:
        raise refused("contradicting_filters")
    return wanted[0] if wanted else ""


@endpoint("GET", "/post/list", who="anyone")
async def index(call: Call) -> Answer:
    """Posts of all communities, of some, or of one; `next_page` is the cursor of the next page."""
    params, reading = call.params, mine(call)
    sort, span = one_of(params, "sort", SORTS, reading["default_sort_type"])
    limit, mark = limit_of(params), marked_with(call)
    scope = one_of(params, "type_", LISTINGS, "All" if mark else reading["default_listing_type"])
    offset = offset_of(params, limit)
    community = await finding.optional_community(call)
    if community is None and not mark:
        check_listing(call, scope)
    session = await call.reader()
    if mark:
        found = await contributions.posts(session, call.viewer_id, Contributions(
            scope, community.id if community else None, mark=mark, limit=limit, offset=offset))
        return answer({"posts": await render.posts_in_order(session, found, call.viewer_id)})
    languages = local_user.languages_of(call.user) if call.viewer_id is not None else []
    wanted = Wanted(
        scope="community" if community else scope, scope_id=community.id if community else None, sort=sort, range=span,
        languages=[codes()[number] for number in languages if 0 < number < len(codes())],
        sensitive=params.flag("show_nsfw", reading["show_nsfw"]),
        unread=not params.flag("show_read", reading["show_read_posts"]),
        hidden=params.flag("show_hidden"), limit=limit, cursor=params.text("page_cursor") or None, offset=offset)
    listed = await listing.page(session, call.viewer_id, wanted)
    result: Json = {"posts": await render.posts_in_order(session, listed.object_ids, call.viewer_id)}
    if listed.next_cursor:
        result["next_page"] = listed.next_cursor
    return answer(result)


@endpoint("GET", "/post", who="anyone")
async def show(call: Call) -> Answer:
    """A post (or that of a comment), its community with moderators, and other posts of the same address."""
    session = await call.reader()
    object_id = await _post_id(call)
    view = await finding.entry(session, object_id, call.viewer_id, "post")
    group = await finding.known_community(call, view.group)
    places = await listing.places(session, [object_id])
    others = await listing.same_link(session, places[object_id]) if object_id in places else []
    posts = await render.posts(session, [object_id, *others], call.viewer_id)
    [community] = await render.communities(session, [group], call.viewer_id)
    result = answer({
        "post_view": posts[object_id], "community_view": community, "moderators": await moderators(call, group.id),
        "cross_posts": [posts[other] for other in others if other in posts]})
    if call.viewer_id is not None:
        async with call.write() as writer:  # as Lemmy: who looks at a post has read it
            await listing.mark_read(writer, call.viewer_id, [object_id])
    return result


async def _post_id(call: Call) -> int:
    comment_id = call.params.ident("comment_id")
    if comment_id is None:
        return call.number("id")
    session = await call.reader()
    found: int | None = await session.scalar(select(Object.thread_root_id).where(
        Object.id == comment_id, visible_to(call.viewer_id)))
    if found is None:
        raise missing("post")
    return found


async def moderators(call: Call, community_id: int) -> list[Json]:
    """CommunityModeratorViews of a community, the leading one first."""
    session = await call.reader()
    [record] = await render.community_records(session, [community_id])
    found = await belonging.moderators_of(session, [community_id])
    return [{"community": record, "moderator": shapes.person(actor)} for actor in found[community_id]]


@endpoint("GET", "/post/like/list")
async def voters(call: Call) -> Answer:
    """Who voted on a post: for the moderators of its community and for who looks after the server."""
    session = await call.reader()
    view = await finding.entry(session, call.number("post_id"), call.viewer_id, "post")
    return answer({"post_likes": await votes_on(call, view.object)})


async def votes_on(call: Call, row: Object) -> list[Json]:
    """VoteViews of a post or comment.

    Raises:
        ApiError: the asker may not know.
    """
    session, group_id = await call.reader(), row.group_id or 0
    if not (await roles.is_moderator(session, group_id, call.me.id) or await roles.is_staff(session, call.me)):
        raise refused("not_a_mod_or_admin")
    limit = limit_of(call.params)
    found = await voting.votes(session, row.id, limit=limit, offset=offset_of(call.params, limit))
    known = await facets.gather(session, call.viewer_id, community_ids=[group_id],
                                author_ids=[actor.id for actor, _ in found])
    return [{"creator": shapes.person(actor), "score": score,
             "creator_banned_from_community": (group_id, actor.id) in known.banned} for actor, score in found]


async def answered(call: Call, object_id: int) -> Answer:
    """PostResponse."""
    session = await call.reader()
    found = await render.posts(session, [object_id], call.viewer_id)
    if object_id not in found:
        raise missing("post")
    return answer({"post_view": found[object_id]})



route_handlers = [index, show, voters]
