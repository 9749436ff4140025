"""Views of the Lemmy API for one reader, many at once: PostView, CommentView, CommunityView, PersonView.

Each is a fixed number of queries, whatever the number of records. What the reader may not see is not in the result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import shapes
from potluck.apis.lemmy.words import EPOCH, Json, there
from potluck.apis.urls import telling_url
from potluck.settings import current
from potluck.social.communities import comment_places, facets
from potluck.social.communities.facets import Facets
from potluck.social.communities.moderating import REMOVED
from potluck.social.communities.withdrawing import WITHDRAWN
from potluck.social.model import Actor, Object
from potluck.social.views import ObjectView, load_actors, load_objects

SUBSCRIBED = {"accepted": "Subscribed", "pending": "Pending"}


async def posts(session: AsyncSession, object_ids: Iterable[int], viewer_id: int | None) -> dict[int, Json]:
    """PostViews by id."""
    views = {key: view for key, view in (await load_objects(session, object_ids, viewer_id)).items() if view.group}
    known = await _facets_of(session, views.values(), viewer_id, list(views))
    return {key: post_view(view, view.group, known) for key, view in views.items()
            if view.group is not None and key in known.places}


async def posts_in_order(session: AsyncSession, object_ids: Sequence[int], viewer_id: int | None) -> list[Json]:
    """PostViews in the order given, without those the viewer may not see."""
    found = await posts(session, object_ids, viewer_id)
    return [found[object_id] for object_id in object_ids if object_id in found]


async def _facets_of(session: AsyncSession, views: Iterable[ObjectView], viewer_id: int | None,
                     post_ids: Collection[int]) -> Facets:
    views = list(views)
    return await facets.gather(
        session, viewer_id, community_ids={view.object.group_id for view in views if view.object.group_id},
        author_ids={view.object.author_id for view in views}, post_ids=post_ids)


def _standing(view: ObjectView, known: Facets) -> Json:
    """What post and comment views say of author and reader."""
    row, group_id = view.object, view.object.group_id or 0
    pair = (group_id, row.author_id)
    return {
        "creator_banned_from_community": pair in known.banned,
        "banned_from_community": (group_id, known.viewer_id) in known.banned,
        "creator_is_moderator": pair in known.moderators, "creator_is_admin": row.author_id in known.staff,
        "subscribed": SUBSCRIBED.get(known.subscribed.get(group_id, ""), "NotSubscribed"),
        "saved": view.marks.bookmarked, "creator_blocked": row.author_id in known.blocked,
        "my_vote": 1 if view.marks.liked else -1 if view.marks.disliked else None}


def post_view(view: ObjectView, group: Actor, known: Facets) -> Json:
    """PostView."""
    row = view.object
    place = known.places[row.id]
    return there({
        "post": shapes.post(view, place), "creator": shapes.person(view.author),
        "community": shapes.community(group, known.communities[group.id]), "image_details": _image_details(view),
        **_standing(view, known), "counts": shapes.post_counts(view, place), "read": row.id in known.read,
        "hidden": row.id in known.hidden, "unread_comments": max(0, place.comments - known.read.get(row.id, 0))})


def _image_details(view: ObjectView) -> Json | None:
    item = shapes.first_picture(view)
    width, height = (item.meta.get(name) for name in ("width", "height")) if item is not None else (None, None)
    if item is None or not isinstance(width, int) or not isinstance(height, int):
        return None
    return {"link": telling_url(item.url), "width": width, "height": height,
            "content_type": item.media_type or "image/jpeg"}


async def comments(session: AsyncSession, object_ids: Iterable[int], viewer_id: int | None, *,
                   gone: Collection[int] = ()) -> dict[int, Json]:
    """CommentViews by id.

    Args:
        gone: ids of comments that were deleted or removed and are shown as gaps.
    """
    wanted = set(object_ids)
    views = await load_objects(session, wanted, viewer_id)
    views |= await _gaps(session, wanted & set(gone), viewer_id)
    views = {key: view for key, view in views.items() if view.group and view.object.in_reply_to_uri is not None}
    tops = await load_objects(session, {view.object.thread_root_id or 0 for view in views.values()}, viewer_id)
    known = await _facets_of(session, [*views.values(), *tops.values()], viewer_id, list(tops))
    above = await facets.ancestors(session, views)
    below = await comment_places.below(session, views)
    # A discussion is about one post, in one community: each is put into words once.
    posts = {key: shapes.post(top, known.places[key]) for key, top in tops.items()
             if top.group is not None and key in known.places}
    groups = {view.group.id: shapes.community(view.group, known.communities[view.group.id])
              for view in views.values() if view.group is not None}
    found: dict[int, Json] = {}
    for key, view in views.items():
        post = posts.get(view.object.thread_root_id or 0)
        if post is not None and view.group is not None:
            found[key] = _comment_view(view, known, post, groups[view.group.id], above[key], below.get(key, 0))
    return found


def comment_view(view: ObjectView, group: Actor, top: ObjectView, known: Facets, *, above: Sequence[int], below: int,
                 ) -> Json:
    """CommentView.

    Args:
        top: the post it stands below.
        above: what it answers, from the first comment on.
        below: how many answers it has.
    """
    return _comment_view(view, known, shapes.post(top, known.places[top.object.id]),
                         shapes.community(group, known.communities[group.id]), above, below)


def _comment_view(view: ObjectView, known: Facets, post: Json, community: Json, above: Sequence[int],  # noqa: PLR0917
                  below: int) -> Json:
    path = ".".join(map(str, (0, *above, view.object.id)))
    return there({
        "comment": shapes.comment(view, path), "creator": shapes.person(view.author), "post": post,
        "community": community, "counts": shapes.comment_counts(view.object, below), **_standing(view, known)})


async def comments_in_order(session: AsyncSession, object_ids: Sequence[int], viewer_id: int | None) -> list[Json]:
    """CommentViews in the order given, without those the viewer may not see."""
    found = await comments(session, object_ids, viewer_id)
    return [found[object_id] for object_id in object_ids if object_id in found]


async def _gaps(session: AsyncSession, object_ids: Collection[int], viewer_id: int | None) -> dict[int, ObjectView]:
    """Deleted and removed comments. Who wrote them is told to nobody but themselves."""
    if not object_ids:
        return {}
    rows = (await session.scalars(select(Object).where(
        Object.id.in_(object_ids), or_(Object.deleted_at.is_not(None), Object.state.in_((REMOVED, WITHDRAWN)))))).all()
    actors = await load_actors(session, {row.group_id or 0 for row in rows} | {viewer_id or 0})
    found = {}
    for row in rows:
        own = actors.get(row.author_id) if row.author_id == viewer_id else None
        found[row.id] = ObjectView(row, own or nobody(), group=actors.get(row.group_id or 0))
    return found


def nobody() -> Actor:
    """Stands where it is not told who somebody was."""
    return Actor(id=0, uri=current().url, name="deleted", host="", type="Person", display_name="", summary="",
                 published=EPOCH, created_at=EPOCH, updated_at=EPOCH, deleted_at=EPOCH, posts_count=0)


async def communities(session: AsyncSession, groups: Sequence[Actor], viewer_id: int | None) -> list[Json]:
    """CommunityViews of Groups, without those that are not for the viewer to know of."""
    known = await facets.gather(session, viewer_id, community_ids=[group.id for group in groups])
    return [community_view(group, known) for group in groups if knows_of(group, known)]


async def community_records(session: AsyncSession, group_ids: Sequence[int]) -> list[Json]:
    """Communities by id, in the order given; those that are not there are left out."""
    groups = await load_actors(session, group_ids)
    settings = await facets.communities(session, list(groups))
    return [shapes.community(groups[key], settings[key]) for key in group_ids if key in groups]


def knows_of(group: Actor, known: Facets) -> bool:
    """Whether the viewer may know that a community is there: those for people of this server are for them alone."""
    return known.communities[group.id].visibility != "local" or known.viewer_id is not None


def community_view(group: Actor, known: Facets) -> Json:
    """CommunityView."""
    settings = known.communities[group.id]
    return {
        "community": shapes.community(group, settings),
        "subscribed": SUBSCRIBED.get(known.subscribed.get(group.id, ""), "NotSubscribed"),
        "blocked": group.id in known.blocked,
        "counts": shapes.community_counts(group, settings, open_to_asker=known.may_read(group.id)),
        "banned_from_community": (group.id, known.viewer_id) in known.banned}


async def people(session: AsyncSession, actors: Sequence[Actor]) -> list[Json]:
    """PersonViews."""
    counts = await facets.post_counts(session, [actor.id for actor in actors])
    staff = await facets.staff(session, [actor.id for actor in actors])
    return [{"person": shapes.person(actor), "counts": shapes.person_counts(actor, counts.get(actor.id, 0)),
             "is_admin": actor.id in staff} for actor in actors]
